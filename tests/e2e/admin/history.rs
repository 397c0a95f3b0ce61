//! The history of the settings where it is long: a page at a time, and each page whole.

use halo_host::clock::Clock;
use halo_tests::kit::Answer;
use serde_json::json;

use super::settings::served;

const HISTORY: &str = "/admin/hubspot/history";
/// Of these a page shows 20.
const REVISIONS: u64 = 25;

/// The revisions on a page, as they come.
fn revisions(page: &Answer) -> Vec<u64> {
    let heads = page.text.split("<h2>Revision ").skip(1);
    let number = |rest: &str| rest.split([' ', '<']).next().unwrap().parse().unwrap();
    heads.map(number).collect()
}

/// The address behind a link.
fn link(page: &Answer, label: &str) -> Option<String> {
    let (before, _) = page.text.split_once(&format!("\">{label}</a>"))?;
    Some(before.rsplit_once("href=\"")?.1.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_comes_in_pages_and_each_revision_tells_what_it_changed() {
    let (shop, _serving, mut visitor) = served(json!({})).await;
    let host = shop.host(Clock::default()).await.unwrap();
    let one = host.store.settings("hubspot").await.unwrap().unwrap();
    assert_eq!(one.revision, 1);
    let document: serde_json::Value = serde_json::from_str(&one.json).unwrap();
    for revision in 2..=REVISIONS {
        let mut document = document.clone();
        document["companies"]["first-site"] = json!(format!("Site {revision}"));
        let json = document.to_string();
        let put = { &host.store }.settings_put("hubspot", &json, "ann", revision, None);
        assert_eq!(put.await.unwrap(), revision);
    }

    let page = visitor.get(HISTORY).await.unwrap();
    let newest: Vec<u64> = (6..=REVISIONS).rev().collect();
    assert_eq!(revisions(&page), newest);
    assert!(page.text.contains("Revision 25 (now)"), "{}", page.text);
    // Also the last one on the page, whose predecessor is on the next.
    let change = "<del>Site 5</del> → <ins>Site 6</ins>";
    assert!(page.text.contains(change), "{}", page.text);
    assert_eq!(link(&page, "First page"), None);

    let older = link(&page, "Older").unwrap();
    let page = visitor.get(&older).await.unwrap();
    assert_eq!(revisions(&page), [5, 4, 3, 2, 1]);
    let change = "<del>Site 4</del> → <ins>Site 5</ins>";
    assert!(page.text.contains(change), "{}", page.text);
    assert_eq!(link(&page, "Older"), None);
    assert_eq!(link(&page, "First page").as_deref(), Some(HISTORY));
    // What is made the settings again from here follows the newest, not the first here.
    assert!(
        page.text.contains("name=\"now\" value=\"25\""),
        "{}",
        page.text
    );
    assert!(!page.text.contains("(now)"), "{}", page.text);

    let listed = [
        "settings", "hubspot", "history", "--before", "5", "--limit", "2",
    ];
    let listed = shop.result(&listed).await.unwrap();
    let listed: Vec<u64> = { listed[0].as_array().unwrap().iter() }
        .map(|version| version["revision"].as_u64().unwrap())
        .collect();
    assert_eq!(listed, [4, 3]);
}
