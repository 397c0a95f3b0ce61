//! Whether a document has the shape of its schema: as much of JSON Schema as
//! `settings.json` uses. Every problem has its place, a JSON Pointer.

use serde_json::{Map, Value};

/// All problems of a document: place and sentence.
pub fn problems(schema: &Value, document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(schema, document, "", &mut found);
    found
}

fn walk(schema: &Value, value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    let (fits, wanted) = match schema["type"].as_str() {
        Some("object") => (value.is_object(), "an object {…}"),
        Some("array") => (value.is_array(), "a list […]"),
        Some("boolean") => (value.is_boolean(), "true or false"),
        Some("integer") => (value.is_u64(), "a whole number without quotes"),
        _ => (value.is_string(), "a text in quotes"),
    };
    if !fits {
        found.push((
            path.to_owned(),
            format!("This must be {wanted}, not {value}."),
        ));
    }
    if let (Some(known), true) = (schema["enum"].as_array(), fits)
        && !known.contains(value)
    {
        let known: Vec<String> = known.iter().map(Value::to_string).collect();
        let message = format!("This must be one of {}, not {value}.", known.join(", "));
        found.push((path.to_owned(), message));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        walk(&schema["items"], item, &format!("{path}/{index}"), found);
    }
    if let Some(members) = value.as_object() {
        walk_object(schema, members, path, found);
    }
}

fn walk_object(
    schema: &Value,
    members: &Map<String, Value>,
    path: &str,
    found: &mut Vec<(String, String)>,
) {
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !members.contains_key(name) {
            found.push((path.to_owned(), format!("{name:?} is missing here.")));
        }
    }
    for (name, member) in members {
        let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
        match schema["properties"].get(name) {
            Some(schema) => walk(schema, member, &path, found),
            None => found.push((path, format!("{name:?} is not known."))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SCHEMA;

    #[test]
    fn every_problem_has_its_place() {
        let schema = serde_json::from_str(SCHEMA).unwrap();
        let document = serde_json::json!({
            "acounts": {},
            "accounts": {
                "top-level": "1",
                "existing-names": "drop",
                "regions": ["north", 5],
                "customers": [{ "account": "a" }],
            },
        });
        let found = problems(&schema, &document);
        let places: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            places,
            [
                "/accounts/customers/0",
                "/accounts/existing-names",
                "/accounts/regions/1",
                "/accounts/top-level",
                "/acounts",
            ]
        );
    }
}
