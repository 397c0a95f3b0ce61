//! What differs between two settings documents: a plain function, for histories.

use std::collections::BTreeSet;

use serde_json::Value;

use super::entered::escaped;

/// One place that differs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// JSON Pointer.
    pub(super) path: String,
    /// Before; nothing where it was not there.
    pub(super) from: Option<String>,
    /// After; nothing where it is not there any more.
    pub(super) to: Option<String>,
}

/// All of them. Rows of a table are compared as wholes, so that one that was put in between
/// does not change all that follow.
pub(super) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut all = Vec::new();
    compare("", Some(before), Some(after), &mut all);
    all
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, all: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for name in names {
                let path = format!("{path}/{}", escaped(name));
                compare(&path, left.get(name), right.get(name), all);
            }
        }
        // A new part is told as what is in it.
        (None, Some(Value::Object(right))) if !right.is_empty() => {
            for (name, value) in right {
                compare(&format!("{path}/{}", escaped(name)), None, Some(value), all);
            }
        }
        (left @ (None | Some(Value::Array(_))), Some(Value::Array(right))) => {
            let left = left
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            rows(path, left, right, all);
        }
        (Some(Value::Array(left)), None) => rows(path, left, &[], all),
        (before, after) => all.push(Difference {
            path: path.to_owned(),
            from: before.map(shown),
            to: after.map(shown),
        }),
    }
}

fn rows(path: &str, left: &[Value], right: &[Value], all: &mut Vec<Difference>) {
    let texts = |rows: &[Value]| {
        rows.iter()
            .map(Value::to_string)
            .collect::<BTreeSet<String>>()
    };
    let (was, is) = (texts(left), texts(right));
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    gone.extend(left.iter().filter(|row| !is.contains(&row.to_string())));
    come.extend(right.iter().filter(|row| !was.contains(&row.to_string())));
    let before = all.len();
    all.extend(gone.into_iter().map(|row| Difference {
        path: path.to_owned(),
        from: Some(shown(row)),
        to: None,
    }));
    all.extend(come.into_iter().map(|row| Difference {
        path: path.to_owned(),
        from: None,
        to: Some(shown(row)),
    }));
    if all.len() == before {
        all.push(Difference {
            path: path.to_owned(),
            from: Some("one order".to_owned()),
            to: Some("another order".to_owned()),
        });
    }
}

/// A value in one line.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(members) => {
            let each = members
                .iter()
                .map(|(name, value)| format!("{name} {}", shown(value)));
            each.collect::<Vec<_>>().join(", ")
        }
        Value::Array(rows) => rows.iter().map(shown).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: Value, after: Value) -> Vec<String> {
        let told = differences(&before, &after).into_iter().map(|each| {
            let word = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            format!("{}: {} > {}", each.path, word(each.from), word(each.to))
        });
        told.collect()
    }

    #[test]
    fn each_place_is_told_once_and_rows_as_wholes() {
        let before = json!({ "a": { "b": 1, "c": true }, "rows": [{ "x": 1 }, { "x": 2 }] });
        let after = json!({ "a": { "b": 2 }, "d": { "e": "new" }, "rows": [{ "x": 3, "y": [1, 2] }, { "x": 1 }, { "x": 2 }] });
        let expected = [
            "/a/b: 1 > 2",
            "/a/c: true > -",
            "/d/e: - > new",
            "/rows: - > x 3, y 1; 2",
        ];
        assert_eq!(told(before, after), expected);
    }

    #[test]
    fn the_same_is_no_difference_and_another_order_is_one() {
        let rows = json!({ "rows": [1, 2] });
        assert_eq!(told(rows.clone(), rows.clone()), Vec::<String>::new());
        assert_eq!(
            told(rows.clone(), json!({ "rows": [2, 1] })),
            ["/rows: one order > another order"]
        );
        assert_eq!(told(rows, json!({})), ["/rows: 1 > -", "/rows: 2 > -"]);
    }
}
