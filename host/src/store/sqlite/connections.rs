//! What the host itself knows of connections, and the fields that administrators
//! have added.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::column::parse;
use super::error::Answer;
use crate::store::CustomField;

/// Makes a connection known with the kinds that it pushes. Done at every start,
/// so it writes only what differs.
pub(super) fn register(db: &Connection, connection: &str, push_kinds: &[String]) -> Answer<()> {
    let mut statement = db.prepare_cached("SELECT kind FROM push_kind WHERE connection = ?1")?;
    let present = statement
        .query_map([connection], |row| row.get(0))?
        .collect::<Result<BTreeSet<String>, _>>()?;
    let wanted: BTreeSet<String> = push_kinds.iter().cloned().collect();
    for kind in present.difference(&wanted) {
        db.prepare_cached("DELETE FROM push_kind WHERE kind = ?1 AND connection = ?2")?
            .execute(params![kind, connection])?;
    }
    for kind in wanted.difference(&present) {
        db.prepare_cached("INSERT INTO push_kind (kind, connection) VALUES (?1, ?2)")?
            .execute(params![kind, connection])?;
    }
    Ok(())
}

/// A small value of a connection.
pub(super) fn meta_get(db: &Connection, connection: &str, name: &str) -> Answer<Option<String>> {
    let mut statement =
        db.prepare_cached("SELECT value FROM meta WHERE connection = ?1 AND name = ?2")?;
    Ok(statement
        .query_row(params![connection, name], |row| row.get(0))
        .optional()?)
}

/// Sets or removes it.
pub(super) fn meta_set(
    db: &Connection,
    connection: &str,
    name: &str,
    value: Option<&str>,
) -> Answer<()> {
    match value {
        Some(value) => db
            .prepare_cached(
                "INSERT OR REPLACE INTO meta (connection, name, value) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![connection, name, value])?,
        None => db
            .prepare_cached("DELETE FROM meta WHERE connection = ?1 AND name = ?2")?
            .execute(params![connection, name])?,
    };
    Ok(())
}

/// Added fields, by kind and name.
pub(super) fn custom_fields(db: &Connection) -> Answer<Vec<CustomField>> {
    let mut statement =
        db.prepare_cached("SELECT document FROM custom_field ORDER BY kind, name")?;
    let mut rows = statement.query([])?;
    let mut fields = Vec::new();
    while let Some(row) = rows.next()? {
        fields.push(parse(row, 0)?);
    }
    Ok(fields)
}

/// Adds or replaces one.
pub(super) fn put_custom_field(db: &Connection, field: &CustomField) -> Answer<()> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO custom_field (kind, name, document) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![
        field.kind,
        field.name,
        serde_json::to_string(field)?
    ])?;
    Ok(())
}

/// Removes one.
pub(super) fn remove_custom_field(db: &Connection, kind: &str, name: &str) -> Answer<bool> {
    let removed = db
        .prepare_cached("DELETE FROM custom_field WHERE kind = ?1 AND name = ?2")?
        .execute(params![kind, name])?;
    Ok(removed > 0)
}
