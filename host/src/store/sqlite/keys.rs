//! Binding external keys. The primary key of their table is what makes a repeated
//! row find its record instead of making a second one.

use rusqlite::{Connection, OptionalExtension, params};

use super::column::int;
use super::error::Answer;
use crate::model::{RecordId, RunId};
use crate::store::Scope;

/// Makes a key of the scope's connection lead to a record, wherever it led before.
pub(super) fn bind(
    db: &Connection,
    scope: &Scope,
    kind: &str,
    key: &str,
    record: RecordId,
) -> Answer<()> {
    db.prepare_cached(
        "INSERT INTO record_key (layer, connection, kind, key, record) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (layer, connection, kind, key) DO UPDATE SET record = excluded.record",
    )?
    .execute(params![
        int(scope.layer),
        scope.connection,
        kind,
        key,
        int(record)
    ])?;
    Ok(())
}

/// The first of the keys that a layer itself binds to a record.
pub(super) fn first_of(
    db: &Connection,
    layer: RunId,
    kind: &str,
    record: RecordId,
) -> Answer<Option<String>> {
    let mut statement = db.prepare_cached(
        "SELECT key FROM record_key WHERE layer = ?1 AND kind = ?2 AND record = ?3
         ORDER BY key LIMIT 1",
    )?;
    let key = statement.query_row(params![int(layer), kind, int(record)], |row| row.get(0));
    Ok(key.optional()?)
}

/// Forgets the keys of a removed record, of every connection.
pub(super) fn remove_all(db: &Connection, layer: RunId, kind: &str, id: RecordId) -> Answer<()> {
    let (layer, id) = (int(layer), int(id));
    if layer == 0 {
        db.prepare_cached("DELETE FROM record_key WHERE layer = 0 AND kind = ?1 AND record = ?2")?
            .execute(params![kind, id])?;
        return Ok(());
    }
    db.prepare_cached(
        "UPDATE record_key SET record = NULL WHERE layer = ?1 AND kind = ?2 AND record = ?3",
    )?
    .execute(params![layer, kind, id])?;
    // A key that the preview has moved elsewhere keeps its row.
    db.prepare_cached(
        "INSERT INTO record_key (layer, connection, kind, key, record)
         SELECT ?1, connection, kind, key, NULL FROM record_key
         WHERE layer = 0 AND kind = ?2 AND record = ?3
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![layer, kind, id])?;
    Ok(())
}
