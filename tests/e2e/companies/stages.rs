//! Which companies are imported: lifecycle stages (S8, S9).

use serde_json::json;

use super::customers;
use crate::shop::{connected, counts, empty, import, reason};

#[tokio::test(flavor = "multi_thread")]
async fn s8_only_companies_in_the_chosen_stages_become_customers() {
    let shop = empty().await;
    let stages = ["subscriber", "lead", "opportunity", "customer", "other"];
    for stage in stages {
        shop.sim
            .create_company([("name", stage), ("lifecyclestage", stage)])
            .unwrap();
    }
    let none = shop.sim.create_company([("name", "No stage")]).unwrap();
    shop.apply(json!({ "all-lifecycle-stages": false, "lifecycle-stages": ["lead", "customer"] }))
        .unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 2, skipped 4");
    assert!(
        reason(&document, &none).contains("no lifecycle stage"),
        "{document}"
    );
    let names: Vec<String> = customers(&shop).await;
    assert_eq!(names, ["customer", "lead"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s8_a1_with_no_stage_chosen_nothing_is_imported_by_accident() {
    let shop = connected(3).await;
    shop.apply(json!({ "all-lifecycle-stages": false }))
        .unwrap();
    let ended = shop
        .halo(&["import", "hubspot", "companies"])
        .await
        .unwrap();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.stderr.contains("No lifecycle stage is chosen"),
        "{ended:?}"
    );
    let checked = shop.result(&["check", "hubspot"]).await.unwrap();
    assert_eq!(
        checked[0]["problems"][0]["severity"], "warning",
        "{checked:?}"
    );
    assert_eq!(customers(&shop).await.len(), 0);
    // The account's own stages are offered by label and kept by value.
    shop.apply(json!({ "lifecycle-stages": ["Lead"] })).unwrap();
    let ended = shop.halo(&["check", "hubspot", "--online"]).await.unwrap();
    assert!(
        ended
            .stdout
            .contains("is a label; write its internal value \"lead\""),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_a_company_that_changes_its_stage_comes_in_or_stops_being_updated() {
    let shop = empty().await;
    shop.apply(json!({ "all-lifecycle-stages": false, "lifecycle-stages": ["customer"] }))
        .unwrap();
    let id = shop
        .sim
        .create_company([("name", "Acme"), ("lifecyclestage", "lead")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "skipped 1");
    shop.sim
        .edit("companies", &id, [("lifecyclestage", "customer")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "created 1");
    shop.sim
        .edit(
            "companies",
            &id,
            [("lifecyclestage", "evangelist"), ("phone", "1")],
        )
        .unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "skipped 1");
    assert!(reason(&document, &id).contains("evangelist"), "{document}");
    let halo = shop.records().unwrap();
    let customer = halo
        .linked("customer", &id)
        .await
        .unwrap()
        .expect("it is kept, and its link");
    assert_eq!(
        halo.field("customer", customer, "main_phonenumber")
            .await
            .unwrap(),
        ""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s8_stages_are_offered_by_label_those_of_the_account_included() {
    let shop = empty().await;
    let offered = async |search: &[&str]| {
        let mut arguments = vec!["choices", "hubspot", "lifecycle-stages"];
        arguments.extend(search);
        let document = shop.result(&arguments).await.unwrap().remove(0);
        let choices = document["choices"].as_array().unwrap().clone();
        choices
            .iter()
            .map(|choice| {
                let text = |name: &str| choice[name].as_str().unwrap().to_owned();
                format!("{} = {}", text("label"), text("value"))
            })
            .collect::<Vec<_>>()
    };
    let all = offered(&[]).await;
    for expected in [
        "Customer = customer",
        "Managed service client = 158403312",
        "No lifecycle stage = (none)",
    ] {
        assert!(all.iter().any(|choice| choice == expected), "{all:?}");
    }
    assert_eq!(
        offered(&["--search", "managed"]).await,
        ["Managed service client = 158403312"]
    );
    let unknown = shop.halo(&["choices", "hubspot", "moods"]).await.unwrap();
    assert!(
        unknown.code == Some(1) && unknown.stderr.contains("lifecycle-stages"),
        "{unknown:?}"
    );
}
