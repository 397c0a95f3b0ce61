//! What becomes of records whose objects were deleted in HubSpot, where the settings ask
//! for more than a report; and how that is taken back when an object returns.
//!
//! What a field held before is remembered first, then the record is written, then the
//! object is remembered as gone: after a kill in between, the same again finds what it
//! had remembered.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::gone::Gone;
use super::keys;
use super::memory::{self, BATCH};
use super::page::{Desk, Looked};
use super::plan::Agreed;
use crate::contract::halo::integration::records::{Row, RowOptions, Stored};
use crate::contract::halo::integration::state;
use crate::contract::halo::integration::types::{Field, Value};
use crate::entity::line_item;
use crate::failure::Failure;
use crate::hubspot::client::Trouble;
use crate::hubspot::objects::Object;
use crate::matching::value_of;
use crate::patience;

/// What is done to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// Nothing.
    Leave,
    /// These fields get these values; the word says what that means.
    Set(&'static str, Vec<(&'static str, String)>),
    /// It is removed, with its lines.
    Remove,
}

/// What a field of a record held before its object was deleted, and got then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// Halo's name of the field.
    pub field: String,
    /// What it held; nothing for empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it got.
    pub after: String,
}

/// By HubSpot's id: the word for what was done, or why it could not be.
pub type Done = BTreeMap<String, Result<&'static str, Failure>>;

impl Desk<'_> {
    /// Does to the records of these objects what the settings ask for.
    pub(super) fn delete(
        &self,
        agreed: &mut BTreeMap<String, Agreed>,
        bin: &[Object],
        now: &str,
    ) -> Result<Done, Trouble> {
        let mut done = Done::new();
        let mut wanted: BTreeMap<String, Deletion> = BTreeMap::new();
        for (id, known) in agreed.iter().filter(|(_, known)| known.gone.is_none()) {
            let at = bin.iter().find(|object| object.id == *id);
            let at = at.and_then(|object| object.archived_at.as_deref());
            let deletion = self.import.deletion(at.unwrap_or(now));
            if deletion != Deletion::Leave && known.record > 0 {
                wanted.insert(id.clone(), deletion);
            }
        }
        if wanted.is_empty() {
            return Ok(done);
        }
        let ids: Vec<String> = wanted.keys().cloned().collect();
        let fields: BTreeSet<&str> = { wanted.values() }
            .flat_map(|deletion| match deletion {
                Deletion::Set(_, fields) => fields.as_slice(),
                Deletion::Leave | Deletion::Remove => &[],
            })
            .map(|(field, _)| *field)
            .collect();
        let mut fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
        fields.extend(self.opt_out.field.clone());
        let kind = self.import.spec().kind;
        let linked = self.linked(kind, &ids, &fields)?;
        let mut writes = Vec::new();
        let mut rows: Vec<(String, Row)> = Vec::new();
        for (id, deletion) in &wanted {
            let (Some(record), Some(known)) = (linked.get(id), agreed.get_mut(id)) else {
                continue;
            };
            if self.opt_out.record(kind, record).is_some() {
                continue;
            }
            match deletion {
                Deletion::Set(_, fields) => {
                    let changed = changed(record, fields);
                    if known.replaced.is_empty() && !changed.is_empty() {
                        known.replaced = changed;
                        writes.push(memory::put(keys::agreed(&self.scope, id), known)?);
                    }
                    let written = { known.replaced.iter() }
                        .map(|replaced| text(&replaced.field, Some(replaced.after.clone())));
                    let written: Vec<Field> = written.collect();
                    if !written.is_empty() {
                        rows.push((id.clone(), self.row(kind, id, written, RowOptions::empty())));
                    }
                }
                Deletion::Remove => {
                    for line in known.lines.keys() {
                        let row = self.row(line_item::KIND, line, Vec::new(), RowOptions::REMOVE);
                        rows.push((id.clone(), row));
                    }
                    let row = self.row(kind, id, Vec::new(), RowOptions::REMOVE);
                    rows.push((id.clone(), row));
                }
                Deletion::Leave => {}
            }
        }
        if !writes.is_empty() {
            state::commit(&writes)?;
        }
        for rows in rows.chunks(BATCH) {
            let asked: Vec<Row> = rows.iter().map(|(_, row)| row.clone()).collect();
            // The same again does nothing.
            let answers = patience::write(&asked)?;
            for ((id, _), answer) in rows.iter().zip(answers) {
                let word = match wanted.get(id) {
                    Some(Deletion::Set(word, _)) => *word,
                    _ => "removed",
                };
                match answer {
                    // What is not there needs no removal.
                    Err(failure) if failure.code != "not-found" => {
                        done.insert(id.clone(), Err(failure));
                    }
                    _ => {
                        done.entry(id.clone()).or_insert(Ok(word));
                    }
                }
            }
        }
        Ok(done)
    }

    /// Gives the records of objects that are back what they held before, as far as nobody
    /// has changed it since. Answers whether anything was written.
    pub(super) fn take_back(&self, looked: &Looked) -> Result<bool, Trouble> {
        let back: Vec<(&String, &Agreed)> = { looked.agreed.iter() }
            .filter(|(_, known)| !known.replaced.is_empty())
            .filter(|(_, known)| !matches!(known.gone, Some(Gone::Merged(_))))
            .collect();
        if back.is_empty() {
            return Ok(false);
        }
        let ids: Vec<String> = back.iter().map(|(id, _)| (*id).clone()).collect();
        let fields: BTreeSet<String> = { back.iter() }
            .flat_map(|(_, known)| known.replaced.iter())
            .map(|replaced| replaced.field.clone())
            .collect();
        let kind = self.import.spec().kind;
        let linked = self.linked(kind, &ids, &fields.into_iter().collect::<Vec<_>>())?;
        let mut rows = Vec::new();
        for (id, known) in back {
            let Some(record) = linked.get(id) else {
                continue;
            };
            let is_ours = |replaced: &&super::deleted::Replaced| {
                *value_of(record, &replaced.field) == Value::Text(replaced.after.clone())
            };
            let fields: Vec<Field> = { known.replaced.iter() }
                .filter(is_ours)
                .map(|replaced| text(&replaced.field, replaced.before.clone()))
                .collect();
            if !fields.is_empty() {
                rows.push(self.row(kind, id, fields, RowOptions::empty()));
            }
        }
        for rows in rows.chunks(BATCH) {
            // A row that is refused is planned all the same, and says why then.
            patience::write(rows)?;
        }
        Ok(!rows.is_empty())
    }

    fn row(&self, kind: &str, id: &str, fields: Vec<Field>, options: RowOptions) -> Row {
        Row {
            kind: kind.to_owned(),
            key: Some(self.key(id)),
            id: None,
            other_keys: Vec::new(),
            expected: None,
            fields,
            options,
        }
    }
}

/// The fields that get another value.
fn changed(record: &Stored, fields: &[(&'static str, String)]) -> Vec<Replaced> {
    { fields.iter() }
        .filter(|(field, after)| *value_of(record, field) != Value::Text(after.clone()))
        .map(|(field, after)| Replaced {
            field: (*field).to_owned(),
            before: match value_of(record, field) {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            },
            after: after.clone(),
        })
        .collect()
}

fn text(field: &str, value: Option<String>) -> Field {
    Field {
        name: field.to_owned(),
        value: value.map_or(Value::None, Value::Text),
    }
}
