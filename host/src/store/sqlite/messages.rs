//! What people are told of what was sent, or was not; the newest of each connection.

use rusqlite::{Connection, params};

use super::column::{int, number};
use super::error::Answer;
use crate::model::{RecordId, Timestamp};
use crate::store::{MESSAGES_KEPT, Message, NewMessage};

/// Adds a message about a record.
pub(super) fn add(
    db: &Connection,
    connection: &str,
    (kind, record): (&str, RecordId),
    message: &NewMessage,
    now: Timestamp,
) -> Answer<()> {
    db.prepare_cached(
        "INSERT INTO message (connection, at, level, text, kind, record, title, address)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        connection,
        int(now),
        message.level,
        message.text,
        kind,
        int(record),
        message.title,
        message.address,
    ])?;
    Ok(())
}

/// Forgets the oldest messages above the limit.
pub(super) fn trim(db: &Connection, connection: &str) -> Answer<()> {
    db.prepare_cached(
        "DELETE FROM message WHERE connection = ?1 AND id <=
         (SELECT id FROM message WHERE connection = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![connection, MESSAGES_KEPT])?;
    Ok(())
}

/// The newest messages of a connection.
pub(super) fn newest(db: &Connection, connection: &str, limit: u32) -> Answer<Vec<Message>> {
    let mut statement = db.prepare_cached(
        "SELECT id, at, level, text, kind, record, title, address FROM message
         WHERE connection = ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let messages = statement.query_map(params![connection, limit], |row| {
        Ok(Message {
            id: number(row, 0)?,
            at: number(row, 1)?,
            level: row.get(2)?,
            text: row.get(3)?,
            kind: row.get(4)?,
            record: number(row, 5)?,
            title: row.get(6)?,
            address: row.get(7)?,
        })
    })?;
    Ok(messages.collect::<Result<_, _>>()?)
}
