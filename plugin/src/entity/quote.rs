//! Quotes: HubSpot quotes become Halo quotations, one way only (S46). Their lines are
//! objects of their own in HubSpot, see [`super::line_item`].

use std::collections::BTreeMap;

use super::{Lines, Mapped, Place, Source, Spec, line_item};
use crate::contract::halo::integration::types::Attribute;
use crate::entity::contact::{Company, company_by};
use crate::field::convert::{Conversion, time};
use crate::field::decide::{Emptied, Rule};
use crate::hubspot::associations::Associated;
use crate::hubspot::objects::Object;
use crate::hubspot::properties::Choice;
use crate::settings::FieldRow;
use crate::sync::plan::whose::{CUSTOMER, SITE, USER};

// In HubSpot

/// Its names.
pub const SPEC: Spec = Spec {
    objects: "quotes",
    one: "quote",
    type_id: "0-14",
    modified: MODIFIED,
    names: &["hs_title"],
    associations: &["line_items", "deals", "companies", "contacts"],
    lines: Some(Lines {
        objects: line_item::OBJECTS,
        modified: line_item::MODIFIED,
    }),
    kind: KIND,
    records: "Quotations",
    reserved: &[
        (TICKET, "the quote's deal"),
        (CUSTOMER, "the quote's company"),
        (SITE, "the quote's company"),
        (USER, "the quote's contact"),
    ],
};
const MODIFIED: &str = "hs_lastmodifieddate";
const TITLE: &str = "hs_title";
const NUMBER: &str = "hs_quote_number";
/// The property whose choices are the states of a quote.
pub const STATUS: &str = "hs_status";
const CURRENCY: &str = "hs_currency";
const EXPIRES: &str = "hs_expiration_date";
/// Quotes have no `createdate`.
const CREATED: &str = "hs_createdate";
const AMOUNT: &str = "hs_quote_amount";

/// What is always asked for. Quotes cannot be merged.
pub const PROPERTIES: &[&str] = &[
    TITLE,
    NUMBER,
    STATUS,
    CURRENCY,
    EXPIRES,
    CREATED,
    AMOUNT,
    "hs_quote_link",
    MODIFIED,
];

// In Halo

/// The kind of record that a quote becomes.
pub const KIND: &str = "quotation";
/// The name; a quotation always has one.
pub const NAME: &str = "title";
/// The ticket or opportunity that it belongs to.
pub const TICKET: &str = "ticket_id";

// Which fields sync which way

/// Fields that need no mapping row: HubSpot's property, Halo's field. The currency is
/// kept and named, and nothing is converted (A12).
pub const FIXED: [(&str, &str); 6] = [
    (TITLE, NAME),
    (NUMBER, "third_party_number"),
    (STATUS, "status_name"),
    (CURRENCY, "currency_code"),
    (EXPIRES, "expiry_date"),
    ("hs_quote_link", "third_party_url"),
];

/// What is worked out, and how.
pub const DERIVED: [((&str, &str), &str); 1] =
    [((CREATED, "date"), "the day on which it was made")];

// Names of derived values; no property of HubSpot is called so.
const CALLED: &str = "=called";
const STATUS_LABEL: &str = "=status";
const DAY: &str = "=day";

/// The fields that an import fills: the mapping rows, then the fixed rows for fields
/// that no mapping row fills. As nothing goes back, HubSpot's changes win in all.
pub fn fields(rows: &[FieldRow], conversions: &BTreeMap<String, Conversion>) -> Vec<Mapped> {
    let mut fields: Vec<Mapped> = rows
        .iter()
        .map(|row| Mapped::row(row, conversions.get(&row.field).cloned()))
        .collect();
    let names = FIXED
        .into_iter()
        .chain(DERIVED.into_iter().map(|(names, _)| names));
    for (property, field) in names {
        let (source, conversion) = match property {
            TITLE => (Source::Derived(CALLED), None),
            STATUS => (Source::Derived(STATUS_LABEL), None),
            CREATED => (
                Source::Derived(DAY),
                Some(Conversion::date(property, field)),
            ),
            EXPIRES => (
                Source::Property(property.to_owned()),
                Some(Conversion::date(property, field)),
            ),
            _ => (Source::Property(property.to_owned()), None),
        };
        if !fields.iter().any(|known| known.field == field) {
            fields.push(Mapped {
                rule: Rule::Mapped(Emptied::TakesBack),
                conversion,
                ..Mapped::fixed(Place::Own, source, field)
            });
        }
    }
    fields
}

/// A quote with what is worked out of it. `statuses` are the choices of its status, and
/// `offset_ms` is the account's distance from UTC.
pub fn derived(mut quote: Object, statuses: &[Choice], offset_ms: i64) -> Object {
    let called = title(&quote).map(str::to_owned);
    quote.derive(CALLED, called);
    let status = quote.property(STATUS).map(|value| {
        let known = statuses.iter().find(|choice| choice.value == value);
        known.map_or(value, |choice| &choice.label).to_owned()
    });
    quote.derive(STATUS_LABEL, status);
    let made = quote.property(CREATED);
    let day = made.map(|made| time::day_at(made, offset_ms).unwrap_or(made.to_owned()));
    quote.derive(DAY, day);
    quote
}

// Key and name

/// What people call it: its title, else its number. Quotes of old accounts may have no
/// title.
pub fn title(quote: &Object) -> Option<&str> {
    let called = |name| quote.property(name).map(str::trim);
    let mut names = [TITLE, NUMBER].into_iter().filter_map(called);
    names.find(|name| !name.is_empty())
}

/// Its currency.
pub fn currency(quote: &Object) -> Option<&str> {
    quote.property(CURRENCY)
}

/// By what people choose quotes.
pub fn facets(quote: &Object) -> Vec<Attribute> {
    [
        ("status", STATUS_LABEL),
        ("number", NUMBER),
        ("amount", AMOUNT),
        ("currency", CURRENCY),
        ("expires", EXPIRES),
    ]
    .into_iter()
    .filter_map(|(name, property)| {
        Some(Attribute {
            name: name.to_owned(),
            value: quote.property(property)?.to_owned(),
        })
    })
    .collect()
}

// Its company

/// The company of a quote: the only one. None of them is primary.
pub fn company(quote: &Object, associated: Option<&[Associated]>) -> Company {
    company_by("", quote, associated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_called_by_its_title_or_its_number() {
        let title =
            |properties: &[(&str, &str)]| title(&Object::with("1", properties)).map(str::to_owned);
        assert_eq!(
            title(&[(TITLE, "Fleet"), (NUMBER, "2026-1")]).as_deref(),
            Some("Fleet")
        );
        assert_eq!(
            title(&[(TITLE, " "), (NUMBER, "2026-1")]).as_deref(),
            Some("2026-1")
        );
        assert_eq!(title(&[]), None);
    }

    #[test]
    fn the_status_is_shown_by_its_label_and_the_day_is_that_of_the_account() {
        let draft = Choice {
            value: "DRAFT".to_owned(),
            label: "Draft".to_owned(),
            hidden: false,
        };
        let quote = |status: &str| {
            let object = Object::with("1", &[(STATUS, status), (CREATED, "2026-10-01T01:00:00Z")]);
            derived(object, std::slice::from_ref(&draft), -2 * 60 * 60 * 1_000)
        };
        assert_eq!(quote("DRAFT").property(STATUS_LABEL), Some("Draft"));
        assert_eq!(quote("NEW").property(STATUS_LABEL), Some("NEW"));
        assert_eq!(quote("").property(STATUS_LABEL), None);
        assert_eq!(quote("DRAFT").property(DAY), Some("2026-09-30"));
    }
}
