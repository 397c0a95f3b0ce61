//! Which record, case by case.

use super::*;
use crate::contract::halo::integration::types::Field;
use crate::settings::Pair;

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
