//! Events on their way into the inbox. The remote waits for an answer until they are on
//! the disk, and knows of several hundred events in a burst; so what comes in together is
//! one row first, which is appended. The inbox knows each event by an index, and that
//! takes many times as long: it is done when nothing comes in, or when somebody looks.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::column::{int, number};
use super::error::{Answer, Fault};
use super::inbox;
use crate::model::Timestamp;
use crate::store::{NewEvent, Sorted};

/// Events that are sorted in one transaction, about: others wait for it.
const AT_ONCE: u64 = 5_000;

/// Keeps events.
pub(super) fn add(db: &Connection, events: Vec<NewEvent>, now: Timestamp) -> Answer<()> {
    let mut of: BTreeMap<String, Vec<Kept>> = BTreeMap::new();
    for event in events {
        let kept = Kept {
            account: event.account,
            object: event.object,
            dedupe: event.dedupe,
            payload: event.payload,
        };
        of.entry(event.connection).or_default().push(kept);
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO inbox_arrival (connection, received, events) VALUES (?1, ?2, ?3)",
    )?;
    for (connection, events) in of {
        let bytes = postcard::to_stdvec(&events).map_err(unreadable)?;
        insert.execute(params![connection, int(now), bytes])?;
    }
    Ok(())
}

/// Whether events of this connection, or of any, are still to be sorted.
pub(super) fn are_there(db: &Connection, connection: Option<&str>) -> Answer<bool> {
    let mut found = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM inbox_arrival WHERE connection = ?1 OR ?1 IS NULL)",
    )?;
    Ok(found.query_one([connection], |row| row.get(0))?)
}

/// Puts the oldest ones into the inbox: by connection, how many were new and how many
/// known. Nothing when there are none.
pub(super) fn sort(db: &Connection) -> Answer<BTreeMap<String, Sorted>> {
    let mut sorted: BTreeMap<String, Sorted> = BTreeMap::new();
    let mut oldest = db.prepare_cached(
        "SELECT sequence, connection, received, events FROM inbox_arrival ORDER BY sequence",
    )?;
    let mut rows = oldest.query([])?;
    let (mut count, mut last) = (0, None);
    while count < AT_ONCE
        && let Some(row) = rows.next()?
    {
        let connection: String = row.get(1)?;
        let bytes = row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?;
        let events: Vec<Kept> = postcard::from_bytes(bytes).map_err(unreadable)?;
        let new = inbox::add(db, &connection, &events, number(row, 2)?)?;
        let all = events.len() as u64;
        sorted.entry(connection).or_default().add(Sorted {
            new,
            known: all - new,
        });
        count += all;
        last = Some(number(row, 0)?);
    }
    if let Some(last) = last {
        db.prepare_cached("DELETE FROM inbox_arrival WHERE sequence <= ?1")?
            .execute([int(last)])?;
    }
    Ok(sorted)
}

/// An event as it is kept until it is sorted.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Kept {
    pub(super) account: String,
    pub(super) object: String,
    pub(super) dedupe: String,
    pub(super) payload: Vec<u8>,
}

fn unreadable(error: postcard::Error) -> Fault {
    Fault::Document(serde::de::Error::custom(error))
}
