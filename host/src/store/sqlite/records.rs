//! Reading records and their external keys through a layer: what a preview has
//! written hides what is real, and a `NULL` hides it entirely.

use rusqlite::{Connection, OptionalExtension, params};

use super::column::{int, maybe_parse, number};
use super::error::Answer;
use super::room::Room;
use crate::model::{Fields, RecordId, RunId, Stored};
use crate::store::Scope;

/// Records by id, in the order asked.
pub(super) fn read(
    db: &Connection,
    scope: &Scope,
    kind: &str,
    ids: &[RecordId],
) -> Answer<Vec<Option<Stored>>> {
    let mut room = Room::new();
    ids.iter()
        .map(|id| {
            let found = stored(db, scope, kind, *id)?;
            room.record(found.as_ref())?;
            Ok(found)
        })
        .collect()
}

/// Records by external key, in the order asked.
pub(super) fn resolve(
    db: &Connection,
    scope: &Scope,
    kind: &str,
    keys: &[String],
) -> Answer<Vec<Option<Stored>>> {
    let mut room = Room::new();
    keys.iter()
        .map(|key| {
            let found = match by_key(db, scope, kind, key)? {
                Some(id) => stored(db, scope, kind, id)?,
                None => None,
            };
            room.record(found.as_ref())?;
            Ok(found)
        })
        .collect()
}

/// A record with the keys of the scope's connection.
pub(super) fn stored(
    db: &Connection,
    scope: &Scope,
    kind: &str,
    id: RecordId,
) -> Answer<Option<Stored>> {
    let Some((revision, fields)) = load(db, scope.layer, kind, id)? else {
        return Ok(None);
    };
    Ok(Some(Stored {
        kind: kind.to_owned(),
        id,
        revision,
        fields,
        keys: keys_of(db, scope, kind, id)?,
    }))
}

/// Revision and fields of a record.
pub(super) fn load(
    db: &Connection,
    layer: RunId,
    kind: &str,
    id: RecordId,
) -> Answer<Option<(u64, Fields)>> {
    let mut statement = db.prepare_cached(
        "SELECT revision, fields FROM record
         WHERE layer IN (?1, 0) AND kind = ?2 AND id = ?3 ORDER BY layer DESC LIMIT 1",
    )?;
    let mut rows = statement.query(params![int(layer), kind, int(id)])?;
    match rows.next()? {
        Some(row) => {
            let revision = number(row, 0)?;
            Ok(maybe_parse(row, 1)?.map(|fields| (revision, fields)))
        }
        None => Ok(None),
    }
}

/// Whether a record is there, without reading its fields.
pub(super) fn exists(db: &Connection, layer: RunId, kind: &str, id: RecordId) -> Answer<bool> {
    let mut statement = db.prepare_cached(
        "SELECT fields IS NOT NULL FROM record
         WHERE layer IN (?1, 0) AND kind = ?2 AND id = ?3 ORDER BY layer DESC LIMIT 1",
    )?;
    let found = statement
        .query_row(params![int(layer), kind, int(id)], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(false))
}

/// The record that a key of the scope's connection leads to.
pub(super) fn by_key(
    db: &Connection,
    scope: &Scope,
    kind: &str,
    key: &str,
) -> Answer<Option<RecordId>> {
    let mut statement = db.prepare_cached(
        "SELECT record FROM record_key
         WHERE layer IN (?1, 0) AND connection = ?2 AND kind = ?3 AND key = ?4
         ORDER BY layer DESC LIMIT 1",
    )?;
    let found = statement
        .query_row(
            params![int(scope.layer), scope.connection, kind, key],
            |row| super::column::maybe_number(row, 0),
        )
        .optional()?;
    Ok(found.flatten())
}

fn keys_of(db: &Connection, scope: &Scope, kind: &str, id: RecordId) -> Answer<Vec<String>> {
    let mut statement = db.prepare_cached(
        "SELECT key FROM record_key
         WHERE layer = ?1 AND kind = ?2 AND record = ?3 AND connection = ?4
         UNION ALL
         SELECT key FROM record_key AS below
         WHERE ?1 > 0 AND layer = 0 AND kind = ?2 AND record = ?3 AND connection = ?4
           AND NOT EXISTS (SELECT 1 FROM record_key WHERE layer = ?1 AND connection = ?4
                           AND kind = ?2 AND key = below.key)
         ORDER BY key",
    )?;
    let keys = statement.query_map(
        params![int(scope.layer), kind, int(id), scope.connection],
        |row| row.get(0),
    )?;
    Ok(keys.collect::<Result<_, _>>()?)
}
