//! A batch of changes of one entity: what is to be done for each is told by its record and
//! its link.

use std::collections::BTreeSet;

use super::create::{self, Newcomer};
use super::rows::{self, Rows};
use super::told::Told;
use super::update::{self, Pair};
use super::{archive, departed, newcomer, place};
use crate::connect::Linked;
use crate::contract::exports::halo::integration::push::{Change, Outcome};
use crate::contract::halo::integration::records::{self, Stored};
use crate::entity::{company, contact};
use crate::hubspot::client::{Client, Trouble};
use crate::matching::text_of;
use crate::patience::insist;
use crate::settings::SyncBack;
use crate::sync::outgoing::Outgoing;
use crate::sync::plan::Agreed;
use crate::sync::{keys, memory};

/// What is to be done.
#[derive(Default)]
struct Work<'a> {
    updates: Vec<Pair<'a>>,
    newcomers: Vec<Newcomer<'a>>,
    archives: Vec<Pair<'a>>,
    departed: Vec<&'a Change>,
}

/// Answers by sequence, as far as they are known.
pub type Answers = Vec<(u64, Outcome)>;

/// Sends a batch. What was answered before it fails stands.
pub fn run(
    told: &Told<'_>,
    settings: &SyncBack,
    client: &mut Client,
    changes: &[&Change],
    answers: &mut Answers,
) -> Result<(), Trouble> {
    let rows = rows::outward(client, told.section, told.scope)?;
    let work = sort(told, settings, &rows, changes, answers)?;
    update::run(told, settings, client, &rows, &work.updates, answers)?;
    archive::run(told, client, &work.archives, answers)?;
    departed::run(told, settings, client, &work.departed, answers)?;
    let linked = create::run(told, settings, client, &rows, work.newcomers, answers)?;
    // Gone out of use before anybody knew that it had been made.
    let is_archived = |pair: &Pair<'_>| settings.archive_inactive && is_inactive(&pair.record);
    let (archived, linked): (Vec<_>, Vec<_>) = linked.into_iter().partition(is_archived);
    archive::run(told, client, &archived, answers)?;
    update::run(told, settings, client, &rows, &linked, answers)?;
    // A new contact is its company's, also where an earlier attempt ended between.
    let placed = place::contacts(told, settings, client, changes, answers);
    if placed.is_err() {
        // Told again, as nobody else would see to their place.
        let (all, known) = (changes.iter(), answers.clone());
        let left: BTreeSet<u64> = { all.filter(|change| place::is_placed(change, &known)) }
            .map(|change| change.sequence)
            .collect();
        answers.retain(|(sequence, _)| !left.contains(sequence));
    }
    placed
}

/// Sorts changes by what is to be done for them.
fn sort<'a>(
    told: &Told<'_>,
    settings: &SyncBack,
    rows: &Rows,
    changes: &[&'a Change],
    answers: &mut Answers,
) -> Result<Work<'a>, Trouble> {
    let spec = told.section.spec();
    let mut wanted: Vec<String> = rows.fields().map(str::to_owned).collect();
    let fixed = newcomer::fixed(told.section).iter();
    wanted.extend(fixed.map(|(_, field)| (*field).to_owned()));
    wanted.push(told.section.title_field().to_owned());
    if spec.kind == company::KIND || spec.kind == contact::KIND {
        wanted.push(company::INACTIVE.to_owned());
    }
    wanted.extend(told.opt_out.field.clone());
    wanted.sort();
    wanted.dedup();
    let ids: Vec<u64> = changes.iter().map(|change| change.record).collect();
    let found = insist(|| records::read(spec.kind, &ids, &wanted))?;
    let links = links(told.linked, told.scope, &found)?.into_iter();
    let outgoing: Vec<String> = { ids.iter() }
        .map(|record| keys::outgoing(told.scope, *record))
        .collect();
    let outgoing = memory::get_all::<Outgoing>(&outgoing)?;
    let when = told.section.when(settings);
    let mut work = Work::default();
    for (((change, record), link), outgoing) in changes.iter().zip(found).zip(links).zip(outgoing) {
        if matches!(change.what.as_str(), "deleted" | "merged") {
            work.departed.push(change);
            continue;
        }
        // Removed since; that is a change of its own.
        let Some(record) = record else {
            answers.push((change.sequence, Outcome::Nothing(None)));
            continue;
        };
        if let Some(reason) = told.opt_out.record(spec.kind, &record) {
            answers.push((change.sequence, Outcome::Nothing(Some(reason))));
            continue;
        }
        // It was left alone until now, perhaps when it was made.
        let is_back = { told.opt_out.field.as_ref() }
            .is_some_and(|field| change.what == "updated" && change.fields.contains(field));
        let may_be_new = match change.what.as_str() {
            "created" => when.creates(),
            "updated" => is_back && when.creates(),
            // Its object lies in HubSpot's recycling bin, out of which no app takes it.
            "active" => !record.keys.is_empty() && settings.archive_inactive,
            _ => false,
        };
        match link {
            Some((linked, agreed)) => {
                let pair = Pair {
                    change,
                    record,
                    linked,
                    agreed,
                    outgoing,
                    met: None,
                };
                let is_archived = match change.what.as_str() {
                    "inactive" => settings.archive_inactive,
                    // Told as made as long as nobody knows what came of that.
                    "created" => settings.archive_inactive && is_inactive(&pair.record),
                    _ => false,
                };
                match change.what.as_str() {
                    _ if is_archived => work.archives.push(pair),
                    "updated" if !when.updates() => {
                        answers.push((change.sequence, Outcome::Nothing(None)));
                    }
                    _ => work.updates.push(pair),
                }
            }
            None if may_be_new && newcomer::is_made(told.section) => {
                work.newcomers.push(Newcomer {
                    change,
                    record,
                    outgoing,
                });
            }
            None => answers.push((change.sequence, Outcome::Nothing(None))),
        }
    }
    Ok(work)
}

fn is_inactive(record: &Stored) -> bool {
    text_of(record, company::INACTIVE) == Some("true")
}

/// What a record is linked to, and what was agreed of it.
pub type Link = Option<(String, Option<Agreed>)>;

/// The objects that records are linked to and that HubSpot has, as far as is known.
/// `scope` is where their state is.
pub fn links(
    linked: &Linked,
    scope: &str,
    records: &[Option<Stored>],
) -> Result<Vec<Link>, Trouble> {
    let of = |record: &Option<Stored>| -> Vec<String> {
        let keys = record.iter().flat_map(|record| {
            let prefix = linked.prefix.as_str();
            keys::own_ids(prefix, &record.keys).map(str::to_owned)
        });
        let mut own: Vec<String> = keys.collect();
        own.sort_by_key(|id| (id.len(), id.clone()));
        own
    };
    let own: Vec<Vec<String>> = records.iter().map(of).collect();
    let all = own.iter().flatten();
    let agreed_keys: Vec<String> = all.map(|id| keys::agreed(scope, id)).collect();
    let mut agreed = memory::get_all::<Agreed>(&agreed_keys)?.into_iter();
    let is_there =
        |agreed: &Option<Agreed>| agreed.as_ref().is_none_or(|known| known.gone.is_none());
    let mut links = Vec::with_capacity(records.len());
    for (own, record) in own.into_iter().zip(records) {
        let count = own.len();
        let known: Vec<_> = own.into_iter().zip(agreed.by_ref().take(count)).collect();
        let first = known.into_iter().find(|(_, agreed)| is_there(agreed));
        let is_its = |known: &Agreed| record.as_ref().is_some_and(|r| r.id == known.record);
        links.push(first.map(|(id, agreed)| (id, agreed.filter(is_its))));
    }
    Ok(links)
}
