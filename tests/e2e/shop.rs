//! What the tests here share.

use halo_tests::hubspot_sim::SimOptions;
use halo_tests::kit::{Program, Workshop};
use serde_json::Value;

/// The program under test.
pub fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_demo"))
}

/// A workshop that is not connected.
pub async fn unconnected(companies: usize) -> Workshop {
    let options = SimOptions {
        companies,
        limit_per_10s: None,
        search_limit_per_second: None,
        ..SimOptions::default()
    };
    let mut shop = Workshop::open(program(), options).await.unwrap();
    shop.work_over(crate::records());
    shop
}

/// A connected workshop with an empty account.
pub async fn empty() -> Workshop {
    connected(0).await
}

/// A connected workshop with generated companies; its counters start at nothing.
pub async fn connected(companies: usize) -> Workshop {
    let shop = unconnected(companies).await;
    shop.connect().await.unwrap();
    shop.sim.reset_stats();
    shop
}

/// Imports companies; answers the document.
pub async fn import(shop: &Workshop) -> Value {
    let mut result = shop
        .result(&["import", "hubspot", "companies"])
        .await
        .unwrap();
    result.remove(0)
}

/// `created 3, skipped 1` of a document with a summary.
pub fn counts(document: &Value) -> String {
    let counts = document["summary"]["counts"].as_object().unwrap();
    let sum: u64 = counts
        .iter()
        .filter(|(name, _)| *name != "read")
        .map(|(_, n)| n.as_u64().unwrap())
        .sum();
    assert_eq!(
        counts["read"].as_u64(),
        Some(sum),
        "the counts add up to the rows read: {counts:?}"
    );
    let names = [
        "created",
        "updated",
        "unchanged",
        "skipped",
        "waiting",
        "conflict",
        "failed",
    ];
    let told: Vec<String> = names
        .iter()
        .filter(|name| counts[**name] != 0)
        .map(|name| format!("{name} {}", counts[*name]))
        .collect();
    told.join(", ")
}

/// The reason that a row was not imported.
pub fn reason<'a>(document: &'a Value, key: &str) -> &'a str {
    sentence(document, "not-imported", key)
}

/// What a person should know of a row that was imported.
pub fn note<'a>(document: &'a Value, key: &str) -> &'a str {
    sentence(document, "noted", key)
}

fn sentence<'a>(document: &'a Value, list: &str, key: &str) -> &'a str {
    let rows = document[list].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == key);
    row.unwrap_or_else(|| panic!("{key} is not among {rows:?}"))["reason"]["message"]
        .as_str()
        .unwrap()
}
