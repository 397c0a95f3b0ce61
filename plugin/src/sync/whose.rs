//! Whose a deal or a quote is: the customer, site and user of its company and of its
//! contact, as far as they are in Halo.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::contacts::customers_of;
use super::memory::BATCH;
use super::page::Desk;
use super::plan::Awaited;
use super::plan::whose::Whose;
use crate::contract::halo::integration::records;
use crate::entity::company::{self, SITE_CUSTOMER};
use crate::entity::contact::{self, Company};
use crate::entity::{Spec, deal, properties};
use crate::failure::Failure;
use crate::hubspot::associations::{self, Answer, Associated};
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, Object, Page};
use crate::matching::{Table, reference_of};
use crate::patience::insist;

/// How it is found out.
pub struct Search<'a> {
    /// The type of the objects.
    pub spec: &'static Spec,
    /// The company of one, of these where they were asked for.
    pub company: fn(&Object, Option<&[Associated]>) -> Company,
    /// The label of the association with the primary company, as lists name it.
    pub primary: &'static str,
    /// The customer mapping table.
    pub table: &'a Table<'a>,
    /// Whether it matters who those are that are not in Halo.
    pub with_prospects: bool,
}

impl Search<'_> {
    /// By object. The company decides: the primary one, or the only one. Without any,
    /// the contact does.
    pub fn whose(
        &self,
        desk: &Desk<'_>,
        client: &mut Client,
        objects: &[&Object],
        came_along: bool,
    ) -> Result<BTreeMap<String, Whose>, Trouble> {
        let companies = self.companies_of(client, objects, came_along)?;
        let contacts = self.contacts_of(client, objects, came_along)?;
        let named = |company: &Company| match company {
            Company::One(id) => Some(id.clone()),
            _ => None,
        };
        let company_ids = unique(companies.values().filter_map(named));
        let contact_ids = unique(contacts.values().cloned());
        let places = self.places(desk, &company_ids)?;
        let users = desk.linked(contact::KIND, &contact_ids, &[contact::SITE.to_owned()])?;
        let sites: BTreeSet<u64> = users
            .values()
            .filter_map(|user| reference_of(user, contact::SITE))
            .collect();
        let customers = customers_of(sites)?;
        let missing = |ids: &[String], is_there: &dyn Fn(&String) -> bool| -> Vec<String> {
            let wanted = ids.iter().filter(|_| self.with_prospects);
            wanted.filter(|id| !is_there(id)).cloned().collect()
        };
        let company_names = by_id(
            client,
            &company::SPEC,
            &["name", "domain"],
            &missing(&company_ids, &|id| places.contains_key(id)),
        )?;
        let contact_names = by_id(
            client,
            &contact::SPEC,
            &["firstname", "lastname", "email", "phone"],
            &missing(&contact_ids, &|id| users.contains_key(id)),
        )?;
        let mut whose = BTreeMap::new();
        for object in objects {
            let mut its = Whose::default();
            match companies.get(&object.id) {
                Some(Company::One(id)) => {
                    its.is_named = true;
                    match places.get(id) {
                        Some(place) => {
                            (its.customer, its.site) = (Some(place.customer), place.site);
                            if place.is_unfinished {
                                its.until.push(Awaited::of(&[company::SITE], id));
                            }
                        }
                        None => {
                            let name = company_names.get(id).and_then(company::title);
                            its.prospect
                                .extend(name.map(|name| (deal::PROSPECT_COMPANY, name.to_owned())));
                            its.until
                                .push(Awaited::of(&[company::KIND, company::SITE], id));
                        }
                    }
                }
                Some(Company::Several(ids)) => {
                    its.is_named = true;
                    its.note = Some(several(ids));
                }
                _ => {}
            }
            let has_company = matches!(companies.get(&object.id), Some(Company::One(_)));
            if let Some(id) = contacts.get(&object.id) {
                its.is_named = true;
                let seat = users.get(id).and_then(|user| {
                    let site = reference_of(user, contact::SITE)?;
                    Some((user.id, site, *customers.get(&site)?))
                });
                match seat {
                    // Of another customer than the company's: nobody is guessed.
                    Some((user, site, customer))
                        if !has_company || its.customer == Some(customer) =>
                    {
                        (its.customer, its.site, its.user) =
                            (Some(customer), Some(site), Some(user));
                    }
                    Some(_) => its.is_user_elsewhere = true,
                    None => {
                        its.prospect
                            .extend(contact_names.get(id).into_iter().flat_map(prospect));
                        its.until.push(Awaited::of(&[contact::KIND], id));
                    }
                }
            }
            whose.insert(object.id.clone(), its);
        }
        Ok(whose)
    }

    /// By company that is in Halo: its customer, and the site that its key leads to.
    fn places(&self, desk: &Desk<'_>, ids: &[String]) -> Result<BTreeMap<String, Place>, Trouble> {
        let sites = desk.linked(company::SITE, ids, &[SITE_CUSTOMER.to_owned()])?;
        let customers = desk.linked(company::KIND, ids, &[])?;
        let place = |id: &String| {
            let site = sites
                .get(id)
                .and_then(|site| Some((site.id, company::customer_of(site)?)));
            match (site, customers.get(id).map(|customer| customer.id)) {
                // The table makes it a site, whose customer it was before is no matter.
                (Some((site, of)), own)
                    if self.table.is_site(id) || own.is_none_or(|own| own == of) =>
                {
                    Some(Place::new(of, Some(site)))
                }
                (_, own) => own.map(|customer| Place::new(customer, None)),
            }
        };
        let mut places: BTreeMap<String, Place> = ids
            .iter()
            .filter_map(|id| Some((id.clone(), place(id)?)))
            .collect();
        let mut without: Vec<&mut Place> = places
            .values_mut()
            .filter(|place| place.site.is_none())
            .collect();
        let customers: Vec<u64> = without.iter().map(|place| place.customer).collect();
        let with_sites = with_sites(&customers)?;
        for place in &mut without {
            place.is_unfinished = !with_sites.contains(&place.customer);
        }
        Ok(places)
    }

    fn companies_of(
        &self,
        client: &mut Client,
        objects: &[&Object],
        came_along: bool,
    ) -> Result<BTreeMap<String, Company>, Trouble> {
        let unknown: Vec<&Object> = objects
            .iter()
            .filter(|object| (self.company)(object, None) == Company::Unknown)
            .copied()
            .collect();
        let found = self.associated(client, &unknown, "companies", came_along)?;
        Ok(objects
            .iter()
            .map(|object| {
                let known = found.get(&object.id).map(Vec::as_slice).unwrap_or_default();
                (object.id.clone(), (self.company)(object, Some(known)))
            })
            .collect())
    }

    /// By object: its contact, where it has just one. Contacts of it have no order, and
    /// none of them is the primary one.
    fn contacts_of(
        &self,
        client: &mut Client,
        objects: &[&Object],
        came_along: bool,
    ) -> Result<BTreeMap<String, String>, Trouble> {
        Ok(only(
            self.associated(client, objects, "contacts", came_along)?,
        ))
    }

    /// What the objects are associated with, of one type: it comes with a list, else it
    /// is asked for.
    pub(super) fn associated(
        &self,
        client: &mut Client,
        objects: &[&Object],
        to: &str,
        came_along: bool,
    ) -> Result<BTreeMap<String, Vec<Associated>>, Trouble> {
        if came_along {
            let of = |object: &&Object| {
                let pairs = object.associated(to, self.primary).into_iter();
                let all = pairs.map(|(id, is_primary)| Associated { id, is_primary });
                (object.id.clone(), all.collect())
            };
            return Ok(objects.iter().map(of).collect());
        }
        let mut found = BTreeMap::new();
        for objects in objects.chunks(associations::BATCH_LIMIT) {
            let ids: Vec<&str> = objects.iter().map(|object| object.id.as_str()).collect();
            let call = associations::batch_read(client.version(), self.spec.objects, to, &ids);
            let answer: Answer = client.read(call)?;
            found.extend(answer.by_id());
        }
        Ok(found)
    }
}

/// Where the deals and quotes of a company go.
struct Place {
    customer: u64,
    site: Option<u64>,
    /// The customer has no site at all: a call that was to make both ended between them,
    /// and whose turn it is makes the site.
    is_unfinished: bool,
}

impl Place {
    fn new(customer: u64, site: Option<u64>) -> Place {
        Place {
            customer,
            site,
            is_unfinished: false,
        }
    }
}

/// Those of these customers that have a site.
fn with_sites(customers: &[u64]) -> Result<BTreeSet<u64>, Trouble> {
    let mut found = BTreeSet::new();
    let wanted = [SITE_CUSTOMER.to_owned()];
    for customers in customers.chunks(BATCH) {
        let ids: Vec<String> = customers.iter().map(u64::to_string).collect();
        let sites = insist(|| records::find(company::SITE, SITE_CUSTOMER, &ids, &wanted))?;
        found.extend(
            sites
                .iter()
                .filter_map(|site| company::customer_of(&site.record)),
        );
    }
    Ok(found)
}

/// What is read once a slice.
pub(super) fn once<T>(
    cell: &OnceCell<T>,
    load: impl FnOnce() -> Result<T, Trouble>,
) -> Result<&T, Trouble> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let loaded = load()?;
    Ok(cell.get_or_init(|| loaded))
}

fn several(ids: &[String]) -> Failure {
    Failure::new(
        "ambiguous-company",
        format!(
            "It has several companies and none of them is primary: {}. Whose it is of them is not guessed; leave one of them in HubSpot, or choose the primary one.",
            ids.join(", ")
        ),
    )
}

fn prospect(contact: &Object) -> Vec<(&'static str, String)> {
    let phone = contact.property("phone").map(str::to_owned);
    let email = contact::email(contact).map(str::to_owned);
    [
        (deal::PROSPECT_NAME, contact::title(contact)),
        (deal::PROSPECT_EMAIL, email),
        (deal::PROSPECT_PHONE, phone),
    ]
    .into_iter()
    .filter_map(|(field, value)| Some((field, value?)))
    .collect()
}

/// By object: the one that it is associated with, where it is just one.
pub(super) fn only(found: BTreeMap<String, Vec<Associated>>) -> BTreeMap<String, String> {
    found
        .into_iter()
        .filter_map(|(object, others)| {
            let ids = unique(others.into_iter().map(|other| other.id));
            match ids.as_slice() {
                [id] => Some((object, id.clone())),
                _ => None,
            }
        })
        .collect()
}

/// Each once.
pub fn unique(ids: impl Iterator<Item = String>) -> Vec<String> {
    let ids: BTreeSet<String> = ids.collect();
    ids.into_iter().collect()
}

/// Objects of another type by id, with a few properties.
pub fn by_id(
    client: &mut Client,
    spec: &Spec,
    wanted: &[&str],
    ids: &[String],
) -> Result<BTreeMap<String, Object>, Trouble> {
    let mut found = BTreeMap::new();
    let wanted = properties(wanted, &[]);
    for ids in ids.chunks(objects::BATCH_LIMIT) {
        let call = objects::batch_read(client.version(), spec.objects, &wanted, ids);
        let page: Page = client.read(call)?;
        found.extend(
            page.results
                .into_iter()
                .map(|object| (object.id.clone(), object)),
        );
    }
    Ok(found)
}
