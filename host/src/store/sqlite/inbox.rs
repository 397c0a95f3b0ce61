//! The inbox: the remote's events, each once, until they are applied and a while longer.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, params};

use super::arrivals::{self, Kept};
use super::column::{int, maybe_parse, number};
use super::error::Answer;
use super::lanes;
use crate::model::Timestamp;
use crate::pushes::OUT_OF_TIME_MS;
use crate::store::{Applied, InboxCounts, InboxRow, InboxState, Scope};

const COLUMNS: &str =
    "sequence, account, object, dedupe, payload, received, state, attempts, next, failure";

const WORDS: [(InboxState, &str); 5] = [
    (InboxState::Waiting, "waiting"),
    (InboxState::Retry, "retry"),
    (InboxState::Rejected, "rejected"),
    (InboxState::Applied, "applied"),
    (InboxState::Ignored, "ignored"),
];

impl ToSql for InboxState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let word = WORDS.iter().find(|(state, _)| state == self);
        Ok(word.map_or("", |(_, word)| *word).into())
    }
}

impl FromSql for InboxState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        let known = WORDS.iter().find(|(_, word)| *word == text);
        known
            .map(|(state, _)| *state)
            .ok_or(FromSqlError::InvalidType)
    }
}

/// Takes events in; one that is known already is passed over. Answers how many are new.
pub(super) fn add(
    db: &Connection,
    connection: &str,
    events: &[Kept],
    received: Timestamp,
) -> Answer<u64> {
    let mut insert = db.prepare_cached(
        "INSERT INTO inbox (connection, account, object, dedupe, payload, received)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (connection, dedupe) DO NOTHING",
    )?;
    let mut new = 0;
    for event in events {
        new += insert.execute(params![
            connection,
            event.account,
            event.object,
            event.dedupe,
            event.payload,
            int(received),
        ])?;
    }
    Ok(new as u64)
}

/// Whether something is due now, or was not sorted yet and may be.
pub(super) fn has_due(db: &Connection, connection: &str, now: Timestamp) -> Answer<bool> {
    Ok(arrivals::are_there(db, Some(connection))? || !due(db, connection, now, 1)?.is_empty())
}

/// What is due now, oldest first. Of what waits, which may be much, only the first is
/// looked at.
pub(super) fn due(
    db: &Connection,
    connection: &str,
    now: Timestamp,
    limit: u32,
) -> Answer<Vec<InboxRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM inbox WHERE sequence IN (
             SELECT * FROM (
                 SELECT sequence FROM inbox WHERE connection = ?1 AND state = 'waiting'
                 ORDER BY sequence LIMIT ?3)
             UNION ALL SELECT * FROM (
                 SELECT sequence FROM inbox WHERE connection = ?1 AND state = 'retry'
                    AND (next <= ?2 OR next > ?4)
                 ORDER BY sequence LIMIT ?3))
         ORDER BY sequence LIMIT ?3"
    ))?;
    let mut rows = statement.query(params![
        connection,
        int(now),
        limit,
        int(now.saturating_add(OUT_OF_TIME_MS))
    ])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(connection, row)?);
    }
    Ok(found)
}

/// The newest of all, or of those of some states: those of each index, put together.
pub(super) const NEWEST: &str = "SELECT sequence FROM (
         SELECT * FROM (
             SELECT sequence FROM inbox WHERE connection = ?1 AND state = 'waiting'
                AND (?2 = '[]' OR state IN (SELECT value FROM json_each(?2)))
             ORDER BY sequence DESC LIMIT ?3)
         UNION ALL SELECT * FROM (
             SELECT sequence FROM inbox WHERE connection = ?1 AND state = 'retry'
                AND (?2 = '[]' OR state IN (SELECT value FROM json_each(?2)))
             ORDER BY sequence DESC LIMIT ?3)
         UNION ALL SELECT * FROM (
             SELECT sequence FROM inbox
             WHERE connection = ?1 AND state NOT IN ('waiting', 'retry')
                AND (?2 = '[]' OR state IN (SELECT value FROM json_each(?2)))
             ORDER BY sequence DESC LIMIT ?3))
     ORDER BY sequence DESC LIMIT ?3";

/// The newest events, newest first: all, or those of these states.
pub(super) fn newest(
    db: &Connection,
    connection: &str,
    states: &[InboxState],
    limit: u32,
) -> Answer<Vec<InboxRow>> {
    let states = serde_json::to_string(states)?;
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM inbox WHERE sequence IN ({NEWEST}) ORDER BY sequence DESC"
    ))?;
    let mut rows = statement.query(params![connection, states, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(connection, row)?);
    }
    Ok(found)
}

fn read(connection: &str, row: &Row<'_>) -> Answer<InboxRow> {
    Ok(InboxRow {
        sequence: number(row, 0)?,
        connection: connection.to_owned(),
        account: row.get(1)?,
        object: row.get(2)?,
        dedupe: row.get(3)?,
        payload: row.get(4)?,
        received: number(row, 5)?,
        state: row.get(6)?,
        attempts: row.get(7)?,
        next: number(row, 8)?,
        failure: maybe_parse(row, 9)?,
    })
}

/// Records what attempts came to.
pub(super) fn settle(db: &Connection, scope: &Scope, settled: &[(u64, Applied)]) -> Answer<()> {
    lanes::check(db, scope)?;
    let mut update = db.prepare_cached(
        "UPDATE inbox SET state = ?3, failure = ?4, next = ?5, attempts = attempts + 1,
            payload = CASE WHEN ?3 IN ('applied', 'ignored') THEN x'' ELSE payload END
         WHERE connection = ?1 AND sequence = ?2",
    )?;
    for (sequence, applied) in settled {
        let (state, failure, next) = match applied {
            Applied::Done => (InboxState::Applied, None, 0),
            Applied::Ignored(failure) => (InboxState::Ignored, Some(failure), 0),
            Applied::Retry { failure, next } => (InboxState::Retry, Some(failure), *next),
            Applied::Rejected(failure) => (InboxState::Rejected, Some(failure), 0),
        };
        update.execute(params![
            scope.connection,
            int(*sequence),
            state,
            failure.map(serde_json::to_string).transpose()?,
            int(next),
        ])?;
    }
    Ok(())
}

/// How many stand how.
pub(super) fn counts(db: &Connection, connection: &str) -> Answer<InboxCounts> {
    let mut counts = InboxCounts::default();
    let mut statement = db.prepare_cached(
        "SELECT state, count(*), max(received), min(received) FROM inbox
         WHERE connection = ?1 GROUP BY state",
    )?;
    let mut rows = statement.query([connection])?;
    while let Some(row) = rows.next()? {
        let (state, count) = (row.get(0)?, number(row, 1)?);
        let (last, oldest) = (number(row, 2)?, number(row, 3)?);
        counts.last = counts.last.max(Some(last));
        match state {
            InboxState::Waiting => counts.waiting = count,
            InboxState::Retry => counts.retry = count,
            InboxState::Rejected => counts.rejected = count,
            InboxState::Applied => counts.applied = count,
            InboxState::Ignored => counts.ignored = count,
        }
        if !matches!(state, InboxState::Applied | InboxState::Ignored) {
            counts.oldest = Some(counts.oldest.map_or(oldest, |known| known.min(oldest)));
        }
    }
    Ok(counts)
}

/// Makes one event, or all that were tried, due at once; answers how many.
pub(super) fn retry(db: &Connection, connection: &str, sequence: Option<u64>) -> Answer<u64> {
    let made_due = db
        .prepare_cached(
            "UPDATE inbox SET state = 'waiting', next = 0, attempts = 0, failure = NULL
             WHERE connection = ?1 AND state IN ('retry', 'rejected')
               AND (sequence = ?2 OR ?2 IS NULL)",
        )?
        .execute(params![connection, sequence.map(int)])?;
    Ok(made_due as u64)
}

/// Forgets an event that is not done; `false` when there is none of that number.
pub(super) fn drop(db: &Connection, connection: &str, sequence: u64) -> Answer<bool> {
    let gone = db
        .prepare_cached(
            "DELETE FROM inbox WHERE connection = ?1 AND sequence = ?2
               AND state NOT IN ('applied', 'ignored')",
        )?
        .execute(params![connection, int(sequence)])?;
    Ok(gone > 0)
}
