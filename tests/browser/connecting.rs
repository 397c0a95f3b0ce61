//! Connecting to the simulated HubSpot and disconnecting, by the buttons.

use crate::{Desk, axe};

#[tokio::test(flavor = "multi_thread")]
async fn s2_the_button_leads_to_hubspot_and_back_to_a_page_that_names_the_account() {
    let desk = Desk::open().await;
    let window = &desk.window;
    desk.visit("/admin/hubspot").await;
    window.sees("not connected").await.unwrap();
    axe::accessible(window).await;
    window.press("Connect to HubSpot").await.unwrap();
    window.click("#allow").await.unwrap();
    window.reaches("/admin/hubspot").await.unwrap();
    window.sees("44237313").await.unwrap();
    let text = window.text().await.unwrap();
    assert!(!text.contains("not connected"), "{text}");
    desk.is_calm().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_a_consent_that_is_denied_is_said_in_a_sentence_with_the_way_back() {
    let desk = Desk::open().await;
    let window = &desk.window;
    desk.visit("/admin/hubspot").await;
    window.press("Connect to HubSpot").await.unwrap();
    window.click("#deny").await.unwrap();
    window.sees("The user denied the request").await.unwrap();
    axe::accessible(window).await;
    window.click("a[href='/admin/hubspot']").await.unwrap();
    window.sees("not connected").await.unwrap();
    desk.is_calm().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_disconnecting_asks_and_only_a_ticked_box_allows_another_account() {
    let desk = Desk::with(async |shop| shop.connect().await.unwrap()).await;
    let window = &desk.window;
    desk.visit("/admin/hubspot").await;
    window.sees("44237313").await.unwrap();
    window.click("summary").await.unwrap();
    window.sees("Settings and links stay.").await.unwrap();
    axe::accessible(window).await;
    window.press("Disconnect from HubSpot").await.unwrap();
    window.sees("not connected").await.unwrap();
    let allowed = "return document.querySelector('[name=other-account]').checked";
    assert_eq!(window.script(allowed).await.unwrap(), false);
    axe::accessible(window).await;
    window.press("Connect to HubSpot").await.unwrap();
    window.click("#allow").await.unwrap();
    window.sees("Disconnect…").await.unwrap();
    desk.is_calm().await;
}
