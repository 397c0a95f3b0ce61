//! One slice of an import: pages until the slice is over, the next one already on
//! its way while this one is worked on.

use std::collections::BTreeMap;

use super::cursor::{self, Cursor, Position, Watermark};
use super::opt_out::OptOut;
use super::outgoing::Outgoing;
use super::page::{Desk, Import, PageOf};
use super::reader::Reader;
use super::section::Section;
use super::{keys, memory, untold};
use crate::check::{self, Prepared};
use crate::connect::{self, Linked};
use crate::contract::exports::halo::integration::importer::{Request, Selection};
use crate::contract::halo::integration::state::Write;
use crate::contract::halo::integration::types::Slice;
use crate::contract::halo::integration::{log, records, run, settings, state};
use crate::contract::wasi::clocks::monotonic_clock;
use crate::contract::wasi::random::random;
use crate::entity::{self, Mapped, Spec};
use crate::failure::{Failure, NOT_SET_UP};
use crate::field::convert::Conversion;
use crate::hubspot::client::{Client, Trouble, json};
use crate::hubspot::objects::{Object, Page, Unanswered};
use crate::hubspot::transport::{self, Response};
use crate::hubspot::{search, time};
use crate::patience::insist;
use crate::push::own;
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
        "not-connected" | "sign-in-again" | "settings" | NOT_SET_UP | "denied"
    )
}

fn slice(request: &Request) -> Result<Slice, Trouble> {
    let document = settings::get()?;
    let settings = Settings::parse(&document.json)?;
    let section = Section::of(&settings, &request.entity).ok_or_else(|| {
        Failure::new(
            "not-found",
            format!("This connector cannot import {:?}.", request.entity),
        )
    })?;
    let linked = connect::linked()?;
    let mut client = Client::connected(&settings.api.resolve()?, &linked.account)?;
    section.may_import()?;
    let opt_out = OptOut::new(&settings.opt_out, section.spec().kind)?;
    let objects = section.spec().objects;
    let job = Job {
        told: untold::under(&settings.webhooks, objects, document.revision),
        ..Job::new(section, settings.sync.sweep_ms(), linked, opt_out)?
    };
    match &request.selection {
        Selection::Keys(keys) => job.chosen(&mut client, keys),
        Selection::Everything => {
            // What was passed over before is shown again, changed or not.
            let reviewed = request.reviewed && section.is_chosen();
            job.everything(&mut client, request.full || reviewed, reviewed)
        }
    }
}

/// An import of one entity under the settings of now.
pub struct Job<'a> {
    pub(super) section: Section<'a>,
    /// Everything is listed again after so long.
    sweep_ms: u64,
    /// The mapping rows whose Halo field exists.
    pub(super) rows: Vec<FieldRow>,
    pub(super) linked: Linked,
    /// Where its state is.
    pub scope: String,
    /// Names the settings.
    pub(super) print: String,
    /// What is left alone.
    opt_out: OptOut,
    /// Under which settings webhooks tell of changes, if they do.
    told: Option<String>,
}

impl<'a> Job<'a> {
    /// Of an entity, for an account.
    pub fn new(
        section: Section<'a>,
        sweep_ms: u64,
        linked: Linked,
        opt_out: OptOut,
    ) -> Result<Job<'a>, Trouble> {
        let rows = usable_rows(&section)?;
        // What another property kept away has no date of its own.
        let print = match &opt_out.property {
            Some(property) => cursor::fingerprint(&[&section.print(&rows), property]),
            None => section.print(&rows),
        };
        Ok(Job {
            print,
            opt_out,
            scope: format!("{}{}", linked.prefix, section.spec().objects),
            sweep_ms,
            section,
            rows,
            linked,
            told: None,
        })
    }

    /// Whether it may come in only since its own property lets it. HubSpot tells nothing of
    /// that: the property may be one that not every account has, so it has no subscription.
    pub(super) fn may_have_opted_in(&self, object: &Object) -> bool {
        let property = self.opt_out.property.as_deref();
        property.is_some_and(|property| object.property(property).is_some())
    }

    /// The fields to fill, without the rows of these properties.
    pub(super) fn fields(
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
        self.section.fields(&rows, conversions)
    }

    /// Where its pages are worked on.
    pub(super) fn desk<'b>(&'b self, import: &'b dyn Import) -> Desk<'b> {
        Desk {
            import,
            prefix: &self.linked.prefix,
            scope: self.scope.clone(),
            account: &self.linked.account,
            opt_out: &self.opt_out,
        }
    }

    /// How its pages are asked for.
    pub(super) fn reader(&self, client: &Client, fields: &[Mapped]) -> Result<Reader, Failure> {
        let mut properties = entity::properties(self.section.properties(), fields);
        if let Some(property) = &self.opt_out.property
            && !properties.contains(&property.as_str())
        {
            properties.push(property);
        }
        // An object may have been made of a record without an answer.
        let sent: Vec<(String, Outgoing)> =
            memory::scan_some(&keys::outgoing_prefix(&self.scope), None, 1)?;
        if !sent.is_empty() {
            properties.push(own::PROPERTY);
        }
        Ok(Reader::new(client, self.section.spec(), &properties))
    }

    /// How many objects there are; only to show how long it will take, as search lags
    /// and may be off by a few.
    fn count(&self, client: &mut Client) -> Result<Option<u64>, Trouble> {
        let call = search::count(client.version(), self.section.spec().objects);
        let counted: Page = client.read(call)?;
        Ok(counted.total)
    }

    pub(super) fn watermark(&self) -> Result<Option<Watermark>, Failure> {
        memory::get(keys::watermark(&self.scope))
    }

    fn everything(
        &self,
        client: &mut Client,
        full: bool,
        reviewed: bool,
    ) -> Result<Slice, Trouble> {
        let kept: Option<Cursor> = memory::get(keys::cursor(&self.scope))?;
        let (cursor, conversions) = match kept {
            Some(cursor) if cursor.reviewed == reviewed && cursor.continues(&self.print, full) => {
                let conversions = memory::get(keys::conversions(&self.scope))?;
                (cursor, conversions.unwrap_or_default())
            }
            _ => self.open(client, full, reviewed)?,
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
        reviewed: bool,
    ) -> Result<(Cursor, BTreeMap<String, Conversion>), Trouble> {
        let Prepared {
            without,
            conversions,
        } = check::prepare(client, &self.section, &self.rows)?;
        for property in &without {
            log::write(
                log::Level::Warn,
                &format!(
                    "HubSpot {} have no property {property:?} that this sign-in can see; its mapping is passed over.",
                    self.section.spec().objects
                ),
                &[],
            );
        }
        let watermark = self.watermark()?;
        let position = cursor::begin(watermark.as_ref(), &self.print, &without, full);
        let lists = matches!(position, Position::List { .. });
        // The first import after the switch was turned on brings what changed before.
        let told_since = { watermark.as_ref() }
            .filter(|known| !lists && self.told.is_some() && known.told == self.told)
            .map(|known| known.until);
        let cursor = Cursor {
            started: None,
            settings: self.print.clone(),
            without,
            done: 0,
            total: if lists { self.count(client)? } else { None },
            position,
            begun_anew: false,
            listed: watermark
                .filter(|_| !lists)
                .map(|watermark| watermark.listed),
            list: random::get_random_u64(),
            reviewed,
            told: self.told.clone(),
            told_since,
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
        let prefix = &self.linked.prefix;
        let import = self.section.import(&fields, prefix, cursor.reviewed);
        let desk = self.desk(&*import);
        let reader = self.reader(client, &fields)?;
        let spec = self.section.spec();
        let mut ahead = None;
        show(&cursor, spec);
        loop {
            if cursor.position.is_unfilled() {
                match self.filled(client, &cursor)? {
                    Some(position) => cursor.position = position,
                    None => {
                        state::commit(&self.finish(cursor)?)?;
                        return Ok(Slice::Done);
                    }
                }
            }
            let in_flight = match ahead.take() {
                Some(in_flight) => in_flight,
                None => client.start(reader.call(&cursor.position))?,
            };
            let response = client.finish(in_flight)?;
            let started = *cursor.started.get_or_insert_with(|| time_of(&response));
            if is_new && cursor.is_sweep_due(started, self.sweep_ms) {
                cursor.listed = None;
                cursor.total = self.count(client)?;
                cursor.position = Position::List { after: None };
                continue;
            }
            let mut page: Page = json(&response)?;
            page.dedup();
            let next = cursor.position.after(&page, spec)?;
            // Not on the last page of a slice: nobody would read the answer.
            if let Some(position) = &next
                && !position.is_unfilled()
                && clock.goes_on()
            {
                ahead = Some(client.start(reader.call(position))?);
            }
            let list = cursor.listed.is_none().then_some(cursor.list);
            let mut gone = Vec::new();
            let unanswered = match &cursor.position {
                Position::Missing { ids, .. } | Position::Touched { ids, .. } => {
                    // By an id that was merged away HubSpot may answer the survivor.
                    page.results.retain(|object| ids.contains(&object.id));
                    let (refused, missing) = split(page.unanswered(ids));
                    gone = missing;
                    refused
                }
                Position::Held { ids, .. } => page.unanswered(ids),
                Position::List { .. } | Position::Changes(_) => {
                    reader.complete(client, &mut page)?
                }
            };
            let page_of = PageOf {
                objects: &page.results,
                with_associations: reader.has_associations(&cursor.position),
            };
            let worked = desk.work(client, page_of, &unanswered, list)?;
            let mut writes = worked.writes;
            if let Some(since) = cursor.told_since
                && cursor.told == self.told
                && matches!(
                    cursor.position,
                    Position::List { .. } | Position::Changes(_)
                )
            {
                writes.extend(self.brought(since, &page.results, &worked.reports)?);
            }
            if !gone.is_empty() {
                let bin: Page = client.read(reader.archived(&gone))?;
                writes.extend(desk.work_on_gone(&gone, &bin.results)?.writes);
            }
            cursor.done += page.results.len() as u64;
            show(&cursor, spec);
            if matches!(cursor.position, Position::List { .. }) {
                // Records begin to follow these settings: what was read under
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
            if !clock.goes_on() && ahead.is_none() {
                return Ok(clock.ended());
            }
        }
    }

    /// What is remembered of an import that is done.
    fn finish(&self, cursor: Cursor) -> Result<Vec<Write>, Failure> {
        let watermark = Watermark {
            until: cursor.started.unwrap_or_default(),
            listed: cursor.listed.or(cursor.started).unwrap_or_default(),
            settings: cursor.settings,
            without: cursor.without,
            // Where the settings were changed meanwhile, the next import is the first.
            told: cursor.told.filter(|told| self.told.as_ref() == Some(told)),
        };
        Ok(vec![
            memory::put(keys::watermark(&self.scope), &watermark)?,
            memory::remove(keys::cursor(&self.scope)),
            memory::remove(keys::conversions(&self.scope)),
        ])
    }
}

/// What HubSpot could not answer now, and the ids that it does not have.
pub(super) fn split(unanswered: Vec<Unanswered>) -> (Vec<Unanswered>, Vec<String>) {
    let (refused, gone): (Vec<_>, Vec<_>) = unanswered
        .into_iter()
        .partition(|unanswered| unanswered.refused.is_some());
    let gone = gone.into_iter().map(|unanswered| unanswered.id).collect();
    (refused, gone)
}

/// The mapping rows whose Halo field exists, by its own name. A row whose field was
/// deleted since is left out, not the record (S16); `check` names it.
fn usable_rows(section: &Section<'_>) -> Result<Vec<FieldRow>, Trouble> {
    let (rows, kind) = (section.rows(), section.spec().kind);
    let known = insist(|| records::fields(kind))?;
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
                    "The {kind} field {:?} does not exist any more; its mapping is passed over.",
                    row.field
                ),
                &[],
            ),
        }
    }
    Ok(usable)
}

/// The time on HubSpot's clock, which stamps changes; else on the host's.
fn time_of(response: &Response) -> u64 {
    response
        .header("date")
        .and_then(time::parse_date_header)
        .unwrap_or_else(transport::now)
}

fn show(cursor: &Cursor, spec: &Spec) {
    run::show_progress(&run::Progress {
        done: cursor.done,
        total: cursor.total.map(|total| total.max(cursor.done)),
        label: spec.objects.to_owned(),
    });
}

/// Whether a slice goes on.
pub struct SliceClock {
    begun: u64,
}

impl SliceClock {
    /// Starts a slice.
    pub fn start() -> SliceClock {
        SliceClock {
            begun: monotonic_clock::now(),
        }
    }

    /// Whether there is time for more.
    pub fn goes_on(&self) -> bool {
        let left = run::remaining();
        !run::should_stop()
            && monotonic_clock::now() - self.begun < SLICE_NS
            && left.wall_ms > WALL_RESERVE_MS
            && left.cpu_ms > CPU_RESERVE_MS
    }

    pub(super) fn ended(&self) -> Slice {
        if run::should_stop() {
            Slice::Stopped
        } else {
            Slice::More
        }
    }
}
