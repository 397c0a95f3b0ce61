//! Previews: they write nothing, and the import does what they showed.

use halo_tests::kit::Workshop;
use serde_json::{Value, json};

use crate::shop::{connected, counts, empty, import};

mod again;

async fn preview(shop: &Workshop) -> Value {
    shop.result(&["preview", "hubspot", "companies"])
        .await
        .unwrap()
        .remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_writes_nothing_and_the_import_does_exactly_what_it_showed() {
    let shop = connected(230).await;
    let halo = shop.records().unwrap();
    halo.add("customer", &[("name", "Kept as it is")])
        .await
        .unwrap();
    let twin = shop.sim.snapshot("companies").unwrap()[7]["properties"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    for name in [&twin, &twin] {
        halo.add("customer", &[("name", name)]).await.unwrap();
    }
    let state = async || {
        let journal = halo.journal_length().await.unwrap();
        (
            halo.contents().await.unwrap(),
            journal,
            halo.outbox().await.unwrap(),
        )
    };
    let before = state().await;
    let shown = preview(&shop).await;
    assert_eq!(counts(&shown), "created 229, conflict 1");
    assert_eq!(state().await, before);
    let stats = shop.sim.stats();
    assert_eq!((stats.writes, stats.auth), (0, 0), "{stats:?}");

    let id = shown["summary"]["run"].to_string();
    let arguments = ["import", "hubspot", "companies", "--preview", &id];
    let done = shop.result(&arguments).await.unwrap().remove(0);
    assert_eq!(counts(&done), "created 229, conflict 1");
    assert_eq!(done["deviations"], json!([]));
    let again = shop
        .halo(&["import", "hubspot", "companies"])
        .await
        .unwrap();
    assert!(again.stdout.contains("1 conflict"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_each_change_from_what_to_what() {
    let shop = empty().await;
    let id = shop
        .sim
        .create_company([("name", "Acme"), ("phone", "1")])
        .unwrap();
    import(&shop).await;
    shop.sim
        .edit(
            "companies",
            &id,
            [("phone", "2"), ("website", "https://acme.example")],
        )
        .unwrap();
    let shown = shop
        .halo(&["preview", "hubspot", "companies"])
        .await
        .unwrap();
    for expected in [
        "main_phonenumber: 1 → 2",
        "website: (empty) → https://acme.example",
        "1 to be updated",
        "Nothing was written",
    ] {
        assert!(
            shown.stdout.contains(expected),
            "{expected} in {}",
            shown.stdout
        );
    }
    let customer = shop
        .records()
        .unwrap()
        .linked("customer", &id)
        .await
        .unwrap()
        .unwrap();
    let phone = shop
        .records()
        .unwrap()
        .field("customer", customer, "main_phonenumber")
        .await
        .unwrap();
    assert_eq!(phone, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hubspot_changed_after_the_preview_is_named() {
    let shop = empty().await;
    let id = shop
        .sim
        .create_company([("name", "Acme"), ("phone", "1")])
        .unwrap();
    let shown = preview(&shop).await;
    shop.sim.edit("companies", &id, [("phone", "2")]).unwrap();
    shop.sim.create_company([("name", "Zenith")]).unwrap();
    let run = shown["summary"]["run"].to_string();
    let done = shop
        .result(&["import", "hubspot", "companies", "--preview", &run])
        .await
        .unwrap();
    let deviations = done[0]["deviations"].as_array().unwrap();
    assert_eq!(deviations.len(), 2, "{deviations:?}");
    let told = deviations[0].to_string() + &deviations[1].to_string();
    assert!(
        told.contains("main_phonenumber:  → 2") && told.contains("not there"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_previews_see_nothing_of_each_other_and_an_unknown_one_is_refused() {
    let shop = connected(5).await;
    assert_eq!(counts(&preview(&shop).await), "created 5");
    assert_eq!(counts(&preview(&shop).await), "created 5");
    let ended = shop
        .halo(&["import", "hubspot", "companies", "--preview", "77"])
        .await
        .unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("There is no preview 77"), "{ended:?}");
}
