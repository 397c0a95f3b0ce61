//! Addresses that somebody tries.

use super::{served, signed_in};

/// No page, in words, and nothing of the address as a part of the page.
const NOT_FOUND: [&str; 12] = [
    "/admin/nothing",
    "/admin/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "/admin/%22%3E%3Cimg%20src=x%3E",
    "/admin/hubspot/nothing",
    "/admin/../x",
    "/admin/%2e%2e",
    "/admin/%2e%2e%2fhalo.toml",
    "/admin/assets/../../halo.toml",
    "/admin/assets/%2e%2e%2f%2e%2e%2fhalo.toml",
    "/admin/hubspot%00",
    "/admin/Hubspot",
    "/admin/hubspot/",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_nowhere_gives_a_plain_page_and_none_of_its_own_text() {
    let (_shop, _serving, mut visitor) = signed_in().await;
    for path in NOT_FOUND {
        let answer = visitor.get(path).await.unwrap();
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{path}"
        );
        assert!(
            answer.text.contains("<h1>Not found</h1>"),
            "{path}: {}",
            answer.text
        );
        for part in ["alert(1)", "<img", "halo.toml", "[server]"] {
            assert!(!answer.text.contains(part), "{path}: {}", answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_text_gives_a_plain_page() {
    let (_shop, _serving, mut visitor) = signed_in().await;
    for path in ["/admin/%ff%fe", "/admin/log-in?to=%ff", "/admin/assets/%ff"] {
        let answer = visitor.get(path).await.unwrap();
        assert!([200, 400, 404].contains(&answer.status), "{path}");
        assert!(answer.text.contains("</html>"), "{path}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_learn_nothing_of_what_is_there() {
    let (_shop, _serving, mut visitor) = served("", true).await;
    for path in ["/admin/hubspot", "/admin/nothing", "/admin/%2e%2e"] {
        let answer = visitor.get(path).await.unwrap();
        assert_eq!(answer.status, 303, "{path}");
        assert!(
            answer
                .header("location")
                .starts_with("/admin/log-in?to=/admin/"),
            "{path}"
        );
        assert_eq!(answer.text, "", "{path}");
    }
    for path in ["/admin/hubspot/disconnect", "/admin/nothing/disconnect"] {
        assert_eq!(visitor.post(path, &[]).await.unwrap().status, 401, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_typed_is_shown_as_text() {
    let (_shop, _serving, mut visitor) = served("", true).await;
    let answer = visitor
        .sign_in("\"><script>alert(1)</script>", "wrong")
        .await
        .unwrap();
    assert_eq!(answer.status, 401);
    assert!(!answer.text.contains("<script>alert"), "{}", answer.text);
    assert!(
        answer.text.contains("&lt;script&gt;alert(1)"),
        "{}",
        answer.text
    );
    let form = visitor
        .get("/admin/log-in?to=/admin/%22%3E%3Cscript%3E")
        .await
        .unwrap();
    assert!(!form.text.contains("\"><script>"), "{}", form.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bare_address_of_the_host_leads_to_the_page() {
    let (_shop, _serving, mut visitor) = served("", false).await;
    let answer = visitor.get("/").await.unwrap();
    assert_eq!((answer.status, answer.header("location")), (303, "/admin"));
}
