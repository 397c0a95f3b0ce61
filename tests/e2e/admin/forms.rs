//! Forms that this page has not made, or that are too large, do nothing.

use bytes::Bytes;
use halo_tests::kit::{Visitor, Workshop};
use hyper::Method;

use super::{NAME, PASSWORD, served, signed_in};

const FORM: &str = "application/x-www-form-urlencoded";

async fn is_connected(shop: &Workshop) -> bool {
    let status = shop.result(&["status", "hubspot"]).await.unwrap();
    status[0]["state"] == "connected"
}

/// A form of this session, sent by this visitor: whose headers differ.
async fn disconnect(visitor: &mut Visitor, token: &str) -> u16 {
    let fields = [("token", token)];
    let answer = visitor.post("/admin/hubspot/disconnect", &fields).await;
    answer.unwrap().status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_was_not_made_by_this_session_is_refused_and_does_nothing() {
    let (shop, _serving, mut visitor) = signed_in().await;
    shop.connect().await.unwrap();
    let page = visitor.get("/admin/hubspot").await.unwrap();
    let token = page.token().unwrap().to_owned();
    // Another session of the very same person.
    let mut other = visitor.clone();
    other.sign_in(NAME, PASSWORD).await.unwrap();
    let page = other.get("/admin/hubspot").await.unwrap();
    let of_other = page.token().unwrap();
    let shortened = &token[..token.len() - 1];
    for wrong in ["", "x", of_other, shortened] {
        assert_eq!(disconnect(&mut visitor, wrong).await, 403, "{wrong:?}");
    }
    for path in [
        "/admin/hubspot/disconnect",
        "/admin/hubspot/connect",
        "/admin/log-out",
    ] {
        let answer = visitor.post(path, &[]).await.unwrap();
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.text.contains("nothing was done"), "{}", answer.text);
        assert_eq!(answer.header("location"), "");
    }
    assert!(is_connected(&shop).await);
    assert_eq!(disconnect(&mut visitor, &token).await, 303);
    assert!(!is_connected(&shop).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_on_a_page_of_somebody_else_is_refused_even_with_the_token() {
    let (shop, _serving, mut visitor) = signed_in().await;
    shop.connect().await.unwrap();
    let page = visitor.get("/admin/hubspot").await.unwrap();
    let token = page.token().unwrap();
    for (name, value) in [
        ("origin", "https://example.com"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let mut elsewhere = visitor.with(name, value);
        assert_eq!(
            disconnect(&mut elsewhere, token).await,
            403,
            "{name}: {value}"
        );
        // Nor does it sign anybody in, as somebody else.
        let answer = elsewhere.sign_in(NAME, PASSWORD).await.unwrap();
        assert_eq!(answer.status, 403, "{name}: {value}");
    }
    assert!(is_connected(&shop).await);
    let own = shop.address().unwrap();
    let mut here = visitor
        .with("origin", &own)
        .with("sec-fetch-site", "same-origin");
    assert_eq!(disconnect(&mut here, token).await, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_a_page_changes_nothing() {
    let (shop, _serving, mut visitor) = signed_in().await;
    shop.connect().await.unwrap();
    for path in [
        "/admin/hubspot/disconnect",
        "/admin/hubspot/connect",
        "/admin/log-out",
    ] {
        let answer = visitor.get(path).await.unwrap();
        assert!(
            [404, 405].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
    }
    assert!(is_connected(&shop).await);
    assert_eq!(visitor.get("/admin").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_five_megabytes_is_too_large_and_says_so() {
    let (_shop, _serving, mut visitor) = signed_in().await;
    let page = visitor.get("/admin/hubspot").await.unwrap();
    let large = "x".repeat(5_000_000);
    let fields = [("token", page.token().unwrap()), ("large", &large)];
    let answer = visitor
        .post("/admin/hubspot/disconnect", &fields)
        .await
        .unwrap();
    assert_eq!(answer.status, 413);
    assert!(
        answer
            .text
            .contains("A form may have 4 MB at most, and a sign-in 16 kB; nothing was saved."),
        "{}",
        answer.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_of_five_megabytes_is_too_large_and_says_so() {
    let (_shop, _serving, mut visitor) = served("", true).await;
    let answer = visitor.sign_in(NAME, &"x".repeat(5_000_000)).await.unwrap();
    assert_eq!(answer.status, 413);
    assert!(
        answer.text.contains("A form may have 4 MB at most"),
        "{}",
        answer.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_form_is_not_understood() {
    let (_shop, _serving, mut visitor) = signed_in().await;
    for (content_type, body) in [
        ("application/json", "{}"),
        ("text/plain", "token=x"),
        ("", "token=x"),
        (FORM, "\u{0}\u{1}%ff%fe&&&=="),
        ("multipart/form-data; boundary=x", "--x--"),
    ] {
        for path in ["/admin/hubspot/disconnect", "/admin/log-in"] {
            let body = Bytes::from_static(body.as_bytes());
            let answer = visitor
                .send(Method::POST, path, content_type, body)
                .await
                .unwrap();
            let refused = [400, 401, 403].contains(&answer.status);
            assert!(refused, "{path} {content_type}: {}", answer.status);
            assert!(answer.text.contains("</html>"), "{}", answer.text);
        }
    }
}
