//! What was done to one record, in words and summed up over several writes.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::model::{Effect, FieldChange, Value};

/// An effect as a text column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EffectColumn(pub(super) Effect);

const WORDS: [(Effect, &str); 4] = [
    (Effect::Created, "created"),
    (Effect::Updated, "updated"),
    (Effect::Unchanged, "unchanged"),
    (Effect::Removed, "removed"),
];

impl ToSql for EffectColumn {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let word = WORDS.iter().find(|(effect, _)| *effect == self.0);
        Ok(word.map_or("", |(_, word)| *word).into())
    }
}

impl FromSql for EffectColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        WORDS
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(effect, _)| EffectColumn(*effect))
            .ok_or(FromSqlError::InvalidType)
    }
}

/// Several writes of one record as one: the most telling effect (created over
/// removed over updated), and each field from its first value to its last.
pub(super) fn sum(
    writes: impl IntoIterator<Item = (Effect, Vec<FieldChange>)>,
) -> (Option<Effect>, Vec<FieldChange>) {
    let mut summed = None;
    let mut changes: Vec<FieldChange> = Vec::new();
    for (effect, more) in writes {
        summed = summed
            .into_iter()
            .chain([effect])
            .max_by_key(|effect| rank(*effect));
        for change in more {
            match changes.iter_mut().find(|known| known.field == change.field) {
                Some(known) => known.to = change.to,
                None => changes.push(change),
            }
        }
    }
    changes.retain(|change| change.from != change.to);
    (summed, changes)
}

fn rank(effect: Effect) -> u8 {
    match effect {
        Effect::Unchanged => 0,
        Effect::Updated => 1,
        Effect::Removed => 2,
        Effect::Created => 3,
    }
}

/// Whether a change makes a record inactive (`true`) or active again (`false`).
pub(super) fn switched(changes: &[FieldChange]) -> Option<bool> {
    let is_set = |value: &Value| matches!(value, Value::Text(text) if text == "true");
    let change = changes.iter().find(|change| change.field == "inactive")?;
    let (before, after) = (is_set(&change.from), is_set(&change.to));
    (before != after).then_some(after)
}
