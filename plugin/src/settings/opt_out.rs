//! `/opt-out`: where people say that a record is left alone.

use serde::{Deserialize, Serialize};

/// Halo's own field for that, which its customers and users have.
pub const HALO_FIELD: &str = "hubspot_dont_sync";

/// `/opt-out`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct OptOut {
    /// Halo's field; [`HALO_FIELD`] when left out.
    pub halo: Option<String>,
    /// The internal name of HubSpot's property; none when left out.
    pub hubspot: Option<String>,
}

impl OptOut {
    /// Halo's field.
    pub fn halo_field(&self) -> &str {
        self.halo.as_deref().unwrap_or(HALO_FIELD)
    }
}
