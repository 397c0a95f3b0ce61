//! One page of companies: look up what is known of its rows, plan each, write,
//! report, and hand back what to remember. Records are written first and state
//! after: a kill between the two repeats the page, and every row is idempotent.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::gone::Gone;
use super::keys;
use super::memory::{self, BATCH};
use super::plan::{Agreed, AgreedSite, Fate, Known, Part, Rules, Values};
use super::sites;
use super::writing::Answer;
use crate::contract::halo::integration::records::{self, Effect, Stored};
use crate::contract::halo::integration::run::{self, ReportRow};
use crate::contract::halo::integration::state::Write;
use crate::contract::halo::integration::types::{Attribute, RemoteObject};
use crate::entity::company::{self, KIND, OBJECTS, Place, SITE};
use crate::failure::Failure;
use crate::field::fold;
use crate::hubspot::account::Account;
use crate::hubspot::client::Trouble;
use crate::hubspot::objects::{self, Object, Unanswered};
use crate::matching::{Candidates, text_of};
use crate::patience::insist;
use crate::settings::Target;

/// What a page needs to know besides its rows.
pub struct Desk<'a> {
    /// How companies are imported.
    pub rules: Rules<'a>,
    /// Where their state is.
    pub scope: String,
    /// Whose companies they are.
    pub account: &'a Account,
}

impl Desk<'_> {
    /// Works on a page; answers the writes that remember it. `unanswered` are ids
    /// that were asked for in vain; `list` names the list of everything that the page
    /// is of.
    pub fn work(
        &self,
        objects: &[Object],
        unanswered: &[Unanswered],
        list: Option<u64>,
    ) -> Result<Vec<Write>, Trouble> {
        let held = self.held(objects)?;
        let mut done = self.write(objects)?;
        let fates = std::mem::take(&mut done.fates);
        let mut written = std::mem::take(&mut done.answers).into_iter();
        let known = &done.known;
        let mut reports = Vec::with_capacity(objects.len() + unanswered.len());
        let mut writes = Vec::new();
        for (object, fate) in objects.iter().zip(fates) {
            let ended = Ended::of(fate, &mut written, |kind| done.was_tried(&object.id, kind));
            let before = known.agreed.get(&object.id);
            let after = remembered(&ended, before, list);
            if let Some(agreed) = &after
                && before != after.as_ref()
            {
                writes.push(memory::put(keys::agreed(&self.scope, &object.id), agreed)?);
            }
            let is_held = ended.is_held();
            if is_held != held.contains(&object.id) {
                let key = keys::held(&self.scope, &object.id);
                writes.push(match &ended.reason {
                    Some(reason) if is_held => memory::put(key, &reason.code)?,
                    _ => memory::remove(key),
                });
            }
            if ended.is_in && known.intents.contains_key(&object.id) {
                writes.push(memory::remove(keys::intent(&self.scope, &object.id)));
            }
            reports.push(self.report(object, ended));
            for merged in company::merged_ids(object) {
                if let Some(agreed) = known.agreed.get(merged)
                    && agreed.gone.is_none()
                {
                    let gone = Gone::Merged(object.id.clone());
                    let (row, write) = self.gone(merged, agreed, gone)?;
                    reports.push(row);
                    writes.push(write);
                }
            }
        }
        for unanswered in unanswered {
            let ended = Ended::unanswered(unanswered);
            if !ended.is_held() {
                writes.push(memory::remove(keys::held(&self.scope, &unanswered.id)));
            }
            reports.push(self.report(&Object::bare(&unanswered.id), ended));
        }
        report(&reports)?;
        Ok(writes)
    }

    /// Works on ids that the list did not have and HubSpot does not have; `bin` is
    /// what lies of them in its recycling bin.
    pub fn work_on_gone(&self, ids: &[String], bin: &[Object]) -> Result<Vec<Write>, Failure> {
        let agreed_keys: Vec<String> = ids.iter().map(|id| keys::agreed(&self.scope, id)).collect();
        let mut reports = Vec::with_capacity(ids.len());
        let mut writes = Vec::new();
        for (id, agreed) in ids.iter().zip(memory::get_all::<Agreed>(&agreed_keys)?) {
            match agreed {
                Some(agreed) => {
                    let gone = Gone::of(bin.iter().find(|object| object.id == *id));
                    let (row, write) = self.gone(id, &agreed, gone)?;
                    reports.push(row);
                    writes.push(write);
                }
                None => reports.push(self.report(&Object::bare(id), Ended::not_in_hubspot())),
            }
            writes.push(memory::remove(keys::held(&self.scope, id)));
        }
        report(&reports)?;
        Ok(writes)
    }

    /// What is said and remembered of a linked company that is gone.
    fn gone(&self, id: &str, agreed: &Agreed, gone: Gone) -> Result<(ReportRow, Write), Failure> {
        let title = agreed.values.get(company::NAME).cloned().flatten();
        let named = Object::named(id, title);
        let (kind, record) = match &agreed.site {
            Some(site) if self.rules.table.is_site(id) || agreed.record == 0 => (SITE, site.record),
            _ => (KIND, agreed.record),
        };
        let reason = gone.reason("company", &format!("{kind} {record}"));
        let row = self.report(
            &named,
            Ended {
                kind,
                ..Ended::stopped("skipped", reason, Some(record))
            },
        );
        let after = Agreed {
            gone: Some(gone),
            ..agreed.clone()
        };
        Ok((row, memory::put(keys::agreed(&self.scope, id), &after)?))
    }

    fn held(&self, objects: &[Object]) -> Result<BTreeSet<String>, Failure> {
        let keys: Vec<String> = objects
            .iter()
            .map(|object| keys::held(&self.scope, &object.id))
            .collect();
        let held = memory::get_all::<String>(&keys)?;
        Ok(objects
            .iter()
            .zip(held)
            .filter(|(_, held)| held.is_some())
            .map(|(object, _)| object.id.clone())
            .collect())
    }

    pub(super) fn look_up(&self, objects: &[Object]) -> Result<Known, Trouble> {
        let mut wanted: Vec<String> = vec![company::NAME.to_owned(), company::INACTIVE.to_owned()];
        for mapped in self.rules.fields_of(&[Place::Customer]) {
            if !wanted.contains(&mapped.field) {
                wanted.push(mapped.field.clone());
            }
        }
        let ids: Vec<String> = objects
            .iter()
            .flat_map(company::ids)
            .map(str::to_owned)
            .collect();
        let mut candidates = Candidates::default();
        for ids in ids.chunks(BATCH) {
            let keys: Vec<String> = ids.iter().map(|id| self.rules.key(id)).collect();
            let found = insist(|| records::resolve(KIND, &keys, &wanted))?;
            for (id, stored) in ids.iter().zip(found) {
                if let Some(stored) = stored {
                    candidates.linked.insert(id.clone(), self.own(stored));
                }
            }
        }
        let included: Vec<&Object> = objects
            .iter()
            .filter(|object| company::is_included(self.rules.settings, object))
            .collect();
        let targets: BTreeSet<Target> = included
            .iter()
            .flat_map(|object| company::ids(object))
            .flat_map(|id| self.rules.table.targets(id).unwrap_or_default())
            .copied()
            .collect();
        candidates.tabled = self.tabled(KIND, &targets, &wanted)?;
        candidates.sites = self.tabled(SITE, &targets, &sites::wanted(self))?;
        candidates.named = self.named(&included, &candidates, &wanted)?;

        let agreed = self.remembered(&ids, keys::agreed)?;
        let intents = self.remembered(&ids, keys::intent)?;
        candidates.gone = self.gone_ids(&candidates, &agreed)?;
        let sites = sites::look_up(self, &included, &candidates, &intents)?;
        Ok(Known {
            candidates,
            agreed,
            intents,
            sites,
        })
    }

    /// The state of these ids under a kind of key.
    fn remembered<T: DeserializeOwned>(
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

    /// Which of the linked ids HubSpot does not have.
    fn gone_ids(
        &self,
        candidates: &Candidates,
        agreed: &BTreeMap<String, Agreed>,
    ) -> Result<BTreeSet<String>, Failure> {
        let others: BTreeSet<&String> = candidates
            .records()
            .flat_map(|record| &record.keys)
            .filter(|id| !agreed.contains_key(*id))
            .collect();
        let keys: Vec<String> = others
            .iter()
            .map(|id| keys::agreed(&self.scope, id))
            .collect();
        let others = others.into_iter().cloned().zip(memory::get_all(&keys)?);
        Ok(others
            .filter_map(|(id, agreed)| Some((id, agreed?)))
            .chain(agreed.clone())
            .filter(|(_, agreed): &(String, Agreed)| agreed.gone.is_some())
            .map(|(id, _)| id)
            .collect())
    }

    /// A record with the keys of this account only, as HubSpot's ids.
    fn own(&self, mut stored: Stored) -> Stored {
        stored.keys = stored
            .keys
            .iter()
            .filter_map(|key| key.strip_prefix(self.rules.prefix))
            .filter(|id| objects::is_id(id))
            .map(str::to_owned)
            .collect();
        stored
    }

    /// The records of one kind that the mapping table names.
    fn tabled(
        &self,
        kind: &str,
        targets: &BTreeSet<Target>,
        wanted: &[String],
    ) -> Result<BTreeMap<u64, Stored>, Trouble> {
        let ids: Vec<u64> = targets
            .iter()
            .filter_map(|target| match target {
                Target::Customer(id) => (kind == KIND).then_some(*id),
                Target::Site(id) => (kind == SITE).then_some(*id),
            })
            .collect();
        let mut tabled = BTreeMap::new();
        for ids in ids.chunks(BATCH) {
            let found = insist(|| records::read(kind, ids, wanted))?;
            tabled.extend(
                found
                    .into_iter()
                    .flatten()
                    .map(|stored| (stored.id, self.own(stored))),
            );
        }
        Ok(tabled)
    }

    /// Customers that bear the name of a company that is not linked.
    fn named(
        &self,
        objects: &[&Object],
        candidates: &Candidates,
        wanted: &[String],
    ) -> Result<BTreeMap<String, Vec<Stored>>, Trouble> {
        let names: Vec<String> = objects
            .iter()
            .filter(|object| !candidates.linked.contains_key(&object.id))
            .filter_map(|object| company::title(object))
            .map(str::to_owned)
            .collect();
        let mut named: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
        for names in names.chunks(BATCH) {
            for candidate in insist(|| records::find(KIND, company::NAME, names, wanted))? {
                let Some(name) = text_of(&candidate.record, company::NAME) else {
                    continue;
                };
                let same = named.entry(fold(name)).or_default();
                // Two companies may have asked for the same name.
                if !same.iter().any(|known| known.id == candidate.record.id) {
                    same.push(self.own(candidate.record));
                }
            }
        }
        Ok(named)
    }

    fn report(&self, object: &Object, ended: Ended) -> ReportRow {
        ReportRow {
            object: RemoteObject {
                entity: OBJECTS.to_owned(),
                key: self.rules.key(&object.id),
                title: company::title(object).unwrap_or_default().to_owned(),
                address: Some(self.account.record_address(company::TYPE_ID, &object.id)),
            },
            facets: object
                .property(company::STAGE)
                .map(|stage| Attribute {
                    name: "stage".to_owned(),
                    value: stage.to_owned(),
                })
                .into_iter()
                .collect(),
            outcome: ended.outcome.to_owned(),
            reason: ended.reason,
            kind: ended.kind.to_owned(),
            record: ended.record,
        }
    }
}

/// What is remembered of a row after it was worked on.
fn remembered(ended: &Ended, before: Option<&Agreed>, list: Option<u64>) -> Option<Agreed> {
    if ended.agreed.is_empty() && before.is_none() {
        return None;
    }
    let mut agreed = before.cloned().unwrap_or_default();
    for (kind, record, values) in &ended.agreed {
        let (record, values) = (*record, values.clone());
        if *kind == SITE {
            agreed.site = Some(AgreedSite { record, values });
        } else {
            agreed.record = record;
            agreed.values = values;
        }
    }
    agreed.seen = list.unwrap_or(agreed.seen);
    // Back in HubSpot, but not in its place before the conflict is settled.
    agreed.gone = agreed.gone.filter(|_| ended.outcome == "conflict");
    Some(agreed)
}

fn report(rows: &[ReportRow]) -> Result<(), Failure> {
    rows.chunks(BATCH).try_for_each(run::report)
}

/// How a row ended.
struct Ended {
    outcome: &'static str,
    reason: Option<Failure>,
    /// Of the record that is shown with it.
    kind: &'static str,
    record: Option<u64>,
    /// Whether all of it stands.
    is_in: bool,
    /// By kind: the record, and what was compared with it.
    agreed: Vec<(&'static str, u64, Values)>,
}

impl Ended {
    fn stopped(outcome: &'static str, reason: Failure, record: Option<u64>) -> Ended {
        Ended {
            outcome,
            reason: Some(reason),
            kind: KIND,
            record,
            is_in: false,
            agreed: Vec::new(),
        }
    }

    /// Whether the row is read again at the next import.
    fn is_held(&self) -> bool {
        matches!(self.outcome, "conflict" | "failed")
    }

    fn unanswered(unanswered: &Unanswered) -> Ended {
        match &unanswered.refused {
            Some(why) => {
                let message = format!("HubSpot could not answer it: {why}");
                Ended::stopped("failed", Failure::new("remote", message), None)
            }
            None => Ended::not_in_hubspot(),
        }
    }

    fn not_in_hubspot() -> Ended {
        let reason = Failure::new(
            "not-found",
            "HubSpot has no such company; it may have been deleted or merged.",
        );
        Ended::stopped("skipped", reason, None)
    }

    /// Takes the answers to the row's writes from `written`.
    fn of(
        fate: Fate,
        written: &mut impl Iterator<Item = Answer>,
        was_tried: impl Fn(&'static str) -> bool,
    ) -> Ended {
        match fate {
            Fate::Stop {
                outcome,
                reason,
                record,
            } => Ended::stopped(outcome, reason, record),
            Fate::Goes { parts, note } => Ended::went(parts, note, written, was_tried),
        }
    }

    fn went(
        parts: Vec<Part>,
        note: Option<Failure>,
        written: &mut impl Iterator<Item = Answer>,
        was_tried: impl Fn(&'static str) -> bool,
    ) -> Ended {
        // The company's own record is shown, or another one if only that was changed.
        let mut shown: Option<(&'static str, Option<u64>, bool)> = None;
        let mut refused = None;
        let mut agreed = Vec::new();
        for part in parts {
            let answer = part.row.and_then(|_| written.next());
            let is_changed = match &answer {
                Some(Ok(written)) => written.effect != Effect::Unchanged,
                Some(Err(_)) => false,
                // Without its answer it was written before.
                None => was_tried(part.kind),
            };
            let record = match answer {
                Some(Ok(written)) => Some(written.id),
                Some(Err(failure)) => {
                    refused.get_or_insert(failure);
                    part.record
                }
                None => part.record,
            };
            if shown.is_none_or(|(_, _, changed)| is_changed && !changed) {
                shown = Some((part.kind, record, is_changed));
            }
            if let (Some(record), Some(values)) = (record, part.agreed) {
                agreed.push((part.kind, record, values));
            }
        }
        let (kind, record, is_changed) = shown.unwrap_or((KIND, None, false));
        match refused {
            Some(failure) => Ended {
                kind,
                ..Ended::stopped(outcome_of(&failure), failure, record)
            },
            None => Ended {
                outcome: if is_changed { "written" } else { "unchanged" },
                reason: note,
                kind,
                record,
                is_in: true,
                agreed,
            },
        }
    }
}

/// A row that someone else changed meanwhile, or whose key is taken, is a conflict;
/// anything else a failure. Both are tried again at the next import.
fn outcome_of(failure: &Failure) -> &'static str {
    match failure.code.as_str() {
        "conflict" | "key-taken" => "conflict",
        _ => "failed",
    }
}
