//! A host that serves, and HubSpot tells it what changes.

use anyhow::{Context as _, ensure};
use halo_tests::kit::{Halo, NAME, Workshop};
use serde_json::Value;

use crate::people::property;
use crate::stage::Stage;
use crate::{checks, say};

/// What the product costs from now on.
const PRICE: &str = "1234.5";
/// What the deal is worth from now on.
const WORTH: &str = "45000";
/// How the quote is called from now on.
const TITLE: &str = "Quote, second edition";

/// An object of HubSpot, and what changes about it.
struct Change {
    objects: &'static str,
    kind: &'static str,
    property: &'static str,
    field: &'static str,
    value: &'static str,
}

const CHANGES: [Change; 3] = [
    Change {
        objects: "deals",
        kind: "ticket",
        property: "amount",
        field: "oppvalue",
        value: WORTH,
    },
    Change {
        objects: "products",
        kind: "item",
        property: "price",
        field: "baseprice",
        value: PRICE,
    },
    Change {
        objects: "quotes",
        kind: "quotation",
        property: "hs_title",
        field: "title",
        value: TITLE,
    },
];

/// Serves, changes a deal, a product and a quote in HubSpot, and sees each arrive.
pub(crate) async fn follow(stage: &Stage) -> anyhow::Result<()> {
    say::step(12, "Serve: what changes in HubSpot arrives by itself");
    let shop = &stage.workshop;
    let answer = stage.interrupt.or(shop.subscribe()).await?;
    let subscriptions = answer["subscriptions"].as_array().map_or(0, Vec::len);
    say::paragraph(&format!(
        "The settings switch webhooks on for items, quotations and deals. What HubSpot must\n\
         be told to send follows from them: the app gets the {subscriptions} subscriptions that the\n\
         command `action hubspot webhook-subscriptions` prints, one for each property.",
    ));
    say::command("serve");
    let mut serving = stage.interrupt.or(shop.serve()).await?;
    say::line(&format!("Listening on {}", shop.address()?));
    let before = checks::now(shop).await?;
    let halo = shop.records()?;
    let mut changed = Vec::new();
    for change in &CHANGES {
        let (key, record, title) = linked(shop, &halo, change).await?;
        let values = [(change.property, change.value)];
        shop.sim.edit(change.objects, &key, values)?;
        changed.push((change, record, title));
    }
    say::paragraph("Somebody in HubSpot changes a deal, a product and a quote.");
    stage.interrupt.or(shop.caught_up()).await?;
    ensure!(serving.is_alive(), "The host that serves has ended");
    for (change, record, title) in &changed {
        let now = halo.field(change.kind, *record, change.field).await?;
        ensure!(
            now == change.value,
            "{} {record} should have the {} {:?}, and has {now:?}",
            change.kind,
            change.field,
            change.value
        );
        say::checked(&format!(
            "{title}: the {} of {} {record} is {now} now.",
            change.field, change.kind
        ));
    }
    let entries = checks::now(shop).await?.length() - before.length();
    ensure!(
        entries == CHANGES.len(),
        "Three changes have made {entries} in Halo"
    );
    stage.run("inbox hubspot --limit 5").await?;
    serving.kill().await
}

/// An object that is in Halo: its key, its record and its name.
async fn linked(
    shop: &Workshop,
    halo: &Halo,
    change: &Change,
) -> anyhow::Result<(String, u64, String)> {
    for object in shop.sim.snapshot(change.objects)? {
        let key = object["id"].as_str().unwrap_or_default().to_owned();
        if let Some(record) = halo.linked(change.kind, &key).await? {
            return Ok((key, record, name(&object)));
        }
    }
    anyhow::bail!("{NAME} has no {} that is in Halo", change.objects)
}

fn name(object: &Value) -> String {
    let names = ["dealname", "name", "hs_title"].map(|name| property(object, name));
    let name = names.into_iter().find(|name| !name.is_empty());
    name.context("no name").unwrap_or_default().to_owned()
}
