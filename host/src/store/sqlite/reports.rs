//! Reports: what became of each remote row, joined with what the journal saw being
//! written for the same kind and key in the same run.
//!
//! A row may have written several records (a customer and its first site). The one of
//! the row's own kind and key is shown with it, and so are those that it names as its
//! parts; the others are in the journal.

use rusqlite::{Connection, ErrorCode, Row, params};

use super::column::{int, maybe_number, maybe_parse, maybe_text, number, parse};
use super::effect::{self, EffectColumn};
use super::error::{Answer, Fault};
use super::upsert::PREVIEW_IDS;
use super::{keys, runs, sums};
use crate::model::{Effect, FieldChange, RecordRef, RunId, Value};
use crate::store::{ReportFilter, ReportRow, ReportedRow, Run};

/// What a row came to in one word: the effect of what was written (as
/// `effect::sum` ranks it), else the reported outcome. A row that a run reads
/// twice is written once and `unchanged` the second time: the write counts.
pub(super) const WORD: &str =
    "CASE WHEN outcome NOT IN ('written', 'unchanged') THEN outcome ELSE coalesce(effect,
    (SELECT effect FROM journal
     WHERE run = report.run AND kind = report.kind AND key = report.key
     ORDER BY CASE effect WHEN 'created' THEN 1 WHEN 'removed' THEN 2 ELSE 3 END LIMIT 1),
    (SELECT 'updated' FROM json_each(report.parts) AS part JOIN journal
     ON journal.run = report.run AND journal.kind = part.value ->> 'kind'
        AND journal.key = part.value ->> 'key' LIMIT 1),
    'unchanged') END";

/// What `read` wants of a report row, in this order.
const COLUMNS: &str =
    "entity, key, title, address, facets, outcome, reason, kind, record, parts, effect, changes";

/// Rows that are read before they are written back, when a layer is dropped.
const KEEP_PAGE: u32 = 500;

/// Adds report rows; the same entity and key again replaces, but for the parts that
/// were written then: a row that is read again has none to name.
pub(super) fn report(db: &Connection, run: RunId, rows: &[ReportRow]) -> Answer<()> {
    sums::outdate(db, run)?;
    let mut statement = db.prepare_cached(
        "INSERT OR REPLACE INTO report
         (run, key_length, key, entity, title, address, facets, outcome, reason, kind, record, parts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
          coalesce(?12, (SELECT parts FROM report
                         WHERE run = ?1 AND key_length = ?2 AND key = ?3 AND entity = ?4)))",
    )?;
    for row in rows {
        let added = statement.execute(params![
            int(run),
            length(&row.key),
            row.key,
            row.entity,
            row.title,
            row.address,
            serde_json::to_string(&row.facets)?,
            row.outcome,
            maybe_text(row.reason.as_ref())?,
            row.kind,
            row.record.map(int),
            maybe_text((!row.parts.is_empty()).then_some(&row.parts))?,
        ]);
        match added {
            // Its one reference is that to the run.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                return Err(runs::unknown(run).into());
            }
            added => added?,
        };
    }
    Ok(())
}

/// Bytes of a key, by which keys are ordered first.
fn length(key: &str) -> i64 {
    i64::try_from(key.len()).unwrap_or(i64::MAX)
}

/// What rows come to that did not go in: they are few, and have an index of their own.
const KEPT_OUT: [&str; 4] = ["conflict", "failed", "waiting", "skipped"];

/// The query for rows of these outcomes.
pub(super) fn query(outcomes: &[String]) -> String {
    let is_kept_out = |outcome: &String| KEPT_OUT.contains(&outcome.as_str());
    if !outcomes.is_empty() && outcomes.iter().all(is_kept_out) {
        return format!(
            "SELECT {COLUMNS} FROM report INDEXED BY report_kept_out
             WHERE run = ?1 AND (key_length, key) > (?2, ?3)
               AND outcome IN ('conflict', 'failed', 'waiting', 'skipped')
               AND outcome IN (SELECT value FROM json_each(?4))
             ORDER BY key_length, key, entity LIMIT ?5"
        );
    }
    format!(
        "SELECT {COLUMNS} FROM report
         WHERE run = ?1 AND (key_length, key) > (?2, ?3)
           AND (?4 = '[]' OR {WORD} IN (SELECT value FROM json_each(?4))
                OR (outcome = 'written' AND outcome IN (SELECT value FROM json_each(?4)))
                OR (outcome IN ('written', 'unchanged') AND reason IS NOT NULL
                    AND 'noted' IN (SELECT value FROM json_each(?4))))
         ORDER BY key_length, key, entity LIMIT ?5"
    )
}

/// Report rows that pass a filter, with what was written for them.
pub(super) fn reported(
    db: &Connection,
    run: RunId,
    filter: &ReportFilter,
) -> Answer<Vec<ReportedRow>> {
    let after = filter.after.as_deref();
    let mut statement = db.prepare_cached(&query(&filter.outcomes))?;
    let mut rows = statement.query(params![
        int(run),
        after.map_or(-1, length),
        after.unwrap_or_default(),
        serde_json::to_string(&filter.outcomes)?,
        filter.limit,
    ])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(db, run, row)?);
    }
    Ok(found)
}

/// What the runs of a connection said of one row, newest first.
///
/// From run to run, each a look at the table's own key: an index by key would be
/// paid for at every row of every import, and people ask this seldom.
pub(super) fn history(
    db: &Connection,
    connection: &str,
    entity: &str,
    key: &str,
    limit: u32,
) -> Answer<Vec<(Run, ReportedRow)>> {
    // CROSS JOIN: SQLite keeps the order of the tables, and so reads no more runs
    // than it must.
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS}, run FROM
         (SELECT id FROM run WHERE connection = ?1) AS known
         CROSS JOIN report ON run = known.id AND key_length = ?2 AND key = ?3 AND report.entity = ?4
         ORDER BY known.id DESC LIMIT ?5"
    ))?;
    let mut rows = statement.query(params![connection, length(key), key, entity, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let run = number(row, 12)?;
        if let Some(known) = runs::one(db, run)? {
            found.push((known, read(db, run, row)?));
        }
    }
    Ok(found)
}

fn read(db: &Connection, run: RunId, columns: &Row<'_>) -> Answer<ReportedRow> {
    let row = ReportRow {
        entity: columns.get(0)?,
        key: columns.get(1)?,
        title: columns.get(2)?,
        address: columns.get(3)?,
        facets: parse(columns, 4)?,
        outcome: columns.get(5)?,
        reason: maybe_parse(columns, 6)?,
        kind: columns.get(7)?,
        record: maybe_number(columns, 8)?,
        parts: maybe_parse(columns, 9)?.unwrap_or_default(),
    };
    let kept: Option<EffectColumn> = columns.get(10)?;
    let (effect, changes) = match kept {
        Some(EffectColumn(effect)) => (Some(effect), maybe_parse(columns, 11)?.unwrap_or_default()),
        None => written_with_parts(db, run, &row)?,
    };
    Ok(ReportedRow {
        row,
        effect,
        changes,
    })
}

/// What the journal of a run says about a row and its parts.
fn written_with_parts(
    db: &Connection,
    run: RunId,
    row: &ReportRow,
) -> Answer<(Option<Effect>, Vec<FieldChange>)> {
    let (mut effect, mut changes) = written(db, run, &row.kind, &row.key)?;
    for part in &row.parts {
        let (of_part, more) = written(db, run, &part.kind, &part.key)?;
        let whole = |what: &str| FieldChange {
            field: part.title.clone(),
            from: Value::None,
            to: Value::Text(what.to_owned()),
        };
        match of_part {
            None | Some(Effect::Unchanged) => continue,
            Some(Effect::Created) => changes.push(whole("added")),
            Some(Effect::Removed) => changes.push(whole("removed")),
            Some(Effect::Updated) => changes.extend(more.into_iter().map(|change| FieldChange {
                field: format!("{}: {}", part.title, change.field),
                ..change
            })),
        }
        effect = effect.or(Some(Effect::Updated));
    }
    Ok((effect, changes))
}

/// What the journal of a run says about one kind and key.
fn written(
    db: &Connection,
    run: RunId,
    kind: &str,
    key: &str,
) -> Answer<(Option<Effect>, Vec<FieldChange>)> {
    let mut statement = db.prepare_cached(
        "SELECT effect, changes FROM journal
         WHERE run = ?1 AND kind = ?2 AND key = ?3 ORDER BY sequence",
    )?;
    let mut rows = statement.query(params![int(run), kind, key])?;
    let mut writes = Vec::new();
    while let Some(row) = rows.next()? {
        writes.push((row.get::<_, EffectColumn>(0)?.0, parse(row, 1)?));
    }
    let (effect, mut changes) = effect::sum(writes);
    for change in &mut changes {
        for value in [&mut change.from, &mut change.to] {
            name_by_key(db, run, value)?;
        }
    }
    Ok((effect, changes))
}

/// Names a record that a preview makes by its key: the id ends with the layer, and
/// the import makes that record with another one.
fn name_by_key(db: &Connection, run: RunId, value: &mut Value) -> Answer<()> {
    if let Value::Reference { kind, to } = value
        && let RecordRef::Id(id) = to
        && *id > PREVIEW_IDS
        && let Some(key) = keys::first_of(db, run, kind, *id)?
    {
        *to = RecordRef::Key(key);
    }
    Ok(())
}

/// Copies effects and changes from the journal, which is about to be dropped.
pub(super) fn keep_effects(db: &Connection, run: RunId) -> Answer<()> {
    let mut filter = ReportFilter {
        limit: KEEP_PAGE,
        ..ReportFilter::default()
    };
    let mut update = db.prepare_cached(
        "UPDATE report SET effect = ?5, changes = ?6
         WHERE run = ?1 AND key_length = ?2 AND key = ?3 AND entity = ?4",
    )?;
    loop {
        let page = reported(db, run, &filter)?;
        for ReportedRow {
            row,
            effect,
            changes,
        } in &page
        {
            if let Some(effect) = effect {
                update.execute(params![
                    int(run),
                    length(&row.key),
                    row.key,
                    row.entity,
                    EffectColumn(*effect),
                    serde_json::to_string(changes).map_err(Fault::from)?,
                ])?;
            }
        }
        let Some(last) = page.last() else {
            return Ok(());
        };
        filter.after = Some(last.row.key.clone());
    }
}
