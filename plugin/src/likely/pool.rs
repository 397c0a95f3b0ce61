//! The customers that may be suggested for a page of companies.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Company, DOMAIN};
use super::people::Shared;
use super::{domain, name};
use crate::contract::halo::integration::records::Stored;
use crate::entity::company;
use crate::field::fold;
use crate::matching::{Candidates, text_of};

/// A domain that more customers have is a group's, a marketplace's or a host's that
/// nobody listed: a company's own is its customer's, and that of a few branches.
const MOST_OF_A_DOMAIN: usize = 3;

/// Customers by id, and how they are found.
#[derive(Default)]
pub struct Pool {
    customers: BTreeMap<u64, Stored>,
    by_stem: BTreeMap<String, BTreeSet<u64>>,
    by_domain: BTreeMap<String, BTreeSet<u64>>,
}

impl Pool {
    /// Adds one.
    pub fn add(&mut self, customer: Stored) {
        let (id, own) = (customer.id, |field| text_of(&customer, field));
        if let Some(stem) = own(company::NAME).and_then(name::stem) {
            self.by_stem.entry(stem).or_default().insert(id);
        }
        if let Some(domain) = own(DOMAIN).and_then(domain::domain) {
            self.by_domain.entry(domain).or_default().insert(id);
        }
        self.customers.insert(id, customer);
    }

    /// Whether it is there.
    pub fn has(&self, id: u64) -> bool {
        self.customers.contains_key(&id)
    }

    /// Keeps some.
    pub fn retain(&mut self, is_kept: impl Fn(&Stored) -> bool) {
        self.customers.retain(|_, customer| is_kept(customer));
    }

    /// Whether so many customers have a domain that it says nothing of any of them; those
    /// that were not kept have it, too.
    pub fn is_common(&self, domain: &str) -> bool {
        let having = self.by_domain.get(domain).map_or(0, BTreeSet::len);
        having > MOST_OF_A_DOMAIN
    }

    /// As an import looks at them.
    pub fn named(&self) -> Candidates {
        let mut candidates = Candidates::default();
        for customer in self.customers.values() {
            let name = text_of(customer, company::NAME).unwrap_or_default();
            let same = candidates.named.entry(fold(name)).or_default();
            same.push(customer.clone());
        }
        candidates
    }

    /// The customers for which something speaks, each with the addresses of people.
    pub fn candidates<'b>(
        &'b self,
        company: &Company,
        shared: Option<&'b Shared>,
    ) -> impl Iterator<Item = (&'b Stored, &'b [String])> {
        let of = |found: Option<&BTreeSet<u64>>| found.into_iter().flatten().copied().collect();
        let mut ids: BTreeSet<u64> = of(company
            .stem
            .as_ref()
            .and_then(|stem| self.by_stem.get(stem)));
        let by_domain = { company.domain.as_ref() }.and_then(|own| self.by_domain.get(own));
        ids.extend(by_domain.into_iter().flatten());
        ids.extend(shared.into_iter().flat_map(|of| of.keys()));
        ids.into_iter().filter_map(move |id| {
            let people = shared.and_then(|of| of.get(&id)).map(Vec::as_slice);
            Some((self.customers.get(&id)?, people.unwrap_or_default()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::halo::integration::types::{Field, Value};

    fn customer(id: u64, name: &str, domain: &str) -> Stored {
        let field = |name: &str, text: &str| Field {
            name: name.to_owned(),
            value: Value::Text(text.to_owned()),
        };
        Stored {
            id,
            revision: 1,
            fields: vec![field(company::NAME, name), field(DOMAIN, domain)],
            keys: Vec::new(),
        }
    }

    #[test]
    fn a_domain_of_more_than_three_customers_is_common_also_where_some_are_taken() {
        let mut pool = Pool::default();
        for id in 1..=3 {
            pool.add(customer(id, &format!("Branch {id}"), "group.example"));
            // One that comes twice is one.
            pool.add(customer(id, &format!("Branch {id}"), "group.example"));
        }
        pool.add(customer(9, "Other", "other.example"));
        assert!(!pool.is_common("group.example"));
        pool.add(customer(4, "Branch 4", "https://WWW.group.example/"));
        assert!(pool.is_common("group.example"));
        pool.retain(|customer| customer.id > 2);
        assert!(pool.is_common("group.example"));
        assert!(!pool.is_common("other.example"));
        assert!(!pool.is_common("nobody.example"));
    }
}
