//! Scopes: what a token may do, and the 403 that names what it lacks.

use serde_json::json;

use super::kinds::{KINDS, LINE_ITEMS, PRODUCTS};
use super::reply::{Reply, error};

/// The scope that stands for those of products, line items and quotes.
const COMMERCE: &str = "e-commerce";

/// Reading or writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads.
    Read,
    /// Writes.
    Write,
}

/// The scopes of which any one lets a call on records through.
pub fn for_objects(kind: usize, access: Access) -> Vec<String> {
    let word = if access == Access::Read {
        "read"
    } else {
        "write"
    };
    let own = format!("crm.objects.{}.{word}", KINDS[kind].name);
    if KINDS[kind].commerce {
        vec![own, COMMERCE.to_owned()]
    } else {
        vec![own]
    }
}

/// The scopes of which any one lets a call on property definitions through.
pub fn for_schemas(kind: usize, access: Access) -> Vec<String> {
    let name = KINDS[kind].name;
    match access {
        Access::Read => {
            // There is no `crm.schemas.products.read`.
            let mut scopes = for_objects(kind, Access::Read);
            if kind != PRODUCTS {
                scopes.insert(0, format!("crm.schemas.{name}.read"));
            }
            scopes
        }
        // Definitions of these two are written with `e-commerce` only.
        Access::Write if kind == PRODUCTS || kind == LINE_ITEMS => vec![COMMERCE.to_owned()],
        Access::Write => vec![format!("crm.schemas.{name}.write")],
    }
}

/// Every scope that the private app has.
pub fn all() -> Vec<String> {
    let mut scopes = vec![
        "oauth".to_owned(),
        "crm.objects.owners.read".to_owned(),
        COMMERCE.to_owned(),
    ];
    for kind in 0..KINDS.len() {
        for access in [Access::Read, Access::Write] {
            scopes.extend(for_objects(kind, access));
            scopes.extend(for_schemas(kind, access));
        }
    }
    scopes.sort();
    scopes.dedup();
    scopes
}

/// Lets a call through, or says which scopes would.
pub fn require(granted: &[String], any_of: &[String]) -> Result<(), Reply> {
    if any_of.is_empty() || any_of.iter().any(|scope| granted.contains(scope)) {
        return Ok(());
    }
    let mut reply = error(
        403,
        "MISSING_SCOPES",
        "One or more of the following scopes are required.",
    );
    reply.set(
        "context",
        json!({"requiredGranularScopes": any_of, "links": ["https://developers.hubspot.com/scopes"]}),
    );
    Err(reply)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot_sim::kinds::{DEALS, QUOTES};

    #[test]
    fn e_commerce_stands_for_the_scopes_of_what_is_sold() {
        for kind in [PRODUCTS, QUOTES, LINE_ITEMS] {
            assert!(for_objects(kind, Access::Write).contains(&COMMERCE.to_owned()));
        }
        assert_eq!(
            for_objects(DEALS, Access::Write),
            ["crm.objects.deals.write"]
        );
        assert_eq!(
            for_objects(LINE_ITEMS, Access::Read),
            ["crm.objects.line_items.read", "e-commerce"]
        );
        // Definitions of products and line items have no scope of their own to write.
        assert_eq!(for_schemas(PRODUCTS, Access::Write), ["e-commerce"]);
        assert_eq!(
            for_schemas(QUOTES, Access::Write),
            ["crm.schemas.quotes.write"]
        );
        assert!(!all().contains(&"crm.schemas.products.read".to_owned()));
    }
}
