//! Each entity has its own switch, and what is off is neither read nor replayed.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn s62_what_is_off_is_dropped_without_a_read_and_not_replayed_later() {
    let (shop, serving) = live(&["deals", "items"], json!({})).await;
    // HubSpot still sends what it was told to, after the switch was turned off here.
    apply(&shop, &["deals"], &json!({}));
    shop.sim.reset_stats();
    let chair = [("name", "Chair"), ("price", "4")];
    let chair = shop.sim.create("products", chair).unwrap();
    let stats = halo_tests::kit::delivered(&shop.sim).await.unwrap();
    assert!(stats.is_settled());
    let counts = shop.caught_up().await.unwrap();
    assert_eq!((counts.applied, counts.ignored), (0, 0), "{counts:?}");
    assert_eq!(shop.sim.stats().calls, 0);
    apply(&shop, &["deals", "items"], &json!({}));
    shop.caught_up().await.unwrap();
    assert_eq!(count(&shop, "item").await, 0);
    shop.sim.edit("products", &chair, [("price", "5")]).unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(field(&shop, "item", &chair, "baseprice").await, "5");
    drop(serving);
}

/// What `check` says of switches that were turned on, by place.
async fn not_replayed(shop: &Workshop, arguments: &[&str]) -> Vec<(String, String)> {
    let checked = shop.result(arguments).await.unwrap().remove(0);
    let problems = checked["problems"].as_array().unwrap().clone();
    let said = problems.iter().filter(|it| it["code"] == "not-replayed");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    said.map(|it| (text(&it["path"]), text(&it["message"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s62_who_turns_a_switch_on_is_told_what_an_import_would_bring() {
    let shop = unconnected(0).await;
    apply(&shop, &["deals"], &json!({}));
    shop.connect().await.unwrap();
    for name in ["Chair", "Table"] {
        shop.sim.create("products", [("name", name)]).unwrap();
    }
    let minute = std::time::Duration::from_secs(60);
    shop.sim.advance_clock(minute);
    import(&shop, "products").await;
    shop.sim.advance_clock(minute);
    for name in ["Lamp", "Desk", "Shelf"] {
        shop.sim.create("products", [("name", name)]).unwrap();
    }
    apply(&shop, &["items"], &json!({}));
    let offline = not_replayed(&shop, &["check", NAME]).await;
    assert_eq!(offline.len(), 1, "{offline:?}");
    let (place, sentence) = &offline[0];
    assert_eq!(place, "/webhooks/items");
    for said in ["nothing is replayed", "import of products"] {
        assert!(sentence.contains(said), "{said}: {sentence}");
    }
    shop.sim.reset_stats();
    let online = not_replayed(&shop, &["check", NAME, "--online"]).await;
    assert!(
        online[0].1.contains("changed 3 products since"),
        "{online:?}"
    );
    let stats = shop.sim.stats();
    assert_eq!(
        stats.calls_of("POST", "/products/search"),
        1,
        "{:?}",
        stats.routes
    );
    import(&shop, "products").await;
    assert_eq!(not_replayed(&shop, &["check", NAME]).await, []);
    // As whoever keeps the settings in the store is told when they apply them.
    let path = shop.folder().join("halo.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let stored: Vec<&str> = { text.lines() }
        .filter(|line| !line.starts_with("settings-file"))
        .collect();
    shop.write("halo.toml", &stored.join("\n")).unwrap();
    for (switches, expected) in [
        (&[][..], 0),
        (&["items"], 1),
        (&["items"], 0),
        (&["items", "deals"], 1),
    ] {
        apply(&shop, switches, &json!({ "deals": { "ticket-type": 1 } }));
        let arguments = ["settings", NAME, "apply", "settings.json"];
        let said = not_replayed(&shop, &arguments).await;
        assert_eq!(said.len(), expected, "{switches:?}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s62_a21_companies_and_contacts_only_with_switches_of_their_own() {
    for (switches, comes) in [
        (&["deals", "items", "quotations"][..], false),
        (&["companies", "contacts"][..], true),
    ] {
        let (shop, _serving) = live(switches, json!({})).await;
        let bolt = shop.sim.create_company([("name", "Bolt")]).unwrap();
        let ada = [("email", "ada@bolt.example"), ("firstname", "Ada")];
        let ada = shop.sim.create("contacts", ada).unwrap();
        let (from, to) = (("contacts", ada.as_str()), ("companies", bolt.as_str()));
        shop.sim.link(from, to, true).unwrap();
        shop.caught_up().await.unwrap();
        let halo = shop.records().unwrap();
        let customer = id(&halo, "customer", &bolt).await;
        let user = id(&halo, "user", &ada).await;
        assert_eq!(
            (customer.is_some(), user.is_some()),
            (comes, comes),
            "{switches:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_an_earlier_version_made_gets_its_events() {
    let shop = unconnected(0).await;
    apply(&shop, &["items"], &json!({}));
    shop.connect().await.unwrap();
    // Earlier versions did not note whose events are the connection's.
    let halo = shop.records().unwrap();
    let store: &dyn halo_host::store::Store = &*halo.store;
    store.meta_set(NAME, "account", None).await.unwrap();
    shop.subscribe().await.unwrap();
    let _serving = shop.serve().await.unwrap();
    shop.sim.create("products", [("name", "Chair")]).unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(count(&shop, "item").await, 1);
}
