//! What is looked up for a page of companies.

use std::collections::{BTreeMap, BTreeSet};

use super::claims;
use super::evidence::{self, CUSTOMER_FIELDS, Company, DOMAIN, Suggestion};
use super::people::{self, Shared};
use super::pool::Pool;
use super::{domain, name};
use crate::contract::halo::integration::records::{self, Stored};
use crate::entity::company::{self, KIND, SITE, SITE_CUSTOMER};
use crate::failure::Failure;
use crate::field::fold;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::Object;
use crate::matching::{self, By, Candidates, Match, Table, text_of};
use crate::patience::insist;
use crate::settings::{Settings, Target};
use crate::sync::contacts::customers_of;
use crate::sync::keys;
use crate::sync::memory::BATCH;
use crate::sync::opt_out::OptOut;

/// A search for likely rows.
pub struct Search<'a> {
    settings: &'a Settings,
    table: Table<'a>,
    prefix: &'a str,
    opt_out: OptOut,
    wanted: Vec<String>,
}

impl<'a> Search<'a> {
    /// Under these settings; `prefix` goes before ids in external keys.
    pub fn new(settings: &'a Settings, prefix: &'a str) -> Result<Search<'a>, Failure> {
        let opt_out = OptOut::new(&settings.opt_out, KIND)?;
        let wanted = CUSTOMER_FIELDS.iter().map(|name| (*name).to_owned());
        Ok(Search {
            settings,
            table: Table::new(&settings.companies.customers),
            prefix,
            wanted: wanted.chain(opt_out.field.clone()).collect(),
            opt_out,
        })
    }

    /// The properties of companies that are asked for.
    pub fn properties(&self) -> Vec<&str> {
        let mut properties = company::PROPERTIES.to_vec();
        properties.extend(self.opt_out.property.as_deref());
        properties
    }

    /// The suggestions for a page of companies.
    pub fn page(
        &self,
        client: &mut Client,
        objects: &[Object],
    ) -> Result<Vec<Suggestion>, Trouble> {
        let mut open = self.without_a_row(objects)?;
        let mut pool = Pool::default();
        let titles = open.iter().filter_map(|object| company::title(object));
        let spellings: BTreeSet<String> = titles.flat_map(name::spellings).collect();
        self.find(&mut pool, company::NAME, spellings)?;
        let named = pool.named();
        let mut taken = BTreeSet::new();
        open.retain(|object| match self.pairs_by_itself(object, &named) {
            Some(customer) => {
                taken.insert(customer);
                false
            }
            None => true,
        });

        let mut companies: Vec<Company> = open.iter().map(|object| Company::of(object)).collect();
        let domains = companies.iter().filter_map(|one| one.domain.as_deref());
        let domains = domains.flat_map(domain::spellings).collect();
        self.find(&mut pool, DOMAIN, domains)?;
        for company in &mut companies {
            let own = company.domain.take();
            company.domain = own.filter(|domain| !pool.is_common(domain));
        }
        let shared = people::shared(client, &companies, self.settings.contacts.default_site)?;
        self.read(&mut pool, &shared)?;
        pool.retain(|customer| {
            self.is_free(Target::Customer(customer.id), customer) && !taken.contains(&customer.id)
        });

        let best = |company: &Company| {
            evidence::best(company, pool.candidates(company, shared.get(&company.id)))
        };
        let mut suggestions: Vec<Suggestion> = companies.iter().flat_map(best).collect();
        let claimed = self.claimed(client, objects, &suggestions)?;
        suggestions.retain(|one| !claimed.contains(&fold(one.name())));
        let with: BTreeSet<&str> = suggestions.iter().map(Suggestion::company).collect();
        companies.retain(|company| !with.contains(company.id.as_str()));
        suggestions.extend(self.sites(&companies)?);
        Ok(suggestions)
    }

    /// Folded: the names of suggested customers that an import gives to companies of other
    /// pages, which bear them.
    fn claimed(
        &self,
        client: &mut Client,
        page: &[Object],
        suggestions: &[Suggestion],
    ) -> Result<BTreeSet<String>, Trouble> {
        let names: BTreeSet<&str> = suggestions.iter().map(Suggestion::name).collect();
        let mut found = claims::called(client, &names, &self.properties())?;
        // HubSpot's search may be behind its list, and find more than was asked for.
        let own: BTreeSet<&str> = page.iter().map(|object| object.id.as_str()).collect();
        let folded: BTreeSet<String> = names.into_iter().map(fold).collect();
        let title = |object: &Object| company::title(object).map(fold);
        found.retain(|object| {
            !own.contains(object.id.as_str())
                && title(object).is_some_and(|title| folded.contains(&title))
        });
        let open = self.without_a_row(&found)?;
        let titles: BTreeSet<String> = open.iter().filter_map(|object| title(object)).collect();
        // Where two customers have the name, an import gives it to nobody.
        let mut pool = Pool::default();
        self.find(&mut pool, company::NAME, titles)?;
        let named = pool.named();
        let claiming =
            { open.iter() }.filter(|object| self.pairs_by_itself(object, &named).is_some());
        Ok(claiming.filter_map(|object| title(object)).collect())
    }

    /// Companies that an import would take and of which neither the table nor a link says
    /// what they are.
    fn without_a_row<'b>(&self, objects: &'b [Object]) -> Result<Vec<&'b Object>, Trouble> {
        let mut open: Vec<&Object> = objects
            .iter()
            .filter(|object| company::is_included(&self.settings.companies, object))
            .filter(|object| self.opt_out.object(company::SPEC.one, object).is_none())
            .filter(|object| {
                object
                    .ids()
                    .iter()
                    .all(|id| self.table.targets(id).is_none())
            })
            .collect();
        let ids: Vec<&str> = open.iter().flat_map(|object| object.ids()).collect();
        let mut linked: BTreeSet<&str> = BTreeSet::new();
        for ids in ids.chunks(BATCH) {
            let keys: Vec<String> = { ids.iter() }
                .map(|id| format!("{}{id}", self.prefix))
                .collect();
            for kind in [KIND, SITE] {
                let found = insist(|| records::resolve(kind, &keys, &[]))?;
                let found = ids.iter().zip(found).filter(|(_, found)| found.is_some());
                linked.extend(found.map(|(id, _)| *id));
            }
        }
        open.retain(|object| !object.ids().iter().any(|id| linked.contains(id)));
        Ok(open)
    }

    /// The customer that an import finds without a row, by its name.
    fn pairs_by_itself(&self, object: &Object, named: &Candidates) -> Option<u64> {
        let title = company::title(object).unwrap_or_default();
        let found = matching::find(&object.ids(), title, &self.table, named);
        match found {
            Match::Is(customer, By::Name) => Some(customer.id),
            _ => None,
        }
    }

    /// Adds the customers whose field has one of these values, whichever the host answers.
    fn find(&self, pool: &mut Pool, field: &str, values: BTreeSet<String>) -> Result<(), Trouble> {
        let values: Vec<String> = values.into_iter().collect();
        for values in values.chunks(BATCH) {
            for found in insist(|| records::find(KIND, field, values, &self.wanted))? {
                pool.add(self.own(found.record));
            }
        }
        Ok(())
    }

    /// Adds the customers of these users.
    fn read(&self, pool: &mut Pool, shared: &BTreeMap<String, Shared>) -> Result<(), Trouble> {
        let ids: BTreeSet<u64> = shared.values().flat_map(|of| of.keys().copied()).collect();
        let unknown = ids.iter().filter(|id| !pool.has(**id));
        let ids: Vec<u64> = unknown.copied().collect();
        for ids in ids.chunks(BATCH) {
            let found = insist(|| records::read(KIND, ids, &self.wanted))?;
            for customer in found.into_iter().flatten() {
                pool.add(self.own(customer));
            }
        }
        Ok(())
    }

    /// With the keys of this account only, as HubSpot's ids.
    fn own(&self, mut record: Stored) -> Stored {
        let own = keys::own_ids(self.prefix, &record.keys);
        record.keys = own.map(str::to_owned).collect();
        record
    }

    /// Whether no company has a record, and nobody wants it left alone.
    fn is_free(&self, target: Target, record: &Stored) -> bool {
        record.keys.is_empty()
            && self.table.other_owner(target, &[]).is_none()
            && self.opt_out.record(KIND, record).is_none()
    }

    /// Sites for companies that are like no customer (A25).
    fn sites(&self, companies: &[Company]) -> Result<Vec<Suggestion>, Trouble> {
        let titles = companies.iter().filter(|one| one.stem.is_some());
        let values: BTreeSet<String> = titles
            .flat_map(|one| name::spellings_without_forms(&one.title))
            .collect();
        let values: Vec<String> = values.into_iter().collect();
        let wanted = [company::NAME, SITE_CUSTOMER, company::INACTIVE].map(str::to_owned);
        let mut sites: BTreeMap<u64, Stored> = BTreeMap::new();
        for values in values.chunks(BATCH) {
            for found in insist(|| records::find(SITE, company::NAME, values, &wanted))? {
                if text_of(&found.record, company::INACTIVE) != Some("true") {
                    sites.insert(found.record.id, self.own(found.record));
                }
            }
        }
        let mut by_stem: BTreeMap<String, Vec<&Stored>> = BTreeMap::new();
        for site in sites.values() {
            let stem = text_of(site, company::NAME).and_then(name::stem);
            by_stem
                .entry(stem.unwrap_or_default())
                .or_default()
                .push(site);
        }
        let only = |company: &Company| match by_stem.get(company.stem.as_ref()?)?.as_slice() {
            [site] if self.is_free(Target::Site(site.id), site) => Some(*site),
            _ => None,
        };
        let found: Vec<(&Company, &Stored)> = companies
            .iter()
            .filter_map(|company| Some((company, only(company)?)))
            .collect();
        let names = customer_names(found.iter().map(|(_, site)| site.id).collect())?;
        Ok(found
            .into_iter()
            .filter_map(|(company, site)| evidence::site(company, site, names.get(&site.id)?))
            .collect())
    }
}

/// By site: what people call its customer.
fn customer_names(sites: BTreeSet<u64>) -> Result<BTreeMap<u64, String>, Trouble> {
    let customers = customers_of(sites)?;
    let ids: BTreeSet<u64> = customers.values().copied().collect();
    let ids: Vec<u64> = ids.into_iter().collect();
    let mut names: BTreeMap<u64, String> = BTreeMap::new();
    for ids in ids.chunks(BATCH) {
        let found = insist(|| records::read(KIND, ids, &[company::NAME.to_owned()]))?;
        for customer in found.into_iter().flatten() {
            let name = text_of(&customer, company::NAME).unwrap_or_default();
            names.insert(customer.id, name.to_owned());
        }
    }
    Ok(customers
        .into_iter()
        .filter_map(|(site, customer)| Some((site, names.get(&customer)?.clone())))
        .collect())
}
