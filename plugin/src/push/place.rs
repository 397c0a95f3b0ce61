//! A new contact is associated with its company.

use std::collections::BTreeSet;

use super::told::Told;
use crate::contract::exports::halo::integration::push::{Change, Outcome};
use crate::contract::halo::integration::records;
use crate::entity::company::{self, SITE_CUSTOMER};
use crate::entity::contact;
use crate::hubspot::associations;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects;
use crate::matching::reference_of;
use crate::patience::insist;
use crate::sync::section::Section;

/// Associates the contacts of new users with the companies of their customers, as far as
/// these are linked. The same again changes nothing at HubSpot.
pub fn contacts(
    told: &Told<'_>,
    client: &mut Client,
    changes: &[&Change],
    answers: &[(u64, Outcome)],
) -> Result<(), Trouble> {
    if !matches!(told.section, Section::Contacts(..)) {
        return Ok(());
    }
    let refused: BTreeSet<u64> = answers
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Rejected(_) | Outcome::Retry(_)))
        .map(|(sequence, _)| *sequence)
        .collect();
    let new: Vec<u64> = changes
        .iter()
        .filter(|change| matches!(change.what.as_str(), "created" | "active"))
        .filter(|change| !refused.contains(&change.sequence))
        .map(|change| change.record)
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let users = insist(|| records::read(contact::KIND, &new, &[contact::SITE.to_owned()]))?;
    let mut pairs = BTreeSet::new();
    for user in users.iter().flatten() {
        let Some(contact) = id_of(told, &user.keys) else {
            continue;
        };
        let Some(site) = reference_of(user, contact::SITE) else {
            continue;
        };
        if let Some(company) = company_of(told, site)? {
            pairs.insert((contact, company));
        }
    }
    let pairs: Vec<(String, String)> = pairs.into_iter().collect();
    for pairs in pairs.chunks(associations::WRITE_LIMIT) {
        let call = associations::associate(
            client.version(),
            contact::SPEC.objects,
            company::SPEC.objects,
            pairs,
        );
        client.call(call)?;
    }
    Ok(())
}

/// The company of the customer of a site, or of the site itself (A25).
fn company_of(told: &Told<'_>, site: u64) -> Result<Option<String>, Trouble> {
    let wanted = [SITE_CUSTOMER.to_owned()];
    let sites = insist(|| records::read(company::SITE, &[site], &wanted))?;
    let Some(site) = sites.into_iter().flatten().next() else {
        return Ok(None);
    };
    if let Some(company) = id_of(told, &site.keys) {
        return Ok(Some(company));
    }
    let Some(customer) = company::customer_of(&site) else {
        return Ok(None);
    };
    let customers = insist(|| records::read(company::KIND, &[customer], &[]))?;
    let customer = customers.into_iter().flatten().next();
    Ok(customer.and_then(|customer| id_of(told, &customer.keys)))
}

fn id_of(told: &Told<'_>, keys: &[String]) -> Option<String> {
    let prefix = told.linked.prefix.as_str();
    let mut ids = keys.iter().filter_map(|key| key.strip_prefix(prefix));
    ids.find(|id| objects::is_id(id)).map(str::to_owned)
}
