//! Bodies of writes: elements of the array become changes. Plain functions.
//!
//! A client may send back what it was answered, changed in one place, so the names
//! that this API answers beside the fields are passed over. Any other unknown name is
//! a problem, not silence.

use serde_json::Value as Json;

use super::field_info;
use super::resource::{self, Resource};
use super::shape;
use crate::edits::{Change, Given, Inside, Problem};
use crate::model::{Failure, RecordId};
use crate::schema::KindDef;

/// A quotation's lines.
pub(super) const LINES: Inside = Inside {
    list: "lines",
    field: "quotation_id",
};
/// The custom fields of a record, by id or by name.
const CUSTOM: &str = "customfields";

/// Names that are answered beside the fields and that nobody sets.
const ANSWERED: [&str; 2] = ["is_opportunity", "use"];

/// What is wrong with an element, by its place.
type Problems = Vec<Problem>;

/// An element of the array as a change of a record.
pub(super) fn change(
    resource: &Resource,
    kinds: (&KindDef, Option<&KindDef>),
    element: &Json,
    place: &str,
) -> Result<Change, Problems> {
    let (kind, line_kind) = kinds;
    let Json::Object(element) = element else {
        return Err(vec![problem(place, "An element is an object with fields.")]);
    };
    let mut reading = Reading {
        kind,
        change: Change {
            kind: kind.name.clone(),
            ..Change::default()
        },
        problems: Vec::new(),
    };
    for (name, value) in element {
        let here = format!("{place}.{name}");
        if name == LINES.list && line_kind.is_some() {
            reading.lines(line_kind, value, &here);
        } else if !is_answered(resource, kind, name) {
            reading.member(name, value, &here);
        }
    }
    reading.done()
}

fn is_answered(resource: &Resource, kind: &KindDef, name: &str) -> bool {
    let beside = || {
        let fields = kind.fields.values();
        fields
            .filter_map(shape::name_beside)
            .any(|beside| beside == name)
    };
    // `_isimport` and the like: switches of Halo's that mean nothing here.
    name.starts_with('_')
        || !kind.fields.contains_key(name)
            && (ANSWERED.contains(&name)
                || [resource.created, resource.changed].contains(&Some(name))
                // A user's customer is that of its site.
                || kind.name == "user" && matches!(name, "client_id" | "client_name")
                || beside())
}

fn problem(place: &str, message: impl Into<String>) -> Problem {
    Problem {
        place: place.to_owned(),
        failure: Failure::new("invalid", message),
    }
}

/// One element while it is read.
struct Reading<'a> {
    kind: &'a KindDef,
    change: Change,
    problems: Problems,
}

impl Reading<'_> {
    fn member(&mut self, name: &str, value: &Json, here: &str) {
        match (name, value) {
            ("id", value) => match id(value) {
                Ok(id) => self.change.id = id,
                Err(message) => self.problems.push(problem(here, message)),
            },
            (CUSTOM, Json::Array(all)) => {
                for (index, one) in all.iter().enumerate() {
                    self.custom(one, &format!("{here}[{index}]"));
                }
            }
            // An address: an object in Halo's API, a field for each of its members here.
            (outer, Json::Object(members)) if self.has_inner(outer) => {
                for (inner, value) in members {
                    let place = format!("{here}.{inner}");
                    self.give(format!("{outer}.{inner}"), value, &place);
                }
            }
            (outer, Json::Null) if self.has_inner(outer) => {}
            (name, value) => self.give(name.to_owned(), value, here),
        }
    }

    fn has_inner(&self, outer: &str) -> bool {
        let mut names = self.kind.fields.keys();
        names.any(|name| {
            name.split_once('.')
                .is_some_and(|(first, _)| first == outer)
        })
    }

    fn give(&mut self, name: String, value: &Json, here: &str) {
        match given(value) {
            Some(given) => self.change.given.push((name, given)),
            None => self.problems.push(problem(
                here,
                format!("{name} takes a text, a number, true, false or null."),
            )),
        }
    }

    /// `{id or name, value}`; one without a value is left alone.
    fn custom(&mut self, one: &Json, here: &str) {
        let Some(value) = one.get("value") else {
            return;
        };
        let by_id = |wanted: u64| {
            field_info::custom(self.kind)
                .find(|field| u64::from(field_info::id_of(&self.kind.name, &field.name)) == wanted)
        };
        let by_name = |wanted: &str| {
            field_info::custom(self.kind).find(|field| field.name.eq_ignore_ascii_case(wanted))
        };
        let id = one.get("id").and_then(Json::as_u64).filter(|id| *id > 0);
        let found = match (id, one.get("name").and_then(Json::as_str)) {
            (Some(id), _) => by_id(id),
            (None, Some(name)) => by_name(name),
            (None, None) => None,
        };
        let Some(field) = found else {
            let names: Vec<&str> = field_info::custom(self.kind)
                .map(|field| field.name.as_str())
                .collect();
            let known = match names.is_empty() {
                true => "there is none; add one with `halo-host custom-field add`".to_owned(),
                false => format!("there are {}", names.join(", ")),
            };
            let message = format!(
                "Name a custom field of a {} by its id or its name: {known}.",
                self.kind.name
            );
            return self.problems.push(problem(here, message));
        };
        let name = field.name.clone();
        match value {
            // A list of ids as text.
            Json::String(text) if field.type_name == "choices" => {
                let values = text.split(',').map(str::to_owned).collect();
                self.change.given.push((name, Given::Many(values)));
            }
            value => self.give(name, value, here),
        }
    }

    fn lines(&mut self, kind: Option<&KindDef>, value: &Json, here: &str) {
        let (Some(kind), Json::Array(lines)) = (kind, value) else {
            return self
                .problems
                .push(problem(here, "Lines are an array of objects."));
        };
        for (index, element) in lines.iter().enumerate() {
            match change(
                &resource::LINE,
                (kind, None),
                element,
                &format!("{here}[{index}]"),
            ) {
                Ok(mut line) => {
                    // Where a line lies says which quotation it is of.
                    line.given.retain(|(name, _)| name != LINES.field);
                    self.change.inside.push((LINES, line));
                }
                Err(problems) => self.problems.extend(problems),
            }
        }
    }

    fn done(self) -> Result<Change, Problems> {
        match self.problems.is_empty() {
            true => Ok(self.change),
            false => Err(self.problems),
        }
    }
}

/// The id of a record; Halo's clients send none, `null` or 0 for a new one.
fn id(value: &Json) -> Result<Option<RecordId>, String> {
    let id = match value {
        Json::Null => Some(0),
        Json::Number(number) => number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            // Halo answers some ids as 12.0.
            number_of(float)
        }),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    match id {
        Some(0) => Ok(None),
        Some(id) => Ok(Some(id)),
        None => Err("An id is a whole number; leave it out to make a new record.".to_owned()),
    }
}

fn number_of(float: f64) -> Option<u64> {
    format!("{float:.0}")
        .parse()
        .ok()
        .filter(|_| float.fract() == 0.0)
}

fn given(value: &Json) -> Option<Given> {
    Some(match value {
        Json::Null => Given::Nothing,
        Json::Array(values) => {
            let one = |value| match given(value) {
                Some(Given::One(text)) => Some(text),
                _ => None,
            };
            Given::Many(values.iter().map(one).collect::<Option<_>>()?)
        }
        Json::Object(_) => return None,
        value => Given::One(scalar(value)?),
    })
}

fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::String(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
