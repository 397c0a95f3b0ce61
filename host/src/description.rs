//! What a connector says about itself: the JSON document of `connector.describe`,
//! whose shape `wit/README.md` documents. Names that this host does not know are
//! passed over, so that a newer connector still loads.

use serde::{Deserialize, Serialize};

use crate::http::{Bucket, Route};

/// The newest format that this host reads.
pub const FORMAT: u32 = 1;

/// The whole document.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Description {
    /// Version of the document's shape.
    pub format: u32,
    /// What people call the connector.
    pub name: String,
    /// The connector's own version; its state is migrated when it changes.
    pub version: String,
    /// Hosts that it reaches when nothing else is configured.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Secrets that the configuration may grant.
    #[serde(default)]
    pub secrets: Vec<SecretNeed>,
    /// Rate budgets; the first is for routes without one.
    #[serde(default)]
    pub buckets: Vec<Bucket>,
    /// What it calls.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// What it synchronises, in the order of an import of everything.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// JSON Schema of its settings.
    #[serde(default)]
    pub settings: serde_json::Value,
    /// Where its settings say which imports run by themselves.
    #[serde(default)]
    pub schedule: Option<SchedulePlaces>,
    /// How people find their way among the settings.
    #[serde(default)]
    pub tabs: Vec<Tab>,
}

/// Settings that belong together.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tab {
    /// Its name in addresses; that of an entity where it is about one.
    pub name: String,
    /// What people read.
    pub label: String,
    /// JSON Pointers to the settings.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Actions that only look and belong to these settings.
    #[serde(default)]
    pub actions: Vec<String>,
}

/// JSON Pointers into the settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SchedulePlaces {
    /// `true` where imports run by themselves.
    pub enabled: String,
    /// The entities that do; all where the list is missing.
    pub entities: String,
}

/// A secret that the configuration may grant.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SecretNeed {
    /// Its name.
    pub name: String,
    /// What people call it.
    #[serde(default)]
    pub label: String,
    /// Where it comes from.
    #[serde(default)]
    pub help: String,
    /// Whether nothing works without it.
    #[serde(default)]
    pub required: bool,
}

/// One entity.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entity {
    /// Its name, as typed on the command line.
    pub name: String,
    /// What people read.
    pub label: String,
    /// The kind of Halo record that it becomes.
    pub kind: String,
    /// All kinds that it touches.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Whether it can be imported.
    #[serde(default)]
    pub import: bool,
    /// Whether Halo's changes can be pushed.
    #[serde(default)]
    pub push: bool,
    /// What is mapped without a row.
    #[serde(default)]
    pub fixed_fields: Vec<FixedField>,
}

/// A field that is mapped without a row.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FixedField {
    /// The remote's property.
    pub remote: String,
    /// Halo's field.
    pub halo: String,
    /// `to-halo`, `to-remote` or `both`.
    #[serde(default)]
    pub direction: String,
    /// When it applies.
    #[serde(default)]
    pub note: String,
}

impl Description {
    /// Reads the document.
    pub fn parse(json: &str) -> Result<Description, String> {
        let description: Description = serde_json::from_str(json)
            .map_err(|error| format!("its description is not as documented: {error}"))?;
        if description.format > FORMAT {
            return Err(format!(
                "its description has format {}, this host reads up to {FORMAT}; use a newer host",
                description.format
            ));
        }
        Ok(description)
    }

    /// All kinds of all entities, each once.
    pub fn kinds(&self) -> std::collections::BTreeSet<String> {
        self.entities
            .iter()
            .flat_map(|entity| entity.kinds.iter().chain([&entity.kind]))
            .cloned()
            .collect()
    }

    /// An entity by name, with a sentence that names the known ones.
    pub fn entity(&self, name: &str) -> Result<&Entity, String> {
        self.entities
            .iter()
            .find(|entity| entity.name == name)
            .ok_or_else(|| {
                let known: Vec<&str> = self
                    .entities
                    .iter()
                    .map(|entity| entity.name.as_str())
                    .collect();
                format!(
                    "{} has no entity {name:?}; it has {}.",
                    self.name,
                    known.join(", ")
                )
            })
    }
}
