//! The journal: one line for each record that was written, field by field. What a
//! preview would write has its lines in the preview's layer.

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

/// Lines that pass a filter, newest first.
pub(super) fn journal(db: &Connection, filter: &JournalFilter) -> Answer<Vec<JournalEntry>> {
    let layer = int(filter.layer);
    let run = filter.run.map(int);
    let before = filter.before.map(int);
    let record = filter.record.as_ref().map(|(_, id)| int(*id));
    // One text for each set of conditions that are used, so that SQLite sees which
    // index serves it.
    let mut conditions = String::from("layer = ?");
    let mut values: Vec<&dyn ToSql> = vec![&layer];
    if let Some(connection) = &filter.connection {
        conditions.push_str(" AND connection = ?");
        values.push(connection);
    }
    if let Some(run) = &run {
        conditions.push_str(" AND run = ?");
        values.push(run);
    }
    if let (Some((kind, _)), Some(id)) = (&filter.record, &record) {
        conditions.push_str(" AND kind = ? AND record = ?");
        values.push(kind);
        values.push(id);
    }
    if let Some(before) = &before {
        conditions.push_str(" AND sequence < ?");
        values.push(before);
    }
    values.push(&filter.limit);
    let mut statement = db.prepare_cached(&format!(
        "SELECT sequence, at, connection, run, cause, kind, record, key, effect, changes, remote
         FROM journal WHERE {conditions} ORDER BY sequence DESC LIMIT ?"
    ))?;
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
