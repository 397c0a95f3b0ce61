//! What the connector says about itself: `describe.json`, with its version, the
//! schema of its settings and the fixed fields as the code has them.

use serde_json::{Value, json};

use crate::entity::{company, contact, deal, line_item, product, quote};
use crate::settings::SCHEMA;

const DOCUMENT: &str = include_str!("describe.json");

/// The document of `connector.describe`; `wit/README.md` says what is in it.
pub fn document() -> String {
    match assemble() {
        Ok(document) => with_settings(&document.to_string()),
        // A test reads both files; a host shows what is wrong.
        Err(error) => json!({ "error": error.to_string() }).to_string(),
    }
}

/// The document with the schema as it is written: pages draw settings in its order, which
/// a JSON value here would lose.
fn with_settings(document: &str) -> String {
    let members = document.strip_suffix('}').unwrap_or(document);
    format!("{members},\"settings\":{SCHEMA}}}")
}

fn assemble() -> Result<Value, serde_json::Error> {
    let mut document: Value = serde_json::from_str(DOCUMENT)?;
    document["version"] = json!(env!("CARGO_PKG_VERSION"));
    const FILLED: &str = "where Halo's field is empty or holds what came from HubSpot";
    let row = |(remote, halo): &(&str, &str), note: String| json!({ "remote": remote, "halo": halo, "direction": "to-halo", "note": note });
    let fixed = company::FIXED.iter().map(|names| row(names, FILLED.into()));
    let address = company::ADDRESS.iter().map(|names| {
        let note = format!("with the setting `address`, at the customer's first site; {FILLED}");
        row(names, note)
    });
    let fixed: Vec<Value> = fixed.chain(address).collect();
    document["entities"][0]["fixed-fields"] = json!(fixed);
    let name = row(
        &("firstname lastname", contact::NAME),
        format!("first and last name, else the e-mail address; {FILLED}"),
    );
    let fixed = contact::FIXED.iter().map(|names| row(names, FILLED.into()));
    let fixed: Vec<Value> = fixed.chain([name]).collect();
    document["entities"][1]["fixed-fields"] = json!(fixed);
    let fixed = product::FIXED.iter().map(|names| row(names, FILLED.into()));
    document["entities"][2]["fixed-fields"] = json!(fixed.collect::<Vec<Value>>());
    let fixed = deal::FIXED.iter().map(|names| row(names, FILLED.into()));
    let derived = deal::DERIVED
        .iter()
        .map(|(names, note)| row(names, (*note).into()));
    let fixed: Vec<Value> = fixed.chain(derived).collect();
    document["entities"][3]["fixed-fields"] = json!(fixed);
    const FOLLOWS: &str = "HubSpot's changes win";
    let fixed = quote::FIXED.iter().map(|names| row(names, FOLLOWS.into()));
    let derived = quote::DERIVED
        .iter()
        .map(|(names, note)| row(names, (*note).into()));
    let lines = line_item::FIXED.iter().map(|(remote, halo, note)| {
        let names = (
            format!("{}.{remote}", line_item::OBJECTS),
            format!("lines.{halo}"),
        );
        let note = match *note {
            "" => FOLLOWS.to_owned(),
            note => format!("{note}; {FOLLOWS}"),
        };
        row(&(names.0.as_str(), names.1.as_str()), note)
    });
    let fixed: Vec<Value> = fixed.chain(derived).chain(lines).collect();
    document["entities"][4]["fixed-fields"] = json!(fixed);
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::version::{KNOWN, Version};

    #[test]
    fn the_document_is_whole() {
        let document: Value = serde_json::from_str(&document()).unwrap();
        assert_eq!(document["format"], 1);
        assert_eq!(document["entities"][0]["name"], company::SPEC.objects);
        assert_eq!(document["entities"][0]["fixed-fields"][0]["halo"], "name");
        assert_eq!(document["entities"][1]["name"], contact::SPEC.objects);
        assert_eq!(document["entities"][2]["name"], product::SPEC.objects);
        assert_eq!(document["entities"][3]["name"], deal::SPEC.objects);
        assert_eq!(document["entities"][4]["name"], quote::SPEC.objects);
        assert!(document["settings"]["properties"]["companies"].is_object());
    }

    #[test]
    fn every_call_of_this_connector_is_a_described_route_that_only_reads() {
        let document: Value = serde_json::from_str(DOCUMENT).unwrap();
        let routes: Vec<(&str, &str)> = document["routes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|route| route["reads"] == true)
            .map(|route| {
                (
                    route["method"].as_str().unwrap(),
                    route["path"].as_str().unwrap(),
                )
            })
            .collect();
        for name in KNOWN {
            let version = Version::named(name).unwrap();
            for (method, path) in [
                ("GET", version.objects("companies")),
                ("POST", version.objects("companies/search")),
                ("POST", version.objects("companies/batch/read")),
                ("GET", version.properties("companies")),
                ("GET", version.objects("contacts")),
                ("POST", version.objects("contacts/search")),
                ("POST", version.objects("contacts/batch/read")),
                ("GET", version.properties("contacts")),
                (
                    "POST",
                    version.associations("contacts", "companies") + "/batch/read",
                ),
                ("GET", version.objects("products")),
                ("POST", version.objects("products/search")),
                ("POST", version.objects("products/batch/read")),
                ("GET", version.properties("products")),
                ("GET", version.objects("deals")),
                ("POST", version.objects("deals/search")),
                ("POST", version.objects("deals/batch/read")),
                ("GET", version.properties("deals")),
                ("GET", version.pipelines("deals")),
                ("GET", version.owners()),
                (
                    "POST",
                    version.associations("deals", "companies") + "/batch/read",
                ),
                (
                    "POST",
                    version.associations("deals", "contacts") + "/batch/read",
                ),
                ("GET", version.objects("quotes")),
                ("POST", version.objects("quotes/search")),
                ("POST", version.objects("quotes/batch/read")),
                ("GET", version.properties("quotes")),
                ("POST", version.objects("line_items/search")),
                ("POST", version.objects("line_items/batch/read")),
                (
                    "POST",
                    version.associations("quotes", "line_items") + "/batch/read",
                ),
                (
                    "POST",
                    version.associations("line_items", "quotes") + "/batch/read",
                ),
                (
                    "POST",
                    version.associations("quotes", "deals") + "/batch/read",
                ),
                (
                    "POST",
                    version.associations("quotes", "companies") + "/batch/read",
                ),
                (
                    "POST",
                    version.associations("quotes", "contacts") + "/batch/read",
                ),
                ("GET", version.account_details()),
                ("POST", version.token("")),
            ] {
                assert!(
                    routes
                        .iter()
                        .any(|(m, pattern)| *m == method && matches(pattern, &path)),
                    "{method} {path}"
                );
            }
        }
    }

    fn matches(pattern: &str, path: &str) -> bool {
        let (pattern, path): (Vec<&str>, Vec<&str>) =
            (pattern.split('/').collect(), path.split('/').collect());
        pattern.len() == path.len()
            && pattern
                .iter()
                .zip(path)
                .all(|(left, right)| left.starts_with('{') || *left == right)
    }
}
