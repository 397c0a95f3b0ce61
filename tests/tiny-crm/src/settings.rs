//! The settings as types. `settings.json` is their schema: the admin page is drawn from
//! it, and `shape` holds every document against it before it is read here.

use serde::Deserialize;

use crate::contract::halo::integration::settings;
use crate::failure::Failure;

/// JSON Schema of the settings.
pub const SCHEMA: &str = include_str!("settings.json");

/// All of them; `{}` is a document, too.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Settings {
    /// Where the remote is.
    pub api: Api,
    /// What becomes of accounts.
    pub accounts: Accounts,
}

/// Where the remote is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Api {
    /// Without a slash at the end.
    pub base_url: String,
}

impl Default for Api {
    fn default() -> Api {
        Api {
            base_url: "https://api.fernwhistle.example".to_owned(),
        }
    }
}

/// What becomes of accounts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Accounts {
    /// Closed accounts come as well.
    pub include_closed: bool,
    /// Only these; without any, all.
    pub regions: Vec<String>,
    /// Where new customers sit.
    pub top_level: Option<u64>,
    /// What becomes of the name of a customer that is there.
    pub existing_names: Names,
    /// Which account is which customer, where names do not tell.
    pub customers: Vec<Pair>,
    /// Which field fills which, besides those that need no row.
    pub fields: Vec<FieldRow>,
}

/// What becomes of the name of a customer that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Names {
    /// It stays.
    #[default]
    Keep,
    /// It becomes the account's.
    Follow,
}

/// A row of the customer mapping table.
#[derive(Clone, Debug, Deserialize)]
pub struct Pair {
    /// Fernwhistle's id.
    pub account: String,
    /// Halo's id.
    pub customer: u64,
}

/// A row of the field mappings.
#[derive(Clone, Debug, Deserialize)]
pub struct FieldRow {
    /// Fernwhistle's name.
    pub from: String,
    /// Halo's name.
    pub to: String,
}

impl Settings {
    /// Those that rule now.
    pub fn read() -> Result<Settings, Failure> {
        Settings::parse(&settings::get()?.json)
    }

    /// Of a document.
    pub fn parse(json: &str) -> Result<Settings, Failure> {
        serde_json::from_str(json).map_err(|error| {
            let message = format!("The settings cannot be read: {error}. Run check.");
            Failure::at("settings", "", message)
        })
    }
}

impl Accounts {
    /// The customer that the table names for an account.
    pub fn customer_of(&self, account: &str) -> Option<u64> {
        let mut pairs = self.customers.iter();
        pairs
            .find(|pair| pair.account == account)
            .map(|pair| pair.customer)
    }

    /// The account that the table names for a customer.
    pub fn account_of(&self, customer: u64) -> Option<&str> {
        let mut pairs = self.customers.iter();
        pairs
            .find(|pair| pair.customer == customer)
            .map(|pair| pair.account.as_str())
    }
}
