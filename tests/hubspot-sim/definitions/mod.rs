//! The standard properties of each object type, and a few that an account has added.
//!
//! Labels, types and groups are those that HubSpot shows; the list is the part of
//! the several hundred that a connector meets. The last entries of each list are
//! custom properties, one of every type, as an administrator would add them.

mod company;
mod contact;
mod deal;
mod line_item;
mod product;
mod quote;

pub use company::{COMPANY, INDUSTRIES};
pub use contact::CONTACT;
pub use deal::{DEAL, DEAL_TYPES};
pub use line_item::LINE_ITEM;
pub use product::{PRODUCT, PRODUCT_TYPES};
pub use quote::QUOTE;

/// One property as a table entry.
#[derive(Debug, Clone, Copy)]
pub struct Def {
    /// Internal name.
    pub name: &'static str,
    /// Label in HubSpot's pages.
    pub label: &'static str,
    /// `string`, `number`, `date`, `datetime`, `enumeration`, `bool` or `phone_number`.
    pub kind: &'static str,
    /// How HubSpot's form shows it.
    pub field: &'static str,
    /// What may be done with it.
    pub mode: Mode,
    /// The choices, as (value, label).
    pub options: &'static [(&'static str, &'static str)],
}

/// What may be done with a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// HubSpot's own, written by anyone.
    Standard,
    /// HubSpot's own, its choices come from elsewhere (owners, pipelines).
    External,
    /// HubSpot's own, never written through the API.
    ReadOnly,
    /// Computed.
    Calculated,
    /// Added by the account.
    Custom,
    /// Added by the account, no two records share a value.
    CustomUnique,
}

pub(super) const fn def(
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    field: &'static str,
    mode: Mode,
) -> Def {
    Def {
        name,
        label,
        kind,
        field,
        mode,
        options: &[],
    }
}

pub(super) const fn choice(
    name: &'static str,
    label: &'static str,
    field: &'static str,
    mode: Mode,
    options: &'static [(&'static str, &'static str)],
) -> Def {
    Def {
        name,
        label,
        kind: "enumeration",
        field,
        mode,
        options,
    }
}

/// Lifecycle stages in their order; the last is one that the account has added,
/// which HubSpot gives a numeric id.
pub const LIFECYCLE_STAGES: &[(&str, &str)] = &[
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
    ("158403312", "Managed service client"),
];

pub(super) const LEAD_STATUS: &[(&str, &str)] = &[
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
];

pub(super) const YES_NO: &[(&str, &str)] = &[("true", "Yes"), ("false", "No")];
/// Choices of the custom property `support_tier`.
pub const TIERS: &[(&str, &str)] = &[("gold", "Gold"), ("silver", "Silver"), ("bronze", "Bronze")];
/// Choices of the custom property `services` (several at once).
pub const SERVICES: &[(&str, &str)] = &[
    ("backup", "Backup"),
    ("helpdesk", "Helpdesk"),
    ("network", "Network"),
    ("telephony", "Telephony"),
];
pub(super) const SOURCES: &[(&str, &str)] = &[
    ("INTEGRATION", "INTEGRATION"),
    ("CRM_UI", "CRM_UI"),
    ("IMPORT", "IMPORT"),
];

/// The currencies that the account uses; the first is its own.
pub const CURRENCIES: &[(&str, &str)] = &[
    ("USD", "US Dollar"),
    ("EUR", "Euro"),
    ("GBP", "British Pound"),
];

/// How often a product or a line item is billed again.
pub const FREQUENCIES: &[(&str, &str)] = &[
    ("weekly", "Weekly"),
    ("biweekly", "Every two weeks"),
    ("monthly", "Monthly"),
    ("quarterly", "Quarterly"),
    ("per_six_months", "Semi-annually"),
    ("annually", "Annually"),
    ("per_two_years", "Every two years"),
    ("per_three_years", "Every three years"),
];

/// A yes-or-no property.
pub(super) const fn yes_no(name: &'static str, label: &'static str, mode: Mode) -> Def {
    Def {
        name,
        label,
        kind: "bool",
        field: "booleancheckbox",
        mode,
        options: YES_NO,
    }
}

/// A line of text.
pub(super) const fn text(name: &'static str, label: &'static str, mode: Mode) -> Def {
    def(name, label, "string", "text", mode)
}

/// A number.
pub(super) const fn number(name: &'static str, label: &'static str, mode: Mode) -> Def {
    def(name, label, "number", "number", mode)
}

/// A point in time.
pub(super) const fn time(name: &'static str, label: &'static str, mode: Mode) -> Def {
    def(name, label, "datetime", "date", mode)
}

/// A day.
pub(super) const fn day(name: &'static str, label: &'static str, mode: Mode) -> Def {
    def(name, label, "date", "date", mode)
}

/// Where a record came from.
pub(super) const SOURCE: Def = choice(
    "hs_object_source",
    "Record Source",
    "select",
    Mode::ReadOnly,
    SOURCES,
);
