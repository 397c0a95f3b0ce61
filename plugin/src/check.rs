//! Every problem of the settings, each with its place and what would mend it. The
//! same checks stop an import before anything is read.

use std::collections::BTreeMap;

use crate::catalog;
use crate::connect;
use crate::contract::exports::halo::integration::connector::{Problem, Severity};
use crate::contract::halo::integration::records::{self, FieldInfo};
use crate::entity::Spec;
use crate::entity::company;
use crate::failure::Failure;
use crate::field::convert::{Conversion, choice};
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::properties::Property;
use crate::patience::insist;
use crate::settings::{self, Api, Companies, FieldRow, NO_STAGE, Settings, shape};
use crate::sync::section::Section;

pub mod deals;
mod table;

/// Checks a document; `online` also asks HubSpot.
pub fn check(json: &str, online: bool) -> Result<Vec<Problem>, Failure> {
    let document: serde_json::Value = match serde_json::from_str(json) {
        Ok(document) => document,
        Err(error) => {
            return Ok(vec![problem(
                "",
                Severity::Error,
                "syntax",
                format!("This is no JSON: {error}."),
            )]);
        }
    };
    let schema = serde_json::from_str(settings::SCHEMA).map_err(|error| {
        Failure::internal(format!("The settings schema cannot be read: {error}."))
    })?;
    let misshapes = shape::problems(&schema, &document);
    if !misshapes.is_empty() {
        return Ok(misshapes
            .into_iter()
            .map(|found| problem(&found.path, Severity::Error, "shape", found.message))
            .collect());
    }
    let settings = Settings::parse(json)?;
    let mut problems = Vec::new();
    let api = match settings.api.resolve() {
        Ok(api) => Some(api),
        Err(failure) => {
            problems.push(of_failure(&failure, Severity::Error));
            None
        }
    };
    if let Err(failure) = may_import(&settings.companies) {
        // A fresh connector has no stage chosen: nothing is wrong with it yet.
        problems.push(of_failure(&failure, Severity::Warning));
    }
    problems.extend(deals::missing_type(&settings.deals));
    for section in Section::all(&settings) {
        let spec = section.spec();
        let fields = insist(|| records::fields(spec.kind))?;
        problems.extend(field_rows(spec, section.rows(), &fields));
    }
    problems.extend(table::repeated(&settings.companies.customers));
    problems.extend(deals::repeated(&settings.deals));
    problems.extend(missing_records(&settings)?);
    if online && let Some(api) = api {
        match online_problems(&api, &settings) {
            Ok(found) => problems.extend(found),
            // What was found so far is worth as much.
            Err(failure) => {
                problems.push(problem("", Severity::Error, &failure.code, failure.message))
            }
        }
    }
    Ok(problems)
}

/// What only HubSpot can tell.
fn online_problems(api: &Api, settings: &Settings) -> Result<Vec<Problem>, Failure> {
    let linked = connect::linked()?;
    let mut client = Client::connected(api, &linked.account)?;
    let mut problems = Vec::new();
    for section in Section::all(settings) {
        let spec = section.spec();
        let is_company = spec.objects == company::SPEC.objects;
        // Contacts without a mapping row need no property to be known.
        if !is_company && section.rows().is_empty() {
            continue;
        }
        let fields = insist(|| records::fields(spec.kind))?;
        let known = load(&mut client, spec)?;
        problems.extend(remote_rows(spec, section.rows(), &fields, &known));
        if is_company {
            problems.extend(stages(&settings.companies, &known));
        }
    }
    problems.extend(table::missing_companies(
        &mut client,
        &settings.companies.customers,
    )?);
    problems.extend(deals::of_account(&mut client, &settings.deals)?);
    Ok(problems)
}

/// Whether an import of companies may start.
pub fn may_import(companies: &Companies) -> Result<(), Failure> {
    if !companies.includes_any() {
        return Err(Failure::setting(
            "/companies/lifecycle-stages",
            "No lifecycle stage is chosen, so no company would be imported. Choose stages, or set all-lifecycle-stages to true.",
        ));
    }
    if companies.top_level.is_none() {
        return Err(Failure::setting(
            "/companies/top-level",
            "New customers need a top level. Set top-level to the id of one (`records top-level` lists them).",
        ));
    }
    Ok(())
}

/// What an import needs to know about its mapping rows.
#[derive(Debug, Default)]
pub struct Prepared {
    /// Properties that HubSpot does not have any more; their rows are left out.
    pub without: Vec<String>,
    /// By Halo's field.
    pub conversions: BTreeMap<String, Conversion>,
}

/// Makes the conversions of mapping rows; a row whose types do not go together is
/// refused before anything is read.
pub fn prepare(
    client: &mut Client,
    section: &Section<'_>,
    rows: &[FieldRow],
) -> Result<Prepared, Trouble> {
    let spec = section.spec();
    let mut prepared = Prepared::default();
    if rows.is_empty() {
        return Ok(prepared);
    }
    let known = load(client, spec)?;
    let fields = insist(|| records::fields(spec.kind))?;
    for (index, row) in rows.iter().enumerate() {
        let Some(property) = known.get(&row.property) else {
            prepared.without.push(row.property.clone());
            continue;
        };
        let Some(field) = field_of(&fields, &row.field) else {
            continue;
        };
        let conversion = Conversion::between(property, field, &row.values).map_err(|message| {
            Failure::setting(&format!("{}/property", row_path(spec, index)), message)
        })?;
        prepared.conversions.insert(field.name.clone(), conversion);
    }
    Ok(prepared)
}

fn load(client: &mut Client, spec: &Spec) -> Result<BTreeMap<String, Property>, Trouble> {
    let known = catalog::load(client, spec)?;
    Ok(known
        .into_iter()
        .map(|property| (property.name.clone(), property))
        .collect())
}

/// A Halo field by its name; Halo writes the same name in several cases.
pub fn field_of<'a>(known: &'a [FieldInfo], name: &str) -> Option<&'a FieldInfo> {
    known.iter().find(|field| field.name == name).or_else(|| {
        known
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    })
}

/// The place of a mapping row.
fn row_path(spec: &Spec, index: usize) -> String {
    format!("/{}/fields/{index}", spec.objects)
}

fn field_rows(spec: &Spec, rows: &[FieldRow], known: &[FieldInfo]) -> Vec<Problem> {
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

/// What only the account can tell about the mapping rows.
fn remote_rows(
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
        if let Err(message) = Conversion::between(property, field, &row.values) {
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

fn stages(companies: &Companies, known: &BTreeMap<String, Property>) -> Vec<Problem> {
    let Some(property) = known.get(company::STAGE) else {
        return Vec::new();
    };
    let values: Vec<&str> = property
        .options
        .iter()
        .map(|option| option.value.as_str())
        .chain([NO_STAGE])
        .collect();
    companies
        .lifecycle_stages
        .iter()
        .enumerate()
        .filter(|(_, stage)| !values.contains(&stage.as_str()))
        .map(|(index, stage)| {
            let by_label = property
                .options
                .iter()
                .find(|option| option.label == *stage);
            let message = match by_label {
                Some(option) => format!(
                    "{stage:?} is a label; write its internal value {:?}.",
                    option.value
                ),
                None => format!(
                    "The account has no lifecycle stage {stage:?}; it has {}.",
                    values.join(", ")
                ),
            };
            let path = format!("/companies/lifecycle-stages/{index}");
            problem(&path, Severity::Error, "unknown-stage", message)
        })
        .collect()
}

/// Ids that lead to no record of Halo.
fn missing_records(settings: &Settings) -> Result<Vec<Problem>, Failure> {
    let mut problems = Vec::new();
    for (id, kind, label, path) in [
        (
            settings.companies.top_level,
            "top-level",
            "top level",
            "/companies/top-level",
        ),
        (
            settings.contacts.default_site,
            company::SITE,
            "site",
            "/contacts/default-site",
        ),
    ] {
        let Some(id) = id else { continue };
        let found = insist(|| records::read(kind, &[id], &[]))?;
        if found.iter().all(Option::is_none) {
            let message = format!("Halo has no {label} {id} (`records {kind}` lists them).");
            problems.push(problem(path, Severity::Error, "not-found", message));
        }
    }
    problems.extend(table::missing_records(&settings.companies.customers)?);
    problems.extend(deals::missing_records(&settings.deals)?);
    Ok(problems)
}

fn of_failure(failure: &Failure, severity: Severity) -> Problem {
    let path = failure
        .attributes
        .iter()
        .find(|attribute| attribute.name == "path");
    let path = path.map_or("", |attribute| attribute.value.as_str());
    problem(path, severity, &failure.code, failure.message.clone())
}

fn problem(path: &str, severity: Severity, code: &str, message: String) -> Problem {
    Problem {
        path: path.to_owned(),
        severity,
        code: code.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::halo::integration::types::Attribute;
    use crate::hubspot::properties::Choice;

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

    fn told(problems: &[Problem]) -> Vec<(&str, &str)> {
        problems
            .iter()
            .map(|problem| (problem.path.as_str(), problem.code.as_str()))
            .collect()
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
        let problems = field_rows(&company::SPEC, &rows, &known);
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
        let problems = remote_rows(
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

    #[test]
    fn s8_a_stage_is_kept_by_its_value_and_a_label_is_recognised() {
        let choice = |value: &str, label: &str| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            hidden: false,
        };
        let stage = Property {
            options: vec![choice("lead", "Lead"), choice("1001", "Partner")],
            ..Property::default()
        };
        let known = BTreeMap::from([(company::STAGE.to_owned(), stage)]);
        let companies = Companies {
            lifecycle_stages: ["lead", "Partner", NO_STAGE, "x"]
                .map(str::to_owned)
                .to_vec(),
            ..Companies::default()
        };
        let problems = stages(&companies, &known);
        assert_eq!(
            told(&problems),
            [
                ("/companies/lifecycle-stages/1", "unknown-stage"),
                ("/companies/lifecycle-stages/3", "unknown-stage"),
            ]
        );
        assert!(
            problems[0].message.contains("1001"),
            "{}",
            problems[0].message
        );
    }

    #[test]
    fn a1_an_import_needs_a_stage_and_a_top_level() {
        let path = |companies: &Companies| {
            may_import(companies).map_err(|failure| failure.attributes[0].value.clone())
        };
        let mut companies = Companies::default();
        assert_eq!(
            path(&companies),
            Err("/companies/lifecycle-stages".to_owned())
        );
        companies.all_lifecycle_stages = true;
        assert_eq!(path(&companies), Err("/companies/top-level".to_owned()));
        companies.top_level = Some(1);
        assert_eq!(path(&companies), Ok(()));
    }
}
