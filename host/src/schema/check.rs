//! Whether the values of a row fit their fields. Plain functions.

use std::collections::BTreeMap;

use super::{FieldDef, KindDef};
use crate::model::{Failure, RecordRef, Row, Value};

/// Checks a row against its kind, and names the kind of each reference (a guest
/// says only which record, the field says of which kind).
pub fn check(kinds: &BTreeMap<String, KindDef>, row: &mut Row) -> Result<(), Failure> {
    let kind = kinds
        .get(&row.kind)
        .ok_or_else(|| Failure::new("not-found", format!("Halo has no kind {:?}.", row.kind)))?;
    for (name, value) in &mut row.fields {
        let field = kind.fields.get(name).ok_or_else(|| {
            Failure::new("invalid", format!("{} has no field {name:?}.", kind.label))
                .with("field", name)
        })?;
        check_value(field, value)
            .map_err(|message| Failure::new("invalid", message).with("field", name))?;
    }
    Ok(())
}

/// Checks one value against its field; what does not fit is told in one sentence.
pub fn check_value(field: &FieldDef, value: &mut Value) -> Result<(), String> {
    let label = &field.label;
    let required = field.attributes.contains_key("required");
    let text = match value {
        Value::None if required => return Err(format!("{label} must not be empty.")),
        Value::None => return Ok(()),
        Value::Reference { kind, to } => {
            let Some(wanted) = field.attributes.get("kind") else {
                return Err(format!("{label} is no reference to a record."));
            };
            kind.clone_from(wanted);
            if matches!(to, RecordRef::Key(key) if key.is_empty()) {
                return Err(format!("{label} refers to an empty key."));
            }
            return Ok(());
        }
        Value::Many(values) => {
            if field.type_name != "choices" {
                return Err(format!("{label} takes one value, not several."));
            }
            return values
                .iter()
                .try_for_each(|value| check_choice(field, value));
        }
        Value::Text(text) => text,
    };
    if required && text.trim().is_empty() {
        return Err(format!("{label} must not be empty."));
    }
    if let Some(limit) = field
        .attributes
        .get("max-length")
        .and_then(|l| l.parse().ok())
    {
        let length = text.chars().count();
        if length > limit {
            return Err(format!(
                "{label} holds {limit} characters, the value has {length}."
            ));
        }
    }
    let wrong = |what: &str| Err(format!("{label} takes {what}, not {text:?}."));
    match field.type_name.as_str() {
        "checkbox" if text != "true" && text != "false" => wrong("true or false"),
        "integer" if !is_decimal(text) || text.contains('.') => wrong("a whole number"),
        "decimal" if !is_decimal(text) => wrong("a number such as -12.50"),
        "date" if text.parse::<jiff::civil::Date>().is_err() => wrong("a date such as 2026-09-30"),
        "date-time" if text.parse::<jiff::Timestamp>().is_err() => {
            wrong("a time such as 2026-09-30T12:00:00Z")
        }
        "choice" => check_choice(field, text),
        "reference" | "choices" => wrong("another shape of value"),
        _ => Ok(()),
    }
}

fn check_choice(field: &FieldDef, value: &str) -> Result<(), String> {
    if field.choices.iter().any(|(known, _)| known == value) {
        Ok(())
    } else {
        Err(format!("{} has no choice {value:?}.", field.label))
    }
}

/// Whether a text is a decimal in canonical form: minus, digits, point, digits.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(part)
}

#[cfg(test)]
mod tests {
    use super::super::{TOP_LEVEL, kinds};
    use super::*;
    use crate::model::RowOptions;
    use crate::store::CustomField;

    fn row(field: &str, value: Value) -> Row {
        Row {
            kind: "customer".to_owned(),
            key: Some("1".to_owned()),
            id: None,
            other_keys: Vec::new(),
            expected: None,
            fields: [(field.to_owned(), value)].into(),
            options: RowOptions::default(),
        }
    }

    fn custom(type_name: &str) -> Vec<CustomField> {
        vec![CustomField {
            kind: "customer".to_owned(),
            name: "CFTest".to_owned(),
            label: "Test".to_owned(),
            type_name: type_name.to_owned(),
            attributes: BTreeMap::new(),
            choices: vec![("1".to_owned(), "One".to_owned())],
        }]
    }

    #[test]
    fn values_must_fit_the_type_of_their_field() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (type_name, value, fits) in [
            ("text", text("x"), true),
            ("text", Value::Many(vec![]), false),
            ("checkbox", text("true"), true),
            ("checkbox", text("yes"), false),
            ("integer", text("-12"), true),
            ("integer", text("1.5"), false),
            ("decimal", text("123456789012345678901234567890.5"), true),
            ("decimal", text("1e5"), false),
            ("decimal", text("."), false),
            ("date", text("2026-02-29"), false),
            ("date", text("2028-02-29"), true),
            ("date-time", text("2026-09-30T12:00:00Z"), true),
            ("date-time", text("2026-09-30"), false),
            ("choice", text("1"), true),
            ("choice", text("2"), false),
            ("choices", Value::Many(vec!["1".to_owned()]), true),
            ("choices", Value::Many(vec!["9".to_owned()]), false),
            ("text", Value::None, true),
        ] {
            let kinds = kinds(&custom(type_name));
            let result = check(&kinds, &mut row("CFTest", value.clone()));
            assert_eq!(
                result.is_ok(),
                fits,
                "{type_name} and {value:?}: {result:?}"
            );
        }
    }

    #[test]
    fn an_unknown_field_or_kind_or_a_long_text_is_refused_by_name() {
        let kinds = kinds(&[]);
        let failure = check(&kinds, &mut row("CFGone", Value::None)).unwrap_err();
        assert_eq!(failure.attributes["field"], "CFGone");
        let long = Value::Text("x".repeat(256));
        assert!(check(&kinds, &mut row("domain", long)).is_err());
        assert!(check(&kinds, &mut row("name", Value::None)).is_err());
        let mut unknown = row("name", Value::Text("x".to_owned()));
        unknown.kind = "dragon".to_owned();
        assert_eq!(check(&kinds, &mut unknown).unwrap_err().code, "not-found");
    }

    #[test]
    fn a_reference_takes_the_kind_of_its_field() {
        let kinds = kinds(&[]);
        let to = RecordRef::Id(1);
        let mut row = row(
            "toplevel_id",
            Value::Reference {
                kind: String::new(),
                to,
            },
        );
        check(&kinds, &mut row).unwrap();
        assert!(
            matches!(&row.fields["toplevel_id"], Value::Reference { kind, .. } if kind == TOP_LEVEL)
        );
    }
}
