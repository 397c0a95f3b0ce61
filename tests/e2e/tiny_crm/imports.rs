//! Accounts to customers.

use serde_json::json;

use super::desk::{Desk, NAME};
use crate::shop::{counts, reason};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connector_previews_imports_and_finds_all_unchanged_the_second_time() {
    let desk = Desk::connected().await;
    let halo = desk.shop.records().unwrap();
    let there = [("name", " ACME  gmbh"), ("notes", "ours")];
    let acme = halo.add("customer", &there).await.unwrap();
    desk.crm
        .put(json!({ "id": "a1", "name": "Acme GmbH", "phone": "555" }));
    desk.crm
        .put(json!({ "id": "a2", "name": "Birch", "region": "north", "employees": 12 }));
    desk.crm
        .put(json!({ "id": "a3", "name": "Cedar", "closed": true }));
    desk.apply(json!({ "fields": [{ "from": "employees", "to": "ref" }] }));
    let before = halo.journal_length().await.unwrap();
    let shown = desk.result(&["preview", NAME, "accounts"]).await;
    assert_eq!(counts(&shown), "created 1, updated 1, skipped 1");
    assert_eq!(halo.journal_length().await.unwrap(), before);
    assert_eq!(desk.linked("a1").await, None);

    let preview = shown["summary"]["run"].to_string();
    let import = ["import", NAME, "accounts", "--preview", &preview];
    let done = desk.result(&import).await;
    assert_eq!(counts(&done), counts(&shown));
    assert_eq!(done["deviations"], json!([]), "{done}");
    assert_eq!(desk.linked("a1").await, Some(acme), "found by its name");
    assert_eq!(desk.field("a1", "name").await, " ACME  gmbh");
    assert_eq!(desk.field("a1", "notes").await, "ours");
    assert_eq!(desk.field("a1", "main_phonenumber").await, "555");
    assert_eq!(desk.field("a2", "ref").await, "12");

    let written = halo.journal_length().await.unwrap();
    assert_eq!(desk.counts().await, "unchanged 2, skipped 1");
    assert_eq!(halo.journal_length().await.unwrap(), written);
    // What follows is the remote's; what is Halo's own stays.
    desk.crm.put(json!({ "id": "a2", "name": "Beech" }));
    desk.apply(json!({ "existing-names": "follow", "regions": ["south"] }));
    assert_eq!(desk.counts().await, "skipped 3");
    desk.apply(json!({ "existing-names": "follow" }));
    assert_eq!(desk.counts().await, "updated 2, skipped 1");
    assert_eq!(desk.field("a2", "name").await, "Beech");
    assert_eq!(desk.field("a2", "ref").await, "12", "nothing is taken away");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_row_of_a_second_connector_stops_alone_and_says_why() {
    let desk = Desk::connected().await;
    let halo = desk.shop.records().unwrap();
    for name in ["Elm", "elm"] {
        halo.add("customer", &[("name", name)]).await.unwrap();
    }
    let put = |id: &str, name: &str, phone: &str| {
        desk.crm
            .put(json!({ "id": id, "name": name, "phone": phone }));
    };
    put("bare", "", "1");
    put("long", "Long", &"5".repeat(300));
    put("elm", "Elm", "2");
    put("twin-1", "Oak", "3");
    put("twin-2", "OAK", "4");
    put("good", "Good", "6");
    let done = desk.import().await;
    assert_eq!(counts(&done), "created 1, conflict 3, failed 2");
    for (account, words) in [
        ("bare", "has no name"),
        ("long", "255"),
        ("elm", "have this name"),
        ("twin-1", "Several accounts"),
        ("twin-2", "Several accounts"),
    ] {
        let reason = reason(&done, account);
        assert!(reason.contains(words), "{account}: {reason}");
        assert_eq!(desk.linked(account).await, None);
    }
    assert_eq!(desk.field("good", "main_phonenumber").await, "6");

    // What a person has mended comes with the next import; one is asked for by itself.
    put("bare", "Bare no more", "1");
    let chosen = ["import", NAME, "accounts", "--select", "bare,nobody"];
    let done = desk.result(&chosen).await;
    assert_eq!(counts(&done), "created 1, failed 1");
    assert!(reason(&done, "nobody").contains("no account"), "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mapping_table_of_a_second_connector_beats_name_and_link() {
    let desk = Desk::connected().await;
    let halo = desk.shop.records().unwrap();
    let birch = halo.add("customer", &[("name", "Birch")]).await.unwrap();
    let other = halo.add("customer", &[("name", "Other")]).await.unwrap();
    desk.crm
        .put(json!({ "id": "a1", "name": "Birch", "phone": "1" }));
    assert_eq!(desk.counts().await, "updated 1");
    assert_eq!(desk.linked("a1").await, Some(birch));
    let mapped = json!({ "customers": [{ "account": "a1", "customer": other }] });
    desk.apply(mapped);
    assert_eq!(desk.counts().await, "updated 1");
    assert_eq!(desk.linked("a1").await, Some(other));
    assert_eq!(desk.field("a1", "name").await, "Other");
    assert_eq!(desk.counts().await, "unchanged 1");
    // Wrong as a whole: nothing is read, and the sentence names the place.
    let twice = json!({ "account": "a1", "customer": birch });
    let nameless = json!({ "account": "a1" });
    desk.crm.requests();
    for customers in [json!([twice, twice]), json!([nameless])] {
        desk.apply(json!({ "customers": customers }));
        let refused = desk.shop.halo(&["import", NAME, "accounts"]).await.unwrap();
        assert_eq!(refused.code, Some(3), "{refused:?}");
        let place = "Settings, /accounts/customers/";
        assert!(refused.stderr.contains(place), "{refused:?}");
    }
    assert_eq!(desk.crm.requests(), [""; 0], "nothing is read");
}
