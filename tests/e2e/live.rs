//! What HubSpot tells by webhooks arrives by itself (S41 to S43, S48, S56 to S62, A10, A11,
//! A14, A15, A21).

use halo_tests::kit::{Halo, NAME, Serving, Workshop};
use serde_json::{Value, json};

use crate::shop::unconnected;

mod accounts;
mod bad_input;
mod deals;
mod forgotten;
mod items;
mod kills;
mod orders;
mod power;
mod quotations;
mod raw;
mod switches;
mod untold;

/// Settings with these switches, and mapping rows of deals and products.
fn apply(shop: &Workshop, switches: &[&str], more: &Value) {
    let mut settings = shop.settings(json!({}));
    settings["products"] = json!({
        "item-group": 1,
        "fields": [{ "property": "price", "field": "baseprice" }],
    });
    let address = shop.address().unwrap();
    settings["webhooks"] = json!({ "public-url": format!("{address}/webhooks/{NAME}") });
    for switch in switches {
        settings["webhooks"][switch] = json!(true);
    }
    for (section, members) in more.as_object().into_iter().flatten() {
        for (name, value) in members.as_object().unwrap() {
            settings[section][name] = value.clone();
        }
    }
    shop.write("settings.json", &settings.to_string()).unwrap();
}

/// A connected shop that serves, with the company Acme in Halo, and subscriptions for
/// these switches.
async fn live(switches: &[&str], more: Value) -> (Workshop, Serving) {
    let shop = about_to_serve(switches, more).await;
    let serving = shop.serve().await.unwrap();
    (shop, serving)
}

/// The same, and nothing serves yet.
async fn about_to_serve(switches: &[&str], more: Value) -> Workshop {
    let shop = unconnected(0).await;
    apply(&shop, switches, &more);
    shop.connect().await.unwrap();
    shop.sim.create_company([("name", "Acme")]).unwrap();
    import(&shop, "companies").await;
    shop.sim.webhook_options(|options| options.retry_ms = 200);
    shop.subscribe().await.unwrap();
    shop
}

/// Imports an entity; answers the document.
async fn import(shop: &Workshop, entity: &str) -> Value {
    let arguments = ["import", NAME, entity];
    shop.result(&arguments).await.unwrap().remove(0)
}

/// A deal in a stage of the default pipeline.
fn deal(shop: &Workshop, name: &str, stage: &str) -> String {
    let properties = [("dealname", name), ("dealstage", stage)];
    shop.sim.create("deals", properties).unwrap()
}

async fn id(halo: &Halo, kind: &str, key: &str) -> Option<u64> {
    halo.linked(kind, key).await.unwrap()
}

/// A field of the record of an object.
async fn field(shop: &Workshop, kind: &str, key: &str, name: &str) -> String {
    let halo = shop.records().unwrap();
    let id = id(&halo, kind, key).await;
    let id = id.unwrap_or_else(|| panic!("no {kind} of {key}"));
    halo.field(kind, id, name).await.unwrap()
}

async fn count(shop: &Workshop, kind: &str) -> usize {
    shop.records().unwrap().all(kind).await.unwrap().len()
}

/// Waits until it holds; a test that never gets there says what it waited for.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds().await {
        assert!(begun.elapsed().as_secs() < 60, "{what} did not come");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
