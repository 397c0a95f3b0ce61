//! Companies: HubSpot companies become Halo customers, each new one with a first
//! site (in Halo, users sit at sites).

use std::collections::BTreeMap;

use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::{RecordRef, Value};
use crate::field::convert::Conversion;
use crate::field::decide::Rule;
use crate::field::text;
use crate::hubspot::objects::Object;
use crate::matching::value_of;
use crate::settings::{Companies, FieldRow};

// In HubSpot

/// The entity's name on the command line, and HubSpot's name of the object type.
pub const OBJECTS: &str = "companies";
/// HubSpot's number of the object type, in addresses of its pages.
pub const TYPE_ID: &str = "0-2";
/// The property that holds the time of the last change.
pub const MODIFIED: &str = "hs_lastmodifieddate";
/// The property that holds the lifecycle stage.
pub const STAGE: &str = "lifecyclestage";
/// Ids that were merged into this one: `51;1;1551`.
const MERGED: &str = "hs_merged_object_ids";

// In Halo

/// The kind of record that a company becomes.
pub const KIND: &str = "customer";
/// The kind of its sites.
pub const SITE: &str = "site";

/// Where a customer sits.
pub const TOP_LEVEL: &str = "toplevel_id";
/// Whose a site is.
pub const SITE_CUSTOMER: &str = "client_id";
/// The name, on both kinds.
pub const NAME: &str = "name";
/// Whether a customer is out of use.
pub const INACTIVE: &str = "inactive";

// Which fields sync which way

/// Fields that need no mapping row (A23): HubSpot's property, Halo's field.
pub const FIXED: [(&str, &str); 4] = [
    ("name", "name"),
    ("website", "website"),
    ("phone", "main_phonenumber"),
    ("domain", "domain"),
];

/// The address, with the switch `address` (A23). In Halo it lies at a site: its
/// delivery address, where the last lines are town and county.
pub const ADDRESS: [(&str, &str); 6] = [
    ("address", "delivery_address.line1"),
    ("address2", "delivery_address.line2"),
    ("city", "delivery_address.line3"),
    ("state", "delivery_address.line4"),
    ("zip", "delivery_address.postcode"),
    ("country", "country_code"),
];

/// Of a company that is a site by the mapping table (A25). A customer's own number
/// is that of its main site.
const SITE_PHONE: (&str, &str) = ("phone", "phonenumber");

/// On which record a field lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The customer.
    Customer,
    /// The site of the company: the customer's first, or that of the mapping table.
    Site,
    /// The site that the mapping table names, and no other.
    MappedSite,
}

/// One field that an import fills.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// Where.
    pub place: Place,
    /// HubSpot's property.
    pub property: String,
    /// Halo's field.
    pub field: String,
    /// How.
    pub rule: Rule,
    /// Between both; the fixed rows are plain text on both sides.
    pub conversion: Option<Conversion>,
}

impl Mapped {
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

/// The fields that an import fills: the mapping rows, then the fixed rows for
/// fields that no mapping row fills, then those of its site.
///
/// `rows` are those of the settings that can be used, `conversions` are by Halo's
/// field.
pub fn fields(
    settings: &Companies,
    rows: &[FieldRow],
    conversions: &BTreeMap<String, Conversion>,
) -> Vec<Mapped> {
    let mut fields: Vec<Mapped> = rows
        .iter()
        .map(|row| Mapped {
            place: Place::Customer,
            property: row.property.clone(),
            field: row.field.clone(),
            rule: row.rule(),
            conversion: conversions.get(&row.field).cloned(),
        })
        .collect();
    let fixed = |place, (property, field): (&str, &str)| Mapped {
        place,
        property: property.to_owned(),
        field: field.to_owned(),
        rule: Rule::EmptyOrOurs,
        conversion: None,
    };
    for row in FIXED {
        if !fields.iter().any(|known| known.field == row.1) {
            fields.push(fixed(Place::Customer, row));
        }
    }
    if settings.address {
        fields.extend(ADDRESS.map(|row| fixed(Place::Site, row)));
    }
    if settings.maps_sites() {
        fields.push(fixed(Place::MappedSite, SITE_PHONE));
    }
    fields
}

/// The properties to ask for, each once.
pub fn properties(fields: &[Mapped]) -> Vec<&str> {
    let mut properties = vec!["name", "domain", STAGE, MODIFIED, MERGED];
    for field in fields {
        if !properties.contains(&field.property.as_str()) {
            properties.push(&field.property);
        }
    }
    properties
}

// Key and name

/// What people call it. HubSpot asks for a name or a domain, not for both.
pub fn title(company: &Object) -> Option<&str> {
    let name = company.property("name").map(str::trim);
    name.filter(|name| !name.is_empty())
        .or_else(|| company.property("domain"))
}

/// HubSpot's value for a field. The fixed name is what people call the company, so
/// that one which gets a name after its domain is renamed.
pub fn value<'a>(company: &'a Object, mapped: &Mapped) -> Option<&'a str> {
    if mapped.rule == Rule::EmptyOrOurs && mapped.field == NAME {
        title(company)
    } else {
        company.property(&mapped.property)
    }
}

/// Its own id, then those of companies that were merged into it.
pub fn ids(company: &Object) -> Vec<&str> {
    let mut ids = vec![company.id.as_str()];
    ids.extend(merged_ids(company));
    ids
}

/// Whose a site is.
pub fn customer_of(site: &Stored) -> Option<u64> {
    match value_of(site, SITE_CUSTOMER) {
        Value::Reference(RecordRef::Id(id)) => Some(*id),
        _ => None,
    }
}

/// Ids of companies that were merged into this one.
pub fn merged_ids(company: &Object) -> impl Iterator<Item = &str> {
    let ids = company.property(MERGED).unwrap_or_default();
    ids.split(';')
        .map(str::trim)
        .filter(|id| !id.is_empty() && *id != company.id)
}

/// Whether the settings include a company in its stage.
pub fn is_included(settings: &Companies, company: &Object) -> bool {
    settings.includes_stage(company.property(STAGE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::halo::integration::types::Field;

    #[test]
    fn a_mapping_row_replaces_the_fixed_row_of_its_field() {
        let rows = [FieldRow {
            property: "legal_name".to_owned(),
            field: "name".to_owned(),
            ..FieldRow::default()
        }];
        let fields = fields(&Companies::default(), &rows, &BTreeMap::new());
        let names: Vec<&Mapped> = fields
            .iter()
            .filter(|field| field.field == "name")
            .collect();
        assert_eq!(names.len(), 1);
        assert_eq!(names[0].rule, rows[0].rule());
        assert!(properties(&fields).contains(&"legal_name"));
    }

    #[test]
    fn a23_the_address_is_asked_for_only_with_its_switch() {
        let mut settings = Companies::default();
        let asked = |settings: &Companies| {
            let fields = fields(settings, &[], &BTreeMap::new());
            let properties = properties(&fields);
            ADDRESS
                .iter()
                .filter(|(property, _)| properties.contains(property))
                .count()
        };
        assert_eq!(asked(&settings), 0);
        settings.address = true;
        assert_eq!(asked(&settings), ADDRESS.len());
    }

    #[test]
    fn a_company_without_a_name_is_called_by_its_domain() {
        assert_eq!(
            title(&Object::with("1", &[("name", " A "), ("domain", "a.com")])),
            Some("A")
        );
        assert_eq!(
            title(&Object::with("1", &[("name", " "), ("domain", "a.com")])),
            Some("a.com")
        );
        assert_eq!(title(&Object::with("1", &[])), None);
    }

    #[test]
    fn a_site_says_whose_it_is() {
        let site = |value: Option<Value>| Stored {
            id: 7,
            revision: 1,
            fields: value
                .map(|value| Field {
                    name: SITE_CUSTOMER.to_owned(),
                    value,
                })
                .into_iter()
                .collect(),
            keys: Vec::new(),
        };
        let of = Value::Reference(RecordRef::Id(3));
        assert_eq!(customer_of(&site(Some(of))), Some(3));
        assert_eq!(customer_of(&site(None)), None);
    }

    #[test]
    fn merged_ids_are_read_and_never_its_own() {
        let company = Object::with("9", &[(MERGED, "51; 9;1551;")]);
        assert_eq!(merged_ids(&company).collect::<Vec<_>>(), ["51", "1551"]);
    }
}
