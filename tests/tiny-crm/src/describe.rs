//! What the connector says about itself: `describe.json`, with the version, the schema
//! of the settings and the fields that need no mapping row as the code has them.

use serde_json::{Value, json};

use crate::plan::FIXED;
use crate::settings::SCHEMA;

const DOCUMENT: &str = include_str!("describe.json");

/// The document; `wit/README.md` says what is in it.
pub fn document() -> String {
    match assemble() {
        Ok(document) => document.to_string(),
        // The test below reads both files; a host shows what is wrong.
        Err(error) => json!({ "error": error.to_string() }).to_string(),
    }
}

fn assemble() -> Result<Value, serde_json::Error> {
    let mut document: Value = serde_json::from_str(DOCUMENT)?;
    document["version"] = json!(env!("CARGO_PKG_VERSION"));
    document["settings"] = serde_json::from_str(SCHEMA)?;
    let fixed = FIXED.map(|(remote, halo, note)| {
        json!({ "remote": remote, "halo": halo, "direction": "to-halo", "note": note })
    });
    document["entities"][0]["fixed-fields"] = json!(fixed);
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_whole() {
        let document: Value = serde_json::from_str(&document()).unwrap();
        assert_eq!(document["name"], "Fernwhistle");
        assert_eq!(document["entities"][0]["name"], crate::ENTITY);
        assert_eq!(document["entities"][0]["kind"], crate::KIND);
        assert_eq!(document["entities"][0]["fixed-fields"][0]["halo"], "name");
        assert!(document["settings"]["properties"]["accounts"].is_object());
    }
}
