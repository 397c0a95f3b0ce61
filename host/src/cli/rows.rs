//! The rows of a run's report as `preview`, `import` and `report` print them: a table
//! for each outcome, and the sums in one line.

use std::sync::Arc;

use super::Ended;
use super::output::table;
use crate::deviations::outcome_of;
use crate::model::{FieldChange, RunId};
use crate::store::{Counts, ReportFilter, ReportedRow, RunMode, Store};

/// Rows that went in and have a note: a field that was refused, say. They are counted by
/// their effect.
pub(crate) const NOTED: &str = "noted";

/// What a row can come to, in the order in which it is counted.
pub(crate) const OUTCOMES: [&str; 14] = [
    "created",
    "updated",
    "removed",
    "unchanged",
    NOTED,
    "skipped",
    "waiting",
    "conflict",
    "failed",
    "archived",
    "linked",
    "nothing",
    "retry",
    "rejected",
];

/// The outcomes that are shown unasked, in their order: `unchanged` has nothing to
/// say.
pub(crate) const SHOWN: [&str; 12] = [
    "created", "updated", "removed", "archived", "linked", NOTED, "conflict", "failed", "waiting",
    "skipped", "rejected", "retry",
];

/// The outcomes of rows that were not imported, and say why.
pub(crate) const WITH_REASON: [&str; 4] = ["conflict", "failed", "waiting", "skipped"];

/// Rows of a run, some at a time.
pub(crate) struct Pages<'a> {
    store: &'a Arc<dyn Store>,
    run: RunId,
    outcomes: Vec<String>,
    after: Option<String>,
    /// How many may still come.
    left: u32,
}

impl<'a> Pages<'a> {
    /// All rows of these outcomes, or of every one when there are none.
    pub(crate) fn of(store: &'a Arc<dyn Store>, run: RunId, outcomes: &[&str]) -> Pages<'a> {
        Pages {
            store,
            run,
            outcomes: { outcomes.iter() }
                .map(|outcome| (*outcome).to_owned())
                .collect(),
            after: None,
            left: u32::MAX,
        }
    }

    /// Of them, up to `limit` after a key.
    pub(crate) fn part(mut self, after: Option<&str>, limit: u32) -> Pages<'a> {
        (self.after, self.left) = (after.map(str::to_owned), limit);
        self
    }

    /// The next ones; nothing when all have come.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<ReportedRow>>, Ended> {
        const PAGE: u32 = 1_000;
        if self.left == 0 {
            return Ok(None);
        }
        let limit = self.left.min(PAGE);
        let filter = ReportFilter {
            outcomes: self.outcomes.clone(),
            after: self.after.take(),
            limit,
        };
        let page = self.store.reported(self.run, &filter).await?;
        let is_full = page.len() >= limit as usize;
        self.left = if is_full { self.left - limit } else { 0 };
        self.after = page.last().map(|row| row.row.key.clone());
        Ok((!page.is_empty()).then_some(page))
    }
}

/// Up to `limit` rows of these outcomes (all, when there are none) after a key.
pub(crate) async fn read(
    store: &Arc<dyn Store>,
    run: RunId,
    outcomes: &[&str],
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<ReportedRow>, Ended> {
    let mut pages = Pages::of(store, run, outcomes).part(after, limit);
    let mut all = Vec::new();
    while let Some(page) = pages.next().await? {
        all.extend(page);
    }
    Ok(all)
}

/// A table of the rows of one outcome, with how many there are in all; nothing
/// without rows.
pub(crate) fn table_of(outcome: &str, rows: &[ReportedRow], counts: &Counts) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let last = match outcome {
        "created" | "updated" | "removed" | "archived" | "linked" => Some("CHANGES"),
        "unchanged" => None,
        NOTED => Some("NOTE"),
        _ => Some("REASON"),
    };
    let cells: Vec<Vec<String>> = rows
        .iter()
        .flat_map(|row| {
            let mut head = vec![row.row.key.clone(), row.row.title.clone()];
            match last {
                Some("CHANGES") => return changes(head, row),
                Some(_) => head.push(reason(row)),
                None => {}
            }
            vec![head]
        })
        .collect();
    let head: Vec<&str> = ["ID", "NAME"].into_iter().chain(last).collect();
    let shown = rows.len();
    let sum = match outcome {
        // A removal counts as an update.
        "removed" => format!("{shown}, counted as updated"),
        NOTED => format!("{shown}, counted by what was written"),
        _ => format!("{shown} of {}", count_of(counts, outcome)),
    };
    Some(format!("{outcome} ({sum}):\n{}", table(&head, &cells)))
}

/// A line for each field that changes; the first one carries id and name.
fn changes(head: Vec<String>, row: &ReportedRow) -> Vec<Vec<String>> {
    let mut told = changes_of(row);
    if told.is_empty() {
        // Written there and back: the row still counts.
        told.push(String::new());
    }
    let mut head = Some(head);
    told.into_iter()
        .map(|change| {
            let mut cells = head.take().unwrap_or_else(|| vec![String::new(); 2]);
            cells.push(change);
            cells
        })
        .collect()
}

/// What was written for a row: all in one line when the record was made, else each
/// field from what to what.
pub(crate) fn changes_of(row: &ReportedRow) -> Vec<String> {
    if outcome_of(row) != "created" {
        return row.changes.iter().map(from_to).collect();
    }
    let fields: Vec<String> = row
        .changes
        .iter()
        .map(|change| format!("{}: {}", change.field, change.to.display()))
        .collect();
    vec![fields.join(", ")]
}

/// A change from what to what.
pub(crate) fn from_to(change: &FieldChange) -> String {
    let shown = |value: String| {
        if value.is_empty() {
            "(empty)".to_owned()
        } else {
            value
        }
    };
    format!(
        "{}: {} → {}",
        change.field,
        shown(change.from.display()),
        shown(change.to.display())
    )
}

/// Why a row was not imported, or its note.
pub(crate) fn reason(row: &ReportedRow) -> String {
    let reason = row.row.reason.as_ref();
    reason.map_or_else(String::new, ToString::to_string)
}

fn count_of(counts: &Counts, outcome: &str) -> u64 {
    match outcome {
        "created" => counts.created,
        "updated" => counts.updated,
        "unchanged" => counts.unchanged,
        "skipped" => counts.skipped,
        "waiting" => counts.waiting,
        "conflict" => counts.conflict,
        "failed" => counts.failed,
        "archived" => counts.archived,
        "linked" => counts.linked,
        "nothing" => counts.nothing,
        "retry" => counts.retry,
        "rejected" => counts.rejected,
        _ => 0,
    }
}

/// The sums in one line; nothing for a run that ended before it read a row. In a
/// preview, records are `to be` created.
pub(crate) fn count_line(counts: &Counts, state: &str, to_be: &str) -> Option<String> {
    let parts = parts(counts, to_be);
    match (parts.is_empty(), state) {
        (true, "done") => Some("0 read: nothing has changed.".to_owned()),
        (true, _) => None,
        (false, _) => Some(format!("{} read: {parts}.", counts.read)),
    }
}

/// The sums of a recorded run, in the words of its mode.
pub(crate) fn line_of(mode: RunMode, counts: &Counts, state: &str) -> Option<String> {
    match mode {
        RunMode::Import => count_line(counts, state, ""),
        RunMode::Preview => count_line(counts, state, "to be "),
        RunMode::Events if counts.read == 0 => None,
        RunMode::Events => count_line(counts, state, ""),
        RunMode::Push if counts.read == 0 => None,
        RunMode::Push => {
            let changes = match counts.read {
                1 => "1 change".to_owned(),
                many => format!("{many} changes"),
            };
            Some(format!("{changes}: {}.", parts(counts, "")))
        }
    }
}

/// The same of a preview of which a person wants only some rows.
pub(crate) fn match_line(matching: &Counts, read: u64) -> String {
    match matching.read {
        0 => format!("Of {read} read, none matches."),
        1 => format!("Of {read} read, 1 matches: {}.", parts(matching, "to be ")),
        many => format!(
            "Of {read} read, {many} match: {}.",
            parts(matching, "to be ")
        ),
    }
}

fn parts(counts: &Counts, to_be: &str) -> String {
    let part = |outcome: &str| {
        let to_be = match outcome {
            "created" | "updated" => to_be,
            _ => "",
        };
        let count = count_of(counts, outcome);
        (count > 0).then(|| format!("{count} {to_be}{outcome}"))
    };
    let parts: Vec<String> = OUTCOMES.into_iter().filter_map(part).collect();
    parts.join(", ")
}

/// Counts one more row.
pub(crate) fn count(counts: &mut Counts, row: &ReportedRow) {
    counts.read += 1;
    *match outcome_of(row) {
        "created" => &mut counts.created,
        "updated" | "removed" => &mut counts.updated,
        "skipped" => &mut counts.skipped,
        "waiting" => &mut counts.waiting,
        "conflict" => &mut counts.conflict,
        "failed" => &mut counts.failed,
        _ => &mut counts.unchanged,
    } += 1;
}
