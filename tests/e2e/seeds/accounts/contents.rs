//! What a user of Halo sees: two stores with the same lines hold the same records with
//! the same links. Records are named by what they are linked to, as their ids are a
//! matter of which was made first.

use std::collections::BTreeMap;

use halo_host::model::{RecordRef, Stored, Value};
use halo_host::store::{Scope, Store as _};
use halo_tests::kit::{Halo, NAME};

const KINDS: [&str; 8] = [
    "top-level",
    "customer",
    "site",
    "user",
    "item",
    "ticket",
    "quotation",
    "quotation-line",
];

/// Every record, in a line.
pub async fn contents(halo: &Halo) -> anyhow::Result<Vec<String>> {
    let scope = Scope {
        connection: NAME.to_owned(),
        layer: 0,
        run: None,
        cause: String::new(),
        lane: None,
    };
    let mut records: BTreeMap<(String, u64), Stored> = BTreeMap::new();
    for kind in KINDS {
        let ids: Vec<u64> = halo
            .all(kind)
            .await?
            .iter()
            .map(|record| record.id)
            .collect();
        for found in halo
            .store
            .read(&scope, kind, &ids)
            .await?
            .into_iter()
            .flatten()
        {
            records.insert((kind.to_owned(), found.id), found);
        }
    }
    let mut lines: Vec<String> = records
        .values()
        .map(|record| {
            let mut line = name_of(record, &records);
            for (field, value) in &record.fields {
                let shown = match value {
                    // When HubSpot put the deal into its bin, which each account does at
                    // its own time.
                    _ if field == "dateclosed" => "then".to_owned(),
                    Value::Reference {
                        kind,
                        to: RecordRef::Id(id),
                    } => records
                        .get(&(kind.clone(), *id))
                        .map_or_else(|| value.display(), |to| name_of(to, &records)),
                    value => value.display(),
                };
                line.push_str(&format!(" {field}={shown:?}"));
            }
            line
        })
        .collect();
    lines.sort();
    Ok(lines)
}

/// By its keys, else by its name; a site by its customer, too.
fn name_of(record: &Stored, records: &BTreeMap<(String, u64), Stored>) -> String {
    // A site that was made for contacts has the key of whichever company was first.
    let keys = record.keys.iter().filter(|key| !key.contains('/'));
    let keys: Vec<&str> = keys.map(String::as_str).collect();
    let mut name = format!("{} {}", record.kind, keys.join("+"));
    if keys.is_empty() {
        let title = halo_host::schema::title_of(&record.kind);
        let title = record.fields.get(title).map(Value::display);
        name.push_str(&title.unwrap_or_default());
    }
    if let (
        "site",
        Some(Value::Reference {
            kind,
            to: RecordRef::Id(id),
        }),
    ) = (record.kind.as_str(), record.fields.get("client_id"))
        && let Some(customer) = records.get(&(kind.clone(), *id))
    {
        name = format!("{name} of {}", name_of(customer, records));
    }
    name
}
