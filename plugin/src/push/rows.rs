//! The mapping rows of an entity that go to HubSpot, with their conversions. What both
//! sides say of the types changes seldom and is kept for a while: calls are the budget.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::field::Outward;
use crate::catalog;
use crate::check;
use crate::contract::halo::integration::{records, state};
use crate::field::convert::Conversion;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::properties::Property;
use crate::hubspot::transport;
use crate::patience::insist;
use crate::settings::FieldRow;
use crate::sync::cursor::fingerprint;
use crate::sync::section::Section;
use crate::sync::{keys, memory};

/// How long what is kept is used.
const KEPT_MS: u64 = 10 * 60 * 1_000;

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Names the rows that it is of.
    rows: String,
    /// When it was made.
    at: u64,
    /// By index of the row; rows that HubSpot or Halo do not have are left out.
    conversions: BTreeMap<usize, (String, Conversion)>,
}

/// The rows that go to HubSpot.
pub fn outward(
    client: &mut Client,
    section: &Section<'_>,
    scope: &str,
) -> Result<Vec<Outward>, Trouble> {
    let rows: Vec<&FieldRow> = section
        .rows()
        .iter()
        .filter(|row| row.goes_to_hubspot())
        .collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let print = fingerprint(&[&rows]);
    let now = transport::now();
    let kept: Option<Kept> = memory::get(keys::outward(scope))?;
    let kept = match kept {
        Some(kept) if kept.rows == print && now.saturating_sub(kept.at) < KEPT_MS => kept,
        _ => {
            let kept = Kept {
                rows: print,
                at: now,
                conversions: conversions(client, section, &rows)?,
            };
            state::commit(&[memory::put(keys::outward(scope), &kept)?])?;
            kept
        }
    };
    Ok(kept
        .conversions
        .into_iter()
        .filter_map(|(index, (field, conversion))| {
            let row = rows.get(index)?;
            Some(Outward {
                property: row.property.clone(),
                field,
                comes_too: row.direction.comes_to_halo(),
                rule: row.rule(),
                conversion,
            })
        })
        .collect())
}

fn conversions(
    client: &mut Client,
    section: &Section<'_>,
    rows: &[&FieldRow],
) -> Result<BTreeMap<usize, (String, Conversion)>, Trouble> {
    let known = catalog::load(client, section.spec())?;
    let known: BTreeMap<&str, &Property> = known
        .iter()
        .map(|property| (property.name.as_str(), property))
        .collect();
    let fields = insist(|| records::fields(section.spec().kind))?;
    let mut conversions = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        // `check` names what is gone.
        let (Some(property), Some(field)) = (
            known.get(row.property.as_str()),
            check::field_of(&fields, &row.field),
        ) else {
            continue;
        };
        if property.is_read_only() {
            continue;
        }
        if let Ok(conversion) = row.conversion(property, field) {
            conversions.insert(index, (field.name.clone(), conversion));
        }
    }
    Ok(conversions)
}
