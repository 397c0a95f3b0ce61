//! Everything by the keyboard alone, with the focus in sight.

use fantoccini::key::Key;
use halo_tests::kit::chromium::{Scheme, WIDE};
use serde_json::json;

use crate::Desk;

/// What has the focus: what a person would call it, its outline, and whether it is in sight.
const FOCUSED: &str = "const element = document.activeElement;
    if (element === document.body) return null;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const { left, top, width, height } = element.getBoundingClientRect();
    const called = element.getAttribute('aria-label') || element.innerText.trim().replace(/\\s+/g, ' ');
    return [called, outlineStyle, outlineWidth, left >= 0 && top >= 0 && width > 8 && height > 8];";

#[tokio::test(flavor = "multi_thread")]
async fn tab_reaches_everything_in_the_order_of_the_page_and_the_focus_is_seen() {
    let desk = Desk::open().await;
    let window = &desk.window;
    for scheme in [Scheme::Light, Scheme::Dark] {
        window.show_in(scheme, WIDE).await.unwrap();
        desk.visit("/admin/hubspot").await;
        let mut reached = Vec::new();
        loop {
            window.key(Key::Tab).await.unwrap();
            let focused = window.script(FOCUSED).await.unwrap();
            // Behind the last one the browser's own buttons would come.
            if focused.is_null() || reached.len() > 100 {
                break;
            }
            let called = focused[0].as_str().unwrap().to_owned();
            assert_eq!(focused, json!([called, "solid", "3px", true]));
            reached.push(called);
        }
        assert_eq!(reached[0], "Skip to the content");
        let at = |name: &str| {
            let at = reached.iter().position(|called| called == name);
            at.unwrap_or_else(|| panic!("{name} is not reached: {reached:?}"))
        };
        let order = [
            "Halo integrations",
            "Integrations",
            "Overview",
            "Activity",
            "History",
            "Connect to HubSpot",
        ];
        assert!(order.map(at).is_sorted(), "{reached:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_link_leads_over_all_tabs_to_the_content() {
    let desk = Desk::open().await;
    let window = &desk.window;
    desk.visit("/admin/hubspot").await;
    window.key(Key::Tab).await.unwrap();
    let content = window.key(Key::Enter).await.unwrap();
    assert_eq!(
        content.attr("id").await.unwrap().as_deref(),
        Some("content")
    );
    let button = window.key(Key::Tab).await.unwrap();
    assert_eq!(button.text().await.unwrap(), "Connect to HubSpot");
    window.key(Key::Enter).await.unwrap();
    window.element("#allow").await.unwrap();
}
