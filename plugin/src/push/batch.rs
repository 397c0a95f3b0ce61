//! A batch of changes of one entity: what is to be done for each is told by its record and
//! its link.

use super::create::{self, Newcomer};
use super::field::Outward;
use super::told::Told;
use super::update::{self, Pair};
use super::{archive, newcomer, place, rows};
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
    /// Records without anything to do.
    idle: Vec<u64>,
}

/// Sends a batch; answers by sequence.
pub fn run(
    told: &Told<'_>,
    settings: &SyncBack,
    client: &mut Client,
    changes: &[&Change],
) -> Result<Vec<(u64, Outcome)>, Trouble> {
    let rows = rows::outward(client, told.section, told.scope)?;
    let work = sort(told, settings, &rows, changes)?;
    let nothing = |sequence| (sequence, Outcome::Nothing(None));
    let mut answers: Vec<(u64, Outcome)> = work.idle.into_iter().map(nothing).collect();
    answers.extend(update::run(told, settings, client, &rows, &work.updates)?);
    answers.extend(archive::run(told, client, &work.archives)?);
    let created = create::run(told, settings, client, &rows, work.newcomers)?;
    answers.extend(created.answers);
    // Gone out of use before anybody knew that it had been made.
    let is_archived = |pair: &Pair<'_>| settings.archive_inactive && is_inactive(&pair.record);
    let (archived, linked): (Vec<_>, Vec<_>) = created.linked.into_iter().partition(is_archived);
    answers.extend(archive::run(told, client, &archived)?);
    answers.extend(update::run(told, settings, client, &rows, &linked)?);
    // A new contact is its company's, also where an earlier attempt ended between.
    place::contacts(told, client, changes, &answers)?;
    Ok(answers)
}

/// Sorts changes by what is to be done for them.
fn sort<'a>(
    told: &Told<'_>,
    settings: &SyncBack,
    rows: &[Outward],
    changes: &[&'a Change],
) -> Result<Work<'a>, Trouble> {
    let spec = told.section.spec();
    let mut wanted: Vec<String> = rows.iter().map(|row| row.field.clone()).collect();
    let fixed = newcomer::fixed(told.section).iter();
    wanted.extend(fixed.map(|(_, field)| (*field).to_owned()));
    wanted.push(told.section.title_field().to_owned());
    if spec.kind == company::KIND || spec.kind == contact::KIND {
        wanted.push(company::INACTIVE.to_owned());
    }
    wanted.sort();
    wanted.dedup();
    let ids: Vec<u64> = changes.iter().map(|change| change.record).collect();
    let found = insist(|| records::read(spec.kind, &ids, &wanted))?;
    let links = links(told, &found)?.into_iter();
    let outgoing: Vec<String> = { ids.iter() }
        .map(|record| keys::outgoing(told.scope, *record))
        .collect();
    let outgoing = memory::get_all::<Outgoing>(&outgoing)?;
    let is_made = newcomer::is_made(told.section);
    let is_new = is_made && told.section.when(settings).creates();
    let is_made_again = is_made && settings.archive_inactive;
    let mut work = Work::default();
    for (((change, record), link), outgoing) in changes.iter().zip(found).zip(links).zip(outgoing) {
        // Removed since; that is a change of its own.
        let Some(record) = record else {
            work.idle.push(change.sequence);
            continue;
        };
        match (change.what.as_str(), link) {
            // Told as made as long as nobody knows what came of that.
            (what, Some((linked, agreed)))
                if settings.archive_inactive
                    && (what == "inactive" || what == "created" && is_inactive(&record)) =>
            {
                work.archives.push(Pair {
                    change,
                    record,
                    linked,
                    agreed,
                    outgoing,
                    met: None,
                });
            }
            (_, Some((linked, agreed))) => work.updates.push(Pair {
                change,
                record,
                linked,
                agreed,
                outgoing,
                met: None,
            }),
            // Its object lies in HubSpot's recycling bin, out of which no app takes it.
            ("active", None) if !record.keys.is_empty() && is_made_again => {
                work.newcomers.push(Newcomer {
                    change,
                    record,
                    outgoing,
                });
            }
            ("created", None) if is_new => {
                work.newcomers.push(Newcomer {
                    change,
                    record,
                    outgoing,
                });
            }
            _ => work.idle.push(change.sequence),
        }
    }
    Ok(work)
}

fn is_inactive(record: &Stored) -> bool {
    text_of(record, company::INACTIVE) == Some("true")
}

/// What a record is linked to, and what was agreed of it.
type Link = Option<(String, Option<Agreed>)>;

/// The objects that records are linked to and that HubSpot has, as far as is known.
fn links(told: &Told<'_>, records: &[Option<Stored>]) -> Result<Vec<Link>, Trouble> {
    let of = |record: &Option<Stored>| -> Vec<String> {
        let keys = record.iter().flat_map(|record| {
            let prefix = told.linked.prefix.as_str();
            keys::own_ids(prefix, &record.keys).map(str::to_owned)
        });
        let mut own: Vec<String> = keys.collect();
        own.sort_by_key(|id| (id.len(), id.clone()));
        own
    };
    let own: Vec<Vec<String>> = records.iter().map(of).collect();
    let all = own.iter().flatten();
    let agreed_keys: Vec<String> = all.map(|id| keys::agreed(told.scope, id)).collect();
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
