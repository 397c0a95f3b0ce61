//! The object types that the simulation knows: one table entry each.
//!
//! What differs between companies and contacts (and, later, deals, products,
//! quotes and line items) is data here; no other module asks for a type by name
//! except where HubSpot itself has a rule for one type only.

use super::definitions::{self, Def};

/// One HubSpot object type.
#[derive(Debug)]
pub struct Kind {
    /// Plural, as in paths: `companies`.
    pub name: &'static str,
    /// Singular, as in messages and associations: `company`.
    pub singular: &'static str,
    /// HubSpot's type id: `0-2`.
    pub type_id: &'static str,
    /// The property that holds the last change. Contacts differ from all others.
    pub modified: &'static str,
    /// Properties of a list, get or batch read answer when none are asked for.
    pub defaults: &'static [&'static str],
    /// The same for search.
    pub search_defaults: &'static [&'static str],
    /// Properties that the `query` of a search looks into.
    pub query: &'static [&'static str],
    /// A create must set one of these.
    pub required_any: &'static [&'static str],
    /// The standard property that no two records may share, if any.
    pub unique: Option<&'static str>,
    /// Where a merged record keeps further values of the unique property.
    pub further: Option<&'static str>,
    /// Whether records of this type can be merged.
    pub merges: bool,
    /// First generated id; HubSpot's ids are large and unique per type only.
    pub first_id: u64,
    /// Standard properties.
    pub definitions: &'static [Def],
}

/// Index of companies in [`KINDS`].
pub const COMPANIES: usize = 0;
/// Index of contacts in [`KINDS`].
pub const CONTACTS: usize = 1;

/// Every object type. The index in this table is the type's key everywhere.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "companies",
        singular: "company",
        type_id: "0-2",
        modified: "hs_lastmodifieddate",
        defaults: &[
            "createdate",
            "domain",
            "hs_lastmodifieddate",
            "hs_object_id",
            "name",
        ],
        search_defaults: &[
            "createdate",
            "domain",
            "hs_lastmodifieddate",
            "hs_object_id",
            "name",
        ],
        query: &["name", "domain", "website", "phone"],
        required_any: &["name", "domain"],
        unique: None,
        further: None,
        merges: true,
        first_id: 29_013_756_000,
        definitions: definitions::COMPANY,
    },
    Kind {
        name: "contacts",
        singular: "contact",
        type_id: "0-1",
        modified: "lastmodifieddate",
        defaults: &[
            "createdate",
            "email",
            "firstname",
            "hs_object_id",
            "lastmodifieddate",
            "lastname",
        ],
        search_defaults: &[
            "createdate",
            "email",
            "firstname",
            "hs_object_id",
            "lastmodifieddate",
            "lastname",
        ],
        query: &[
            "firstname",
            "lastname",
            "email",
            "hs_additional_emails",
            "phone",
            "company",
        ],
        required_any: &["email", "firstname", "lastname"],
        unique: Some("email"),
        further: Some("hs_additional_emails"),
        merges: true,
        first_id: 171_591_000_000,
        definitions: definitions::CONTACT,
    },
];

/// The index of the type that a path or a body names: by plural, singular or type id.
pub fn find(name: &str) -> Option<usize> {
    KINDS.iter().position(|kind| {
        kind.type_id == name
            || kind.name.eq_ignore_ascii_case(name)
            || kind.singular.eq_ignore_ascii_case(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_type_ids_are_interchangeable() {
        for name in ["companies", "company", "0-2", "COMPANY"] {
            assert_eq!(find(name), Some(COMPANIES), "{name}");
        }
        for name in ["contacts", "contact", "0-1"] {
            assert_eq!(find(name), Some(CONTACTS), "{name}");
        }
        assert_eq!(find("butterflies"), None);
    }
}
