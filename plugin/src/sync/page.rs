//! One page of objects: look up what is known of its rows, plan each, write, report,
//! and hand back what to remember. Records are written first and state after: a kill
//! between the two repeats the page, and every row is idempotent.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::deleted::Deletion;
use super::ended::Ended;
use super::gone::Gone;
use super::intent::Intent;
use super::keys;
use super::memory::{self, BATCH};
use super::opt_out::OptOut;
use super::outgoing::Outgoing;
use super::plan::{Agreed, Fate, Held};
use crate::contract::halo::integration::records::{self, Stored};
use crate::contract::halo::integration::run::{self, ReportPart, ReportRow};
use crate::contract::halo::integration::state::Write;
use crate::contract::halo::integration::types::{Attribute, RemoteObject};
use crate::entity::{Mapped, Spec};
use crate::failure::Failure;
use crate::hubspot::account::Account;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{Object, Unanswered};
use crate::hubspot::{time, transport};
use crate::patience::insist;
use crate::push::own;

/// What is particular to an entity in its import.
pub trait Import {
    /// Its names.
    fn spec(&self) -> &'static Spec;

    /// Looks up what is known of a page's objects on both sides, and plans each.
    fn look(
        &self,
        desk: &Desk<'_>,
        client: &mut Client,
        page: PageOf<'_>,
    ) -> Result<Looked, Trouble>;

    /// What people call an object.
    fn title(&self, object: &Object) -> Option<String>;

    /// By what people filter reports of it.
    fn facets(&self, object: &Object) -> Vec<Attribute>;

    /// What becomes of the record of an object that was deleted at this time.
    fn deletion(&self, _at: &str) -> Deletion {
        Deletion::Leave
    }

    /// The record that a linked object is.
    fn shown(&self, _id: &str, agreed: &Agreed) -> (&'static str, u64) {
        (self.spec().kind, agreed.record)
    }
}

/// The objects of a page.
#[derive(Clone, Copy)]
pub struct PageOf<'a> {
    /// The objects.
    pub objects: &'a [Object],
    /// Whether their associations came with them.
    pub with_associations: bool,
}

/// What was found for a page.
#[derive(Default)]
pub struct Looked {
    /// By HubSpot id, merged ones included.
    pub agreed: BTreeMap<String, Agreed>,
    /// By HubSpot id, merged ones included: what was to be written when a call ended.
    pub intents: BTreeMap<String, Intent>,
    /// HubSpot ids that lead to a record.
    pub linked: BTreeSet<String>,
    /// What becomes of each object.
    pub fates: Vec<Fate>,
    /// HubSpot ids of objects that were chosen, where new ones are a choice.
    pub chosen: BTreeSet<String>,
}

/// What came of a page.
#[derive(Default)]
pub struct Worked {
    /// What is to be remembered.
    pub writes: Vec<Write>,
    /// What was reported.
    pub reports: Vec<ReportRow>,
}

impl Worked {
    /// With what came of more of the page.
    pub fn extend(&mut self, other: Worked) {
        self.writes.extend(other.writes);
        self.reports.extend(other.reports);
    }
}

/// What a page needs to know besides its rows.
pub struct Desk<'a> {
    /// How its objects are imported.
    pub import: &'a dyn Import,
    /// Goes before the ids of HubSpot in external keys.
    pub prefix: &'a str,
    /// Where their state is.
    pub scope: String,
    /// Whose objects they are.
    pub account: &'a Account,
    /// Which of them are left alone.
    pub opt_out: &'a OptOut,
}

impl Desk<'_> {
    /// Works on a page; answers the writes that remember it, and what was said. `unanswered` are ids
    /// that were asked for in vain; `list` names the list of everything that the page
    /// is of.
    pub fn work(
        &self,
        client: &mut Client,
        page: PageOf<'_>,
        unanswered: &[Unanswered],
        list: Option<u64>,
    ) -> Result<Worked, Trouble> {
        let objects = page.objects;
        let held = self.held(objects)?;
        let mut done = self.write(client, page)?;
        let fates = std::mem::take(&mut done.looked.fates);
        let mut written = std::mem::take(&mut done.answers).into_iter();
        let known = &done.looked;
        let mut reports = Vec::with_capacity(objects.len() + unanswered.len());
        let mut writes = Vec::new();
        for (object, fate) in objects.iter().zip(fates) {
            let kind = self.import.spec().kind;
            let ended = Ended::of(fate, kind, &mut written, |kind| {
                done.was_tried(&object.id, kind)
            });
            let before = known.agreed.get(&object.id);
            let after = ended.remembered(before, list);
            if let Some(agreed) = &after
                && before != after.as_ref()
            {
                writes.push(memory::put(keys::agreed(&self.scope, &object.id), agreed)?);
            }
            let hold = ended.hold(known.chosen.contains(&object.id));
            if hold.as_ref() != held.get(&object.id) {
                let key = keys::held(&self.scope, &object.id);
                writes.push(match hold {
                    Some(hold) => memory::put(key, &hold)?,
                    None => memory::remove(key),
                });
            }
            if ended.is_in && known.intents.contains_key(&object.id) {
                writes.push(memory::remove(keys::intent(&self.scope, &object.id)));
            }
            reports.push(self.report(object, ended));
            for merged in object.merged_ids() {
                if let Some(agreed) = known.agreed.get(merged)
                    && agreed.gone.is_none()
                {
                    let gone = Gone::Merged(object.id.clone());
                    let (row, write) = self.gone(merged, agreed, gone, None)?;
                    reports.push(row);
                    writes.push(write);
                }
            }
        }
        for unanswered in unanswered {
            let ended = Ended::unanswered(unanswered, self.import.spec());
            let key = keys::held(&self.scope, &unanswered.id);
            // The search for changes will not tell of it a second time.
            writes.push(match ended.hold(false) {
                Some(hold) => memory::put(key, &hold)?,
                None => memory::remove(key),
            });
            reports.push(self.report(&Object::bare(&unanswered.id), ended));
        }
        report(&reports)?;
        Ok(Worked { writes, reports })
    }

    /// Works on ids that the list did not have and HubSpot does not have; `bin` is
    /// what lies of them in its recycling bin.
    pub fn work_on_gone(&self, ids: &[String], bin: &[Object]) -> Result<Worked, Trouble> {
        let agreed_keys: Vec<String> = ids.iter().map(|id| keys::agreed(&self.scope, id)).collect();
        let mut reports = Vec::with_capacity(ids.len());
        let mut writes = Vec::new();
        let agreed = memory::get_all::<Agreed>(&agreed_keys)?;
        let mut agreed: BTreeMap<String, Agreed> = { ids.iter().zip(agreed) }
            .filter_map(|(id, agreed)| Some((id.clone(), agreed?)))
            .collect();
        let now = time::iso(transport::now());
        let mut done = self.delete(&mut agreed, bin, &now)?;
        for id in ids {
            match (agreed.get(id), done.remove(id)) {
                // It is not settled, so the object is not remembered as gone either.
                (Some(agreed), Some(Err(failure))) => {
                    let (kind, record) = self.import.shown(id, agreed);
                    let ended = Ended::stopped("failed", failure, kind, Some(record));
                    reports.push(self.report(&Object::bare(id), ended));
                }
                (Some(agreed), done) => {
                    let gone = Gone::of(bin.iter().find(|object| object.id == *id));
                    let done = done.and_then(Result::ok);
                    let (row, write) = self.gone(id, agreed, gone, done)?;
                    reports.push(row);
                    writes.push(write);
                }
                (None, _) => reports.push(
                    self.report(&Object::bare(id), Ended::not_in_hubspot(self.import.spec())),
                ),
            }
            writes.push(memory::remove(keys::held(&self.scope, id)));
        }
        report(&reports)?;
        Ok(Worked { writes, reports })
    }

    /// What is said and remembered of a linked object that is gone; `done` is what became
    /// of its record.
    fn gone(
        &self,
        id: &str,
        agreed: &Agreed,
        gone: Gone,
        done: Option<&'static str>,
    ) -> Result<(ReportRow, Write), Failure> {
        let (kind, record) = self.import.shown(id, agreed);
        let one = self.import.spec().one;
        let reason = gone.reason(one, &format!("{kind} {record}"), done);
        let outcome = match done {
            Some(_) => "written",
            None => "skipped",
        };
        let ended = Ended::stopped(outcome, reason, kind, Some(record));
        let mut row = self.report(&Object::bare(id), ended);
        // A record is called by its name, whatever else it has.
        row.object.title = agreed
            .values
            .get("name")
            .or_else(|| agreed.values.get("summary"))
            .or_else(|| agreed.values.get("title"))
            .cloned()
            .flatten()
            .unwrap_or_default();
        let after = Agreed {
            gone: Some(gone),
            ..agreed.clone()
        };
        Ok((row, memory::put(keys::agreed(&self.scope, id), &after)?))
    }

    fn held(&self, objects: &[Object]) -> Result<BTreeMap<String, Held>, Failure> {
        let ids: Vec<String> = objects.iter().map(|object| object.id.clone()).collect();
        self.remembered(&ids, keys::held)
    }

    /// The external key of a HubSpot id.
    pub fn key(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }

    /// By HubSpot id: the records of a kind that these are linked to.
    pub(super) fn linked(
        &self,
        kind: &str,
        ids: &[String],
        wanted: &[String],
    ) -> Result<BTreeMap<String, Stored>, Trouble> {
        let mut linked = BTreeMap::new();
        for ids in ids.chunks(BATCH) {
            let keys: Vec<String> = ids.iter().map(|id| self.key(id)).collect();
            let found = insist(|| records::resolve(kind, &keys, wanted))?;
            for (id, stored) in ids.iter().zip(found) {
                if let Some(stored) = stored {
                    linked.insert(id.clone(), self.own(stored));
                }
            }
        }
        Ok(linked)
    }

    /// The state of these ids under a kind of key.
    pub(super) fn remembered<T: DeserializeOwned>(
        &self,
        ids: &[String],
        key: fn(&str, &str) -> String,
    ) -> Result<BTreeMap<String, T>, Failure> {
        let keys: Vec<String> = ids.iter().map(|id| key(&self.scope, id)).collect();
        let found = memory::get_all(&keys)?;
        Ok(ids
            .iter()
            .zip(found)
            .filter_map(|(id, value)| Some((id.clone(), value?)))
            .collect())
    }

    /// Adds to the records that objects are linked to those of which objects were made
    /// without an answer: the object says whose it is.
    pub(super) fn made(
        &self,
        objects: &[Object],
        linked: &mut BTreeMap<String, Stored>,
        wanted: &[String],
    ) -> Result<(), Trouble> {
        let kind = self.import.spec().kind;
        let unlinked = objects
            .iter()
            .filter(|object| !linked.contains_key(&object.id));
        let named: Vec<(&Object, &str)> = unlinked
            .filter_map(|object| Some((object, object.property(own::PROPERTY)?)))
            .collect();
        if named.is_empty() {
            return Ok(());
        }
        let installation = own::installation()?;
        let made: Vec<(&Object, u64)> = named
            .into_iter()
            .filter_map(|(object, value)| Some((object, own::record(&installation, kind, value)?)))
            .collect();
        let ids: Vec<u64> = made.iter().map(|(_, record)| *record).collect();
        let outgoing = self.outgoing(&ids)?;
        let made = made.into_iter().filter(|(_, record)| {
            let known = outgoing.get(record);
            known.is_some_and(|outgoing| outgoing.makes)
        });
        let made: Vec<(&Object, u64)> = made.collect();
        let ids: Vec<u64> = made.iter().map(|(_, record)| *record).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let found = insist(|| records::read(kind, &ids, wanted))?;
        for ((object, _), stored) in made.into_iter().zip(found) {
            if let Some(stored) = stored {
                linked.insert(object.id.clone(), self.own(stored));
            }
        }
        Ok(())
    }

    /// By record: what of these was sent without an answer.
    fn outgoing(&self, records: &[u64]) -> Result<BTreeMap<u64, Outgoing>, Failure> {
        let keys: Vec<String> = { records.iter() }
            .map(|record| keys::outgoing(&self.scope, *record))
            .collect();
        let found = memory::get_all(&keys)?;
        Ok({ records.iter().zip(found) }
            .filter_map(|(record, outgoing)| Some((*record, outgoing?)))
            .collect())
    }

    /// By HubSpot id: what both sides last agreed on, with what was sent since.
    pub(super) fn agreed(
        &self,
        objects: &[Object],
        linked: &BTreeMap<String, Stored>,
        fields: &[Mapped],
    ) -> Result<BTreeMap<String, Agreed>, Failure> {
        let ids = objects.iter().flat_map(Object::ids);
        let ids: Vec<String> = ids.map(str::to_owned).collect();
        let mut agreed = self.remembered(&ids, keys::agreed)?;
        let records: Vec<u64> = linked.values().map(|record| record.id).collect();
        let outgoing = self.outgoing(&records)?;
        if outgoing.is_empty() {
            return Ok(agreed);
        }
        for object in objects {
            for id in object.ids() {
                let Some(record) = linked.get(id) else {
                    continue;
                };
                let Some(outgoing) = outgoing.get(&record.id) else {
                    continue;
                };
                let before: Option<&Agreed> = agreed.get(id);
                let before = before.filter(|agreed| agreed.record == record.id);
                let ways = fields.iter().filter_map(Mapped::way);
                if let Some(known) = outgoing.agreed(before, record.id, object, ways) {
                    agreed.insert(id.to_owned(), known);
                }
            }
        }
        Ok(agreed)
    }

    /// Which of the ids that these records are linked to HubSpot does not have.
    pub(super) fn gone_ids<'r>(
        &self,
        records: impl Iterator<Item = &'r Stored>,
        agreed: &BTreeMap<String, Agreed>,
    ) -> Result<BTreeSet<String>, Failure> {
        let others: BTreeSet<&String> = records
            .flat_map(|record| &record.keys)
            .filter(|id| !agreed.contains_key(*id))
            .collect();
        let others: Vec<String> = others.into_iter().cloned().collect();
        let others: BTreeMap<String, Agreed> = self.remembered(&others, keys::agreed)?;
        Ok(others
            .iter()
            .chain(agreed)
            .filter(|(_, agreed)| agreed.gone.is_some())
            .map(|(id, _)| id.clone())
            .collect())
    }

    /// A record with the keys of this account only, as HubSpot's ids.
    pub(super) fn own(&self, mut stored: Stored) -> Stored {
        stored.keys = keys::own_ids(self.prefix, &stored.keys)
            .map(str::to_owned)
            .collect();
        stored
    }

    fn report(&self, object: &Object, ended: Ended) -> ReportRow {
        let spec = self.import.spec();
        ReportRow {
            object: RemoteObject {
                entity: spec.objects.to_owned(),
                key: self.key(&object.id),
                title: self.import.title(object).unwrap_or_default(),
                address: Some(self.account.record_address(spec.type_id, &object.id)),
            },
            facets: self.import.facets(object),
            outcome: ended.outcome.to_owned(),
            reason: ended.reason,
            kind: ended.kind.to_owned(),
            record: ended.record,
            parts: ended
                .lines
                .iter()
                .map(|(kind, id, title)| ReportPart {
                    kind: (*kind).to_owned(),
                    key: self.key(id),
                    title: title.clone(),
                })
                .collect(),
        }
    }
}

fn report(rows: &[ReportRow]) -> Result<(), Failure> {
    rows.chunks(BATCH).try_for_each(run::report)
}
