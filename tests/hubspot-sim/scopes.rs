//! Scopes: what a token may do, and the 403 that names what it lacks.

use serde_json::json;

use super::kinds::KINDS;
use super::reply::{Reply, error};

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
    vec![format!("crm.objects.{}.{word}", KINDS[kind].name)]
}

/// The scopes of which any one lets a call on property definitions through.
pub fn for_schemas(kind: usize, access: Access) -> Vec<String> {
    let name = KINDS[kind].name;
    match access {
        Access::Read => vec![
            format!("crm.schemas.{name}.read"),
            format!("crm.objects.{name}.read"),
        ],
        Access::Write => vec![format!("crm.schemas.{name}.write")],
    }
}

/// Every scope that the private app has.
pub fn all() -> Vec<String> {
    let mut scopes = vec!["oauth".to_owned(), "crm.objects.owners.read".to_owned()];
    for name in ["companies", "contacts", "deals"] {
        for area in ["objects", "schemas"] {
            for word in ["read", "write"] {
                scopes.push(format!("crm.{area}.{name}.{word}"));
            }
        }
    }
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
