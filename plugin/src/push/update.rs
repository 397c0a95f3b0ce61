//! A batch of changed records that are linked: HubSpot's values now are read in one
//! call, and what differs is written in another.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::field::Outward;
use super::halves;
use super::plan::{Case, Update, remember, update};
use super::told::{self, Told};
use crate::contract::exports::halo::integration::push::{Change, Outcome};
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::state;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, MERGED, Object, Page};
use crate::settings::SyncBack;
use crate::sync::plan::Agreed;
use crate::sync::section::Section;
use crate::sync::{keys, memory};

/// A changed record and the object that it is linked to.
pub struct Pair<'a> {
    /// The change.
    pub change: &'a Change,
    /// As it is in Halo.
    pub record: Stored,
    /// HubSpot's id as the link has it.
    pub linked: String,
    /// As both were when they were last compared.
    pub agreed: Option<Agreed>,
    /// Whether it was linked just now.
    pub is_new: bool,
}

impl Pair<'_> {
    /// What the fields of these rows are compared with. A record that was made in Halo and
    /// an object that was there when they met: neither had anything that both knew, so
    /// what only one side has goes to the other, and where both have something it is the
    /// winner's.
    fn base(&self, rows: &[Outward]) -> Option<Cow<'_, Agreed>> {
        if let Some(agreed) = &self.agreed {
            return Some(Cow::Borrowed(agreed));
        }
        let nothing = { rows.iter() }
            .filter(|row| row.comes_too)
            .map(|row| (row.field.clone(), None));
        (self.change.what == "created").then(|| {
            Cow::Owned(Agreed {
                record: self.record.id,
                values: nothing.collect(),
                ..Agreed::default()
            })
        })
    }

    /// What its change came to.
    fn outcome(&self, told: &Told<'_>, note: Option<Failure>) -> Outcome {
        match self.is_new {
            true => Outcome::Sent(told.sent(&self.record, &self.linked, "linked", Vec::new())),
            false => Outcome::Nothing(note),
        }
    }
}

/// Sends a batch; answers by sequence.
pub fn run(
    told: &Told<'_>,
    settings: &SyncBack,
    client: &mut Client,
    rows: &[Outward],
    pairs: &[Pair<'_>],
) -> Result<Vec<(u64, Outcome)>, Trouble> {
    if rows.is_empty() || pairs.is_empty() {
        let nothing = |pair: &Pair<'_>| (pair.change.sequence, pair.outcome(told, None));
        return Ok(pairs.iter().map(nothing).collect());
    }
    let objects = present(told.section, client, rows, pairs)?;
    let mut answers = Vec::with_capacity(pairs.len());
    let mut writes = Vec::new();
    let mut updates: BTreeMap<&str, (&Pair<'_>, Update)> = BTreeMap::new();
    for pair in pairs {
        let sequence = pair.change.sequence;
        let Some(object) = objects.get(&pair.linked) else {
            answers.push((sequence, Outcome::Rejected(gone(told, pair))));
            continue;
        };
        let base = pair.base(rows);
        let case = Case {
            record: &pair.record,
            object,
            agreed: base.as_deref(),
            edited: &pair.change.fields,
        };
        match update(&case, rows, settings.conflicts) {
            Err(failure) => {
                let failure = told.named(&pair.record, failure);
                answers.push((sequence, Outcome::Rejected(failure)));
            }
            Ok(update) if update.properties.is_empty() => {
                if let Some(agreed) = agreed(pair, rows, &update, None) {
                    writes.push(memory::put(
                        keys::agreed(told.scope, &pair.linked),
                        &agreed,
                    )?);
                }
                let note = update.note.map(|note| told.named(&pair.record, note));
                answers.push((sequence, pair.outcome(told, note)));
            }
            Ok(update) => {
                // Two records that are one object: HubSpot refuses the same id twice.
                if updates.contains_key(object.id.as_str()) {
                    let failure = Failure::new(
                        "unavailable",
                        "Another change of the same object is sent first.",
                    );
                    answers.push((sequence, Outcome::Retry(failure)));
                } else {
                    updates.insert(&object.id, (pair, update));
                }
            }
        }
    }
    for (id, answer) in send(told.section, client, &updates)? {
        let Some((pair, update)) = updates.get(id.as_str()) else {
            continue;
        };
        let outcome = match answer {
            Ok(object) => {
                if let Some(agreed) = agreed(pair, rows, update, Some(&object)) {
                    writes.push(memory::put(
                        keys::agreed(told.scope, &pair.linked),
                        &agreed,
                    )?);
                }
                let properties = update.properties.iter();
                let properties =
                    properties.map(|(name, (before, sent))| (name, before.as_str(), sent));
                let changes = told::changes(properties, &object);
                let effect = if pair.is_new { "linked" } else { "updated" };
                Outcome::Sent(told.sent(&pair.record, &object.id, effect, changes))
            }
            Err(message) => {
                let failure = Failure::new("refused", format!("HubSpot refused it: {message}"));
                Outcome::Rejected(told.named(&pair.record, failure))
            }
        };
        answers.push((pair.change.sequence, outcome));
    }
    if !writes.is_empty() {
        state::commit(&writes)?;
    }
    Ok(answers)
}

/// By the id of the link: the objects as they are in HubSpot now, also those that were
/// merged into another one.
fn present(
    section: &Section<'_>,
    client: &mut Client,
    rows: &[Outward],
    pairs: &[Pair<'_>],
) -> Result<BTreeMap<String, Object>, Trouble> {
    let mut properties: Vec<&str> = rows.iter().map(|row| row.property.as_str()).collect();
    properties.push(MERGED);
    properties.sort_unstable();
    properties.dedup();
    let mut ids: Vec<String> = pairs.iter().map(|pair| pair.linked.clone()).collect();
    // HubSpot refuses a batch with the same id twice.
    ids.sort();
    ids.dedup();
    let call = objects::batch_read(client.version(), section.spec().objects, &properties, &ids);
    let page: Page = client.read(call)?;
    let mut found = BTreeMap::new();
    for object in page.results {
        for id in object.ids() {
            if ids.iter().any(|asked| asked == id) {
                found.insert(id.to_owned(), object.clone());
            }
        }
    }
    Ok(found)
}

/// By HubSpot's id: the object as it is after the write, or HubSpot's words.
type Written = Vec<(String, Result<Object, String>)>;

/// Writes.
fn send(
    section: &Section<'_>,
    client: &mut Client,
    updates: &BTreeMap<&str, (&Pair<'_>, Update)>,
) -> Result<Written, Trouble> {
    let all: Vec<(&str, BTreeMap<&str, &str>)> = updates
        .iter()
        .map(|(id, (_, update))| {
            let properties = update
                .properties
                .iter()
                .map(|(name, (_, text))| (name.as_str(), text.as_str()));
            (*id, properties.collect())
        })
        .collect();
    let version = client.version().clone();
    let objects = section.spec().objects;
    let mut written = Vec::with_capacity(all.len());
    let call = |batch: &[_]| client.read(objects::batch_update(&version, objects, batch));
    halves::send(&all, call, |batch, page| {
        for (id, _) in batch {
            let answer = match &page {
                Ok(page) => {
                    let object = page.results.iter().find(|object| object.id == *id);
                    object.cloned().ok_or_else(|| page.why_not(id).to_owned())
                }
                Err(failure) => Err(failure.message.clone()),
            };
            written.push(((*id).to_owned(), answer));
        }
        Ok(())
    })?;
    Ok(written)
}

/// What both sides hold now; nothing where that was known. `after` is the object as it
/// is after a write.
fn agreed(
    pair: &Pair<'_>,
    rows: &[Outward],
    update: &Update,
    after: Option<&Object>,
) -> Option<Agreed> {
    let before = pair.base(rows).map(Cow::into_owned);
    let before = before.unwrap_or_else(|| Agreed {
        record: pair.record.id,
        ..Agreed::default()
    });
    let mut agreed = before.clone();
    for row in rows {
        let property = &row.property;
        let (halo, hubspot) = match (update.properties.get(property), after) {
            (Some((_, sent)), Some(object)) => {
                let made = object.property(property).unwrap_or_default();
                (sent.clone(), made.to_owned())
            }
            _ => match update.same.get(property) {
                Some(same) => (same.clone(), same.clone()),
                None => continue,
            },
        };
        remember(&mut agreed, row, halo, hubspot);
    }
    (agreed != before || pair.agreed.is_none()).then_some(agreed)
}

fn gone(told: &Told<'_>, pair: &Pair<'_>) -> Failure {
    let one = told.section.spec().one;
    let failure = Failure::new(
        "gone",
        format!(
            "Its {one} {} does not exist in HubSpot any more, so nothing was sent. Restore the {one} there, or drop this change.",
            pair.linked
        ),
    );
    told.named(&pair.record, failure)
}
