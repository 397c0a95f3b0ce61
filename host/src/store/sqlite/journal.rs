//! The journal: one line for each record that was written, field by field. What a
//! preview would write has its lines in the preview's layer.

use std::cmp::Reverse;

use rusqlite::{Connection, ToSql, params};

use super::column::{int, maybe_number, maybe_parse, number, parse};
use super::effect::EffectColumn;
use super::error::Answer;
use crate::model::{Effect, FieldChange, RecordId, Row, Timestamp, Written};
use crate::store::{JournalEntry, JournalFilter, RemoteWrite, Scope};

/// Adds the line of a row that had an effect.
pub(super) fn write(
    db: &Connection,
    scope: &Scope,
    row: &Row,
    written: &Written,
    changes: &[FieldChange],
    now: Timestamp,
) -> Answer<()> {
    db.prepare_cached(
        "INSERT INTO journal
         (layer, at, connection, run, cause, kind, record, key, effect, changes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        int(scope.layer),
        int(now),
        scope.connection,
        scope.run.map(int),
        scope.cause,
        row.kind,
        int(written.id),
        row.key,
        EffectColumn(written.effect),
        serde_json::to_string(changes)?,
    ])?;
    Ok(())
}

/// Adds the line of what was written at the remote for a record.
pub(super) fn write_remote(
    db: &Connection,
    scope: &Scope,
    (kind, record): (&str, RecordId),
    (remote, changes): (&RemoteWrite, &[FieldChange]),
    now: Timestamp,
) -> Answer<()> {
    let nearest = match remote.effect.as_str() {
        "created" => Effect::Created,
        "archived" => Effect::Removed,
        "linked" => Effect::Unchanged,
        _ => Effect::Updated,
    };
    db.prepare_cached(
        "INSERT INTO journal
         (layer, at, connection, run, cause, kind, record, key, effect, changes, remote)
         VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        int(now),
        scope.connection,
        scope.run.map(int),
        scope.cause,
        kind,
        int(record),
        remote.key,
        EffectColumn(nearest),
        serde_json::to_string(changes)?,
        serde_json::to_string(remote)?,
    ])?;
    Ok(())
}

/// The next one who has written in a layer, by name; people have the empty one.
pub(super) const NEXT_WRITER: &str =
    "SELECT min(connection) FROM journal WHERE layer = ?1 AND connection >= ?2";

/// Lines that pass a filter, newest first.
pub(super) fn journal(db: &Connection, filter: &JournalFilter) -> Answer<Vec<JournalEntry>> {
    if filter.connection.is_some() || filter.run.is_some() || filter.record.is_some() {
        return lines(db, filter);
    }
    // The newest ones of each who has written, as no index has all of them by time. There
    // are as many as connections.
    let mut next = db.prepare_cached(NEXT_WRITER)?;
    let mut from = String::new();
    let mut found = Vec::new();
    while let Some(writer) = next.query_row(params![int(filter.layer), from], |row| {
        row.get::<_, Option<String>>(0)
    })? {
        // The least text that is greater.
        from = format!("{writer}\0");
        found.extend(lines(
            db,
            &JournalFilter {
                connection: Some(writer),
                ..filter.clone()
            },
        )?);
    }
    found.sort_by_key(|line| Reverse(line.sequence));
    found.truncate(filter.limit as usize);
    Ok(found)
}

/// The query for a filter, with a place for each value that it has.
///
/// Each names its index, as SQLite cannot know that a record or a run has few lines and a
/// connection many.
pub(super) fn query(filter: &JournalFilter) -> String {
    let (index, whose) = match filter {
        JournalFilter {
            record: Some(_), ..
        } => ("journal_by_record", " AND kind = ? AND record = ?"),
        JournalFilter { run: Some(_), .. } => ("journal_by_run", ""),
        _ => ("journal_by_writer", ""),
    };
    let connection = filter
        .connection
        .as_ref()
        .map_or("", |_| " AND connection = ?");
    let run = filter.run.map_or("", |_| " AND run = ?");
    let before = filter.before.map_or("", |_| " AND sequence < ?");
    format!(
        "SELECT sequence, at, connection, run, cause, kind, record, key, effect, changes, remote
         FROM journal INDEXED BY {index} WHERE layer = ?{connection}{run}{whose}{before}
         ORDER BY sequence DESC LIMIT ?"
    )
}

fn lines(db: &Connection, filter: &JournalFilter) -> Answer<Vec<JournalEntry>> {
    let layer = int(filter.layer);
    let run = filter.run.map(int);
    let before = filter.before.map(int);
    let record = filter.record.as_ref().map(|(_, id)| int(*id));
    let mut values: Vec<&dyn ToSql> = vec![&layer];
    values.extend(filter.connection.iter().map(|value| value as &dyn ToSql));
    values.extend(run.iter().map(|value| value as &dyn ToSql));
    if let (Some((kind, _)), Some(id)) = (&filter.record, &record) {
        values.push(kind);
        values.push(id);
    }
    values.extend(before.iter().map(|value| value as &dyn ToSql));
    values.push(&filter.limit);
    let mut statement = db.prepare_cached(&query(filter))?;
    let mut rows = statement.query(values.as_slice())?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(JournalEntry {
            sequence: number(row, 0)?,
            at: number(row, 1)?,
            connection: row.get(2)?,
            run: maybe_number(row, 3)?,
            cause: row.get(4)?,
            kind: row.get(5)?,
            record: number(row, 6)?,
            key: row.get(7)?,
            effect: row.get::<_, EffectColumn>(8)?.0,
            changes: parse(row, 9)?,
            remote: maybe_parse(row, 10)?,
        });
    }
    Ok(found)
}
