//! Problems of the customer mapping table (S12, A25): each with its row.

use std::collections::{BTreeMap, BTreeSet};

use super::problem;
use crate::contract::exports::halo::integration::connector::{Problem, Severity};
use crate::contract::halo::integration::records;
use crate::entity::company::{KIND, SITE, SPEC};
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, Page};
use crate::patience::insist;
use crate::settings::{Pair, Target};

fn wrong(index: usize, what: &str, code: &str, message: String) -> Problem {
    let path = format!("/companies/customers/{index}/{what}");
    problem(&path, Severity::Error, code, message)
}

fn member(target: Target) -> &'static str {
    match target {
        Target::Customer(_) => "customer",
        Target::Site(_) => "site",
    }
}

/// Companies, customers and sites that the table names twice.
pub(super) fn repeated(pairs: &[Pair]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut by_company = BTreeMap::new();
    let mut by_target = BTreeMap::new();
    for (index, pair) in pairs.iter().enumerate() {
        if !objects::is_id(&pair.company) {
            let message = format!(
                "{:?} is no id of a HubSpot company; it has digits only.",
                pair.company
            );
            problems.push(wrong(index, "company", "invalid", message));
        }
        if let Some(first) = by_company.insert(&pair.company, index) {
            let message = format!(
                "Company {} is already in row {first}; remove one of them.",
                pair.company
            );
            problems.push(wrong(index, "company", "mapped-twice", message));
        }
        for target in pair.targets() {
            if let Some(first) = by_target.insert(target, index) {
                let message =
                    format!("The {target} is already in row {first}; remove one of them.");
                problems.push(wrong(index, member(target), "mapped-twice", message));
            }
        }
    }
    problems
}

/// Customers and sites that Halo does not have.
pub(super) fn missing_records(pairs: &[Pair]) -> Result<Vec<Problem>, Failure> {
    const BATCH: usize = 1_000;
    let mut problems = Vec::new();
    for kind in [KIND, SITE] {
        let named: Vec<(usize, u64)> = pairs
            .iter()
            .enumerate()
            .filter_map(|(index, pair)| {
                let id = if kind == SITE {
                    pair.site
                } else {
                    pair.customer
                };
                Some((index, id?))
            })
            .collect();
        for named in named.chunks(BATCH) {
            let ids: Vec<u64> = named.iter().map(|(_, id)| *id).collect();
            for ((index, id), found) in named.iter().zip(insist(|| records::read(kind, &ids, &[]))?)
            {
                if found.is_none() {
                    let message = format!("Halo has no {kind} {id}. Correct or remove the row.");
                    problems.push(wrong(*index, kind, "not-found", message));
                }
            }
        }
    }
    Ok(problems)
}

/// Companies that HubSpot does not have.
pub(super) fn missing_companies(
    client: &mut Client,
    pairs: &[Pair],
) -> Result<Vec<Problem>, Trouble> {
    let mut ids: Vec<String> = pairs.iter().map(|pair| pair.company.clone()).collect();
    ids.retain(|id| objects::is_id(id));
    ids.sort();
    ids.dedup();
    let mut gone = BTreeSet::new();
    for ids in ids.chunks(objects::BATCH_LIMIT) {
        let call = objects::batch_read(client.version(), SPEC.objects, &["name"], ids);
        let page: Page = client.read(call)?;
        let unanswered = page.unanswered(ids).into_iter();
        gone.extend(
            unanswered
                .filter(|unanswered| unanswered.refused.is_none())
                .map(|unanswered| unanswered.id),
        );
    }
    Ok(pairs
        .iter()
        .enumerate()
        .filter(|(_, pair)| gone.contains(&pair.company))
        .map(|(index, pair)| {
            let message = format!(
                "HubSpot has no company {}; it may have been deleted or merged. Correct or remove the row.",
                pair.company
            );
            wrong(index, "company", "not-found", message)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&str, Option<u64>, Option<u64>)]) -> Vec<(String, String)> {
        let pairs: Vec<Pair> = pairs
            .iter()
            .map(|(company, customer, site)| Pair {
                company: (*company).to_owned(),
                customer: *customer,
                site: *site,
            })
            .collect();
        let problems = repeated(&pairs).into_iter();
        problems
            .map(|problem| {
                let path = problem.path.strip_prefix("/companies/customers/").unwrap();
                (path.to_owned(), problem.code)
            })
            .collect()
    }

    #[test]
    fn s12_pairs_that_are_named_twice_are_found() {
        let found = told(&[
            ("1", Some(7), None),
            ("1", Some(8), None),
            ("2", Some(7), None),
            ("acme", Some(9), None),
        ]);
        let expected = [
            ("1/company", "mapped-twice"),
            ("2/customer", "mapped-twice"),
            ("3/company", "invalid"),
        ];
        assert_eq!(
            found,
            expected.map(|(path, code)| (path.to_owned(), code.to_owned()))
        );
    }

    #[test]
    fn a25_a_site_twice_and_a_company_that_is_site_and_customer_are_found() {
        let found = told(&[
            ("1", None, Some(12)),
            // Another record of the same number.
            ("2", Some(12), None),
            ("3", None, Some(12)),
            ("1", Some(8), None),
        ]);
        let expected = [("2/site", "mapped-twice"), ("3/company", "mapped-twice")];
        assert_eq!(
            found,
            expected.map(|(path, code)| (path.to_owned(), code.to_owned()))
        );
    }

    #[test]
    fn ten_thousand_pairs_are_compared_in_no_time() {
        let mut pairs: Vec<Pair> = (0..10_000)
            .map(|n: u64| Pair {
                company: n.to_string(),
                customer: n.is_multiple_of(2).then_some(n),
                site: (!n.is_multiple_of(2)).then_some(n),
            })
            .collect();
        assert!(repeated(&pairs).is_empty());
        pairs.push(pairs[9_999].clone());
        let begun = std::time::Instant::now();
        assert_eq!(repeated(&pairs).len(), 2);
        // Quadratic work would take minutes here.
        assert!(begun.elapsed().as_secs() < 2);
    }
}
