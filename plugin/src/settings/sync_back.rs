//! `/sync-back`: what of Halo goes to HubSpot, and when.

use serde::Deserialize;

/// `/sync-back`. Nothing leaves Halo by default (S71).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct SyncBack {
    /// Customers to companies (S66).
    pub companies: When,
    /// Users to contacts (S66).
    pub contacts: When,
    /// Items to products (A10).
    pub products: When,
    /// Tickets to deals, for rows that go both ways (A16).
    pub deals: When,
    /// Which side wins a field that both have changed.
    pub conflicts: Winner,
    /// Archive the company or contact of a record that is made inactive (S69).
    pub archive_inactive: bool,
    /// A message for each record that was sent (S70); a failure always makes one.
    pub messages: bool,
    /// The internal value of the lifecycle stage of companies that are made.
    pub new_company_stage: Option<String>,
}

/// When changes are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Never.
    #[default]
    Disabled,
    /// When a record is made.
    OnCreation,
    /// When a linked record changes.
    OnUpdate,
    /// Both.
    Both,
}

/// A side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Winner {
    /// HubSpot's value stays, and comes with the next import.
    #[default]
    Hubspot,
    /// Halo's value is sent.
    Halo,
}

impl When {
    /// Whether a new record is sent.
    pub fn creates(self) -> bool {
        matches!(self, When::OnCreation | When::Both)
    }

    /// Whether the change of a record is sent.
    pub fn updates(self) -> bool {
        matches!(self, When::OnUpdate | When::Both)
    }
}
