//! Whether a document has the shape of its JSON Schema: every problem with its
//! place, and the nearest known name for an unknown one. It reads the part of JSON
//! Schema that `schema.json` uses (type, properties, required, enum, items, and
//! `oneOf` for members of which one must be there); a whole validator would be most of the component.

use serde_json::Value;

/// One problem of shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misshape {
    /// JSON Pointer.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// All problems of a document.
pub fn problems(schema: &Value, document: &Value) -> Vec<Misshape> {
    let mut found = Vec::new();
    walk(schema, document, "", &mut found);
    found
}

fn walk(schema: &Value, value: &Value, path: &str, found: &mut Vec<Misshape>) {
    let mut say = |message: String| {
        found.push(Misshape {
            path: path.to_owned(),
            message,
        });
    };
    let wanted = schema["type"].as_str().unwrap_or_default();
    let fits = match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        _ => true,
    };
    if !fits {
        say(format!("This must be {}, not {value}.", words(wanted)));
        return;
    }
    if let Some(known) = schema["enum"].as_array()
        && !known.contains(value)
    {
        let known: Vec<String> = known.iter().map(Value::to_string).collect();
        say(format!(
            "This must be one of {}, not {value}.",
            known.join(", ")
        ));
    }
    if let Some(members) = value.as_object() {
        let empty = serde_json::Map::new();
        let known = schema["properties"].as_object().unwrap_or(&empty);
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            if !members.contains_key(name) {
                say(format!("{name:?} is missing here."));
            }
        }
        let alternatives: Vec<&str> = alternatives(schema).collect();
        let there = |name: &&&str| members.contains_key(**name);
        match alternatives.iter().filter(there).count() {
            0 if !alternatives.is_empty() => {
                say(format!("{} is missing here.", either(&alternatives)));
            }
            0 | 1 => {}
            _ => say(format!("This takes {}, not both.", either(&alternatives))),
        }
        for (name, member) in members {
            let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
            match known.get(name) {
                Some(schema) => walk(schema, member, &path, found),
                None => found.push(Misshape {
                    message: unknown(name, known.keys().map(String::as_str)),
                    path,
                }),
            }
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        walk(&schema["items"], item, &format!("{path}/{index}"), found);
    }
}

/// The members of which an object has exactly one.
fn alternatives(schema: &Value) -> impl Iterator<Item = &str> {
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    alternatives.filter_map(|one| one["required"][0].as_str())
}

fn either(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    names.join(" or ")
}

fn words(type_name: &str) -> &'static str {
    match type_name {
        "object" => "an object {…}",
        "array" => "a list […]",
        "string" => "a text in quotes",
        "boolean" => "true or false",
        _ => "a whole number without quotes",
    }
}

/// A sentence about an unknown name, with the nearest known one.
pub fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(near) => format!("{name:?} is not known; did you mean {near:?}?"),
        None => format!("{name:?} is not known."),
    }
}

/// The most similar name, when one is similar at all.
pub fn nearest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const SIMILAR: f64 = 0.8;
    known
        .map(|name| (strsim::jaro_winkler(unknown, name), name))
        .filter(|(score, _)| *score >= SIMILAR)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}

/// A document with every name of the schema, one item in each list, or one for each
/// member of which an item has one.
#[cfg(test)]
pub fn example(schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("object") => schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), example(schema)))
            .collect(),
        Some("array") => {
            let item = example(&schema["items"]);
            let names: Vec<&str> = alternatives(&schema["items"]).collect();
            let with_one = |one: &&str| {
                let mut item = item.clone();
                if let Some(members) = item.as_object_mut() {
                    members.retain(|name, _| name == *one || !names.contains(&name.as_str()));
                }
                item
            };
            match names.as_slice() {
                [] => Value::Array(vec![item]),
                names => names.iter().map(with_one).collect(),
            }
        }
        Some("string") => {
            let choice = schema.get("enum").and_then(|choices| choices.get(0));
            let value = schema.get("default").or(choice).cloned();
            value.unwrap_or_else(|| "x".into())
        }
        Some("boolean") => true.into(),
        _ => 1.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(document: &str) -> Vec<(String, String)> {
        let schema = serde_json::from_str(super::super::SCHEMA).unwrap();
        problems(&schema, &serde_json::from_str(document).unwrap())
            .into_iter()
            .map(|problem| (problem.path, problem.message))
            .collect()
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let found = check(
            r#"{"compnies": {}, "api": {"version": "2020-01"},
                "companies": {"top-level": "1", "customers": [{"company": "1", "customer": 2}, {"company": 5}]}}"#,
        );
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "/api/version",
                "/companies/customers/1",
                "/companies/customers/1/company",
                "/companies/top-level",
                "/compnies"
            ]
        );
        assert!(
            found[4].1.contains("did you mean \"companies\""),
            "{}",
            found[4].1
        );
        assert!(found[3].1.contains("whole number"), "{}", found[3].1);
    }

    #[test]
    fn a25_a_pair_names_a_customer_or_a_site_and_no_two_and_not_none() {
        let found = check(
            r#"{"companies": {"customers": [
                {"company": "1", "customer": 2}, {"company": "1", "site": 2},
                {"company": "1"}, {"company": "1", "customer": 2, "site": 3},
                {"company": "1", "site": "12"}, {"company": "1", "site": -1},
                {"company": "1", "customer": null}, {"company": "1", "sites": 3}]}}"#,
        );
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(path, message)| {
                (
                    path.strip_prefix("/companies/customers/").unwrap(),
                    &**message,
                )
            })
            .collect();
        let number =
            |value: &str| format!("This must be a whole number without quotes, not {value}.");
        assert_eq!(
            found,
            [
                ("2", "\"customer\" or \"site\" is missing here."),
                ("3", "This takes \"customer\" or \"site\", not both."),
                ("4/site", &*number("\"12\"")),
                ("5/site", &*number("-1")),
                ("6/customer", &*number("null")),
                ("7", "\"customer\" or \"site\" is missing here."),
                ("7/sites", "\"sites\" is not known; did you mean \"site\"?"),
            ]
        );
    }

    #[test]
    fn a_good_document_has_no_problem() {
        assert_eq!(check("{}"), []);
        let schema = serde_json::from_str(super::super::SCHEMA).unwrap();
        assert_eq!(problems(&schema, &example(&schema)), []);
    }
}
