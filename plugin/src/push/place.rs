//! A new contact is associated with its company: as its primary one, unless HubSpot says
//! of it that another one is (it may have made one of the e-mail address's domain).

use std::collections::BTreeSet;

use super::told::Told;
use crate::contract::exports::halo::integration::push::{Change, Outcome};
use crate::contract::halo::integration::records;
use crate::entity::company::{self, SITE_CUSTOMER};
use crate::entity::contact;
use crate::hubspot::associations;
use crate::hubspot::client::{Client, Trouble};
use crate::matching::reference_of;
use crate::patience::insist;
use crate::sync::keys;
use crate::sync::section::Section;
use crate::sync::whose::{by_id, unique};

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

fn id_of(told: &Told<'_>, external: &[String]) -> Option<String> {
    let prefix = told.linked.prefix.as_str();
    keys::own_ids(prefix, external).next().map(str::to_owned)
}
