//! A batch of changed records that are linked: HubSpot's values now are read in one
//! call, and what differs is written in another.

use std::collections::BTreeMap;

use super::field::Outward;
use super::halves;
use super::plan::{Case, Update, update};
use super::told::{self, Told};
use crate::contract::exports::halo::integration::push::{Change, Outcome};
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::state::{self, Write};
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, MERGED, Object, Page};
use crate::settings::SyncBack;
use crate::sync::outgoing::Outgoing;
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
    /// What of it was sent without an answer.
    pub outgoing: Option<Outgoing>,
    /// How it was linked, if that was just now: `linked` or `created`.
    pub met: Option<&'static str>,
}

impl Pair<'_> {
    /// What the fields of these rows are compared with. A record that was made in Halo and
    /// an object that was there when they met: neither had anything that both knew, so
    /// what only one side has goes to the other, and where both have something it is the
    /// winner's.
    fn base(&self, object: &Object, rows: &[Outward]) -> Option<Agreed> {
        if let Some(outgoing) = &self.outgoing {
            let ways = rows.iter().map(Outward::way);
            let agreed = outgoing.agreed(self.agreed.as_ref(), self.record.id, object, ways);
            if agreed.is_some() {
                return agreed;
            }
        }
        if self.agreed.is_some() {
            return self.agreed.clone();
        }
        let nothing = { rows.iter() }
            .filter(|row| row.comes_too)
            .map(|row| (row.field.clone(), None));
        (self.change.what == "created").then(|| Agreed {
            record: self.record.id,
            values: nothing.collect(),
            ..Agreed::default()
        })
    }

    /// What its change came to.
    fn outcome(&self, told: &Told<'_>, note: Option<Failure>) -> Outcome {
        match self.met {
            Some(effect) => {
                Outcome::Sent(told.sent(&self.record, &self.linked, effect, Vec::new()))
            }
            None => Outcome::Nothing(note),
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
    let mut updates: Updates<'_> = BTreeMap::new();
    for pair in pairs {
        let sequence = pair.change.sequence;
        let Some(object) = objects.get(&pair.linked) else {
            answers.push((sequence, Outcome::Rejected(gone(told, pair))));
            continue;
        };
        let base = pair.base(object, rows);
        let case = Case {
            record: &pair.record,
            object,
            agreed: base.as_ref(),
            edited: &pair.change.fields,
        };
        match update(&case, rows, settings.conflicts) {
            Err(failure) => {
                let failure = told.named(&pair.record, failure);
                answers.push((sequence, Outcome::Rejected(failure)));
            }
            Ok(update) if update.properties.is_empty() => {
                writes.extend(remembered(told, pair, rows, (base, &update), None)?);
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
                    updates.insert(&object.id, (pair, base, update));
                }
            }
        }
    }
    intend(told, &updates)?;
    for (id, answer) in send(told.section, client, &updates)? {
        let Some((pair, base, update)) = updates.get(id.as_str()) else {
            continue;
        };
        let outcome = match answer {
            Ok(object) => {
                let planned = (base.clone(), update);
                writes.extend(remembered(told, pair, rows, planned, Some(&object))?);
                let properties = update.properties.iter();
                let properties =
                    properties.map(|(name, (before, sent))| (name, before.as_str(), sent));
                let changes = told::changes(properties, &object);
                let effect = pair.met.unwrap_or("updated");
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

/// By HubSpot's id: what was both sides' when they were last compared, and what is written.
type Updates<'a> = BTreeMap<&'a str, (&'a Pair<'a>, Option<Agreed>, Update)>;

/// Notes what is about to be written.
fn intend(told: &Told<'_>, updates: &Updates<'_>) -> Result<(), Failure> {
    let mut writes = Vec::with_capacity(updates.len());
    for (pair, _, update) in updates.values() {
        let outgoing = Outgoing::after(pair.outgoing.as_ref(), false, update.texts());
        let key = keys::outgoing(told.scope, pair.record.id);
        writes.push(memory::put(key, &outgoing)?);
    }
    if writes.is_empty() {
        return Ok(());
    }
    state::commit(&writes)
}

/// By HubSpot's id: the object as it is after the write, or HubSpot's words.
type Written = Vec<(String, Result<Object, String>)>;

/// Writes.
fn send(
    section: &Section<'_>,
    client: &mut Client,
    updates: &Updates<'_>,
) -> Result<Written, Trouble> {
    let all: Vec<(&str, BTreeMap<&str, &str>)> = updates
        .iter()
        .map(|(id, (_, _, update))| (*id, update.texts().collect()))
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

/// The writes that remember what both sides hold now; `after` is the object as it is after
/// a write.
fn remembered(
    told: &Told<'_>,
    pair: &Pair<'_>,
    rows: &[Outward],
    (base, update): (Option<Agreed>, &Update),
    after: Option<&Object>,
) -> Result<Vec<Write>, Failure> {
    let mut agreed = base.unwrap_or_else(|| Agreed {
        record: pair.record.id,
        ..Agreed::default()
    });
    for row in rows {
        let property = &row.property;
        let (halo, hubspot) = match (update.properties.get(property), after) {
            (Some((_, sent)), Some(object)) => {
                (sent.as_str(), object.property(property).unwrap_or_default())
            }
            _ => match update.same.get(property) {
                Some(same) => (same.as_str(), same.as_str()),
                None => continue,
            },
        };
        agreed.remember(row.way(), halo, hubspot);
    }
    let mut writes = Vec::new();
    if pair.agreed.as_ref() != Some(&agreed) {
        let key = keys::agreed(told.scope, &pair.linked);
        writes.push(memory::put(key, &agreed)?);
    }
    if pair.outgoing.is_some() || after.is_some() {
        writes.push(memory::remove(keys::outgoing(told.scope, pair.record.id)));
    }
    Ok(writes)
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
