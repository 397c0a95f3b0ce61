//! Writing rows. Each row is first decided in full by reading (which record, what
//! differs, which keys), then written, so a row that is refused has written
//! nothing and needs no savepoint. Later rows see what earlier ones wrote.

use rusqlite::{Connection, params};

use super::column::{int, number};
use super::error::{Answer, Fault};
use super::index::{self, Indexed};
use super::outbox::Listeners;
use super::tallies::Counter;
use super::{journal, keys, lanes, records, sums};
use crate::model::{
    Effect, Failure, FieldChange, Fields, RecordId, RecordRef, Row, RunId, Timestamp, Value,
    Written,
};
use crate::store::{Allowance, Scope, Tally};

/// Where the ids of records that a preview makes begin: above every real id,
/// below 2^53, so that JSON numbers still hold them exactly.
pub(super) const PREVIEW_IDS: RecordId = 9_000_000_000_000_000;

/// Why a row, or the whole call, ends here.
enum Stop {
    Row(Failure),
    Call(Fault),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Row(failure)
    }
}

impl<E: Into<Fault>> From<E> for Stop {
    fn from(fault: E) -> Self {
        Stop::Call(fault.into())
    }
}

/// A record as it is before its row is written.
struct Present {
    id: RecordId,
    revision: u64,
    fields: Fields,
}

/// What a row comes to.
struct Plan<'a> {
    /// `None` makes a record.
    record: Option<Present>,
    /// The fields after the row.
    fields: Fields,
    changes: Vec<FieldChange>,
    /// Keys that do not lead to the record yet.
    keys: Vec<&'a str>,
}

/// Writes rows in order, with journal and outbox; or none of them, when they would
/// change more than the allowance: then the answer is the tally.
pub(super) fn upsert(
    db: &Connection,
    indexed: Indexed,
    scope: &Scope,
    rows: &[Row],
    allowance: Option<&Allowance>,
    now: Timestamp,
) -> Answer<Result<Vec<Result<Written, Failure>>, Tally>> {
    lanes::check(db, scope)?;
    if let Some(run) = scope.run {
        sums::outdate(db, run)?;
    }
    let mut counter = Counter::start(db, scope, allowance)?;
    let mut listeners = Listeners::new(scope);
    let mut answers = Vec::with_capacity(rows.len());
    for row in rows {
        answers.push(match plan(db, scope, row) {
            Ok(plan) => {
                let (written, changes) = carry_out(db, indexed, scope, row, plan)?;
                if let Some(counter) = &mut counter {
                    counter.note(db, &row.kind, (written.id, written.effect))?;
                }
                if written.effect != Effect::Unchanged {
                    journal::write(db, scope, row, &written, &changes, now)?;
                    listeners.tell(db, &row.kind, &written, &changes, now)?;
                }
                Ok(written)
            }
            Err(Stop::Row(failure)) => Err(failure),
            Err(Stop::Call(fault)) => return Err(fault),
        });
    }
    match counter {
        Some(counter) => Ok(counter.finish(db)?.map_or(Ok(answers), Err)),
        None => Ok(Ok(answers)),
    }
}

fn plan<'a>(db: &Connection, scope: &Scope, row: &'a Row) -> Result<Plan<'a>, Stop> {
    let record = named(db, scope, row)?;
    let revision = record.as_ref().map_or(0, |record| record.revision);
    if row.expected.is_some_and(|expected| expected != revision) {
        return Err(Failure::new(
            "conflict",
            format!("The {} was changed meanwhile; read it again.", row.kind),
        )
        .with("revision", revision)
        .into());
    }
    let before = record.as_ref().map(|record| &record.fields);
    let mut fields = before.cloned().unwrap_or_default();
    let mut changes = Vec::new();
    if row.options.remove {
        changes = std::mem::take(&mut fields)
            .into_iter()
            .map(|(field, from)| FieldChange {
                field,
                from,
                to: Value::None,
            })
            .collect();
        return Ok(Plan {
            record,
            fields,
            changes,
            keys: Vec::new(),
        });
    }
    for (field, value) in &row.fields {
        let to = canonical(db, scope, field, value)?;
        let from = match &to {
            Value::None => fields.remove(field),
            to => fields.insert(field.clone(), to.clone()),
        };
        let from = from.unwrap_or(Value::None);
        if from != to {
            changes.push(FieldChange {
                field: field.clone(),
                from,
                to,
            });
        }
    }
    let keys = unbound(db, scope, row, record.as_ref().map(|record| record.id))?;
    Ok(Plan {
        record,
        fields,
        changes,
        keys,
    })
}

/// The record that a row names, as the table at `records.row` in `wit/` says;
/// `None` when it makes one.
fn named(db: &Connection, scope: &Scope, row: &Row) -> Result<Option<Present>, Stop> {
    let kind = &row.kind;
    let by_key = match &row.key {
        Some(key) if key.is_empty() => {
            return Err(Failure::new("invalid", "An external key must not be empty.").into());
        }
        Some(key) => records::by_key(db, scope, kind, key)?,
        None => None,
    };
    let id = match (by_key, row.id) {
        (Some(present), Some(id)) if present != id && !row.options.move_keys => {
            return Err(taken(row.key.as_deref().unwrap_or_default(), kind, present).into());
        }
        (_, Some(id)) | (Some(id), None) => id,
        (None, None) if row.options.remove || !row.options.may_create => {
            let name = row.key.as_ref().map_or_else(
                || "without a key or an id".to_owned(),
                |key| format!("of the key {key}"),
            );
            return Err(Failure::new("not-found", format!("There is no {kind} {name}.")).into());
        }
        // A connector that could make a record without a key would make a second
        // one when it asks again. A person asks once.
        (None, None) if row.key.is_none() && !scope.connection.is_empty() => {
            let message = format!("A new {kind} needs an external key.");
            return Err(Failure::new("invalid", message).into());
        }
        (None, None) => return Ok(None),
    };
    match records::load(db, scope.layer, kind, id)? {
        Some((revision, fields)) => Ok(Some(Present {
            id,
            revision,
            fields,
        })),
        None => Err(Failure::new("not-found", format!("There is no {kind} {id}.")).into()),
    }
}

fn taken(key: &str, kind: &str, record: RecordId) -> Failure {
    Failure::new(
        "key-taken",
        format!("The key {key} leads to the {kind} {record} already."),
    )
    .with("record", record)
}

/// The keys of a row that must be bound, after checking that they may be.
fn unbound<'a>(
    db: &Connection,
    scope: &Scope,
    row: &'a Row,
    record: Option<RecordId>,
) -> Result<Vec<&'a str>, Stop> {
    let mut unbound = Vec::new();
    for key in row.key.iter().chain(&row.other_keys) {
        if key.is_empty() {
            return Err(Failure::new("invalid", "An external key must not be empty.").into());
        }
        let present = records::by_key(db, scope, &row.kind, key)?;
        match present {
            Some(present) if Some(present) == record => continue,
            Some(present) if !row.options.move_keys => {
                return Err(taken(key, &row.kind, present).into());
            }
            _ => unbound.push(key.as_str()),
        }
    }
    Ok(unbound)
}

/// A value as it is kept: empty is nothing, choices are in order (theirs has no
/// meaning), and a reference is the id of a record that is there.
fn canonical(db: &Connection, scope: &Scope, field: &str, value: &Value) -> Result<Value, Stop> {
    Ok(match value {
        Value::Text(text) if text.is_empty() => Value::None,
        Value::Many(values) if values.is_empty() => Value::None,
        Value::Many(values) => {
            let mut values = values.clone();
            values.sort_unstable();
            values.dedup();
            Value::Many(values)
        }
        Value::Reference { kind, to } => {
            let id = match to {
                RecordRef::Id(id) => records::exists(db, scope.layer, kind, *id)?.then_some(*id),
                RecordRef::Key(key) => records::by_key(db, scope, kind, key)?,
            };
            let id = id.ok_or_else(|| {
                let message = format!("{field} refers to a {kind} that is not there.");
                Failure::new("invalid", message).with("field", field)
            })?;
            Value::Reference {
                kind: kind.clone(),
                to: RecordRef::Id(id),
            }
        }
        Value::Text(_) | Value::None => value.clone(),
    })
}

fn carry_out(
    db: &Connection,
    indexed: Indexed,
    scope: &Scope,
    row: &Row,
    plan: Plan<'_>,
) -> Answer<(Written, Vec<FieldChange>)> {
    let (layer, kind) = (scope.layer, row.kind.as_str());
    let (id, revision, before, effect) = match plan.record {
        Some(Present {
            id,
            revision,
            fields,
        }) => {
            let effect = match (row.options.remove, plan.changes.is_empty()) {
                (true, _) => Effect::Removed,
                (false, true) => Effect::Unchanged,
                (false, false) => Effect::Updated,
            };
            (id, revision, fields, effect)
        }
        None => (next_id(db, layer, kind)?, 0, Fields::new(), Effect::Created),
    };
    let mut written = Written {
        id,
        revision,
        effect,
    };
    if effect != Effect::Unchanged {
        written.revision += 1;
        index::write(db, indexed, layer, (kind, id), &before, &plan.fields)?;
        let fields = match effect {
            Effect::Removed => None,
            _ => Some(serde_json::to_string(&plan.fields)?),
        };
        store(db, layer, kind, &written, fields)?;
    }
    if effect == Effect::Removed {
        keys::remove_all(db, layer, kind, id)?;
    }
    for key in plan.keys {
        keys::bind(db, scope, kind, key, id)?;
    }
    Ok((written, plan.changes))
}

/// Writes a record; without fields it is gone, and a preview notes that.
fn store(
    db: &Connection,
    layer: RunId,
    kind: &str,
    written: &Written,
    fields: Option<String>,
) -> Answer<()> {
    let (layer, id) = (int(layer), int(written.id));
    if fields.is_none() && layer == 0 {
        db.prepare_cached("DELETE FROM record WHERE layer = 0 AND kind = ?1 AND id = ?2")?
            .execute(params![kind, id])?;
        return Ok(());
    }
    db.prepare_cached(
        "INSERT INTO record (layer, kind, id, revision, fields) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (layer, kind, id)
         DO UPDATE SET revision = excluded.revision, fields = excluded.fields",
    )?
    .execute(params![layer, kind, id, int(written.revision), fields])?;
    Ok(())
}

fn next_id(db: &Connection, layer: RunId, kind: &str) -> Answer<RecordId> {
    let first = if layer == 0 { 1 } else { PREVIEW_IDS + 1 };
    let mut statement = db.prepare_cached(
        "INSERT INTO last_id (layer, kind, id) VALUES (?1, ?2, ?3)
         ON CONFLICT (layer, kind) DO UPDATE SET id = id + 1 RETURNING id",
    )?;
    Ok(statement.query_row(params![int(layer), kind, int(first)], |row| number(row, 0))?)
}
