//! What HubSpot checks and normalises before it stores values.

use serde_json::{Map, Value, json};

use super::clock::{iso, parse_time};
use super::properties::Property;
use super::record::{Column, Record};
use super::reply::{Reply, invalid};
use super::store::Store;

/// The most characters of one value, as users report it; which words HubSpot has for more
/// is not known.
const MAX_TEXT: usize = 65_536;

/// One value that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// HubSpot's code: `PROPERTY_DOESNT_EXIST`, `INVALID_OPTION`, ...
    pub code: &'static str,
    /// A sentence.
    pub message: String,
    /// The property.
    pub name: String,
}

/// A value that was stored otherwise than it was sent (told from 2026-09 on).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalized {
    /// The property.
    pub name: String,
    /// As it was sent.
    pub raw: String,
    /// As it is stored.
    pub stored: String,
}

/// Values that passed, ready to be stored.
#[derive(Debug, Default)]
pub struct Checked {
    /// Column and value; an empty value clears.
    pub values: Vec<(Column, String)>,
    /// What was changed on the way.
    pub normalized: Vec<Normalized>,
}

impl Checked {
    /// The `warnings` of a 2026-09 answer, if there are any.
    pub fn warnings(&self) -> Option<Value> {
        if self.normalized.is_empty() {
            return None;
        }
        let rows: Vec<Value> = self
            .normalized
            .iter()
            .map(|entry| {
                json!({
                    "category": "PROPERTY_VALUE_NORMALIZED",
                    "message": format!("The value of {} was normalized", entry.name),
                    "context": {"propertyName": entry.name, "rawValue": entry.raw, "normalizedValue": entry.stored},
                })
            })
            .collect();
        Some(Value::Array(rows))
    }
}

/// Checks the values of one record against its schema. `any` allows what only
/// HubSpot itself or a user may write.
pub fn check(
    store: &Store,
    properties: &Map<String, Value>,
    any: bool,
) -> Result<Checked, Vec<Problem>> {
    let mut checked = Checked::default();
    let mut problems = Vec::new();
    for (name, value) in properties {
        let raw = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let Some(column) = store.schema.column(name) else {
            problems.push(Problem {
                code: "PROPERTY_DOESNT_EXIST",
                message: format!("Property \"{name}\" does not exist"),
                name: name.clone(),
            });
            continue;
        };
        let property = store.schema.property(column);
        if property.read_only() && !any {
            problems.push(Problem {
                code: "READ_ONLY_VALUE",
                message: format!("\"{name}\" is a read only property; its value cannot be set"),
                name: name.clone(),
            });
            continue;
        }
        match normalize(property, &raw) {
            Ok(stored) => {
                if stored != raw {
                    checked.normalized.push(Normalized {
                        name: name.clone(),
                        raw,
                        stored: stored.clone(),
                    });
                }
                checked.values.push((column, stored));
            }
            Err((code, message)) => problems.push(Problem {
                code,
                message,
                name: name.clone(),
            }),
        }
    }
    if problems.is_empty() {
        Ok(checked)
    } else {
        Err(problems)
    }
}

/// The stored form of a value, or why it is refused.
fn normalize(property: &Property, raw: &str) -> Result<String, (&'static str, String)> {
    let name = &property.name;
    if raw.is_empty() {
        return Ok(String::new());
    }
    if raw.chars().count() > MAX_TEXT {
        return Err((
            "PROPERTY_VALUE_TOO_LONG",
            format!("The value is longer than {MAX_TEXT} characters."),
        ));
    }
    match property.kind.as_str() {
        "number" => match raw.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(raw.trim().to_owned()),
            _ => Err(("INVALID_INTEGER", format!("{raw} was not a valid number."))),
        },
        "bool" => match raw {
            "true" | "false" => Ok(raw.to_owned()),
            _ => Err((
                "INVALID_OPTION",
                format!("{raw} was not one of the allowed options: [true, false]"),
            )),
        },
        "date" => match parse_time(raw) {
            // A date is midnight UTC; a time of day within it is refused.
            Some(ms) if ms.rem_euclid(86_400_000) == 0 => Ok(iso(ms).chars().take(10).collect()),
            Some(_) => Err((
                "INVALID_DATE",
                format!("{raw} is at the wrong time: a date must be midnight UTC"),
            )),
            None => Err(("INVALID_DATE", format!("{raw} was not a valid date."))),
        },
        "datetime" => match parse_time(raw) {
            Some(ms) => Ok(iso(ms)),
            None => Err(("INVALID_DATE", format!("{raw} was not a valid date."))),
        },
        "enumeration" if !property.options.is_empty() => {
            let parts: Vec<&str> = if property.field == "checkbox" {
                raw.split(';').filter(|part| !part.is_empty()).collect()
            } else {
                vec![raw]
            };
            for part in parts {
                if !property.options.iter().any(|(value, _)| value == part) {
                    let allowed: Vec<&str> = property
                        .options
                        .iter()
                        .map(|(value, _)| value.as_str())
                        .collect();
                    return Err((
                        "INVALID_OPTION",
                        format!(
                            "{part} was not one of the allowed options: [{}]",
                            allowed.join(", ")
                        ),
                    ));
                }
            }
            Ok(raw.to_owned())
        }
        _ if name == "email" => {
            let email = raw.trim().to_lowercase();
            let valid = email.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && domain.contains('.') && !email.contains(char::is_whitespace)
            });
            if valid {
                Ok(email)
            } else {
                Err(("INVALID_EMAIL", format!("Email address {raw} is invalid")))
            }
        }
        _ if name == "domain" => Ok(bare_domain(raw)),
        _ => Ok(raw.to_owned()),
    }
}

/// `https://www.Example.com/about` is stored as `example.com`.
fn bare_domain(raw: &str) -> String {
    let lower = raw.trim().to_lowercase();
    let rest = lower
        .split_once("://")
        .map_or(lower.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

/// Applies the two rules that need the present record: a leading `;` appends to a
/// multiple choice, and the API moves a lifecycle stage only forward unless it is
/// cleared first.
pub fn settle_against(
    store: &Store,
    record: &Record,
    values: &mut Vec<(Column, String)>,
    any: bool,
) {
    for (column, value) in values.iter_mut() {
        let property = store.schema.property(*column);
        if property.field == "checkbox" && value.starts_with(';') {
            let mut parts: Vec<&str> = record.get(*column).unwrap_or_default().split(';').collect();
            for part in value.split(';') {
                if !parts.contains(&part) {
                    parts.push(part);
                }
            }
            *value = parts
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(";");
        }
    }
    values.retain(|(column, value)| {
        let property = store.schema.property(*column);
        if any || property.name != "lifecyclestage" || value.is_empty() {
            return true;
        }
        let order = |stage: &str| {
            property
                .options
                .iter()
                .position(|(value, _)| value == stage)
        };
        order(value) >= record.get(*column).and_then(order)
    });
}

/// The 400 that lists every refused value, in HubSpot's two shapes at once.
pub fn refused(problems: &[Problem]) -> Reply {
    let inline: Vec<String> = problems
        .iter()
        .map(|p| {
            format!(
                "{{\"isValid\":false,\"message\":{},\"error\":\"{}\",\"name\":{}}}",
                json!(p.message),
                p.code,
                json!(p.name)
            )
        })
        .collect();
    let rows: Vec<Value> = problems
        .iter()
        .map(|p| json!({"message": p.message, "code": p.code, "context": {"propertyName": [p.name]}}))
        .collect();
    let mut reply = invalid(format!(
        "Property values were not valid: [{}]",
        inline.join(",")
    ));
    reply.set("errors", Value::Array(rows));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot_sim::kinds::{COMPANIES, CONTACTS, KINDS};

    fn codes(kind: usize, properties: Value) -> Vec<&'static str> {
        let store = Store::new(&KINDS[kind], 1);
        match check(&store, properties.as_object().unwrap(), false) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.into_iter().map(|p| p.code).collect(),
        }
    }

    #[test]
    fn every_kind_of_bad_value_has_hubspots_code() {
        let table = [
            (json!({"no_such": "x"}), "PROPERTY_DOESNT_EXIST"),
            (json!({"industry": "Dentists"}), "INVALID_OPTION"),
            (json!({"lifecyclestage": "Customer"}), "INVALID_OPTION"),
            (json!({"createdate": "1"}), "READ_ONLY_VALUE"),
            (json!({"seat_count": "many"}), "INVALID_INTEGER"),
            (
                json!({"renewal_date": "2026-09-30T10:00:00Z"}),
                "INVALID_DATE",
            ),
            (json!({"is_partner": "yes"}), "INVALID_OPTION"),
        ];
        for (properties, code) in table {
            assert_eq!(codes(COMPANIES, properties.clone()), [code], "{properties}");
        }
        assert_eq!(
            codes(CONTACTS, json!({"email": "nobody"})),
            ["INVALID_EMAIL"]
        );
        assert!(
            codes(
                COMPANIES,
                json!({"industry": "RETAIL", "seat_count": 12, "services": "backup;network"})
            )
            .is_empty()
        );
    }

    #[test]
    fn values_are_normalised_and_the_warning_says_how() {
        let store = Store::new(&KINDS[COMPANIES], 1);
        let sent =
            json!({"domain": "https://www.Example.com/about", "renewal_date": "1790726400000"});
        let checked = check(&store, sent.as_object().unwrap(), false).unwrap();
        let stored: Vec<&str> = checked
            .values
            .iter()
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!(stored, ["example.com", "2026-09-30"]);
        let warnings = checked.warnings().unwrap();
        assert_eq!(warnings[0]["context"]["normalizedValue"], "example.com");
    }

    #[test]
    fn a_lifecycle_stage_moves_only_forward_unless_cleared() {
        let store = Store::new(&KINDS[COMPANIES], 1);
        let stage = store.schema.column("lifecyclestage").unwrap();
        let mut record = Record::new(1, 0);
        record.set(stage, "customer");
        for (wanted, kept) in [
            ("lead", false),
            ("customer", true),
            ("158403312", true),
            ("", true),
        ] {
            let mut values = vec![(stage, wanted.to_owned())];
            settle_against(&store, &record, &mut values, false);
            assert_eq!(!values.is_empty(), kept, "{wanted}");
        }
    }
}
