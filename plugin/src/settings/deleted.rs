//! What becomes of Halo's record when its object was deleted in HubSpot (A11, A15). It is
//! reported in any case.

use serde::Deserialize;

/// `/deals/deleted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfDeal {
    /// Its ticket is closed.
    #[default]
    Close,
    /// Its ticket stays as it is.
    Leave,
    /// Its ticket is removed.
    Remove,
}

/// `/products/deleted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfProduct {
    /// Its item stays as it is.
    #[default]
    Leave,
    /// Its item is made inactive.
    Inactive,
}

/// `/quotes/deleted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfQuote {
    /// Its quotation stays as it is.
    #[default]
    Leave,
    /// Its quotation is removed, with its lines.
    Remove,
}
