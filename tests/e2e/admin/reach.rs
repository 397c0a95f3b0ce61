//! From where the page is reached, and what every answer tells the browser.

use halo_tests::kit::{Answer, Visitor};

use super::{NAME, PASSWORD, served};

const COMMAND: &str = "halo-host administrator set NAME";

/// What the browser is told with each page.
fn is_guarded(answer: &Answer, path: &str) {
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{path}: {name}");
    }
    assert!(!answer.header("cache-control").is_empty(), "{path}");
}

/// Addresses in a page that browsers load by themselves.
fn assets(page: &Answer) -> Vec<String> {
    let parts = page.text.split("\"/admin/assets/").skip(1);
    let names = parts.filter_map(|part| part.split('"').next());
    names.map(|name| format!("/admin/assets/{name}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_the_browser_what_it_may_do() {
    let (_shop, _serving, mut visitor) = served("", true).await;
    let strange = visitor.get("/admin/log-in").await.unwrap();
    let assets = assets(&strange);
    assert_eq!(assets.len(), 2, "{}", strange.text);
    for path in [
        "/admin",
        "/admin/log-in",
        "/admin/nothing/at/all",
        "/admin/assets/none",
    ] {
        is_guarded(&visitor.get(path).await.unwrap(), path);
    }
    visitor.sign_in(NAME, PASSWORD).await.unwrap();
    for path in [
        "/admin",
        "/admin/hubspot",
        "/admin/log-in",
        "/admin/nothing",
        "/admin/nothing/at/all",
    ] {
        let answer = visitor.get(path).await.unwrap();
        is_guarded(&answer, path);
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    for path in &assets {
        let answer = visitor.get(path).await.unwrap();
        assert_eq!(answer.status, 200, "{path}");
        is_guarded(&answer, path);
        assert!(
            answer.header("cache-control").contains("immutable"),
            "{path}"
        );
    }
    is_guarded(
        &visitor.post("/admin/log-out", &[]).await.unwrap(),
        "a form",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_administrators_only_this_machine_by_its_own_name_is_let_in() {
    let (_shop, _serving, mut visitor) = served("", false).await;
    assert_eq!(visitor.get("/admin").await.unwrap().status, 200);
    let fresh = visitor.without_session();
    for (name, value) in [
        // A page elsewhere may have its own name lead here.
        ("host", "example.com"),
        ("host", "127.0.0.1.example.com:8085"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-host", "example.com"),
        ("x-real-ip", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("via", "1.1 proxy"),
    ] {
        for visitor in [&visitor, &fresh] {
            let answer = visitor.with(name, value).get("/admin").await.unwrap();
            assert_eq!(answer.status, 403, "{name}: {value}");
            assert!(answer.text.contains(COMMAND), "{}", answer.text);
            assert_eq!(answer.header("set-cookie"), "", "{name}: {value}");
        }
    }
    let local = fresh
        .with("host", "localhost:8085")
        .get("/admin")
        .await
        .unwrap();
    assert_eq!(local.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_reached_from_elsewhere_is_closed_until_there_is_an_administrator() {
    for line in [
        "public-url = \"https://halo.example.com\"",
        "public-url = \"http://192.0.2.1:8085\"",
    ] {
        let (shop, _serving, mut visitor) = served(line, false).await;
        for path in [
            "/admin",
            "/admin/hubspot",
            "/admin/log-in",
            "/admin/nothing",
        ] {
            let answer = visitor.get(path).await.unwrap();
            assert_eq!(answer.status, 403, "{path}");
            assert!(answer.text.contains(COMMAND), "{}", answer.text);
        }
        assert_eq!(visitor.sign_in(NAME, PASSWORD).await.unwrap().status, 403);
        shop.administrator(NAME, PASSWORD).await.unwrap();
        // Now also through the proxy that is in front of it.
        let mut visitor = visitor
            .with("x-forwarded-for", "192.0.2.7")
            .with("host", "halo.example.com");
        let answer = visitor.sign_in(NAME, PASSWORD).await.unwrap();
        assert_eq!(answer.status, 303);
        let is_secure = answer.header("set-cookie").contains("; Secure");
        assert_eq!(is_secure, line.contains("https"), "{line}");
        assert_eq!(visitor.get("/admin/hubspot").await.unwrap().status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_listens_to_everybody_is_closed_and_warns_of_passwords_in_clear() {
    let (shop, serving, _) = served("", false).await;
    serving.kill().await.unwrap();
    let path = shop.folder().join("halo.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let open = text.replacen("listen = \"127.0.0.1:", "listen = \"0.0.0.0:", 1);
    shop.write("halo.toml", &open).unwrap();
    let _serving = shop.serve().await.unwrap();
    let address = shop.address().unwrap().replace("0.0.0.0", "127.0.0.1");
    let mut visitor = Visitor::of(&address);
    let answer = visitor.get("/admin").await.unwrap();
    assert_eq!(answer.status, 403);
    assert!(answer.text.contains(COMMAND), "{}", answer.text);
    shop.administrator(NAME, PASSWORD).await.unwrap();
    let form = visitor.get("/admin/log-in").await.unwrap();
    assert!(
        form.text.contains("This connection is not encrypted"),
        "{}",
        form.text
    );
}
