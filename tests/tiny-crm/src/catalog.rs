//! What Fernwhistle offers to the editors of mappings.

use crate::account::{self, FieldInfo};
use crate::connect;
use crate::contract::exports::halo::integration::catalog::{ChoicePage, RemoteField};
use crate::contract::halo::integration::types::Choice;
use crate::failure::Failure;
use crate::settings::{Api, Settings};

fn api() -> Result<Api, Failure> {
    connect::linked()?;
    Ok(Settings::read()?.api)
}

/// The fields of accounts.
pub fn remote_fields(entity: &str) -> Result<Vec<RemoteField>, Failure> {
    if entity != crate::ENTITY {
        let message = format!("Fernwhistle has no {entity:?}.");
        return Err(Failure::new("not-found", message));
    }
    Ok(account::fields(&api()?)?
        .into_iter()
        .map(remote_field)
        .collect())
}

fn remote_field(field: FieldInfo) -> RemoteField {
    let choices = field.options.iter().map(|option| choice(option, option));
    RemoteField {
        choices: choices.collect(),
        name: field.name,
        label: field.label,
        type_name: field.type_name,
        attributes: Vec::new(),
    }
}

/// The choices of a setting: the names that `settings.json` has at `x-choices`.
pub fn choices(name: &str, query: Option<&str>) -> Result<ChoicePage, Failure> {
    let mut choices: Vec<Choice> = match name {
        "regions" => {
            let fields = account::fields(&api()?)?;
            let regions = fields.iter().filter(|field| field.name == "region");
            let regions = regions.flat_map(|region| &region.options);
            regions.map(|region| choice(region, region)).collect()
        }
        "accounts" => {
            let page = account::accounts(&api()?)?;
            let accounts = page.accounts.iter();
            accounts
                .map(|account| choice(&account.id, &account.title()))
                .collect()
        }
        _ => {
            let message = format!("No setting has choices called {name:?}.");
            return Err(Failure::new("not-found", message));
        }
    };
    if let Some(query) = query.map(str::to_lowercase) {
        choices.retain(|choice| choice.label.to_lowercase().contains(&query));
    }
    Ok(ChoicePage {
        choices,
        next: None,
    })
}

fn choice(value: &str, label: &str) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        attributes: Vec::new(),
    }
}
