//! What is looked up for a page of contacts: their users, their companies, and where
//! those companies' users sit.

use std::collections::{BTreeMap, BTreeSet};

use super::keys;
use super::memory::BATCH;
use super::page::{Desk, Import, Looked, PageOf};
use super::plan::contact::{Known, Rules, Spot, Taken, plan};
use crate::contract::halo::integration::records::{self, Row, RowOptions, Stored};
use crate::contract::halo::integration::types::{Attribute, Field, RecordRef, Value};
use crate::entity::company::{self, SITE_CUSTOMER};
use crate::entity::contact::{self, Company, EMAILS, KIND, SPEC};
use crate::entity::{self, Spec};
use crate::failure::Failure;
use crate::field::fold;
use crate::hubspot::associations::{self, Answer, Associated};
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::Object;
use crate::matching::{Table, reference_of, text_of};
use crate::patience::{self, insist};
use crate::settings::{Companies, Target};

/// The label of the association with the primary company, as lists name it.
const PRIMARY: &str = "contact_to_company";

/// An import of contacts.
pub struct Contacts<'a> {
    /// How.
    pub rules: Rules<'a>,
    /// How companies are imported.
    pub companies: &'a Companies,
    /// The customer mapping table.
    pub table: Table<'a>,
}

impl Import for Contacts<'_> {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn look(
        &self,
        desk: &Desk<'_>,
        client: &mut Client,
        page: PageOf<'_>,
    ) -> Result<Looked, Trouble> {
        let known = self.look_up(desk, client, page)?;
        let mut taken = Taken::default();
        let fates = page
            .objects
            .iter()
            .map(|object| plan(object, &self.rules, &known, &mut taken))
            .collect();
        Ok(Looked {
            linked: known.linked.into_keys().collect(),
            agreed: known.agreed,
            intents: known.intents,
            fates,
            ..Looked::default()
        })
    }

    fn title(&self, object: &Object) -> Option<String> {
        contact::title(object)
    }

    fn facets(&self, object: &Object) -> Vec<Attribute> {
        let email = contact::email(object).map(|email| Attribute {
            name: "email".to_owned(),
            value: email.to_owned(),
        });
        email.into_iter().collect()
    }
}

impl Contacts<'_> {
    fn look_up(
        &self,
        desk: &Desk<'_>,
        client: &mut Client,
        page: PageOf<'_>,
    ) -> Result<Known, Trouble> {
        let always = [contact::NAME, contact::SITE, company::INACTIVE];
        let wanted = entity::wanted(&[&always[..], &EMAILS].concat(), self.rules.fields);
        let ids: Vec<String> = page
            .objects
            .iter()
            .flat_map(Object::ids)
            .map(str::to_owned)
            .collect();
        let mut linked = desk.linked(KIND, &ids, &wanted)?;
        desk.made(page.objects, &mut linked, &wanted)?;
        let unlinked = page
            .objects
            .iter()
            .filter(|object| !object.ids().iter().any(|id| linked.contains_key(*id)));
        let by_email = by_email(desk, unlinked, &wanted)?;
        let companies = companies_of(client, page)?;
        let agreed = desk.agreed(page.objects, &linked, self.rules.fields)?;
        let intents = desk.remembered(&ids, keys::intent)?;
        let records = || linked.values().chain(by_email.values().flatten());
        let mut sites: BTreeSet<u64> = records()
            .filter_map(|record| reference_of(record, contact::SITE))
            .collect();
        sites.extend(self.rules.settings.default_site);
        let customers = customers_of(sites)?;
        let default = self.rules.settings.default_site.and_then(|site| {
            let customer = *customers.get(&site)?;
            Some(Spot { site, customer })
        });
        Ok(Known {
            spots: self.spots(desk, &companies)?,
            gone: desk.gone_ids(records(), &agreed)?,
            linked,
            by_email,
            customers,
            companies,
            default,
            agreed,
            intents,
        })
    }

    /// Where the users of these companies sit: at the site that the company's key leads
    /// to, else at the first site of its customer.
    fn spots(
        &self,
        desk: &Desk<'_>,
        companies: &BTreeMap<String, Company>,
    ) -> Result<BTreeMap<String, Result<Spot, Failure>>, Trouble> {
        let ids: BTreeSet<String> = companies
            .values()
            .filter_map(|company| match company {
                Company::One(id) => Some(id.clone()),
                _ => None,
            })
            .collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let sites = desk.linked(company::SITE, &ids, &[SITE_CUSTOMER.to_owned()])?;
        let customers = desk.linked(company::KIND, &ids, &[])?;
        let mut spots = BTreeMap::new();
        let mut without: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for id in ids {
            let site = sites.get(&id);
            let of_site = site.and_then(company::customer_of);
            let customer = customers.get(&id).map(|record| record.id);
            match (site, of_site, customer) {
                // The table makes it a site; whose customer it was before is no matter.
                (Some(site), Some(of_site), customer)
                    if self.table.is_site(&id) || customer.is_none_or(|own| own == of_site) =>
                {
                    let (site, customer) = (site.id, of_site);
                    spots.insert(id, Ok(Spot { site, customer }));
                }
                (_, _, Some(customer)) => without.entry(customer).or_default().push(id),
                _ => {}
            }
        }
        let is_free = |id: &String| !sites.contains_key(id);
        for (customer, site) in self.first_sites(desk, &without, &is_free)? {
            for id in without.get(&customer).into_iter().flatten() {
                let spot = site.clone().map(|site| Spot { site, customer });
                spots.insert(id.clone(), spot);
            }
        }
        Ok(spots)
    }

    /// The first site of each of these customers, by the companies that are them. One
    /// without any gets it: in Halo, users sit at sites. Where Halo refuses that, the
    /// contacts of that company stop, and no others. `is_free` says of a company that its
    /// key leads to no site.
    fn first_sites(
        &self,
        desk: &Desk<'_>,
        customers: &BTreeMap<u64, Vec<String>>,
        is_free: &dyn Fn(&String) -> bool,
    ) -> Result<BTreeMap<u64, Result<u64, Failure>>, Trouble> {
        let ids: Vec<u64> = customers.keys().copied().collect();
        let wanted = [SITE_CUSTOMER, company::INACTIVE].map(str::to_owned);
        let mut first: BTreeMap<u64, (bool, bool, u64)> = BTreeMap::new();
        for ids in ids.chunks(BATCH) {
            let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
            for found in insist(|| records::find(company::SITE, SITE_CUSTOMER, &ids, &wanted))? {
                let Some(customer) = company::customer_of(&found.record) else {
                    continue;
                };
                let id = found.record.id;
                let is_kept = self.table.other_owner(Target::Site(id), &[]).is_some();
                let is_inactive = text_of(&found.record, company::INACTIVE) == Some("true");
                let rank = (is_kept, is_inactive, id);
                first
                    .entry(customer)
                    .and_modify(|known| *known = rank.min(*known))
                    .or_insert(rank);
            }
        }
        let mut sites: BTreeMap<u64, Result<u64, Failure>> = first
            .into_iter()
            .filter(|(customer, _)| customers.contains_key(customer))
            .map(|(customer, (_, _, site))| (customer, Ok(site)))
            .collect();
        let missing: Vec<(u64, &String)> = customers
            .iter()
            .filter(|(customer, _)| !sites.contains_key(customer))
            .filter_map(|(customer, ids)| Some((*customer, ids.first()?)))
            .collect();
        let rows: Vec<Row> = missing
            .iter()
            .map(|(customer, id)| {
                let key = desk.key(id);
                // As an import of companies does: one whose key leads to another
                // customer's site has a key of its own.
                let key = if is_free(id) {
                    key
                } else {
                    format!("{key}/first")
                };
                self.first_site(*customer, key)
            })
            .collect();
        for (rows, missing) in rows.chunks(BATCH).zip(missing.chunks(BATCH)) {
            // Each row is idempotent, so all are written again where one may go in yet.
            let written = insist(|| {
                let written = records::upsert(rows)?;
                let mut refusals = written.iter().filter_map(|answer| answer.as_ref().err());
                match refusals.find(|failure| patience::is_passing(failure)) {
                    Some(failure) => Err(failure.clone()),
                    None => Ok(written),
                }
            })?;
            for ((customer, _), written) in missing.iter().zip(written) {
                sites.insert(*customer, written.map(|written| written.id));
            }
        }
        Ok(sites)
    }

    fn first_site(&self, customer: u64, key: String) -> Row {
        let field = |name: &str, value| Field {
            name: name.to_owned(),
            value,
        };
        Row {
            kind: company::SITE.to_owned(),
            key: Some(key),
            id: None,
            other_keys: Vec::new(),
            expected: None,
            fields: vec![
                field(
                    company::NAME,
                    Value::Text(self.companies.first_site.clone()),
                ),
                field(SITE_CUSTOMER, Value::Reference(RecordRef::Id(customer))),
            ],
            options: RowOptions::MAY_CREATE,
        }
    }
}

/// By site: its customer.
pub fn customers_of(sites: BTreeSet<u64>) -> Result<BTreeMap<u64, u64>, Trouble> {
    let sites: Vec<u64> = sites.into_iter().collect();
    let wanted = [SITE_CUSTOMER.to_owned()];
    let mut customers = BTreeMap::new();
    for sites in sites.chunks(BATCH) {
        let found = insist(|| records::read(company::SITE, sites, &wanted))?;
        customers.extend(
            found
                .iter()
                .flatten()
                .filter_map(|site| Some((site.id, company::customer_of(site)?))),
        );
    }
    Ok(customers)
}

/// By folded address: the users that have it, of the addresses of these contacts.
fn by_email<'a>(
    desk: &Desk<'_>,
    objects: impl Iterator<Item = &'a Object>,
    wanted: &[String],
) -> Result<BTreeMap<String, Vec<Stored>>, Trouble> {
    let emails: BTreeSet<&str> = objects.flat_map(contact::emails).collect();
    let emails: Vec<String> = emails.into_iter().map(str::to_owned).collect();
    let asked: BTreeSet<String> = emails.iter().map(|email| fold(email)).collect();
    let mut by_email: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
    for field in EMAILS {
        for emails in emails.chunks(BATCH) {
            for found in insist(|| records::find(KIND, field, emails, wanted))? {
                // The host may answer too many; what counts is our own comparison.
                let own = text_of(&found.record, field).map(fold);
                let Some(email) = own.filter(|email| asked.contains(email)) else {
                    continue;
                };
                let same = by_email.entry(email).or_default();
                if !same.iter().any(|known| known.id == found.record.id) {
                    same.push(desk.own(found.record));
                }
            }
        }
    }
    Ok(by_email)
}

/// The companies of a page's contacts. What the page does not tell is asked for: of
/// those without a primary company, as a search tells no other.
fn companies_of(
    client: &mut Client,
    page: PageOf<'_>,
) -> Result<BTreeMap<String, Company>, Trouble> {
    let mut companies = BTreeMap::new();
    let mut unknown = Vec::new();
    for object in page.objects {
        let associated: Option<Vec<Associated>> = page.with_associations.then(|| {
            let pairs = object.associated("companies", PRIMARY).into_iter();
            pairs
                .map(|(id, is_primary)| Associated { id, is_primary })
                .collect()
        });
        match contact::company(object, associated.as_deref()) {
            Company::Unknown => unknown.push(object),
            company => {
                companies.insert(object.id.clone(), company);
            }
        }
    }
    for objects in unknown.chunks(associations::BATCH_LIMIT) {
        let ids: Vec<&str> = objects.iter().map(|object| object.id.as_str()).collect();
        let answer: Answer = client.read(associations::batch_read(
            client.version(),
            SPEC.objects,
            "companies",
            &ids,
        ))?;
        let found = answer.by_id();
        for object in objects {
            let associated = found.get(&object.id).map(Vec::as_slice).unwrap_or_default();
            let company = contact::company(object, Some(associated));
            companies.insert(object.id.clone(), company);
        }
    }
    Ok(companies)
}
