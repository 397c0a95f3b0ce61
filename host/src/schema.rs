//! What kinds of records Halo has and which fields they have: names, types and
//! limits as in Halo's own API, plus the fields that administrators add. Checking
//! a value against its field is a plain function here.

use std::collections::BTreeMap;

use crate::model::{Failure, RecordRef, Row, Value};
use crate::store::CustomField;

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

/// One line of the table below: name, label, type, and `max-length`, `required`
/// or `kind=…` separated by blanks.
type Line = (&'static str, &'static str, &'static str, &'static str);

/// Halo's customers, sites and users with the columns that a CRM connector reads
/// or writes. Text columns hold 255 characters where Halo's do.
const KINDS: &[(&str, &str, &[Line])] = &[
    (
        "top-level",
        "Top level",
        &[("name", "Name", "text", "max-length=255 required")],
    ),
    (
        "customer",
        "Customer",
        &[
            ("name", "Name", "text", "max-length=255 required"),
            ("toplevel_id", "Top level", "reference", "kind=top-level"),
            ("website", "Website", "url", "max-length=255"),
            ("domain", "Domain", "text", "max-length=255"),
            (
                "main_phonenumber",
                "Phone number",
                "phone",
                "max-length=255",
            ),
            ("ref", "Reference", "text", "max-length=255"),
            ("notes", "Notes", "memo", ""),
            ("inactive", "Inactive", "checkbox", ""),
        ],
    ),
    (
        "site",
        "Site",
        &[
            ("name", "Name", "text", "max-length=255 required"),
            (
                "client_id",
                "Customer",
                "reference",
                "kind=customer required",
            ),
            ("phonenumber", "Phone number", "phone", "max-length=255"),
            ("inactive", "Inactive", "checkbox", ""),
        ],
    ),
    (
        "user",
        "User",
        &[
            ("name", "Name", "text", "max-length=255 required"),
            ("firstname", "First name", "text", "max-length=255"),
            ("surname", "Surname", "text", "max-length=255"),
            ("emailaddress", "E-mail", "email", "max-length=255"),
            ("phonenumber", "Phone number", "phone", "max-length=255"),
            ("mobilenumber", "Mobile number", "phone", "max-length=255"),
            ("site_id", "Site", "reference", "kind=site required"),
            ("inactive", "Inactive", "checkbox", ""),
        ],
    ),
];

/// The fields by which records may be looked up.
pub const INDEXED: &[(&str, &[&str])] = &[
    ("top-level", &["name"]),
    ("customer", &["name", "domain"]),
    ("site", &["name", "client_id"]),
    ("user", &["name", "emailaddress"]),
];

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

/// Checks one value against its field.
fn check_value(field: &FieldDef, value: &mut Value) -> Result<(), String> {
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
    use super::*;
    use crate::model::RowOptions;

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
