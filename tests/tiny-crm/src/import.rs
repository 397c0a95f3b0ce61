//! The import: reads the page, looks up what Halo has, writes what `plan` says, and
//! reports every account once. It keeps no state of its own: all is compared each time,
//! and rows are idempotent, so an import that was killed is simply begun anew. A remote
//! with many pages would keep a cursor in `state`, written after the records, and answer
//! `more` after each page.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::{self, Account};
use crate::contract::exports::halo::integration::importer::{Request, Selection};
use crate::contract::halo::integration::records::{self, Effect, Stored, Written};
use crate::contract::halo::integration::run::{self, Progress, ReportRow};
use crate::contract::halo::integration::types::{Attribute, RemoteObject, Slice};
use crate::failure::Failure;
use crate::matching::{Known, fold};
use crate::plan::{Fate, left_out, pairs, plan};
use crate::settings::{Accounts, Settings};
use crate::{ENTITY, KIND, check, connect};

/// Accounts that are looked up and written in one go; a call takes 1,000 of each.
const BATCH: usize = 500;

/// One slice, which is all of it.
pub fn run(request: &Request) -> Result<Slice, Failure> {
    check::may_import()?;
    let settings = Settings::read()?;
    let page = account::accounts(&settings.api)?;
    connect::expect(&page.workspace)?;
    let settings = &settings.accounts;
    let twins = twins(&page.accounts, settings);
    let mut chosen = page.accounts;
    if let Selection::Keys(keys) = &request.selection {
        let mut keys: BTreeSet<&String> = keys.iter().collect();
        chosen.retain(|account| keys.remove(&account.id));
        let unknown: Vec<ReportRow> = keys.into_iter().map(unknown).collect();
        run::report(&unknown)?;
    }
    let mut done = 0;
    for accounts in chosen.chunks(BATCH) {
        if run::should_stop() {
            return Ok(Slice::Stopped);
        }
        write(accounts, &twins, settings)?;
        done += accounts.len();
        run::show_progress(&Progress {
            done: done as u64,
            total: Some(chosen.len() as u64),
            label: "accounts".to_owned(),
        });
    }
    Ok(Slice::Done)
}

/// Folded names that several accounts have, of those that the settings take.
fn twins(accounts: &[Account], settings: &Accounts) -> BTreeSet<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let taken = accounts
        .iter()
        .filter(|account| left_out(account, settings).is_none());
    for name in taken.filter_map(|account| account.text("name")) {
        *counts.entry(fold(&name)).or_default() += 1;
    }
    counts.retain(|_, count| *count > 1);
    counts.into_keys().collect()
}

/// Writes some accounts, and reports what became of them.
fn write(
    accounts: &[Account],
    twins: &BTreeSet<String>,
    settings: &Accounts,
) -> Result<(), Failure> {
    let known = look_up(accounts, settings)?;
    let planned = accounts
        .iter()
        .map(|account| plan(account, twins, settings, &known));
    let planned: Vec<Fate> = planned.collect();
    let row = |fate: &Fate| match fate {
        Fate::Write(row) => Some(row.clone()),
        _ => None,
    };
    let rows: Vec<records::Row> = planned.iter().filter_map(row).collect();
    // A failure of the whole call ends the slice with that very failure: so does the
    // brake, after which nothing may be written.
    let mut written = records::upsert(&rows)?.into_iter();
    let reports = accounts
        .iter()
        .zip(planned)
        .map(|(account, fate)| match fate {
            Fate::Skip(reason) => report(account, "skipped", Some(reason), None),
            Fate::Stop(reason) => {
                // A fault of the account, or two records that could be meant.
                let outcome = match reason.code.as_str() {
                    "invalid" => "failed",
                    _ => "conflict",
                };
                report(account, outcome, Some(reason), None)
            }
            Fate::Unchanged(id) => report(account, "unchanged", None, Some(id)),
            Fate::Write(_) => answered(account, written.next()),
        });
    run::report(&reports.collect::<Vec<ReportRow>>())
}

/// What Halo says of a row; each stands alone.
fn answered(account: &Account, answer: Option<Result<Written, Failure>>) -> ReportRow {
    let missing = || Failure::new("internal", "Halo did not answer for this row.");
    match answer.unwrap_or_else(|| Err(missing())) {
        Ok(written) if written.effect == Effect::Unchanged => {
            report(account, "unchanged", None, Some(written.id))
        }
        Ok(written) => report(account, "written", None, Some(written.id)),
        Err(failure) => {
            let outcome = match failure.code.as_str() {
                // Somebody edited it this very moment, or Halo is busy: the next import
                // does it.
                "conflict" | "busy" | "unavailable" => "waiting",
                _ => "failed",
            };
            report(account, outcome, Some(failure), None)
        }
    }
}

/// Somebody asked for an account that Fernwhistle does not have.
fn unknown(key: &String) -> ReportRow {
    let message = format!("Fernwhistle has no account {key:?}.");
    let failure = Failure::new("not-found", message);
    report(&Account::of_id(key), "failed", Some(failure), None)
}

fn report(
    account: &Account,
    outcome: &str,
    reason: Option<Failure>,
    record: Option<u64>,
) -> ReportRow {
    let region = account.text("region").map(|value| Attribute {
        name: "region".to_owned(),
        value,
    });
    ReportRow {
        object: RemoteObject {
            entity: ENTITY.to_owned(),
            key: account.id.clone(),
            title: account.title(),
            address: account.text("page"),
        },
        facets: region.into_iter().collect(),
        outcome: outcome.to_owned(),
        reason,
        kind: KIND.to_owned(),
        record,
        parts: Vec::new(),
    }
}

/// Everything that decides about these accounts, in three calls.
fn look_up(accounts: &[Account], settings: &Accounts) -> Result<Known, Failure> {
    let mut wanted: Vec<String> = pairs(settings)
        .iter()
        .map(|(_, to)| (*to).to_owned())
        .collect();
    wanted.push("name".to_owned());
    let ids: Vec<String> = accounts.iter().map(|account| account.id.clone()).collect();
    let linked = records::resolve(KIND, &ids, &wanted)?.into_iter().zip(&ids);
    let linked = linked.filter_map(|(stored, id)| Some((id.clone(), stored?)));
    let customers = ids.iter().filter_map(|id| settings.customer_of(id));
    let customers: Vec<u64> = customers.collect();
    let tabled = records::read(KIND, &customers, &wanted)?
        .into_iter()
        .flatten();
    let tabled = tabled.map(|stored| (stored.id, stored));
    let mut known = Known {
        linked: linked.collect(),
        tabled: tabled.collect(),
        named: Vec::new(),
    };
    let unlinked = accounts
        .iter()
        .filter(|account| !known.linked.contains_key(&account.id));
    let names: Vec<String> = unlinked
        .filter_map(|account| account.text("name"))
        .collect();
    let found = records::find(KIND, "name", &names, &wanted)?.into_iter();
    // One that two accounts have asked for is one all the same.
    let named: BTreeMap<u64, Stored> = found.map(|found| (found.record.id, found.record)).collect();
    known.named = named.into_values().collect();
    Ok(known)
}
