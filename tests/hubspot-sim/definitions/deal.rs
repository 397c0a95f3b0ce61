//! Properties of deals.

use super::Mode::{Calculated, Custom, CustomUnique, External, ReadOnly, Standard};
use super::{CURRENCIES, Def, SERVICES, SOURCE, choice, day, def, number, text, time, yes_no};

/// Whether the customer is new.
pub const DEAL_TYPES: &[(&str, &str)] = &[
    ("newbusiness", "New Business"),
    ("existingbusiness", "Existing Business"),
];

const PRIORITIES: &[(&str, &str)] = &[("low", "Low"), ("medium", "Medium"), ("high", "High")];

/// Properties of deals.
pub const DEAL: &[Def] = &[
    number("hs_object_id", "Record ID", ReadOnly),
    time("createdate", "Create Date", ReadOnly),
    time("hs_lastmodifieddate", "Last Modified Date", ReadOnly),
    def(
        "hs_merged_object_ids",
        "Merged Deal IDs",
        "enumeration",
        "checkbox",
        ReadOnly,
    ),
    SOURCE,
    text("hs_object_source_id", "Record source ID", ReadOnly),
    text("hs_object_source_label", "Record source", ReadOnly),
    text("dealname", "Deal Name", Standard),
    number("amount", "Amount", Standard),
    time("closedate", "Close Date", Standard),
    def("pipeline", "Pipeline", "enumeration", "select", External),
    def("dealstage", "Deal Stage", "enumeration", "radio", External),
    choice("dealtype", "Deal Type", "radio", Standard, DEAL_TYPES),
    choice("hs_priority", "Priority", "select", Standard, PRIORITIES),
    def(
        "description",
        "Deal Description",
        "string",
        "textarea",
        Standard,
    ),
    def(
        "hubspot_owner_id",
        "Deal owner",
        "enumeration",
        "select",
        External,
    ),
    choice(
        "deal_currency_code",
        "Currency",
        "select",
        Standard,
        CURRENCIES,
    ),
    number(
        "amount_in_home_currency",
        "Amount in company currency",
        Calculated,
    ),
    number("hs_exchange_rate", "Exchange rate", ReadOnly),
    yes_no("hs_is_closed", "Is Deal Closed?", Calculated),
    yes_no("hs_is_closed_won", "Is Closed Won", Calculated),
    yes_no("hs_is_closed_lost", "Is Closed Lost", Calculated),
    number("hs_deal_stage_probability", "Deal probability", Standard),
    def(
        "closed_lost_reason",
        "Closed Lost Reason",
        "string",
        "textarea",
        Standard,
    ),
    def(
        "closed_won_reason",
        "Closed Won Reason",
        "string",
        "textarea",
        Standard,
    ),
    number(
        "hs_primary_associated_company",
        "Primary Associated Company",
        ReadOnly,
    ),
    number(
        "num_associated_contacts",
        "Number of Associated Contacts",
        Calculated,
    ),
    number(
        "hs_num_of_associated_line_items",
        "Number of Associated Line Items",
        Calculated,
    ),
    text("project_code", "Project code", CustomUnique),
    choice(
        "services_sold",
        "Services sold",
        "checkbox",
        Custom,
        SERVICES,
    ),
    yes_no("has_site_visit", "Site was visited", Custom),
    day("installation_date", "Installation date", Custom),
];
