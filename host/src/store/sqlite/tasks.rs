//! Tasks that connectors have set, and when each is due next.

use rusqlite::{Connection, OptionalExtension, params};

use super::column::{int, number};
use super::error::Answer;
use crate::model::Timestamp;
use crate::store::Task;

/// Sets or replaces a task.
pub(super) fn set(db: &Connection, task: &Task) -> Answer<()> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO task (connection, name, due, every) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        task.connection,
        task.name,
        int(task.due),
        task.every
    ])?;
    Ok(())
}

/// Removes a task.
pub(super) fn cancel(db: &Connection, connection: &str, name: &str) -> Answer<()> {
    db.prepare_cached("DELETE FROM task WHERE connection = ?1 AND name = ?2")?
        .execute(params![connection, name])?;
    Ok(())
}

/// All tasks of a connection, by time.
pub(super) fn all(db: &Connection, connection: &str) -> Answer<Vec<Task>> {
    let mut statement = db.prepare_cached(
        "SELECT name, due, every FROM task WHERE connection = ?1 ORDER BY due, name",
    )?;
    let tasks = statement.query_map([connection], |row| {
        Ok(Task {
            connection: connection.to_owned(),
            name: row.get(0)?,
            due: number(row, 1)?,
            every: row.get(2)?,
        })
    })?;
    Ok(tasks.collect::<Result<_, _>>()?)
}

/// Moves a task that has run to its next time, or ends it.
pub(super) fn ran(
    db: &Connection,
    connection: &str,
    name: &str,
    due: Timestamp,
    now: Timestamp,
) -> Answer<()> {
    let every: Option<Option<u32>> = db
        .prepare_cached("SELECT every FROM task WHERE connection = ?1 AND name = ?2 AND due = ?3")?
        .query_row(params![connection, name, int(due)], |row| row.get(0))
        .optional()?;
    match every {
        // Set anew or cancelled while it ran.
        None => {}
        Some(None) => cancel(db, connection, name)?,
        Some(Some(every)) => {
            db.prepare_cached("UPDATE task SET due = ?3 WHERE connection = ?1 AND name = ?2")?
                .execute(params![connection, name, int(next(due, every, now))])?;
        }
    }
    Ok(())
}

/// The first time of a cadence after `now`. It keeps to the cadence (a task of
/// 02:00 stays at 02:00), and calls that were missed come once.
fn next(due: Timestamp, every: u32, now: Timestamp) -> Timestamp {
    let step = u64::from(every.max(1)) * 1_000;
    let missed = now.saturating_sub(due) / step;
    due.saturating_add((missed + 1).saturating_mul(step))
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn a_cadence_keeps_its_beat_and_skips_what_was_missed() {
        assert_eq!(next(1_000, 60, 1_500), 61_000);
        assert_eq!(next(1_000, 60, 61_000), 121_000);
        assert_eq!(next(1_000, 60, 500_000), 541_000);
        // A clock that was set back does not call twice.
        assert_eq!(next(100_000, 60, 0), 160_000);
    }
}
