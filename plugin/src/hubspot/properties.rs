//! Property definitions: which properties an object type has in this account.
//! Source: HubSpot's properties API.

use serde::Deserialize;

use super::client::Call;
use super::version::Version;

/// One property.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Property {
    /// Its internal name.
    pub name: String,
    /// What people read.
    pub label: String,
    /// `string`, `number`, `bool`, `enumeration`, `date`, `datetime`, …
    #[serde(rename = "type")]
    pub value_type: String,
    /// `text`, `textarea`, `checkbox`, `booleancheckbox`, …
    pub field_type: String,
    /// The group that HubSpot shows it in.
    pub group_name: String,
    /// For enumerations.
    pub options: Vec<Choice>,
    /// Computed by HubSpot.
    pub calculated: bool,
    /// Not shown to people.
    pub hidden: bool,
    /// HubSpot's own, not the account's.
    pub hubspot_defined: bool,
    /// What may be changed.
    pub modification_metadata: Modification,
}

/// An option of an enumeration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// What people read.
    pub label: String,
    /// What is stored.
    pub value: String,
    /// Not offered any more.
    pub hidden: bool,
}

/// What may be changed about a property.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Modification {
    /// Its value is HubSpot's.
    pub read_only_value: bool,
}

impl Property {
    /// Whether no app may write its value.
    pub fn is_read_only(&self) -> bool {
        self.calculated || self.modification_metadata.read_only_value
    }

    /// The field type of the contract that fits its values.
    pub fn type_name(&self) -> &'static str {
        match (self.value_type.as_str(), self.field_type.as_str()) {
            ("bool", _) | ("enumeration", "booleancheckbox") => "checkbox",
            ("enumeration", "checkbox") => "choices",
            ("enumeration", _) => "choice",
            ("number", _) => "decimal",
            ("date", _) => "date",
            ("datetime", _) => "date-time",
            ("phone_number", _) | (_, "phonenumber") => "phone",
            (_, "textarea") => "memo",
            (_, "html") => "html",
            (_, "file") => "file",
            _ => "text",
        }
    }
}

/// `GET …/properties/…/companies`.
pub fn list(version: &Version, object_type: &str) -> Call {
    Call::get(version.properties(object_type))
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Property>,
}

/// Reads its answer.
pub fn properties(body: &[u8]) -> Result<Vec<Property>, serde_json::Error> {
    Ok(serde_json::from_slice::<Answer>(body)?.results)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_hubspot_has_a_type_of_the_contract() {
        for (value_type, field_type, expected) in [
            ("string", "text", "text"),
            ("string", "textarea", "memo"),
            ("string", "html", "html"),
            ("string", "phonenumber", "phone"),
            ("string", "file", "file"),
            ("number", "number", "decimal"),
            ("bool", "booleancheckbox", "checkbox"),
            ("enumeration", "booleancheckbox", "checkbox"),
            ("enumeration", "select", "choice"),
            ("enumeration", "radio", "choice"),
            ("enumeration", "checkbox", "choices"),
            ("date", "date", "date"),
            ("datetime", "date", "date-time"),
        ] {
            let property = Property {
                value_type: value_type.to_owned(),
                field_type: field_type.to_owned(),
                ..Property::default()
            };
            assert_eq!(property.type_name(), expected, "{value_type}/{field_type}");
        }
    }

    #[test]
    fn a_calculated_property_is_read_only() {
        let body = br#"{"results":[
            {"name":"a","label":"A","type":"string","fieldType":"text","calculated":true},
            {"name":"b","label":"B","type":"string","fieldType":"text","modificationMetadata":{"readOnlyValue":true}},
            {"name":"c","label":"C","type":"string","fieldType":"text","options":[],"modificationMetadata":{"readOnlyValue":false}}]}"#;
        let properties = properties(body).unwrap();
        let read_only: Vec<bool> = properties.iter().map(Property::is_read_only).collect();
        assert_eq!(read_only, [true, true, false]);
    }
}
