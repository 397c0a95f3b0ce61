//! What people do in the story: one made a customer in Halo long ago, another
//! edits companies in HubSpot. Neither is a command of `halo-host`, so the demo
//! does it itself and says so.

use anyhow::Context as _;
use halo_host::clock::Clock;
use halo_host::model::{Fields, Row, RowOptions, Value};
use halo_host::store::Scope;
use halo_tests::kit::Workshop;

use crate::say;

/// Companies that the story is about: one that Halo knows, and those of [`EDITS`].
pub(crate) const COMPANIES: usize = 1 + EDITS.len();

/// Edits of the second company and the next ones: a property, and what is put in
/// the place of its value; `…` stands for the value before.
const EDITS: [(&str, &str); 3] = [
    ("city", "Antwerp"),
    ("phone", "+32 3 555 0100"),
    ("name", "… Europe"),
];

/// How many companies [`edit_companies`] changes.
pub(crate) const EDITED: usize = EDITS.len();

/// Makes the first company's customer in Halo, as a person who types in capitals;
/// answers its name and its id.
pub(crate) async fn type_in_a_customer(shop: &Workshop) -> anyhow::Result<(String, u64)> {
    let companies = shop.sim.snapshot("companies")?;
    let first = companies.first().context("HubSpot has no company")?;
    let name = property(first, "name").to_uppercase();
    let host = shop.host(Clock::default()).await?;
    let scope = Scope {
        connection: String::new(),
        layer: 0,
        run: None,
        cause: "a person".to_owned(),
        lane: None,
    };
    let row = Row {
        kind: "customer".to_owned(),
        key: None,
        id: None,
        other_keys: Vec::new(),
        expected: None,
        fields: Fields::from([("name".to_owned(), Value::Text(name.clone()))]),
        options: RowOptions {
            may_create: true,
            ..RowOptions::default()
        },
    };
    let written = host.store.upsert(&scope, &[row], host.clock.now()).await?;
    let written = written.into_iter().next().context("Halo gave no answer")?;
    Ok((name, written?.id))
}

/// Edits companies in HubSpot.
pub(crate) fn edit_companies(shop: &Workshop) -> anyhow::Result<()> {
    let companies = shop.sim.snapshot("companies")?;
    for (company, (name, to)) in companies.iter().skip(1).zip(EDITS) {
        let id = company["id"].as_str().unwrap_or_default();
        let before = property(company, name);
        let after = to.replace('…', before);
        shop.sim.edit("companies", id, [(name, after.as_str())])?;
        say::line(&format!(
            "  {id}  {}  {name}: {before} → {after}",
            property(company, "name")
        ));
    }
    Ok(())
}

fn property<'a>(company: &'a serde_json::Value, name: &str) -> &'a str {
    company["properties"][name].as_str().unwrap_or_default()
}
