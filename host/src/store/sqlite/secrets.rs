//! Sealed secrets. A removed one leaves its revision behind, so that a refresh
//! that was overtaken by a sign-out does not take an old number for a new one.

use rusqlite::{Connection, OptionalExtension, params};

use super::column::{int, number};
use super::error::Answer;
use super::state::holds;
use crate::store::{Expectation, SealedSecret, StoreError};

/// A sealed secret.
pub(super) fn get(db: &Connection, connection: &str, name: &str) -> Answer<Option<SealedSecret>> {
    let mut statement = db.prepare_cached(
        "SELECT sealed, revision FROM secret
         WHERE connection = ?1 AND name = ?2 AND sealed IS NOT NULL",
    )?;
    Ok(statement
        .query_row(params![connection, name], |row| {
            Ok(SealedSecret {
                sealed: row.get(0)?,
                revision: number(row, 1)?,
            })
        })
        .optional()?)
}

/// Sets or removes one if the expectation holds.
pub(super) fn set(
    db: &Connection,
    connection: &str,
    name: &str,
    sealed: Option<&[u8]>,
    expected: Expectation,
) -> Answer<u64> {
    let present = get(db, connection, name)?.map(|secret| secret.revision);
    if !holds(expected, present) {
        return Err(StoreError::Conflict {
            key: name.to_owned(),
        }
        .into());
    }
    let mut statement = db.prepare_cached(
        "INSERT INTO secret (connection, name, revision, sealed) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (connection, name)
         DO UPDATE SET revision = revision + 1, sealed = excluded.sealed
         RETURNING revision",
    )?;
    Ok(
        statement.query_row(params![connection, name, int(1), sealed], |row| {
            number(row, 0)
        })?,
    )
}
