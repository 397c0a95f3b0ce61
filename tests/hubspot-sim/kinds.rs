//! The object types that the simulation knows: one table entry each.
//!
//! What differs between the types is data here; no other module asks for a type by
//! name except where HubSpot itself has a rule for one type only.

use super::definitions::{self, Def};

/// One HubSpot object type.
#[derive(Debug)]
pub struct Kind {
    /// Plural, as in paths: `companies`.
    pub name: &'static str,
    /// Singular, as in messages and associations: `company`.
    pub singular: &'static str,
    /// Plural as the key of `associations` in an answer: line items have a space there.
    pub key: &'static str,
    /// HubSpot's type id: `0-2`.
    pub type_id: &'static str,
    /// The property that holds the last change. Contacts differ from all others.
    pub modified: &'static str,
    /// The property that holds the creation. Quotes differ from all others.
    pub created: &'static str,
    /// Properties of a list, get or batch read answer when none are asked for.
    pub defaults: &'static [&'static str],
    /// The same for search.
    pub search_defaults: &'static [&'static str],
    /// Properties that the `query` of a search looks into.
    pub query: &'static [&'static str],
    /// A create must set one property of each of these groups.
    pub required: &'static [&'static [&'static str]],
    /// The standard property that no two records may share, if any.
    pub unique: Option<&'static str>,
    /// Where a merged record keeps further values of the unique property.
    pub further: Option<&'static str>,
    /// Whether records of this type can be merged.
    pub merges: bool,
    /// Whether the scope `e-commerce` stands for the own scopes of this type.
    pub commerce: bool,
    /// First generated id; HubSpot's ids are large and unique per type only.
    pub first_id: u64,
    /// Standard properties.
    pub definitions: &'static [Def],
}

/// Index of companies in [`KINDS`].
pub const COMPANIES: usize = 0;
/// Index of contacts in [`KINDS`].
pub const CONTACTS: usize = 1;

/// Index of deals in [`KINDS`].
pub const DEALS: usize = 2;
/// Index of products in [`KINDS`].
pub const PRODUCTS: usize = 3;
/// Index of quotes in [`KINDS`].
pub const QUOTES: usize = 4;
/// Index of line items in [`KINDS`].
pub const LINE_ITEMS: usize = 5;

/// What the entries below have in common.
const BASE: Kind = Kind {
    name: "",
    singular: "",
    key: "",
    type_id: "",
    modified: "hs_lastmodifieddate",
    created: "createdate",
    defaults: &[],
    search_defaults: &[],
    query: &[],
    required: &[],
    unique: None,
    further: None,
    merges: false,
    commerce: false,
    first_id: 0,
    definitions: &[],
};

const DEAL_SHOWN: &[&str] = &[
    "amount",
    "closedate",
    "createdate",
    "dealname",
    "dealstage",
    "hs_lastmodifieddate",
    "hs_object_id",
    "pipeline",
];
const PRODUCT_SHOWN: &[&str] = &[
    "createdate",
    "description",
    "hs_lastmodifieddate",
    "hs_object_id",
    "name",
    "price",
];
const QUOTE_SHOWN: &[&str] = &[
    "hs_createdate",
    "hs_expiration_date",
    "hs_lastmodifieddate",
    "hs_object_id",
    "hs_public_url_key",
    "hs_status",
    "hs_title",
];
const LINE_ITEM_SHOWN: &[&str] = &[
    "amount",
    "createdate",
    "hs_lastmodifieddate",
    "hs_object_id",
    "price",
    "quantity",
];

/// Every object type. The index in this table is the type's key everywhere.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "companies",
        singular: "company",
        key: "companies",
        type_id: "0-2",
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
        required: &[&["name", "domain"]],
        merges: true,
        first_id: 29_013_756_000,
        definitions: definitions::COMPANY,
        ..BASE
    },
    Kind {
        name: "contacts",
        singular: "contact",
        key: "contacts",
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
        required: &[&["email", "firstname", "lastname"]],
        unique: Some("email"),
        further: Some("hs_additional_emails"),
        merges: true,
        first_id: 171_591_000_000,
        definitions: definitions::CONTACT,
        ..BASE
    },
    Kind {
        name: "deals",
        singular: "deal",
        key: "deals",
        type_id: "0-3",
        defaults: DEAL_SHOWN,
        search_defaults: DEAL_SHOWN,
        query: &[
            "dealname",
            "pipeline",
            "dealstage",
            "description",
            "dealtype",
        ],
        // Without a pipeline it is the default one.
        required: &[&["dealname"], &["dealstage"]],
        merges: true,
        first_id: 31_840_200_000,
        definitions: definitions::DEAL,
        ..BASE
    },
    Kind {
        name: "products",
        singular: "product",
        key: "products",
        type_id: "0-7",
        defaults: PRODUCT_SHOWN,
        search_defaults: PRODUCT_SHOWN,
        query: &["name", "description", "price", "hs_sku"],
        commerce: true,
        first_id: 2_104_700_000,
        definitions: definitions::PRODUCT,
        ..BASE
    },
    Kind {
        name: "quotes",
        singular: "quote",
        key: "quotes",
        type_id: "0-14",
        created: "hs_createdate",
        defaults: QUOTE_SHOWN,
        search_defaults: QUOTE_SHOWN,
        query: &[
            "hs_title",
            "hs_quote_number",
            "hs_sender_firstname",
            "hs_sender_lastname",
            "hs_sender_email",
            "hs_sender_company_name",
        ],
        required: &[&["hs_title"], &["hs_expiration_date"]],
        commerce: true,
        first_id: 14_590_300_000,
        definitions: definitions::QUOTE,
        ..BASE
    },
    Kind {
        name: "line_items",
        singular: "line_item",
        key: "line items",
        type_id: "0-8",
        defaults: LINE_ITEM_SHOWN,
        search_defaults: LINE_ITEM_SHOWN,
        query: &["name", "description", "hs_sku"],
        commerce: true,
        first_id: 21_076_500_000,
        definitions: definitions::LINE_ITEM,
        ..BASE
    },
];

/// The index of the type that a path or a body names: by plural, singular or type id,
/// and line items also with the space that answers write.
pub fn find(name: &str) -> Option<usize> {
    KINDS.iter().position(|kind| {
        kind.type_id == name
            || kind.name.eq_ignore_ascii_case(name)
            || kind.singular.eq_ignore_ascii_case(name)
            || kind.key.eq_ignore_ascii_case(name)
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
        for name in ["line_items", "line_item", "line items", "0-8"] {
            assert_eq!(find(name), Some(LINE_ITEMS), "{name}");
        }
        for (name, kind) in [("0-3", DEALS), ("products", PRODUCTS), ("quote", QUOTES)] {
            assert_eq!(find(name), Some(kind), "{name}");
        }
        assert_eq!(find("butterflies"), None);
    }

    #[test]
    fn every_property_that_a_type_names_is_one_of_its_own() {
        for kind in KINDS {
            let known = |name: &str| kind.definitions.iter().any(|def| def.name == name);
            let named = [kind.modified, kind.created, "hs_object_id"];
            let lists = [kind.defaults, kind.search_defaults, kind.query];
            for name in named.iter().chain(lists.into_iter().flatten()) {
                assert!(known(name), "{name} of {}", kind.name);
            }
        }
    }
}
