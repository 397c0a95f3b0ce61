//! Products: HubSpot products become Halo items, each new one in the item group of the
//! settings.

use std::collections::BTreeMap;

use super::{Mapped, Place, Source, Spec};
use crate::field::convert::Conversion;
use crate::hubspot::objects::Object;
use crate::settings::FieldRow;

// In HubSpot

/// Its names.
pub const SPEC: Spec = Spec {
    objects: "products",
    one: "product",
    type_id: "0-7",
    modified: MODIFIED,
    names: &["name"],
    associations: &[],
    lines: None,
    kind: KIND,
    records: "Items",
    reserved: &[(GROUP, "/products/item-group")],
};
/// The property that holds the time of the last change.
const MODIFIED: &str = "hs_lastmodifieddate";
/// The stock keeping unit; HubSpot does not see to it that each has its own.
const SKU: &str = "hs_sku";

/// What is always asked for. Products cannot be merged.
pub const PROPERTIES: &[&str] = &["name", SKU, MODIFIED];

// In Halo

/// The kind of record that a product becomes.
pub const KIND: &str = "item";
/// The group that an item is in.
pub const GROUP: &str = "assetgroup_id";
/// The name; an item always has one.
pub const NAME: &str = "name";
/// Where an item's own number is, by which it is recognised.
pub const REFERENCE: &str = "internalreference";

// Which fields sync which way

/// The one field that needs no mapping row: HubSpot's property, Halo's field. All
/// others want a row, as each has a direction of its own (S35, S36).
pub const FIXED: [(&str, &str); 1] = [("name", NAME)];

/// The fields that an import fills: the mapping rows that come to Halo (A9), then the
/// fixed row, unless a row is about that field, whichever way it goes.
pub fn fields(rows: &[FieldRow], conversions: &BTreeMap<String, Conversion>) -> Vec<Mapped> {
    let mut fields: Vec<Mapped> = rows
        .iter()
        .filter(|row| row.direction.comes_to_halo())
        .map(|row| Mapped::row(row, conversions.get(&row.field).cloned()))
        .collect();
    for (property, field) in FIXED {
        if !rows.iter().any(|row| row.field == field) {
            let source = Source::Property(property.to_owned());
            fields.push(Mapped::fixed(Place::Own, source, field));
        }
    }
    fields
}

// Key and name

/// What people call it. HubSpot asks for none.
pub fn title(product: &Object) -> Option<&str> {
    trimmed(product, "name")
}

/// Its SKU.
pub fn sku(product: &Object) -> Option<&str> {
    trimmed(product, SKU)
}

fn trimmed<'a>(product: &'a Object, property: &str) -> Option<&'a str> {
    let value = product.property(property).map(str::trim);
    value.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::direction::Direction;

    #[test]
    fn a9_a_row_that_only_goes_to_hubspot_fills_nothing_in_halo() {
        let row = |property: &str, field: &str, direction| FieldRow {
            property: property.to_owned(),
            field: field.to_owned(),
            direction,
            ..FieldRow::default()
        };
        let filled = |rows: &[FieldRow]| -> Vec<String> {
            let fields = fields(rows, &BTreeMap::new());
            fields.into_iter().map(|mapped| mapped.field).collect()
        };
        let rows = [
            row("price", "baseprice", Direction::HubspotToHalo),
            row("tax", "CFTax", Direction::Bidirectional),
            row("hs_url", "CFUrl", Direction::HaloToHubspot),
        ];
        assert_eq!(filled(&rows), ["baseprice", "CFTax", NAME]);
        // A row about the name replaces the fixed one, whichever way it goes.
        assert_eq!(
            filled(&[row("name", NAME, Direction::Bidirectional)]),
            [NAME]
        );
        let outwards = [row("name", NAME, Direction::HaloToHubspot)];
        assert_eq!(filled(&outwards), [""; 0]);
    }

    #[test]
    fn blanks_are_no_name_and_no_sku() {
        let product = Object::with("1", &[("name", " "), (SKU, " A-1 ")]);
        assert_eq!((title(&product), sku(&product)), (None, Some("A-1")));
    }
}
