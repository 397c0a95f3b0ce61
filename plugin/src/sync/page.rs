//! One page of companies: look up what is known of its rows, plan each, write,
//! report, and hand back what to remember. Records are written first and state
//! after: a kill between the two repeats the page, and every row is idempotent.

use std::collections::{BTreeMap, BTreeSet};

use super::keys;
use super::memory::{self, BATCH};
use super::plan::{Agreed, Fate, Known, Taken, plan};
use crate::contract::halo::integration::records::{self, Effect, Row, Stored, Written};
use crate::contract::halo::integration::run::{self, ReportRow};
use crate::contract::halo::integration::state::Write;
use crate::contract::halo::integration::types::{Attribute, RemoteObject};
use crate::entity::company::{self, KIND, Mapped, OBJECTS, SITE, SITE_CUSTOMER};
use crate::failure::Failure;
use crate::field::fold;
use crate::hubspot::account::Account;
use crate::hubspot::objects::Object;
use crate::matching::{Candidates, text_of};
use crate::settings::Companies;

/// What a page needs to know besides its rows.
pub struct Desk<'a> {
    /// The settings.
    pub settings: &'a Companies,
    /// The fields that are filled.
    pub fields: &'a [Mapped],
    /// Whose companies they are.
    pub account: &'a Account,
}

impl Desk<'_> {
    /// Works on a page; answers the writes that remember it. `missing` are ids that
    /// were asked for and do not exist.
    pub fn work(&self, objects: &[Object], missing: &[String]) -> Result<Vec<Write>, Failure> {
        let held = self.held(objects)?;
        let known = self.look_up(objects)?;
        let mut taken = Taken::default();
        let fates: Vec<Fate> = objects
            .iter()
            .map(|object| plan(object, self.settings, self.fields, &known, &mut taken))
            .collect();
        let mut written = write(&fates)?.into_iter();
        let mut reports = Vec::with_capacity(objects.len() + missing.len());
        let mut writes = Vec::new();
        for (object, fate) in objects.iter().zip(fates) {
            let ended = Ended::of(fate, &mut written);
            if let Some(agreed) = ended.agreed
                && known.agreed.get(&object.id) != Some(&agreed)
            {
                writes.push(memory::put(keys::agreed(OBJECTS, &object.id), &agreed)?);
            }
            let is_held = matches!(ended.outcome, "conflict" | "failed");
            if is_held != held.contains(&object.id) {
                let key = keys::held(OBJECTS, &object.id);
                writes.push(match &ended.reason {
                    Some(reason) if is_held => memory::put(key, &reason.code)?,
                    _ => memory::remove(key),
                });
            }
            reports.push(self.report(object, ended.outcome, ended.reason, ended.record));
        }
        for id in missing {
            writes.push(memory::remove(keys::held(OBJECTS, id)));
            let reason = Failure::new(
                "not-found",
                "HubSpot has no such company; it may have been deleted or merged.",
            );
            reports.push(self.report(&Object::bare(id), "skipped", Some(reason), None));
        }
        for rows in reports.chunks(BATCH) {
            run::report(rows)?;
        }
        Ok(writes)
    }

    fn held(&self, objects: &[Object]) -> Result<BTreeSet<String>, Failure> {
        let keys: Vec<String> = objects
            .iter()
            .map(|object| keys::held(OBJECTS, &object.id))
            .collect();
        let held = memory::get_all::<String>(&keys)?;
        Ok(objects
            .iter()
            .zip(held)
            .filter(|(_, held)| held.is_some())
            .map(|(object, _)| object.id.clone())
            .collect())
    }

    fn look_up(&self, objects: &[Object]) -> Result<Known, Failure> {
        let wanted: Vec<String> = self
            .fields
            .iter()
            .map(|mapped| mapped.field.clone())
            .collect();
        let mut keys: Vec<String> = objects.iter().map(|object| object.id.clone()).collect();
        keys.extend(
            objects
                .iter()
                .flat_map(company::merged_ids)
                .map(str::to_owned),
        );
        let mut candidates = Candidates::default();
        for keys in keys.chunks(BATCH) {
            let found = records::resolve(KIND, keys, &wanted)?;
            candidates.linked.extend(
                keys.iter()
                    .cloned()
                    .zip(found)
                    .filter_map(|(key, stored)| Some((key, stored?))),
            );
        }
        let included: Vec<&Object> = objects
            .iter()
            .filter(|object| company::is_included(self.settings, object))
            .collect();
        candidates.tabled = self.tabled(&included, &wanted)?;
        candidates.named = named(&included, &candidates, &wanted)?;

        let agreed_keys: Vec<String> = objects
            .iter()
            .map(|object| keys::agreed(OBJECTS, &object.id))
            .collect();
        let agreed: BTreeMap<String, Agreed> = objects
            .iter()
            .map(|object| object.id.clone())
            .zip(memory::get_all(&agreed_keys)?)
            .filter_map(|(id, agreed)| Some((id, agreed?)))
            .collect();
        let without_site = without_site(&included, &candidates, &agreed)?;
        Ok(Known {
            candidates,
            agreed,
            without_site,
        })
    }

    fn tabled(
        &self,
        objects: &[&Object],
        wanted: &[String],
    ) -> Result<BTreeMap<u64, Stored>, Failure> {
        let ids: BTreeSet<&str> = objects.iter().map(|object| object.id.as_str()).collect();
        let customers: Vec<u64> = self
            .settings
            .customers
            .iter()
            .filter(|pair| ids.contains(pair.company.as_str()))
            .map(|pair| pair.customer)
            .collect();
        if customers.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = records::read(KIND, &customers, wanted)?;
        Ok(found
            .into_iter()
            .flatten()
            .map(|stored| (stored.id, stored))
            .collect())
    }

    fn report(
        &self,
        object: &Object,
        outcome: &str,
        reason: Option<Failure>,
        record: Option<u64>,
    ) -> ReportRow {
        ReportRow {
            object: RemoteObject {
                entity: OBJECTS.to_owned(),
                key: object.id.clone(),
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
            outcome: outcome.to_owned(),
            reason,
            kind: KIND.to_owned(),
            record,
        }
    }
}

/// Customers that bear the name of a company that is not linked.
fn named(
    objects: &[&Object],
    candidates: &Candidates,
    wanted: &[String],
) -> Result<BTreeMap<String, Vec<Stored>>, Failure> {
    let names: Vec<String> = objects
        .iter()
        .filter(|object| !candidates.linked.contains_key(&object.id))
        .filter_map(|object| company::title(object))
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut with_name = wanted.to_vec();
    if !with_name.iter().any(|field| field == company::NAME) {
        with_name.push(company::NAME.to_owned());
    }
    let mut named: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
    for candidate in records::find(KIND, company::NAME, &names, &with_name)? {
        let Some(name) = text_of(&candidate.record, company::NAME) else {
            continue;
        };
        let same = named.entry(fold(name)).or_default();
        // Two companies may have asked for the same name.
        if !same.iter().any(|known| known.id == candidate.record.id) {
            same.push(candidate.record);
        }
    }
    Ok(named)
}

/// Customers that were linked by a call that never came to remember it: their
/// first site may be missing.
fn without_site(
    objects: &[&Object],
    candidates: &Candidates,
    agreed: &BTreeMap<String, Agreed>,
) -> Result<BTreeSet<u64>, Failure> {
    let unsure: BTreeSet<u64> = objects
        .iter()
        .filter(|object| !agreed.contains_key(&object.id))
        .filter_map(|object| candidates.linked.get(&object.id))
        .map(|record| record.id)
        .collect();
    if unsure.is_empty() {
        return Ok(unsure);
    }
    let ids: Vec<String> = unsure.iter().map(u64::to_string).collect();
    let found = records::find(SITE, SITE_CUSTOMER, &ids, &[])?;
    let with_site: BTreeSet<u64> = found
        .iter()
        .filter_map(|candidate| ids.get(candidate.asked as usize)?.parse().ok())
        .collect();
    Ok(unsure.difference(&with_site).copied().collect())
}

/// Writes all rows of a page, in order; one answer each.
fn write(fates: &[Fate]) -> Result<Vec<Result<Written, Failure>>, Failure> {
    let rows: Vec<Row> = fates
        .iter()
        .flat_map(|fate| match fate {
            Fate::Write { rows, .. } => rows.as_slice(),
            _ => &[],
        })
        .cloned()
        .collect();
    let mut written = Vec::with_capacity(rows.len());
    for rows in rows.chunks(BATCH) {
        written.extend(records::upsert(rows)?);
    }
    Ok(written)
}

/// How a row ended.
struct Ended {
    outcome: &'static str,
    reason: Option<Failure>,
    record: Option<u64>,
    agreed: Option<Agreed>,
}

impl Ended {
    /// Takes the answers to the row's writes from `written`.
    fn of(fate: Fate, written: &mut impl Iterator<Item = Result<Written, Failure>>) -> Ended {
        match fate {
            Fate::Stop {
                outcome,
                reason,
                record,
            } => Ended {
                outcome,
                reason: Some(reason),
                record,
                agreed: None,
            },
            Fate::Unchanged { record, agreed } => Ended {
                outcome: "unchanged",
                reason: None,
                record: Some(record),
                agreed: Some(Agreed {
                    record,
                    values: agreed,
                }),
            },
            Fate::Write {
                rows,
                record,
                agreed,
            } => {
                let answers: Vec<Result<Written, Failure>> = written.take(rows.len()).collect();
                let main = answers.first().and_then(|answer| answer.as_ref().ok());
                let record = main.map(|written| written.id).or(record);
                if let Some(failure) = answers.iter().find_map(|answer| answer.as_ref().err()) {
                    return Ended {
                        outcome: outcome_of(failure),
                        reason: Some(failure.clone()),
                        record,
                        agreed: None,
                    };
                }
                let unchanged = answers.iter().all(
                    |answer| matches!(answer, Ok(written) if written.effect == Effect::Unchanged),
                );
                Ended {
                    outcome: if unchanged { "unchanged" } else { "written" },
                    reason: None,
                    record,
                    agreed: record.map(|record| Agreed {
                        record,
                        values: agreed,
                    }),
                }
            }
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
