//! Deals that were deleted, restored or merged in HubSpot. No search tells of it; an
//! import that lists everything does, once a day or with `--full`.

use std::time::Duration;

use halo_tests::kit::{NAME, Workshop};
use serde_json::{Value, json};

use super::{apply, code, deal, edit, field, import, one, select, ticket, tickets};
use crate::shop::{counts, empty, reason};

async fn full(shop: &Workshop) -> Value {
    one(shop, &["import", NAME, "deals", "--full"]).await
}

async fn why(shop: &Workshop, id: &str) -> String {
    let ended = shop.halo(&["why", NAME, "deals", id]).await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout
}

/// A shop with these deals, which are tickets.
async fn with(names: &[&str]) -> (Workshop, Vec<String>) {
    let shop = empty().await;
    let deals: Vec<String> = { names.iter() }
        .map(|name| deal(&shop, name, "qualifiedtobuy"))
        .collect();
    let ids: Vec<&str> = deals.iter().map(String::as_str).collect();
    select(&shop, &ids).await;
    // The first import of everything, so that the next one asks for changes only.
    import(&shop).await;
    (shop, deals)
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_a_deleted_deal_is_reported_once_and_its_ticket_stays_if_that_is_wanted() {
    let (shop, deals) = with(&["Fleet", "Vans"]).await;
    apply(&shop, json!({ "deleted": "leave" }));
    let unimported = deal(&shop, "Nobody's", "qualifiedtobuy");
    import(&shop).await;
    let halo = shop.records().unwrap();
    let before = halo.contents().await.unwrap();
    for gone in [&deals[0], &unimported] {
        shop.sim.archive("deals", gone).unwrap();
    }
    // A search does not tell of it.
    import(&shop).await;
    let document = full(&shop).await;
    // Of a deal that never was a ticket there is nothing to say.
    assert_eq!(counts(&document), "unchanged 1, skipped 1");
    let record = ticket(&shop, &deals[0]).await.unwrap();
    let told = reason(&document, &deals[0]);
    assert!(
        told.contains("The deal was deleted in HubSpot on 20")
            && told.contains(&format!("ticket {record}")),
        "{told}"
    );
    assert_eq!(document["not-imported"][0]["title"], "Fleet");
    assert_eq!(halo.contents().await.unwrap(), before);
    assert!(why(&shop, &deals[0]).await.contains("deleted in HubSpot"));
    // Once is enough.
    assert_eq!(counts(&full(&shop).await), "unchanged 1");
    // Deleted for good, it is known already; another one is said to be nowhere.
    shop.sim.purge("deals", &deals[0]).unwrap();
    assert_eq!(counts(&full(&shop).await), "unchanged 1");
    shop.sim.archive("deals", &deals[1]).unwrap();
    shop.sim.purge("deals", &deals[1]).unwrap();
    let document = full(&shop).await;
    assert!(
        reason(&document, &deals[1]).contains("not even in its recycling bin"),
        "{document}"
    );
    assert_eq!(tickets(&shop).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn s59_a15_without_webhooks_a_deleted_deals_ticket_is_closed_by_an_import() {
    let (shop, deals) = with(&["Fleet"]).await;
    shop.sim.archive("deals", &deals[0]).unwrap();
    let document = full(&shop).await;
    assert_eq!(counts(&document), "updated 1");
    assert_eq!(field(&shop, &deals[0], "hasbeenclosed").await, "true");
    let told = why(&shop, &deals[0]).await;
    assert!(told.contains("was closed"), "{told}");
    // Once is enough.
    assert_eq!(counts(&full(&shop).await), "");
    shop.sim.restore("deals", &deals[0]).unwrap();
    full(&shop).await;
    assert_eq!(field(&shop, &deals[0], "hasbeenclosed").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_deal_is_followed_again_also_when_it_was_closed_meanwhile() {
    let (shop, deals) = with(&["Fleet", "Vans"]).await;
    for deal in &deals {
        shop.sim.archive("deals", deal).unwrap();
    }
    full(&shop).await;
    for deal in &deals {
        shop.sim.restore("deals", deal).unwrap();
    }
    edit(&shop, &deals[0], "amount", "7");
    edit(&shop, &deals[1], "dealstage", "closedlost");
    assert_eq!(counts(&import(&shop).await), "updated 2");
    assert_eq!(field(&shop, &deals[0], "oppvalue").await, "7");
    assert_eq!(field(&shop, &deals[1], "hasbeenclosed").await, "true");
    assert_eq!(tickets(&shop).await, 2);
    // And when it is deleted again, that is said again.
    shop.sim.archive("deals", &deals[0]).unwrap();
    full(&shop).await;
    assert!(why(&shop, &deals[0]).await.contains("was closed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn deals_that_were_merged_go_on_as_the_ticket_of_the_one_that_was_chosen() {
    let (shop, deals) = with(&["Fleet"]).await;
    let other = deal(&shop, "Nobody's", "qualifiedtobuy");
    let before = ticket(&shop, &deals[0]).await;
    let heir = shop.sim.merge("deals", &other, &deals[0]).unwrap();
    edit(&shop, &heir, "amount", "30");
    let document = import(&shop).await;
    assert_eq!(ticket(&shop, &heir).await, before, "{document}");
    assert_eq!(field(&shop, &heir, "oppvalue").await, "30");
    assert_eq!(tickets(&shop).await, 1);
    assert!(
        reason(&document, &deals[0]).contains(&format!("merged into deal {heir}")),
        "{document}"
    );
    // Of two that nobody has chosen, neither is the heir (S56).
    let (one, two) = (
        deal(&shop, "One", "qualifiedtobuy"),
        deal(&shop, "Two", "qualifiedtobuy"),
    );
    let nobodys = shop.sim.merge("deals", &one, &two).unwrap();
    let document = import(&shop).await;
    assert_eq!(code(&document, &nobodys), "not-selected");
    assert_eq!(tickets(&shop).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tickets_of_deals_that_were_merged_are_named_and_neither_is_chosen() {
    let (shop, deals) = with(&["Fleet", "Vans"]).await;
    let halo = shop.records().unwrap();
    let heir = shop.sim.merge("deals", &deals[0], &deals[1]).unwrap();
    edit(&shop, &heir, "amount", "30");
    let document = import(&shop).await;
    assert!(
        reason(&document, &heir).contains("Merge those in Halo"),
        "{document}"
    );
    for merged in &deals {
        let told = reason(&document, merged);
        assert!(told.contains(&format!("merged into deal {heir}")), "{told}");
        assert_eq!(field(&shop, merged, "oppvalue").await, "");
    }
    // A list of everything has no more to say of the two.
    assert_eq!(counts(&full(&shop).await), "conflict 1");
    // Some accounts keep the primary deal's id in a merge.
    let (shop, deals) = with(&["Fleet", "Vans"]).await;
    let first = ticket(&shop, &deals[0]).await;
    shop.sim
        .merge_in_place("deals", &deals[0], &deals[1])
        .unwrap();
    edit(&shop, &deals[0], "amount", "30");
    let document = import(&shop).await;
    assert!(reason(&document, &deals[1]).contains("merged into deal"));
    assert_eq!(ticket(&shop, &deals[0]).await, first);
    assert_eq!(field(&shop, &deals[0], "oppvalue").await, "30");
    assert_eq!(halo.all("ticket").await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_listed_again_once_a_day() {
    let (shop, deals) = with(&["Fleet", "Vans"]).await;
    apply(&shop, json!({ "deleted": "leave" }));
    import(&shop).await;
    // Beyond the overlap of two searches.
    shop.sim.advance_clock(Duration::from_secs(60 * 60));
    import(&shop).await;
    shop.sim.archive("deals", &deals[0]).unwrap();
    shop.sim.advance_clock(Duration::from_secs(22 * 60 * 60));
    assert_eq!(counts(&import(&shop).await), "");
    shop.sim.advance_clock(Duration::from_secs(60 * 60));
    shop.sim.reset_stats();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "unchanged 1, skipped 1");
    assert!(reason(&document, &deals[0]).contains("deleted"));
    let lists = shop.sim.stats().calls_of("GET", "objects/{version}/deals");
    assert_eq!(lists, 1);
    shop.sim.reset_stats();
    import(&shop).await;
    let lists = shop.sim.stats().calls_of("GET", "objects/{version}/deals");
    assert_eq!(lists, 0);
}
