//! What people do in the story: one has typed a customer into Halo, another edits a
//! quote in HubSpot. The latter is no command of `halo-host`, so the demo does it itself
//! and says so.

use anyhow::{Context as _, ensure};
use halo_tests::kit::Workshop;
use serde_json::Value;

/// How many more pieces the customer wants.
const MORE: u64 = 10;

/// A line of a quotation, and what HubSpot says of it now.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its own id in Halo.
    pub(crate) id: u64,
    /// That of its quotation.
    pub(crate) quotation: u64,
    /// Its id in HubSpot.
    pub(crate) key: String,
    /// What is sold.
    pub(crate) name: String,
    /// How many.
    pub(crate) quantity: String,
}

/// The name of the first company, as a person types it who likes capitals.
pub(crate) fn first_company(shop: &Workshop) -> anyhow::Result<String> {
    let companies = shop.sim.snapshot("companies")?;
    let first = companies.first().context("HubSpot has no company")?;
    Ok(property(first, "name").to_uppercase())
}

/// The first line of a draft.
pub(crate) async fn line_of_a_draft(shop: &Workshop) -> anyhow::Result<Line> {
    let halo = shop.records()?;
    for line in shop.sim.snapshot("line_items")? {
        let key = line["id"].as_str().unwrap_or_default();
        let Some(id) = halo.linked("quotation-line", key).await? else {
            continue;
        };
        let of = halo.field("quotation-line", id, "quotation_id").await?;
        let quotation = of.rsplit([' ', ':']).next().unwrap_or_default().parse()?;
        if halo.field("quotation", quotation, "status_name").await? == "Draft" {
            return Ok(Line {
                id,
                quotation,
                key: key.to_owned(),
                name: property(&line, "name").to_owned(),
                quantity: property(&line, "quantity").to_owned(),
            });
        }
    }
    anyhow::bail!("No quote that is a draft has become a quotation with lines")
}

/// Raises a line's quantity in HubSpot; answers the new one.
pub(crate) fn order_more(shop: &Workshop, line: &Line) -> anyhow::Result<String> {
    let before: u64 = line.quantity.parse()?;
    let after = (before + MORE).to_string();
    let changed = [("quantity", after.as_str())];
    ensure!(
        shop.sim.edit("line_items", &line.key, changed)?,
        "HubSpot has not changed line item {}",
        line.key
    );
    Ok(after)
}

/// A property of an object; empty when it has none.
pub(crate) fn property<'a>(object: &'a Value, name: &str) -> &'a str {
    object["properties"][name].as_str().unwrap_or_default()
}
