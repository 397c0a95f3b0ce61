//! Line items: the lines of a quote. In HubSpot each is an object of its own, made of a
//! product; in Halo it lies inside its quotation.

use super::{Mapped, Place, Source};
use crate::field::convert::{Conversion, number};
use crate::field::decide::{Emptied, Rule};
use crate::hubspot::objects::Object;

// In HubSpot

/// The name of the object type.
pub const OBJECTS: &str = "line_items";
/// HubSpot's number of the object type.
pub const TYPE_ID: &str = "0-8";
/// The property that holds the time of the last change.
pub const MODIFIED: &str = "hs_lastmodifieddate";
/// The product that it was made of.
const PRODUCT: &str = "hs_product_id";
const PRICE: &str = "price";
const DISCOUNT: &str = "discount";
const PERCENT: &str = "hs_discount_percentage";
const QUANTITY: &str = "quantity";
const CURRENCY: &str = "hs_line_item_currency_code";
const SKU: &str = "hs_sku";

/// What is asked for.
pub const PROPERTIES: &[&str] = &[
    "name",
    "description",
    QUANTITY,
    PRICE,
    DISCOUNT,
    PERCENT,
    PRODUCT,
    SKU,
    "hs_cost_of_goods_sold",
    "hs_position_on_quote",
    CURRENCY,
    MODIFIED,
];

// In Halo

/// The kind of record that a line is.
pub const KIND: &str = "quotation-line";
/// Whose line it is.
pub const QUOTATION: &str = "quotation_id";
/// What is sold.
pub const ITEM: &str = "item_id";
/// The name; a line always has one.
pub const NAME: &str = "name";

// Which fields sync which way

/// Fields that need no mapping row (A26): HubSpot's property, Halo's field, and what is
/// special about it.
pub const FIXED: [(&str, &str, &str); 8] = [
    ("name", NAME, "else the SKU, else the number of the line"),
    ("description", "description", ""),
    (QUANTITY, "current_quantity", ""),
    (PRICE, "current_price", "less the discount of one unit"),
    (PERCENT, "discount_perc", ""),
    ("hs_cost_of_goods_sold", "costprice", ""),
    ("hs_position_on_quote", "sort_seq", ""),
    (PRODUCT, ITEM, "where its product is in Halo"),
];

// Names of derived values; no property of HubSpot is called so.
const CALLED: &str = "=called";
const NET: &str = "=net";

/// The fields that an import fills. HubSpot's changes win.
pub fn fields() -> Vec<Mapped> {
    let names = FIXED.into_iter().filter(|(_, field, _)| *field != ITEM);
    names
        .map(|(property, field, _)| {
            let own = || Source::Property(property.to_owned());
            let number = || Some(Conversion::number(property, field));
            let (source, conversion) = match property {
                "name" => (Source::Derived(CALLED), None),
                "description" => (own(), None),
                PRICE => (Source::Derived(NET), number()),
                "hs_position_on_quote" => (own(), Some(Conversion::whole(property, field))),
                _ => (own(), number()),
            };
            Mapped {
                rule: Rule::Mapped(Emptied::TakesBack),
                conversion,
                ..Mapped::fixed(Place::Own, source, field)
            }
        })
        .collect()
}

/// A line with what is worked out of it. Halo's lines know a discount in percent only,
/// so one of an amount goes off the price. HubSpot counts a percentage before it.
pub fn derived(mut line: Object) -> Object {
    let text = |name: &str| line.property(name).map(str::to_owned);
    let name = text("name").filter(|name| !name.trim().is_empty());
    let called = name
        .or_else(|| text(SKU))
        .unwrap_or_else(|| format!("Line {}", line.id));
    let discount = text(DISCOUNT).filter(|_| line.property(PERCENT).is_none());
    let net = match (text(PRICE), discount) {
        // What is no number is refused by the conversion, with a sentence.
        (Some(price), Some(discount)) => number::less(&price, &discount).or(Some(price)),
        (price, _) => price,
    };
    line.derive(CALLED, Some(called));
    line.derive(NET, net);
    line
}

/// What people call a derived line.
pub fn title(line: &Object) -> &str {
    line.property(CALLED).unwrap_or(&line.id)
}

/// The product that it was made of.
pub fn product(line: &Object) -> Option<&str> {
    line.property(PRODUCT)
}

/// What a person should know of a line, whose quote is in this currency.
pub fn note(line: &Object, currency: Option<&str>) -> Option<String> {
    let title = title(line);
    if line.property(QUANTITY).is_none() {
        return Some(format!(
            "Its line {title:?} has no quantity. Enter one in HubSpot."
        ));
    }
    let own = line.property(CURRENCY)?;
    let other = currency.filter(|currency| *currency != own)?;
    Some(format!(
        "Its line {title:?} is in {own}, the quote in {other}; nothing is converted. Correct one of them in HubSpot."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_called_by_its_name_its_sku_or_its_number() {
        for (properties, called) in [
            (&[("name", "Cable"), (SKU, "C-1")][..], "Cable"),
            (&[("name", " "), (SKU, "C-1")], "C-1"),
            (&[], "Line 7"),
        ] {
            assert_eq!(title(&derived(Object::with("7", properties))), called);
        }
    }

    #[test]
    fn a_discount_of_one_unit_goes_off_the_price_unless_there_is_a_percentage() {
        for (price, discount, percent, net) in [
            ("19.99", "2", "", Some("17.99")),
            ("19.99", "2", "10", Some("19.99")),
            ("19.99", "", "", Some("19.99")),
            ("5", "7.50", "", Some("-2.50")),
            ("", "2", "", None),
            ("soon", "2", "", Some("soon")),
        ] {
            let line = Object::with(
                "7",
                &[(PRICE, price), (DISCOUNT, discount), (PERCENT, percent)],
            );
            assert_eq!(derived(line).property(NET), net, "{price} {discount}");
        }
    }

    #[test]
    fn a_line_without_quantity_and_one_in_another_currency_are_named() {
        let note = |quantity: &str, currency: &str| {
            let line = Object::with("7", &[(QUANTITY, quantity), (CURRENCY, currency)]);
            note(&derived(line), Some("EUR")).unwrap_or_default()
        };
        assert!(note("", "").contains("has no quantity"));
        assert!(note("1", "USD").contains("in USD, the quote in EUR"));
        assert_eq!((note("1", "EUR"), note("1", "")), Default::default());
    }
}
