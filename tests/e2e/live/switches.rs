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
