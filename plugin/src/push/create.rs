//! A batch of records that were made in Halo: each becomes an object, or is linked to
//! the one that is there already.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::batch::Answers;
use super::newcomer::{self, Identity};
use super::own::{self, Own};
use super::rows::{self, Rows};
use super::told::{self, Told};
use super::update::Pair;
use super::{existing, halves, refused, unmarked};
use crate::contract::exports::halo::integration::push::{Change, Outcome, Sent};
use crate::contract::halo::integration::records::{self, Row, RowOptions, Stored};
use crate::contract::halo::integration::state;
use crate::failure::Failure;
use crate::hubspot::client::{Call, Client, Trouble};
use crate::hubspot::objects::{Object, Page};
use crate::hubspot::version::Version;
use crate::patience::{self, insist};
use crate::settings::SyncBack;
use crate::sync::outgoing::Outgoing;
use crate::sync::plan::Agreed;
use crate::sync::{keys, memory};

/// A record without an object.
pub struct Newcomer<'a> {
    /// The change.
    pub change: &'a Change,
    /// As it is in Halo.
    pub record: Stored,
    /// What of it was sent without an answer.
    pub outgoing: Option<Outgoing>,
}

impl<'a> Newcomer<'a> {
    /// With the object that it is linked to now.
    fn pair(self, linked: String, how: &'static str) -> Pair<'a> {
        Pair {
            change: self.change,
            record: self.record,
            linked,
            agreed: None,
            outgoing: self.outgoing,
            met: Some(how),
        }
    }
}

/// What is known of one while it is worked on.
pub struct Draft<'a> {
    /// The record.
    pub newcomer: Newcomer<'a>,
    /// What its object is to hold.
    pub properties: BTreeMap<String, String>,
    /// How its object is found.
    pub identity: Option<Identity>,
}

/// Makes or links the objects of a batch; answers those that were linked to objects which
/// were there: their fields are still to be compared.
pub fn run<'a>(
    told: &Told<'_>,
    settings: &SyncBack,
    client: &mut Client,
    rows: &Rows,
    newcomers: Vec<Newcomer<'a>>,
    answers: &mut Answers,
) -> Result<Vec<Pair<'a>>, Trouble> {
    let mut drafts = Vec::new();
    let stage = settings.new_company_stage.as_deref();
    let mut again = made_before(told, client, &newcomers)?;
    let mut linked = Vec::new();
    for newcomer in newcomers {
        let record = &newcomer.record;
        if let Some(id) = again.remove(&record.id) {
            match link(told, &[(record, id.as_str())])?
                .into_iter()
                .flatten()
                .next()
            {
                None => linked.push(newcomer.pair(id, "created")),
                Some(failure) => {
                    answers.push((newcomer.change.sequence, Outcome::Retry(failure)));
                }
            }
            continue;
        }
        if newcomer::is_nobody(told.section, record) {
            answers.push((newcomer.change.sequence, Outcome::Nothing(None)));
            continue;
        }
        match newcomer::properties(told.section, record, rows, stage) {
            Ok(properties) => drafts.push(Draft {
                identity: newcomer::identity(told.section, record),
                properties,
                newcomer,
            }),
            Err(failure) => {
                let failure = told.named(record, failure);
                answers.push((newcomer.change.sequence, Outcome::Rejected(failure)));
            }
        }
    }
    let wanted: BTreeSet<Identity> = drafts.iter().filter_map(|d| d.identity.clone()).collect();
    let property = told.opt_out.property.as_deref();
    let found = existing::find(client, told.section, &wanted, property)?;
    let (mut new, mut there) = (Vec::new(), Vec::new());
    for draft in drafts {
        let same = draft
            .identity
            .as_ref()
            .and_then(|identity| found.get(identity));
        match same.map(Vec::as_slice) {
            None | Some([]) => new.push(draft),
            Some([object]) => match told.opt_out.object(told.section.spec().one, object) {
                Some(reason) => {
                    let reason = told.named(&draft.newcomer.record, reason);
                    let outcome = Outcome::Nothing(Some(reason));
                    answers.push((draft.newcomer.change.sequence, outcome));
                }
                None => there.push((draft, object.id.clone())),
            },
            Some(several) => {
                let ids: Vec<&str> = several.iter().map(|object| object.id.as_str()).collect();
                let failure = Failure::new(
                    "ambiguous",
                    format!(
                        "HubSpot has several {} of its {}: {}. Merge them there, or link one of them.",
                        told.section.spec().objects,
                        told::what_of(draft.identity.as_ref()),
                        ids.join(", ")
                    ),
                );
                let failure = told.named(&draft.newcomer.record, failure);
                answers.push((draft.newcomer.change.sequence, Outcome::Rejected(failure)));
            }
        }
    }
    linked.extend(link_existing(told, there, answers)?);
    // Also where the scope was given since.
    let tried = unmarked::tried(told, &new)?;
    let (old, new): (Vec<Draft<'_>>, Vec<Draft<'_>>) =
        { new.into_iter() }.partition(|draft| tried.contains(&draft.newcomer.record.id));
    unmarked::make(told, client, rows, &old, answers)?;
    make(told, client, rows, &new, answers)?;
    Ok(linked)
}

/// By record: the objects that an attempt has made whose answer was lost. People in HubSpot
/// and in Halo may have edited them since, so they are not made once more.
fn made_before(
    told: &Told<'_>,
    client: &mut Client,
    newcomers: &[Newcomer<'_>],
) -> Result<BTreeMap<u64, String>, Trouble> {
    let makes = |newcomer: &&Newcomer<'_>| newcomer.outgoing.as_ref().is_some_and(|o| o.makes);
    let tried: Vec<u64> = { newcomers.iter().filter(makes) }
        .map(|newcomer| newcomer.record.id)
        .collect();
    if tried.is_empty() {
        return Ok(BTreeMap::new());
    }
    let installation = own::installation()?;
    let value = |record: &u64| own::value(&installation, told.section.spec().kind, *record);
    let values: Vec<String> = tried.iter().map(value).collect();
    let page: Page = client.read(own::find(client.version(), told.section, &values))?;
    let of = |value: &str| {
        let mut results = page.results.iter();
        results.find(|object| object.property(own::PROPERTY) == Some(value))
    };
    Ok({ tried.into_iter().zip(&values) }
        .filter_map(|(record, value)| Some((record, of(value)?.id.clone())))
        .collect())
}

/// Links records to objects that are there, unless these are other records'.
fn link_existing<'a>(
    told: &Told<'_>,
    pairs: Vec<(Draft<'a>, String)>,
    answers: &mut Answers,
) -> Result<Vec<Pair<'a>>, Trouble> {
    let kind = told.section.spec().kind;
    let keys: Vec<String> = pairs.iter().map(|(_, id)| told.key(id)).collect();
    let linked = match keys.is_empty() {
        true => Vec::new(),
        false => insist(|| records::resolve(kind, &keys, &[]))?,
    };
    let mut owners: BTreeMap<String, u64> = BTreeMap::new();
    for ((_, id), record) in pairs.iter().zip(linked) {
        owners.extend(record.map(|record| (id.clone(), record.id)));
    }
    let mut free = Vec::new();
    for (draft, id) in pairs {
        let record = &draft.newcomer.record;
        // Of two new records that are one object, the first takes it.
        let owner = *owners.entry(id.clone()).or_insert(record.id);
        if owner == record.id {
            free.push((draft, id));
            continue;
        }
        let failure = Failure::new(
            "already-linked",
            format!(
                "HubSpot {} {id} has its {}, and is linked to {kind} {owner}. If both are the same, merge them in Halo.",
                told.section.spec().one,
                told::what_of(draft.identity.as_ref()),
            ),
        );
        let outcome = Outcome::Rejected(told.named(record, failure));
        answers.push((draft.newcomer.change.sequence, outcome));
    }
    let rows: Vec<(&Stored, &str)> = { free.iter() }
        .map(|(draft, id)| (&draft.newcomer.record, id.as_str()))
        .collect();
    let refused = link(told, &rows)?;
    let mut linked = Vec::with_capacity(free.len());
    for ((draft, id), refused) in free.into_iter().zip(refused) {
        match refused {
            Some(failure) => {
                let sequence = draft.newcomer.change.sequence;
                answers.push((sequence, Outcome::Retry(failure)));
            }
            None => linked.push(draft.newcomer.pair(id, "linked")),
        }
    }
    Ok(linked)
}

/// Binds HubSpot's ids to records; for each, why that could not be.
pub fn link(told: &Told<'_>, pairs: &[(&Stored, &str)]) -> Result<Vec<Option<Failure>>, Trouble> {
    let rows: Vec<Row> = pairs
        .iter()
        .map(|(record, id)| Row {
            kind: told.section.spec().kind.to_owned(),
            key: Some(told.key(id)),
            id: Some(record.id),
            other_keys: Vec::new(),
            expected: None,
            fields: Vec::new(),
            options: RowOptions::empty(),
        })
        .collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // The same key again is the same link.
    let answers = patience::write(&rows)?;
    Ok(answers.into_iter().map(Result::err).collect())
}

/// Makes objects: by upsert on the connector's own property, so that a repeated call
/// makes no second one.
fn make(
    told: &Told<'_>,
    client: &mut Client,
    rows: &Rows,
    drafts: &[Draft<'_>],
    answers: &mut Answers,
) -> Result<(), Trouble> {
    if drafts.is_empty() {
        return Ok(());
    }
    let kind = told.section.spec().kind;
    if own::ensure(client, told.section, told.scope)? == Own::Denied {
        return unmarked::make(told, client, rows, drafts, answers);
    }
    let installation = own::installation()?;
    let all: Vec<(&Draft<'_>, String)> = drafts
        .iter()
        .map(|draft| {
            (
                draft,
                own::value(&installation, kind, draft.newcomer.record.id),
            )
        })
        .collect();
    intend(told, drafts)?;
    let version = client.version().clone();
    let call = |batch: &[_]| client.read(upsert(&version, told, batch));
    halves::send(&all, call, |batch, page| {
        match page {
            Ok(page) => answers.extend(made(told, rows, batch, &page)?),
            Err(failure) => {
                answers.extend(batch.iter().map(|(draft, _)| {
                    let record = &draft.newcomer.record;
                    let failure = refused::refused(told, record, rows, &failure);
                    (draft.newcomer.change.sequence, Outcome::Rejected(failure))
                }));
                state::commit(&[rows::forget(told.scope)])?;
            }
        }
        Ok(())
    })
}

/// Notes what is about to be made.
fn intend(told: &Told<'_>, drafts: &[Draft<'_>]) -> Result<(), Failure> {
    let mut writes = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let properties = draft.properties.iter();
        let properties = properties.map(|(name, text)| (name.as_str(), text.as_str()));
        let outgoing = Outgoing::after(draft.newcomer.outgoing.as_ref(), true, properties);
        let key = keys::outgoing(told.scope, draft.newcomer.record.id);
        writes.push(memory::put(key, &outgoing)?);
    }
    state::commit(&writes)
}

fn upsert(version: &Version, told: &Told<'_>, batch: &[(&Draft<'_>, String)]) -> Call {
    let inputs: Vec<_> = batch
        .iter()
        .map(|(draft, value)| {
            json!({
                "id": value,
                "idProperty": own::PROPERTY,
                "objectWriteTraceId": value,
                "properties": draft.properties,
            })
        })
        .collect();
    let objects = version.objects(told.section.spec().objects);
    Call::post(
        format!("{objects}/batch/upsert"),
        &json!({ "inputs": inputs }),
    )
}

/// Links and remembers what was made.
fn made(
    told: &Told<'_>,
    rows: &Rows,
    batch: &[(&Draft<'_>, String)],
    page: &Page,
) -> Result<Vec<(u64, Outcome)>, Trouble> {
    let of = |value: &str| {
        let mut results = page.results.iter();
        results.find(|object| object.property(own::PROPERTY) == Some(value))
    };
    let known: Vec<(&Draft<'_>, &Object)> = batch
        .iter()
        .filter_map(|(draft, value)| Some((*draft, of(value)?)))
        .collect();
    let pairs: Vec<(&Stored, &str)> = known
        .iter()
        .map(|(draft, object)| (&draft.newcomer.record, object.id.as_str()))
        .collect();
    let linked = link(told, &pairs)?;
    let unlinked: BTreeMap<u64, Failure> = { pairs.iter().zip(linked) }
        .filter_map(|((record, _), failure)| Some((record.id, failure?)))
        .collect();
    let mut writes = Vec::new();
    let mut answers = Vec::new();
    for (draft, value) in batch {
        let record = &draft.newcomer.record;
        let outcome = match of(value) {
            // It is made, and found by its value the next time.
            Some(_) if unlinked.contains_key(&record.id) => {
                let failure = unlinked.get(&record.id).cloned();
                failure.map_or(Outcome::Nothing(None), Outcome::Retry)
            }
            Some(object) => {
                let (agreed, sent) = made_of(told, rows, draft, object);
                writes.push(memory::put(keys::agreed(told.scope, &object.id), &agreed)?);
                writes.push(memory::remove(keys::outgoing(told.scope, record.id)));
                Outcome::Sent(sent)
            }
            None => {
                writes.push(rows::forget(told.scope));
                let why = page.why_not(value);
                Outcome::Rejected(refused::refused(told, record, rows, &why))
            }
        };
        answers.push((draft.newcomer.change.sequence, outcome));
    }
    state::commit(&writes)?;
    Ok(answers)
}

/// What is remembered and told of an object that was made.
pub fn made_of(told: &Told<'_>, rows: &Rows, draft: &Draft<'_>, object: &Object) -> (Agreed, Sent) {
    let record = &draft.newcomer.record;
    let agreed = agreed(record.id, rows, &draft.properties, object);
    let properties = draft.properties.iter();
    let changes = told::changes(properties.map(|(name, text)| (name, "", text)), object);
    (agreed, told.sent(record, &object.id, "created", changes))
}

/// What both sides hold of a new object.
fn agreed(
    record: u64,
    rows: &Rows,
    properties: &BTreeMap<String, String>,
    object: &Object,
) -> Agreed {
    let mut agreed = Agreed {
        record,
        ..Agreed::default()
    };
    for row in &rows.outward {
        let (halo, hubspot) = match properties.get(&row.property) {
            Some(text) => {
                let made = object.property(&row.property);
                (text.as_str(), made.unwrap_or_default())
            }
            None => ("", ""),
        };
        agreed.remember(row.way(), halo, hubspot);
    }
    agreed
}
