//! The tables, and how an older file becomes a newer one: `user_version` counts
//! the scripts that a file has seen, and missing ones run in one transaction.
//!
//! Every table that a preview writes starts its key with `layer`, so dropping a
//! layer is one range per table, and what is real stays together.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::error::Answer;
use super::index::{self, Indexed};
use crate::store::StoreError;

/// Says in the file's header whose database it is (`Halo` in ASCII).
const APPLICATION_ID: i64 = 0x4861_6c6f;

/// One script for each version; a script that was released is never changed.
const SCRIPTS: &[&str] = &[
    include_str!("schema-1.sql"),
    include_str!("schema-2.sql"),
    include_str!("schema-3.sql"),
    include_str!("schema-4.sql"),
    include_str!("schema-5.sql"),
    include_str!("schema-6.sql"),
];

/// The name under which the store keeps which fields it has indexed.
const INDEXED_FIELDS: &str = "indexed-fields";

/// Refuses files that are not ours or too new, before anything is written.
pub(super) fn check_identity(connection: &Connection, path: &Path) -> Answer<()> {
    let path = || path.display().to_string();
    let number =
        |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let version = number("user_version")?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let empty = version == 0 && tables == 0;
    if !empty && number("application_id")? != APPLICATION_ID {
        let detail = "it is a database of another program".to_owned();
        return Err(StoreError::Corrupt {
            path: path(),
            detail,
        }
        .into());
    }
    if usize::try_from(version).is_ok_and(|version| version > SCRIPTS.len()) {
        return Err(StoreError::Newer {
            path: path(),
            found: u32::try_from(version).unwrap_or(u32::MAX),
            known: u32::try_from(SCRIPTS.len()).unwrap_or(u32::MAX),
        }
        .into());
    }
    Ok(())
}

/// Brings the tables and the index up to what this program knows.
pub(super) fn migrate(connection: &mut Connection, indexed: Indexed) -> Answer<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let seen = usize::try_from(version).unwrap_or(0);
    for script in SCRIPTS.iter().skip(seen) {
        transaction.execute_batch(script)?;
    }
    if seen < SCRIPTS.len() {
        let known = i64::try_from(SCRIPTS.len()).unwrap_or(i64::MAX);
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", known)?;
    }
    let wanted = serde_json::to_string(indexed)?;
    let present: Option<String> = transaction
        .query_row(
            "SELECT value FROM property WHERE name = ?1",
            [INDEXED_FIELDS],
            |row| row.get(0),
        )
        .optional()?;
    if present.as_ref() != Some(&wanted) {
        index::rebuild(&transaction, indexed)?;
        transaction.execute(
            "INSERT OR REPLACE INTO property (name, value) VALUES (?1, ?2)",
            [INDEXED_FIELDS, &wanted],
        )?;
    }
    transaction.commit()?;
    Ok(())
}

/// Touches the root of every table and index: most damage shows there, and it
/// costs a page each, where SQLite's own check reads the whole file.
pub(super) fn touch_tables(connection: &Connection) -> Answer<()> {
    let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let names = names.query_map([], |row| row.get::<_, String>(0))?;
    for name in names {
        let name = name?.replace('"', "\"\"");
        connection
            .query_row(&format!("SELECT 1 FROM \"{name}\" LIMIT 1"), [], |_| Ok(()))
            .optional()?;
    }
    Ok(())
}
