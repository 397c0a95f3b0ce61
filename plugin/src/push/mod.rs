//! Sync back: Halo's changes to HubSpot. The host hands over what changed; here it is
//! compared with what HubSpot holds now, and only what differs is written.
//!
//! | module | what it is | I/O |
//! |---|---|---|
//! | [`batch`] | a batch of changes of one entity, sorted by what is to be done | shell |
//! | [`update`] | of linked records: what differs is written | shell |
//! | [`present`] | their objects as they are now | shell |
//! | [`create`] | of new records: an object is made, or linked if it is there | shell |
//! | [`unmarked`] | the same without the connector's own property | part |
//! | [`archive`] | of inactive records: their objects are archived | shell |
//! | [`departed`] | of records that were deleted or merged in Halo | part |
//! | [`place`] | new contacts are associated with their companies | shell |
//! | [`existing`] | objects that are there already | shell |
//! | [`own`] | the property that names the record of Halo | shell |
//! | [`rows`] | the mapping rows that go to HubSpot | shell |
//! | `halves` | a batch that is refused as a whole | no |
//! | [`field`] | what is sent of one field | no |
//! | [`plan`] | what is written of one record | no |
//! | [`newcomer`] | what a new record becomes | no |
//! | [`told`] | what people are told | no |
//! | [`refused`] | what they are told of what HubSpot refuses | no |

use std::collections::BTreeMap;

use crate::connect;
use crate::contract::exports::halo::integration::push::{Answer, Change, Outcome};
use crate::contract::halo::integration::settings;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects;
use crate::settings::sync_back::When;
use crate::settings::{Settings, SyncBack};
use crate::sync::opt_out::OptOut;
use crate::sync::section::Section;
use told::Told;

pub mod archive;
pub mod batch;
pub mod create;
pub mod departed;
pub mod existing;
pub mod field;
mod halves;
pub mod newcomer;
pub mod own;
pub mod place;
pub mod plan;
pub mod present;
pub mod refused;
pub mod rows;
pub mod told;
pub mod unmarked;
pub mod update;

/// One answer for each change.
pub fn push(changes: &[Change]) -> Result<Vec<Answer>, Failure> {
    let settings = Settings::parse(&settings::get()?.json)?;
    let linked = connect::linked()?;
    let mut outcomes: BTreeMap<u64, Outcome> = BTreeMap::new();
    let mut client: Option<Client> = None;
    for section in Section::all(&settings) {
        let kind = section.spec().kind;
        let when = section.when(&settings.sync_back);
        let mut wanted: Vec<&Change> = changes
            .iter()
            .filter(|change| change.kind == kind && when != When::Disabled)
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let opt_out = OptOut::new(&settings.opt_out, kind)?;
        let switch = opt_out.field.as_deref();
        wanted.retain(|change| is_wanted(change, when, &settings.sync_back, switch));
        for changes in wanted.chunks(objects::BATCH_LIMIT) {
            let mut answers = Vec::new();
            let ended = (|| {
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
                    opt_out: &opt_out,
                };
                batch::run(&told, &settings.sync_back, client, changes, &mut answers)
            })();
            // What was written before something failed is written.
            outcomes.extend(answers);
            let Err(trouble) = ended else { continue };
            let left = changes.iter().copied();
            let left: Vec<&Change> = left
                .filter(|change| !outcomes.contains_key(&change.sequence))
                .collect();
            match trouble {
                Trouble::Failed(failure) if outcomes.is_empty() && failure.code != "denied" => {
                    return Err(failure);
                }
                trouble => outcomes.extend(left.into_iter().map(|change| {
                    let outcome = ended_by(&trouble, change);
                    (change.sequence, outcome)
                })),
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

/// What becomes of a change that HubSpot was not asked about any more.
fn ended_by(trouble: &Trouble, change: &Change) -> Outcome {
    match trouble {
        // HubSpot takes nothing now.
        Trouble::Later(at, failure) => Outcome::Retry(failure.clone().with("retry-at", at)),
        Trouble::Failed(failure) if failure.code == "denied" => Outcome::Rejected(Failure {
            message: format!("{} {}: {}", change.kind, change.record, failure.message),
            ..failure.clone()
        }),
        Trouble::Failed(failure) => Outcome::Retry(failure.clone()),
    }
}

/// Whether a change is looked at at all (S66, A19). `switch` is the field that leaves records
/// alone: what is taken up again may be new.
fn is_wanted(change: &Change, when: When, settings: &SyncBack, switch: Option<&str>) -> bool {
    let is_switched = || {
        change
            .fields
            .iter()
            .any(|field| Some(field.as_str()) == switch)
    };
    match change.what.as_str() {
        "updated" => when.updates() || (when.creates() && is_switched()),
        // An import may have linked the record since, and what was edited after that
        // is in this change too.
        "created" => when != When::Disabled,
        // The values that changed with it; and an object to archive, or a new one.
        "active" | "inactive" => {
            when.updates() || (settings.archive_inactive && when != When::Disabled)
        }
        // What stays behind in HubSpot is told, or archived.
        "deleted" | "merged" => when != When::Disabled,
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
                is_wanted(&change, when, &settings, Some("CFAlone"))
            };
            let all = ["created", "updated", "inactive", "active"];
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
