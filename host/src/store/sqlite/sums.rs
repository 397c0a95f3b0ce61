//! The sums of runs. To count a report is to read all of it, so the sums are kept when a
//! run ends; whatever changes its report afterwards drops them, and they are counted anew.

use rusqlite::Connection;

use super::column::{int, maybe_parse, number};
use super::error::Answer;
use super::reports::WORD;
use crate::model::RunId;
use crate::store::Counts;

/// Those that were kept, else counted now; of no run, nothing.
pub(super) fn of(db: &Connection, run: RunId) -> Answer<Counts> {
    let mut statement = db.prepare_cached("SELECT counts FROM run WHERE id = ?1")?;
    let mut rows = statement.query([int(run)])?;
    let kept = rows.next()?.map(|row| maybe_parse(row, 0)).transpose()?;
    match kept.flatten() {
        Some(counts) => Ok(counts),
        None => count(db, run),
    }
}

/// Counts the report. A removal counts as an update: something was changed.
pub(super) fn count(db: &Connection, run: RunId) -> Answer<Counts> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {WORD} AS word, count(*) FROM report WHERE run = ?1 GROUP BY word"
    ))?;
    let mut counts = Counts::default();
    let sums = statement.query_map([int(run)], |row| Ok((row.get(0)?, number(row, 1)?)))?;
    for sum in sums {
        let (word, rows): (String, u64) = sum?;
        counts.read += rows;
        *match word.as_str() {
            "created" => &mut counts.created,
            "updated" | "removed" => &mut counts.updated,
            "unchanged" => &mut counts.unchanged,
            "skipped" => &mut counts.skipped,
            "waiting" => &mut counts.waiting,
            "conflict" => &mut counts.conflict,
            "archived" => &mut counts.archived,
            "linked" => &mut counts.linked,
            "nothing" => &mut counts.nothing,
            "retry" => &mut counts.retry,
            "rejected" => &mut counts.rejected,
            // Also a word that is not known here: the sums must add up, and a row
            // that nobody understands is looked at where failures are.
            _ => &mut counts.failed,
        } += rows;
    }
    Ok(counts)
}

/// The report of a run, or the journal that it is joined with, is about to change.
pub(super) fn outdate(db: &Connection, run: RunId) -> Answer<()> {
    // Nothing is written where nothing was kept, as while the run goes on.
    db.prepare_cached("UPDATE run SET counts = NULL WHERE id = ?1 AND counts IS NOT NULL")?
        .execute([int(run)])?;
    Ok(())
}
