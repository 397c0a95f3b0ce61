//! From what people ask to the rows that the store writes. Plain functions: whatever
//! has to be read is given.

use std::collections::{BTreeMap, BTreeSet};

use super::given::{Given, value};
use crate::config::nearest;
use crate::model::{Failure, Fields, RecordId, RecordRef, Row, RowOptions, Value};
use crate::schema::{FieldDef, KindDef};

/// The field that takes a record out of use, in the kinds that have it.
pub(super) const SWITCH: &str = "inactive";

/// What Halo calls the first site of a customer when nobody says.
const FIRST_SITE: &str = "Main";

/// Fields of a new customer that Halo's API puts into its first site.
const OF_FIRST_SITE: [(&str, &str); 2] = [
    ("newclient_sitename", "name"),
    ("newclient_phonenumber", "phonenumber"),
];

/// A record to be made or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Its kind.
    pub kind: String,
    /// Which one; without, a new one is made.
    pub id: Option<RecordId>,
    /// Fields by name; others stay.
    pub given: Vec<(String, Given)>,
    /// Records that lie inside it (a quotation's lines): how Halo's API calls them,
    /// and their field that leads here.
    pub inside: Vec<(Inside, Change)>,
}

/// How a record lies inside another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside {
    /// What Halo's API calls the list, for the place of a problem.
    pub list: &'static str,
    /// The field that leads to the outer record.
    pub field: &'static str,
}

/// The first site in a customer that is made.
const SITE: Inside = Inside {
    list: "site",
    field: "client_id",
};

/// What cannot be done, and where it was asked: `[0].phone`, `[0].lines[1].name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place in what was asked.
    pub place: String,
    /// Why not.
    pub failure: Failure,
}

/// The kinds as people see them.
pub(super) type Kinds = BTreeMap<String, KindDef>;

/// The kind of that name; else a sentence that names all.
pub fn kind_of<'a>(kinds: &'a Kinds, name: &str) -> Result<&'a KindDef, Failure> {
    kinds.get(name).ok_or_else(|| {
        let names: Vec<&str> = kinds.keys().map(String::as_str).collect();
        Failure::new(
            "not-found",
            format!("Halo has no kind {name:?}; it has {}.", names.join(", ")),
        )
    })
}

/// The field that takes records of a kind out of use.
pub fn switch_of(kinds: &Kinds, kind: &str) -> Result<&'static str, Failure> {
    if kind_of(kinds, kind)?.fields.contains_key(SWITCH) {
        return Ok(SWITCH);
    }
    let able = kinds
        .values()
        .filter(|kind| kind.fields.contains_key(SWITCH));
    let names: Vec<&str> = able.map(|kind| kind.name.as_str()).collect();
    Err(Failure::new(
        "invalid",
        format!(
            "A {kind} cannot be made inactive in Halo; these can: {}.",
            names.join(", ")
        ),
    ))
}

/// What a change has to have read before it becomes rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The records that are changed, by kind and id.
    pub(super) present: BTreeMap<(String, RecordId), Fields>,
    /// The one top level; nothing where there are several.
    pub(super) top_level: Option<RecordId>,
}

/// Adds what Halo adds to a new record when it is left out: a customer its top level
/// and its first site, a user the name that first name and surname make.
pub(super) fn complete(mut change: Change, known: &Known) -> Change {
    if change.id.is_some() {
        return change;
    }
    let given = &mut change.given;
    match change.kind.as_str() {
        "customer" => {
            if let (true, Some(id)) = (is_left_out(given, "toplevel_id"), known.top_level) {
                put(given, "toplevel_id", id.to_string());
            }
            let mut site = Change {
                kind: "site".to_owned(),
                ..Change::default()
            };
            for (name, field) in OF_FIRST_SITE {
                let default = (field == "name").then(|| FIRST_SITE.to_owned());
                if let Some(text) = text_of(given, name).or(default) {
                    put(&mut site.given, field, text);
                }
                given.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            }
            change.inside.push((SITE, site));
        }
        "user" if is_left_out(given, "name") => {
            let names = ["firstname", "surname"].map(|name| text_of(given, name));
            let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
            if !name.is_empty() {
                put(given, "name", name);
            }
        }
        _ => {}
    }
    change
}

fn is_left_out(given: &[(String, Given)], wanted: &str) -> bool {
    given.iter().all(|(name, given)| {
        let empty = matches!(given, Given::Nothing) || *given == Given::from("");
        empty || !name.eq_ignore_ascii_case(wanted)
    })
}

fn text_of(given: &[(String, Given)], wanted: &str) -> Option<String> {
    given.iter().find_map(|(name, given)| match given {
        Given::One(text) if name.eq_ignore_ascii_case(wanted) && !text.is_empty() => {
            Some(text.clone())
        }
        _ => None,
    })
}

fn put(given: &mut Vec<(String, Given)>, name: &str, text: String) {
    given.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    given.push((name.to_owned(), Given::One(text)));
}

/// The fields of a change, each checked; every problem is told, with the field.
pub(super) fn fields(
    kind: &KindDef,
    change: &Change,
    before: Option<&Fields>,
    outer: Option<&str>,
) -> Result<Fields, Vec<Failure>> {
    let (mut fields, mut refused) = (Fields::new(), Vec::new());
    for (name, given) in &change.given {
        let Some(field) = find(kind, name) else {
            refused.push(unknown(kind, name));
            continue;
        };
        match value(field, given) {
            Ok(_) if fields.contains_key(&field.name) => {
                let message = format!("{name} is given twice; give it once.");
                refused.push(Failure::new("invalid", message).with("field", name));
            }
            Ok(value) if means_nothing(field, &value, before) => {}
            Ok(value) => drop(fields.insert(field.name.clone(), value)),
            Err(message) => {
                refused.push(Failure::new("invalid", message).with("field", name));
            }
        }
    }
    let told: BTreeSet<&str> = refused
        .iter()
        .filter_map(|failure| failure.attributes.get("field"))
        .map(String::as_str)
        .collect();
    let wanting = kind.fields.values().filter(|field| {
        field.attributes.contains_key("required")
            && change.id.is_none()
            && outer != Some(field.name.as_str())
            && !fields.contains_key(&field.name)
            && !told.contains(field.name.as_str())
    });
    let wanting: Vec<Failure> = wanting.map(|field| needed(kind, field)).collect();
    refused.extend(wanting);
    match refused.is_empty() {
        true => Ok(fields),
        false => Err(refused),
    }
}

/// Whether a value says what the record says already: in Halo's own checkboxes,
/// empty and off are the same.
fn means_nothing(field: &FieldDef, value: &Value, before: Option<&Fields>) -> bool {
    field.type_name == "checkbox"
        && !field.attributes.contains_key("custom")
        && matches!(value, Value::Text(text) if text == "false")
        && before.is_none_or(|before| !before.contains_key(&field.name))
}

/// A field by name; Halo itself does not look at the case of letters.
fn find<'a>(kind: &'a KindDef, name: &str) -> Option<&'a FieldDef> {
    let folded = || {
        let mut alike = kind
            .fields
            .values()
            .filter(|field| field.name.eq_ignore_ascii_case(name));
        alike.next().filter(|_| alike.next().is_none())
    };
    kind.fields.get(name).or_else(folded)
}

fn needed(kind: &KindDef, field: &FieldDef) -> Failure {
    let what = match field.attributes.get("kind") {
        Some(of) => format!("{}, the id of a {of}", field.name),
        None => field.name.clone(),
    };
    let message = format!("A new {} needs {what}.", kind.name);
    Failure::new("invalid", message).with("field", &field.name)
}

fn unknown(kind: &KindDef, name: &str) -> Failure {
    let hint = match similar(kind, name) {
        Some(known) => format!("Did you mean {known}?"),
        None => {
            let names: Vec<&str> = kind.fields.keys().map(String::as_str).collect();
            format!("It has {}.", names.join(", "))
        }
    };
    let message = format!("{} has no field {name:?}. {hint}", kind.label);
    Failure::new("invalid", message).with("field", name)
}

/// The field that was probably meant: one whose name or label has the word in it,
/// else one that is written alike.
fn similar<'a>(kind: &'a KindDef, name: &str) -> Option<&'a str> {
    /// Shorter words are in many names.
    const WORD: usize = 3;
    let wanted = name.to_ascii_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    let fields = || kind.fields.values();
    let contained = fields()
        .filter(|field| wanted.len() >= WORD && (has(&field.name) || has(&field.label)))
        .min_by_key(|field| field.name.len())
        .map(|field| field.name.as_str());
    contained.or_else(|| nearest(&wanted, kind.fields.keys().map(String::as_str)))
}

/// The rows of a change whose fields were checked: the record, then what lies inside
/// it. What is new inside something new names it by `key`, as it has no id yet.
pub(super) fn row(
    change: &Change,
    mut fields: Fields,
    outer: Option<(&str, &str, RecordRef)>,
    key: Option<String>,
) -> Row {
    if let Some((field, kind, to)) = outer {
        let kind = kind.to_owned();
        fields.insert(field.to_owned(), Value::Reference { kind, to });
    }
    Row {
        kind: change.kind.clone(),
        key,
        id: change.id,
        other_keys: Vec::new(),
        expected: None,
        fields,
        options: RowOptions {
            may_create: change.id.is_none(),
            ..RowOptions::default()
        },
    }
}

#[cfg(test)]
mod tests;
