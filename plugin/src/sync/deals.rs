//! What is looked up for a page of deals: their tickets, their pipelines, and whose
//! they are.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::contacts::customers_of;
use super::keys;
use super::page::{Desk, Import, Looked, PageOf};
use super::plan::Awaited;
use super::plan::deal::{Known, Rules, Whose, plan};
use crate::contract::halo::integration::types::Attribute;
use crate::entity::company::{self, SITE_CUSTOMER};
use crate::entity::contact::{self, Company};
use crate::entity::deal::{self, CUSTOMER, KIND, SITE, SPEC, USER};
use crate::entity::{Spec, properties};
use crate::failure::Failure;
use crate::hubspot::associations::{self, Answer, Associated};
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, Object, Page};
use crate::hubspot::owners::{self, Owner};
use crate::hubspot::pipelines::{self, Pipeline};
use crate::matching::{Table, reference_of};

/// The label of the association with the primary company, as lists name it.
const PRIMARY: &str = "deal_to_company";

/// An import of deals.
pub struct Deals<'a> {
    /// How.
    pub rules: Rules<'a>,
    /// The customer mapping table.
    pub table: Table<'a>,
    /// Read once a slice.
    pub pipelines: OnceCell<Vec<Pipeline>>,
    /// Read once a slice, where a deal has an owner.
    pub owners: OnceCell<Vec<Owner>>,
    /// How far the account is from UTC.
    pub offset_ms: OnceCell<i64>,
}

impl Import for Deals<'_> {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn look(
        &self,
        desk: &Desk<'_>,
        client: &mut Client,
        page: PageOf<'_>,
    ) -> Result<Looked, Trouble> {
        if page.objects.is_empty() {
            return Ok(Looked::default());
        }
        let pipelines = once(&self.pipelines, || pipelines::load(client, SPEC.objects))?;
        if page.objects.iter().any(|deal| deal::owner(deal).is_some()) {
            once(&self.owners, || owners::load(client))?;
        }
        let offset_ms = *self.offset_ms.get_or_init(|| desk.account.utc_offset_ms);
        let deals: Vec<Object> = page
            .objects
            .iter()
            .map(|object| deal::derived(object.clone(), pipelines, offset_ms))
            .collect();
        let known = self.look_up(desk, client, page, pipelines)?;
        let fates = deals
            .iter()
            .map(|deal| plan(deal, &self.rules, &known))
            .collect();
        Ok(Looked {
            linked: known.linked.into_keys().collect(),
            agreed: known.agreed,
            intents: known.intents,
            fates,
        })
    }

    fn title(&self, object: &Object) -> Option<String> {
        deal::title(object).map(str::to_owned)
    }

    fn facets(&self, object: &Object) -> Vec<Attribute> {
        // One that HubSpot did not answer has nothing to choose it by.
        let (Some(pipelines), Some(offset_ms)) = (self.pipelines.get(), self.offset_ms.get())
        else {
            return Vec::new();
        };
        let owners = self.owners.get().map(Vec::as_slice).unwrap_or_default();
        let deal = deal::derived(object.clone(), pipelines, *offset_ms);
        deal::facets(&deal, pipelines, owners)
    }
}

fn once<T>(cell: &OnceCell<T>, load: impl FnOnce() -> Result<T, Trouble>) -> Result<&T, Trouble> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let loaded = load()?;
    Ok(cell.get_or_init(|| loaded))
}

impl Deals<'_> {
    fn look_up<'k>(
        &self,
        desk: &Desk<'_>,
        client: &mut Client,
        page: PageOf<'_>,
        pipelines: &'k [Pipeline],
    ) -> Result<Known<'k>, Trouble> {
        let mut wanted = vec![CUSTOMER.to_owned(), SITE.to_owned(), USER.to_owned()];
        for mapped in self.rules.fields {
            if !wanted.contains(&mapped.field) {
                wanted.push(mapped.field.clone());
            }
        }
        let ids: Vec<String> = page
            .objects
            .iter()
            .flat_map(Object::ids)
            .map(str::to_owned)
            .collect();
        let linked = desk.linked(KIND, &ids, &wanted)?;
        let agreed = desk.remembered(&ids, keys::agreed)?;
        let intents = desk.remembered(&ids, keys::intent)?;
        // Of those that are not imported nobody needs to know whose they are.
        let goes = |deal: &&Object| {
            let is_linked = deal.ids().iter().any(|id| linked.contains_key(*id));
            let stage = deal::stage(deal, pipelines);
            let is_new = || self.rules.may_create() && stage.is_ok_and(|(_, s)| !s.is_closed());
            is_linked || is_new()
        };
        let deals: Vec<&Object> = page.objects.iter().filter(goes).collect();
        let whose = self.whose(desk, client, &deals, page.with_associations)?;
        let gone = desk.gone_ids(linked.values(), &agreed)?;
        Ok(Known {
            pipelines,
            linked,
            whose,
            gone,
            agreed,
            intents,
        })
    }

    /// By deal: whose it is. Its company decides: the primary one, or the only one.
    /// Without any, its contact does.
    fn whose(
        &self,
        desk: &Desk<'_>,
        client: &mut Client,
        deals: &[&Object],
        with_associations: bool,
    ) -> Result<BTreeMap<String, Whose>, Trouble> {
        let companies = companies_of(client, deals, with_associations)?;
        let contacts = contacts_of(client, deals, with_associations)?;
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
            ids.iter().filter(|id| !is_there(id)).cloned().collect()
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
        for deal in deals {
            let mut its = Whose::default();
            match companies.get(&deal.id) {
                Some(Company::One(id)) => match places.get(id) {
                    Some((customer, site)) => (its.customer, its.site) = (Some(*customer), *site),
                    None => {
                        let name = company_names.get(id).and_then(company::title);
                        its.prospect
                            .extend(name.map(|name| (deal::PROSPECT_COMPANY, name.to_owned())));
                        its.until.push(awaited(&[company::KIND, company::SITE], id));
                    }
                },
                Some(Company::Several(ids)) => its.note = Some(several(ids)),
                _ => {}
            }
            let has_company = matches!(companies.get(&deal.id), Some(Company::One(_)));
            if let Some(id) = contacts.get(&deal.id) {
                let seat = users.get(id).and_then(|user| {
                    let site = reference_of(user, contact::SITE)?;
                    Some((user.id, site, *customers.get(&site)?))
                });
                match seat {
                    // Of another customer than the deal's: nobody is guessed.
                    Some((user, site, customer))
                        if !has_company || its.customer == Some(customer) =>
                    {
                        (its.customer, its.site, its.user) =
                            (Some(customer), Some(site), Some(user));
                    }
                    Some(_) => {}
                    None => {
                        its.prospect
                            .extend(contact_names.get(id).into_iter().flat_map(prospect));
                        its.until.push(awaited(&[contact::KIND], id));
                    }
                }
            }
            whose.insert(deal.id.clone(), its);
        }
        Ok(whose)
    }

    /// By company that is in Halo: its customer, and the site that its key leads to.
    fn places(
        &self,
        desk: &Desk<'_>,
        ids: &[String],
    ) -> Result<BTreeMap<String, (u64, Option<u64>)>, Trouble> {
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
                    Some((of, Some(site)))
                }
                (_, own) => own.map(|customer| (customer, None)),
            }
        };
        Ok(ids
            .iter()
            .filter_map(|id| Some((id.clone(), place(id)?)))
            .collect())
    }
}

fn awaited(kinds: &[&str], id: &str) -> Awaited {
    Awaited {
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        id: id.to_owned(),
    }
}

fn several(ids: &[String]) -> Failure {
    Failure::new(
        "ambiguous-company",
        format!(
            "It has several companies and none of them is primary: {}. Its ticket has no customer; choose the primary one in HubSpot.",
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

fn unique(ids: impl Iterator<Item = String>) -> Vec<String> {
    let ids: BTreeSet<String> = ids.collect();
    ids.into_iter().collect()
}

/// Objects of another type by id, with a few properties.
fn by_id(
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

/// What deals are associated with, of one type: it comes with a list, else it is asked
/// for.
fn associated(
    client: &mut Client,
    deals: &[&Object],
    to: &str,
    came_along: bool,
) -> Result<BTreeMap<String, Vec<Associated>>, Trouble> {
    if came_along {
        let of = |deal: &&Object| {
            let pairs = deal.associated(to, PRIMARY).into_iter();
            let all = pairs.map(|(id, is_primary)| Associated { id, is_primary });
            (deal.id.clone(), all.collect())
        };
        return Ok(deals.iter().map(of).collect());
    }
    let mut found = BTreeMap::new();
    for deals in deals.chunks(associations::BATCH_LIMIT) {
        let ids: Vec<&str> = deals.iter().map(|deal| deal.id.as_str()).collect();
        let call = associations::batch_read(client.version(), SPEC.objects, to, &ids);
        let answer: Answer = client.read(call)?;
        found.extend(answer.by_id());
    }
    Ok(found)
}

fn companies_of(
    client: &mut Client,
    deals: &[&Object],
    came_along: bool,
) -> Result<BTreeMap<String, Company>, Trouble> {
    let unknown: Vec<&Object> = deals
        .iter()
        .filter(|deal| deal::company(deal, None) == Company::Unknown)
        .copied()
        .collect();
    let found = associated(client, &unknown, "companies", came_along)?;
    Ok(deals
        .iter()
        .map(|deal| {
            let known = found.get(&deal.id).map(Vec::as_slice).unwrap_or_default();
            (deal.id.clone(), deal::company(deal, Some(known)))
        })
        .collect())
}

/// By deal: its contact, where it has just one. Contacts of a deal have no order, and
/// none of them is the primary one.
fn contacts_of(
    client: &mut Client,
    deals: &[&Object],
    came_along: bool,
) -> Result<BTreeMap<String, String>, Trouble> {
    let found = associated(client, deals, "contacts", came_along)?;
    Ok(found
        .into_iter()
        .filter_map(|(deal, contacts)| {
            let ids = unique(contacts.into_iter().map(|contact| contact.id));
            match ids.as_slice() {
                [id] => Some((deal, id.clone())),
                _ => None,
            }
        })
        .collect())
}
