//! What is known of the sites of a page's companies.

use std::collections::{BTreeMap, BTreeSet};

use super::intent::Intent;
use super::memory::BATCH;
use super::page::Desk;
use super::plan::company::Rules;
use super::plan::site::{Sites, first_of};
use crate::contract::halo::integration::records::{self, Stored};
use crate::entity::Place;
use crate::entity::company::{self, SITE, SITE_CUSTOMER};
use crate::field::fold;
use crate::hubspot::client::Trouble;
use crate::hubspot::objects::Object;
use crate::matching::Candidates;
use crate::patience::insist;
use crate::settings::Target;

/// The fields of sites that are compared.
pub fn wanted(rules: &Rules<'_>) -> Vec<String> {
    let fields = rules.fields_of(&[Place::Site, Place::MappedSite]);
    let fields = fields.iter().map(|mapped| mapped.field.as_str());
    [SITE_CUSTOMER, company::INACTIVE]
        .into_iter()
        .chain(fields)
        .map(str::to_owned)
        .collect()
}

/// Looks up where the keys of these companies lead, and the first site of customers
/// of whom none is known by a key: where an address is to be brought, where the key
/// leads to the site of somebody else, and where a call that was to make the customer
/// came to no end (it may have left it without its first site).
pub fn look_up(
    desk: &Desk<'_>,
    rules: &Rules<'_>,
    objects: &[&Object],
    candidates: &Candidates,
    intents: &BTreeMap<String, Intent>,
) -> Result<Sites, Trouble> {
    let wanted = wanted(rules);
    let ids: Vec<&str> = objects.iter().flat_map(|object| object.ids()).collect();
    let mut sites = Sites::default();
    for ids in ids.chunks(BATCH) {
        let keys: Vec<String> = ids.iter().map(|id| desk.key(id)).collect();
        for (id, site) in ids
            .iter()
            .zip(insist(|| records::resolve(SITE, &keys, &wanted))?)
        {
            if let Some(site) = site {
                sites.linked.insert((*id).to_owned(), site);
            }
        }
    }
    let customers: BTreeSet<u64> = objects
        .iter()
        .filter(|object| {
            rules.settings.address
                || intents.get(&object.id).is_some_and(|intent| intent.creates)
                || sites.linked.contains_key(&object.id)
        })
        .flat_map(|object| customers_of(rules, object, candidates, &sites))
        .collect();
    sites.first = first(rules, &customers, &wanted)?;
    Ok(sites)
}

/// Customers that a company may become and of whom no site is known by its key.
fn customers_of(
    rules: &Rules<'_>,
    object: &Object,
    candidates: &Candidates,
    sites: &Sites,
) -> Vec<u64> {
    let ids = object.ids();
    let mut customers: Vec<u64> = ids
        .iter()
        .filter_map(|id| candidates.linked.get(*id))
        .map(|record| record.id)
        .collect();
    let is_bound = sites.linked.contains_key(&object.id);
    if rules.settings.address || is_bound {
        let targets = ids.iter().filter_map(|id| rules.table.targets(id));
        customers.extend(targets.flatten().filter_map(|target| match target {
            Target::Customer(id) => Some(id),
            Target::Site(_) => None,
        }));
        let named = company::title(object).and_then(|title| candidates.named.get(&fold(title)));
        customers.extend(named.into_iter().flatten().map(|record| record.id));
    }
    customers.retain(|customer| sites.of(object, *customer).is_none());
    customers
}

fn first(
    rules: &Rules<'_>,
    customers: &BTreeSet<u64>,
    wanted: &[String],
) -> Result<BTreeMap<u64, Option<Stored>>, Trouble> {
    let customers: Vec<u64> = customers.iter().copied().collect();
    let mut found: BTreeMap<u64, Vec<Stored>> =
        customers.iter().map(|id| (*id, Vec::new())).collect();
    for customers in customers.chunks(BATCH) {
        let ids: Vec<String> = customers.iter().map(u64::to_string).collect();
        for candidate in insist(|| records::find(SITE, SITE_CUSTOMER, &ids, wanted))? {
            // The host may answer too many; what counts is whose a site is.
            let customer = company::customer_of(&candidate.record);
            if let Some(sites) = customer.and_then(|id| found.get_mut(&id)) {
                sites.push(candidate.record);
            }
        }
    }
    Ok(found
        .into_iter()
        .map(|(customer, sites)| (customer, first_of(sites, rules)))
        .collect())
}
