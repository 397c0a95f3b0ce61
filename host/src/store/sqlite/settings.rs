//! Settings with their history: every version stays, the newest rules.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{int, number};
use super::error::Answer;
use crate::model::Timestamp;
use crate::store::{SettingsVersion, StoreError};

/// The newest version.
pub(super) fn current(db: &Connection, connection: &str) -> Answer<Option<SettingsVersion>> {
    let mut statement = db.prepare_cached(
        "SELECT revision, json, author, at FROM settings_version
         WHERE connection = ?1 ORDER BY revision DESC LIMIT 1",
    )?;
    Ok(statement.query_row([connection], version).optional()?)
}

/// One version.
pub(super) fn at(
    db: &Connection,
    connection: &str,
    revision: u64,
) -> Answer<Option<SettingsVersion>> {
    let mut statement = db.prepare_cached(
        "SELECT revision, json, author, at FROM settings_version
         WHERE connection = ?1 AND revision = ?2",
    )?;
    let found = statement.query_row(params![connection, int(revision)], version);
    Ok(found.optional()?)
}

/// Versions below a revision, or the last ones, newest first.
pub(super) fn history(
    db: &Connection,
    connection: &str,
    before: Option<u64>,
    limit: u32,
) -> Answer<Vec<SettingsVersion>> {
    let mut statement = db.prepare_cached(
        "SELECT revision, json, author, at FROM settings_version
         WHERE connection = ?1 AND revision < ?2 ORDER BY revision DESC LIMIT ?3",
    )?;
    // Revisions are counted from 1 and do not come that far.
    let before = int(before.unwrap_or(u64::MAX));
    let versions = statement.query_map(params![connection, before, limit], version)?;
    Ok(versions.collect::<Result<_, _>>()?)
}

fn version(row: &Row<'_>) -> rusqlite::Result<SettingsVersion> {
    Ok(SettingsVersion {
        revision: number(row, 0)?,
        json: row.get(1)?,
        author: row.get(2)?,
        at: number(row, 3)?,
    })
}

/// Appends a version; answers the one that rules now.
pub(super) fn put(
    db: &Connection,
    connection: &str,
    json: &str,
    author: &str,
    at: Timestamp,
    expected: Option<u64>,
) -> Answer<u64> {
    let current = current(db, connection)?;
    let revision = current.as_ref().map_or(0, |version| version.revision);
    if expected.is_some_and(|expected| expected != revision) {
        return Err(StoreError::Conflict {
            key: "settings".to_owned(),
        }
        .into());
    }
    if current.is_some_and(|version| version.json == json) {
        return Ok(revision);
    }
    db.prepare_cached(
        "INSERT INTO settings_version (connection, revision, json, author, at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        connection,
        int(revision + 1),
        json,
        author,
        int(at)
    ])?;
    Ok(revision + 1)
}
