//! Events that stay away: an import that still finds something is the sign of it.

use std::time::Duration;

use halo_tests::kit::Ended;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A connected shop whose HubSpot is two hours behind, so that what happens there is old by
/// now; nobody serves.
async fn behind(switches: &[&str]) -> Workshop {
    let shop = unconnected(0).await;
    let past = i64::try_from(120 * MINUTE.as_millis()).unwrap();
    let past = jiff::Timestamp::from_millisecond(shop.sim.now_ms() - past).unwrap();
    shop.sim.freeze_clock(past);
    apply(&shop, switches, &json!({}));
    shop.connect().await.unwrap();
    shop
}

/// The warnings of `status`, by entity.
async fn warnings(shop: &Workshop) -> Vec<(String, String)> {
    let status = shop.result(&["status", NAME]).await.unwrap().remove(0);
    let attributes = status["attributes"].as_object().unwrap().clone();
    let warnings = attributes.into_iter().filter_map(|(name, sentence)| {
        let entity = name.strip_prefix("warning-")?.to_owned();
        Some((entity, sentence.as_str()?.to_owned()))
    });
    warnings.collect()
}

fn product(shop: &Workshop, name: &str) -> String {
    let properties = [("name", name), ("price", "4")];
    shop.sim.create("products", properties).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn status_warns_of_changes_that_an_import_found_and_no_webhook_told_of_until_events_come() {
    let shop = behind(&["items", "deals"]).await;
    let [chair, table] = ["Chair", "Table"].map(|name| product(&shop, name));
    import(&shop, "products").await;
    assert_eq!(warnings(&shop).await, [], "that was before");
    for (id, price) in [(&chair, "5"), (&table, "6")] {
        shop.sim.advance_clock(20 * MINUTE);
        shop.sim.edit("products", id, [("price", price)]).unwrap();
    }
    shop.sim.reset_stats();
    import(&shop, "products").await;
    // The sign of it costs no call: one search, as ever.
    let stats = shop.sim.stats();
    let searches = stats.calls_of("POST", "/products/search");
    assert_eq!(searches, 1, "{:?}", stats.routes);
    let told = warnings(&shop).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let (entity, sentence) = &told[0];
    assert_eq!(entity, "products");
    for said in [
        "2 products",
        "no webhook told",
        "/webhooks/hubspot",
        "webhook-subscriptions",
    ] {
        assert!(sentence.contains(said), "{said}: {sentence}");
    }
    let Ended { stdout, .. } = shop.halo(&["status", NAME]).await.unwrap();
    assert!(stdout.contains(&format!("warning: {sentence}")), "{stdout}");
    // Somebody subscribes, and an event comes.
    shop.sim.advance_clock(80 * MINUTE);
    shop.subscribe().await.unwrap();
    let _serving = shop.serve().await.unwrap();
    shop.sim.edit("products", &chair, [("price", "7")]).unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(field(&shop, "item", &chair, "baseprice").await, "7");
    assert_eq!(warnings(&shop).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_warned_of_what_events_told_of_nor_of_what_they_do_not_tell() {
    let shop = behind(&["deals"]).await;
    let [chair, table] = ["Chair", "Table"].map(|name| product(&shop, name));
    import(&shop, "products").await;
    shop.sim.advance_clock(10 * MINUTE);
    shop.sim.edit("products", &chair, [("price", "5")]).unwrap();
    // Only now they are switched on: the next import brings what changed before.
    apply(&shop, &["items", "deals"], &json!({}));
    shop.sim.advance_clock(MINUTE);
    import(&shop, "products").await;
    assert_eq!(field(&shop, "item", &chair, "baseprice").await, "5");
    assert_eq!(warnings(&shop).await, [], "before the switch");
    // What no row maps has no subscription.
    shop.sim.advance_clock(10 * MINUTE);
    let unmapped = [("description", "Oak")];
    shop.sim.edit("products", &table, unmapped).unwrap();
    import(&shop, "products").await;
    assert_eq!(warnings(&shop).await, [], "not mapped");
    // What just changed is told soon.
    shop.sim.advance_clock(98 * MINUTE);
    shop.sim.edit("products", &table, [("price", "6")]).unwrap();
    import(&shop, "products").await;
    assert_eq!(field(&shop, "item", &table, "baseprice").await, "6");
    assert_eq!(warnings(&shop).await, [], "not late yet");
}
