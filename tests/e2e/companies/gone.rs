//! Companies that were deleted, restored or merged in HubSpot. No search tells of
//! it; an import that lists everything does, once a day or with `--full`.

use std::time::Duration;

use halo_tests::kit::{NAME, Workshop};
use serde_json::{Value, json};

use super::customers;
use crate::shop::{connected, counts, empty, import, reason};

async fn full(shop: &Workshop) -> Value {
    let mut result = shop
        .result(&["import", NAME, "companies", "--full"])
        .await
        .unwrap();
    result.remove(0)
}

async fn why(shop: &Workshop, id: &str) -> String {
    let ended = shop.halo(&["why", NAME, "companies", id]).await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_company_is_reported_once_and_its_customer_stays() {
    let shop = empty().await;
    let gone = shop.sim.create_company([("name", "Acme")]).unwrap();
    shop.sim.create_company([("name", "Bolt")]).unwrap();
    assert_eq!(counts(&import(&shop).await), "created 2");
    let halo = shop.records().unwrap();
    let before = halo.contents().await.unwrap();
    shop.sim.archive("companies", &gone).unwrap();
    // A search does not tell of it.
    import(&shop).await;
    let document = full(&shop).await;
    assert_eq!(counts(&document), "unchanged 1, skipped 1");
    let customer = halo.linked("customer", &gone).await.unwrap().unwrap();
    let told = reason(&document, &gone);
    assert!(
        told.contains("deleted in HubSpot on 20") && told.contains(&format!("customer {customer}")),
        "{told}"
    );
    assert_eq!(document["not-imported"][0]["title"], "Acme");
    assert_eq!(halo.contents().await.unwrap(), before);
    let why = why(&shop, &gone).await;
    assert!(
        why.contains("deleted in HubSpot on") && why.contains("Linked to customer"),
        "{why}"
    );
    // Once is enough.
    assert_eq!(counts(&full(&shop).await), "unchanged 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_company_is_followed_again() {
    let shop = empty().await;
    let id = shop
        .sim
        .create_company([("name", "Acme"), ("phone", "1")])
        .unwrap();
    import(&shop).await;
    shop.sim.archive("companies", &id).unwrap();
    full(&shop).await;
    shop.sim.restore("companies", &id).unwrap();
    shop.sim.edit("companies", &id, [("phone", "2")]).unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    let halo = shop.records().unwrap();
    let customer = halo.linked("customer", &id).await.unwrap().unwrap();
    assert_eq!(
        halo.field("customer", customer, "main_phonenumber")
            .await
            .unwrap(),
        "2"
    );
    // And when it is deleted again, that is said again.
    shop.sim.archive("companies", &id).unwrap();
    assert!(reason(&full(&shop).await, &id).contains("deleted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_of_a_deleted_company_can_go_to_another_one_of_its_name() {
    let shop = empty().await;
    let old = shop.sim.create_company([("name", "Acme")]).unwrap();
    import(&shop).await;
    shop.sim.archive("companies", &old).unwrap();
    let new = shop.sim.create_company([("name", "Acme")]).unwrap();
    // Before anyone knows that the old one is gone, the new one waits.
    let document = import(&shop).await;
    assert!(
        reason(&document, &new).contains("already linked"),
        "{document}"
    );
    let document = full(&shop).await;
    assert!(reason(&document, &old).contains("deleted"), "{document}");
    import(&shop).await;
    let halo = shop.records().unwrap();
    let customer = halo.linked("customer", &new).await.unwrap();
    assert_eq!(customer, halo.linked("customer", &old).await.unwrap());
    assert_eq!(customers(&shop).await, ["Acme"]);
    // The old one comes back: both would be one customer, so a person decides.
    shop.sim.restore("companies", &old).unwrap();
    let document = full(&shop).await;
    assert!(
        reason(&document, &old).contains(&format!("already linked to HubSpot company {new}")),
        "{document}"
    );
    // It stays so until somebody has settled it.
    assert!(reason(&import(&shop).await, &old).contains("already linked"));
    let other = halo.add("customer", &[("name", "Old Acme")]).await.unwrap();
    shop.apply(json!({ "customers": [{ "company": old, "customer": other }] }))
        .unwrap();
    import(&shop).await;
    assert_eq!(halo.linked("customer", &old).await.unwrap(), Some(other));
    assert_eq!(halo.linked("customer", &new).await.unwrap(), customer);
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_that_were_merged_away_are_named_with_their_heir() {
    let shop = empty().await;
    let one = shop.sim.create_company([("name", "One")]).unwrap();
    let two = shop.sim.create_company([("name", "Two")]).unwrap();
    assert_eq!(counts(&import(&shop).await), "created 2");
    let heir = shop.sim.merge("companies", &one, &two).unwrap();
    let document = import(&shop).await;
    for merged in [&one, &two] {
        assert!(
            reason(&document, merged).contains(&format!("merged into company {heir}")),
            "{document}"
        );
    }
    // Both have a customer: which one the heir is, a person decides.
    assert!(
        reason(&document, &heir).contains("Merge those in Halo"),
        "{document}"
    );
    assert!(why(&shop, &two).await.contains("was merged into company"));
    // A list of everything has no more to say of the two.
    assert_eq!(counts(&full(&shop).await), "conflict 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_listed_again_once_a_day_and_costs_what_a_list_costs() {
    let shop = connected(250).await;
    import(&shop).await;
    let gone = shop.sim.create_company([("name", "Gone")]).unwrap();
    import(&shop).await;
    shop.sim.archive("companies", &gone).unwrap();
    shop.sim.advance_clock(Duration::from_secs(23 * 60 * 60));
    assert_eq!(counts(&import(&shop).await), "");
    shop.sim.advance_clock(Duration::from_secs(60 * 60));
    shop.sim.reset_stats();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "unchanged 250, skipped 1");
    assert!(reason(&document, &gone).contains("deleted"), "{document}");
    let stats = shop.sim.stats();
    assert_eq!(stats.calls_of("GET", "/companies"), 3, "{stats:?}");
    // Tokens, the search that comes first, the number of companies, and two looks
    // for the one that is gone.
    assert!(stats.calls <= 3 + 6, "{stats:?}");
    shop.sim.reset_stats();
    import(&shop).await;
    assert_eq!(shop.sim.stats().calls_of("GET", "/companies"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_company_of_the_table_that_hubspot_does_not_have_is_reported_by_an_import() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let seven = halo.add("customer", &[("name", "Seven")]).await.unwrap();
    let eight = halo.add("customer", &[("name", "Eight")]).await.unwrap();
    let deleted = shop.sim.create_company([("name", "Deleted")]).unwrap();
    shop.sim.archive("companies", &deleted).unwrap();
    shop.sim.create_company([("name", "There")]).unwrap();
    let table = json!([
        { "company": "4040404", "customer": seven },
        { "company": deleted, "customer": eight },
    ]);
    shop.apply(json!({ "customers": table })).unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 1, skipped 2");
    for id in ["4040404", &deleted] {
        assert!(
            reason(&document, id).contains("no such company"),
            "{document}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_is_nowhere_in_hubspot_is_reported_too() {
    let shop = empty().await;
    let old = shop.sim.create_company([("name", "Acme")]).unwrap();
    assert_eq!(counts(&import(&shop).await), "created 1");
    shop.sim.archive("companies", &old).unwrap();
    // HubSpot empties its recycling bin after 90 days.
    shop.sim.purge("companies", &old).unwrap();
    let document = full(&shop).await;
    assert!(
        reason(&document, &old).contains("not even in its recycling bin"),
        "{document}"
    );
}

/// Some accounts keep the primary company's id in a merge ("primary ID preservation").
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_keeps_the_primary_company_names_the_other_and_frees_its_customer() {
    let shop = empty().await;
    let one = shop.sim.create_company([("name", "One")]).unwrap();
    let two = shop.sim.create_company([("name", "Two")]).unwrap();
    import(&shop).await;
    let halo = shop.records().unwrap();
    let customer = async |id: &str| halo.linked("customer", id).await.unwrap();
    let (first, second) = (customer(&one).await, customer(&two).await);
    shop.sim.merge_in_place("companies", &one, &two).unwrap();
    shop.sim
        .edit("companies", &one, [("phone", "555")])
        .unwrap();
    let document = import(&shop).await;
    assert!(
        reason(&document, &two).contains(&format!("merged into company {one}")),
        "{document}"
    );
    assert_eq!(customer(&one).await, first);
    assert_eq!(
        halo.field("customer", first.unwrap(), "main_phonenumber")
            .await
            .unwrap(),
        "555"
    );
    assert_eq!(customers(&shop).await, ["One", "Two"]);
    // A list of everything has no more to say of it.
    assert_eq!(counts(&full(&shop).await), "unchanged 1");
    // And the customer that was left can go to a new company of its name.
    let new = shop.sim.create_company([("name", "Two")]).unwrap();
    import(&shop).await;
    assert_eq!(customer(&new).await, second);
}
