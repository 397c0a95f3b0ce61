//! `/webhooks`: which changes in HubSpot come to Halo as they happen (S62).

use serde::Deserialize;

use crate::webhook::object::ObjectType;

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
    /// Whether an entity comes, by its name.
    pub fn is_on(&self, objects: &str) -> bool {
        let mut types = ObjectType::ALL.into_iter();
        let named = types.find(|of| of.spec().is_some_and(|spec| spec.objects == objects));
        named.is_some_and(|of| of.is_on(self))
    }

    /// The name of an entity's switch, which is the guide's.
    pub fn switch(objects: &str) -> &'static str {
        match objects {
            "companies" => "companies",
            "contacts" => "contacts",
            "products" => "items",
            "quotes" => "quotations",
            _ => "deals",
        }
    }

    /// Whether anything comes.
    pub fn any(&self) -> bool {
        self.items || self.quotations || self.deals || self.companies || self.contacts
    }
}
