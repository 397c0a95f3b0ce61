//! Problems of where people say that a record is left alone.

use std::collections::BTreeSet;

use super::problem;
use crate::catalog;
use crate::contract::exports::halo::integration::connector::{Problem, Severity};
use crate::contract::halo::integration::records;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::patience::insist;
use crate::settings::{Settings, shape};
use crate::sync::section::Section;

const HALO: &str = "/opt-out/halo";
const HUBSPOT: &str = "/opt-out/hubspot";

/// A field that no records have. Without the setting none need to have it.
pub(super) fn local(settings: &Settings) -> Result<Vec<Problem>, Failure> {
    let Some(name) = &settings.opt_out.halo else {
        return Ok(Vec::new());
    };
    let mut known = BTreeSet::new();
    for section in Section::all(settings) {
        let fields = insist(|| records::fields(section.spec().kind))?;
        known.extend(fields.into_iter().map(|field| field.name));
    }
    if known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(Vec::new());
    }
    let what = "No records of Halo have the field";
    Ok(vec![unknown(HALO, "unknown-field", what, name, &known)])
}

/// A property that no objects have.
pub(super) fn remote(client: &mut Client, settings: &Settings) -> Result<Vec<Problem>, Trouble> {
    let Some(name) = &settings.opt_out.hubspot else {
        return Ok(Vec::new());
    };
    let mut known = BTreeSet::new();
    for section in Section::all(settings) {
        // A sign-in need not reach what is not set up.
        match catalog::load(client, section.spec()) {
            Ok(properties) => known.extend(properties.into_iter().map(|property| property.name)),
            Err(Trouble::Failed(failure)) if failure.code == "denied" => {}
            Err(trouble) => return Err(trouble),
        }
        if known.contains(name) {
            return Ok(Vec::new());
        }
    }
    let what = "No objects of HubSpot have the property";
    Ok(vec![unknown(
        HUBSPOT,
        "unknown-property",
        what,
        name,
        &known,
    )])
}

fn unknown(path: &str, code: &str, what: &str, name: &str, known: &BTreeSet<String>) -> Problem {
    let message = match shape::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("{what} {name:?}; did you mean {near:?}?"),
        None => format!(
            "{what} {name:?}, so nothing would be left alone. Add it there, or remove the setting."
        ),
    };
    problem(path, Severity::Error, code, message)
}
