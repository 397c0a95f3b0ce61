//! The connector's settings: one JSON document, typed here. Its shape for people
//! and editors is `schema.json`; a test holds both together.

use serde::Deserialize;

use crate::failure::Failure;
use crate::field::direction;
use crate::hubspot::version::{self, Version};
use crate::sync::section::Section;

pub mod deals;
pub mod deleted;
pub mod opt_out;
pub mod rows;
pub mod shape;
pub mod sync_back;
pub mod webhooks;

pub use deals::Deals;
pub use opt_out::OptOut;
pub use rows::{FieldRow, Pair, Target};
pub use sync_back::SyncBack;
use sync_back::Winner;
pub use webhooks::Webhooks;

/// The JSON Schema of the settings.
pub const SCHEMA: &str = include_str!("schema.json");

/// The choice that stands for companies without a lifecycle stage.
pub const NO_STAGE: &str = "(none)";

/// Everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// How HubSpot is reached.
    pub api: ApiText,
    /// How both sides are kept together.
    pub sync: Sync,
    /// Companies to customers.
    pub companies: Companies,
    /// Contacts to users.
    pub contacts: Contacts,
    /// Products to items.
    pub products: Products,
    /// Deals to tickets.
    pub deals: Deals,
    /// Quotes to quotations.
    pub quotes: Quotes,
    /// What goes to HubSpot, and when.
    pub sync_back: SyncBack,
    /// What comes from HubSpot by itself.
    pub webhooks: Webhooks,
    /// Imports that run by themselves.
    pub schedule: Schedule,
    /// Where people say that a record is left alone.
    pub opt_out: OptOut,
}

/// `/contacts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Contacts {
    /// Halo's id of the site of users whose company is not in Halo (S25).
    pub default_site: Option<u64>,
    /// Make users of contacts without an e-mail address, too (A7).
    pub without_email: bool,
    /// The field mappings.
    pub fields: Vec<FieldRow>,
}

/// `/products`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Products {
    /// Halo's id of the item group that new items get (S33).
    pub item_group: Option<u64>,
    /// What becomes of the item of a product that was deleted (S43, A11).
    pub deleted: deleted::OfProduct,
    /// The field mappings.
    pub fields: Vec<FieldRow>,
}

/// `/quotes`. They come to Halo only (S46).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Quotes {
    /// What becomes of the quotation of a quote that was deleted (A11).
    pub deleted: deleted::OfQuote,
    /// The field mappings.
    pub fields: Vec<FieldRow>,
}

/// `/schedule`. The host reads it, as the description says; here it only has a shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Schedule {
    /// Whether imports run by themselves (S63).
    pub enabled: bool,
    /// Which (S64); all where it is not said.
    pub entities: Option<Vec<String>>,
}

/// `/sync`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sync {
    /// Hours until an import lists everything again.
    pub sweep_hours: u32,
}

impl Default for Sync {
    fn default() -> Self {
        Sync { sweep_hours: 24 }
    }
}

impl Sync {
    /// The same in milliseconds.
    pub fn sweep_ms(&self) -> u64 {
        u64::from(self.sweep_hours) * 60 * 60 * 1_000
    }
}

/// `/api` as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct ApiText {
    /// One of [`version::KNOWN`].
    pub version: String,
    /// Address of the API.
    pub base_url: String,
    /// Address of the sign-in page; accounts in Europe may use their own.
    pub sign_in_url: String,
}

impl Default for ApiText {
    fn default() -> Self {
        ApiText {
            version: version::KNOWN[0].to_owned(),
            base_url: "https://api.hubapi.com".to_owned(),
            sign_in_url: "https://app.hubspot.com".to_owned(),
        }
    }
}

/// How HubSpot is reached, ready for use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Which paths.
    pub version: Version,
    /// Without a slash at the end.
    pub base_url: String,
    /// Without a slash at the end.
    pub sign_in_url: String,
}

/// `/companies`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Companies {
    /// Internal values of the stages to include; [`NO_STAGE`] for none.
    pub lifecycle_stages: Vec<String>,
    /// Include companies of every stage.
    pub all_lifecycle_stages: bool,
    /// Halo's id of the top level that new customers get.
    pub top_level: Option<u64>,
    /// The name of the first site of a new customer.
    pub first_site: String,
    /// Bring the address, to the customer's first site.
    pub address: bool,
    /// The customer mapping table.
    pub customers: Vec<Pair>,
    /// The field mappings.
    pub fields: Vec<FieldRow>,
}

impl Default for Companies {
    fn default() -> Self {
        Companies {
            lifecycle_stages: Vec::new(),
            all_lifecycle_stages: false,
            top_level: None,
            first_site: "Main".to_owned(),
            address: false,
            customers: Vec::new(),
            fields: Vec::new(),
        }
    }
}

impl Settings {
    /// Reads a document. What is wrong with its shape is told in detail by
    /// `check`; here one sentence is enough.
    pub fn parse(json: &str) -> Result<Settings, Failure> {
        let settings: Settings = serde_json::from_str(json).map_err(|error| {
            Failure::setting(
                "",
                format!("The settings cannot be used: {error}. `check` names every problem."),
            )
        })?;
        let mut settings = settings.without_stray_directions()?;
        settings.settle_conflicts();
        Ok(settings)
    }

    /// Where Halo wins, an import leaves alone what goes to HubSpot and was changed in
    /// Halo.
    fn settle_conflicts(&mut self) {
        let back = &self.sync_back;
        for (when, rows) in [
            (back.companies, &mut self.companies.fields),
            (back.contacts, &mut self.contacts.fields),
            (back.products, &mut self.products.fields),
            (back.deals, &mut self.deals.fields),
        ] {
            for row in rows {
                row.halo_wins =
                    back.conflicts == Winner::Halo && when.updates() && row.goes_to_hubspot();
            }
        }
    }

    /// A mapping row is the same for all entities, but not all rows have a direction, or
    /// every direction. The schema knows that, and an import must not pass over it.
    fn without_stray_directions(self) -> Result<Settings, Failure> {
        for section in Section::all(&self) {
            let (name, offered) = (section.spec().objects, section.directions());
            let mut rows = section.rows().iter();
            let Some(index) = rows.position(|row| !offered.contains(&row.direction)) else {
                continue;
            };
            let message = match offered {
                [_] => format!("Rows of {name} have no direction; remove it."),
                _ => format!(
                    "Rows of {name} do not go this way; their direction is {}.",
                    direction::named(offered, " or ")
                ),
            };
            let path = format!("/{name}/fields/{index}/direction");
            return Err(Failure::setting(&path, message));
        }
        for section in Section::all(&self) {
            let mut rows = section.rows().iter();
            let stray = rows.position(|row| row.sync_back && !section.has_ticks());
            if let Some(index) = stray {
                let name = section.spec().objects;
                let path = format!("/{name}/fields/{index}/sync-back");
                let message = format!("Rows of {name} have no sync-back; remove it.");
                return Err(Failure::setting(&path, message));
            }
        }
        Ok(self)
    }
}

impl ApiText {
    /// Ready for use.
    pub fn resolve(&self) -> Result<Api, Failure> {
        let version = Version::named(&self.version).ok_or_else(|| {
            Failure::setting(
                "/api/version",
                format!(
                    "HubSpot's API has no version {:?} that this connector knows; use {}.",
                    self.version,
                    version::KNOWN.join(", ")
                ),
            )
        })?;
        let address = |path: &str, text: &str| {
            if text.starts_with("https://") || text.starts_with("http://") {
                Ok(text.trim_end_matches('/').to_owned())
            } else {
                Err(Failure::setting(
                    path,
                    format!("{text:?} is no address; it must start with https://."),
                ))
            }
        };
        Ok(Api {
            version,
            base_url: address("/api/base-url", &self.base_url)?,
            sign_in_url: address("/api/sign-in-url", &self.sign_in_url)?,
        })
    }
}

impl Companies {
    /// Whether a company in this stage is imported (A1: nothing by accident).
    pub fn includes_stage(&self, stage: Option<&str>) -> bool {
        let stage = stage.unwrap_or(NO_STAGE);
        self.all_lifecycle_stages || self.lifecycle_stages.iter().any(|chosen| chosen == stage)
    }

    /// Whether a pair of the mapping table names a site.
    pub fn maps_sites(&self) -> bool {
        self.customers.iter().any(|pair| pair.site.is_some())
    }

    /// Whether any company can be imported at all.
    pub fn includes_any(&self) -> bool {
        self.all_lifecycle_stages || !self.lifecycle_stages.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_document_means_the_defaults() {
        let settings = Settings::parse("{}").unwrap();
        assert_eq!(settings, Settings::default());
        assert_eq!(
            settings.api.resolve().unwrap().version,
            Version::Dated("2026-09")
        );
        assert!(!settings.companies.includes_any());
    }

    #[test]
    fn s8_stages_are_included_by_value_and_no_stage_is_a_choice_of_its_own() {
        let chosen = Companies {
            lifecycle_stages: vec!["lead".to_owned(), NO_STAGE.to_owned()],
            ..Companies::default()
        };
        assert!(chosen.includes_stage(Some("lead")));
        assert!(chosen.includes_stage(None));
        assert!(!chosen.includes_stage(Some("customer")));
        let all = Companies {
            all_lifecycle_stages: true,
            ..Companies::default()
        };
        assert!(all.includes_stage(Some("customer")) && all.includes_stage(None));
    }

    #[test]
    fn an_address_must_be_one() {
        let api = ApiText {
            base_url: "api.hubapi.com".to_owned(),
            ..ApiText::default()
        };
        assert_eq!(api.resolve().unwrap_err().code, "settings");
    }

    #[test]
    fn s36_s52_rows_have_the_directions_of_their_entity() {
        let parse = |section: &str, direction: &str| {
            let row = format!(r#"{{"property": "a", "field": "b", "direction": "{direction}"}}"#);
            Settings::parse(&format!(r#"{{"{section}": {{"fields": [{row}]}}}}"#))
        };
        for section in ["companies", "contacts"] {
            let failure = parse(section, "bidirectional").unwrap_err();
            assert_eq!(
                failure.attributes[0].value,
                format!("/{section}/fields/0/direction")
            );
        }
        assert!(parse("products", "halo-to-hubspot").is_ok());
        assert!(parse("deals", "bidirectional").is_ok());
        let failure = parse("deals", "halo-to-hubspot").unwrap_err();
        assert_eq!(failure.attributes[0].value, "/deals/fields/0/direction");
        assert!(failure.message.contains("hubspot-to-halo or bidirectional"));
        assert!(parse("products", "both").is_err());
    }

    #[test]
    fn the_schema_and_the_types_know_the_same_names() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        // A document with every name of the schema parses; `deny_unknown_fields`
        // refuses a name that only the schema has, `full` lacks one that only the
        // types have.
        let full = shape::example(&schema);
        let settings: Settings = serde_json::from_value(full.clone()).unwrap();
        assert!(!settings.companies.customers.is_empty() && !settings.companies.fields.is_empty());
        for (section, text) in [
            ("api", format!("{:?}", settings.api)),
            ("sync", format!("{:?}", settings.sync)),
            ("companies", format!("{:?}", settings.companies)),
            ("contacts", format!("{:?}", settings.contacts)),
            ("products", format!("{:?}", settings.products)),
            ("deals", format!("{:?}", settings.deals)),
            ("webhooks", format!("{:?}", settings.webhooks)),
            ("opt-out", format!("{:?}", settings.opt_out)),
        ] {
            // Debug prints the field names of a struct.
            let top = text
                .replace("ValuePair {", "[")
                .replace("StagePair {", "[")
                .replace("OwnerPair {", "[")
                .replace("Pair {", "[")
                .replace("FieldRow {", "[");
            for name in full[section].as_object().unwrap().keys() {
                assert!(
                    top.contains(&format!("{}:", name.replace('-', "_"))),
                    "{name}"
                );
            }
        }
        assert_eq!(full["api"].as_object().unwrap().len(), 3);
        assert_eq!(full["companies"].as_object().unwrap().len(), 7);
    }
}
