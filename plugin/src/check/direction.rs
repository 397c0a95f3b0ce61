//! Problems of the directions of mapping rows (S36).

use std::collections::BTreeMap;

use super::fields::row_path;
use super::problem;
use crate::contract::exports::halo::integration::connector::{Problem, Severity};
use crate::entity::Spec;
use crate::field::direction::{self, Direction};
use crate::hubspot::properties::Property;
use crate::settings::FieldRow;

/// Properties that two rows would write.
pub(super) fn repeated(spec: &Spec, rows: &[FieldRow]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut written = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        if !row.goes_to_hubspot() {
            continue;
        }
        if let Some(first) = written.insert(&row.property, index) {
            let path = format!("{}/property", row_path(spec, index));
            let message = format!(
                "The property {:?} is already written by row {first}; remove one of them, or let one only come to Halo.",
                row.property
            );
            problems.push(problem(&path, Severity::Error, "property-twice", message));
        }
    }
    problems
}

/// Rows that would write what HubSpot lets nobody write; `offered` is what the entity
/// offers.
pub(super) fn refused(
    spec: &Spec,
    rows: &[FieldRow],
    offered: &'static [Direction],
    known: &BTreeMap<String, Property>,
) -> Vec<Problem> {
    rows.iter()
        .enumerate()
        .filter_map(|(index, row)| {
            let property = known.get(&row.property)?;
            let (message, member) = match row.sync_back {
                true => (direction::tick_refusal(property)?, "sync-back"),
                false => (
                    direction::refusal(property, row.direction, offered)?,
                    "direction",
                ),
            };
            let path = format!("{}/{member}", row_path(spec, index));
            Some(problem(&path, Severity::Error, member, message))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::product::SPEC;

    fn rows(given: &[(&str, &str, Direction)]) -> Vec<FieldRow> {
        given
            .iter()
            .map(|(property, field, direction)| FieldRow {
                property: (*property).to_owned(),
                field: (*field).to_owned(),
                direction: *direction,
                ..FieldRow::default()
            })
            .collect()
    }

    fn told(problems: &[Problem]) -> Vec<(&str, &str)> {
        problems
            .iter()
            .map(|problem| (problem.path.as_str(), problem.code.as_str()))
            .collect()
    }

    #[test]
    fn s36_two_rows_must_not_write_one_property() {
        let rows = rows(&[
            ("price", "baseprice", Direction::Bidirectional),
            ("price", "CFPrice", Direction::HubspotToHalo),
            ("price", "CFOther", Direction::HaloToHubspot),
        ]);
        let found = repeated(&SPEC, &rows);
        assert_eq!(
            told(&found),
            [("/products/fields/2/property", "property-twice")]
        );
    }

    #[test]
    fn s36_a_property_that_is_calculated_goes_one_way_only() {
        let property = Property {
            name: "margin".to_owned(),
            calculated: true,
            ..Property::default()
        };
        let known = BTreeMap::from([("margin".to_owned(), property)]);
        let rows = rows(&[
            ("margin", "CFA", Direction::HubspotToHalo),
            ("margin", "CFB", Direction::Bidirectional),
            ("unknown", "CFC", Direction::Bidirectional),
            ("margin", "CFD", Direction::HaloToHubspot),
        ]);
        let found = refused(&SPEC, &rows, &Direction::ALL, &known);
        assert_eq!(
            told(&found),
            [
                ("/products/fields/1/direction", "direction"),
                ("/products/fields/3/direction", "direction"),
            ]
        );
        assert!(
            found[0].message.contains("calculated by HubSpot"),
            "{}",
            found[0].message
        );
    }
}
