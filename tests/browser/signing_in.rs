//! Signing in and out as a person does.

use halo_tests::kit::Workshop;

use crate::{Desk, axe};

const NAME: &str = "Ada Ost";
const PASSWORD: &str = "correct horse battery staple";

async fn with_an_administrator(shop: &Workshop) {
    shop.administrator(NAME, PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_and_a_right_one_leads_to_the_page_that_was_asked_for() {
    let desk = Desk::with(with_an_administrator).await;
    let window = &desk.window;
    desk.visit("/admin/hubspot").await;
    window
        .reaches("/admin/log-in?to=/admin/hubspot")
        .await
        .unwrap();
    window.fill("#name", NAME).await.unwrap();
    window
        .fill("#password", "not the password at all")
        .await
        .unwrap();
    window.press("Sign in").await.unwrap();
    window.sees("Name or password is wrong.").await.unwrap();
    axe::accessible(window).await;
    // The name is still there, and the password is where one types next.
    let focused = "return document.activeElement.id + ' ' + document.getElementById('name').value";
    assert_eq!(window.script(focused).await.unwrap(), "password Ada Ost");
    window.fill("#password", PASSWORD).await.unwrap();
    window.press("Sign in").await.unwrap();
    window.reaches("/admin/hubspot").await.unwrap();
    window.sees("Signed in as Ada Ost").await.unwrap();
    desk.is_calm().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_sees_the_page_no_more_and_the_way_back_shows_nothing() {
    let desk = Desk::with(with_an_administrator).await;
    let window = &desk.window;
    desk.visit("/admin/log-in").await;
    window.fill("#name", NAME).await.unwrap();
    window.fill("#password", PASSWORD).await.unwrap();
    window.press("Sign in").await.unwrap();
    window.reaches("/admin").await.unwrap();
    let cookies = window.script("return document.cookie").await.unwrap();
    assert_eq!(cookies, "", "a script can read the session");
    desk.visit("/admin/hubspot").await;
    window.press("Sign out").await.unwrap();
    window.reaches("/admin/log-in").await.unwrap();
    window.client().back().await.unwrap();
    window
        .reaches("/admin/log-in?to=/admin/hubspot")
        .await
        .unwrap();
    desk.is_calm().await;
}
