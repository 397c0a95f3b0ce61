//! Problems of the field mappings (S15 to S18): each with its row.

use std::collections::BTreeMap;

use super::problem;
use crate::contract::exports::halo::integration::connector::{Problem, Severity};
use crate::contract::halo::integration::records::FieldInfo;
use crate::entity::Spec;
use crate::field::convert::choice;
use crate::hubspot::properties::Property;
use crate::settings::{FieldRow, shape};

/// A Halo field by its name; Halo writes the same name in several cases.
pub fn field_of<'a>(known: &'a [FieldInfo], name: &str) -> Option<&'a FieldInfo> {
    known.iter().find(|field| field.name == name).or_else(|| {
        known
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    })
}

/// The place of a mapping row.
pub(super) fn row_path(spec: &Spec, index: usize) -> String {
    format!("/{}/fields/{index}", spec.objects)
}

/// What the mapping rows and Halo's fields tell.
pub(super) fn local(spec: &Spec, rows: &[FieldRow], known: &[FieldInfo]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut filled = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        for (option, message) in row.contradictions() {
            let path = format!("{}/{option}", row_path(spec, index));
            problems.push(problem(
                &path,
                Severity::Error,
                "contradiction",
                message.to_owned(),
            ));
        }
        let path = format!("{}/field", row_path(spec, index));
        let Some(field) = field_of(known, &row.field) else {
            let names = known.iter().map(|field| field.name.as_str());
            let message = match shape::nearest(&row.field, names) {
                Some(near) => format!(
                    "{} have no field {:?}; did you mean {near:?}?",
                    spec.records, row.field
                ),
                None => format!(
                    "{} have no field {:?}. Add it in Halo, or remove the row.",
                    spec.records, row.field
                ),
            };
            problems.push(problem(&path, Severity::Error, "unknown-field", message));
            continue;
        };
        if !row.direction.comes_to_halo() {
            continue;
        }
        if field
            .attributes
            .iter()
            .any(|attribute| attribute.name == "read-only")
        {
            let message = format!("The field {:?} cannot be written.", field.name);
            problems.push(problem(&path, Severity::Error, "read-only", message));
        }
        if let Some((_, setting)) = spec.reserved.iter().find(|(name, _)| *name == field.name) {
            let message = format!("{} is set by {setting}, not by a property.", field.label);
            problems.push(problem(&path, Severity::Error, "reserved", message));
        }
        problems.extend(unmapped(spec, index, row, field));
        if let Some(first) = filled.insert(field.name.clone(), index) {
            let message = format!(
                "The field {:?} is already filled by row {first}; remove one of them.",
                field.name
            );
            problems.push(problem(&path, Severity::Error, "field-twice", message));
        }
    }
    problems
}

/// What is wrong with what a row says of options that are no choice.
fn unmapped(spec: &Spec, index: usize, row: &FieldRow, field: &FieldInfo) -> Vec<Problem> {
    let default = row.default_choice.as_deref();
    let wrong = |option: &str, code: &str, message: String| {
        let path = format!("{}/{option}", row_path(spec, index));
        problem(&path, Severity::Error, code, message)
    };
    if !matches!(field.type_name.as_str(), "choice" | "choices") {
        let given = [
            ("unmapped", row.unmapped.is_some()),
            ("default-choice", default.is_some()),
        ];
        let given = given.into_iter().filter(|(_, is_given)| *is_given);
        let of_no_choices = |(option, _): (&str, bool)| {
            let message = format!(
                "The field {:?} ({}) has no choices, so no option can be without one; remove {option}.",
                field.name, field.type_name
            );
            wrong(option, "no-choices", message)
        };
        return given.map(of_no_choices).collect();
    }
    let problem = default.and_then(|default| choice::default_problem(field, default));
    let problem = problem.map(|message| wrong("default-choice", "unknown-option", message));
    problem.into_iter().collect()
}

/// What only the account can tell about the mapping rows.
pub(super) fn remote(
    spec: &Spec,
    rows: &[FieldRow],
    fields: &[FieldInfo],
    known: &BTreeMap<String, Property>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let path = format!("{}/property", row_path(spec, index));
        let Some(property) = known.get(&row.property) else {
            let message = match shape::nearest(&row.property, known.keys().map(String::as_str)) {
                Some(near) => format!(
                    "HubSpot {} have no property {:?}; did you mean {near:?}?",
                    spec.objects, row.property
                ),
                None => format!(
                    "HubSpot {} have no property {:?}. Correct or remove the row.",
                    spec.objects, row.property
                ),
            };
            problems.push(problem(&path, Severity::Error, "unknown-property", message));
            continue;
        };
        let Some(field) = field_of(fields, &row.field) else {
            continue;
        };
        if let Err(message) = row.conversion(property, field) {
            problems.push(problem(&path, Severity::Error, "types", message));
            continue;
        }
        for (value, message) in choice::row_problems(property, field, &row.values) {
            let path = format!("{}/values/{value}", row_path(spec, index));
            problems.push(problem(&path, Severity::Error, "unknown-option", message));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use super::*;
    use crate::contract::halo::integration::types::{Attribute, Choice};
    use crate::entity::company;
    use crate::field::convert::Unmapped;

    fn halo_field(name: &str, type_name: &str) -> FieldInfo {
        FieldInfo {
            name: name.to_owned(),
            label: name.to_owned(),
            type_name: type_name.to_owned(),
            attributes: Vec::new(),
            choices: Vec::new(),
        }
    }

    fn row(property: &str, field: &str) -> FieldRow {
        FieldRow {
            property: property.to_owned(),
            field: field.to_owned(),
            ..FieldRow::default()
        }
    }

    #[test]
    fn s16_a_row_to_a_field_that_is_not_there_names_the_nearest() {
        let mut locked = halo_field("CFLocked", "text");
        locked.attributes.push(Attribute {
            name: "read-only".to_owned(),
            value: "true".to_owned(),
        });
        let known = [halo_field("CFIndustry", "text"), locked];
        let rows = [
            row("a", "CFIndustri"),
            row("b", "cfindustry"),
            row("c", "CFIndustry"),
            row("d", "CFLocked"),
            FieldRow {
                new_records_only: true,
                empty_overwrites: Some(true),
                ..row("e", "CFGone")
            },
        ];
        let problems = local(&company::SPEC, &rows, &known);
        assert_eq!(
            told(&problems),
            [
                ("/companies/fields/0/field", "unknown-field"),
                ("/companies/fields/2/field", "field-twice"),
                ("/companies/fields/3/field", "read-only"),
                ("/companies/fields/4/empty-overwrites", "contradiction"),
                ("/companies/fields/4/field", "unknown-field"),
            ]
        );
        assert!(
            problems[0].message.contains("CFIndustry"),
            "{}",
            problems[0].message
        );
    }

    #[test]
    fn s18_a_default_that_is_no_choice_and_a_rule_for_a_field_without_choices_are_named() {
        let choice = |label: &str| Choice {
            value: label.len().to_string(),
            label: label.to_owned(),
            attributes: Vec::new(),
        };
        let known = [
            halo_field("CFNote", "text"),
            FieldInfo {
                choices: vec![choice("North"), choice("Other one")],
                ..halo_field("CFRegion", "choice")
            },
            FieldInfo {
                choices: vec![choice("Red")],
                ..halo_field("CFColours", "choices")
            },
        ];
        let to = |field: &str, unmapped: Option<Unmapped>, default: Option<&str>| FieldRow {
            unmapped,
            default_choice: default.map(str::to_owned),
            ..row("a", field)
        };
        let keep = Some(Unmapped::Keep);
        let rows = [
            to("CFNote", keep, Some("North")),
            to("CFRegion", None, Some("Nroth")),
            to("CFColours", None, Some("red")),
        ];
        let problems = local(&company::SPEC, &rows, &known);
        assert_eq!(
            told(&problems),
            [
                ("/companies/fields/0/unmapped", "contradiction"),
                ("/companies/fields/0/unmapped", "no-choices"),
                ("/companies/fields/0/default-choice", "no-choices"),
                ("/companies/fields/1/default-choice", "unknown-option"),
            ]
        );
        assert!(
            problems[3].message.contains("it has North, Other one"),
            "{}",
            problems[3].message
        );
    }

    #[test]
    fn s18_a_pair_of_types_that_does_not_go_together_is_refused_by_both_names() {
        let property = |name: &str, field_type: &str, value_type: &str| {
            let property = Property {
                name: name.to_owned(),
                value_type: value_type.to_owned(),
                field_type: field_type.to_owned(),
                ..Property::default()
            };
            (name.to_owned(), property)
        };
        let known = BTreeMap::from([
            property("is_public", "booleancheckbox", "bool"),
            property("city", "text", "string"),
        ]);
        let rows = [
            row("is_public", "CFNote"),
            row("city", "CFNote"),
            row("citi", "CFNote"),
        ];
        let problems = remote(
            &company::SPEC,
            &rows,
            &[halo_field("CFNote", "text")],
            &known,
        );
        assert_eq!(
            told(&problems),
            [
                ("/companies/fields/0/property", "types"),
                ("/companies/fields/2/property", "unknown-property"),
            ]
        );
        let message = &problems[0].message;
        assert!(
            message.contains("checkbox") && message.contains("text"),
            "{message}"
        );
        assert!(
            problems[1].message.contains("did you mean \"city\""),
            "{}",
            problems[1].message
        );
    }
}
