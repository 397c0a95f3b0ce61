//! Looking records up by value. Each indexed field has its folded values in a
//! table of their own; a record that a preview has touched has all of them in the
//! preview's layer, so that its row there hides every value below.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::column::{int, number, parse};
use super::error::Answer;
use super::records;
use super::room::Room;
use crate::model::{Fields, RecordId, RecordRef, RunId, Stored, Value, fold};
use crate::store::{Scope, StoreError};

/// The fields of each kind by which records may be looked up.
pub(super) type Indexed = &'static [(&'static str, &'static [&'static str])];

fn fields_of(indexed: Indexed, kind: &str) -> &'static [&'static str] {
    indexed
        .iter()
        .find(|(name, _)| *name == kind)
        .map_or(&[], |(_, fields)| fields)
}

/// Candidates for each value, by value and then by id.
pub(super) fn find(
    db: &Connection,
    indexed: Indexed,
    scope: &Scope,
    kind: &str,
    field: &str,
    values: &[String],
) -> Answer<Vec<(usize, Stored)>> {
    if !fields_of(indexed, kind).contains(&field) {
        return Err(StoreError::Invalid(format!(
            "Records of kind {kind:?} cannot be looked up by {field:?}."
        ))
        .into());
    }
    let mut statement = db.prepare_cached(
        "SELECT record FROM index_value
         WHERE layer = ?1 AND kind = ?2 AND field = ?3 AND value = ?4
         UNION ALL
         SELECT record FROM index_value AS below
         WHERE ?1 > 0 AND layer = 0 AND kind = ?2 AND field = ?3 AND value = ?4
           AND NOT EXISTS (SELECT 1 FROM record WHERE layer = ?1 AND kind = ?2
                           AND id = below.record)
         ORDER BY record",
    )?;
    let (mut found, mut room) = (Vec::new(), Room::new());
    for (asked, value) in values.iter().enumerate() {
        let mut rows = statement.query(params![int(scope.layer), kind, field, fold(value)])?;
        while let Some(row) = rows.next()? {
            let stored = records::stored(db, scope, kind, number(row, 0)?)?;
            room.record(stored.as_ref())?;
            found.extend(stored.map(|stored| (asked, stored)));
        }
    }
    Ok(found)
}

/// Real records by id; nobody asks on behalf of a connection, so without keys.
pub(super) fn list(
    db: &Connection,
    kind: &str,
    search: Option<&str>,
    after: RecordId,
    limit: u32,
) -> Answer<Vec<Stored>> {
    // Without references: who looks for "7" does not mean everything of record 17.
    let mut statement = db.prepare_cached(
        "SELECT id, revision, fields FROM record
         WHERE layer = 0 AND kind = ?1 AND id > ?2
           AND (?3 = '' OR id IN (SELECT record FROM index_value WHERE layer = 0 AND kind = ?1
                                  AND is_text AND instr(value, ?3) > 0))
         ORDER BY id LIMIT ?4",
    )?;
    let search = fold(search.unwrap_or_default());
    let mut rows = statement.query(params![kind, int(after), search, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Stored {
            kind: kind.to_owned(),
            id: number(row, 0)?,
            revision: number(row, 1)?,
            fields: parse(row, 2)?,
            keys: Vec::new(),
        });
    }
    Ok(found)
}

/// How many real records a kind has.
pub(super) fn count(db: &Connection, kind: &str) -> Answer<u64> {
    let mut statement =
        db.prepare_cached("SELECT count(*) FROM record WHERE layer = 0 AND kind = ?1")?;
    Ok(statement.query_row([kind], |row| number(row, 0))?)
}

/// Brings the values of one record from `old` to `new`.
pub(super) fn write(
    db: &Connection,
    indexed: Indexed,
    layer: RunId,
    (kind, id): (&str, RecordId),
    old: &Fields,
    new: &Fields,
) -> Answer<()> {
    for field in fields_of(indexed, kind) {
        let (old, new) = (old.get(*field), new.get(*field));
        // In a preview's layer the old values may all lie below: write anyway.
        if layer == 0 && old == new {
            continue;
        }
        let mut delete = db.prepare_cached(
            "DELETE FROM index_value
             WHERE layer = ?1 AND kind = ?2 AND field = ?3 AND value = ?4 AND record = ?5",
        )?;
        for value in values_of(old).keys() {
            delete.execute(params![int(layer), kind, field, value, int(id)])?;
        }
        let mut insert = db.prepare_cached(
            "INSERT INTO index_value (layer, kind, field, value, record, is_text)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for (value, is_text) in values_of(new) {
            insert.execute(params![int(layer), kind, field, value, int(id), is_text])?;
        }
    }
    Ok(())
}

/// The folded values of a field, and whether each is text that people search.
fn values_of(value: Option<&Value>) -> BTreeMap<String, bool> {
    match value {
        Some(Value::Text(text)) => BTreeMap::from([(fold(text), true)]),
        Some(Value::Many(values)) => values.iter().map(|value| (fold(value), true)).collect(),
        Some(Value::Reference {
            to: RecordRef::Id(id),
            ..
        }) => BTreeMap::from([(id.to_string(), false)]),
        // The store resolves keys before it writes.
        Some(Value::Reference { .. } | Value::None) | None => BTreeMap::new(),
    }
}

/// Indexes everything anew, for a program that looks up by other fields than the
/// one that wrote the file.
pub(super) fn rebuild(db: &Connection, indexed: Indexed) -> Answer<()> {
    db.execute("DELETE FROM index_value", [])?;
    let mut statement =
        db.prepare("SELECT layer, kind, id, fields FROM record WHERE fields IS NOT NULL")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (layer, id) = (number(row, 0)?, number(row, 2)?);
        let kind: String = row.get(1)?;
        let fields: Fields = parse(row, 3)?;
        write(db, indexed, layer, (&kind, id), &Fields::new(), &fields)?;
    }
    Ok(())
}
