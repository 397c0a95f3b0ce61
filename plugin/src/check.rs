//! Every problem of the settings, each with its place and what would mend it. The
//! same checks stop an import before anything is read.

use std::collections::BTreeMap;

use crate::catalog;
use crate::connect;
use crate::contract::exports::halo::integration::connector::{Problem, Severity};
use crate::contract::halo::integration::records;
use crate::entity::Spec;
use crate::entity::company;
use crate::failure::{Failure, NOT_SET_UP};
use crate::field::convert::Conversion;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::properties::Property;
use crate::hubspot::session;
use crate::patience::insist;
use crate::settings::{self, Api, Companies, FieldRow, NO_STAGE, Products, Settings, shape};
use crate::sync::section::Section;

pub mod deals;
mod direction;
mod fields;
mod opt_out;
mod replay;
mod table;
mod webhooks;

pub use fields::field_of;

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
    for section in Section::all(&settings) {
        let spec = section.spec();
        if let Err(failure) = section.may_import() {
            // A fresh connector has no stage chosen (A1), and nothing set up for the
            // rest: nothing is wrong with it yet.
            let is_fresh = spec.objects == company::SPEC.objects || failure.code == NOT_SET_UP;
            let severity = if is_fresh {
                Severity::Warning
            } else {
                Severity::Error
            };
            problems.push(of_failure(&failure, severity));
        }
        let fields = insist(|| records::fields(spec.kind))?;
        problems.extend(fields::local(spec, section.rows(), &fields));
        problems.extend(direction::repeated(spec, section.rows()));
    }
    problems.extend(table::repeated(&settings.companies.customers));
    problems.extend(deals::repeated(&settings.deals));
    problems.extend(deals::contradictions(&settings.deals));
    let has_secret = session::granted(session::CLIENT_SECRET)?.is_some();
    problems.extend(webhooks::problems(&settings.webhooks, has_secret));
    problems.extend(not_replayed(&settings, api.as_ref().filter(|_| online))?);
    problems.extend(opt_out::local(&settings)?);
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

/// What webhooks do not bring; with an API, HubSpot is asked how much that is.
fn not_replayed(settings: &Settings, api: Option<&Api>) -> Result<Vec<Problem>, Failure> {
    let missed = replay::missed(settings)?;
    let counts = match api {
        // Where HubSpot cannot be asked, the rest of the check says why.
        Some(api) if !missed.is_empty() => replay::counted(api, &missed).unwrap_or_default(),
        _ => Vec::new(),
    };
    let counts = counts.into_iter().chain(std::iter::repeat(None));
    let said = missed.iter().zip(counts);
    Ok(said
        .map(|(missed, count)| replay::told(missed, count))
        .collect())
}

/// What only HubSpot can tell.
fn online_problems(api: &Api, settings: &Settings) -> Result<Vec<Problem>, Failure> {
    let linked = connect::linked()?;
    let mut client = Client::connected(api, &linked.account)?;
    let mut problems = Vec::new();
    for section in Section::all(settings) {
        let spec = section.spec();
        let is_company = spec.objects == company::SPEC.objects;
        // Others without a mapping row need no property to be known.
        if !is_company && section.rows().is_empty() {
            continue;
        }
        let fields = insist(|| records::fields(spec.kind))?;
        let known = load(&mut client, spec)?;
        problems.extend(fields::remote(spec, section.rows(), &fields, &known));
        let offered = section.directions();
        problems.extend(direction::refused(spec, section.rows(), offered, &known));
        problems.extend(direction::partial(spec, section.rows(), &fields, &known));
        if is_company {
            problems.extend(stages(&settings.companies, &known));
        }
    }
    problems.extend(opt_out::remote(&mut client, settings)?);
    problems.extend(table::missing_companies(
        &mut client,
        &settings.companies.customers,
    )?);
    problems.extend(deals::of_account(&mut client, &settings.deals)?);
    Ok(problems)
}

/// Whether any company is one to import.
pub fn includes_any(companies: &Companies) -> Result<(), Failure> {
    if !companies.includes_any() {
        return Err(Failure::setting(
            "/companies/lifecycle-stages",
            "No lifecycle stage is chosen, so no company would be imported. Choose stages, or include every one (all-lifecycle-stages).",
        ));
    }
    Ok(())
}

/// Whether an import of companies may start.
pub fn may_import(companies: &Companies) -> Result<(), Failure> {
    includes_any(companies)?;
    if companies.top_level.is_none() {
        return Err(Failure::setting(
            "/companies/top-level",
            "New customers need a top level; choose one of Halo's (top-level).",
        ));
    }
    Ok(())
}

/// Whether an import of products may start (S33).
pub fn may_import_products(products: &Products) -> Result<(), Failure> {
    if products.item_group.is_some() {
        return Ok(());
    }
    let failure = match products.fields.is_empty() {
        true => Failure::not_set_up,
        false => Failure::setting,
    };
    Err(failure(
        "/products/item-group",
        "New items need an item group; choose one of Halo's (item-group).".to_owned(),
    ))
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
        let conversion = row.conversion(property, field).map_err(|message| {
            Failure::setting(
                &format!("{}/property", fields::row_path(spec, index)),
                message,
            )
        })?;
        // One field may be filled by one row and sent by another.
        if row.direction.comes_to_halo() {
            prepared.conversions.insert(field.name.clone(), conversion);
        }
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
        (
            settings.products.item_group,
            "item-group",
            "item group",
            "/products/item-group",
        ),
    ] {
        let Some(id) = id else { continue };
        let found = insist(|| records::read(kind, &[id], &[]))?;
        if found.iter().all(Option::is_none) {
            let message = format!("Halo has no {label} {id}; choose another.");
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
fn told(problems: &[Problem]) -> Vec<(&str, &str)> {
    problems
        .iter()
        .map(|problem| (problem.path.as_str(), problem.code.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::properties::Choice;

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

    #[test]
    fn s33_items_need_a_group_and_without_any_row_they_are_not_set_up() {
        let told = |products: &Products| {
            may_import_products(products)
                .map_err(|failure| (failure.code, failure.attributes[0].value.clone()))
        };
        let path = "/products/item-group".to_owned();
        let mut products = Products::default();
        assert_eq!(told(&products), Err((NOT_SET_UP.to_owned(), path.clone())));
        products.fields.push(FieldRow::default());
        assert_eq!(told(&products), Err(("settings".to_owned(), path)));
        products.item_group = Some(1);
        assert_eq!(told(&products), Ok(()));
    }
}
