//! `/webhooks`: which changes in HubSpot come to Halo as they happen (S62).

use serde::Deserialize;

/// `/webhooks`. Nothing comes by itself by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Webhooks {
    /// The address that HubSpot calls; signatures are made over it.
    pub public_url: Option<String>,
    /// Products to items (S41).
    pub items: bool,
    /// Quotes and their lines to quotations (S48).
    pub quotations: bool,
    /// Deals to tickets (S57).
    pub deals: bool,
    /// Companies to customers; not in the guide (A21).
    pub companies: bool,
    /// Contacts to users; not in the guide (A21).
    pub contacts: bool,
    /// Also take requests that only have HubSpot's first signature.
    pub signature_v1: bool,
}

impl Webhooks {
    /// Whether anything comes.
    pub fn any(&self) -> bool {
        self.items || self.quotations || self.deals || self.companies || self.contacts
    }
}
