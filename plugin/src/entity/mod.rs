//! What each entity is in HubSpot and in Halo: one file each, with the same
//! sections in the same order. Here is what they have in common.

use std::borrow::Cow;

use crate::contract::halo::integration::types::Value;
use crate::field::convert::Conversion;
use crate::field::decide::Rule;
use crate::field::text;
use crate::hubspot::objects::Object;
use crate::settings::FieldRow;
use crate::sync::outgoing::Way;

pub mod company;
pub mod contact;
pub mod deal;
pub mod line_item;
pub mod product;
pub mod quote;

/// The names of an entity.
#[derive(Debug)]
pub struct Spec {
    /// On the command line, in the settings, and HubSpot's name of the object type.
    pub objects: &'static str,
    /// One of them, for people.
    pub one: &'static str,
    /// HubSpot's number of the object type, in addresses of its pages.
    pub type_id: &'static str,
    /// The property that holds the time of the last change.
    pub modified: &'static str,
    /// The property that an object's page in a list of deleted ones is named by.
    pub names: &'static [&'static str],
    /// Types of objects whose associations come with a list.
    pub associations: &'static [&'static str],
    /// Its lines, which HubSpot keeps as objects of their own.
    pub lines: Option<Lines>,
    /// The kind of record that it becomes in Halo.
    pub kind: &'static str,
    /// Those records, for people.
    pub records: &'static str,
    /// Fields of the record that the settings fill, and where.
    pub reserved: &'static [(&'static str, &'static str)],
}

/// The lines of an object.
#[derive(Debug)]
pub struct Lines {
    /// HubSpot's name of the object type.
    pub objects: &'static str,
    /// The property that holds the time of the last change.
    pub modified: &'static str,
}

/// On which record a field lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The record that the object becomes.
    Own,
    /// The site of a company: the customer's first, or that of the mapping table.
    Site,
    /// The site that the mapping table names, and no other.
    MappedSite,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A property of HubSpot.
    Property(String),
    /// What people call a company.
    CompanyName,
    /// What people call a contact.
    ContactName,
    /// What the connector has worked out of an object before it is planned.
    Derived(&'static str),
}

/// One field that an import fills.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// On which record.
    pub place: Place,
    /// What.
    pub source: Source,
    /// Halo's field.
    pub field: String,
    /// How.
    pub rule: Rule,
    /// Between both; without one, plain text on both sides.
    pub conversion: Option<Conversion>,
}

impl Mapped {
    /// A mapping row of the settings.
    pub fn row(row: &FieldRow, conversion: Option<Conversion>) -> Mapped {
        Mapped {
            place: Place::Own,
            source: Source::Property(row.property.clone()),
            field: row.field.clone(),
            rule: row.rule(),
            conversion,
        }
    }

    /// A row that needs no setting (A23).
    pub fn fixed(place: Place, source: Source, field: &str) -> Mapped {
        Mapped {
            place,
            source,
            field: field.to_owned(),
            rule: Rule::EmptyOrOurs,
            conversion: None,
        }
    }

    /// Its names, where it is a property of HubSpot.
    pub fn way(&self) -> Option<Way<'_>> {
        let Source::Property(property) = &self.source else {
            return None;
        };
        (self.place == Place::Own).then_some(Way {
            property,
            field: &self.field,
            comes: true,
        })
    }

    /// HubSpot's value; nothing when it is empty.
    pub fn value<'a>(&self, object: &'a Object) -> Option<Cow<'a, str>> {
        match &self.source {
            Source::Property(name) => object.property(name).map(Cow::Borrowed),
            Source::Derived(name) => object.property(name).map(Cow::Borrowed),
            Source::CompanyName => company::title(object).map(Cow::Borrowed),
            Source::ContactName => contact::title(object).map(Cow::Owned),
        }
    }

    /// Whether the settings leave the field alone for this value.
    pub fn leaves(&self, value: Option<&str>) -> bool {
        let conversion = self.conversion.as_ref();
        conversion.is_some_and(|conversion| conversion.leaves(value))
    }

    /// Halo's value for HubSpot's text.
    pub fn to_halo(&self, value: Option<&str>) -> Result<Value, String> {
        match &self.conversion {
            Some(conversion) => conversion.to_halo(value),
            None => Ok(text(value)),
        }
    }

    /// Whether two values of the field mean the same (`20,000` and `20000.00`).
    pub fn same(&self, left: &Value, right: &Value) -> bool {
        match &self.conversion {
            Some(conversion) => conversion.same(left, right),
            None => left == right,
        }
    }
}

/// The fields of a record to ask for, each once: these, and those that are filled.
pub fn wanted<'a>(always: &[&str], fields: impl IntoIterator<Item = &'a Mapped>) -> Vec<String> {
    let mut wanted: Vec<String> = always.iter().map(|name| (*name).to_owned()).collect();
    for mapped in fields {
        if !wanted.contains(&mapped.field) {
            wanted.push(mapped.field.clone());
        }
    }
    wanted
}

/// The properties to ask for, each once: these, and those of the fields.
pub fn properties<'a>(always: &[&'a str], fields: &'a [Mapped]) -> Vec<&'a str> {
    let mut properties = always.to_vec();
    for field in fields {
        if let Source::Property(name) = &field.source
            && !properties.contains(&name.as_str())
        {
            properties.push(name);
        }
    }
    properties
}
