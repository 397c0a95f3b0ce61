//! The words of the contract as plain Rust values, free of WASM: what a record,
//! a value, a row and a failure are. The store, the capabilities and the program
//! all speak these; only `contract.rs` knows the generated twins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Timestamp = u64;

/// Halo's own number of a record, unique within its kind.
pub type RecordId = u64;

/// The number of a run; a preview's overlay carries the number of its run.
pub type RunId = u64;

/// What went wrong, for two readers: the program acts on `code`, the person reads
/// `message`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// One of the codes of `types.failure` in `wit/`, or a connector's own.
    pub code: String,
    /// One sentence that says what to do; never holds a secret.
    pub message: String,
    /// Details by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl Failure {
    /// A failure without attributes.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Failure {
            code: code.to_owned(),
            message: message.into(),
            attributes: BTreeMap::new(),
        }
    }

    /// The same failure with one more attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.attributes.insert(name.to_owned(), value.to_string());
        self
    }
}

/// How to name a record that may not exist yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordRef {
    /// By Halo's own id.
    Id(RecordId),
    /// By an external key of the connection that writes.
    Key(String),
}

/// The value of one field, as canonical text of the field's type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Empty; written, it clears the field.
    None,
    /// Any single value.
    Text(String),
    /// A set of choices.
    Many(Vec<String>),
    /// Another record. The store always keeps and answers `RecordRef::Id`, but in the
    /// report of a preview for a record that this one makes.
    Reference {
        /// The kind of the record that is meant.
        kind: String,
        /// Which one.
        to: RecordRef,
    },
}

impl Value {
    /// The value for a person to read in a table or a journal line.
    pub fn display(&self) -> String {
        match self {
            Value::None => String::new(),
            Value::Text(text) => text.clone(),
            Value::Many(values) => values.join("; "),
            Value::Reference { kind, to } => match to {
                RecordRef::Id(id) => format!("{kind} {id}"),
                RecordRef::Key(key) => format!("{kind} of key {key}"),
            },
        }
    }
}

/// Fields by name.
pub type Fields = BTreeMap<String, Value>;

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// For example `customer`.
    pub kind: String,
    /// Halo's id.
    pub id: RecordId,
    /// Counts its changes, from 1.
    pub revision: u64,
    /// All fields that are not empty.
    pub fields: Fields,
    /// The external keys of the asking connection that lead here, sorted.
    pub keys: Vec<String>,
}

/// What a row of `records.upsert` may do beyond writing fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowOptions {
    /// A row that names no existing record makes one.
    pub may_create: bool,
    /// A key of this row that leads to another record is moved.
    pub move_keys: bool,
    /// Remove the record and its keys.
    pub remove: bool,
}

/// One record to be written; the table at `records.row` in `wit/` says how it is
/// found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Kind of the record.
    pub kind: String,
    /// The external key that names it.
    pub key: Option<String>,
    /// Halo's id that names it.
    pub id: Option<RecordId>,
    /// Further keys to bind to it.
    pub other_keys: Vec<String>,
    /// Fail with `conflict` unless it has this revision.
    pub expected: Option<u64>,
    /// The fields to write; others stay.
    pub fields: Fields,
    /// What else it may do.
    pub options: RowOptions,
}

/// What a row did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// A record was made.
    Created,
    /// At least one field changed.
    Updated,
    /// Nothing differed; nothing was written but perhaps a key.
    Unchanged,
    /// The record is gone.
    Removed,
}

/// The answer to one row that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The record.
    pub id: RecordId,
    /// Its revision now.
    pub revision: u64,
    /// What happened.
    pub effect: Effect,
}

/// One field that changed, for the journal and for previews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// Its value before.
    pub from: Value,
    /// Its value after.
    pub to: Value,
}

/// Text as it is compared when records are looked up: case folded, spaces at the
/// ends removed, inner runs of white space made one space.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        if word.is_ascii() {
            folded.extend(word.chars().map(|c| c.to_ascii_lowercase()));
            continue;
        }
        // Upper case first: it joins what lower case keeps apart (ß and SS, ς and σ).
        folded.extend(
            word.chars()
                .flat_map(char::to_uppercase)
                .flat_map(char::to_lowercase),
        );
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn folding_ignores_case_and_surrounding_and_repeated_spaces() {
        for (left, right) in [
            ("  ACME  Holdings ", "acme holdings"),
            ("STRASSE", "straße"),
            ("ΟΔΟΣ", "οδος"),
            ("a\u{a0}b\tc", "A B C"),
        ] {
            assert_eq!(fold(left), fold(right), "{left:?} and {right:?}");
        }
        assert_ne!(fold("Acme"), fold("Acme Ltd"));
    }
}
