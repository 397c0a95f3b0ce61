//! Sync back: Halo's changes to HubSpot. The host hands over what changed; here it is
//! compared with what HubSpot holds now, and only what differs is written.
//!
//! | module | what it is | I/O |
//! |---|---|---|
//! | [`field`] | what is sent of one field | no |
//! | [`plan`] | what is written of one record | no |
//! | [`rows`] | the mapping rows that go to HubSpot | shell |
//! | [`update`] | a batch of linked records | shell |

use std::collections::BTreeMap;

use crate::connect;
use crate::contract::exports::halo::integration::push::{Answer, Change, Outcome};
use crate::contract::halo::integration::settings;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects;
use crate::settings::Settings;
use crate::settings::sync_back::When;
use crate::sync::section::Section;

pub mod field;
pub mod plan;
pub mod rows;
mod update;

/// One answer for each change.
pub fn push(changes: &[Change]) -> Result<Vec<Answer>, Failure> {
    let settings = Settings::parse(&settings::get()?.json)?;
    let linked = connect::linked()?;
    let mut outcomes: BTreeMap<u64, Outcome> = BTreeMap::new();
    let mut client: Option<Client> = None;
    for section in Section::all(&settings) {
        let kind = section.spec().kind;
        let mut wanted = Vec::new();
        for change in changes.iter().filter(|change| change.kind == kind) {
            match ignored(change, section.when(&settings.sync_back)) {
                Some(reason) => {
                    outcomes.insert(change.sequence, Outcome::Nothing(reason));
                }
                None => wanted.push(change),
            }
        }
        for changes in wanted.chunks(objects::BATCH_LIMIT) {
            let answered = (|| {
                let client = match &mut client {
                    Some(client) => client,
                    None => client.insert(Client::connected(
                        &settings.api.resolve()?,
                        &linked.account,
                    )?),
                };
                update::run(&section, &settings.sync_back, &linked, client, changes)
            })();
            match answered {
                Ok(answered) => outcomes.extend(answered),
                // The rest waits, too: HubSpot takes nothing now.
                Err(Trouble::Later(at, failure)) => {
                    let failure = failure.with("retry-at", at);
                    for change in changes {
                        let outcome = Outcome::Retry(failure.clone());
                        outcomes.insert(change.sequence, outcome);
                    }
                }
                Err(Trouble::Failed(failure)) if failure.code == "denied" => {
                    for change in changes {
                        let outcome = Outcome::Rejected(failure.clone());
                        outcomes.insert(change.sequence, outcome);
                    }
                }
                Err(Trouble::Failed(failure)) => return Err(failure),
            }
        }
    }
    let answer = |change: &Change| {
        let outcome = outcomes.remove(&change.sequence);
        Answer {
            sequence: change.sequence,
            // Of a kind that never goes to HubSpot.
            outcome: outcome.unwrap_or(Outcome::Nothing(None)),
        }
    };
    Ok(changes.iter().map(answer).collect())
}

/// Whether nothing becomes of a change, and why where a person should know.
fn ignored(change: &Change, when: When) -> Option<Option<Failure>> {
    let is_wanted = match change.what.as_str() {
        "updated" | "active" => when.updates(),
        "created" => when.creates(),
        _ => false,
    };
    (!is_wanted).then_some(None)
}
