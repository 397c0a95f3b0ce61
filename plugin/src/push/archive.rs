//! Records that were made inactive: their objects go into HubSpot's recycling bin (S69).
//! The link stays with a mark, so that no import makes a second record of it (A18).

use super::told::Told;
use super::update::Pair;
use crate::contract::exports::halo::integration::push::Outcome;
use crate::contract::halo::integration::state;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects;
use crate::hubspot::{time, transport};
use crate::sync::gone::Gone;
use crate::sync::plan::Agreed;
use crate::sync::{keys, memory};

/// Archives the objects of a batch; answers by sequence.
pub fn run(
    told: &Told<'_>,
    client: &mut Client,
    pairs: &[Pair<'_>],
) -> Result<Vec<(u64, Outcome)>, Trouble> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: Vec<&str> = pairs.iter().map(|pair| pair.linked.as_str()).collect();
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
    let mut answers = Vec::new();
    for pair in pairs {
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
    state::commit(&writes)?;
    Ok(answers)
}
