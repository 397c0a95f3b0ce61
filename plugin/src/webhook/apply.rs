//! Acting on events that were kept: all that concern one object are one, and the object is
//! read as it is now and goes an import's way. So order and repeats do not matter.

use std::collections::{BTreeMap, BTreeSet};

use super::asked::{self, Asked};
use super::object::ObjectType;
use super::told::Told;
use crate::connect::{self, Linked};
use crate::contract::exports::halo::integration::webhook::{Answer, Outcome, StoredEvent};
use crate::contract::halo::integration::records;
use crate::contract::halo::integration::run::ReportRow;
use crate::contract::halo::integration::settings;
use crate::entity::{line_item, quote};
use crate::failure::{Failure, NOT_SET_UP};
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects;
use crate::matching::reference_of;
use crate::patience::insist;
use crate::settings::{Settings, Webhooks};
use crate::sync::import::{Job, SliceClock};
use crate::sync::opt_out::OptOut;
use crate::sync::plan::Agreed;
use crate::sync::section::Section;
use crate::sync::{keys, lines, memory};

/// Answers each event that it came to; the others are handed over again.
pub fn apply(events: &[StoredEvent]) -> Result<Vec<Answer>, Failure> {
    let settings = Settings::parse(&settings::get()?.json)?;
    let linked = connect::linked()?;
    let mut outcomes: BTreeMap<u64, Outcome> = BTreeMap::new();
    let mut told: Vec<(u64, Told)> = Vec::new();
    for event in events {
        match wanted(event, &settings.webhooks, &linked) {
            Ok(known) => told.push((event.sequence, known)),
            Err(outcome) => {
                outcomes.insert(event.sequence, outcome);
            }
        }
    }
    if !told.is_empty() {
        work(&settings, &linked, &told, &mut outcomes)?;
    }
    let answer = |(sequence, outcome)| Answer { sequence, outcome };
    Ok(outcomes.into_iter().map(answer).collect())
}

/// What an event tells, unless nobody wants to know it.
fn wanted(event: &StoredEvent, switches: &Webhooks, linked: &Linked) -> Result<Told, Outcome> {
    let ignored = |code: &str, message: String| Outcome::Ignored(Failure::new(code, message));
    if event.event.account != linked.account.id {
        let message = format!(
            "It is of HubSpot account {}, which is not the one that is connected.",
            event.event.account
        );
        return Err(ignored("other-account", message));
    }
    let told = Told::from_bytes(&event.event.payload).map_err(Outcome::Rejected)?;
    if !told.object.of.is_on(switches) {
        let message = format!(
            "Webhooks are switched off for it; the next import brings what changed of {} {}.",
            told.object.of.name(),
            told.object.id
        );
        return Err(ignored("switched-off", message));
    }
    Ok(told)
}

fn work(
    settings: &Settings,
    linked: &Linked,
    told: &[(u64, Told)],
    outcomes: &mut BTreeMap<u64, Outcome>,
) -> Result<(), Failure> {
    let clock = SliceClock::start();
    let mut client = Client::connected(&settings.api.resolve()?, &linked.account)?;
    let ended = sections(settings, linked, told, outcomes, (&mut client, &clock));
    // HubSpot takes nothing now: what was not come to is tried later.
    let failure = match ended {
        Ok(()) => return Ok(()),
        Err(Trouble::Later(at, failure)) => failure.with("retry-at", at),
        Err(Trouble::Failed(failure)) if outcomes.is_empty() => return Err(failure),
        Err(Trouble::Failed(failure)) => failure,
    };
    for (sequence, _) in told {
        let later = || Outcome::Retry(failure.clone());
        outcomes.entry(*sequence).or_insert_with(later);
    }
    Ok(())
}

fn sections(
    settings: &Settings,
    linked: &Linked,
    told: &[(u64, Told)],
    outcomes: &mut BTreeMap<u64, Outcome>,
    (client, clock): (&mut Client, &SliceClock),
) -> Result<(), Trouble> {
    let of_lines = quotes_of_lines(client, linked, told)?;
    let mut jobs = Vec::new();
    for section in Section::all(settings) {
        let mut asked = asked::of(section.spec(), told, &of_lines);
        if asked.is_empty() {
            continue;
        }
        if let Err(failure) = section.may_import() {
            for sequence in asked.values().flat_map(|asked| &asked.events) {
                outcomes.insert(*sequence, cannot(&failure));
            }
            continue;
        }
        let opt_out = OptOut::new(&settings.opt_out, section.spec().kind)?;
        let job = Job::new(section, settings.sync.sweep_ms(), linked.clone(), opt_out)?;
        know_restored(&job, &mut asked)?;
        job.told(asked.keys())?;
        for chosen in [true, false] {
            let ids = asked.iter().filter(|(_, asked)| asked.chosen == chosen);
            let ids: Vec<String> = ids.map(|(id, _)| id.clone()).collect();
            let became = job.now(client, &ids, chosen, clock)?;
            for (id, row) in became {
                for sequence in asked.get(&id).into_iter().flat_map(|asked| &asked.events) {
                    let outcome = outcome(&row);
                    let known = outcomes.remove(sequence);
                    outcomes.insert(*sequence, heavier(known, outcome));
                }
            }
        }
        let forgotten = asked.iter().filter(|(_, asked)| asked.forgotten);
        let forgotten: Vec<String> = forgotten.map(|(id, _)| id.clone()).collect();
        job.forget(&forgotten)?;
        jobs.push(job);
    }
    // A line that no quote has any more, and that never was a line in Halo.
    for (sequence, told) in told {
        let is_lost = told.object.of == ObjectType::LineItem
            && !of_lines.contains_key(&told.object.id)
            && asked::quote_of(told).is_none();
        if is_lost {
            let failure = Failure::new("not-found", "No quote in HubSpot or Halo has this line.");
            outcomes
                .entry(*sequence)
                .or_insert(Outcome::Ignored(failure));
        }
    }
    // What was waited for may just have come.
    for section in Section::all(settings) {
        let is_live = settings.webhooks.is_on(section.spec().objects);
        if jobs.is_empty() || section.may_import().is_err() || !is_live {
            continue;
        }
        let opt_out = OptOut::new(&settings.opt_out, section.spec().kind)?;
        let job = Job::new(section, settings.sync.sweep_ms(), linked.clone(), opt_out)?;
        job.waiting(client, clock)?;
    }
    Ok(())
}

/// A deal that was a ticket before it was deleted is followed again (S59).
fn know_restored(job: &Job<'_>, asked: &mut BTreeMap<String, Asked>) -> Result<(), Failure> {
    let restored: Vec<String> = { asked.iter() }
        .filter(|(_, asked)| asked.restored && !asked.chosen)
        .map(|(id, _)| id.clone())
        .collect();
    if restored.is_empty() {
        return Ok(());
    }
    let known = restored.iter().map(|id| keys::agreed(&job.scope, id));
    let known = memory::get_all::<Agreed>(&known.collect::<Vec<_>>())?;
    for (id, known) in restored.iter().zip(known) {
        if let (Some(asked), Some(_)) = (asked.get_mut(id), known) {
            asked.chosen = true;
        }
    }
    Ok(())
}

/// By line: the quotes that have it, in HubSpot now or in Halo, where a line that is no
/// more is known still.
fn quotes_of_lines(
    client: &mut Client,
    linked: &Linked,
    told: &[(u64, Told)],
) -> Result<BTreeMap<String, BTreeSet<String>>, Trouble> {
    let lines: BTreeSet<&str> = { told.iter() }
        .filter(|(_, told)| told.object.of == ObjectType::LineItem)
        .map(|(_, told)| told.object.id.as_str())
        .collect();
    let lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
    let mut quotes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if lines.is_empty() {
        return Ok(quotes);
    }
    for (line, quote) in lines::quotes_of(client, &lines)? {
        quotes.entry(line).or_default().insert(quote);
    }
    let key = |id: &String| format!("{}{id}", linked.prefix);
    let wanted = [line_item::QUOTATION.to_owned()];
    for lines in lines.chunks(memory::BATCH) {
        let keys: Vec<String> = lines.iter().map(key).collect();
        let found = insist(|| records::resolve(line_item::KIND, &keys, &wanted))?;
        let of: Vec<(&String, u64)> = { lines.iter().zip(found) }
            .filter_map(|(line, record)| {
                Some((line, reference_of(&record?, line_item::QUOTATION)?))
            })
            .collect();
        let ids: Vec<u64> = of.iter().map(|(_, id)| *id).collect();
        let records = insist(|| records::read(quote::KIND, &ids, &[]))?;
        for ((line, _), record) in of.into_iter().zip(records) {
            let Some(record) = record else {
                continue;
            };
            for id in keys::own_ids(&linked.prefix, &record.keys) {
                quotes
                    .entry(line.clone())
                    .or_default()
                    .insert(id.to_owned());
            }
        }
    }
    // What is no id is not HubSpot's.
    quotes
        .values_mut()
        .for_each(|ids| ids.retain(|id| objects::is_id(id)));
    Ok(quotes)
}

/// What an entity that cannot be imported does with its events.
fn cannot(failure: &Failure) -> Outcome {
    match failure.code.as_str() {
        // Once it is set up, an import brings everything.
        NOT_SET_UP => Outcome::Ignored(failure.clone()),
        _ => Outcome::Rejected(failure.clone()),
    }
}

/// What an event came to, of which this was reported. A row that stopped is kept by the
/// import, which looks at it again; so its event is done.
fn outcome(row: &ReportRow) -> Outcome {
    match (row.outcome.as_str(), &row.reason) {
        ("written" | "unchanged", _) | (_, None) => Outcome::Applied,
        // HubSpot could not answer it, and may soon.
        ("failed", Some(reason)) if reason.code == "remote" => Outcome::Retry(reason.clone()),
        (_, Some(reason)) => Outcome::Ignored(reason.clone()),
    }
}

/// Of the outcomes of one event for several objects: it did something, or it did not.
fn heavier(known: Option<Outcome>, new: Outcome) -> Outcome {
    match known {
        Some(Outcome::Applied) => Outcome::Applied,
        _ => new,
    }
}
