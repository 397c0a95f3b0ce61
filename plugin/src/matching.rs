//! Which Halo record a HubSpot object is: by the mapping table, by its link, by a
//! record that it was merged from, or by name; else a new one. Nothing is guessed:
//! where two records could be meant, the row stops and names both.

use std::collections::BTreeMap;

use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::Value;
use crate::failure::Failure;
use crate::field::fold;

/// What is known about the candidates of a page.
#[derive(Debug, Default)]
pub struct Candidates {
    /// By external key: the records that are linked.
    pub linked: BTreeMap<String, Stored>,
    /// By Halo id: the records of the mapping table that exist.
    pub tabled: BTreeMap<u64, Stored>,
    /// By folded name.
    pub named: BTreeMap<String, Vec<Stored>>,
}

/// Why a record is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The mapping table says so.
    Table,
    /// It was linked before.
    Link,
    /// An object that was merged into this one was linked to it.
    Merge,
    /// It has the same name.
    Name,
}

/// Which record it is.
#[derive(Debug, PartialEq)]
pub enum Match<'a> {
    /// This one.
    Is(&'a Stored, By),
    /// None yet.
    New,
    /// A person must decide.
    Stop(Failure),
}

/// Finds the record of the object `key`, which is called `name`. `pairs` are the
/// Halo ids that the mapping table gives for it.
pub fn find<'a>(
    key: &str,
    name: &str,
    merged: impl Iterator<Item = &'a str>,
    pairs: &[u64],
    candidates: &'a Candidates,
) -> Match<'a> {
    match pairs {
        [] => {}
        [id] => return by_table(key, *id, candidates),
        [first, second, ..] => {
            return Match::Stop(Failure::new(
                "mapped-twice",
                format!(
                    "The customer mapping table names this company twice, for customers {first} and {second}. Remove one of the rows."
                ),
            ));
        }
    }
    if let Some(record) = candidates.linked.get(key) {
        return Match::Is(record, By::Link);
    }
    let mut heirs: Vec<&Stored> = merged.filter_map(|id| candidates.linked.get(id)).collect();
    heirs.sort_by_key(|record| record.id);
    heirs.dedup_by_key(|record| record.id);
    match heirs.as_slice() {
        [] => by_name(name, candidates),
        [record] => Match::Is(record, By::Merge),
        [first, second, ..] => Match::Stop(Failure::new(
            "ambiguous",
            format!(
                "Companies that were merged in HubSpot are linked to customers {} and {}. Merge those in Halo, or map one of them in the customer mapping table.",
                first.id, second.id
            ),
        )),
    }
}

fn by_table<'a>(key: &str, id: u64, candidates: &'a Candidates) -> Match<'a> {
    let Some(record) = candidates.tabled.get(&id) else {
        return Match::Stop(Failure::new(
            "not-found",
            format!(
                "The customer mapping table names customer {id}, which does not exist. Correct or remove the row."
            ),
        ));
    };
    match other_key(record, key) {
        None => Match::Is(record, By::Table),
        Some(other) => Match::Stop(already_linked(record, other)),
    }
}

fn by_name<'a>(name: &str, candidates: &'a Candidates) -> Match<'a> {
    let folded = fold(name);
    // The host may answer too many; what counts is our own comparison.
    let named = candidates
        .named
        .get(&folded)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let same: Vec<&Stored> = named
        .iter()
        .filter(|record| text_of(record, "name").is_some_and(|name| fold(name) == folded))
        .collect();
    match same.as_slice() {
        [] => Match::New,
        [record] => match record.keys.first() {
            None => Match::Is(record, By::Name),
            Some(other) => Match::Stop(already_linked(record, other)),
        },
        [first, second, ..] => Match::Stop(Failure::new(
            "ambiguous",
            format!(
                "{} customers are called {name:?}, among them {} and {}. Name the right one in the customer mapping table.",
                same.len(),
                first.id,
                second.id
            ),
        )),
    }
}

/// Another object that is linked to this record.
fn other_key<'a>(record: &'a Stored, key: &str) -> Option<&'a str> {
    let mut others = record.keys.iter().map(String::as_str);
    if record.keys.iter().any(|known| known == key) {
        return None;
    }
    others.next()
}

fn already_linked(record: &Stored, other: &str) -> Failure {
    Failure::new(
        "already-linked",
        format!(
            "Customer {} is already linked to HubSpot company {other}. If both are the same, merge them in HubSpot; else map this one to a customer of its own, or change its name.",
            record.id
        ),
    )
}

/// A text field of a record.
pub fn text_of<'a>(record: &'a Stored, field: &str) -> Option<&'a str> {
    match value_of(record, field) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// A field of a record; empty when it is not there.
pub fn value_of<'a>(record: &'a Stored, field: &str) -> &'a Value {
    const EMPTY: &Value = &Value::None;
    record
        .fields
        .iter()
        .find(|known| known.name == field)
        .map_or(EMPTY, |field| &field.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::halo::integration::types::Field;

    fn customer(id: u64, name: &str, keys: &[&str]) -> Stored {
        Stored {
            id,
            revision: 1,
            fields: vec![Field {
                name: "name".to_owned(),
                value: Value::Text(name.to_owned()),
            }],
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    fn known(customers: &[Stored]) -> Candidates {
        let mut candidates = Candidates::default();
        for customer in customers {
            let name = fold(text_of(customer, "name").unwrap());
            candidates
                .named
                .entry(name)
                .or_default()
                .push(customer.clone());
            candidates.tabled.insert(customer.id, customer.clone());
            for key in &customer.keys {
                candidates.linked.insert(key.clone(), customer.clone());
            }
        }
        candidates
    }

    /// `7 Name`, `new`, or the code of the failure.
    fn check(customers: &[Stored], merged: &[&str], pairs: &[u64], expected: &str) {
        let candidates = known(customers);
        let found = match find("1", " acme ", merged.iter().copied(), pairs, &candidates) {
            Match::Is(record, by) => format!("{} {by:?}", record.id),
            Match::New => "new".to_owned(),
            Match::Stop(failure) => failure.code,
        };
        assert_eq!(found, expected, "{customers:?} {merged:?} {pairs:?}");
    }

    #[test]
    fn s10_s11_the_table_beats_link_and_name() {
        check(
            &[customer(7, "Zenith", &[]), customer(8, "Acme", &[])],
            &[],
            &[7],
            "7 Table",
        );
        check(
            &[customer(7, "Zenith", &[]), customer(8, "Acme", &["1"])],
            &[],
            &[7],
            "7 Table",
        );
    }

    #[test]
    fn s12_wrong_pairs_stop_the_row() {
        check(&[], &[], &[7], "not-found");
        check(&[customer(7, "Acme", &[])], &[], &[7, 8], "mapped-twice");
        check(
            &[customer(7, "Zenith", &["2"])],
            &[],
            &[7],
            "already-linked",
        );
        check(&[customer(7, "Zenith", &["1", "2"])], &[], &[7], "7 Table");
    }

    #[test]
    fn s13_one_of_that_name_is_linked_and_two_stop_the_row() {
        check(&[customer(8, "ACME", &[])], &[], &[], "8 Name");
        check(
            &[customer(8, "Acme", &[]), customer(9, "acme", &[])],
            &[],
            &[],
            "ambiguous",
        );
        check(&[customer(8, "Acme", &["2"])], &[], &[], "already-linked");
    }

    #[test]
    fn s14_none_of_that_name_is_a_new_one() {
        check(&[], &[], &[], "new");
        check(&[customer(8, "Acme Ltd", &[])], &[], &[], "new");
    }

    #[test]
    fn a_merged_company_is_the_customer_of_its_ancestors() {
        check(
            &[customer(8, "Old", &["51"])],
            &["51", "52"],
            &[],
            "8 Merge",
        );
        check(
            &[customer(8, "Old", &["51", "52"])],
            &["51", "52"],
            &[],
            "8 Merge",
        );
        check(
            &[customer(8, "Old", &["51"]), customer(9, "Other", &["52"])],
            &["51", "52"],
            &[],
            "ambiguous",
        );
        check(
            &[customer(8, "Old", &["51"]), customer(9, "Other", &["1"])],
            &["51"],
            &[],
            "9 Link",
        );
    }
}
