//! A new contact is associated with its company: as its primary one, unless HubSpot says
//! of it that another one is (it may have made one of the e-mail address's domain).

use std::collections::{BTreeMap, BTreeSet};

use super::batch::links;
use super::told::Told;
use crate::contract::exports::halo::integration::push::{Change, Outcome};
use crate::contract::halo::integration::records;
use crate::entity::company::{self, SITE_CUSTOMER};
use crate::entity::contact;
use crate::hubspot::associations;
use crate::hubspot::client::{Client, Trouble};
use crate::matching::reference_of;
use crate::patience::insist;
use crate::settings::SyncBack;
use crate::sync::memory::BATCH;
use crate::sync::section::Section;
use crate::sync::whose::{by_id, unique};

/// Associates the contacts of new users with the companies of their customers, as far as
/// these are linked, and those of the users of new companies: a company may be made after
/// its contacts, where its own answer was lost. The same again changes nothing at HubSpot.
pub fn contacts(
    told: &Told<'_>,
    settings: &SyncBack,
    client: &mut Client,
    changes: &[&Change],
    answers: &[(u64, Outcome)],
) -> Result<(), Trouble> {
    let records: Vec<u64> = { changes.iter() }
        .filter(|change| is_placed(change, answers))
        .map(|change| change.record)
        .collect();
    let users: BTreeSet<u64> = match told.section {
        Section::Contacts(..) => records.into_iter().collect(),
        Section::Companies(_) if settings.contacts.creates() => users_of(records)?,
        _ => return Ok(()),
    };
    let users: Vec<u64> = users.into_iter().collect();
    for users in users.chunks(BATCH) {
        place(told, client, users)?;
    }
    Ok(())
}

/// Whether a change may have made an object: now, or in an earlier attempt that ended
/// before it had its place.
pub fn is_placed(change: &Change, answers: &[(u64, Outcome)]) -> bool {
    let mut answer = answers.iter();
    let answer = answer.find(|(sequence, _)| *sequence == change.sequence);
    match (answer.map(|(_, outcome)| outcome), change.what.as_str()) {
        (Some(Outcome::Sent(sent)), _) if matches!(sent.effect.as_str(), "created" | "linked") => {
            true
        }
        (Some(Outcome::Sent(_) | Outcome::Nothing(_)), what) => {
            matches!(what, "created" | "active")
        }
        _ => false,
    }
}

/// The users of customers.
fn users_of(customers: Vec<u64>) -> Result<BTreeSet<u64>, Trouble> {
    let ids = |ids: &[u64]| -> Vec<String> { ids.iter().map(u64::to_string).collect() };
    let wanted = [SITE_CUSTOMER.to_owned()];
    let mut sites = Vec::new();
    for customers in customers.chunks(BATCH) {
        let found =
            insist(|| records::find(company::SITE, SITE_CUSTOMER, &ids(customers), &wanted))?;
        // A host may answer too many.
        let own = found.into_iter().filter(|site| {
            let customer = company::customer_of(&site.record);
            customer.is_some_and(|customer| customers.contains(&customer))
        });
        sites.extend(own.map(|site| site.record.id));
    }
    let wanted = [contact::SITE.to_owned()];
    let mut users = BTreeSet::new();
    for sites in sites.chunks(BATCH) {
        let find = || records::find(contact::KIND, contact::SITE, &ids(sites), &wanted);
        let found = match insist(find) {
            // Not every host looks users up by their site.
            Err(Trouble::Failed(failure)) if failure.code == "invalid" => Vec::new(),
            found => found?,
        };
        let own = found.into_iter().filter(|user| {
            let site = reference_of(&user.record, contact::SITE);
            site.is_some_and(|site| sites.contains(&site))
        });
        users.extend(own.map(|user| user.record.id));
    }
    Ok(users)
}

/// Associates the contacts of users.
fn place(told: &Told<'_>, client: &mut Client, users: &[u64]) -> Result<(), Trouble> {
    if users.is_empty() {
        return Ok(());
    }
    let scope = format!("{}{}", told.linked.prefix, contact::SPEC.objects);
    let users = insist(|| records::read(contact::KIND, users, &[contact::SITE.to_owned()]))?;
    let contacts = links(told.linked, &scope, &users)?;
    let seats: Vec<(String, u64)> = { users.iter().zip(contacts) }
        .filter_map(|(user, link)| Some((link?.0, reference_of(user.as_ref()?, contact::SITE)?)))
        .collect();
    let companies = companies_of(told, seats.iter().map(|(_, site)| *site).collect())?;
    let pairs: BTreeSet<(String, String)> = seats
        .into_iter()
        .filter_map(|(contact, site)| Some((contact, companies.get(&site)?.clone())))
        .collect();
    let ids = unique(pairs.iter().map(|(contact, _)| contact.clone()));
    let known = by_id(client, &contact::SPEC, &[contact::COMPANY], &ids)?;
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for (contact, company) in pairs {
        let primary = known
            .get(&contact)
            .map(|known| known.property(contact::COMPANY));
        match primary {
            Some(Some(primary)) if primary == company => {}
            Some(None) => first.push((contact, company)),
            _ => others.push((contact, company)),
        }
    }
    for pairs in first.chunks(associations::WRITE_LIMIT) {
        client.call(associations::make_primary(client.version(), pairs))?;
    }
    for pairs in others.chunks(associations::WRITE_LIMIT) {
        client.call(associations::associate(client.version(), pairs))?;
    }
    Ok(())
}

/// By site: the company of its customer, or of the site itself (A25).
fn companies_of(told: &Told<'_>, sites: BTreeSet<u64>) -> Result<BTreeMap<u64, String>, Trouble> {
    let scope = format!("{}{}", told.linked.prefix, company::SPEC.objects);
    let sites: Vec<u64> = sites.into_iter().collect();
    let wanted = [SITE_CUSTOMER.to_owned()];
    let found = insist(|| records::read(company::SITE, &sites, &wanted))?;
    let own = links(told.linked, &scope, &found)?;
    let (mut companies, mut others) = (BTreeMap::new(), BTreeMap::new());
    for (site, own) in found.into_iter().zip(own) {
        let Some(site) = site else { continue };
        match (own, company::customer_of(&site)) {
            (Some((company, _)), _) => drop(companies.insert(site.id, company)),
            (None, Some(customer)) => drop(others.insert(site.id, customer)),
            (None, None) => {}
        }
    }
    let customers: BTreeSet<u64> = others.values().copied().collect();
    let customers: Vec<u64> = customers.into_iter().collect();
    let found = insist(|| records::read(company::KIND, &customers, &[]))?;
    let linked = links(told.linked, &scope, &found)?;
    let linked: BTreeMap<u64, String> = customers
        .into_iter()
        .zip(linked)
        .filter_map(|(customer, link)| Some((customer, link?.0)))
        .collect();
    for (site, customer) in others {
        if let Some(company) = linked.get(&customer) {
            companies.insert(site, company.clone());
        }
    }
    Ok(companies)
}
