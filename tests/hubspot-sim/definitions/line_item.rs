//! Properties of line items.

use super::Mode::{Calculated, Custom, CustomUnique, External, ReadOnly, Standard};
use super::{CURRENCIES, Def, FREQUENCIES, SOURCE, choice, day, def, number, text, time};

/// Properties of line items.
pub const LINE_ITEM: &[Def] = &[
    number("hs_object_id", "Record ID", ReadOnly),
    time("createdate", "Create Date", ReadOnly),
    time("hs_lastmodifieddate", "Last Modified Date", ReadOnly),
    SOURCE,
    text("hs_object_source_id", "Record source ID", ReadOnly),
    text("hs_object_source_label", "Record source", ReadOnly),
    text("name", "Name", Standard),
    def("description", "Description", "string", "textarea", Standard),
    number("hs_product_id", "Product ID", Standard),
    text("hs_sku", "SKU", Standard),
    number("quantity", "Quantity", Standard),
    number("price", "Unit price", Standard),
    number("amount", "Net price", Calculated),
    number("discount", "Unit discount", Standard),
    number(
        "hs_discount_percentage",
        "Unit discount percentage",
        Standard,
    ),
    number("hs_total_discount", "Calculated Total Discount", Calculated),
    number("hs_cost_of_goods_sold", "Unit cost", Standard),
    choice(
        "hs_line_item_currency_code",
        "Currency",
        "select",
        Standard,
        CURRENCIES,
    ),
    number("hs_position_on_quote", "Position on quote", Standard),
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
    // Its choices are the account's tax rates.
    def(
        "hs_tax_rate_group_id",
        "Tax rate",
        "enumeration",
        "select",
        External,
    ),
    text("external_line", "External line", CustomUnique),
    text("rack_position", "Rack position", Custom),
];
