//! Which Halo record a HubSpot object is: by the mapping table, by its link, by a
//! record that it was merged from, or by name; else a new one. Nothing is guessed:
//! where two records could be meant, the row stops and names both.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::Value;
use crate::failure::Failure;
use crate::field::fold;
use crate::settings::{Pair, Target};

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

/// The customer mapping table, by both of its sides.
#[derive(Debug, Default)]
pub struct Table<'a> {
    by_company: BTreeMap<&'a str, Vec<Target>>,
    by_target: BTreeMap<Target, Vec<&'a str>>,
}

impl<'a> Table<'a> {
    /// Of the settings.
    pub fn new(pairs: &'a [Pair]) -> Table<'a> {
        let mut table = Table::default();
        for pair in pairs {
            let company = table.by_company.entry(&pair.company).or_default();
            company.extend(pair.targets());
            for target in pair.targets() {
                table
                    .by_target
                    .entry(target)
                    .or_default()
                    .push(&pair.company);
            }
        }
        table
    }

    /// What it says that a company is; nothing for one that it does not name.
    pub fn targets(&self, company: &str) -> Option<&[Target]> {
        self.by_company.get(company).map(Vec::as_slice)
    }

    /// Another company than these that it gives this record to.
    pub fn other_owner(&self, target: Target, ids: &[&str]) -> Option<&'a str> {
        let owners = self.by_target.get(&target)?;
        owners.iter().find(|owner| !ids.contains(owner)).copied()
    }

    /// Whether it makes this company a site.
    pub fn is_site(&self, company: &str) -> bool {
        let targets = self.targets(company).unwrap_or_default();
        matches!(targets, [Target::Site(_), ..])
    }

    /// Whether it gives this company another customer than this one. One that it
    /// makes a site keeps the customer that it was, to fall back to.
    fn maps_elsewhere(&self, company: &str, customer: u64) -> bool {
        let targets = self.targets(company).unwrap_or_default();
        let is_mapped = matches!(targets, [Target::Customer(_), ..]);
        is_mapped && !targets.contains(&Target::Customer(customer))
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

    /// Company 1 " acme ", with ids that were merged into it and the table's pairs:
    /// `7 Name`, `new`, or the code of the failure.
    fn check(customers: &[Stored], merged: &[&str], pairs: &[(&str, u64)], expected: &str) {
        check_gone(customers, merged, pairs, &[], expected);
    }

    fn check_gone(
        customers: &[Stored],
        merged: &[&str],
        pairs: &[(&str, u64)],
        gone: &[&str],
        expected: &str,
    ) {
        let pairs: Vec<Pair> = pairs
            .iter()
            .map(|(company, id)| pair(company, Some(*id), None))
            .collect();
        check_pairs(customers, merged, &pairs, gone, expected);
    }

    fn pair(company: &str, customer: Option<u64>, site: Option<u64>) -> Pair {
        Pair {
            company: company.to_owned(),
            customer,
            site,
        }
    }

    /// The same with pairs of all kinds; Halo has the sites 12 and 13.
    fn check_pairs(
        customers: &[Stored],
        merged: &[&str],
        pairs: &[Pair],
        gone: &[&str],
        expected: &str,
    ) {
        let mut candidates = known(customers);
        candidates.gone = gone.iter().map(|id| (*id).to_owned()).collect();
        for id in [12, 13] {
            candidates.sites.insert(id, customer(id, "Main", &["3"]));
        }
        let ids: Vec<&str> = ["1"].iter().chain(merged).copied().collect();
        let found = match find(&ids, " acme ", &Table::new(pairs), &candidates) {
            Match::Is(record, by) => format!("{} {by:?}", record.id),
            Match::Site(record) => format!("site {}", record.id),
            Match::New => "new".to_owned(),
            Match::Stop(failure) => failure.code,
        };
        assert_eq!(found, expected, "{customers:?} {merged:?} {pairs:?}");
    }

    #[test]
    fn s10_s11_the_table_beats_link_and_name() {
        let pair = &[("1", 7)];
        check(
            &[customer(7, "Zenith", &[]), customer(8, "Acme", &[])],
            &[],
            pair,
            "7 Table",
        );
        check(
            &[customer(7, "Zenith", &[]), customer(8, "Acme", &["1"])],
            &[],
            pair,
            "7 Table",
        );
    }

    #[test]
    fn s11_a_customer_of_the_table_is_kept_for_its_own_company() {
        check(
            &[customer(7, "Acme", &[])],
            &[],
            &[("20", 7)],
            "mapped-to-another",
        );
        check(
            &[customer(7, "Old", &["51"])],
            &["51"],
            &[("20", 7)],
            "mapped-to-another",
        );
    }

    #[test]
    fn s12_wrong_pairs_stop_the_row() {
        check(&[], &[], &[("1", 7)], "not-found");
        check(
            &[customer(7, "Acme", &[])],
            &[],
            &[("1", 7), ("1", 8)],
            "mapped-twice",
        );
        check(
            &[customer(7, "Acme", &[])],
            &[],
            &[("1", 7), ("2", 7)],
            "mapped-twice",
        );
        check(
            &[customer(7, "Zenith", &["2"])],
            &[],
            &[("1", 7)],
            "already-linked",
        );
        check(
            &[customer(7, "Zenith", &["1"])],
            &[],
            &[("1", 7)],
            "7 Table",
        );
    }

    #[test]
    fn a25_a_pair_may_name_a_site_which_beats_link_and_name() {
        let customers = [customer(8, "Acme", &["1"])];
        let site = |company, id| pair(company, None, Some(id));
        let check = |merged: &[&str], pairs: &[Pair], expected| {
            check_pairs(&customers, merged, pairs, &[], expected);
        };
        check(&[], &[site("1", 12)], "site 12");
        // Of the same number, and another record.
        check(&[], &[site("1", 12), pair("2", Some(12), None)], "site 12");
        check(&["51"], &[site("51", 12)], "site 12");
        check(&[], &[site("1", 12), site("2", 13)], "site 12");
        check(&[], &[site("1", 99)], "not-found");
        check(&[], &[site("1", 12), site("2", 12)], "mapped-twice");
        check(&[], &[site("1", 12), site("1", 13)], "mapped-twice");
        check(
            &[],
            &[site("1", 12), pair("1", Some(8), None)],
            "mapped-twice",
        );
        check(&[], &[pair("1", Some(8), Some(12))], "mapped-twice");
        check(
            &["51"],
            &[site("51", 12), pair("1", Some(8), None)],
            "mapped-twice",
        );
        check(&[], &[pair("1", None, None)], "invalid");
    }

    #[test]
    fn a25_a_company_that_is_a_site_now_keeps_its_customer_from_others() {
        let linked = [customer(8, "Acme", &["2"])];
        let is_site = pair("2", None, Some(12));
        let pairs = [is_site, pair("1", Some(8), None)];
        check_pairs(&linked, &[], &pairs[..1], &[], "already-linked");
        // Until the table says otherwise; then the other one cannot come back.
        check_pairs(&linked, &[], &pairs, &[], "8 Table");
        let both = [customer(8, "Acme", &["1", "2"])];
        check(&both, &[], &[("2", 8)], "already-linked");
        check(&both, &[], &[("1", 8)], "8 Table");
    }

    #[test]
    fn two_pairs_can_change_places() {
        let swapped = [customer(7, "Zenith", &["2"]), customer(8, "Bolt", &["1"])];
        check(&swapped, &[], &[("1", 7), ("2", 8)], "7 Table");
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
        // The table takes the other company elsewhere, so the name is free again.
        check(&[customer(8, "Acme", &["2"])], &[], &[("2", 9)], "8 Name");
    }

    #[test]
    fn a_customer_of_a_deleted_company_is_free_until_that_one_is_back() {
        let left = [customer(8, "Acme", &["2"])];
        check_gone(&left, &[], &[], &["2"], "8 Name");
        check_gone(&left, &[], &[("1", 8)], &["2"], "8 Table");
        // 1 was gone and is back: 2 has its customer now.
        let both = [customer(8, "Acme", &["1", "2"])];
        check_gone(&both, &[], &[], &["1"], "already-linked");
        check_gone(&both, &[], &[], &["1", "2"], "8 Link");
        check_gone(&both, &[], &[("2", 9)], &["1"], "8 Link");
        check_gone(&[customer(8, "Acme", &["1"])], &[], &[], &["1"], "8 Link");
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
        let two = [customer(8, "Old", &["51"]), customer(9, "Other", &["52"])];
        check(&two, &["51", "52"], &[], "ambiguous");
        // As its message says: map one of them.
        check(&two, &["51", "52"], &[("1", 8)], "8 Table");
        check(
            &[customer(8, "Old", &["51"]), customer(9, "Other", &["1"])],
            &["51"],
            &[],
            "9 Link",
        );
    }

    #[test]
    fn a_pair_goes_with_its_company_into_a_merge() {
        check(
            &[customer(8, "Old", &[])],
            &["51", "52"],
            &[("51", 8)],
            "8 Table",
        );
        check(
            &[customer(8, "Old", &[])],
            &["51", "52"],
            &[("51", 8), ("52", 9)],
            "mapped-twice",
        );
    }
}
