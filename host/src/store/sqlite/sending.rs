//! The outbox as it is worked off: what is due, and what became of it.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, params};

use super::column::{int, maybe_parse, number, parse};
use super::error::Answer;
use super::{journal, lanes, messages, reports};
use crate::brake::BRAKE;
use crate::model::{Failure, Timestamp};
use crate::pushes::OUT_OF_TIME_MS;
use crate::store::{Archives, OutboxRow, OutboxState, Scope, Settled, Verdict};

const COLUMNS: &str = "sequence, kind, record, what, fields, at, state, attempts, next, failure";

const WORDS: [(OutboxState, &str); 3] = [
    (OutboxState::Waiting, "waiting"),
    (OutboxState::Retry, "retry"),
    (OutboxState::Rejected, "rejected"),
];

impl ToSql for OutboxState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let word = WORDS.iter().find(|(state, _)| state == self);
        Ok(word.map_or("", |(_, word)| *word).into())
    }
}

impl FromSql for OutboxState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        let known = WORDS.iter().find(|(_, word)| *word == text);
        known
            .map(|(state, _)| *state)
            .ok_or(FromSqlError::InvalidType)
    }
}

/// All that a connection has not been told, oldest first.
pub(super) fn all(db: &Connection, connection: &str, limit: u32) -> Answer<Vec<OutboxRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE connection = ?1 ORDER BY at, sequence LIMIT ?2"
    ))?;
    let mut rows = statement.query(params![connection, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(connection, row)?);
    }
    Ok(found)
}

/// What is due now, by the order of its kinds, then oldest first.
pub(super) fn due(
    db: &Connection,
    connection: &str,
    kinds: &[String],
    now: Timestamp,
    limit: u32,
) -> Answer<Vec<OutboxRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox
         WHERE connection = ?1 AND state <> 'rejected' AND (next <= ?3 OR next > ?5)
         ORDER BY (SELECT key FROM json_each(?2) WHERE value = kind) NULLS LAST, at, sequence
         LIMIT ?4"
    ))?;
    let mut rows = statement.query(params![
        connection,
        serde_json::to_string(kinds)?,
        int(now),
        limit,
        int(now.saturating_add(OUT_OF_TIME_MS)),
    ])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(connection, row)?);
    }
    Ok(found)
}

fn read(connection: &str, row: &Row<'_>) -> Answer<OutboxRow> {
    Ok(OutboxRow {
        sequence: number(row, 0)?,
        connection: connection.to_owned(),
        kind: row.get(1)?,
        record: number(row, 2)?,
        what: row.get(3)?,
        fields: parse(row, 4)?,
        at: number(row, 5)?,
        state: row.get(6)?,
        attempts: row.get(7)?,
        next: number(row, 8)?,
        failure: maybe_parse(row, 9)?,
    })
}

/// Records what an attempt came to. A row that a later change has joined has another
/// number by now, and stays as that change has left it.
pub(super) fn settle(
    db: &Connection,
    scope: &Scope,
    settled: &[Settled],
    now: Timestamp,
) -> Answer<()> {
    lanes::check(db, scope)?;
    let connection = scope.connection.as_str();
    for one in settled {
        let record = (one.kind.as_str(), one.record);
        match &one.verdict {
            Verdict::Sent(remote, changes) => {
                drop(db, connection, one.sequence)?;
                journal::write_remote(db, scope, record, (remote, changes), now)?;
            }
            Verdict::Nothing => {
                drop(db, connection, one.sequence)?;
            }
            Verdict::Retry { failure, next } => {
                let state = OutboxState::Retry;
                failed(db, connection, one.sequence, (state, failure, *next))?;
            }
            Verdict::Rejected(failure) => {
                let state = OutboxState::Rejected;
                failed(db, connection, one.sequence, (state, failure, 0))?;
            }
        }
        if let Some(message) = &one.message {
            messages::add(db, connection, record, message, now)?;
        }
    }
    if settled.iter().any(|one| one.message.is_some()) {
        messages::trim(db, connection)?;
    }
    if let Some(run) = scope.run {
        let rows: Vec<_> = settled.iter().map(|one| one.report.clone()).collect();
        reports::report(db, run, &rows)?;
    }
    Ok(())
}

fn failed(
    db: &Connection,
    connection: &str,
    sequence: u64,
    (state, failure, next): (OutboxState, &Failure, Timestamp),
) -> Answer<()> {
    db.prepare_cached(
        "UPDATE outbox SET state = ?3, failure = ?4, next = ?5, attempts = attempts + 1
         WHERE connection = ?1 AND sequence = ?2",
    )?
    .execute(params![
        connection,
        int(sequence),
        state,
        serde_json::to_string(failure)?,
        int(next),
    ])?;
    Ok(())
}

/// What pushes have archived of a kind since then, and what they have yet to.
pub(super) fn archives(
    db: &Connection,
    connection: &str,
    kind: &str,
    since: Timestamp,
) -> Answer<Archives> {
    let mut archived = db.prepare_cached(
        "SELECT count(DISTINCT record) FROM journal
         WHERE connection = ?1 AND kind = ?2 AND at >= ?3
           AND remote IS NOT NULL AND effect = 'removed'",
    )?;
    let mut untold = db.prepare_cached(
        "SELECT count(*) FROM outbox WHERE connection = ?1 AND kind = ?2 AND what = 'deleted'",
    )?;
    Ok(Archives {
        archived: archived
            .query_row(params![connection, kind, int(since)], |row| number(row, 0))?,
        untold: untold.query_row(params![connection, kind], |row| number(row, 0))?,
    })
}

/// Makes one row, or all that were tried, due at once; answers how many.
pub(super) fn retry(db: &Connection, connection: &str, sequence: Option<u64>) -> Answer<u64> {
    let made_due = db
        .prepare_cached(
            "UPDATE outbox SET state = 'waiting', next = 0, attempts = 0,
                failure = CASE WHEN failure ->> 'code' = ?3 THEN failure END
             WHERE connection = ?1 AND (sequence = ?2 OR (?2 IS NULL AND state <> 'waiting'))",
        )?
        .execute(params![connection, sequence.map(int), BRAKE])?;
    Ok(made_due as u64)
}

/// Forgets a row; `false` when there is none of that number.
pub(super) fn drop(db: &Connection, connection: &str, sequence: u64) -> Answer<bool> {
    let gone = db
        .prepare_cached("DELETE FROM outbox WHERE connection = ?1 AND sequence = ?2")?
        .execute(params![connection, int(sequence)])?;
    Ok(gone > 0)
}
