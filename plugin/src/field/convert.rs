//! One value, there and back: HubSpot's text of a property and Halo's value of the
//! field that it is mapped to.
//!
//! Nothing is cut, rounded or guessed. A value that the other side cannot hold as it
//! is stops that one field with a sentence for a person, and the rest goes on. What
//! goes to Halo and comes back unedited is what HubSpot had.
//!
//! | file | converts |
//! |---|---|
//! | [`text`] | text, text in HTML, their limits |
//! | [`number`] | numbers of any length |
//! | [`time`] | days and instants |
//! | [`choice`] | options and choices, by the value mapping |
//! | [`record`] | references, by a table of the settings |
//!
//! [`wrong`] holds what they say of a value that does not fit.

use serde::{Deserialize, Serialize};

use self::choice::Table;
use super::pairs;
use crate::contract::halo::integration::records::FieldInfo;
use crate::contract::halo::integration::types::{RecordRef, Value};
use crate::hubspot::properties::Property;

pub mod choice;
pub mod number;
pub mod record;
pub mod text;
pub mod time;
pub mod wrong;

#[cfg(test)]
mod roundtrip;

pub use choice::{Unmapped, ValuePair};
pub use record::Records;
pub use wrong::{Side, Wrong};

/// How many characters of a value a message shows.
const SHOWN: usize = 60;

/// How the values of one property become values of one field, and back. Made once
/// of what both sides know and kept in the connector's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Conversion {
    property: String,
    field: String,
    kind: Kind,
    /// How many characters the field holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_length: Option<usize>,
}

/// What the pair of types asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// Plain text on both sides; each may hold one line only.
    #[serde(rename_all = "kebab-case")]
    Text {
        hubspot_one_line: bool,
        halo_one_line: bool,
    },
    /// Plain text in HubSpot, HTML in Halo.
    #[serde(rename_all = "kebab-case")]
    PlainToHtml { hubspot_one_line: bool },
    /// HTML on both sides.
    Html,
    /// A number in HubSpot; in Halo a number or a text that holds one.
    Number { whole: bool },
    /// Yes or no.
    Checkbox,
    /// A day of the calendar.
    Date,
    /// An instant.
    DateTime,
    /// One of a list.
    Choice(Table),
    /// Several of a list.
    Choices(Table),
    /// References to records, by a table of the settings.
    Record(Records),
}

impl Conversion {
    /// The conversion between a property and a field. `values` is the value mapping
    /// of the row, used for choices. Fails with the refusal of the pair, which names
    /// both types.
    pub fn between(
        property: &Property,
        field: &FieldInfo,
        values: &[ValuePair],
    ) -> Result<Conversion, String> {
        let remote = property.type_name();
        let halo = pairs::halo_type(field);
        let refusal = || {
            let shown = pairs::shown_type(field);
            pairs::refusal(&property.name, remote, &field.name, &shown)
        };
        if !pairs::fits(remote, halo) {
            return Err(refusal());
        }
        let hubspot_one_line = remote != "memo";
        let kind = match (remote, halo) {
            ("text" | "phone" | "memo", "html") => Kind::PlainToHtml { hubspot_one_line },
            ("text" | "phone" | "memo", _) => Kind::Text {
                hubspot_one_line,
                halo_one_line: halo != "memo",
            },
            ("html", _) => Kind::Html,
            ("decimal", _) => Kind::Number {
                whole: halo == "integer",
            },
            ("checkbox", _) => Kind::Checkbox,
            ("date", _) => Kind::Date,
            ("date-time", _) => Kind::DateTime,
            ("choice", _) => Kind::Choice(Table::between(property, field, values)),
            ("choices", _) => Kind::Choices(Table::between(property, field, values)),
            _ => return Err(refusal()),
        };
        Ok(Conversion {
            property: property.name.clone(),
            field: field.name.clone(),
            kind,
            max_length: text::max_length(field),
        })
    }

    /// What becomes of options that are no choice of the field; `default` names a choice
    /// for them. Other types know no such values.
    #[must_use]
    pub fn otherwise(
        mut self,
        field: &FieldInfo,
        unmapped: Unmapped,
        default: Option<&str>,
    ) -> Conversion {
        self.kind = match self.kind {
            Kind::Choice(table) => Kind::Choice(table.otherwise(field, unmapped, default)),
            Kind::Choices(table) => Kind::Choices(table.otherwise(field, unmapped, default)),
            kind => kind,
        };
        self
    }

    /// Between a property and a field whose types need no look-up.
    pub fn number(property: &str, field: &str) -> Conversion {
        Conversion::plain(property, field, Kind::Number { whole: false })
    }

    /// The same of whole numbers.
    pub fn whole(property: &str, field: &str) -> Conversion {
        Conversion::plain(property, field, Kind::Number { whole: true })
    }

    /// The same of days.
    pub fn date(property: &str, field: &str) -> Conversion {
        Conversion::plain(property, field, Kind::Date)
    }

    /// The same of instants.
    pub fn date_time(property: &str, field: &str) -> Conversion {
        Conversion::plain(property, field, Kind::DateTime)
    }

    /// The same of switches.
    pub fn checkbox(property: &str, field: &str) -> Conversion {
        Conversion::plain(property, field, Kind::Checkbox)
    }

    /// To a reference, by a table of the settings.
    pub fn records(property: &str, field: &str, records: Records) -> Conversion {
        Conversion::plain(property, field, Kind::Record(records))
    }

    fn plain(property: &str, field: &str, kind: Kind) -> Conversion {
        Conversion {
            property: property.to_owned(),
            field: field.to_owned(),
            kind,
            max_length: None,
        }
    }

    /// Whether the settings leave the field alone for this value.
    pub fn leaves(&self, value: Option<&str>) -> bool {
        match (&self.kind, value) {
            (Kind::Record(records), Some(value)) => records.keeps && records.find(value).is_none(),
            (Kind::Choice(table), Some(value)) => table.leaves(value),
            (Kind::Choices(table), Some(value)) => table.leaves_any(value),
            _ => false,
        }
    }

    /// Halo's value for HubSpot's text. Absent and empty are both empty. Fails with
    /// one sentence for a person: what is wrong with the value and what mends it.
    pub fn to_halo(&self, value: Option<&str>) -> Result<Value, String> {
        let Some(given) = value.filter(|value| !value.is_empty()) else {
            return Ok(Value::None);
        };
        if let Kind::Record(records) = &self.kind {
            let found = records.find(given).ok_or_else(|| records.missing());
            return found
                .map(|id| Value::Reference(RecordRef::Id(id)))
                .map_err(|wrong| self.sentence(Side::HubSpot, given, &wrong));
        }
        self.halo_value(given)
            .map_err(|wrong| self.sentence(Side::HubSpot, given, &wrong))
    }

    fn halo_value(&self, given: &str) -> Result<Value, Wrong> {
        let side = Side::HubSpot;
        let converted = match &self.kind {
            Kind::Text { halo_one_line, .. } => text::plain(given, *halo_one_line, side)?,
            Kind::PlainToHtml { .. } => text::html_from_plain(given),
            Kind::Html => given.to_owned(),
            Kind::Number { whole } => number::canonical(given, *whole, side)?,
            Kind::Checkbox => checkbox(given, side)?,
            Kind::Date => time::date(given, side)?,
            Kind::DateTime => time::instant(given, side)?,
            Kind::Choice(table) => table.choice(given, &self.field)?,
            Kind::Record(records) => return Err(records.missing()),
            Kind::Choices(table) => {
                let choices = table.choices(given, &self.field)?;
                return Ok(match choices.is_empty() {
                    true => Value::None,
                    false => Value::Many(choices),
                });
            }
        };
        self.within_limit(&converted)?;
        Ok(Value::Text(converted))
    }

    /// HubSpot's text for Halo's value; `""` clears the property. Fails as
    /// [`Conversion::to_halo`] does.
    pub fn to_hubspot(&self, value: &Value) -> Result<String, String> {
        let (given, converted) = match (value, &self.kind) {
            (Value::None, _) => return Ok(String::new()),
            (Value::Text(given), _) if given.is_empty() => return Ok(String::new()),
            (Value::Text(given), kind) => (given.clone(), self.hubspot_text(given, kind)),
            (Value::Many(given), Kind::Choices(table)) => {
                (given.join(", "), table.options(given, &self.property))
            }
            (Value::Many(given), _) => (given.join(", "), Err(wrong_shape("one value"))),
            (Value::Reference(_), _) => {
                return Err(format!(
                    "The field {:?} holds a reference to a record, which the property {:?} cannot take; map it to another field.",
                    self.field, self.property
                ));
            }
        };
        converted.map_err(|wrong| self.sentence(Side::Halo, &given, &wrong))
    }

    fn hubspot_text(&self, given: &str, kind: &Kind) -> Result<String, Wrong> {
        let side = Side::Halo;
        match kind {
            Kind::Text {
                hubspot_one_line, ..
            } => text::plain(given, *hubspot_one_line, side),
            Kind::PlainToHtml { hubspot_one_line } => {
                let plain = text::plain_from_html(given).ok_or_else(|| Wrong {
                    what: "whose formatting plain text cannot hold".to_owned(),
                    mend: "remove the formatting in Halo".to_owned(),
                })?;
                text::plain(&plain, *hubspot_one_line, side)
            }
            Kind::Html => Ok(given.to_owned()),
            Kind::Number { whole } => number::canonical(given, *whole, side),
            Kind::Checkbox => checkbox(given, side),
            Kind::Date => time::date(given, side),
            Kind::DateTime => time::instant(given, side),
            Kind::Choice(table) => table.option(given, &self.property),
            Kind::Choices(_) => Err(wrong_shape("a list of choices")),
            Kind::Record(_) => Err(wrong_shape("a reference")),
        }
    }

    /// Whether two values of the field mean the same: `20,000` and `20000`, choices
    /// in another order, one instant in two zones. A caller that compares Halo's
    /// value with a converted one asks here, so that no value is written over its
    /// equal.
    pub fn same(&self, left: &Value, right: &Value) -> bool {
        if left == right {
            return true;
        }
        let empty = |value: &Value| match value {
            Value::None => true,
            Value::Text(text) => text.is_empty(),
            Value::Many(values) => values.is_empty(),
            Value::Reference(_) => false,
        };
        match (left, right) {
            _ if empty(left) || empty(right) => empty(left) && empty(right),
            (Value::Text(left), Value::Text(right)) => self.same_text(left, right),
            (Value::Many(left), Value::Many(right)) => {
                left.iter().all(|value| right.contains(value))
                    && right.iter().all(|value| left.contains(value))
            }
            _ => false,
        }
    }

    fn same_text(&self, left: &str, right: &str) -> bool {
        // What cannot be read is only the same as itself.
        fn equal<T: PartialEq>(left: Option<T>, right: Option<T>) -> bool {
            left.is_some() && left == right
        }
        let by = |read: &dyn Fn(&str) -> Option<String>| equal(read(left), read(right));
        match &self.kind {
            Kind::Number { .. } => by(&number::comparable),
            Kind::PlainToHtml { .. } => by(&text::plain_from_html),
            Kind::Checkbox => by(&|value| checkbox(value, Side::Halo).ok()),
            Kind::Date => by(&|value| time::date(value, Side::Halo).ok()),
            Kind::DateTime => by(&|value| time::instant(value, Side::Halo).ok()),
            Kind::Text { .. } | Kind::Html => left == right,
            Kind::Choice(_) | Kind::Choices(_) | Kind::Record(_) => left == right,
        }
    }

    fn within_limit(&self, text: &str) -> Result<(), Wrong> {
        match self.max_length {
            Some(limit) => text::within(text, limit, &self.field),
            None => Ok(()),
        }
    }

    fn sentence(&self, side: Side, value: &str, wrong: &Wrong) -> String {
        let holder = match side {
            Side::HubSpot => format!("property {:?}", self.property),
            Side::Halo => format!("field {:?}", self.field),
        };
        let mut shown: String = value.chars().take(SHOWN).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        format!(
            "The {holder} holds {shown:?}, {}; {}.",
            wrong.what, wrong.mend
        )
    }
}

fn wrong_shape(wanted: &str) -> Wrong {
    Wrong {
        what: format!("where {wanted} is expected"),
        mend: "check the type of the field in Halo".to_owned(),
    }
}

/// `true` or `false`. Empty never comes here: it is unset, which is not `false`.
fn checkbox(given: &str, side: Side) -> Result<String, Wrong> {
    let folded = given.trim().to_ascii_lowercase();
    match folded.as_str() {
        "true" | "false" => Ok(folded),
        _ => Err(Wrong::value("which is neither true nor false", side)),
    }
}

#[cfg(test)]
mod tests;
