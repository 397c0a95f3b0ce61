//! Forgetting what is old, in steps that hold up nobody.

use rusqlite::{Connection, params};

use super::column::{int, number};
use super::error::Answer;
use super::{runs, sums};
use crate::store::{Pruned, Stale, Step};

/// One step.
pub(super) fn prune(db: &Connection, what: Stale, step: Step) -> Answer<Pruned> {
    match what {
        Stale::Layers => layers(db, step),
        Stale::Events => events(db, step),
        Stale::Runs => of_runs(db, step),
        Stale::Journal => journal(db, step),
    }
}

/// Numbers from a query over `?1` before, `?2` after and `?3` limit.
fn numbers(db: &Connection, query: &str, step: Step) -> Answer<Vec<u64>> {
    let mut statement = db.prepare_cached(query)?;
    let values = params![int(step.before), int(step.after), step.limit];
    let found = statement.query_map(values, |row| number(row, 0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// One layer at a time: a large one takes about a second.
fn layers(db: &Connection, step: Step) -> Answer<Pruned> {
    let one = Step { limit: 1, ..step };
    let found = numbers(
        db,
        "SELECT id FROM run WHERE mode = 'preview' AND started < ?1 AND id > ?2
           AND (EXISTS (SELECT 1 FROM journal WHERE layer = run.id)
             OR EXISTS (SELECT 1 FROM state_entry WHERE layer = run.id)
             OR EXISTS (SELECT 1 FROM record WHERE layer = run.id)
             OR EXISTS (SELECT 1 FROM record_key WHERE layer = run.id))
         ORDER BY id LIMIT ?3",
        one,
    )?;
    let Some(run) = found.first() else {
        return Ok(Pruned::default());
    };
    if !step.dry_run {
        runs::drop_layer(db, *run)?;
    }
    Ok(Pruned {
        gone: 1,
        next: Some(*run),
    })
}

/// Events that are done, the longest ago first. Not by their numbers: SQLite would look
/// through all of the inbox for those that are old.
pub(super) const EVENTS: &str = "SELECT sequence FROM inbox
     WHERE state IN ('applied', 'ignored') AND received < ?1 ORDER BY received LIMIT ?2";

fn events(db: &Connection, step: Step) -> Answer<Pruned> {
    if step.dry_run {
        // Where nothing goes there is no next step: the index has them all together.
        let mut all = db.prepare_cached(
            "SELECT count(*) FROM inbox WHERE state IN ('applied', 'ignored') AND received < ?1",
        )?;
        let gone = all.query_row([int(step.before)], |row| number(row, 0))?;
        return Ok(Pruned { gone, next: None });
    }
    let mut old = db.prepare_cached(EVENTS)?;
    let found = old.query_map(params![int(step.before), step.limit], |row| number(row, 0))?;
    let found: Vec<u64> = found.collect::<Result<_, _>>()?;
    let mut delete = db.prepare_cached("DELETE FROM inbox WHERE sequence = ?1")?;
    for sequence in &found {
        delete.execute([int(*sequence)])?;
    }
    Ok(Pruned {
        gone: found.len() as u64,
        next: found.last().copied(),
    })
}

/// Of each entity and mode the last run, and the last one with a failure.
const LATEST: &str = "SELECT max(id) FROM run GROUP BY connection, entity, mode
     UNION SELECT max(id) FROM run WHERE failure IS NOT NULL GROUP BY connection, entity, mode";

/// A report can be long: its rows count as what is removed, and a run goes with the last
/// of them.
fn of_runs(db: &Connection, step: Step) -> Answer<Pruned> {
    let found = numbers(
        db,
        &format!(
            "SELECT id FROM run WHERE started < ?1 AND id > ?2 AND id NOT IN ({LATEST})
             ORDER BY id LIMIT ?3"
        ),
        step,
    )?;
    let mut pruned = Pruned::default();
    if step.dry_run {
        pruned.gone = found.len() as u64;
        pruned.next = found.last().copied();
        return Ok(pruned);
    }
    let mut rows = db.prepare_cached(
        "DELETE FROM report WHERE rowid IN (SELECT rowid FROM report WHERE run = ?1 LIMIT ?2)",
    )?;
    let mut delete = db.prepare_cached("DELETE FROM run WHERE id = ?1")?;
    let mut room = step.limit as usize;
    for run in found {
        let removed = rows.execute(params![int(run), i64::try_from(room).unwrap_or(i64::MAX)])?;
        room -= removed.min(room);
        if room == 0 {
            // There may be more of it, and what is left is not what was counted.
            sums::outdate(db, run)?;
            pruned.next.get_or_insert(step.after);
            return Ok(pruned);
        }
        room -= 1;
        runs::drop_layer(db, run)?;
        delete.execute([int(run)])?;
        pruned.gone += 1;
        pruned.next = Some(run);
        if room == 0 {
            break;
        }
    }
    Ok(pruned)
}

/// A window of lines, most of which may have to stay.
fn journal(db: &Connection, step: Step) -> Answer<Pruned> {
    let window = numbers(
        db,
        "SELECT sequence FROM
           (SELECT sequence, at FROM journal
            WHERE sequence > ?2 ORDER BY sequence LIMIT ?3)
         WHERE at < ?1",
        step,
    )?;
    let Some(last) = window.last().copied() else {
        return Ok(Pruned::default());
    };
    let mut may_go = db.prepare_cached(
        "SELECT 1 FROM journal AS line WHERE sequence = ?1 AND layer = 0
           AND (run IS NULL OR NOT EXISTS (SELECT 1 FROM run WHERE id = line.run))
           AND EXISTS (SELECT 1 FROM journal AS later INDEXED BY journal_by_record
                       WHERE later.kind = line.kind AND later.record = line.record
                         AND later.sequence > line.sequence
                         AND later.connection = line.connection AND later.layer = 0)",
    )?;
    let mut delete = db.prepare_cached("DELETE FROM journal WHERE sequence = ?1")?;
    let mut gone = 0;
    for sequence in window {
        if may_go.exists([int(sequence)])? {
            gone += 1;
            if !step.dry_run {
                delete.execute([int(sequence)])?;
            }
        }
    }
    Ok(Pruned {
        gone,
        next: Some(last),
    })
}
