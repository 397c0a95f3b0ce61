//! A batch of changed records that are linked: HubSpot's values now are read in one
//! call, and what differs is written in another.

use std::collections::BTreeMap;

use super::batch::Answers;
use super::field::Outward;
use super::plan::{Case, Update, update};
use super::rows::{self, Rows};
use super::told::{self, Told};
use super::{halves, present, refused};
use crate::contract::exports::halo::integration::push::{Change, Outcome};
use crate::contract::halo::integration::log;
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::state::{self, Write};
use crate::entity::company;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, Object};
use crate::settings::SyncBack;
use crate::sync::outgoing::Outgoing;
use crate::sync::plan::Agreed;
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
    fn base(&self, object: &Object, rows: &Rows) -> Option<Agreed> {
        if let Some(outgoing) = &self.outgoing {
            let ways = rows.outward.iter().map(Outward::way);
            let agreed = outgoing.agreed(self.agreed.as_ref(), self.record.id, object, ways);
            if agreed.is_some() {
                return agreed;
            }
        }
        if self.agreed.is_some() {
            return self.agreed.clone();
        }
        let nothing = { rows.outward.iter() }
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

/// Sends a batch.
pub fn run(
    told: &Told<'_>,
    settings: &SyncBack,
    client: &mut Client,
    rows: &Rows,
    pairs: &[Pair<'_>],
    answers: &mut Answers,
) -> Result<(), Trouble> {
    if rows.is_empty() || pairs.is_empty() {
        let nothing = |pair: &Pair<'_>| (pair.change.sequence, pair.outcome(told, None));
        answers.extend(pairs.iter().map(nothing));
        return Ok(());
    }
    let present = present::read(told, client, rows, pairs)?;
    let mut writes = Vec::new();
    let mut updates: Updates<'_> = BTreeMap::new();
    for pair in pairs {
        let sequence = pair.change.sequence;
        let Some(object) = present.objects.get(&pair.linked) else {
            answers.push((sequence, Outcome::Rejected(gone(told, pair))));
            continue;
        };
        let mut owners = present.owners.get(&object.id).into_iter().flatten();
        if let Some(other) = owners.find(|owner| **owner != pair.record.id) {
            let failure = merged(told, pair, &object.id, *other);
            answers.push((sequence, Outcome::Rejected(failure)));
            continue;
        }
        if let Some(reason) = told.opt_out.object(told.section.spec().one, object) {
            let reason = told.named(&pair.record, reason);
            answers.push((sequence, Outcome::Nothing(Some(reason))));
            continue;
        }
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
                    if let Some(note) = &update.note {
                        // Also in a dry run, which ends at the first write.
                        let note = told.named(&pair.record, note.clone());
                        log::write(log::Level::Warn, &note.message, &[]);
                    }
                    updates.insert(&object.id, (pair, base, update));
                }
            }
        }
    }
    intend(told, &updates)?;
    if !writes.is_empty() {
        state::commit(&writes)?;
    }
    send(told, client, rows, &updates, answers)
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

/// Writes; what became of each part is remembered and answered before the next one.
fn send(
    told: &Told<'_>,
    client: &mut Client,
    rows: &Rows,
    updates: &Updates<'_>,
    answers: &mut Answers,
) -> Result<(), Trouble> {
    let all: Vec<(&str, BTreeMap<&str, &str>)> = updates
        .iter()
        .map(|(id, (_, _, update))| (*id, update.texts().collect()))
        .collect();
    let version = client.version().clone();
    let objects = told.section.spec().objects;
    let call = |batch: &[_]| client.read(objects::batch_update(&version, objects, batch));
    halves::send(&all, call, |batch, page| {
        let mut writes = Vec::new();
        for (id, _) in batch {
            let Some((pair, base, update)) = updates.get(id) else {
                continue;
            };
            let answer = match &page {
                Ok(page) => {
                    let object = page.results.iter().find(|object| object.id == *id);
                    object.ok_or_else(|| page.why_not(id))
                }
                Err(failure) => Err(failure.clone()),
            };
            let outcome = match answer {
                Ok(object) => {
                    let planned = (base.clone(), update);
                    written(told, rows, pair, planned, object, &mut writes)?
                }
                Err(failure) if failure.code == "gone" => Outcome::Rejected(gone(told, pair)),
                Err(failure) => {
                    writes.push(rows::forget(told.scope));
                    Outcome::Rejected(refused::refused(told, &pair.record, rows, &failure))
                }
            };
            answers.push((pair.change.sequence, outcome));
        }
        if !writes.is_empty() {
            state::commit(&writes)?;
        }
        Ok(())
    })
}

/// What was done, and what of it is remembered.
fn written(
    told: &Told<'_>,
    rows: &Rows,
    pair: &Pair<'_>,
    (base, update): (Option<Agreed>, &Update),
    object: &Object,
    writes: &mut Vec<Write>,
) -> Result<Outcome, Trouble> {
    let mut taken = update.clone();
    let now = object.property(company::STAGE).unwrap_or_default();
    let kept = taken.properties.remove(company::STAGE);
    let kept = match kept {
        Some((before, sent)) if now == before && now != sent => Some(sent),
        Some(values) => {
            taken.properties.insert(company::STAGE.to_owned(), values);
            None
        }
        None => None,
    };
    writes.extend(remembered(told, pair, rows, (base, &taken), Some(object))?);
    if let Some(sent) = kept {
        let failure = refused::stage_kept(
            told,
            &pair.record,
            rows,
            company::STAGE,
            (now, &sent),
            !taken.properties.is_empty(),
        );
        return Ok(Outcome::Rejected(failure));
    }
    let properties = update.properties.iter();
    let properties = properties.map(|(name, (before, sent))| (name, before.as_str(), sent));
    let changes = told::changes(properties, object);
    let effect = pair.met.unwrap_or("updated");
    let mut sent = told.sent(&pair.record, &object.id, effect, changes);
    if let Some(note) = &update.note {
        // What is not sent is always told (A20).
        let said = sent.message.take().into_iter();
        let said: Vec<String> = said.chain([note.message.clone()]).collect();
        sent.message = Some(said.join(" "));
    }
    Ok(Outcome::Sent(sent))
}

/// The writes that remember what both sides hold now; `after` is the object as it is after
/// a write.
fn remembered(
    told: &Told<'_>,
    pair: &Pair<'_>,
    rows: &Rows,
    (base, update): (Option<Agreed>, &Update),
    after: Option<&Object>,
) -> Result<Vec<Write>, Failure> {
    let mut agreed = base.unwrap_or_else(|| Agreed {
        record: pair.record.id,
        ..Agreed::default()
    });
    for row in &rows.outward {
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

fn merged(told: &Told<'_>, pair: &Pair<'_>, survivor: &str, other: u64) -> Failure {
    let spec = told.section.spec();
    let failure = Failure::new(
        "merged",
        format!(
            "Its {} {} was merged in HubSpot into {survivor}, which is also {} {other}'s, so nothing was sent. Merge both in Halo, or drop this change.",
            spec.one, pair.linked, spec.kind
        ),
    );
    told.named(&pair.record, failure)
}
