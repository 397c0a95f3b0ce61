//! Writing a page's rows: what is about to be written is noted, then written; where
//! records do not answer, all of it again, and later at last.

use std::collections::{BTreeMap, BTreeSet};

use super::intent::Intent;
use super::keys;
use super::memory::{self, BATCH};
use super::page::{Desk, Looked, PageOf};
use super::plan::Fate;
use crate::contract::halo::integration::records::{self, Row, Written};
use crate::contract::halo::integration::state;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::Object;
use crate::hubspot::verdict::ATTEMPTS;
use crate::patience;

/// What came of a page's rows.
pub struct Done {
    /// What was known of them and planned.
    pub looked: Looked,
    /// The answers to all rows that were planned, in their order.
    pub(super) answers: Vec<Answer>,
    /// Ids with the kinds of records that an earlier attempt wrote, as far as they
    /// need no row any more.
    tried: BTreeSet<(String, &'static str)>,
}

impl Done {
    /// Whether an attempt before the last one was to write such a record of an object.
    pub fn was_tried(&self, id: &str, kind: &'static str) -> bool {
        self.tried.contains(&(id.to_owned(), kind))
    }
}

impl Desk<'_> {
    /// Looks up, plans and writes, all three again after a failure that may pass: of
    /// the rows some may stand, and they have another revision now.
    pub(super) fn write(&self, client: &mut Client, page: PageOf<'_>) -> Result<Done, Trouble> {
        let objects = page.objects;
        let mut attempt = 1;
        let mut tried = BTreeSet::new();
        let mut notes = BTreeMap::new();
        loop {
            let mut looked = self.look(client, page)?;
            // Back in HubSpot: what its deletion has done is no change of anybody's.
            if attempt == 1 && self.take_back(&looked)? {
                looked = self.look(client, page)?;
            }
            remind(objects, &mut looked.fates, &notes);
            self.intend(objects, &mut looked)?;
            let failure = match write(&looked.fates) {
                Ok(answers) => match passing(&answers) {
                    // Given up: that row is reported, the others stand.
                    Some(failure) if attempt < ATTEMPTS => failure.clone(),
                    _ => {
                        return Ok(Done {
                            looked,
                            answers,
                            tried,
                        });
                    }
                },
                Err(failure) => failure,
            };
            for (object, fate) in objects.iter().zip(&looked.fates) {
                let kinds = fate.written_kinds();
                tried.extend(kinds.map(|kind| (object.id.clone(), kind)));
                if let Fate::Goes {
                    note: Some(note), ..
                } = fate
                {
                    notes.insert(object.id.clone(), note.clone());
                }
            }
            patience::wait(failure, attempt)?;
            attempt += 1;
        }
    }

    /// Notes what is about to be written.
    fn intend(&self, objects: &[Object], looked: &mut Looked) -> Result<(), Failure> {
        let mut writes = Vec::new();
        for (object, fate) in objects.iter().zip(&mut looked.fates) {
            let parts = fate.parts();
            if parts.iter().all(|part| part.row.is_none()) {
                continue;
            }
            let before = looked.intents.get(&object.id);
            let is_linked = looked.linked.contains(&object.id);
            let intent = Intent::after(before, parts, is_linked);
            if before != Some(&intent) {
                let write = memory::put(keys::intent(&self.scope, &object.id), &intent)?;
                if write
                    .value
                    .as_ref()
                    .is_some_and(|value| value.len() > memory::VALUE_LIMIT)
                {
                    *fate = too_large(parts.first().and_then(|part| part.record));
                    continue;
                }
                writes.push(write);
                looked.intents.insert(object.id.clone(), intent);
            }
        }
        if writes.is_empty() {
            return Ok(());
        }
        state::commit(&writes)
    }
}

/// A row that stands already has nothing to be told any more; what was to be told of it
/// when it was written is told all the same.
fn remind(objects: &[Object], fates: &mut [Fate], notes: &BTreeMap<String, Failure>) {
    for (object, fate) in objects.iter().zip(fates) {
        if let (Fate::Goes { note, .. }, Some(known)) = (fate, notes.get(&object.id)) {
            note.get_or_insert_with(|| known.clone());
        }
    }
}

/// What could not be remembered must not be written, or nobody would know it again.
fn too_large(record: Option<u64>) -> Fate {
    Fate::Stop {
        outcome: "failed",
        reason: Failure::new(
            "too-large",
            "With its lines it has more text than can be remembered of one row, a megabyte. Shorten the descriptions of its lines in HubSpot, or divide them between two.",
        ),
        record,
    }
}

/// The answer to one row.
pub(super) type Answer = Result<Written, Failure>;

/// The first refusal that may pass.
fn passing(answers: &[Answer]) -> Option<&Failure> {
    let mut refusals = answers.iter().filter_map(|answer| answer.as_ref().err());
    refusals.find(|failure| patience::is_passing(failure))
}

/// Writes all rows of a page, in order; one answer each.
fn write(fates: &[Fate]) -> Result<Vec<Answer>, Failure> {
    let parts = fates.iter().flat_map(Fate::parts);
    let rows: Vec<Row> = parts.filter_map(|part| part.row.clone()).collect();
    let mut written = Vec::with_capacity(rows.len());
    for rows in rows.chunks(BATCH) {
        written.extend(records::upsert(rows)?);
    }
    Ok(written)
}
