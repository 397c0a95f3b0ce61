//! Products and items, both ways while both sides live.

use super::*;

fn product(shop: &Workshop, name: &str, price: &str) -> String {
    let properties = [("name", name), ("price", price)];
    shop.sim.create("products", properties).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s41_a_changed_product_arrives_by_itself_only_when_it_is_switched_on() {
    for (switches, expected) in [(&["items"][..], "5"), (&["deals"][..], "4")] {
        let (shop, _serving) = live(switches, json!({})).await;
        let chair = product(&shop, "Chair", "4");
        import(&shop, "products").await;
        shop.sim.edit("products", &chair, [("price", "5")]).unwrap();
        shop.caught_up().await.unwrap();
        let price = field(&shop, "item", &chair, "baseprice").await;
        assert_eq!(price, expected, "{switches:?}");
        import(&shop, "products").await;
        assert_eq!(field(&shop, "item", &chair, "baseprice").await, "5");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s41_s42_a10_both_ways_each_change_arrives_once_and_nothing_echoes() {
    let more = json!({
        "products": { "fields": [
            { "property": "price", "field": "baseprice", "direction": "bidirectional" },
        ] },
        "sync-back": { "products": "both" },
    });
    let (shop, _serving) = live(&["items"], more).await;
    let chair = product(&shop, "Chair", "4");
    shop.caught_up().await.unwrap();
    assert_eq!(field(&shop, "item", &chair, "baseprice").await, "4");
    let halo = shop.records().unwrap();
    let item = id(&halo, "item", &chair).await.unwrap();
    shop.sim.reset_stats();
    halo.edit("item", item, &[("baseprice", "6")])
        .await
        .unwrap();
    let theirs = |id: &str| {
        let all = shop.sim.snapshot("products").unwrap();
        let own = all.iter().find(|row| row["id"] == id).cloned();
        own.map(|row| {
            row["properties"]["price"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
    };
    until("the price in HubSpot", async || {
        theirs(&chair).as_deref() == Some("6")
    })
    .await;
    // S42: a new item is one product.
    let group = [
        ("name", "Table"),
        ("assetgroup_id", "item-group:1"),
        ("baseprice", "9"),
    ];
    let table = halo.add("item", &group).await.unwrap();
    until("the new product", async || {
        shop.sim.snapshot("products").unwrap().len() == 2
    })
    .await;
    until("an empty outbox", async || {
        halo.outbox().await.unwrap().is_empty()
    })
    .await;
    shop.caught_up().await.unwrap();
    let journal = halo.changes("item", item).await.unwrap();
    let from_hubspot = journal
        .iter()
        .filter(|change| change.field == "baseprice")
        .count();
    // Made with it, and the edit of a person: nothing came back.
    assert_eq!(from_hubspot, 2, "{journal:?}");
    assert_eq!(count(&shop, "item").await, 2);
    let (stats, products) = (shop.sim.stats(), shop.sim.snapshot("products").unwrap());
    assert_eq!(stats.writes, 2 + own_property(&products), "{stats:?}");
    assert!(id(&halo, "item", products[1]["id"].as_str().unwrap()).await == Some(table));
}

/// The call that makes the connector's own property, once for an account.
fn own_property(products: &[Value]) -> u64 {
    let has = products
        .iter()
        .any(|row| row["properties"]["halo_record"].is_string());
    u64::from(has)
}

#[tokio::test(flavor = "multi_thread")]
async fn s43_a11_a_deleted_products_item_is_left_or_made_inactive_and_it_is_said() {
    for (setting, expected) in [("leave", ""), ("inactive", "true")] {
        let more = json!({ "products": { "deleted": setting } });
        let (shop, _serving) = live(&["items"], more).await;
        let chair = product(&shop, "Chair", "4");
        shop.caught_up().await.unwrap();
        shop.sim.archive("products", &chair).unwrap();
        let counts = shop.caught_up().await.unwrap();
        let inactive = field(&shop, "item", &chair, "inactive").await;
        assert_eq!(inactive, expected, "{setting}");
        let why = shop.halo(&["why", NAME, "products", &chair]).await.unwrap();
        assert!(why.stdout.contains("was deleted in HubSpot"), "{why:?}");
        assert_eq!(counts.rejected, 0);
        shop.sim.restore("products", &chair).unwrap();
        shop.caught_up().await.unwrap();
        assert_eq!(
            field(&shop, "item", &chair, "inactive").await,
            "",
            "{setting}"
        );
    }
}
