//! Properties of quotes, legacy and CPQ ones.

use super::Mode::{Calculated, CustomUnique, ReadOnly, Standard};
use super::{CURRENCIES, Def, SOURCE, choice, day, def, number, text, time, yes_no};

const STATUS: &[(&str, &str)] = &[
    ("DRAFT", "Draft"),
    ("APPROVAL_NOT_NEEDED", "Published"),
    ("PENDING_APPROVAL", "Pending Approval"),
    ("APPROVED", "Approved & Published"),
    ("REJECTED", "Rejected"),
    ("ACCEPTED", "Accepted"),
];

const TEMPLATE_TYPES: &[(&str, &str)] = &[
    ("CUSTOMIZABLE_QUOTE_TEMPLATE", "Customizable quote template"),
    ("CPQ_QUOTE", "CPQ quote"),
];

const ACCEPTANCE: &[(&str, &str)] = &[
    ("clickwrap", "Clickwrap"),
    ("esignature", "E-signature"),
    ("print_and_sign", "Print and sign"),
];

/// Properties of quotes.
pub const QUOTE: &[Def] = &[
    number("hs_object_id", "Record ID", ReadOnly),
    // Quotes have no `createdate`.
    time("hs_createdate", "Create Date", ReadOnly),
    time("hs_lastmodifieddate", "Last Modified Date", ReadOnly),
    SOURCE,
    text("hs_object_source_id", "Record source ID", ReadOnly),
    text("hs_object_source_label", "Record source", ReadOnly),
    text("hs_title", "Quote Title", Standard),
    day("hs_expiration_date", "Expiration Date", Standard),
    choice("hs_status", "Quote Status", "select", Standard, STATUS),
    choice(
        "hs_template_type",
        "Template type",
        "select",
        Standard,
        TEMPLATE_TYPES,
    ),
    text("hs_quote_number", "Quote Number", Standard),
    choice("hs_currency", "Currency", "select", Standard, CURRENCIES),
    number("hs_quote_amount", "Quote Amount", Calculated),
    yes_no("hs_locked", "Locked", ReadOnly),
    text("hs_quote_link", "Quote Link", ReadOnly),
    text("hs_pdf_download_link", "PDF Download Link", ReadOnly),
    text("hs_public_url_key", "Public URL key", ReadOnly),
    text("hs_language", "Language", Standard),
    text("hs_locale", "Locale", Standard),
    text("hs_slug", "Slug", Standard),
    text("hs_domain", "Domain", Standard),
    def("hs_terms", "Purchase terms", "string", "textarea", Standard),
    def(
        "hs_comments",
        "Comments to buyer",
        "string",
        "textarea",
        Standard,
    ),
    yes_no("hs_esign_enabled", "E-signature enabled", Standard),
    yes_no("hs_show_signature_box", "Show signature box", Standard),
    choice(
        "hs_acceptance_method",
        "Acceptance method",
        "select",
        Standard,
        ACCEPTANCE,
    ),
    yes_no("hs_payment_enabled", "Payment enabled", Standard),
    text("hs_payment_type", "Payment type", ReadOnly),
    text("hs_payment_status", "Payment status", ReadOnly),
    yes_no("hs_billing_enabled", "Billing enabled", ReadOnly),
    text("hs_sender_firstname", "Sender First Name", Standard),
    text("hs_sender_lastname", "Sender Last Name", Standard),
    text("hs_sender_email", "Sender Email", Standard),
    text("hs_sender_company_name", "Sender Company Name", Standard),
    // Taken from the deal; a write is refused.
    def(
        "hubspot_owner_id",
        "Quote owner",
        "enumeration",
        "select",
        Calculated,
    ),
    text("order_reference", "Order reference", CustomUnique),
];
