//! Sync back: Halo's changes to HubSpot. The host hands over what changed; here it is
//! compared with what HubSpot holds now, and only what differs is written.
//!
//! | module | what it is | I/O |
//! |---|---|---|
//! | [`batch`] | a batch of changes of one entity, sorted by what is to be done | shell |
//! | [`update`] | of linked records: what differs is written | shell |
//! | [`create`] | of new records: an object is made, or linked if it is there | shell |
//! | [`archive`] | of inactive records: their objects are archived | shell |
//! | [`place`] | new contacts are associated with their companies | shell |
//! | [`existing`] | objects that are there already | shell |
//! | [`own`] | the property that names the record of Halo | shell |
//! | [`rows`] | the mapping rows that go to HubSpot | shell |
//! | `halves` | a batch that is refused as a whole | no |
//! | [`field`] | what is sent of one field | no |
//! | [`plan`] | what is written of one record | no |
//! | [`newcomer`] | what a new record becomes | no |
//! | [`told`] | what people are told | no |

use std::collections::BTreeMap;

use crate::connect;
use crate::contract::exports::halo::integration::push::{Answer, Change, Outcome};
use crate::contract::halo::integration::settings;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects;
use crate::settings::sync_back::When;
use crate::settings::{Settings, SyncBack};
use crate::sync::section::Section;
use told::Told;

pub mod archive;
pub mod batch;
pub mod create;
pub mod existing;
pub mod field;
mod halves;
pub mod newcomer;
pub mod own;
pub mod place;
pub mod plan;
pub mod rows;
pub mod told;
pub mod update;

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
            if is_wanted(
                change,
                section.when(&settings.sync_back),
                &settings.sync_back,
            ) {
                wanted.push(change);
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
                let scope = format!("{}{}", linked.prefix, section.spec().objects);
                let told = Told {
                    section: &section,
                    linked: &linked,
                    scope: &scope,
                    messages: settings.sync_back.messages,
                };
                batch::run(&told, &settings.sync_back, client, changes)
            })();
            let outcome = match answered {
                Ok(answered) => {
                    outcomes.extend(answered);
                    continue;
                }
                // HubSpot takes nothing now.
                Err(Trouble::Later(at, failure)) => Outcome::Retry(failure.with("retry-at", at)),
                Err(Trouble::Failed(failure)) if failure.code == "denied" => {
                    Outcome::Rejected(failure)
                }
                Err(Trouble::Failed(failure)) => return Err(failure),
            };
            let all = changes.iter().map(|change| change.sequence);
            outcomes.extend(all.map(|sequence| (sequence, outcome.clone())));
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

/// Whether a change is looked at at all (S66, A19).
fn is_wanted(change: &Change, when: When, settings: &SyncBack) -> bool {
    match change.what.as_str() {
        "updated" => when.updates(),
        // An import may have linked the record since, and what was edited after that
        // is in this change too.
        "created" => when != When::Disabled,
        // The values that changed with it; and an object to archive, or a new one.
        "active" | "inactive" => {
            when.updates() || (settings.archive_inactive && when != When::Disabled)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s66_a19_the_setting_says_what_is_looked_at_and_disabled_sends_nothing_at_all() {
        let settings = SyncBack {
            archive_inactive: true,
            ..SyncBack::default()
        };
        let sent = |when| -> Vec<&str> {
            let is_sent = |what: &&str| {
                let change = Change {
                    sequence: 1,
                    kind: "customer".to_owned(),
                    record: 7,
                    revision: 1,
                    what: (*what).to_owned(),
                    fields: Vec::new(),
                    into: None,
                };
                is_wanted(&change, when, &settings)
            };
            let all = ["created", "updated", "inactive", "active", "deleted"];
            all.into_iter().filter(is_sent).collect()
        };
        assert_eq!(sent(When::Disabled), [""; 0]);
        assert_eq!(sent(When::OnCreation), ["created", "inactive", "active"]);
        assert_eq!(
            sent(When::OnUpdate),
            ["created", "updated", "inactive", "active"]
        );
        assert_eq!(
            sent(When::Both),
            ["created", "updated", "inactive", "active"]
        );
    }
}
