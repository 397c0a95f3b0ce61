//! The standard properties of each object type, and a few that an account has added.
//!
//! Labels, types and groups are those that HubSpot shows; the list is the part of
//! the several hundred that a connector meets. The last entries of each list are
//! custom properties, one of every type, as an administrator would add them.

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

const fn def(
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

const fn choice(
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

use Mode::{Calculated, Custom, CustomUnique, External, ReadOnly, Standard};

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

const LEAD_STATUS: &[(&str, &str)] = &[
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
];

/// A part of HubSpot's industries. The values are upper case; free text is refused.
pub const INDUSTRIES: &[(&str, &str)] = &[
    ("ACCOUNTING", "Accounting"),
    ("ARCHITECTURE_PLANNING", "Architecture & Planning"),
    ("AUTOMOTIVE", "Automotive"),
    ("BANKING", "Banking"),
    ("CIVIL_ENGINEERING", "Civil Engineering"),
    ("COMPUTER_SOFTWARE", "Computer Software"),
    ("CONSTRUCTION", "Construction"),
    ("EDUCATION_MANAGEMENT", "Education Management"),
    ("FARMING", "Farming"),
    ("FINANCIAL_SERVICES", "Financial Services"),
    ("FOOD_PRODUCTION", "Food Production"),
    ("FURNITURE", "Furniture"),
    ("GOVERNMENT_ADMINISTRATION", "Government Administration"),
    ("HOSPITAL_HEALTH_CARE", "Hospital & Health Care"),
    ("HOSPITALITY", "Hospitality"),
    (
        "INFORMATION_TECHNOLOGY_AND_SERVICES",
        "Information Technology and Services",
    ),
    ("INSURANCE", "Insurance"),
    ("LAW_PRACTICE", "Law Practice"),
    ("LOGISTICS_AND_SUPPLY_CHAIN", "Logistics and Supply Chain"),
    ("MACHINERY", "Machinery"),
    (
        "NON_PROFIT_ORGANIZATION_MANAGEMENT",
        "Non-Profit Organization Management",
    ),
    ("PRINTING", "Printing"),
    ("REAL_ESTATE", "Real Estate"),
    ("RENEWABLES_ENVIRONMENT", "Renewables & Environment"),
    ("RETAIL", "Retail"),
    ("TELECOMMUNICATIONS", "Telecommunications"),
    ("TEXTILES", "Textiles"),
    ("UTILITIES", "Utilities"),
    ("WHOLESALE", "Wholesale"),
    ("WINE_AND_SPIRITS", "Wine and Spirits"),
];

const COMPANY_TYPES: &[(&str, &str)] = &[
    ("PROSPECT", "Prospect"),
    ("PARTNER", "Partner"),
    ("RESELLER", "Reseller"),
    ("VENDOR", "Vendor"),
    ("OTHER", "Other"),
];

const YES_NO: &[(&str, &str)] = &[("true", "Yes"), ("false", "No")];
/// Choices of the custom property `support_tier`.
pub const TIERS: &[(&str, &str)] = &[("gold", "Gold"), ("silver", "Silver"), ("bronze", "Bronze")];
/// Choices of the custom property `services` (several at once).
pub const SERVICES: &[(&str, &str)] = &[
    ("backup", "Backup"),
    ("helpdesk", "Helpdesk"),
    ("network", "Network"),
    ("telephony", "Telephony"),
];
const SOURCES: &[(&str, &str)] = &[
    ("INTEGRATION", "INTEGRATION"),
    ("CRM_UI", "CRM_UI"),
    ("IMPORT", "IMPORT"),
];

/// Properties of companies.
pub const COMPANY: &[Def] = &[
    def("hs_object_id", "Record ID", "number", "number", ReadOnly),
    def("createdate", "Create Date", "datetime", "date", ReadOnly),
    def(
        "hs_lastmodifieddate",
        "Last Modified Date",
        "datetime",
        "date",
        ReadOnly,
    ),
    def(
        "hs_merged_object_ids",
        "Merged Record IDs",
        "enumeration",
        "checkbox",
        ReadOnly,
    ),
    choice(
        "hs_object_source",
        "Record Source",
        "select",
        ReadOnly,
        SOURCES,
    ),
    def(
        "hs_object_source_id",
        "Record source ID",
        "string",
        "text",
        ReadOnly,
    ),
    def(
        "hs_object_source_label",
        "Record source",
        "string",
        "text",
        ReadOnly,
    ),
    def("name", "Company name", "string", "text", Standard),
    def("domain", "Company Domain Name", "string", "text", Standard),
    def("website", "Website URL", "string", "text", Standard),
    def("phone", "Phone Number", "string", "phonenumber", Standard),
    def("address", "Street Address", "string", "text", Standard),
    def("address2", "Street Address 2", "string", "text", Standard),
    def("city", "City", "string", "text", Standard),
    def("state", "State/Region", "string", "text", Standard),
    def("zip", "Postal Code", "string", "text", Standard),
    def("country", "Country/Region", "string", "text", Standard),
    def("timezone", "Time Zone", "string", "text", Standard),
    def("description", "Description", "string", "textarea", Standard),
    choice("industry", "Industry", "select", Standard, INDUSTRIES),
    choice("type", "Type", "radio", Standard, COMPANY_TYPES),
    choice(
        "lifecyclestage",
        "Lifecycle Stage",
        "radio",
        Standard,
        LIFECYCLE_STAGES,
    ),
    choice(
        "hs_lead_status",
        "Lead Status",
        "radio",
        Standard,
        LEAD_STATUS,
    ),
    def(
        "numberofemployees",
        "Number of Employees",
        "number",
        "number",
        Standard,
    ),
    def(
        "annualrevenue",
        "Annual Revenue",
        "number",
        "number",
        Standard,
    ),
    def("founded_year", "Year Founded", "string", "text", Standard),
    def(
        "linkedin_company_page",
        "LinkedIn Company Page",
        "string",
        "text",
        Standard,
    ),
    def(
        "hubspot_owner_id",
        "Company owner",
        "enumeration",
        "select",
        External,
    ),
    def(
        "hs_parent_company_id",
        "Parent Company",
        "number",
        "number",
        Calculated,
    ),
    def(
        "num_associated_contacts",
        "Number of Associated Contacts",
        "number",
        "number",
        Calculated,
    ),
    def(
        "hs_num_open_deals",
        "Number of open deals",
        "number",
        "number",
        Calculated,
    ),
    def(
        "hs_additional_domains",
        "Additional Domains",
        "enumeration",
        "checkbox",
        Standard,
    ),
    def(
        "account_number",
        "Account number",
        "string",
        "text",
        CustomUnique,
    ),
    choice("support_tier", "Support tier", "select", Custom, TIERS),
    choice("services", "Services", "checkbox", Custom, SERVICES),
    Def {
        kind: "bool",
        ..choice(
            "is_partner",
            "Is a partner",
            "booleancheckbox",
            Custom,
            YES_NO,
        )
    },
    def("seat_count", "Seats", "number", "number", Custom),
    def("renewal_date", "Renewal date", "date", "date", Custom),
    def("last_audit_at", "Last audit", "datetime", "date", Custom),
    def("internal_notes", "Internal notes", "string", "html", Custom),
    def(
        "support_phone",
        "Support phone",
        "phone_number",
        "phonenumber",
        Custom,
    ),
];

/// Properties of contacts.
pub const CONTACT: &[Def] = &[
    def("hs_object_id", "Record ID", "number", "number", ReadOnly),
    def("createdate", "Create Date", "datetime", "date", ReadOnly),
    def(
        "lastmodifieddate",
        "Last Modified Date",
        "datetime",
        "date",
        ReadOnly,
    ),
    def(
        "hs_merged_object_ids",
        "Merged Contact IDs",
        "enumeration",
        "checkbox",
        ReadOnly,
    ),
    choice(
        "hs_object_source",
        "Record Source",
        "select",
        ReadOnly,
        SOURCES,
    ),
    def(
        "hs_object_source_id",
        "Record source ID",
        "string",
        "text",
        ReadOnly,
    ),
    def(
        "hs_object_source_label",
        "Record source",
        "string",
        "text",
        ReadOnly,
    ),
    def("email", "Email", "string", "text", Standard),
    def("firstname", "First Name", "string", "text", Standard),
    def("lastname", "Last Name", "string", "text", Standard),
    def("company", "Company Name", "string", "text", Standard),
    def("jobtitle", "Job Title", "string", "text", Standard),
    def("website", "Website URL", "string", "text", Standard),
    def("address", "Street Address", "string", "text", Standard),
    def("city", "City", "string", "text", Standard),
    def("state", "State/Region", "string", "text", Standard),
    def("zip", "Postal Code", "string", "text", Standard),
    def("country", "Country/Region", "string", "text", Standard),
    def("phone", "Phone Number", "string", "phonenumber", Standard),
    def(
        "mobilephone",
        "Mobile Phone Number",
        "string",
        "phonenumber",
        Standard,
    ),
    def("fax", "Fax Number", "string", "phonenumber", Standard),
    choice(
        "lifecyclestage",
        "Lifecycle Stage",
        "radio",
        Standard,
        LIFECYCLE_STAGES,
    ),
    choice(
        "hs_lead_status",
        "Lead Status",
        "radio",
        Standard,
        LEAD_STATUS,
    ),
    def(
        "hubspot_owner_id",
        "Contact owner",
        "enumeration",
        "select",
        External,
    ),
    def(
        "associatedcompanyid",
        "Primary Associated Company ID",
        "number",
        "number",
        Standard,
    ),
    def(
        "hs_additional_emails",
        "Additional email addresses",
        "enumeration",
        "checkbox",
        ReadOnly,
    ),
    def(
        "employee_number",
        "Employee number",
        "string",
        "text",
        CustomUnique,
    ),
    choice(
        "preferred_channel",
        "Preferred channel",
        "select",
        Custom,
        &[("email", "Email"), ("phone", "Phone")],
    ),
    choice("interests", "Interests", "checkbox", Custom, SERVICES),
    Def {
        kind: "bool",
        ..choice("is_vip", "Is a VIP", "booleancheckbox", Custom, YES_NO)
    },
    def("badge_count", "Badges", "number", "number", Custom),
    def("contract_end", "Contract end", "date", "date", Custom),
    def("last_survey_at", "Last survey", "datetime", "date", Custom),
];
