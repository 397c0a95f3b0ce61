//! Runs as they are recorded, and forgetting the layer of a preview.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{int, maybe_number, maybe_parse, maybe_text, number};
use super::error::Answer;
use super::{reports, sums};
use crate::model::{Failure, RunId, Timestamp};
use crate::store::{NewRun, Run, RunMode, StoreError};

const COLUMNS: &str = "id, connection, entity, mode, arguments, started, ended, state, failure";

const PREVIEW: &str = "preview";
const PUSH: &str = "push";
const EVENTS: &str = "events";

/// Records the start of a run.
pub(super) fn begin(db: &Connection, run: &NewRun) -> Answer<RunId> {
    let mode = match run.mode {
        RunMode::Import => "import",
        RunMode::Preview => PREVIEW,
        RunMode::Push => PUSH,
        RunMode::Events => EVENTS,
    };
    let mut statement = db.prepare_cached(
        "INSERT INTO run (connection, entity, mode, arguments, started, state)
         VALUES (?1, ?2, ?3, ?4, ?5, 'running') RETURNING id",
    )?;
    let values = params![run.connection, run.entity, mode, run.arguments, int(run.at)];
    Ok(statement.query_row(values, |row| number(row, 0))?)
}

/// Records how a run stands; with its end, its sums.
pub(super) fn end(
    db: &Connection,
    run: RunId,
    state: &str,
    failure: Option<&Failure>,
    at: Timestamp,
) -> Answer<()> {
    let ended = (state != "running").then_some(int(at));
    let counts = ended.map(|_| sums::count(db, run)).transpose()?;
    let changed = db
        .prepare_cached(
            "UPDATE run SET state = ?2, failure = ?3, ended = ?4, counts = ?5 WHERE id = ?1",
        )?
        .execute(params![
            int(run),
            state,
            maybe_text(failure)?,
            ended,
            maybe_text(counts.as_ref())?
        ])?;
    match changed {
        0 => Err(unknown(run).into()),
        _ => Ok(()),
    }
}

/// The error for a number that no run has.
pub(super) fn unknown(run: RunId) -> StoreError {
    StoreError::Invalid(format!("There is no run {run}."))
}

/// One run.
pub(super) fn one(db: &Connection, run: RunId) -> Answer<Option<Run>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM run WHERE id = ?1"))?;
    let mut rows = statement.query([int(run)])?;
    rows.next()?.map(read).transpose()
}

/// Runs of a connection, newest first.
pub(super) fn of(db: &Connection, connection: &str, limit: u32) -> Answer<Vec<Run>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM run WHERE connection = ?1 ORDER BY id DESC LIMIT ?2"
    ))?;
    let mut rows = statement.query(params![connection, limit])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        runs.push(read(row)?);
    }
    Ok(runs)
}

/// The next entity and mode of a connection that has runs.
pub(super) const NEXT_KIND: &str = "SELECT entity, mode FROM run
     WHERE connection = ?1 AND (entity, mode) > (?2, ?3) ORDER BY entity, mode LIMIT 1";

/// The last run of an entity and mode.
pub(super) const LAST: &str = "SELECT id FROM run
     WHERE connection = ?1 AND entity = ?2 AND mode = ?3 ORDER BY id DESC LIMIT 1";

/// The last one with a failure.
pub(super) const LAST_FAILED: &str = "SELECT id FROM run
     WHERE connection = ?1 AND entity = ?2 AND mode = ?3 AND failure IS NOT NULL
     ORDER BY id DESC LIMIT 1";

/// Of each entity and mode of a connection the last run, and the last one with a failure;
/// newest first. From kind to kind, as there may be a run every few seconds.
pub(super) fn latest(db: &Connection, connection: &str) -> Answer<Vec<Run>> {
    let mut next = db.prepare_cached(NEXT_KIND)?;
    let mut kind = (String::new(), String::new());
    let mut ids = BTreeSet::new();
    loop {
        let after = params![connection, kind.0, kind.1];
        let found = next.query_row(after, |row| Ok((row.get(0)?, row.get(1)?)));
        let Some(found) = found.optional()? else {
            break;
        };
        kind = found;
        for query in [LAST, LAST_FAILED] {
            let of = params![connection, kind.0, kind.1];
            let last = db
                .prepare_cached(query)?
                .query_row(of, |row| number(row, 0));
            ids.extend(last.optional()?);
        }
    }
    let mut runs = Vec::new();
    for id in ids.into_iter().rev() {
        runs.extend(one(db, id)?);
    }
    Ok(runs)
}

fn read(row: &Row<'_>) -> Answer<Run> {
    let mode: String = row.get(3)?;
    Ok(Run {
        id: number(row, 0)?,
        connection: row.get(1)?,
        entity: row.get(2)?,
        mode: match mode.as_str() {
            PREVIEW => RunMode::Preview,
            PUSH => RunMode::Push,
            EVENTS => RunMode::Events,
            _ => RunMode::Import,
        },
        arguments: row.get(4)?,
        started: number(row, 5)?,
        ended: maybe_number(row, 6)?,
        state: row.get(7)?,
        failure: maybe_parse(row, 8)?,
    })
}

/// The tables whose rows a layer owns.
const LAYERED: [&str; 6] = [
    "record",
    "last_id",
    "record_key",
    "index_value",
    "state_entry",
    "journal",
];

/// Forgets the layer of a preview. Its report keeps what the journal said.
pub(super) fn drop_layer(db: &Connection, run: RunId) -> Answer<()> {
    let is_preview: Option<bool> = db
        .query_row(
            "SELECT mode = ?2 FROM run WHERE id = ?1",
            params![int(run), PREVIEW],
            |row| row.get(0),
        )
        .optional()?;
    match is_preview {
        // An import has no layer of its own, and above all not layer 0.
        Some(false) => return Ok(()),
        None => return Err(unknown(run).into()),
        Some(true) => {}
    }
    reports::keep_effects(db, run)?;
    for table in LAYERED {
        db.execute(&format!("DELETE FROM {table} WHERE layer = ?1"), [int(run)])?;
    }
    Ok(())
}
