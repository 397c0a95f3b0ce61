//! A batch of records that were made in Halo: each becomes an object, or is linked to
//! the one that is there already.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::existing;
use super::field::Outward;
use super::halves;
use super::newcomer::{self, Identity};
use super::own::{self, Own};
use super::told::{self, Told};
use super::update::Pair;
use crate::contract::exports::halo::integration::push::{Change, Outcome};
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

/// What became of newcomers.
#[derive(Default)]
pub struct Created<'a> {
    /// Answers by sequence.
    pub answers: Vec<(u64, Outcome)>,
    /// Those that were linked to objects which were there; their fields are still to be
    /// compared.
    pub linked: Vec<Pair<'a>>,
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
struct Draft<'a> {
    newcomer: Newcomer<'a>,
    properties: BTreeMap<String, String>,
    identity: Option<Identity>,
}

/// Makes or links the objects of a batch.
pub fn run<'a>(
    told: &Told<'_>,
    settings: &SyncBack,
    client: &mut Client,
    rows: &[Outward],
    newcomers: Vec<Newcomer<'a>>,
) -> Result<Created<'a>, Trouble> {
    let mut created = Created::default();
    let answers = &mut created.answers;
    let mut drafts = Vec::new();
    let stage = settings.new_company_stage.as_deref();
    let mut again = made_before(told, client, &newcomers)?;
    for newcomer in newcomers {
        let record = &newcomer.record;
        if let Some(id) = again.remove(&record.id) {
            link(told, &[(record, id.as_str())])?;
            created.linked.push(newcomer.pair(id, "created"));
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
    let found = existing::find(client, told.section, &wanted)?;
    let mut new = Vec::new();
    for draft in drafts {
        let same = draft
            .identity
            .as_ref()
            .and_then(|identity| found.get(identity));
        match same.map(Vec::as_slice) {
            None | Some([]) => new.push(draft),
            Some([id]) => {
                if let Some(failure) = link_existing(told, &draft, id)? {
                    answers.push((draft.newcomer.change.sequence, Outcome::Rejected(failure)));
                    continue;
                }
                created
                    .linked
                    .push(draft.newcomer.pair(id.clone(), "linked"));
            }
            Some(several) => {
                let failure = Failure::new(
                    "ambiguous",
                    format!(
                        "HubSpot has several {} of its {}: {}. Merge them there, or link one of them.",
                        told.section.spec().objects,
                        told::what_of(draft.identity.as_ref()),
                        several.join(", ")
                    ),
                );
                let failure = told.named(&draft.newcomer.record, failure);
                answers.push((draft.newcomer.change.sequence, Outcome::Rejected(failure)));
            }
        }
    }
    answers.extend(make(told, client, rows, &new)?);
    Ok(created)
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

/// Links a record to an object that is there, unless that is another record's.
fn link_existing(told: &Told<'_>, draft: &Draft<'_>, id: &str) -> Result<Option<Failure>, Trouble> {
    let record = &draft.newcomer.record;
    let key = told.key(id);
    let kind = told.section.spec().kind;
    let keys = [key.clone()];
    let there = insist(|| records::resolve(kind, &keys, &[]))?;
    if let Some(other) = there.into_iter().flatten().next()
        && other.id != record.id
    {
        let failure = Failure::new(
            "already-linked",
            format!(
                "HubSpot {} {id} has its {}, and is linked to {kind} {}. If both are the same, merge them in Halo.",
                told.section.spec().one,
                told::what_of(draft.identity.as_ref()),
                other.id
            ),
        );
        return Ok(Some(told.named(record, failure)));
    }
    link(told, &[(record, id)])?;
    Ok(None)
}

/// Binds HubSpot's ids to records.
fn link(told: &Told<'_>, pairs: &[(&Stored, &str)]) -> Result<(), Trouble> {
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
        return Ok(());
    }
    // The same key again is the same link, so all are repeated while one may still come.
    let mut attempt = 1;
    loop {
        let answers = insist(|| records::upsert(&rows))?;
        let refused = answers.into_iter().filter_map(Result::err);
        let Some(failure) = refused.max_by_key(|failure| !patience::is_passing(failure)) else {
            return Ok(());
        };
        patience::wait(failure, attempt)?;
        attempt += 1;
    }
}

/// Makes objects: by upsert on the connector's own property, so that a repeated call
/// makes no second one.
fn make(
    told: &Told<'_>,
    client: &mut Client,
    rows: &[Outward],
    drafts: &[Draft<'_>],
) -> Result<Vec<(u64, Outcome)>, Trouble> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let kind = told.section.spec().kind;
    if own::ensure(client, told.section, told.scope)? == Own::Denied {
        let failure = Failure::new(
            "denied",
            format!(
                "The sign-in may not add the property {:?} to HubSpot {}, without which a lost answer could make a second one. Give it the scope crm.schemas.{}.write (e-commerce for products) at HubSpot and connect again.",
                own::PROPERTY,
                told.section.spec().objects,
                told.section.spec().objects
            ),
        );
        let refused = |draft: &Draft<'_>| {
            let failure = told.named(&draft.newcomer.record, failure.clone());
            (draft.newcomer.change.sequence, Outcome::Rejected(failure))
        };
        return Ok(drafts.iter().map(refused).collect());
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
    let mut answers = Vec::new();
    let call = |batch: &[_]| client.read(upsert(&version, told, batch));
    halves::send(&all, call, |batch, page| {
        match page {
            Ok(page) => answers.extend(made(told, rows, batch, &page)?),
            Err(failure) => answers.extend(batch.iter().map(|(draft, _)| {
                let failure = told.named(&draft.newcomer.record, failure.clone());
                (draft.newcomer.change.sequence, Outcome::Rejected(failure))
            })),
        }
        Ok(())
    })?;
    Ok(answers)
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
    rows: &[Outward],
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
    link(told, &pairs)?;
    let mut writes = Vec::new();
    let mut answers = Vec::new();
    for (draft, value) in batch {
        let record = &draft.newcomer.record;
        let outcome = match of(value) {
            Some(object) => {
                let agreed = agreed(record.id, rows, &draft.properties, object);
                writes.push(memory::put(keys::agreed(told.scope, &object.id), &agreed)?);
                writes.push(memory::remove(keys::outgoing(told.scope, record.id)));
                let properties = draft.properties.iter();
                let changes =
                    told::changes(properties.map(|(name, text)| (name, "", text)), object);
                Outcome::Sent(told.sent(record, &object.id, "created", changes))
            }
            None => {
                let why = page.why_not(value);
                let failure = Failure::new("refused", format!("HubSpot refused it: {why}"));
                Outcome::Rejected(told.named(record, failure))
            }
        };
        answers.push((draft.newcomer.change.sequence, outcome));
    }
    state::commit(&writes)?;
    Ok(answers)
}

/// What both sides hold of a new object.
fn agreed(
    record: u64,
    rows: &[Outward],
    properties: &BTreeMap<String, String>,
    object: &Object,
) -> Agreed {
    let mut agreed = Agreed {
        record,
        ..Agreed::default()
    };
    for row in rows {
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
