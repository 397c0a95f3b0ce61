//! Which Halo record a HubSpot object is: by the mapping table, by its link, by a
//! record that it was merged from, or by name; else a new one. Nothing is guessed:
//! where two records could be meant, the row stops and names both.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::{RecordRef, Value};
use crate::failure::Failure;
use crate::field::fold;
use crate::settings::Target;

mod table;

pub use table::Table;

/// What is known about the candidates of a page.
#[derive(Debug, Default)]
pub struct Candidates {
    /// By HubSpot id: the records that are linked.
    pub linked: BTreeMap<String, Stored>,
    /// By Halo id: the records of the mapping table that exist.
    pub tabled: BTreeMap<u64, Stored>,
    /// By Halo id: the sites of the mapping table that exist.
    pub sites: BTreeMap<u64, Stored>,
    /// By folded name.
    pub named: BTreeMap<String, Vec<Stored>>,
    /// HubSpot ids that are linked and that HubSpot does not have any more, or did
    /// not have until now. Their link holds no other object off.
    pub gone: BTreeSet<String>,
}

impl Candidates {
    /// Every record.
    pub fn records(&self) -> impl Iterator<Item = &Stored> {
        self.linked
            .values()
            .chain(self.tabled.values())
            .chain(self.named.values().flatten())
    }
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
    /// No customer: this site, by the mapping table (A25).
    Site(&'a Stored),
    /// None yet.
    New,
    /// A person must decide.
    Stop(Failure),
}

/// Finds the record of an object that is called `name`. `ids` are its own id and
/// then those that were merged into it.
pub fn find<'a>(
    ids: &[&str],
    name: &str,
    table: &Table<'_>,
    candidates: &'a Candidates,
) -> Match<'a> {
    let pairs: Vec<&[Target]> = ids.iter().filter_map(|id| table.targets(id)).collect();
    let mut targets = pairs.concat();
    targets.sort_unstable();
    targets.dedup();
    match targets.as_slice() {
        [] if pairs.is_empty() => {}
        [] => {
            return stop(
                "invalid",
                "The customer mapping table names this company with neither a customer nor a site. Correct or remove the row.".to_owned(),
            );
        }
        [target] => return by_table(ids, *target, table, candidates),
        [first, second, ..] => {
            return stop(
                "mapped-twice",
                format!(
                    "The customer mapping table names this company twice, for {first} and {second}. Remove one of them."
                ),
            );
        }
    }
    let Some((own, merged)) = ids.split_first() else {
        return Match::New;
    };
    if let Some(record) = candidates.linked.get(*own) {
        // Back after it was gone, or after it was a site: another one may have taken its
        // place meanwhile.
        let owner = table.other_owner(Target::Customer(record.id), ids);
        return match rival(record, ids, table, candidates) {
            Some(other) if candidates.gone.contains(*own) || owner == Some(other) => {
                Match::Stop(already_linked(record, other))
            }
            _ => Match::Is(record, By::Link),
        };
    }
    let mut heirs: Vec<&Stored> = merged
        .iter()
        .filter_map(|id| candidates.linked.get(*id))
        .collect();
    heirs.sort_by_key(|record| record.id);
    heirs.dedup_by_key(|record| record.id);
    match heirs.as_slice() {
        [] => by_name(ids, name, table, candidates),
        [record] => unless_reserved(record, By::Merge, ids, table),
        [first, second, ..] => stop(
            "ambiguous",
            format!(
                "Companies that were merged in HubSpot are linked to customers {} and {}. Merge those in Halo, or map one of them in the customer mapping table.",
                first.id, second.id
            ),
        ),
    }
}

fn stop<'a>(code: &str, message: String) -> Match<'a> {
    Match::Stop(Failure::new(code, message))
}

fn by_table<'a>(
    ids: &[&str],
    target: Target,
    table: &Table<'_>,
    candidates: &'a Candidates,
) -> Match<'a> {
    if let Some(other) = table.other_owner(target, ids) {
        return stop(
            "mapped-twice",
            format!(
                "The customer mapping table names {target} for several companies, company {other} among them. Remove all rows but one."
            ),
        );
    }
    let record = match target {
        Target::Customer(id) => candidates.tabled.get(&id),
        Target::Site(id) => candidates.sites.get(&id),
    };
    match (target, record) {
        (_, None) => stop(
            "not-found",
            format!(
                "The customer mapping table names {target}, which does not exist. Correct or remove the row."
            ),
        ),
        // Unlike a customer, a site may be several companies': the one that its
        // customer is, and this one.
        (Target::Site(_), Some(site)) => Match::Site(site),
        (Target::Customer(_), Some(record)) => {
            // What a company that became a site has left behind may be given away.
            let left = record.keys.iter().map(String::as_str);
            let left = left.filter(|key| table.is_site(key));
            let ids: Vec<&str> = ids.iter().copied().chain(left).collect();
            match rival(record, &ids, table, candidates) {
                // Linked already: the other one is what has come back.
                Some(other) if !record.keys.iter().any(|key| key == ids[0]) => {
                    Match::Stop(already_linked(record, other))
                }
                _ => Match::Is(record, By::Table),
            }
        }
    }
}

fn by_name<'a>(
    ids: &[&str],
    name: &str,
    table: &Table<'_>,
    candidates: &'a Candidates,
) -> Match<'a> {
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
        [record] => match rival(record, ids, table, candidates) {
            None => unless_reserved(record, By::Name, ids, table),
            Some(other) => Match::Stop(already_linked(record, other)),
        },
        [first, second, ..] => stop(
            "ambiguous",
            format!(
                "{} customers are called {name:?}, among them {} and {}. Name the right one in the customer mapping table.",
                same.len(),
                first.id,
                second.id
            ),
        ),
    }
}

/// The table keeps a customer for its own company, whoever comes first.
fn unless_reserved<'a>(record: &'a Stored, by: By, ids: &[&str], table: &Table<'_>) -> Match<'a> {
    match table.other_owner(Target::Customer(record.id), ids) {
        None => Match::Is(record, by),
        Some(owner) => stop(
            "mapped-to-another",
            format!(
                "Customer {} would be this company's, but the customer mapping table gives it to company {owner}. Map this company to a customer of its own, or correct that row.",
                record.id
            ),
        ),
    }
}

/// Another object that this record is linked to and stays linked to.
fn rival<'a>(
    record: &'a Stored,
    ids: &[&str],
    table: &Table<'_>,
    candidates: &Candidates,
) -> Option<&'a str> {
    record.keys.iter().map(String::as_str).find(|key| {
        !ids.contains(key)
            && !table.maps_elsewhere(key, record.id)
            && !candidates.gone.contains(*key)
    })
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

/// The record that a field of a record refers to.
pub fn reference_of(record: &Stored, field: &str) -> Option<u64> {
    match value_of(record, field) {
        Value::Reference(RecordRef::Id(id)) => Some(*id),
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
mod tests;
