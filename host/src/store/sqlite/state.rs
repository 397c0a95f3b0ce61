//! A connector's own state, read through a layer and written all or nothing.

use rusqlite::{Connection, OptionalExtension, params};

use super::column::{int, number};
use super::error::Answer;
use super::lanes;
use super::room::Room;
use crate::store::{Expectation, Scope, StateEntry, StateWrite, StoreError};

/// Entries by key, in the order asked.
pub(super) fn get(
    db: &Connection,
    scope: &Scope,
    keys: &[String],
) -> Answer<Vec<Option<StateEntry>>> {
    let mut room = Room::new();
    keys.iter()
        .map(|key| {
            let present = present(db, scope, key)?;
            let value = present.as_ref().and_then(|(_, value)| value.as_ref());
            room.take(key.len() + value.map_or(0, Vec::len))?;
            Ok(present.and_then(|(revision, value)| {
                value.map(|value| StateEntry {
                    key: key.clone(),
                    revision,
                    value,
                })
            }))
        })
        .collect()
}

/// Revision and value of an entry; a preview's removal has no value.
fn present(db: &Connection, scope: &Scope, key: &str) -> Answer<Option<(u64, Option<Vec<u8>>)>> {
    let mut statement = db.prepare_cached(
        "SELECT revision, value FROM state_entry
         WHERE layer IN (?1, 0) AND connection = ?2 AND key = ?3 ORDER BY layer DESC LIMIT 1",
    )?;
    Ok(statement
        .query_row(params![int(scope.layer), scope.connection, key], |row| {
            Ok((number(row, 0)?, row.get(1)?))
        })
        .optional()?)
}

/// Entries with a prefix, after a key, in byte order.
pub(super) fn scan(
    db: &Connection,
    scope: &Scope,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Answer<Vec<StateEntry>> {
    // Both halves come in the order of their index and are merged row by row; the
    // loop ends them, as a text has no greatest successor to stop at in SQL.
    let mut statement = db.prepare_cached(
        "SELECT key, revision, value FROM state_entry
         WHERE layer = ?1 AND connection = ?2 AND key >= ?3 AND (?4 IS NULL OR key > ?4)
         UNION ALL
         SELECT key, revision, value FROM state_entry AS below
         WHERE ?1 > 0 AND layer = 0 AND connection = ?2 AND key >= ?3 AND (?4 IS NULL OR key > ?4)
           AND NOT EXISTS (SELECT 1 FROM state_entry WHERE layer = ?1 AND connection = ?2
                           AND key = below.key)
         ORDER BY key",
    )?;
    // The index can only start at one bound: the higher one.
    let start = after.map_or(prefix, |after| after.max(prefix));
    let mut rows = statement.query(params![int(scope.layer), scope.connection, start, after])?;
    let (mut found, mut room) = (Vec::new(), Room::new());
    while found.len() < limit as usize
        && let Some(row) = rows.next()?
    {
        let key: String = row.get(0)?;
        if !key.starts_with(prefix) {
            break;
        }
        let value: Option<Vec<u8>> = row.get(2)?;
        if let Some(value) = value {
            room.take(key.len() + value.len())?;
            found.push(StateEntry {
                key,
                revision: number(row, 1)?,
                value,
            });
        }
    }
    Ok(found)
}

/// All writes or none.
pub(super) fn commit(db: &Connection, scope: &Scope, writes: &[StateWrite]) -> Answer<()> {
    lanes::check(db, scope)?;
    for write in writes {
        let before = present(db, scope, &write.key)?;
        let live = before.as_ref().filter(|(_, value)| value.is_some());
        if !holds(write.expected, live.map(|(revision, _)| *revision)) {
            return Err(StoreError::Conflict {
                key: write.key.clone(),
            }
            .into());
        }
        let before = before.map(|(revision, _)| revision);
        match (&write.value, scope.layer) {
            (None, 0) => remove(db, scope, &write.key, before)?,
            (value, _) => {
                let revision = match before {
                    Some(revision) => revision,
                    None => floor(db, &scope.connection)?,
                };
                put(db, scope, &write.key, revision + 1, value.as_deref())?;
            }
        }
    }
    Ok(())
}

/// Whether an expectation holds of a thing that has this revision, if it is there.
pub(super) fn holds(expected: Expectation, present: Option<u64>) -> bool {
    match expected {
        Expectation::Anything => true,
        Expectation::Absent => present.is_none(),
        Expectation::At(revision) => present == Some(revision),
    }
}

fn put(
    db: &Connection,
    scope: &Scope,
    key: &str,
    revision: u64,
    value: Option<&[u8]>,
) -> Answer<()> {
    db.prepare_cached(
        "INSERT INTO state_entry (layer, connection, key, revision, value)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (layer, connection, key)
         DO UPDATE SET revision = excluded.revision, value = excluded.value",
    )?
    .execute(params![
        int(scope.layer),
        scope.connection,
        key,
        int(revision),
        value
    ])?;
    Ok(())
}

fn remove(db: &Connection, scope: &Scope, key: &str, revision: Option<u64>) -> Answer<()> {
    let Some(revision) = revision else {
        return Ok(());
    };
    db.prepare_cached("DELETE FROM state_entry WHERE layer = 0 AND connection = ?1 AND key = ?2")?
        .execute(params![scope.connection, key])?;
    db.prepare_cached(
        "INSERT INTO state_floor (connection, revision) VALUES (?1, ?2)
         ON CONFLICT (connection) DO UPDATE SET revision = max(revision, excluded.revision)",
    )?
    .execute(params![scope.connection, int(revision)])?;
    Ok(())
}

fn floor(db: &Connection, connection: &str) -> Answer<u64> {
    let mut statement =
        db.prepare_cached("SELECT revision FROM state_floor WHERE connection = ?1")?;
    let floor = statement
        .query_row([connection], |row| number(row, 0))
        .optional()?;
    Ok(floor.unwrap_or(0))
}
