//! The mapping rows of an entity that go to HubSpot, with their conversions. What both
//! sides say of the types changes seldom and is kept for a while: calls are the budget.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::field::Outward;
use crate::catalog;
use crate::check;
use crate::contract::halo::integration::state::Write;
use crate::contract::halo::integration::{records, state};
use crate::failure::Failure;
use crate::field::convert::Conversion;
use crate::field::direction;
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

/// The mapping rows of an entity that go to HubSpot.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Ready for use.
    pub outward: Vec<Outward>,
    /// Those that cannot be sent as things are.
    pub stuck: Vec<Stuck>,
}

/// A row of which nothing can be sent: an edit of its field is refused, not lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// HubSpot's property.
    pub property: String,
    /// Halo's field.
    pub field: String,
    /// Why, and what to do.
    pub why: String,
}

impl Stuck {
    /// As a reason why a record is not sent.
    pub fn failure(&self) -> Failure {
        let message = format!("The field {:?} was not sent: {}", self.field, self.why);
        Failure::new("settings", message)
            .with("field", &self.field)
            .with("property", &self.property)
    }
}

impl Rows {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.outward.is_empty() && self.stuck.is_empty()
    }

    /// Halo's fields.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let outward = self.outward.iter().map(|row| row.field.as_str());
        outward.chain(self.stuck.iter().map(|row| row.field.as_str()))
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Names the rows that it is of.
    rows: String,
    /// When it was made.
    at: u64,
    /// By index of the row; rows that Halo does not have are left out.
    conversions: BTreeMap<usize, (String, Conversion)>,
    #[serde(default)]
    stuck: Vec<Stuck>,
}

/// The rows that go to HubSpot.
pub fn outward(client: &mut Client, section: &Section<'_>, scope: &str) -> Result<Rows, Trouble> {
    let rows: Vec<&FieldRow> = section
        .rows()
        .iter()
        .filter(|row| row.goes_to_hubspot())
        .collect();
    if rows.is_empty() {
        return Ok(Rows::default());
    }
    let print = fingerprint(&[&rows]);
    let now = transport::now();
    let kept: Option<Kept> = memory::get(keys::outward(scope))?;
    let kept = match kept {
        Some(kept) if kept.rows == print && now.saturating_sub(kept.at) < KEPT_MS => kept,
        _ => {
            let (conversions, stuck) = conversions(client, section, &rows)?;
            let kept = Kept {
                rows: print,
                at: now,
                conversions,
                stuck,
            };
            state::commit(&[memory::put(keys::outward(scope), &kept)?])?;
            kept
        }
    };
    let outward = kept
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
        .collect();
    Ok(Rows {
        outward,
        stuck: kept.stuck,
    })
}

/// Forgets what is kept: HubSpot has refused a value, so it says something else by now.
pub fn forget(scope: &str) -> Write {
    memory::remove(keys::outward(scope))
}

/// By index: what can be sent; then what cannot.
type Sorted = (BTreeMap<usize, (String, Conversion)>, Vec<Stuck>);

fn conversions(
    client: &mut Client,
    section: &Section<'_>,
    rows: &[&FieldRow],
) -> Result<Sorted, Trouble> {
    let known = catalog::load(client, section.spec())?;
    let known: BTreeMap<&str, &Property> = known
        .iter()
        .map(|property| (property.name.as_str(), property))
        .collect();
    let fields = insist(|| records::fields(section.spec().kind))?;
    let (mut conversions, mut stuck) = (BTreeMap::new(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        // Nobody can edit a field that is gone; `check` names it.
        let Some(field) = check::field_of(&fields, &row.field) else {
            continue;
        };
        let conversion = match known.get(row.property.as_str()) {
            None => Err(format!(
                "HubSpot {} have no property {:?}. Correct its row in the field mappings, then retry.",
                section.spec().objects,
                row.property
            )),
            Some(property) => match direction::unwritable(property) {
                Some(why) => Err(format!(
                    "the property {:?} {why}. Take it out of what goes back, then drop this change.",
                    row.property
                )),
                None => row.conversion(property, field),
            },
        };
        match conversion {
            Ok(conversion) => {
                conversions.insert(index, (field.name.clone(), conversion));
            }
            Err(why) => stuck.push(Stuck {
                property: row.property.clone(),
                field: field.name.clone(),
                why,
            }),
        }
    }
    Ok((conversions, stuck))
}
