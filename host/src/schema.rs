//! What kinds of records Halo has and which fields they have: names, types and
//! limits as in Halo's own API, plus the fields that administrators add.

use std::collections::BTreeMap;

use crate::store::CustomField;

mod check;
mod kinds;

pub use check::{check, check_value};
pub use kinds::{INDEXED, title_of};

use kinds::{KINDS, Line};

/// The kind of the tree above customers.
pub const TOP_LEVEL: &str = "top-level";

/// A field of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDef {
    /// Its name in Halo's API.
    pub name: String,
    /// What people read.
    pub label: String,
    /// A field type of the contract.
    pub type_name: String,
    /// `required`, `max-length`, `kind`, `custom`, `read-only`.
    pub attributes: BTreeMap<String, String>,
    /// Value and label.
    pub choices: Vec<(String, String)>,
}

/// A kind of record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindDef {
    /// Its name in the contract.
    pub name: String,
    /// What people read.
    pub label: String,
    /// Its fields by name.
    pub fields: BTreeMap<String, FieldDef>,
}

/// All kinds, with the custom fields given.
pub fn kinds(custom: &[CustomField]) -> BTreeMap<String, KindDef> {
    let mut kinds: BTreeMap<String, KindDef> = KINDS
        .iter()
        .map(|(name, label, lines)| {
            let kind = KindDef {
                name: (*name).to_owned(),
                label: (*label).to_owned(),
                fields: lines.iter().map(field).collect(),
            };
            (kind.name.clone(), kind)
        })
        .collect();
    for added in custom {
        if let Some(kind) = kinds.get_mut(&added.kind) {
            let mut attributes = added.attributes.clone();
            attributes.insert("custom".to_owned(), "true".to_owned());
            kind.fields.insert(
                added.name.clone(),
                FieldDef {
                    name: added.name.clone(),
                    label: added.label.clone(),
                    type_name: added.type_name.clone(),
                    attributes,
                    choices: added.choices.clone(),
                },
            );
        }
    }
    kinds
}

fn field((name, label, type_name, notes): &Line) -> (String, FieldDef) {
    let attributes = notes
        .split_whitespace()
        .map(|note| match note.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => (note.to_owned(), "true".to_owned()),
        })
        .collect();
    let field = FieldDef {
        name: (*name).to_owned(),
        label: (*label).to_owned(),
        type_name: (*type_name).to_owned(),
        attributes,
        choices: Vec::new(),
    };
    (field.name.clone(), field)
}
