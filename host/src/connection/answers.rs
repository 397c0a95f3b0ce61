//! What the calls of a connection answer, as plain values.

use std::collections::BTreeMap;

use crate::contract::exports::halo::integration as exports;
use crate::contract::halo::integration::types;
use crate::model::{Failure, Timestamp};

/// A problem of the settings.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// JSON Pointer into the settings.
    pub path: String,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// The account at the remote.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Account {
    /// The remote's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its page.
    pub address: Option<String>,
}

/// For people: the name, and the id where the name does not say it.
impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if !self.name.contains(&self.id) {
            write!(f, " ({})", self.id)?;
        }
        Ok(())
    }
}

/// What `begin` came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Send the person there.
    Visit(String),
    /// Nothing more to do.
    Connected(Account),
}

/// How a connection stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Status {
    /// `disconnected`, `connected` or `sign-in-again`.
    pub state: String,
    /// The account, once known.
    pub account: Option<Account>,
    /// Why to sign in again.
    pub reason: Option<Failure>,
    /// More to show.
    pub attributes: BTreeMap<String, String>,
}

impl Status {
    /// What people should see.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        let warnings = { self.attributes.iter() }.filter(|(name, _)| name.starts_with("warning"));
        warnings.map(|(_, sentence)| sentence.as_str())
    }

    /// Whether a sign-in is under way.
    pub fn is_signing_in(&self) -> bool {
        self.attributes.contains_key("signing-in")
    }
}

/// A value to choose from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What people read.
    pub label: String,
}

/// A property at the remote.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RemoteField {
    /// Its name.
    pub name: String,
    /// What people read.
    pub label: String,
    /// A field type of the contract.
    pub type_name: String,
    /// `read-only`, `custom`, …
    pub attributes: BTreeMap<String, String>,
    /// Its options.
    pub choices: Vec<Choice>,
}

/// Which rows an import takes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// All.
    Everything,
    /// Only these, by the remote's id.
    Keys(Vec<String>),
}

/// How a slice ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slice {
    /// All is done.
    Done,
    /// There is more.
    More,
    /// There is more, but not before.
    WaitUntil(Timestamp),
    /// As asked.
    Stopped,
    /// A person must act.
    Blocked(Failure),
}

impl From<types::Slice> for Slice {
    fn from(slice: types::Slice) -> Self {
        match slice {
            types::Slice::Done => Slice::Done,
            types::Slice::More => Slice::More,
            types::Slice::WaitUntil(at) => Slice::WaitUntil(at),
            types::Slice::Stopped => Slice::Stopped,
            types::Slice::Blocked(failure) => Slice::Blocked(failure.into()),
        }
    }
}

pub(super) fn pairs(attributes: Vec<types::Attribute>) -> BTreeMap<String, String> {
    attributes
        .into_iter()
        .map(|attribute| (attribute.name, attribute.value))
        .collect()
}

impl From<exports::connect::Account> for Account {
    fn from(account: exports::connect::Account) -> Self {
        Account {
            id: account.id,
            name: account.name,
            address: account.address,
        }
    }
}

impl From<types::Choice> for Choice {
    fn from(choice: types::Choice) -> Self {
        Choice {
            value: choice.value,
            label: choice.label,
        }
    }
}
