//! How a session begins, and all that ends it.

use super::{NAME, PASSWORD, served, signed_in};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_password_gets_in_and_leads_to_the_page_that_was_asked_for() {
    let (_shop, _serving, mut visitor) = served("", true).await;
    let away = visitor.get("/admin/hubspot?a=b").await.unwrap();
    let log_in = "/admin/log-in?to=/admin/hubspot%3Fa%3Db";
    assert_eq!((away.status, away.header("location")), (303, log_in));
    let form = visitor.get(log_in).await.unwrap();
    assert!(
        form.text.contains("value=\"/admin/hubspot?a=b\""),
        "{}",
        form.text
    );
    for (name, password) in [
        (NAME, "not the right password"),
        ("Nobody", PASSWORD),
        (NAME, ""),
    ] {
        let answer = visitor.sign_in(name, password).await.unwrap();
        assert_eq!(answer.status, 401, "{name} {password}");
        assert!(answer.text.contains("Name or password is wrong."));
        assert_eq!(visitor.cookie, None);
    }
    let given = [
        ("name", NAME),
        ("password", PASSWORD),
        ("to", "/admin/hubspot?a=b"),
    ];
    let answer = visitor.post("/admin/log-in", &given).await.unwrap();
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/admin/hubspot?a=b")
    );
    let cookie = answer.header("set-cookie");
    for part in [
        "; HttpOnly",
        "; SameSite=Lax",
        "; Path=/;",
        "; Max-Age=43200",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(visitor.get("/admin/hubspot").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_elsewhere_after_signing_in() {
    let (_shop, _serving, mut visitor) = served("", true).await;
    for elsewhere in [
        "https://example.com/admin/",
        "//example.com",
        "/admin/\\example.com",
        "/admin//example.com",
    ] {
        let given = [("name", NAME), ("password", PASSWORD), ("to", elsewhere)];
        let answer = visitor.post("/admin/log-in", &given).await.unwrap();
        assert_eq!(answer.header("location"), "/admin", "{elsewhere}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_failures_the_right_password_has_to_wait_and_another_name_has_not() {
    let (shop, _serving, mut visitor) = served("", true).await;
    shop.administrator("Bela", PASSWORD).await.unwrap();
    for _ in 0..5 {
        let answer = visitor
            .sign_in(NAME, "not the right password")
            .await
            .unwrap();
        assert_eq!(answer.status, 401);
    }
    let answer = visitor.sign_in(NAME, PASSWORD).await.unwrap();
    assert_eq!(answer.status, 429);
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert!(
        answer.text.contains(&format!("Try again in {seconds} s.")),
        "{}",
        answer.text
    );
    assert_eq!(visitor.cookie, None);
    assert_eq!(visitor.sign_in("Bela", PASSWORD).await.unwrap().status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_also_for_who_has_a_copy_of_its_cookie() {
    let (_shop, _serving, mut visitor) = signed_in().await;
    let mut other = visitor.clone();
    other.sign_in(NAME, PASSWORD).await.unwrap();
    let mut thief = visitor.clone();
    assert_eq!(thief.get("/admin").await.unwrap().status, 200);
    let out = visitor.submit("/admin/log-out", &[]).await.unwrap();
    assert_eq!((out.status, out.header("location")), (303, "/admin/log-in"));
    assert_eq!(visitor.cookie, None);
    let away = thief.get("/admin").await.unwrap();
    assert_eq!(
        (away.status, away.header("location")),
        (303, "/admin/log-in?to=/admin")
    );
    // Only this one: who is signed in elsewhere stays so.
    assert_eq!(other.get("/admin").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_is_out_at_the_next_click() {
    let (shop, _serving, mut visitor) = signed_in().await;
    shop.administrator("Bela", PASSWORD).await.unwrap();
    let page = visitor.get("/admin/hubspot").await.unwrap();
    let token = page.token().unwrap();
    shop.result(&["administrator", "remove", NAME])
        .await
        .unwrap();
    assert_eq!(visitor.get("/admin/hubspot").await.unwrap().status, 303);
    let answer = visitor
        .post("/admin/hubspot/disconnect", &[("token", token)])
        .await
        .unwrap();
    assert_eq!(answer.status, 401);
    assert!(answer.text.contains("nothing was saved"), "{}", answer.text);
    assert_eq!(visitor.sign_in(NAME, PASSWORD).await.unwrap().status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_the_sessions_of_the_old_one() {
    let (shop, _serving, mut visitor) = signed_in().await;
    shop.administrator(NAME, "another battery another staple")
        .await
        .unwrap();
    assert_eq!(visitor.get("/admin").await.unwrap().status, 303);
    assert_eq!(visitor.sign_in(NAME, PASSWORD).await.unwrap().status, 401);
    let answer = visitor
        .sign_in(NAME, "another battery another staple")
        .await
        .unwrap();
    assert_eq!(answer.status, 303);
    assert_eq!(visitor.get("/admin").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_the_time_without_administrators_ends_with_the_first() {
    let (shop, _serving, mut visitor) = served("", false).await;
    assert_eq!(visitor.get("/admin").await.unwrap().status, 200);
    assert!(visitor.cookie.is_some());
    shop.administrator(NAME, PASSWORD).await.unwrap();
    let away = visitor.get("/admin").await.unwrap();
    assert_eq!(
        (away.status, away.header("location")),
        (303, "/admin/log-in?to=/admin")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_was_changed_is_nobodys() {
    let (_shop, _serving, mut visitor) = signed_in().await;
    let cookie = visitor.cookie.clone().unwrap();
    for at in [12, cookie.len() / 2, cookie.len() - 1] {
        let mut changed = cookie.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        visitor.cookie = Some(String::from_utf8(changed).unwrap());
        assert_eq!(visitor.get("/admin").await.unwrap().status, 303, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_password_is_refused_in_a_sentence() {
    let (shop, _serving, _visitor) = served("", false).await;
    let error = shop
        .administrator(NAME, "fourteen chars")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("at least 15"), "{error}");
    let all = shop.result(&["administrator", "list"]).await.unwrap();
    assert_eq!(all[0].as_array().unwrap().len(), 0);
}
