//! What people have entered, as a settings document: a plain function of the document
//! before, the shapes, and the names and values of a form.
//!
//! A field's name is its JSON Pointer. A setting whose pointer is not in the form is left
//! as it is, so a form changes what it shows and nothing else. Rows may have gaps in their
//! numbers (some were removed) and are counted anew. What cannot be read (a word for a
//! number) is put into the document as it was typed, with a problem at its place: so the
//! page shows it again, and nothing of it is saved.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value, json};

use super::schema::{Setting, Shape};

/// At the end of a row's pointer: the row goes.
pub(super) const REMOVE: &str = "-";

/// A value that is not of its setting's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// JSON Pointer into the new document.
    pub(super) path: String,
    /// What to do.
    pub(super) message: String,
}

/// The fields of a form by name, each with all its values.
#[derive(Debug, Default)]
pub(super) struct Entered<'a>(BTreeMap<&'a str, Vec<&'a str>>);

impl<'a> Entered<'a> {
    pub(super) fn of(fields: &'a [(String, String)]) -> Entered<'a> {
        let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in fields {
            all.entry(name).or_default().push(value);
        }
        Entered(all)
    }

    fn get(&self, pointer: &str) -> Option<&[&'a str]> {
        self.0.get(pointer).map(Vec::as_slice)
    }

    /// The numbers of the rows below a pointer, in their order.
    fn rows(&self, pointer: &str) -> Vec<u32> {
        let prefix = format!("{pointer}/");
        let names = self.0.range(prefix.as_str()..).map(|(name, _)| *name);
        let below = names.take_while(|name| name.starts_with(&prefix));
        let mut numbers: Vec<u32> = below
            .filter_map(|name| name[prefix.len()..].split('/').next()?.parse().ok())
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// The document with what was entered for these settings, each with its pointer.
pub(super) fn enter(
    document: &Value,
    settings: &[(String, Setting)],
    entered: &Entered<'_>,
) -> (Value, Vec<Misfit>) {
    let mut changed = document.clone();
    let mut misfits = Vec::new();
    for (pointer, setting) in settings {
        let before = document.pointer(pointer);
        let value = value_of(setting, (pointer, pointer), before, entered, &mut misfits);
        put(&mut changed, pointer, value);
    }
    (changed, misfits)
}

/// What a setting is now; nothing where it shall not be in the document. `from` is the
/// pointer in the form, `to` that in the new document.
fn value_of(
    setting: &Setting,
    (from, to): (&str, &str),
    before: Option<&Value>,
    entered: &Entered<'_>,
    misfits: &mut Vec<Misfit>,
) -> Option<Value> {
    if let Shape::Group(members) = &setting.shape {
        return group(members, (from, to), before, entered, misfits);
    }
    let Some(values) = entered.get(from) else {
        return before.cloned();
    };
    let typed = values.last().copied().unwrap_or_default().trim();
    let mut misfit = |message: String| {
        misfits.push(Misfit {
            path: to.to_owned(),
            message,
        });
        Some(json!(typed))
    };
    let value = match &setting.shape {
        Shape::Switch => match typed {
            "true" => Some(json!(true)),
            // A box that is not ticked; of a switch without a default, no choice.
            "" if setting.default.is_none() => None,
            _ => Some(json!(false)),
        },
        Shape::Number | Shape::Record(_) if typed.is_empty() => None,
        Shape::Number | Shape::Record(_) => match typed.parse::<i64>() {
            Ok(number) => Some(Value::Number(Number::from(number))),
            Err(_) => misfit(format!("{typed:?} is no whole number.")),
        },
        Shape::OneOf(known)
            if !typed.is_empty() && !known.iter().any(|(known, _)| known == typed) =>
        {
            let known: Vec<&str> = known.iter().map(|(_, label)| label.as_str()).collect();
            misfit(format!("{typed:?} is none of: {}.", known.join(", ")))
        }
        Shape::Text
        | Shape::OneOf(_)
        | Shape::Remote(_)
        | Shape::Field(_)
        | Shape::RemoteField(_) => (!typed.is_empty()).then(|| json!(typed)),
        Shape::Several(_) => {
            let chosen = values.iter().filter(|value| !value.is_empty());
            Some(json!(chosen.collect::<Vec<_>>()))
        }
        Shape::Table(columns) => Some(table(columns, (from, to), before, entered, misfits)),
        // Changed row by row, on a page of its own.
        Shape::Pairs(_) => before.cloned(),
        Shape::Json if typed.is_empty() => None,
        Shape::Json => match serde_json::from_str(typed) {
            Ok(value) => Some(value),
            Err(error) => misfit(format!("That is no JSON: {error}.")),
        },
        Shape::Group(_) => None,
    };
    // What nobody has chosen stays out of the document: it follows the default.
    value.filter(|value| before.is_some() || setting.default.as_ref() != Some(value))
}

fn group(
    members: &[Setting],
    (from, to): (&str, &str),
    before: Option<&Value>,
    entered: &Entered<'_>,
    misfits: &mut Vec<Misfit>,
) -> Option<Value> {
    let mut object = before
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for member in members {
        let below = |pointer: &str| format!("{pointer}/{}", escaped(&member.name));
        let was = before.and_then(|before| before.get(&member.name));
        let pointers = (below(from), below(to));
        let value = value_of(member, (&pointers.0, &pointers.1), was, entered, misfits);
        match value {
            Some(value) => object.insert(member.name.clone(), value),
            None => object.remove(&member.name),
        };
    }
    (before.is_some() || !object.is_empty()).then_some(Value::Object(object))
}

/// The rows that were entered; one without anything in it is none.
fn table(
    columns: &[Setting],
    (from, to): (&str, &str),
    before: Option<&Value>,
    entered: &Entered<'_>,
    misfits: &mut Vec<Misfit>,
) -> Value {
    let mut rows = Vec::new();
    for number in entered.rows(from) {
        let source = format!("{from}/{number}");
        if entered.get(&format!("{source}/{REMOVE}")).is_some() {
            continue;
        }
        let target = format!("{to}/{}", rows.len());
        let mut found = Vec::new();
        let was = before.and_then(|rows| rows.get(number as usize));
        let was = was.filter(|was| is_same(columns, was, &source, entered));
        let row = group(columns, (&source, &target), was, entered, &mut found);
        if let Some(row) = row.filter(|row| has_content(row, columns)) {
            rows.push(row);
            misfits.append(&mut found);
        }
    }
    Value::Array(rows)
}

/// Whether a row that was entered is still this one: what its first column of a name at the
/// remote says. Then it keeps what the form does not show; a form that is shown again
/// counts its rows anew.
fn is_same(columns: &[Setting], was: &Value, source: &str, entered: &Entered<'_>) -> bool {
    let is_name = |column: &&Setting| {
        let shape = &column.shape;
        matches!(
            shape,
            Shape::RemoteField(_) | Shape::Remote(_) | Shape::Text
        )
    };
    let Some(first) = columns.iter().find(is_name) else {
        return false;
    };
    let typed = entered.get(&format!("{source}/{}", escaped(&first.name)));
    let typed = typed.and_then(|values| values.last().copied());
    let was = was.get(&first.name).and_then(Value::as_str);
    was.is_some() && was == typed.map(str::trim)
}

/// Whether anything in a row was chosen, beyond a list's first choice or an empty table.
fn has_content(row: &Value, columns: &[Setting]) -> bool {
    let object = row.as_object();
    object.into_iter().flatten().any(|(name, value)| {
        let column = columns.iter().find(|column| column.name == *name);
        let is_default = column.is_some_and(|column| column.default.as_ref() == Some(value));
        let is_empty = matches!(value, Value::Array(rows) if rows.is_empty());
        !is_default && !is_empty && *value != json!(false)
    })
}

/// Puts a value where a pointer leads, making the objects on the way.
pub(super) fn put(document: &mut Value, pointer: &str, value: Option<Value>) {
    let names: Vec<String> = pointer.split('/').skip(1).map(unescaped).collect();
    let Some((last, way)) = names.split_last() else {
        return;
    };
    let mut here = document;
    for name in way {
        if value.is_none() && here.get(name).is_none() {
            return;
        }
        let Some(object) = object_of(here) else {
            return;
        };
        here = object.entry(name.clone()).or_insert(Value::Null);
    }
    let Some(object) = object_of(here) else {
        return;
    };
    match value {
        Some(value) => object.insert(last.clone(), value),
        None => object.remove(last),
    };
}

/// The members of a value, which is made an object where it is none.
fn object_of(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut()
}

/// A name as a part of a JSON Pointer (RFC 6901).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({ "type": "object", "properties": {
            "on": { "type": "boolean", "default": false },
            "clears": { "type": "boolean" },
            "hours": { "type": "integer", "default": 24 },
            "site": { "type": "integer", "x-record": "site" },
            "mode": { "type": "string", "enum": ["keep", "refuse"], "default": "refuse" },
            "stages": { "type": "array", "items": { "type": "string", "x-choices": "stages" }, "default": [] },
            "fields": { "type": "array", "default": [], "items": { "type": "object", "properties": {
                "property": { "type": "string", "x-remote-field": "companies" },
                "direction": { "type": "string", "enum": ["in", "both"], "default": "in" },
                "back": { "type": "boolean", "default": false },
                "values": { "type": "array", "default": [], "items": { "type": "object", "properties": {
                    "from": { "type": "string" }, "to": { "type": "string" } } } } } } },
            "pairs": { "type": "array", "x-widget": "record-mapping", "items": { "type": "object", "properties": {
                "company": { "type": "string" } } } } } })
    }

    /// Enters these at `/a` of a document.
    fn entered(document: Value, fields: &[(&str, &str)]) -> (Value, Vec<(String, String)>) {
        let owned: Vec<(String, String)> = { fields.iter() }
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let settings = [(
            "/a".to_owned(),
            Setting::of("a", &serde_json::from_str(&schema().to_string()).unwrap()),
        )];
        let (changed, misfits) = enter(&document, &settings, &Entered::of(&owned));
        let misfits = misfits
            .into_iter()
            .map(|misfit| (misfit.path, misfit.message));
        (changed, misfits.collect())
    }

    #[test]
    fn what_a_form_does_not_show_stays_as_it_is() {
        let document =
            json!({ "a": { "hours": 3, "pairs": [{ "company": "1" }], "unknown": 1 }, "b": 2 });
        assert_eq!(entered(document.clone(), &[]), (document.clone(), vec![]));
        let (changed, _) = entered(document, &[("/a/hours", "4"), ("/a/pairs", "")]);
        let expected =
            json!({ "a": { "hours": 4, "pairs": [{ "company": "1" }], "unknown": 1 }, "b": 2 });
        assert_eq!(changed, expected);
    }

    #[test]
    fn what_is_the_default_and_was_never_said_stays_unsaid() {
        let all = [
            ("/a/on", ""),
            ("/a/hours", "24"),
            ("/a/mode", "refuse"),
            ("/a/stages", ""),
            ("/a/fields", ""),
        ];
        assert_eq!(entered(json!({}), &all), (json!({}), vec![]));
        let said = json!({ "a": { "on": true, "hours": 24 } });
        let (changed, _) = entered(said, &all);
        assert_eq!(changed, json!({ "a": { "on": false, "hours": 24 } }));
    }

    #[test]
    fn each_shape_is_read_as_it_is_drawn() {
        let (changed, misfits) = entered(
            json!({}),
            &[
                ("/a/on", ""),
                ("/a/on", "true"),
                ("/a/clears", "false"),
                ("/a/hours", " 7 "),
                ("/a/site", "12"),
                ("/a/mode", "keep"),
                ("/a/stages", ""),
                ("/a/stages", "lead"),
                ("/a/stages", "customer"),
            ],
        );
        assert_eq!(misfits, []);
        let expected = json!({ "a": { "on": true, "clears": false, "hours": 7, "site": 12,
            "mode": "keep", "stages": ["lead", "customer"] } });
        assert_eq!(changed, expected);
        let (cleared, _) = entered(
            expected,
            &[("/a/site", ""), ("/a/clears", ""), ("/a/stages", "")],
        );
        assert_eq!(
            cleared,
            json!({ "a": { "on": true, "hours": 7, "mode": "keep", "stages": [] } })
        );
    }

    #[test]
    fn what_is_of_another_type_is_kept_as_typed_and_told_at_its_place() {
        let (changed, misfits) = entered(
            json!({}),
            &[
                ("/a/hours", "many"),
                ("/a/mode", "maybe"),
                ("/a/fields", ""),
                ("/a/fields/4/property", "city"),
                ("/a/fields/4/direction", "up"),
            ],
        );
        assert_eq!(changed["a"]["hours"], "many");
        assert_eq!(changed["a"]["fields"][0]["direction"], "up");
        let paths: Vec<&str> = misfits.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["/a/fields/0/direction", "/a/hours", "/a/mode"]);
        assert!(misfits[1].1.contains("no whole number"), "{misfits:?}");
    }

    #[test]
    fn rows_are_counted_anew_and_empty_or_removed_ones_are_gone() {
        let (changed, misfits) = entered(
            json!({}),
            &[
                ("/a/fields", ""),
                ("/a/fields/10/property", "ten"),
                ("/a/fields/10/back", ""),
                ("/a/fields/10/back", "true"),
                ("/a/fields/2/property", "two"),
                ("/a/fields/2/direction", "both"),
                ("/a/fields/2/values", ""),
                ("/a/fields/2/values/1/from", "x"),
                ("/a/fields/2/values/1/to", "y"),
                ("/a/fields/2/values/0/from", ""),
                ("/a/fields/2/values/0/to", ""),
                ("/a/fields/3/property", "three"),
                ("/a/fields/3/-", "on"),
                ("/a/fields/11/property", " "),
                ("/a/fields/11/direction", "in"),
                ("/a/fields/11/back", ""),
                ("/a/fields/11/values", ""),
            ],
        );
        assert_eq!(misfits, []);
        let expected = json!([
            { "property": "two", "direction": "both", "values": [{ "from": "x", "to": "y" }] },
            { "property": "ten", "back": true },
        ]);
        assert_eq!(changed["a"]["fields"], expected);
        let (gone, _) = entered(changed, &[("/a/fields", "")]);
        assert_eq!(gone["a"]["fields"], json!([]));
    }

    #[test]
    fn a_row_that_is_still_the_same_keeps_what_was_written_out_and_what_the_form_does_not_show() {
        let row = |property: &str| json!({ "property": property, "back": false, "unknown": 7 });
        let before = json!({ "a": { "fields": [row("one"), row("two")] } });
        let fields = [
            ("/a/fields", ""),
            ("/a/fields/0/property", "one"),
            ("/a/fields/0/back", ""),
            ("/a/fields/0/direction", "in"),
            // Another one in the place of the second.
            ("/a/fields/1/property", "three"),
            ("/a/fields/1/back", ""),
        ];
        let (changed, _) = entered(before, &fields);
        let expected = json!([row("one"), { "property": "three" }]);
        assert_eq!(changed["a"]["fields"], expected);
    }

    #[test]
    fn a_value_is_put_where_its_pointer_leads() {
        let mut document = json!({ "a": 1 });
        put(&mut document, "/b/c~1d/e", Some(json!(2)));
        assert_eq!(document, json!({ "a": 1, "b": { "c/d": { "e": 2 } } }));
        put(&mut document, "/b/c~1d/e", None);
        put(&mut document, "/x/y", None);
        assert_eq!(document, json!({ "a": 1, "b": { "c/d": {} } }));
    }
}
