//! Problems of the directions of mapping rows (S36).

use std::collections::BTreeMap;

use super::fields::{field_of, row_path};
use super::problem;
use crate::contract::exports::halo::integration::connector::{Problem, Severity};
use crate::contract::halo::integration::records::FieldInfo;
use crate::contract::halo::integration::types::Value;
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

/// Rows that go to HubSpot, but not with every choice of Halo's field: a record with one of
/// the others is not sent.
pub(super) fn partial(
    spec: &Spec,
    rows: &[FieldRow],
    fields: &[FieldInfo],
    known: &BTreeMap<String, Property>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let (Some(property), Some(field)) =
            (known.get(&row.property), field_of(fields, &row.field))
        else {
            continue;
        };
        let Ok(conversion) = row.conversion(property, field) else {
            continue;
        };
        if !row.goes_to_hubspot() {
            continue;
        }
        let stands_for_none = |value: &str| {
            let value = match field.type_name.as_str() {
                "choices" => Value::Many(vec![value.to_owned()]),
                _ => Value::Text(value.to_owned()),
            };
            conversion.to_hubspot(&value).is_err()
        };
        let labels: Vec<&str> = { field.choices.iter() }
            .filter(|choice| stands_for_none(&choice.value))
            .map(|choice| choice.label.as_str())
            .collect();
        if !labels.is_empty() {
            let path = format!("{}/values", row_path(spec, index));
            let message = format!(
                "No option of the property {:?} stands for {} of the field {:?}, so records with that are not sent. Add options in HubSpot, or pairs to the row's values.",
                row.property,
                labels.join(", "),
                field.name
            );
            problems.push(problem(&path, Severity::Warning, "no-option", message));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::halo::integration::types::Choice;
    use crate::entity::product::SPEC;
    use crate::hubspot::properties;

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
    fn choices_that_no_option_stands_for_are_named_where_the_row_goes_back() {
        let choice = |value: &str, label: &str| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            attributes: Vec::new(),
        };
        let field = FieldInfo {
            name: "CFLevel".to_owned(),
            label: "Level".to_owned(),
            type_name: "choice".to_owned(),
            attributes: Vec::new(),
            choices: vec![choice("1", "Gold"), choice("2", "Tin")],
        };
        let tier = Property {
            name: "tier".to_owned(),
            value_type: "enumeration".to_owned(),
            field_type: "select".to_owned(),
            options: vec![properties::Choice {
                value: "gold".to_owned(),
                label: "Gold".to_owned(),
                hidden: false,
            }],
            ..Property::default()
        };
        let known = BTreeMap::from([("tier".to_owned(), tier)]);
        let found = |direction| {
            let rows = rows(&[("tier", "CFLevel", direction)]);
            partial(&SPEC, &rows, std::slice::from_ref(&field), &known)
        };
        let problems = found(Direction::Bidirectional);
        assert_eq!(
            told(&problems),
            [("/products/fields/0/values", "no-option")]
        );
        let message = &problems[0].message;
        assert!(
            message.contains("Tin") && !message.contains("Gold"),
            "{message}"
        );
        assert!(found(Direction::HubspotToHalo).is_empty());
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
