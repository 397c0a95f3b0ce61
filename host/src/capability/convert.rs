//! Between the words of the contract and the host's own: one function per shape
//! and direction, no decisions.

use crate::contract::halo::integration::{records, run, state, types};
use crate::model::{Effect, Failure, Fields, RecordRef, Row, RowOptions, Stored, Value, Written};
use crate::schema::{FieldDef, KindDef};
use crate::store::{Expectation, ReportPart, ReportRow, StateEntry, StateWrite, StoreError};

/// A list of attributes from pairs.
pub fn attributes<'a>(
    pairs: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Vec<types::Attribute> {
    pairs
        .into_iter()
        .map(|(name, value)| types::Attribute {
            name: name.clone(),
            value: value.clone(),
        })
        .collect()
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        types::Failure {
            attributes: attributes(&failure.attributes),
            code: failure.code,
            message: failure.message,
        }
    }
}

/// Characters of a failure's message and of each attribute: it is shown to people,
/// and kept with the run.
const SENTENCE_LIMIT: usize = 4_000;

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        let short = |text: String| text.chars().take(SENTENCE_LIMIT).collect();
        Failure {
            code: short(failure.code),
            message: short(failure.message),
            attributes: failure
                .attributes
                .into_iter()
                .map(|attribute| (attribute.name, short(attribute.value)))
                .collect(),
        }
    }
}

/// What the store says, for the guest: what it can mend is an answer, anything else
/// ends the call, as no connector can mend it.
pub fn store_answer<T>(
    result: Result<T, StoreError>,
) -> wasmtime::Result<Result<T, types::Failure>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error @ StoreError::Conflict { .. }) => {
            let StoreError::Conflict { key } = &error else {
                return Err(error.into());
            };
            Ok(Err(Failure::new("conflict", error.to_string())
                .with("key", key)
                .into()))
        }
        Err(error @ StoreError::TooLarge) => {
            Ok(Err(Failure::new("limit", error.to_string()).into()))
        }
        Err(error @ StoreError::Unavailable { retry_at, .. }) => {
            let failure = Failure::new("unavailable", error.to_string());
            Ok(Err(match retry_at {
                Some(at) => failure.with("retry-at", at),
                None => failure,
            }
            .into()))
        }
        Err(StoreError::Invalid(message)) => Ok(Err(Failure::new("invalid", message).into())),
        Err(error) => Err(error.into()),
    }
}

pub fn value_in(value: types::Value) -> Value {
    match value {
        types::Value::None => Value::None,
        // Empty text and nothing are the same in Halo's columns.
        types::Value::Text(text) if text.is_empty() => Value::None,
        types::Value::Text(text) => Value::Text(text),
        types::Value::Many(values) if values.is_empty() => Value::None,
        types::Value::Many(values) => Value::Many(values),
        types::Value::Reference(to) => Value::Reference {
            kind: String::new(),
            to: match to {
                types::RecordRef::Id(id) => RecordRef::Id(id),
                types::RecordRef::Key(key) => RecordRef::Key(key),
            },
        },
    }
}

fn value_out(value: &Value) -> types::Value {
    match value {
        Value::None => types::Value::None,
        Value::Text(text) => types::Value::Text(text.clone()),
        Value::Many(values) => types::Value::Many(values.clone()),
        Value::Reference { to, .. } => types::Value::Reference(match to {
            RecordRef::Id(id) => types::RecordRef::Id(*id),
            RecordRef::Key(key) => types::RecordRef::Key(key.clone()),
        }),
    }
}

/// A record with the fields that were asked for.
pub fn stored_out(stored: Stored, wanted: &[String]) -> records::Stored {
    records::Stored {
        id: stored.id,
        revision: stored.revision,
        fields: wanted
            .iter()
            .filter_map(|name| {
                let value = value_out(stored.fields.get(name)?);
                Some(types::Field {
                    name: name.clone(),
                    value,
                })
            })
            .collect(),
        keys: stored.keys,
    }
}

/// A row; a field that is named twice is refused.
pub fn row_in(row: records::Row) -> Result<Row, Failure> {
    let mut fields = Fields::new();
    for field in row.fields {
        if fields.contains_key(&field.name) {
            return Err(Failure::new(
                "invalid",
                format!("The field {} is named twice.", field.name),
            )
            .with("field", &field.name));
        }
        fields.insert(field.name, value_in(field.value));
    }
    Ok(Row {
        kind: row.kind,
        key: row.key,
        id: row.id,
        other_keys: row.other_keys,
        expected: row.expected,
        fields,
        options: RowOptions {
            may_create: row.options.contains(records::RowOptions::MAY_CREATE),
            move_keys: row.options.contains(records::RowOptions::MOVE_KEYS),
            remove: row.options.contains(records::RowOptions::REMOVE),
        },
    })
}

pub fn written_out(written: Written) -> records::Written {
    records::Written {
        id: written.id,
        revision: written.revision,
        effect: match written.effect {
            Effect::Created => records::Effect::Created,
            Effect::Updated => records::Effect::Updated,
            Effect::Unchanged => records::Effect::Unchanged,
            Effect::Removed => records::Effect::Removed,
        },
    }
}

pub fn kind_out(kind: &KindDef) -> records::KindInfo {
    records::KindInfo {
        name: kind.name.clone(),
        label: kind.label.clone(),
        attributes: Vec::new(),
    }
}

pub fn field_out(field: &FieldDef) -> records::FieldInfo {
    records::FieldInfo {
        name: field.name.clone(),
        label: field.label.clone(),
        type_name: field.type_name.clone(),
        attributes: attributes(&field.attributes),
        choices: field
            .choices
            .iter()
            .map(|(value, label)| types::Choice {
                value: value.clone(),
                label: label.clone(),
                attributes: Vec::new(),
            })
            .collect(),
    }
}

pub fn expectation_in(expected: state::Expectation) -> Expectation {
    match expected {
        state::Expectation::Anything => Expectation::Anything,
        state::Expectation::Absent => Expectation::Absent,
        state::Expectation::At(revision) => Expectation::At(revision),
    }
}

pub fn entry_out(entry: StateEntry) -> state::Entry {
    state::Entry {
        key: entry.key,
        revision: entry.revision,
        value: entry.value,
    }
}

pub fn write_in(write: state::Write) -> StateWrite {
    StateWrite {
        key: write.key,
        value: write.value,
        expected: expectation_in(write.expected),
    }
}

pub fn report_in(row: run::ReportRow) -> ReportRow {
    ReportRow {
        entity: row.object.entity,
        key: row.object.key,
        title: row.object.title,
        address: row.object.address,
        facets: row
            .facets
            .into_iter()
            .map(|attribute| (attribute.name, attribute.value))
            .collect(),
        outcome: row.outcome,
        reason: row.reason.map(Failure::from),
        kind: row.kind,
        record: row.record,
        parts: row
            .parts
            .into_iter()
            .map(|part| ReportPart {
                kind: part.kind,
                key: part.key,
                title: part.title,
            })
            .collect(),
    }
}
