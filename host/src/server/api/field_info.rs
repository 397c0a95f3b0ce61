//! Custom fields in Halo's words: their definitions at `/api/FieldInfo`, and the
//! numbers of their types.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::schema::{FieldDef, KindDef};

/// The path of the definitions.
pub(super) const PATH: &str = "FieldInfo";

/// Which kind has which `typeid`, which a definition calls its `usage`. Those of
/// items and quotations are not documented: their fields are read off the records.
const USAGES: [(&str, u32); 4] = [("ticket", 1), ("customer", 2), ("site", 3), ("user", 4)];

/// The `usage` of a kind's fields.
pub(super) fn usage(kind: &str) -> Option<u32> {
    let found = USAGES.iter().find(|(name, _)| *name == kind);
    found.map(|(_, usage)| *usage)
}

/// Halo's numbers of a type: `type`, and `inputtype`, which refines text (there is no
/// number type: numbers are text with a numeric input type) and parts dates from
/// times. The one of whole numbers is not documented.
fn type_of(field: &FieldDef) -> (u32, u32) {
    match field.type_name.as_str() {
        "memo" => (1, 0),
        "choice" => (2, 0),
        "choices" => (3, 0),
        "date" => (4, 0),
        "date-time" => (4, 1),
        "checkbox" => (6, 0),
        "html" => (10, 0),
        "integer" => (0, 1),
        "decimal" => (0, 7),
        _ => (0, 0),
    }
}

/// A number for a definition: it has none in the store, and clients name fields by
/// it. From kind and name, so that it stays when others come and go; below 2^31, as
/// ids are there.
pub(super) fn id_of(kind: &str, name: &str) -> u32 {
    let digest = Sha256::new()
        .chain_update(kind)
        .chain_update([0])
        .chain_update(name.to_ascii_lowercase())
        .finalize();
    let bytes: [u8; 4] = [digest[0], digest[1], digest[2], digest[3]];
    (u32::from_be_bytes(bytes) >> 1).max(1)
}

/// The custom fields of a kind.
pub(super) fn custom(kind: &KindDef) -> impl Iterator<Item = &FieldDef> {
    kind.fields
        .values()
        .filter(|field| field.attributes.contains_key("custom"))
}

/// What a definition and a record's `customfields` both say of a field.
pub(super) fn head(kind: &KindDef, field: &FieldDef) -> serde_json::Map<String, Json> {
    let (type_number, input_type) = type_of(field);
    let mut head = serde_json::Map::new();
    for (name, value) in [
        ("id", json!(id_of(&kind.name, &field.name))),
        ("name", json!(field.name)),
        ("label", json!(field.label)),
        ("type", json!(type_number)),
        ("inputtype", json!(input_type)),
        ("usage", json!(usage(&kind.name))),
    ] {
        head.insert(name.to_owned(), value);
    }
    head
}

/// A definition, with its options where they are asked for.
pub(super) fn definition(kind: &KindDef, field: &FieldDef, with_values: bool) -> Json {
    let mut definition = head(kind, field);
    let limit = field.attributes.get("max-length");
    let limit: u64 = limit.and_then(|limit| limit.parse().ok()).unwrap_or(0);
    definition.insert("characterlimit".to_owned(), json!(limit));
    let required = field.attributes.contains_key("required");
    definition.insert("mandatory".to_owned(), json!(required));
    if with_values {
        let values: Vec<Json> = field
            .choices
            .iter()
            .map(|(value, label)| json!({ "id": option_id(value), "name": label }))
            .collect();
        definition.insert("values".to_owned(), Json::Array(values));
    }
    Json::Object(definition)
}

/// Options have numbers in Halo.
pub(super) fn option_id(value: &str) -> Json {
    value
        .parse::<u64>()
        .map_or_else(|_| json!(value), |number| json!(number))
}
