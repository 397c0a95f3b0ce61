//! What HubSpot offers to the editors of mappings: properties, lifecycle stages,
//! companies, pipelines of deals and their stages, owners.

use crate::connect;
use crate::contract::exports::halo::integration::catalog::{ChoicePage, RemoteField};
use crate::contract::halo::integration::settings;
use crate::contract::halo::integration::types::{Attribute, Choice};
use crate::entity::Spec;
use crate::entity::company::{self, SPEC};
use crate::entity::deal;
use crate::failure::Failure;
use crate::field::direction::{self, Direction};
use crate::field::pairs;
use crate::hubspot::client::{Client, Trouble, json};
use crate::hubspot::objects::Page;
use crate::hubspot::properties::{self, Property};
use crate::hubspot::{owners, pipelines, search};
use crate::settings::{NO_STAGE, Settings};
use crate::sync::section::Section;

fn client() -> Result<Client, Failure> {
    let linked = connect::linked()?;
    let api = Settings::parse(&settings::get()?.json)?.api.resolve()?;
    Ok(Client::connected(&api, &linked.account)?)
}

/// The definitions of an entity's properties.
pub fn load(client: &mut Client, spec: &Spec) -> Result<Vec<Property>, Trouble> {
    let response = client.call(properties::list(client.version(), spec.objects))?;
    properties::properties(&response.body).map_err(|error| {
        Failure::new(
            "remote",
            format!("HubSpot's properties cannot be read: {error}."),
        )
        .into()
    })
}

/// The properties of an entity, HubSpot's own and the account's (S17).
pub fn remote_fields(entity: &str) -> Result<Vec<RemoteField>, Failure> {
    let settings = Settings::default();
    let section = Section::of(&settings, entity).ok_or_else(|| {
        Failure::new(
            "not-found",
            format!("This connector knows no properties of {entity:?}."),
        )
    })?;
    let known = load(&mut client()?, section.spec())?;
    Ok(known
        .iter()
        .map(|property| {
            let directions = section
                .has_directions()
                .then(|| direction::allowed(property, section.directions()));
            remote_field(property, directions)
        })
        .collect())
}

fn remote_field(property: &Property, directions: Option<&[Direction]>) -> RemoteField {
    let attribute = |name: &str, value: &str| Attribute {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let mut attributes = vec![
        attribute(
            "remote-type",
            &format!("{}/{}", property.value_type, property.field_type),
        ),
        attribute("group", &property.group_name),
        attribute("fits", &pairs::targets(property.type_name()).join(" ")),
    ];
    if property.is_read_only() {
        attributes.push(attribute("read-only", "true"));
    }
    if let Some(directions) = directions {
        let names = direction::named(directions, " ");
        attributes.push(attribute("directions", &names));
    }
    if !property.hubspot_defined {
        attributes.push(attribute("custom", "true"));
    }
    RemoteField {
        name: property.name.clone(),
        label: property.label.clone(),
        type_name: property.type_name().to_owned(),
        attributes,
        choices: property
            .options
            .iter()
            .map(|option| choice(&option.value, &option.label))
            .collect(),
    }
}

fn choice(value: &str, label: &str) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        attributes: Vec::new(),
    }
}

/// A page of choices of a setting.
pub fn choices(
    name: &str,
    query: Option<&str>,
    cursor: Option<String>,
) -> Result<ChoicePage, Failure> {
    match name {
        "lifecycle-stages" => stages(query),
        "companies" => companies(query, cursor.as_deref()),
        "deal-pipelines" => pipelines(query),
        "deal-stages" => deal_stages(query),
        "owners" => owners(query),
        _ => Err(Failure::new(
            "not-found",
            format!("No setting has choices called {name:?}."),
        )),
    }
}

fn stages(query: Option<&str>) -> Result<ChoicePage, Failure> {
    let properties = load(&mut client()?, &company::SPEC)?;
    let stage = properties
        .iter()
        .find(|property| property.name == company::STAGE);
    let mut choices: Vec<Choice> = stage
        .into_iter()
        .flat_map(|property| &property.options)
        .map(|option| choice(&option.value, &option.label))
        .collect();
    choices.push(choice(NO_STAGE, "No lifecycle stage"));
    Ok(all(choices, query))
}

/// All choices in one page, or those whose label contains what was typed.
fn all(mut choices: Vec<Choice>, query: Option<&str>) -> ChoicePage {
    if let Some(query) = query.map(str::to_lowercase) {
        choices.retain(|choice| choice.label.to_lowercase().contains(&query));
    }
    ChoicePage {
        choices,
        next: None,
    }
}

fn pipelines(query: Option<&str>) -> Result<ChoicePage, Failure> {
    let pipelines = pipelines::load(&mut client()?, deal::SPEC.objects)?;
    let choices = pipelines
        .iter()
        .map(|pipeline| choice(&pipeline.id, &pipeline.label));
    Ok(all(choices.collect(), query))
}

/// Stages of two pipelines may bear one label, so each says whose it is.
fn deal_stages(query: Option<&str>) -> Result<ChoicePage, Failure> {
    let pipelines = pipelines::load(&mut client()?, deal::SPEC.objects)?;
    let choices = pipelines.iter().flat_map(|pipeline| {
        pipeline
            .stages
            .iter()
            .map(|stage| choice(&stage.id, &format!("{} ({})", stage.label, pipeline.label)))
    });
    Ok(all(choices.collect(), query))
}

fn owners(query: Option<&str>) -> Result<ChoicePage, Failure> {
    let owners = owners::load(&mut client()?)?;
    let choices = owners.iter().map(|owner| {
        let left = if owner.archived { " (has left)" } else { "" };
        choice(&owner.id, &format!("{}{left}", owner.name()))
    });
    Ok(all(choices.collect(), query))
}

fn companies(query: Option<&str>, after: Option<&str>) -> Result<ChoicePage, Failure> {
    let mut client = client()?;
    let call = search::find(
        client.version(),
        SPEC.objects,
        &["name", "domain"],
        query,
        after,
    );
    let response = client.call(call)?;
    let page: Page = json(&response)?;
    let choices = page
        .results
        .iter()
        .map(|object| {
            let title = company::title(object).unwrap_or("(no name)");
            let label = match object.property("domain") {
                Some(domain) if domain != title => format!("{title} ({domain})"),
                _ => title.to_owned(),
            };
            choice(&object.id, &label)
        })
        .collect();
    Ok(ChoicePage {
        choices,
        next: page.next().map(str::to_owned),
    })
}
