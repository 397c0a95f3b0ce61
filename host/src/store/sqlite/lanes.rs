//! Lanes: leases with a number that grows with every holder. A write looks at the
//! number in its own transaction, so a holder that was overtaken cannot write late.

use rusqlite::{Connection, OptionalExtension, params};

use super::column::{int, number};
use super::error::Answer;
use crate::model::Timestamp;
use crate::store::{Lane, LaneAnswer, Scope, StoreError};

/// Asks for a lane.
pub(super) fn acquire(
    db: &Connection,
    connection: &str,
    holder: &str,
    now: Timestamp,
    ttl_ms: u64,
) -> Answer<LaneAnswer> {
    let present = db
        .prepare_cached("SELECT holder, expires FROM lane WHERE connection = ?1 AND held")?
        .query_row([connection], |row| Ok((row.get(0)?, number(row, 1)?)))
        .optional()?;
    if let Some((holder, expires)) = present
        && expires > now
    {
        return Ok(LaneAnswer::Held { holder, expires });
    }
    let fence = db
        .prepare_cached(
            "INSERT INTO lane (connection, holder, fence, expires, held) VALUES (?1, ?2, 1, ?3, 1)
             ON CONFLICT (connection) DO UPDATE SET holder = excluded.holder,
                 fence = fence + 1, expires = excluded.expires, held = 1
             RETURNING fence",
        )?
        .query_row(
            params![connection, holder, int(now.saturating_add(ttl_ms))],
            |row| number(row, 0),
        )?;
    Ok(LaneAnswer::Granted(Lane {
        connection: connection.to_owned(),
        holder: holder.to_owned(),
        fence,
    }))
}

/// Prolongs a lane that is still ours, even when nobody took it after its end.
pub(super) fn renew(db: &Connection, lane: &Lane, now: Timestamp, ttl_ms: u64) -> Answer<()> {
    let renewed = db
        .prepare_cached(
            "UPDATE lane SET expires = ?3 WHERE connection = ?1 AND fence = ?2 AND held",
        )?
        .execute(params![
            lane.connection,
            int(lane.fence),
            int(now.saturating_add(ttl_ms))
        ])?;
    match renewed {
        0 => Err(StoreError::Fenced.into()),
        _ => Ok(()),
    }
}

/// Gives a lane back; its number stays behind, so that the next one is higher.
pub(super) fn release(db: &Connection, lane: &Lane) -> Answer<()> {
    db.prepare_cached("UPDATE lane SET held = 0 WHERE connection = ?1 AND fence = ?2")?
        .execute(params![lane.connection, int(lane.fence)])?;
    Ok(())
}

/// `Fenced` unless the lane that a write carries is still held.
pub(super) fn check(db: &Connection, scope: &Scope) -> Answer<()> {
    let Some(lane) = &scope.lane else {
        return Ok(());
    };
    let ours = db
        .prepare_cached("SELECT 1 FROM lane WHERE connection = ?1 AND fence = ?2 AND held")?
        .exists(params![lane.connection, int(lane.fence)])?;
    if ours {
        Ok(())
    } else {
        Err(StoreError::Fenced.into())
    }
}
