//! Records that were made inactive: their objects go into HubSpot's recycling bin (S69).
//! The link stays with a mark, so that no import makes a second record of it (A18).

use std::collections::BTreeMap;

use super::batch::Answers;
use super::told::Told;
use super::update::Pair;
use crate::contract::exports::halo::integration::push::Outcome;
use crate::contract::halo::integration::state;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, Page};
use crate::hubspot::{time, transport};
use crate::sync::gone::Gone;
use crate::sync::plan::Agreed;
use crate::sync::whose::unique;
use crate::sync::{keys, memory};

/// Archives the objects of a batch, but those that are left alone.
pub fn run(
    told: &Told<'_>,
    client: &mut Client,
    pairs: &[Pair<'_>],
    answers: &mut Answers,
) -> Result<(), Trouble> {
    let alone = left_alone(told, client, pairs)?;
    let mut ids: Vec<&str> = Vec::new();
    for pair in pairs {
        match alone.get(&pair.linked) {
            Some(reason) => {
                let reason = told.named(&pair.record, reason.clone());
                answers.push((pair.change.sequence, Outcome::Nothing(Some(reason))));
            }
            None => ids.push(&pair.linked),
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    ids.sort_unstable();
    ids.dedup();
    // What is not there any more is archived as well as can be.
    client.call(objects::batch_archive(
        client.version(),
        told.section.spec().objects,
        &ids,
    ))?;
    let at = time::iso(transport::now());
    let mut writes = Vec::new();
    let archived = { pairs.iter() }.filter(|pair| !alone.contains_key(&pair.linked));
    for pair in archived {
        let agreed = Agreed {
            record: pair.record.id,
            gone: Some(Gone::Deleted(at.clone())),
            ..pair.agreed.clone().unwrap_or_default()
        };
        writes.push(memory::put(
            keys::agreed(told.scope, &pair.linked),
            &agreed,
        )?);
        if pair.outgoing.is_some() {
            writes.push(memory::remove(keys::outgoing(told.scope, pair.record.id)));
        }
        let sent = told.sent(&pair.record, &pair.linked, "archived", Vec::new());
        answers.push((pair.change.sequence, Outcome::Sent(sent)));
    }
    Ok(state::commit(&writes)?)
}

/// By HubSpot's id: why an object is left alone.
fn left_alone(
    told: &Told<'_>,
    client: &mut Client,
    pairs: &[Pair<'_>],
) -> Result<BTreeMap<String, Failure>, Trouble> {
    let Some(property) = told
        .opt_out
        .property
        .as_deref()
        .filter(|_| !pairs.is_empty())
    else {
        return Ok(BTreeMap::new());
    };
    let spec = told.section.spec();
    let ids = unique(pairs.iter().map(|pair| pair.linked.clone()));
    let call = objects::batch_read(client.version(), spec.objects, &[property], &ids);
    let page: Page = client.read(call)?;
    let objects = page.results.into_iter();
    let reasons = objects.filter_map(|object| {
        let reason = told.opt_out.object(spec.one, &object)?;
        Some((object.id, reason))
    });
    Ok(reasons.collect())
}
