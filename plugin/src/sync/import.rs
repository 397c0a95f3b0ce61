//! One slice of an import: pages until the slice is over, the next one already on
//! its way while this one is worked on.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::cursor::{self, Cursor, Position, Watermark, fingerprint};
use super::page::Desk;
use super::{keys, memory};
use crate::check;
use crate::connect;
use crate::contract::exports::halo::integration::importer::{Request, Selection};
use crate::contract::halo::integration::state::Write;
use crate::contract::halo::integration::types::Slice;
use crate::contract::halo::integration::{log, records, run, settings, state};
use crate::contract::wasi::clocks::monotonic_clock;
use crate::entity::company::{self, KIND, MODIFIED, OBJECTS};
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble, json};
use crate::hubspot::objects::{self, Page};
use crate::hubspot::transport::{self, Response};
use crate::hubspot::{search, time};
use crate::settings::{FieldRow, Settings};

/// How long a slice goes on: others get their turn within seconds, and a slice's
/// own cost (a fresh instance, one page that is not fetched ahead) stays below one
/// in a hundred.
const SLICE_NS: u64 = 15_000_000_000;
/// A slice ends early when so little of the call's budgets is left.
const WALL_RESERVE_MS: u64 = 120_000;
const CPU_RESERVE_MS: u64 = 3_000;

/// Does one slice.
pub fn run(request: &Request) -> Result<Slice, Failure> {
    if request.entity != OBJECTS {
        return Err(Failure::new(
            "not-found",
            format!(
                "This connector cannot import {:?} yet; it imports {OBJECTS}.",
                request.entity
            ),
        ));
    }
    match slice(request) {
        Ok(slice) => Ok(slice),
        Err(Trouble::Later(at, failure)) => {
            log::write(log::Level::Warn, &failure.message, &failure.attributes);
            Ok(Slice::WaitUntil(at))
        }
        Err(Trouble::Failed(failure)) if waits_for_a_person(&failure.code) => {
            Ok(Slice::Blocked(failure))
        }
        Err(Trouble::Failed(failure)) => Err(failure),
    }
}

fn waits_for_a_person(code: &str) -> bool {
    matches!(
        code,
        "not-connected" | "sign-in-again" | "settings" | "denied"
    )
}

fn slice(request: &Request) -> Result<Slice, Trouble> {
    let settings = Settings::parse(&settings::get()?.json)?;
    let api = settings.api.resolve()?;
    let mut client = Client::connected(&api)?;
    let account = connect::account()?.ok_or_else(Failure::not_connected)?;
    let companies = &settings.companies;
    check::may_import(companies)?;

    let rows = usable_rows(&companies.fields)?;
    let print = fingerprint(&[companies, &rows]);
    match &request.selection {
        Selection::Keys(keys) => {
            let without = check::leave_out(&mut client, &rows)?;
            let fields = company::fields(&left(&rows, &without));
            let desk = Desk {
                settings: companies,
                fields: &fields,
                account: &account,
            };
            chosen(&mut client, &desk, keys)
        }
        Selection::Everything => {
            let cursor = open(&mut client, &rows, &print, request.full)?;
            let fields = company::fields(&left(&rows, &cursor.without));
            let desk = Desk {
                settings: companies,
                fields: &fields,
                account: &account,
            };
            pages(&mut client, &desk, cursor)
        }
    }
}

/// The mapping rows whose Halo field exists, by its own name. A row whose field was
/// deleted since is left out, not the record (S16); `check` names it.
fn usable_rows(rows: &[FieldRow]) -> Result<Vec<FieldRow>, Failure> {
    let known = records::fields(KIND)?;
    let mut usable = Vec::with_capacity(rows.len());
    for row in rows {
        match check::field_of(&known, &row.field) {
            Some(field) => usable.push(FieldRow {
                property: row.property.clone(),
                field: field.name.clone(),
            }),
            None => log::write(
                log::Level::Warn,
                &format!(
                    "The customer field {:?} does not exist any more; its mapping is passed over.",
                    row.field
                ),
                &[],
            ),
        }
    }
    Ok(usable)
}

fn left(rows: &[FieldRow], without: &[String]) -> Vec<FieldRow> {
    rows.iter()
        .filter(|row| !without.contains(&row.property))
        .cloned()
        .collect()
}

/// The cursor to go on with, or a new one.
fn open(
    client: &mut Client,
    rows: &[FieldRow],
    settings: &str,
    full: bool,
) -> Result<Cursor, Trouble> {
    let kept: Option<Cursor> = memory::get(keys::cursor(OBJECTS))?;
    if let Some(cursor) = kept
        && cursor.continues(settings, full)
    {
        return Ok(cursor);
    }
    let without = check::leave_out(client, rows)?;
    let watermark: Option<Watermark> = memory::get(keys::watermark(OBJECTS))?;
    let position = cursor::begin(watermark.as_ref(), settings, full);
    let total = match position {
        // Only to show how long it will take; search lags and may be off by a few.
        Position::List { .. } => {
            let counted: Page = client.read(search::count(client.version(), OBJECTS))?;
            counted.total
        }
        _ => None,
    };
    Ok(Cursor {
        started: None,
        settings: settings.to_owned(),
        without,
        done: 0,
        total,
        position,
    })
}

/// Ids that stopped at an earlier import, after `after`.
fn held_ids(after: Option<&str>) -> Result<Vec<String>, Failure> {
    let prefix = keys::held_prefix(OBJECTS);
    let after = after.map(|id| keys::held(OBJECTS, id));
    let limit = u32::try_from(objects::BATCH_LIMIT).unwrap_or(u32::MAX);
    let entries = state::scan(&prefix, after.as_deref(), limit)?;
    Ok(entries
        .into_iter()
        .map(|entry| entry.key[prefix.len()..].to_owned())
        .collect())
}

/// Fills in the ids of held rows; goes on to the changes when there are none.
fn filled(position: Position, after: Option<&str>) -> Result<Position, Failure> {
    let Position::Held { then, .. } = position else {
        return Ok(position);
    };
    let ids = held_ids(after)?;
    Ok(if ids.is_empty() {
        Position::Changes(search::Changes::since(then))
    } else {
        Position::Held { ids, then }
    })
}

fn pages(client: &mut Client, desk: &Desk<'_>, mut cursor: Cursor) -> Result<Slice, Trouble> {
    let clock = SliceClock::start();
    let properties = company::properties(desk.fields);
    let version = client.version().clone();
    let call = |position: &Position| position.call(&version, OBJECTS, MODIFIED, &properties);

    if matches!(&cursor.position, Position::Held { ids, .. } if ids.is_empty()) {
        cursor.position = filled(cursor.position, None)?;
    }
    show(&cursor);
    let mut in_flight = client.start(call(&cursor.position))?;
    loop {
        let response = client.finish(in_flight)?;
        cursor.started.get_or_insert_with(|| time_of(&response));
        let page: Page = json(&response)?;
        let next = match cursor.position.after(&page, MODIFIED) {
            Some(position) => {
                let last = match &cursor.position {
                    Position::Held { ids, .. } => ids.last().map(String::as_str),
                    _ => None,
                };
                Some(filled(position, last)?)
            }
            None => None,
        };
        let goes_on = clock.goes_on();
        // Not on the last page of a slice: nobody would read the answer.
        let ahead = match &next {
            Some(position) if goes_on => Some(client.start(call(position))?),
            _ => None,
        };
        let missing = match &cursor.position {
            Position::Held { ids, .. } => missing(ids, &page),
            _ => Vec::new(),
        };
        let mut writes = desk.work(&page.results, &missing)?;
        cursor.done += page.results.len() as u64;
        show(&cursor);
        let Some(position) = next else {
            writes.extend(finish(&cursor)?);
            state::commit(&writes)?;
            return Ok(Slice::Done);
        };
        cursor.position = position;
        writes.push(memory::put(keys::cursor(OBJECTS), &cursor)?);
        state::commit(&writes)?;
        match ahead {
            Some(ahead) => in_flight = ahead,
            None => return Ok(clock.ended()),
        }
    }
}

/// What is remembered of an import that is done.
fn finish(cursor: &Cursor) -> Result<Vec<Write>, Failure> {
    let watermark = Watermark {
        until: cursor.started.unwrap_or_default(),
        settings: cursor.settings.clone(),
    };
    Ok(vec![
        memory::put(keys::watermark(OBJECTS), &watermark)?,
        memory::remove(keys::cursor(OBJECTS)),
    ])
}

/// Where an import of chosen rows is.
#[derive(Serialize, Deserialize)]
struct Chosen {
    /// Which rows, by fingerprint: others start from the beginning.
    keys: String,
    next: usize,
}

fn chosen(client: &mut Client, desk: &Desk<'_>, keys: &[String]) -> Result<Slice, Trouble> {
    let clock = SliceClock::start();
    let properties = company::properties(desk.fields);
    // HubSpot refuses a batch with the same id twice.
    let keys: Vec<String> = keys
        .iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .cloned()
        .collect();
    let print = fingerprint(&[&keys]);
    let kept: Option<Chosen> = memory::get(keys::selection(OBJECTS))?;
    let mut next = kept
        .filter(|kept| kept.keys == print)
        .map_or(0, |kept| kept.next);
    while let Some(ids) = keys.get(next..).filter(|ids| !ids.is_empty()) {
        let ids = &ids[..ids.len().min(objects::BATCH_LIMIT)];
        let call = objects::batch_read(client.version(), OBJECTS, &properties, ids);
        let page: Page = client.read(call)?;
        let mut writes = desk.work(&page.results, &missing(ids, &page))?;
        next += ids.len();
        run::show_progress(&run::Progress {
            done: next as u64,
            total: Some(keys.len() as u64),
            label: OBJECTS.to_owned(),
        });
        let key = keys::selection(OBJECTS);
        if next >= keys.len() {
            writes.push(memory::remove(key));
            state::commit(&writes)?;
            break;
        }
        writes.push(memory::put(
            key,
            &Chosen {
                keys: print.clone(),
                next,
            },
        )?);
        state::commit(&writes)?;
        if !clock.goes_on() {
            return Ok(clock.ended());
        }
    }
    Ok(Slice::Done)
}

fn missing(ids: &[String], page: &Page) -> Vec<String> {
    let found: BTreeSet<&str> = page
        .results
        .iter()
        .map(|object| object.id.as_str())
        .collect();
    ids.iter()
        .filter(|id| !found.contains(id.as_str()))
        .cloned()
        .collect()
}

/// The time on HubSpot's clock, which stamps changes; else on the host's.
fn time_of(response: &Response) -> u64 {
    response
        .header("date")
        .and_then(time::parse_date_header)
        .unwrap_or_else(transport::now)
}

fn show(cursor: &Cursor) {
    run::show_progress(&run::Progress {
        done: cursor.done,
        total: cursor.total.map(|total| total.max(cursor.done)),
        label: OBJECTS.to_owned(),
    });
}

/// Whether a slice goes on.
struct SliceClock {
    begun: u64,
}

impl SliceClock {
    fn start() -> SliceClock {
        SliceClock {
            begun: monotonic_clock::now(),
        }
    }

    fn goes_on(&self) -> bool {
        let left = run::remaining();
        !run::should_stop()
            && monotonic_clock::now() - self.begun < SLICE_NS
            && left.wall_ms > WALL_RESERVE_MS
            && left.cpu_ms > CPU_RESERVE_MS
    }

    fn ended(&self) -> Slice {
        if run::should_stop() {
            Slice::Stopped
        } else {
            Slice::More
        }
    }
}
