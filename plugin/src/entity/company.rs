//! Companies: HubSpot companies become Halo customers, each new one with a first
//! site (in Halo, users sit at sites).

use std::collections::BTreeMap;

use super::{Mapped, Place, Source, Spec};
use crate::contract::halo::integration::records::Stored;
use crate::field::convert::Conversion;
use crate::hubspot::objects::{MERGED, Object};
use crate::matching::reference_of;
use crate::settings::{Companies, FieldRow};

// In HubSpot

/// Its names.
pub const SPEC: Spec = Spec {
    objects: "companies",
    one: "company",
    type_id: "0-2",
    modified: MODIFIED,
    names: &["name", "domain"],
    associations: &[],
    lines: None,
    kind: KIND,
    records: "Customers",
    reserved: &[(TOP_LEVEL, "/companies/top-level")],
};
/// The property that holds the time of the last change.
const MODIFIED: &str = "hs_lastmodifieddate";
/// The property that holds the lifecycle stage.
pub const STAGE: &str = "lifecyclestage";

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
        .map(|row| Mapped::row(row, conversions.get(&row.field).cloned()))
        .collect();
    let fixed = |place, (property, field): (&str, &str)| {
        let source = match property {
            "name" => Source::CompanyName,
            _ => Source::Property(property.to_owned()),
        };
        Mapped::fixed(place, source, field)
    };
    for row in FIXED {
        if !fields.iter().any(|known| known.field == row.1) {
            fields.push(fixed(Place::Own, row));
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

/// What is always asked for.
pub const PROPERTIES: &[&str] = &["name", "domain", STAGE, MODIFIED, MERGED];

// Key and name

/// What people call it. HubSpot asks for a name or a domain, not for both.
pub fn title(company: &Object) -> Option<&str> {
    let name = company.property("name").map(str::trim);
    name.filter(|name| !name.is_empty())
        .or_else(|| company.property("domain"))
}

/// Whose a site is.
pub fn customer_of(site: &Stored) -> Option<u64> {
    reference_of(site, SITE_CUSTOMER)
}

/// Whether the settings include a company in its stage.
pub fn is_included(settings: &Companies, company: &Object) -> bool {
    settings.includes_stage(company.property(STAGE))
}

#[cfg(test)]
mod tests {
    use super::super::properties;
    use super::*;
    use crate::contract::halo::integration::types::{Field, RecordRef, Value};

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
        assert!(properties(PROPERTIES, &fields).contains(&"legal_name"));
    }

    #[test]
    fn a23_the_address_is_asked_for_only_with_its_switch() {
        let mut settings = Companies::default();
        let asked = |settings: &Companies| {
            let fields = fields(settings, &[], &BTreeMap::new());
            let properties = properties(PROPERTIES, &fields);
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
}
