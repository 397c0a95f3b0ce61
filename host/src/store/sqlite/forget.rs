//! Forgetting what is known of one remote object: values, titles and reasons go, and that
//! something was there, and when, stays.

use rusqlite::{Connection, params};

use super::column::{int, maybe_number, number, parse};
use super::error::Answer;
use super::reports::WORD;
use super::runs;
use crate::model::{FieldChange, RunId, Value};
use crate::store::{FORGOTTEN, Forgotten, Subject};

/// Forgets it everywhere but in the records themselves and the connector's state.
pub(super) fn forget(db: &Connection, subject: &Subject) -> Answer<Forgotten> {
    let mut forgotten = Forgotten::default();
    let said = said(db, subject)?;
    for (run, mode, ..) in &said {
        if mode == "preview" {
            runs::drop_layer(db, *run)?;
            forgotten.previews += 1;
        }
    }
    let mut kinds = vec![subject.kind.clone()];
    let mut records = Vec::new();
    for (.., kind, record) in &said {
        if !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
        records.extend(record.map(|record| (kind.clone(), record)));
    }
    let mut linked = db.prepare_cached(
        "SELECT record FROM record_key
         WHERE layer = 0 AND connection = ?1 AND kind = ?2 AND key = ?3 AND record IS NOT NULL",
    )?;
    for kind in &kinds {
        let found = linked.query_map(params![subject.connection, kind, subject.key], |row| {
            number(row, 0)
        })?;
        for record in found {
            records.push((kind.clone(), record?));
        }
    }
    records.sort();
    records.dedup();
    for (kind, record) in &records {
        forgotten.journal += journal_lines(db, kind, *record)?;
        forgotten.messages += db.execute(
            "UPDATE message SET text = ?4, title = ?4, address = NULL
             WHERE connection = ?1 AND kind = ?2 AND record = ?3",
            params![subject.connection, kind, int(*record), FORGOTTEN],
        )? as u64;
        forgotten.events += db.execute(
            "UPDATE outbox SET failure = json_set(failure, '$.message', ?4, '$.attributes', json('{}'))
             WHERE connection = ?1 AND kind = ?2 AND record = ?3 AND failure IS NOT NULL",
            params![subject.connection, kind, int(*record), FORGOTTEN],
        )? as u64;
    }
    forgotten.reports = report_rows(db, subject)?;
    // How a connector names an object is its own affair, but for the id: rather too much.
    forgotten.events += db.execute(
        "UPDATE inbox SET failure = json_set(failure, '$.message', ?3, '$.attributes', json('{}'))
         WHERE connection = ?1 AND (object = ?2 OR object LIKE '%/' || ?2)
           AND state IN ('applied', 'ignored') AND failure IS NOT NULL",
        params![subject.connection, subject.key, FORGOTTEN],
    )? as u64;
    Ok(forgotten)
}

type Said = (RunId, String, String, Option<u64>);

/// The runs that read it, with their mode, its kind and its record.
fn said(db: &Connection, subject: &Subject) -> Answer<Vec<Said>> {
    let mut statement = db.prepare_cached(
        "SELECT run, mode, kind, record FROM
           (SELECT id, mode FROM run WHERE connection = ?1) AS known
         CROSS JOIN report ON run = known.id AND key_length = ?2 AND key = ?3
           AND report.entity = ?4",
    )?;
    let length = i64::try_from(subject.key.len()).unwrap_or(i64::MAX);
    let values = params![subject.connection, length, subject.key, subject.entity];
    let found = statement.query_map(values, |row| {
        Ok((
            number(row, 0)?,
            row.get(1)?,
            row.get(2)?,
            maybe_number(row, 3)?,
        ))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn without_values(changes: Vec<FieldChange>) -> Vec<FieldChange> {
    let none = |value: Value| match value {
        Value::None => Value::None,
        _ => Value::Text(FORGOTTEN.to_owned()),
    };
    let changes = changes.into_iter().map(|change| FieldChange {
        field: change.field,
        from: none(change.from),
        to: none(change.to),
    });
    changes.collect()
}

fn journal_lines(db: &Connection, kind: &str, record: u64) -> Answer<u64> {
    let mut lines =
        db.prepare_cached("SELECT sequence, changes FROM journal WHERE kind = ?1 AND record = ?2")?;
    let mut update = db.prepare_cached(
        "UPDATE journal SET changes = ?2,
           remote = json_set(remote, '$.title', ?3, '$.address', NULL) WHERE sequence = ?1",
    )?;
    let mut rows = lines.query(params![kind, int(record)])?;
    let mut known: Vec<(u64, Vec<FieldChange>)> = Vec::new();
    while let Some(row) = rows.next()? {
        known.push((number(row, 0)?, parse(row, 1)?));
    }
    let count = known.len() as u64;
    for (sequence, changes) in known {
        let changes = serde_json::to_string(&without_values(changes))?;
        update.execute(params![int(sequence), changes, FORGOTTEN])?;
    }
    Ok(count)
}

/// What a row came to stays, also where only its parts say so, which go: the sums of its
/// run are as they were.
fn report_rows(db: &Connection, subject: &Subject) -> Answer<u64> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT report.rowid, changes, effect IS NULL AND parts IS NOT NULL AND {WORD} = 'updated'
         FROM (SELECT id FROM run WHERE connection = ?1) AS known
         CROSS JOIN report ON run = known.id AND key_length = ?2 AND key = ?3
           AND report.entity = ?4"
    ))?;
    let length = i64::try_from(subject.key.len()).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![
        subject.connection,
        length,
        subject.key,
        subject.entity
    ])?;
    let mut known: Vec<(i64, Option<String>, bool)> = Vec::new();
    while let Some(row) = rows.next()? {
        known.push((row.get(0)?, row.get(1)?, row.get(2)?));
    }
    let mut update = db.prepare_cached(
        "UPDATE report SET title = ?2, address = NULL, facets = '[]', parts = NULL, changes = ?3,
           effect = CASE WHEN ?4 THEN 'updated' ELSE effect END,
           reason = json_set(reason, '$.message', ?2, '$.attributes', json('{}'))
         WHERE rowid = ?1",
    )?;
    let count = known.len() as u64;
    for (rowid, changes, by_parts) in known {
        let changes = match changes {
            Some(text) => Some(serde_json::to_string(&without_values(
                serde_json::from_str(&text)?,
            ))?),
            None => None,
        };
        update.execute(params![rowid, FORGOTTEN, changes, by_parts])?;
    }
    Ok(count)
}
