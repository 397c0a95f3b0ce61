//! Columns that are not SQLite's own types: unsigned numbers and documents.

use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Answer;

/// A number as SQLite keeps it. Its integers end at 2^63 - 1; a number above
/// names nothing that was ever stored, and neither does that limit.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number of a column that only ever gets numbers from [`int`].
pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(natural)
}

/// The same for a column that may be empty.
pub(super) fn maybe_number(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(natural))
}

fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A document in a text column.
pub(super) fn parse<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Answer<T> {
    Ok(serde_json::from_str(
        row.get_ref(column)?
            .as_str()
            .map_err(rusqlite::Error::from)?,
    )?)
}

/// The same for a column that may be empty.
pub(super) fn maybe_parse<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Answer<Option<T>> {
    let text = row
        .get_ref(column)?
        .as_str_or_null()
        .map_err(rusqlite::Error::from)?;
    Ok(text.map(serde_json::from_str).transpose()?)
}

/// The text of an optional document.
pub(super) fn maybe_text<T: Serialize>(document: Option<&T>) -> Answer<Option<String>> {
    Ok(document.map(serde_json::to_string).transpose()?)
}
