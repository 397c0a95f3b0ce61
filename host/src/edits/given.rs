//! What people and programs write for a field, and the value that it means. Plain
//! functions.
//!
//! Both ways in are lenient where nothing can be misread (a choice by its label, a
//! date with midnight behind it, `12.50` and `12.5`), so that the same value written
//! twice is the same text in the store and no change.

use crate::model::{RecordRef, Value, fold};
use crate::schema::{self, FieldDef};

/// What is given for a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Nothing: the field is cleared.
    Nothing,
    /// One value; several choices are separated by semicolons.
    One(String),
    /// Several choices.
    Many(Vec<String>),
}

impl From<&str> for Given {
    fn from(text: &str) -> Given {
        Given::One(text.to_owned())
    }
}

/// Days by which Halo says that there is none.
const NO_DAY: [&str; 2] = ["1900-01-01", "0001-01-01"];

/// As many choices as a sentence names.
const NAMED_CHOICES: usize = 20;

/// The value that is meant; what does not fit is told in one sentence.
pub(super) fn value(field: &FieldDef, given: &Given) -> Result<Value, String> {
    let mut value = match given {
        Given::Nothing => Value::None,
        Given::One(text) if text.is_empty() => Value::None,
        Given::One(text) => one(field, text)?,
        Given::Many(texts) if field.type_name == "choices" => many(field, texts)?,
        Given::Many(_) => return Err(format!("{} takes one value, not several.", field.label)),
    };
    schema::check_value(field, &mut value)?;
    Ok(value)
}

fn one(field: &FieldDef, text: &str) -> Result<Value, String> {
    let plain = text.trim();
    Ok(Value::Text(match field.type_name.as_str() {
        "choices" => {
            let texts: Vec<String> = plain.split(';').map(str::to_owned).collect();
            return many(field, &texts);
        }
        "reference" => return reference(field, plain),
        "choice" => choice(field, plain)?,
        "checkbox" => plain.to_ascii_lowercase(),
        "integer" | "decimal" => number(plain),
        "date" => match day(plain) {
            Some(day) if NO_DAY.contains(&day) => return Ok(Value::None),
            Some(day) => day.to_owned(),
            None => plain.to_owned(),
        },
        "date-time" if NO_DAY.iter().any(|day| plain.starts_with(day)) => return Ok(Value::None),
        "date-time" => instant(plain).unwrap_or_else(|| plain.to_owned()),
        _ => text.to_owned(),
    }))
}

fn many(field: &FieldDef, texts: &[String]) -> Result<Value, String> {
    let named = texts.iter().map(|text| text.trim());
    let chosen = named.filter(|text| !text.is_empty());
    let mut values = chosen
        .map(|text| choice(field, text))
        .collect::<Result<Vec<_>, _>>()?;
    // In the order in which the store keeps them: theirs has no meaning.
    values.sort_unstable();
    values.dedup();
    Ok(match values.is_empty() {
        true => Value::None,
        false => Value::Many(values),
    })
}

/// A choice by its value, else by the label that exactly one has.
fn choice(field: &FieldDef, text: &str) -> Result<String, String> {
    let choices = &field.choices;
    if choices.iter().any(|(value, _)| value == text) {
        return Ok(text.to_owned());
    }
    let mut labelled = choices
        .iter()
        .filter(|(_, label)| fold(label) == fold(text));
    if let (Some((value, _)), None) = (labelled.next(), labelled.next()) {
        return Ok(value.clone());
    }
    let named = choices.iter().take(NAMED_CHOICES);
    let mut labels: Vec<&str> = named.map(|(_, label)| label.as_str()).collect();
    if choices.len() > NAMED_CHOICES {
        labels.push("and more");
    }
    Err(format!(
        "{} has no choice {text:?}; it has {}.",
        field.label,
        labels.join(", ")
    ))
}

/// Halo gives some ids as `12.0`.
fn reference(field: &FieldDef, text: &str) -> Result<Value, String> {
    let kind = field.attributes.get("kind").cloned().unwrap_or_default();
    let id = text.strip_suffix(".0").unwrap_or(text).parse::<u64>();
    match id {
        // What Halo answers where there is none.
        Ok(0) => Ok(Value::None),
        Ok(id) => Ok(Value::Reference {
            kind,
            to: RecordRef::Id(id),
        }),
        Err(_) => Err(format!(
            "{} takes the id of a {kind}, such as 12, not {text:?}.",
            field.label
        )),
    }
}

/// The same number without what means nothing; what is no number stays as it is.
fn number(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !all(whole) || !all(part) {
        return text.to_owned();
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    match (whole, part.trim_end_matches('0')) {
        ("0", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        (whole, part) => format!("{sign}{whole}.{part}"),
    }
}

/// The day of a date, or of a time that is midnight; another time of day would be
/// lost, or be another day somewhere else.
fn day(text: &str) -> Option<&str> {
    let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let time = time.trim_end_matches('Z');
    time.bytes()
        .all(|byte| matches!(byte, b'0' | b':' | b'.'))
        .then_some(day)
}

/// A time in UTC, also where the zone or the time of day is left out.
fn instant(text: &str) -> Option<String> {
    let parsed = [
        text.to_owned(),
        format!("{text}Z"),
        format!("{text}T00:00:00Z"),
    ]
    .iter()
    .find_map(|text| text.parse::<jiff::Timestamp>().ok())?;
    let kept = jiff::Timestamp::from_millisecond(parsed.as_millisecond()).ok()?;
    Some(kept.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(type_name: &str) -> FieldDef {
        FieldDef {
            name: "CFTest".to_owned(),
            label: "Test".to_owned(),
            type_name: type_name.to_owned(),
            attributes: [("kind".to_owned(), "site".to_owned())].into(),
            choices: [
                ("1", "North"),
                ("2", "South"),
                ("3", "south "),
                ("4", "East"),
            ]
            .map(|(value, label)| (value.to_owned(), label.to_owned()))
            .to_vec(),
        }
    }

    fn read(type_name: &str, text: &str) -> Result<String, String> {
        value(&field(type_name), &text.into()).map(|value| value.display())
    }

    #[test]
    fn the_same_value_written_otherwise_is_the_same_text() {
        for (type_name, given, kept) in [
            ("text", " as it is ", " as it is "),
            ("decimal", "12.50", "12.5"),
            ("decimal", "-007.0", "-7"),
            ("decimal", "-0.0", "0"),
            (
                "decimal",
                "1234567890123456789012345.10",
                "1234567890123456789012345.1",
            ),
            ("integer", " 12 ", "12"),
            ("integer", "12.0", "12"),
            ("checkbox", "True", "true"),
            ("date", "2026-09-30T00:00:00.0000000Z", "2026-09-30"),
            ("date", "1900-01-01T00:00:00", ""),
            (
                "date-time",
                "2026-09-30T12:00:00.1234567",
                "2026-09-30T12:00:00.123Z",
            ),
            (
                "date-time",
                "2026-09-30T14:00:00+02:00",
                "2026-09-30T12:00:00Z",
            ),
            ("date-time", "0001-01-01T00:00:00", ""),
            ("choice", "2", "2"),
            ("choice", "north", "1"),
            ("choices", "East; 1;", "1; 4"),
            ("reference", "12.0", "site 12"),
            ("reference", "0", ""),
        ] {
            assert_eq!(
                read(type_name, given).as_deref(),
                Ok(kept),
                "{type_name} {given:?}"
            );
        }
    }

    #[test]
    fn what_can_be_misread_is_refused_with_what_to_write() {
        for (type_name, given, told) in [
            ("decimal", "12,50", "a number such as -12.50"),
            ("decimal", "1e5", "a number such as"),
            ("integer", "1.5", "a whole number"),
            ("checkbox", "yes", "true or false"),
            ("date", "2026-09-30T18:00:00Z", "a date such as"),
            ("date", "30.9.2026", "a date such as"),
            ("date-time", "noon", "a time such as"),
            ("choice", "south", "it has North, South, south , East"),
            ("choice", "West", "no choice \"West\""),
            ("reference", "Main", "the id of a site, such as 12"),
            ("reference", "-1", "the id of a site"),
        ] {
            let refused = read(type_name, given).unwrap_err();
            assert!(refused.contains(told), "{type_name} {given:?}: {refused}");
        }
        let several = Given::Many(vec!["1".to_owned()]);
        assert!(value(&field("text"), &several).is_err());
    }
}
