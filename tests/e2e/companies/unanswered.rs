//! Rows that HubSpot was asked for by their ids and could not answer.

use std::time::Duration;

use halo_tests::hubspot_sim::{FaultKind, FaultRule};
use halo_tests::kit::{NAME, Workshop};
use serde_json::{Value, json};

use super::customers;
use crate::shop::{counts, empty, import, reason};

/// Maps so many properties that a page is asked for without them, and its rows by
/// their ids.
async fn map_many(shop: &Workshop) {
    let halo = shop.records().unwrap();
    let mut rows = Vec::new();
    for number in 0..60 {
        let property = format!("a_property_with_a_rather_long_name_{number}");
        let definition = json!({
            "name": property, "label": property, "groupName": "companyinformation",
            "type": "string", "fieldType": "text",
        });
        shop.sim.define_property("companies", &definition).unwrap();
        let field = format!("CF{number}");
        halo.custom_field("customer", &field, "text").await.unwrap();
        rows.push(json!({ "property": property, "field": field }));
    }
    shop.apply(json!({ "fields": rows })).unwrap();
}

/// The next batch answers this id with an error.
fn refuse(shop: &Workshop, id: &str) {
    let error = json!({
        "status": "error", "category": "INTERNAL_ERROR", "message": "try later",
        "context": { "ids": [id] },
    });
    let refusal = FaultKind::Status {
        status: 207,
        body: Some(json!({ "status": "COMPLETE", "results": [], "errors": [error] })),
        after: false,
        retry_after: None,
    };
    shop.sim
        .fail(FaultRule::once(refusal).on_path("/companies/batch/read"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_hubspot_could_not_answer_is_asked_for_at_the_next_import() {
    let shop = empty().await;
    map_many(&shop).await;
    // The first one in a list of everything, the second one in a search for changes.
    for name in ["Acme", "Bolt"] {
        let id = shop.sim.create_company([("name", name)]).unwrap();
        // The search for changes of the next import does not reach back so far.
        shop.sim.advance_clock(Duration::from_secs(11 * 60));
        refuse(&shop, &id);
        let document = import(&shop).await;
        let told = reason(&document, &id);
        assert!(told.contains("try later"), "{told}");
        assert!(!customers(&shop).await.contains(&name.to_owned()));
        assert_eq!(counts(&import(&shop).await), "created 1");
    }
    assert_eq!(customers(&shop).await, ["Acme", "Bolt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_tells_of_each_company_that_it_did_not_have() {
    let shop = empty().await;
    let mut linked = Vec::new();
    for number in 0..60 {
        let name = format!("Company {number}");
        linked.push(shop.sim.create_company([("name", name.as_str())]).unwrap());
    }
    assert_eq!(counts(&import(&shop).await), "created 60");
    for id in &linked {
        shop.sim.archive("companies", id).unwrap();
    }
    // Together with the linked ones they are more than a batch.
    let halo = shop.records().unwrap();
    let mut pairs: Vec<Value> = Vec::new();
    for number in 0..60 {
        let name = format!("Customer {number}");
        let customer = halo.add("customer", &[("name", &name)]).await.unwrap();
        pairs.push(json!({ "company": (number + 1).to_string(), "customer": customer }));
    }
    shop.apply(json!({ "customers": pairs })).unwrap();
    let document = shop
        .result(&["import", NAME, "companies", "--full"])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(counts(&document), "skipped 120");
}
