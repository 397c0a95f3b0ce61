//! A batch of changed records that are linked: HubSpot's values now are read in one
//! call, and what differs is written in another.

use std::collections::BTreeMap;

use super::field::Outward;
use super::plan::{Case, Update, update};
use super::told::Told;
use crate::contract::exports::halo::integration::push::{Change, Outcome, RemoteChange};
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::state;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, MERGED, Object, Page};
use crate::settings::SyncBack;
use crate::sync::plan::{self, Agreed};
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
        let nothing = |pair: &Pair<'_>| (pair.change.sequence, Outcome::Nothing(None));
        return Ok(pairs.iter().map(nothing).collect());
    }
    let objects = present(told.section, client, rows, pairs)?;
    let mut answers = Vec::with_capacity(pairs.len());
    let mut writes = Vec::new();
    let mut updates: BTreeMap<&str, (&Pair<'_>, Update)> = BTreeMap::new();
    for pair in pairs {
        let sequence = pair.change.sequence;
        let Some(object) = objects.get(&pair.linked) else {
            answers.push((sequence, Outcome::Rejected(gone(told, pair))));
            continue;
        };
        let case = Case {
            record: &pair.record,
            object,
            agreed: pair.agreed.as_ref(),
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
    for (id, answer) in send(told.section, client, &updates)? {
        let Some((pair, update)) = updates.get(id.as_str()) else {
            continue;
        };
        let outcome = match answer {
            Ok(object) => {
                if let Some(agreed) = agreed(pair, rows, update, Some(&object)) {
                    writes.push(memory::put(
                        keys::agreed(told.scope, &pair.linked),
                        &agreed,
                    )?);
                }
                let changes = changes(update, &object);
                Outcome::Sent(told.sent(&pair.record, &object.id, "updated", changes))
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
            Err(Trouble::Failed(failure))
                if matches!(failure.code.as_str(), "remote" | "exists") =>
            {
                match batch {
                    [(id, _)] => written.push(((*id).to_owned(), Err(failure.message))),
                    _ => {
                        let (left, right) = batch.split_at(batch.len() / 2);
                        waiting.extend([right, left]);
                    }
                }
            }
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

fn changes(update: &Update, object: &Object) -> Vec<RemoteChange> {
    let properties = update.properties.iter();
    properties
        .map(|(property, (before, sent))| RemoteChange {
            field: property.clone(),
            before: before.clone(),
            after: object.property(property).unwrap_or(sent).to_owned(),
        })
        .collect()
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
