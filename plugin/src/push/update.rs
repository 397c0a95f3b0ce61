//! A batch of changed records that are linked: HubSpot's values now are read in one
//! call, and what differs is written in another.

use std::collections::BTreeMap;

use super::field::Outward;
use super::plan::{Case, Update, update};
use super::rows;
use crate::connect::Linked;
use crate::contract::exports::halo::integration::push::{Change, Outcome, RemoteChange, Sent};
use crate::contract::halo::integration::records::{self, Stored};
use crate::contract::halo::integration::state;
use crate::contract::halo::integration::types::RemoteObject;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, MERGED, Object, Page};
use crate::matching::text_of;
use crate::patience::insist;
use crate::settings::SyncBack;
use crate::sync::plan::{self, Agreed};
use crate::sync::section::Section;
use crate::sync::{keys, memory};

/// A changed record and the object that it is linked to.
struct Pair<'a> {
    change: &'a Change,
    record: Stored,
    /// HubSpot's id as the link has it.
    linked: String,
    agreed: Option<Agreed>,
}

/// Sends a batch; answers by sequence.
pub(super) fn run(
    section: &Section<'_>,
    settings: &SyncBack,
    linked: &Linked,
    client: &mut Client,
    changes: &[&Change],
) -> Result<Vec<(u64, Outcome)>, Trouble> {
    let spec = section.spec();
    let scope = format!("{}{}", linked.prefix, spec.objects);
    let rows = rows::outward(client, section, &scope)?;
    let mut answers = Vec::with_capacity(changes.len());
    let pairs = pairs(section, linked, &scope, &rows, changes, &mut answers)?;
    if rows.is_empty() || pairs.is_empty() {
        answers.extend(
            pairs
                .iter()
                .map(|pair| (pair.change.sequence, Outcome::Nothing(None))),
        );
        return Ok(answers);
    }
    let objects = present(section, client, &rows, &pairs)?;
    let mut writes = Vec::new();
    let mut updates: BTreeMap<&str, (&Pair<'_>, Update)> = BTreeMap::new();
    for pair in &pairs {
        let sequence = pair.change.sequence;
        let Some(object) = objects.get(&pair.linked) else {
            answers.push((sequence, Outcome::Rejected(gone(section, pair))));
            continue;
        };
        let case = Case {
            record: &pair.record,
            object,
            agreed: pair.agreed.as_ref(),
            edited: &pair.change.fields,
        };
        match update(&case, &rows, settings.conflicts) {
            Err(failure) => {
                let failure = named(section, pair, failure);
                answers.push((sequence, Outcome::Rejected(failure)));
            }
            Ok(update) if update.properties.is_empty() => {
                if let Some(agreed) = agreed(pair, &rows, &update, None) {
                    writes.push(memory::put(keys::agreed(&scope, &pair.linked), &agreed)?);
                }
                let note = update.note.map(|note| named(section, pair, note));
                answers.push((sequence, Outcome::Nothing(note)));
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
    for (id, answer) in send(section, client, &updates)? {
        let Some((pair, update)) = updates.get(id.as_str()) else {
            continue;
        };
        let outcome = match answer {
            Ok(object) => {
                if let Some(agreed) = agreed(pair, &rows, update, Some(&object)) {
                    writes.push(memory::put(keys::agreed(&scope, &pair.linked), &agreed)?);
                }
                Outcome::Sent(sent(section, linked, pair, update, &object))
            }
            Err(message) => {
                let failure = Failure::new("refused", format!("HubSpot refused it: {message}"));
                Outcome::Rejected(named(section, pair, failure))
            }
        };
        answers.push((pair.change.sequence, outcome));
    }
    if !writes.is_empty() {
        state::commit(&writes)?;
    }
    Ok(answers)
}

/// The changed records that are linked, as they are now. The others are answered.
fn pairs<'a>(
    section: &Section<'_>,
    linked: &Linked,
    scope: &str,
    rows: &[Outward],
    changes: &[&'a Change],
    answers: &mut Vec<(u64, Outcome)>,
) -> Result<Vec<Pair<'a>>, Trouble> {
    let spec = section.spec();
    let mut wanted: Vec<String> = rows.iter().map(|row| row.field.clone()).collect();
    wanted.push(section.title_field().to_owned());
    wanted.sort();
    wanted.dedup();
    let ids: Vec<u64> = changes.iter().map(|change| change.record).collect();
    let found = insist(|| records::read(spec.kind, &ids, &wanted))?;
    let mut pairs = Vec::with_capacity(changes.len());
    for (change, record) in changes.iter().zip(found) {
        // Removed since; that is a change of its own.
        let Some(record) = record else {
            answers.push((change.sequence, Outcome::Nothing(None)));
            continue;
        };
        let mut own: Vec<String> = record
            .keys
            .iter()
            .filter_map(|key| key.strip_prefix(linked.prefix.as_str()))
            .filter(|id| objects::is_id(id))
            .map(str::to_owned)
            .collect();
        own.sort_by_key(|id| (id.len(), id.clone()));
        let agreed_keys: Vec<String> = own.iter().map(|id| keys::agreed(scope, id)).collect();
        let agreed = memory::get_all::<Agreed>(&agreed_keys)?;
        let known: Vec<(String, Option<Agreed>)> = own.into_iter().zip(agreed).collect();
        // One that is there, rather than one that is gone.
        let is_there =
            |agreed: &Option<Agreed>| agreed.as_ref().is_none_or(|agreed| agreed.gone.is_none());
        let best = known.iter().position(|(_, agreed)| is_there(agreed));
        match best.map(|best| known[best].clone()) {
            Some((linked, agreed)) => pairs.push(Pair {
                change,
                record,
                linked,
                agreed: agreed.filter(|agreed| agreed.record == change.record),
            }),
            None => answers.push((change.sequence, Outcome::Nothing(None))),
        }
    }
    Ok(pairs)
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

/// Writes. Where HubSpot refuses the whole batch, halves of it, down to the one that it
/// refuses.
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
    let mut waiting = vec![all.as_slice()];
    let mut written = Vec::with_capacity(all.len());
    while let Some(batch) = waiting.pop() {
        if batch.is_empty() {
            continue;
        }
        let call = objects::batch_update(client.version(), section.spec().objects, batch);
        match client.read::<Page>(call) {
            Ok(page) => {
                for (id, _) in batch {
                    let object = page.results.iter().find(|object| object.id == *id);
                    let answer = match (object, page.refusal(id)) {
                        (Some(object), _) => Ok(object.clone()),
                        (None, Some(message)) => Err(message.to_owned()),
                        (None, None) => Err("it did not answer what became of it".to_owned()),
                    };
                    written.push(((*id).to_owned(), answer));
                }
            }
            Err(Trouble::Failed(failure)) if failure.code == "remote" => match batch {
                [(id, _)] => written.push(((*id).to_owned(), Err(failure.message))),
                _ => {
                    let (left, right) = batch.split_at(batch.len() / 2);
                    waiting.extend([right, left]);
                }
            },
            Err(trouble) => return Err(trouble),
        }
    }
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
    let before = pair.agreed.clone().unwrap_or_else(|| Agreed {
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
        if row.comes_too {
            let value = Some(hubspot.clone()).filter(|text| !text.is_empty());
            agreed.values.insert(row.field.clone(), value);
        }
        if row.comes_too && halo == hubspot {
            agreed.sent.remove(property);
        } else {
            let sent = plan::Sent { halo, hubspot };
            agreed.sent.insert(property.clone(), sent);
        }
    }
    (agreed != before || pair.agreed.is_none()).then_some(agreed)
}

fn sent(
    section: &Section<'_>,
    linked: &Linked,
    pair: &Pair<'_>,
    update: &Update,
    object: &Object,
) -> Sent {
    let spec = section.spec();
    let changes = update.properties.iter().map(|(property, (before, sent))| {
        let after = object.property(property).unwrap_or(sent);
        RemoteChange {
            field: property.clone(),
            before: before.clone(),
            after: after.to_owned(),
        }
    });
    Sent {
        object: RemoteObject {
            entity: spec.objects.to_owned(),
            key: format!("{}{}", linked.prefix, object.id),
            title: title(section, pair).unwrap_or_default().to_owned(),
            address: Some(linked.account.record_address(spec.type_id, &object.id)),
        },
        effect: "updated".to_owned(),
        changes: changes.collect(),
        message: None,
    }
}

fn title<'a>(section: &Section<'_>, pair: &'a Pair<'_>) -> Option<&'a str> {
    text_of(&pair.record, section.title_field())
}

/// A failure that says whose it is: `Customer 7 (Acme): …`.
fn named(section: &Section<'_>, pair: &Pair<'_>, failure: Failure) -> Failure {
    let name = title(section, pair).map_or_else(String::new, |title| format!(" ({title})"));
    Failure {
        message: format!(
            "{} {}{name}: {}",
            section.spec().kind,
            pair.record.id,
            failure.message
        ),
        ..failure
    }
}

fn gone(section: &Section<'_>, pair: &Pair<'_>) -> Failure {
    let one = section.spec().one;
    let failure = Failure::new(
        "gone",
        format!(
            "Its {one} {} does not exist in HubSpot any more, so nothing was sent. Restore the {one} there, or drop this change.",
            pair.linked
        ),
    );
    named(section, pair, failure)
}
