//! What a record that is made in Halo becomes in HubSpot.

use std::collections::BTreeMap;

use super::rows::Rows;
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::Value;
use crate::entity::{company, contact, product};
use crate::failure::Failure;
use crate::matching::{text_of, value_of};
use crate::sync::section::Section;

/// Every customer of Halo has a user of this name, who is nobody.
const GENERAL_USER: &str = "General User";

/// By what an object that is there already is recognised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// A contact's address; HubSpot has each only once.
    Email(String),
    /// A company's domain; HubSpot sees to nothing there.
    Domain(String),
}

/// HubSpot's property and Halo's field of what a new object always has.
pub fn fixed(section: &Section<'_>) -> &'static [(&'static str, &'static str)] {
    match section {
        Section::Companies(_) => &[("name", company::NAME), ("domain", "domain")],
        Section::Contacts(..) => &[
            ("firstname", "firstname"),
            ("lastname", "surname"),
            ("email", contact::EMAIL),
        ],
        Section::Products(_) => &[("name", product::NAME)],
        Section::Deals(..) | Section::Quotes(..) => &[],
    }
}

/// The properties by which people call a new object.
pub fn names(section: &Section<'_>) -> &'static [&'static str] {
    match section {
        Section::Contacts(..) => &["firstname", "lastname"],
        _ => &["name"],
    }
}

/// Whether objects are made of records at all. A ticket was a deal before it was a
/// ticket (A16), and a quotation only comes (S46).
pub fn is_made(section: &Section<'_>) -> bool {
    !fixed(section).is_empty()
}

/// Who is never sent.
pub fn is_nobody(section: &Section<'_>, record: &Stored) -> bool {
    matches!(section, Section::Contacts(..)) && text_of(record, contact::NAME) == Some(GENERAL_USER)
}

/// How an object that is there already is found.
pub fn identity(section: &Section<'_>, record: &Stored) -> Option<Identity> {
    let text = |field| {
        let text = text_of(record, field).map(str::trim);
        text.filter(|text| !text.is_empty()).map(str::to_lowercase)
    };
    match section {
        Section::Companies(_) => text("domain").map(Identity::Domain),
        Section::Contacts(..) => text(contact::EMAIL).map(Identity::Email),
        _ => None,
    }
}

/// The properties of a new object: those that each has, and those of the rows that go
/// out. `stage` is the lifecycle stage of new companies.
pub fn properties(
    section: &Section<'_>,
    record: &Stored,
    rows: &Rows,
    stage: Option<&str>,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut stuck = rows.stuck.iter();
    if let Some(stuck) = stuck.find(|stuck| *value_of(record, &stuck.field) != Value::None) {
        return Err(stuck.failure());
    }
    let mut properties = BTreeMap::new();
    for (property, field) in fixed(section) {
        if let Some(text) = text_of(record, field) {
            properties.insert((*property).to_owned(), text.to_owned());
        }
    }
    if matches!(section, Section::Contacts(..))
        && !properties.contains_key("firstname")
        && !properties.contains_key("lastname")
        && let Some(name) = text_of(record, contact::NAME)
    {
        // Which part of it is the first name is not guessed.
        properties.insert("lastname".to_owned(), name.to_owned());
    }
    if let (Section::Companies(_), Some(stage)) = (section, stage) {
        properties.insert(company::STAGE.to_owned(), stage.to_owned());
    }
    for row in &rows.outward {
        let text = row
            .conversion
            .to_hubspot(value_of(record, &row.field))
            .map_err(|message| {
                Failure::new("value", message)
                    .with("field", &row.field)
                    .with("property", &row.property)
            })?;
        if !text.is_empty() {
            properties.insert(row.property.clone(), text);
        }
    }
    Ok(properties)
}

#[cfg(test)]
mod tests {
    use super::super::field::Outward;
    use super::*;
    use crate::contract::halo::integration::types::Field;
    use crate::field::convert::Conversion;
    use crate::field::decide::{Emptied, Rule};
    use crate::settings::{Companies, Contacts};

    fn record(fields: &[(&str, &str)]) -> Stored {
        Stored {
            id: 7,
            revision: 1,
            fields: fields
                .iter()
                .map(|(name, text)| Field {
                    name: (*name).to_owned(),
                    value: Value::Text((*text).to_owned()),
                })
                .collect(),
            keys: Vec::new(),
        }
    }

    fn told(properties: BTreeMap<String, String>) -> Vec<String> {
        let pairs = properties.into_iter();
        pairs.map(|(name, text)| format!("{name}={text}")).collect()
    }

    #[test]
    fn s67_a_new_company_has_name_domain_stage_and_the_fields_of_its_rows() {
        let companies = Companies::default();
        let section = Section::Companies(&companies);
        let outward = vec![Outward {
            property: "numberofemployees".to_owned(),
            field: "CFSeats".to_owned(),
            comes_too: true,
            rule: Rule::Mapped(Emptied::TakesBack),
            conversion: Conversion::number("numberofemployees", "CFSeats"),
        }];
        let rows = Rows {
            outward,
            stuck: Vec::new(),
        };
        let acme = record(&[
            ("name", "Acme"),
            ("domain", "Acme.example "),
            ("CFSeats", "20"),
        ]);
        let made = properties(&section, &acme, &rows, Some("lead")).unwrap();
        assert_eq!(
            told(made),
            [
                "domain=Acme.example ",
                "lifecyclestage=lead",
                "name=Acme",
                "numberofemployees=20"
            ]
        );
        let domain = Identity::Domain("acme.example".to_owned());
        assert_eq!(identity(&section, &acme), Some(domain));
        let wrong = record(&[("name", "Acme"), ("CFSeats", "many")]);
        let refused = properties(&section, &wrong, &rows, None).unwrap_err();
        assert_eq!(refused.attributes[0].value, "CFSeats");
    }

    #[test]
    fn s67_a_new_contact_has_names_and_address_and_the_general_user_is_nobody() {
        let (companies, contacts) = (Companies::default(), Contacts::default());
        let section = Section::Contacts(&contacts, &companies);
        let made = |fields: &[(&str, &str)]| {
            told(properties(&section, &record(fields), &Rows::default(), Some("lead")).unwrap())
        };
        let names = [
            ("name", "Ada Byron"),
            ("firstname", "Ada"),
            ("surname", "Byron"),
        ];
        assert_eq!(made(&names), ["firstname=Ada", "lastname=Byron"]);
        assert_eq!(
            made(&[("name", "Ada Byron"), ("emailaddress", "ada@acme.example")]),
            ["email=ada@acme.example", "lastname=Ada Byron"]
        );
        assert!(is_nobody(&section, &record(&[("name", "General User")])));
        assert!(!is_nobody(&section, &record(&names)));
    }
}
