//! A batch of changed records that are linked: HubSpot's values now are read in one
//! call, and what differs is written in another.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::batch::Answers;
use super::plan::{Case, Update, remember, update};
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
    /// Whether it was linked just now.
    pub is_new: bool,
}

impl Pair<'_> {
    /// What the fields of these rows are compared with. A record that was made in Halo and
    /// an object that was there when they met: neither had anything that both knew, so
    /// what only one side has goes to the other, and where both have something it is the
    /// winner's.
    fn base(&self, rows: &Rows) -> Option<Cow<'_, Agreed>> {
        if let Some(agreed) = &self.agreed {
            return Some(Cow::Borrowed(agreed));
        }
        let nothing = { rows.outward.iter() }
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
    let mut updates: BTreeMap<&str, (&Pair<'_>, Update)> = BTreeMap::new();
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
                    if let Some(note) = &update.note {
                        // Also in a dry run, which ends at the first write.
                        let note = told.named(&pair.record, note.clone());
                        log::write(log::Level::Warn, &note.message, &[]);
                    }
                    updates.insert(&object.id, (pair, update));
                }
            }
        }
    }
    if !writes.is_empty() {
        state::commit(&writes)?;
    }
    send(told, client, rows, &updates, answers)
}

/// Writes; what became of each part is remembered and answered before the next one.
fn send(
    told: &Told<'_>,
    client: &mut Client,
    rows: &Rows,
    updates: &BTreeMap<&str, (&Pair<'_>, Update)>,
    answers: &mut Answers,
) -> Result<(), Trouble> {
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
    let objects = told.section.spec().objects;
    let call = |batch: &[_]| client.read(objects::batch_update(&version, objects, batch));
    halves::send(&all, call, |batch, page| {
        let mut writes = Vec::new();
        for (id, _) in batch {
            let Some((pair, update)) = updates.get(id) else {
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
                Ok(object) => written(told, rows, pair, update, object, &mut writes)?,
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
    update: &Update,
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
    if let Some(agreed) = agreed(pair, rows, &taken, Some(object)) {
        writes.push(memory::put(
            keys::agreed(told.scope, &pair.linked),
            &agreed,
        )?);
    }
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
    let effect = if pair.is_new { "linked" } else { "updated" };
    let mut sent = told.sent(&pair.record, &object.id, effect, changes);
    if let Some(note) = &update.note {
        // What is not sent is always told (A20).
        let said = sent.message.take().into_iter();
        let said: Vec<String> = said.chain([note.message.clone()]).collect();
        sent.message = Some(said.join(" "));
    }
    Ok(Outcome::Sent(sent))
}

/// What both sides hold now; nothing where that was known. `after` is the object as it
/// is after a write.
fn agreed(pair: &Pair<'_>, rows: &Rows, update: &Update, after: Option<&Object>) -> Option<Agreed> {
    let before = pair.base(rows).map(Cow::into_owned);
    let before = before.unwrap_or_else(|| Agreed {
        record: pair.record.id,
        ..Agreed::default()
    });
    let mut agreed = before.clone();
    for row in &rows.outward {
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
