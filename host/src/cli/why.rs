//! `why`: all that the host knows of one row at the remote: which record it is, what
//! the last runs said of it, and what was written. What only the connector knows
//! (which rule matched) is in the reasons that it gave.

use super::report::mode;
use super::{Context, Done, Ended, journal, rows};
use crate::connection::Connection;
use crate::description::Entity;
use crate::deviations::outcome_of;
use crate::model::{Failure, FieldChange, RecordId, RunId, Stored, Timestamp};
use crate::runs::show_time;
use crate::schema;
use crate::store::{JournalEntry, JournalFilter, ReportedRow, Run, RunMode, Scope};

#[derive(Debug, clap::Args)]
pub(crate) struct Why {
    /// The connector.
    name: String,
    /// The entity.
    entity: String,
    /// The row's id, as reports show it.
    #[arg(value_name = "REMOTE-ID")]
    id: String,
}

/// What is known of a row.
#[derive(serde::Serialize)]
#[serde(rename_all = "kebab-case")]
struct Known {
    connector: String,
    entity: String,
    key: String,
    /// What people call it, by the last report that said so.
    title: String,
    /// Its page at the remote, likewise.
    address: Option<String>,
    /// The kind of record that it is, by the last import.
    kind: String,
    links: Vec<Link>,
    /// The record that a report named and that the row is not linked to any more.
    was: Option<Was>,
    last_sync: Option<Sync>,
    /// What the last runs said of it, newest first.
    reports: Vec<Said>,
    /// The connector's last write to the record.
    last_written: Option<JournalEntry>,
    /// What others wrote to the record after that, newest first.
    written_by_others: Vec<JournalEntry>,
}

/// A record that the row's key leads to.
#[derive(serde::Serialize)]
#[serde(rename_all = "kebab-case")]
struct Link {
    kind: String,
    id: RecordId,
    name: String,
    /// All keys of this connector that lead to it (a merge leaves several).
    keys: Vec<String>,
}

#[derive(serde::Serialize)]
struct Was {
    kind: String,
    id: RecordId,
    exists: bool,
}

/// The last import or push that left row and record in step.
#[derive(serde::Serialize)]
struct Sync {
    run: RunId,
    mode: RunMode,
    started: Timestamp,
    outcome: String,
}

/// What one run said.
#[derive(serde::Serialize)]
struct Said {
    run: RunId,
    mode: RunMode,
    started: Timestamp,
    outcome: String,
    reason: Option<Failure>,
    changes: Vec<FieldChange>,
    #[serde(skip)]
    text: String,
}

/// Runs whose words are shown.
const SHOWN: usize = 5;
/// Runs among which the last one is looked for that left row and record in step: a
/// row that is a conflict for long is read again by every import.
const SEARCHED: u32 = 100;
/// Writes of others that are shown.
const OTHERS: usize = 5;
/// Entries of the journal among which those are looked for.
const ENTRIES: u32 = 50;

impl Why {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let (_host, connection) = context.connection(&self.name).await?;
        let entity = connection
            .description
            .entity(&self.entity)
            .map_err(Ended::Failed)?;
        let known = look_up(&connection, entity, &self.id).await?;
        if known.links.is_empty() && known.reports.is_empty() {
            return Err(Ended::Failed(format!(
                "Nothing is known of {} {}: no record is linked to it and no run has read it. Check the id; `halo-host preview {} {} --select {}` shows what would become of it, and `import` instead of `preview` brings it in.",
                entity.name, self.id, connection.name, entity.name, self.id
            )));
        }
        context.out.result(&known, || show(&known));
        Ok(())
    }
}

async fn look_up(connection: &Connection, entity: &Entity, key: &str) -> Result<Known, Ended> {
    let store = connection.store();
    let links = links(connection, entity, key).await?;
    let history = store
        .report_history(&connection.name, &entity.name, key, SEARCHED)
        .await?;
    let mut was = None;
    let mut kind = entity.kind.clone();
    let record = match main_link(&links, entity, &history) {
        Some(link) => {
            kind.clone_from(&link.kind);
            Some((link.kind.clone(), link.id))
        }
        None => {
            was = last_record(connection, &history).await?;
            was.as_ref().map(|was| (was.kind.clone(), was.id))
        }
    };
    let mut last_written = None;
    let mut written_by_others = Vec::new();
    if let Some(record) = record {
        let ours = JournalFilter {
            connection: Some(connection.name.clone()),
            record: Some(record.clone()),
            limit: 1,
            ..JournalFilter::default()
        };
        last_written = store.journal(&ours).await?.pop();
        let all = JournalFilter {
            record: Some(record),
            limit: ENTRIES,
            ..JournalFilter::default()
        };
        let since = last_written.as_ref().map_or(0, |entry| entry.sequence);
        written_by_others = store.journal(&all).await?;
        written_by_others
            .retain(|entry| entry.sequence > since && entry.connection != connection.name);
        written_by_others.truncate(OTHERS);
    }
    let mut titles = history.iter().map(|(_, row)| &row.row.title);
    Ok(Known {
        connector: connection.name.clone(),
        entity: entity.name.clone(),
        key: key.to_owned(),
        title: titles
            .find(|title| !title.is_empty())
            .cloned()
            .unwrap_or_default(),
        address: history.iter().find_map(|(_, row)| row.row.address.clone()),
        kind,
        links,
        was,
        last_sync: history.iter().find_map(in_step),
        reports: history.into_iter().take(SHOWN).map(said).collect(),
        last_written,
        written_by_others,
    })
}

/// The record that the row is: what the last import named, where the key still leads
/// there (a row may become a record of another of the entity's kinds); else the one of
/// the entity's own kind.
fn main_link<'a>(
    links: &'a [Link],
    entity: &Entity,
    history: &[(Run, ReportedRow)],
) -> Option<&'a Link> {
    let named = history
        .iter()
        .find(|(run, row)| has_read(run) && row.row.record.is_some())
        .map(|(_, row)| (row.row.kind.as_str(), row.row.record));
    let is_named = |link: &&Link| named == Some((link.kind.as_str(), Some(link.id)));
    let mut links = links.iter();
    let own = links.clone().find(|link| link.kind == entity.kind);
    links.find(is_named).or(own)
}

/// The records of the entity's kinds that the key leads to, its own kind first.
async fn links(connection: &Connection, entity: &Entity, key: &str) -> Result<Vec<Link>, Ended> {
    let others = entity.kinds.iter().filter(|kind| **kind != entity.kind);
    let keys = [key.to_owned()];
    let mut links = Vec::new();
    for kind in [&entity.kind].into_iter().chain(others) {
        let scope = scope(connection);
        let found = connection.store().resolve(&scope, kind, &keys).await?;
        links.extend(found.into_iter().flatten().map(link));
    }
    Ok(links)
}

fn link(record: Stored) -> Link {
    Link {
        name: record
            .fields
            .get(schema::title_of(&record.kind))
            .map_or_else(String::new, |name| name.display()),
        kind: record.kind,
        id: record.id,
        keys: record.keys,
    }
}

/// The record that the newest report with one names.
async fn last_record(
    connection: &Connection,
    history: &[(Run, ReportedRow)],
) -> Result<Option<Was>, Ended> {
    // What a preview would make has a number that is not real.
    let mut imports = history.iter().filter(|(run, _)| has_read(run));
    let Some((kind, id)) =
        imports.find_map(|(_, row)| Some((row.row.kind.clone(), row.row.record?)))
    else {
        return Ok(None);
    };
    let scope = scope(connection);
    let found = connection.store().read(&scope, &kind, &[id]).await?;
    let exists = found.into_iter().any(|record| record.is_some());
    Ok(Some(Was { kind, id, exists }))
}

fn scope(connection: &Connection) -> Scope {
    Scope {
        connection: connection.name.clone(),
        layer: 0,
        run: None,
        cause: String::new(),
        lane: None,
    }
}

/// Whether a run brings what the remote has into real records.
fn has_read(run: &Run) -> bool {
    matches!(run.mode, RunMode::Import | RunMode::Events)
}

fn in_step((run, row): &(Run, ReportedRow)) -> Option<Sync> {
    let outcome = outcome_of(row);
    let in_step = match run.mode {
        RunMode::Import | RunMode::Events => {
            matches!(outcome, "created" | "updated" | "removed" | "unchanged")
        }
        RunMode::Push => matches!(outcome, "created" | "updated" | "linked"),
        RunMode::Preview => false,
    };
    in_step.then(|| Sync {
        run: run.id,
        mode: run.mode,
        started: run.started,
        outcome: outcome.to_owned(),
    })
}

fn said((run, row): (Run, ReportedRow)) -> Said {
    let outcome = outcome_of(&row).to_owned();
    let would = run.mode == RunMode::Preview
        && matches!(outcome.as_str(), "created" | "updated" | "removed");
    let mut text = format!(
        "run {}, {}, {}: {}{outcome}",
        run.id,
        mode(run.mode),
        show_time(run.started),
        if would { "to be " } else { "" }
    );
    for line in rows::changes_of(&row) {
        text.push_str(&format!("\n      {line}"));
    }
    if row.row.reason.is_some() {
        text.push_str(&format!("\n      {}", rows::reason(&row)));
    }
    Said {
        run: run.id,
        mode: run.mode,
        started: run.started,
        outcome,
        reason: row.row.reason,
        changes: row.changes,
        text,
    }
}

fn show(known: &Known) -> String {
    let mut lines = vec![format!(
        "{} {} {}",
        known.connector, known.entity, known.key
    )];
    if !known.title.is_empty() {
        lines[0].push_str(&format!(": {}", known.title));
    }
    lines.extend(known.address.as_ref().map(|address| format!("  {address}")));
    if known.links.iter().all(|link| link.kind != known.kind) {
        lines.push(no_link(known));
    }
    lines.extend(known.links.iter().map(|link| link_line(link, &known.key)));
    lines.push(match &known.last_sync {
        Some(sync) => format!(
            "Last in step: run {}, {}, {}: {}",
            sync.run,
            mode(sync.mode),
            show_time(sync.started),
            sync.outcome
        ),
        None => "Last in step: never, in the imports that are looked at".to_owned(),
    });
    match known.reports.as_slice() {
        [] => lines.push("No run has read it.".to_owned()),
        reports => {
            lines.push("\nWhat the last runs said of it, newest first:".to_owned());
            lines.extend(reports.iter().map(|said| format!("  {}", said.text)));
        }
    }
    if let Some(entry) = &known.last_written {
        lines.push("\nWhat was last written:".to_owned());
        lines.push(indented(entry));
    }
    if !known.written_by_others.is_empty() {
        let since = match &known.last_written {
            Some(_) => " since then",
            None => "",
        };
        lines.push(format!("\nWhat others wrote{since}, newest first:"));
        lines.extend(known.written_by_others.iter().map(indented));
    }
    lines.join("\n")
}

fn link_line(link: &Link, key: &str) -> String {
    let mut line = format!("Linked to {} {}", link.kind, link.id);
    if !link.name.is_empty() {
        line.push_str(&format!(" {:?}", link.name));
    }
    line.push_str(&format!(", by the key {key}"));
    let others: Vec<&str> = link
        .keys
        .iter()
        .map(String::as_str)
        .filter(|other| *other != key)
        .collect();
    if !others.is_empty() {
        line.push_str(&format!("; so are {}", others.join(", ")));
    }
    line
}

fn no_link(known: &Known) -> String {
    match &known.was {
        None => format!("Linked to no {}", known.kind),
        Some(was) if was.exists => format!(
            "Linked to no {} any more; it was {} {}",
            known.kind, was.kind, was.id
        ),
        Some(was) => format!(
            "Linked to no {} any more; it was {} {}, which is gone",
            known.kind, was.kind, was.id
        ),
    }
}

fn indented(entry: &JournalEntry) -> String {
    format!("  {}", journal::show(entry).replace('\n', "\n  "))
}
