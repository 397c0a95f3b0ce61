//! How much one answer may still hold. A connector chooses what it asks for, and the
//! same large entry asked for a thousand times is a small question.

use super::error::Answer;
use crate::model::{Stored, Value};
use crate::store::{ANSWER_LIMIT, StoreError};

/// What a record or an entry takes beside its text.
const OVERHEAD: usize = 100;

/// Counts down while an answer grows.
pub(super) struct Room(usize);

impl Room {
    /// For one answer.
    pub(super) fn new() -> Room {
        Room(ANSWER_LIMIT)
    }

    /// Takes room for so many bytes of text.
    pub(super) fn take(&mut self, bytes: usize) -> Answer<()> {
        match self.0.checked_sub(bytes.saturating_add(OVERHEAD)) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => Err(StoreError::TooLarge.into()),
        }
    }

    /// Takes room for a record.
    pub(super) fn record(&mut self, record: Option<&Stored>) -> Answer<()> {
        let Some(record) = record else {
            return self.take(0);
        };
        let fields = record.fields.iter();
        let fields: usize = fields.map(|(name, value)| name.len() + size(value)).sum();
        let keys: usize = record.keys.iter().map(String::len).sum();
        self.take(fields + keys)
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::None => 0,
        Value::Text(text) => text.len(),
        Value::Many(values) => values.iter().map(String::len).sum(),
        Value::Reference { kind, .. } => kind.len(),
    }
}
