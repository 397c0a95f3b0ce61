//! Properties of products.

use super::Mode::{Custom, CustomUnique, External, ReadOnly, Standard};
use super::{Def, FREQUENCIES, SOURCE, choice, day, def, number, text, time, yes_no};

/// What a product is.
pub const PRODUCT_TYPES: &[(&str, &str)] = &[
    ("inventory", "Inventory"),
    ("non_inventory", "Non-inventory"),
    ("service", "Service"),
];

const STATUS: &[(&str, &str)] = &[("active", "Active"), ("inactive", "Inactive")];

const PRICING: &[(&str, &str)] = &[
    ("flat", "Flat fee"),
    ("volume", "Volume"),
    ("graduated", "Graduated"),
    ("stairstep", "Stairstep"),
];

/// Properties of products.
pub const PRODUCT: &[Def] = &[
    number("hs_object_id", "Record ID", ReadOnly),
    time("createdate", "Create Date", ReadOnly),
    time("hs_lastmodifieddate", "Last Modified Date", ReadOnly),
    SOURCE,
    text("hs_object_source_id", "Record source ID", ReadOnly),
    text("hs_object_source_label", "Record source", ReadOnly),
    text("name", "Name", Standard),
    def(
        "description",
        "Product description",
        "string",
        "textarea",
        Standard,
    ),
    number("price", "Unit price", Standard),
    text("hs_sku", "SKU", Standard),
    number("hs_cost_of_goods_sold", "Unit cost", Standard),
    number("discount", "Unit discount", Standard),
    number(
        "hs_discount_percentage",
        "Unit discount percentage",
        Standard,
    ),
    number("tax", "Tax", Standard),
    choice(
        "hs_product_type",
        "Product Type",
        "select",
        Standard,
        PRODUCT_TYPES,
    ),
    choice("hs_status", "Status", "select", Standard, STATUS),
    choice(
        "recurringbillingfrequency",
        "Billing frequency",
        "select",
        Standard,
        FREQUENCIES,
    ),
    text("hs_recurring_billing_period", "Term", Standard),
    day(
        "hs_recurring_billing_start_date",
        "Billing start date",
        Standard,
    ),
    choice(
        "hs_pricing_model",
        "Pricing model",
        "select",
        Standard,
        PRICING,
    ),
    text("hs_tier_ranges", "Tier ranges", Standard),
    text("hs_tier_prices", "Tier prices", Standard),
    text("hs_folder", "Folder", Standard),
    text("hs_url", "URL", Standard),
    text("hs_images", "Image URL", Standard),
    def(
        "hubspot_owner_id",
        "Product owner",
        "enumeration",
        "select",
        External,
    ),
    text("supplier_number", "Supplier number", CustomUnique),
    yes_no("needs_serial", "Needs a serial number", Custom),
];
