//! Halo's values for an object, field by field. A value that Halo cannot hold, or that
//! the settings do not know, stops its field and not the row: the field is left as it
//! is, what was agreed of it stays too, and the row is looked at again at each import.
//! So it is filled as soon as it can be.

use super::{Intent, Values, compared, field, values};
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::{Attribute, Field, Value};
use crate::entity::Mapped;
use crate::failure::Failure;
use crate::field::decide::Rule;
use crate::hubspot::objects::Object;
use crate::matching::value_of;

/// The code of the reason of a row that went in but for some of its fields.
pub const REFUSED: &str = "field-refused";

/// The code of the reason of a row with fields that both sides have changed.
pub const CLASHED: &str = "changed-on-both-sides";

/// Halo's values for an object.
pub(super) struct Converted<'a> {
    /// The fields that have one; nothing is one as well.
    fields: Vec<&'a Mapped>,
    values: Vec<Value>,
    /// The fields that are left as they are.
    left: Vec<&'a Mapped>,
    refused: Vec<Refused<'a>>,
    /// Fields that both sides have changed, as sentences.
    clashes: Vec<String>,
}

/// A field that is left as it is, and why.
pub(super) struct Refused<'a> {
    /// Halo's name of the field.
    pub field: &'a str,
    /// A sentence that says what to do.
    pub message: String,
}

/// Converts an object's values; `record` is the one that they are for, when it is there.
pub(super) fn converted<'a>(
    object: &Object,
    fields: &[&'a Mapped],
    record: Option<&Stored>,
) -> Converted<'a> {
    let mut converted = Converted {
        fields: Vec::with_capacity(fields.len()),
        values: Vec::with_capacity(fields.len()),
        left: Vec::new(),
        refused: Vec::new(),
        clashes: Vec::new(),
    };
    for mapped in fields {
        let given = mapped.value(object);
        if mapped.leaves(given.as_deref()) {
            converted.left.push(mapped);
            continue;
        }
        match mapped.to_halo(given.as_deref()) {
            Ok(value) => {
                converted.fields.push(mapped);
                converted.values.push(value);
            }
            Err(message) => {
                converted.left.push(mapped);
                if record.is_none_or(|record| could_be_written(mapped, record)) {
                    let field = mapped.field.as_str();
                    converted.refused.push(Refused { field, message });
                }
            }
        }
    }
    converted
}

/// Whether another value could be written; what could not, nobody needs to mend.
fn could_be_written(mapped: &Mapped, record: &Stored) -> bool {
    match mapped.rule {
        Rule::Never => false,
        Rule::Empty => *value_of(record, &mapped.field) == Value::None,
        Rule::Mapped(_) | Rule::UnlessEdited(_) | Rule::EmptyOrOurs => true,
    }
}

impl<'a> Converted<'a> {
    /// The fields of a record that is made: those that have a value. Fails where the
    /// field of this name has to have one and is refused: then there is no record.
    pub(super) fn filled(&self, required: &str) -> Result<Vec<Field>, Failure> {
        let mut refused = self.refused.iter();
        if let Some(refused) = refused.find(|refused| refused.field == required) {
            return Err(Failure::new("invalid", &refused.message).with("field", required));
        }
        Ok(self
            .fields
            .iter()
            .zip(&self.values)
            .filter(|(_, value)| **value != Value::None)
            .map(|(mapped, value)| field(&mapped.field, value.clone()))
            .collect())
    }

    /// The values to write to a record that is there; what both sides have changed is
    /// noted.
    pub(super) fn decided(
        &mut self,
        of: (&str, &Stored),
        last: Option<&Values>,
        intents: &[&Intent],
    ) -> Vec<Field> {
        let (written, clashes) = compared(&self.fields, self.values.clone(), of, last, intents);
        self.clashes = clashes;
        written
    }

    /// What is to be remembered; `last` is nothing for a record that is made.
    pub(super) fn agreed(&self, object: &Object, last: Option<&Values>) -> Values {
        let mut agreed = values(object, &self.fields, last);
        let kept = self.left.iter().filter_map(|mapped| {
            let value = last?.get(&mapped.field)?;
            Some((mapped.field.clone(), value.clone()))
        });
        agreed.extend(kept);
        agreed
    }

    /// Says better why a field is refused, where there is more to say.
    pub(super) fn explain(&mut self, better: impl Fn(&str) -> Option<String>) {
        for refused in &mut self.refused {
            if let Some(message) = better(refused.field) {
                refused.message = message;
            }
        }
    }

    /// What a person should know of a row that goes in: the fields that are refused or
    /// that both sides have changed, and `note`.
    pub(super) fn note(&self, note: Option<Failure>) -> Option<Failure> {
        let note = match (self.clashes.as_slice(), note) {
            ([], note) => note,
            (clashes, None) => Some(Failure::new(CLASHED, clashes.join(" "))),
            (clashes, Some(note)) => Some(Failure {
                message: format!("{} {}", clashes.join(" "), note.message),
                ..note
            }),
        };
        if self.refused.is_empty() {
            return note;
        }
        let told = self.refused.iter().map(|refused| refused.message.as_str());
        let told = told.chain(note.as_ref().map(|note| note.message.as_str()));
        let told: Vec<&str> = told.collect();
        let fields = self.refused.iter().map(|refused| Attribute {
            name: "field".to_owned(),
            value: refused.field.to_owned(),
        });
        Some(Failure {
            code: REFUSED.to_owned(),
            message: told.join(" "),
            attributes: fields
                .chain(note.iter().flat_map(|note| note.attributes.clone()))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests;
