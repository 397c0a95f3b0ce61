//! Making objects where the sign-in may not add the connector's own property. Nothing
//! tells a repeated call from a new one then, so that an object may be made is noted
//! before, no call is repeated by itself, and what an earlier attempt may have made is
//! looked for before the next one: by address or domain as ever, else by name among what
//! was made since.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::batch::Answers;
use super::create::{Draft, link, made_of};
use super::newcomer::{self, Identity};
use super::refused;
use super::rows::{self, Rows};
use super::told::Told;
use crate::contract::exports::halo::integration::push::Outcome;
use crate::contract::halo::integration::{records, state};
use crate::failure::Failure;
use crate::hubspot::client::{Call, Client, Trouble, json};
use crate::hubspot::objects::{Object, Page};
use crate::hubspot::search::SEARCH_LIMIT;
use crate::hubspot::transport;
use crate::patience::insist;
use crate::sync::{keys, memory};

/// How long HubSpot's search may not know what was made: it says "a few moments", users
/// report half a minute and more.
const LAG_MS: u64 = 5 * 60 * 1_000;
/// How far the clocks of both sides may be apart.
const SLACK_MS: u64 = 5 * 60 * 1_000;

/// That an object was about to be made of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attempt {
    /// When it began.
    at: u64,
    /// What it was to be called, by property.
    names: BTreeMap<String, String>,
}

/// What comes before another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Nothing was tried yet, or nothing can have come of it.
    Make,
    /// It is looked for.
    Look {
        /// Not found, it may be there all the same before this time.
        until: u64,
    },
}

/// Decides. HubSpot knows addresses at once, so one that was not found is not there.
fn next(attempt: Option<&Attempt>, identity: Option<&Identity>) -> Next {
    match (attempt, identity) {
        (None, _) | (Some(_), Some(Identity::Email(_))) => Next::Make,
        (Some(attempt), _) => Next::Look {
            until: attempt.at.saturating_add(LAG_MS),
        },
    }
}

/// The records of which something may have been made.
pub fn tried(told: &Told<'_>, drafts: &[Draft<'_>]) -> Result<BTreeSet<u64>, Failure> {
    let ids = drafts.iter().map(|draft| draft.newcomer.record.id);
    let ids: Vec<u64> = ids.collect();
    let attempt_keys: Vec<String> = { ids.iter() }
        .map(|id| keys::attempt(told.scope, *id))
        .collect();
    let attempts: Vec<Option<Attempt>> = memory::get_all(&attempt_keys)?;
    let tried = ids.into_iter().zip(attempts);
    Ok(tried
        .filter_map(|(id, attempt)| attempt.map(|_| id))
        .collect())
}

/// Makes the objects of drafts, one by one: only so it is known which answer is whose.
pub fn make(
    told: &Told<'_>,
    client: &mut Client,
    rows: &Rows,
    drafts: &[Draft<'_>],
    answers: &mut Answers,
) -> Result<(), Trouble> {
    let key = |draft: &Draft<'_>| keys::attempt(told.scope, draft.newcomer.record.id);
    let attempt_keys: Vec<String> = drafts.iter().map(key).collect();
    let attempts: Vec<Option<Attempt>> = memory::get_all(&attempt_keys)?;
    for (draft, attempt) in drafts.iter().zip(attempts) {
        let outcome = match next(attempt.as_ref(), draft.identity.as_ref()) {
            Next::Make => one(told, client, rows, draft)?,
            Next::Look { until } => {
                let attempt = attempt.as_ref();
                let found = look(told, client, attempt)?;
                match found.as_slice() {
                    [] if transport::now() < until => Outcome::Retry(told.named(
                        &draft.newcomer.record,
                        Failure::new(
                            "unavailable",
                            "HubSpot did not say whether it was made, and its search may not know that yet; it is looked for once more.",
                        )
                        .with("retry-at", until),
                    )),
                    [] => one(told, client, rows, draft)?,
                    [object] => known(told, rows, draft, object)?,
                    several => ambiguous(told, draft, several),
                }
            }
        };
        answers.push((draft.newcomer.change.sequence, outcome));
    }
    Ok(())
}

/// Makes one.
fn one(
    told: &Told<'_>,
    client: &mut Client,
    rows: &Rows,
    draft: &Draft<'_>,
) -> Result<Outcome, Trouble> {
    let record = &draft.newcomer.record;
    let key = keys::attempt(told.scope, record.id);
    let names = { newcomer::names(told.section).iter() }
        .filter_map(|name| Some(((*name).to_owned(), draft.properties.get(*name)?.clone())));
    let attempt = Attempt {
        at: transport::now(),
        names: names.collect(),
    };
    state::commit(&[memory::put(key.clone(), &attempt)?])?;
    let call = Call::post(
        client.version().objects(told.section.spec().objects),
        &json!({ "properties": draft.properties }),
    );
    match client.once(call) {
        Ok(response) => known(told, rows, draft, &json(&response)?),
        Err(Trouble::Failed(failure)) => {
            // HubSpot has made nothing.
            state::commit(&[memory::remove(key), rows::forget(told.scope)])?;
            if failure.code == "denied" {
                return Err(Trouble::Failed(failure));
            }
            let failure = refused::refused(told, record, rows, &failure);
            Ok(Outcome::Rejected(failure))
        }
        Err(trouble) => Err(trouble),
    }
}

/// Links and remembers the object of a record, and forgets the attempt.
fn known(
    told: &Told<'_>,
    rows: &Rows,
    draft: &Draft<'_>,
    object: &Object,
) -> Result<Outcome, Trouble> {
    let record = &draft.newcomer.record;
    let pairs = [(record, object.id.as_str())];
    if let Some(failure) = link(told, &pairs)?.into_iter().flatten().next() {
        return Ok(Outcome::Retry(failure));
    }
    let (agreed, sent) = made_of(told, rows, draft, object);
    state::commit(&[
        memory::put(keys::agreed(told.scope, &object.id), &agreed)?,
        memory::remove(keys::attempt(told.scope, record.id)),
    ])?;
    Ok(Outcome::Sent(sent))
}

/// What an attempt may have made: of that name, made since, and nobody's yet.
fn look(
    told: &Told<'_>,
    client: &mut Client,
    attempt: Option<&Attempt>,
) -> Result<Vec<Object>, Trouble> {
    let Some(attempt) = attempt.filter(|attempt| !attempt.names.is_empty()) else {
        return Ok(Vec::new());
    };
    let since = attempt.at.saturating_sub(SLACK_MS).to_string();
    let mut filters = vec![json!(
        { "propertyName": "createdate", "operator": "GTE", "value": since }
    )];
    filters.extend(
        { attempt.names.iter() }
            .map(|(name, text)| json!({ "propertyName": name, "operator": "EQ", "value": text })),
    );
    let spec = told.section.spec();
    let call = Call::post(
        format!("{}/search", client.version().objects(spec.objects)),
        &json!({
            "filterGroups": [{ "filters": filters }],
            "properties": newcomer::names(told.section),
            "limit": SEARCH_LIMIT,
        }),
    );
    let page: Page = client.read(call)?;
    let keys: Vec<String> = { page.results.iter() }
        .map(|object| told.key(&object.id))
        .collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let linked = insist(|| records::resolve(spec.kind, &keys, &[]))?;
    let free = page.results.into_iter().zip(linked);
    Ok(free
        .filter(|(_, record)| record.is_none())
        .map(|(object, _)| object)
        .collect())
}

fn ambiguous(told: &Told<'_>, draft: &Draft<'_>, several: &[Object]) -> Outcome {
    let ids: Vec<&str> = several.iter().map(|object| object.id.as_str()).collect();
    let failure = Failure::new(
        "ambiguous",
        format!(
            "HubSpot did not say whether it was made, and has several new {} of that name: {}. Delete or merge what is too much there, then retry.",
            told.section.spec().objects,
            ids.join(", ")
        ),
    );
    Outcome::Rejected(told.named(&draft.newcomer.record, failure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s67_an_attempt_without_an_answer_is_looked_for_unless_hubspot_knows_the_address() {
        let attempt = Attempt {
            at: 1_000,
            names: BTreeMap::new(),
        };
        let email = Identity::Email("ada@acme.example".to_owned());
        let domain = Identity::Domain("acme.example".to_owned());
        let look = Next::Look {
            until: 1_000 + LAG_MS,
        };
        assert_eq!(next(None, Some(&domain)), Next::Make);
        assert_eq!(next(Some(&attempt), Some(&email)), Next::Make);
        assert_eq!(next(Some(&attempt), Some(&domain)), look);
        assert_eq!(next(Some(&attempt), None), look);
    }
}
