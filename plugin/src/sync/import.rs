//! One slice of an import: pages until the slice is over, the next one already on
//! its way while this one is worked on.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::cursor::{self, Cursor, Position, Watermark, fingerprint};
use super::page::Desk;
use super::plan::Rules;
use super::{keys, memory};
use crate::check::{self, Prepared};
use crate::connect::{self, Linked};
use crate::contract::exports::halo::integration::importer::{Request, Selection};
use crate::contract::halo::integration::state::Write;
use crate::contract::halo::integration::types::Slice;
use crate::contract::halo::integration::{log, records, run, settings, state};
use crate::contract::wasi::clocks::monotonic_clock;
use crate::entity::company::{self, KIND, MODIFIED, Mapped, OBJECTS};
use crate::failure::Failure;
use crate::field::convert::Conversion;
use crate::hubspot::client::{Call, Client, Trouble, json};
use crate::hubspot::objects::{self, Page, Unanswered};
use crate::hubspot::transport::{self, Response};
use crate::hubspot::version::Version;
use crate::hubspot::{search, time};
use crate::matching::Table;
use crate::settings::{Companies, FieldRow, Settings};

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
    let linked = connect::linked()?;
    let mut client = Client::connected(&settings.api.resolve()?)?;
    check::may_import(&settings.companies)?;
    let job = Job::new(&settings.companies, linked)?;
    match &request.selection {
        Selection::Keys(keys) => job.chosen(&mut client, keys),
        Selection::Everything => job.everything(&mut client, request.full),
    }
}

/// An import of companies under the settings of now.
struct Job<'a> {
    companies: &'a Companies,
    /// The mapping rows whose Halo field exists.
    rows: Vec<FieldRow>,
    linked: Linked,
    /// Where its state is.
    scope: String,
    /// Names the settings.
    print: String,
}

impl<'a> Job<'a> {
    fn new(companies: &'a Companies, linked: Linked) -> Result<Job<'a>, Failure> {
        let rows = usable_rows(&companies.fields)?;
        Ok(Job {
            print: fingerprint(&[companies, &rows]),
            scope: format!("{}{OBJECTS}", linked.prefix),
            companies,
            rows,
            linked,
        })
    }

    /// The fields to fill, without the rows of these properties.
    fn fields(
        &self,
        without: &[String],
        conversions: &BTreeMap<String, Conversion>,
    ) -> Vec<Mapped> {
        let rows: Vec<FieldRow> = self
            .rows
            .iter()
            .filter(|row| !without.contains(&row.property))
            .cloned()
            .collect();
        company::fields(&rows, conversions)
    }

    fn desk<'b>(&'b self, fields: &'b [Mapped]) -> Desk<'b> {
        Desk {
            rules: Rules {
                settings: self.companies,
                table: Table::new(&self.companies.customers),
                fields,
                prefix: &self.linked.prefix,
            },
            scope: self.scope.clone(),
            account: &self.linked.account,
        }
    }

    fn watermark(&self) -> Result<Option<Watermark>, Failure> {
        memory::get(keys::watermark(&self.scope))
    }

    fn everything(&self, client: &mut Client, full: bool) -> Result<Slice, Trouble> {
        let kept: Option<Cursor> = memory::get(keys::cursor(&self.scope))?;
        let (cursor, conversions) = match kept {
            Some(cursor) if cursor.continues(&self.print, full) => {
                let conversions = memory::get(keys::conversions(&self.scope))?;
                (cursor, conversions.unwrap_or_default())
            }
            _ => self.open(client, full)?,
        };
        let again = Cursor {
            position: Position::List { after: None },
            begun_anew: true,
            ..cursor.clone()
        };
        let may_begin_anew =
            !cursor.begun_anew && matches!(&cursor.position, Position::List { after: Some(_) });
        match self.pages(client, cursor, &conversions) {
            // HubSpot's own cursor is opaque, and may be refused when it has become
            // old: once, the list is begun anew. Every row is idempotent.
            Err(Trouble::Failed(failure))
                if may_begin_anew && matches!(failure.code.as_str(), "remote" | "not-found") =>
            {
                log::write(
                    log::Level::Warn,
                    &format!("The list is begun anew: {}", failure.message),
                    &[],
                );
                state::commit(&[memory::put(keys::cursor(&self.scope), &again)?])?;
                Ok(Slice::More)
            }
            other => other,
        }
    }

    /// A new cursor.
    fn open(
        &self,
        client: &mut Client,
        full: bool,
    ) -> Result<(Cursor, BTreeMap<String, Conversion>), Trouble> {
        let Prepared {
            without,
            conversions,
        } = check::prepare(client, &self.rows)?;
        for property in &without {
            log::write(
                log::Level::Warn,
                &format!(
                    "HubSpot companies have no property {property:?} that this sign-in can see; its mapping is passed over."
                ),
                &[],
            );
        }
        let watermark = self.watermark()?;
        let position = cursor::begin(watermark.as_ref(), &self.print, &without, full);
        let total = match position {
            // Only to show how long it will take; search lags and may be off by a few.
            Position::List { .. } => {
                let counted: Page = client.read(search::count(client.version(), OBJECTS))?;
                counted.total
            }
            _ => None,
        };
        let cursor = Cursor {
            started: None,
            settings: self.print.clone(),
            without,
            done: 0,
            total,
            position,
            begun_anew: false,
        };
        Ok((cursor, conversions))
    }

    fn pages(
        &self,
        client: &mut Client,
        mut cursor: Cursor,
        conversions: &BTreeMap<String, Conversion>,
    ) -> Result<Slice, Trouble> {
        let clock = SliceClock::start();
        let mut is_new = cursor.started.is_none();
        let fields = self.fields(&cursor.without, conversions);
        let desk = self.desk(&fields);
        let reader = Reader::new(client, &fields);

        if matches!(&cursor.position, Position::Held { ids, .. } if ids.is_empty()) {
            cursor.position = self.filled(cursor.position, None)?;
        }
        show(&cursor);
        let mut in_flight = client.start(reader.call(&cursor.position))?;
        loop {
            let response = client.finish(in_flight)?;
            cursor.started.get_or_insert_with(|| time_of(&response));
            let mut page: Page = json(&response)?;
            let next = match cursor.position.after(&page, MODIFIED)? {
                Some(position) => {
                    let last = match &cursor.position {
                        Position::Held { ids, .. } => ids.last().map(String::as_str),
                        _ => None,
                    };
                    Some(self.filled(position, last)?)
                }
                None => None,
            };
            // Not on the last page of a slice: nobody would read the answer.
            let ahead = match &next {
                Some(position) if clock.goes_on() => Some(client.start(reader.call(position))?),
                _ => None,
            };
            let unanswered = match &cursor.position {
                Position::Held { ids, .. } => page.unanswered(ids),
                _ => reader.complete(client, &mut page)?,
            };
            let mut writes = desk.work(&page.results, &unanswered)?;
            cursor.done += page.results.len() as u64;
            show(&cursor);
            if matches!(cursor.position, Position::List { .. }) {
                // Customers begin to follow these settings: what was read under
                // others is no ground to stand on any more.
                writes.push(memory::remove(keys::watermark(&self.scope)));
            }
            if std::mem::take(&mut is_new) {
                writes.push(memory::put(keys::conversions(&self.scope), conversions)?);
            }
            let Some(position) = next else {
                writes.extend(self.finish(cursor)?);
                state::commit(&writes)?;
                return Ok(Slice::Done);
            };
            cursor.position = position;
            writes.push(memory::put(keys::cursor(&self.scope), &cursor)?);
            state::commit(&writes)?;
            match ahead {
                Some(ahead) => in_flight = ahead,
                None => return Ok(clock.ended()),
            }
        }
    }

    /// What is remembered of an import that is done.
    fn finish(&self, cursor: Cursor) -> Result<Vec<Write>, Failure> {
        let watermark = Watermark {
            until: cursor.started.unwrap_or_default(),
            settings: cursor.settings,
            without: cursor.without,
        };
        Ok(vec![
            memory::put(keys::watermark(&self.scope), &watermark)?,
            memory::remove(keys::cursor(&self.scope)),
            memory::remove(keys::conversions(&self.scope)),
        ])
    }

    /// Fills in the ids of held rows; goes on to the changes when there are none.
    fn filled(&self, position: Position, after: Option<&str>) -> Result<Position, Failure> {
        let Position::Held { then, .. } = position else {
            return Ok(position);
        };
        let prefix = keys::held_prefix(&self.scope);
        let after = after.map(|id| keys::held(&self.scope, id));
        let limit = u32::try_from(objects::BATCH_LIMIT).unwrap_or(u32::MAX);
        let ids: Vec<String> = state::scan(&prefix, after.as_deref(), limit)?
            .into_iter()
            .map(|entry| entry.key[prefix.len()..].to_owned())
            .collect();
        Ok(if ids.is_empty() {
            Position::Changes(search::Changes::since(then))
        } else {
            Position::Held { ids, then }
        })
    }

    fn chosen(&self, client: &mut Client, keys: &[String]) -> Result<Slice, Trouble> {
        let clock = SliceClock::start();
        let prepared = check::prepare(client, &self.rows)?;
        let fields = self.fields(&prepared.without, &prepared.conversions);
        let desk = self.desk(&fields);
        let reader = Reader::new(client, &fields);
        // HubSpot refuses a batch with the same id twice.
        let ids: BTreeSet<&str> = keys
            .iter()
            .map(|key| key.strip_prefix(&self.linked.prefix).unwrap_or(key))
            .collect();
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let print = fingerprint(&[&ids, &self.print]);
        let kept: Option<Chosen> = memory::get(keys::selection(&self.scope))?;
        let mut next = kept
            .filter(|kept| kept.keys == print)
            .map_or(0, |kept| kept.next);
        // Under other settings than those of the last import, the chosen rows are
        // ahead of the rest; the next import reads everything.
        let is_ahead = self
            .watermark()?
            .is_some_and(|watermark| watermark.settings != self.print);
        while let Some(left) = ids.get(next..).filter(|left| !left.is_empty()) {
            let batch = &left[..left.len().min(objects::BATCH_LIMIT)];
            let page: Page = client.read(reader.batch(batch))?;
            let mut writes = desk.work(&page.results, &page.unanswered(batch))?;
            next += batch.len();
            run::show_progress(&run::Progress {
                done: next as u64,
                total: Some(ids.len() as u64),
                label: OBJECTS.to_owned(),
            });
            if is_ahead {
                writes.push(memory::remove(keys::watermark(&self.scope)));
            }
            let key = keys::selection(&self.scope);
            if next >= ids.len() {
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
}

/// The mapping rows whose Halo field exists, by its own name. A row whose field was
/// deleted since is left out, not the record (S16); `check` names it.
fn usable_rows(rows: &[FieldRow]) -> Result<Vec<FieldRow>, Failure> {
    let known = records::fields(KIND)?;
    let mut usable = Vec::with_capacity(rows.len());
    for row in rows {
        match check::field_of(&known, &row.field) {
            Some(field) => usable.push(FieldRow {
                field: field.name.clone(),
                ..row.clone()
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

/// How pages are asked for. HubSpot takes at most 3,000 characters for a search and
/// some thousand for an address; where the names of the properties alone would fill
/// that, a page is asked for without them and then completed by batch reads.
struct Reader {
    version: Version,
    properties: Vec<String>,
    is_wide: bool,
}

/// Characters of property names that a search has room for, beside its filters.
const NARROW: usize = 2_000;

impl Reader {
    fn new(client: &Client, fields: &[Mapped]) -> Reader {
        let properties = company::properties(fields);
        // With quotes and a comma each.
        let width: usize = properties.iter().map(|name| name.len() + 3).sum();
        Reader {
            version: client.version().clone(),
            properties: properties.into_iter().map(str::to_owned).collect(),
            is_wide: width > NARROW,
        }
    }

    fn names(&self) -> Vec<&str> {
        self.properties.iter().map(String::as_str).collect()
    }

    fn call(&self, position: &Position) -> Call {
        match position {
            Position::List { .. } | Position::Changes(_) if self.is_wide => {
                position.call(&self.version, OBJECTS, MODIFIED, &[MODIFIED])
            }
            _ => position.call(&self.version, OBJECTS, MODIFIED, &self.names()),
        }
    }

    fn batch(&self, ids: &[String]) -> Call {
        objects::batch_read(&self.version, OBJECTS, &self.names(), ids)
    }

    /// Reads the properties of a page that was asked for without them.
    fn complete(&self, client: &mut Client, page: &mut Page) -> Result<Vec<Unanswered>, Trouble> {
        let mut unanswered = Vec::new();
        if !self.is_wide {
            return Ok(unanswered);
        }
        let ids: Vec<String> = page.results.drain(..).map(|object| object.id).collect();
        for ids in ids.chunks(objects::BATCH_LIMIT) {
            let mut batch: Page = client.read(self.batch(ids))?;
            unanswered.extend(batch.unanswered(ids));
            page.results.append(&mut batch.results);
        }
        Ok(unanswered)
    }
}

/// Where an import of chosen rows is.
#[derive(Serialize, Deserialize)]
struct Chosen {
    /// Which rows, under which settings: others start from the beginning.
    keys: String,
    next: usize,
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
