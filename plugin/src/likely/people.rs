//! Who belongs to a company in HubSpot and to a customer in Halo, by e-mail.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Company;
use crate::contract::halo::integration::records;
use crate::entity::contact::{self, EMAIL_PROPERTIES, EMAILS, KIND, SPEC};
use crate::field::fold;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{Object, Page};
use crate::hubspot::search;
use crate::matching::{reference_of, text_of};
use crate::patience::insist;
use crate::sync::contacts::customers_of;
use crate::sync::memory::BATCH;

/// So many contacts of a company are evidence enough.
const ENOUGH: usize = 10;
/// The most pages of contacts, of 200 each, that are read for a page of 100 companies: ten
/// contacts of each, where they have as many, and the account's searches are all others',
/// too.
const MOST_PAGES: usize = 5;

/// By customer: an address of each contact of a company that is its user.
pub type Shared = BTreeMap<u64, Vec<String>>;

/// By company. Users at `default_site` are there as nobody knew whose they are.
pub fn shared(
    client: &mut Client,
    companies: &[Company],
    default_site: Option<u64>,
) -> Result<BTreeMap<String, Shared>, Trouble> {
    let contacts = contacts_of(client, companies)?;
    let emails: BTreeSet<&str> = contacts.iter().flat_map(contact::emails).collect();
    let customers = customers(emails, default_site)?;
    Ok(by_company(&contacts, &customers))
}

/// Some contacts whose primary company is one of these. They come by id, so that a company
/// with many old ones stands before all others: it is asked for no more once it has enough.
fn contacts_of(client: &mut Client, companies: &[Company]) -> Result<Vec<Object>, Trouble> {
    let mut ids: Vec<&str> = companies.iter().map(|one| one.id.as_str()).collect();
    let mut contacts: BTreeMap<String, Object> = BTreeMap::new();
    let mut after: Option<String> = None;
    let properties = [&EMAIL_PROPERTIES[..], &[contact::COMPANY]].concat();
    for _ in 0..MOST_PAGES {
        if ids.is_empty() {
            break;
        }
        let call = search::among(
            client.version(),
            SPEC.objects,
            (contact::COMPANY, &ids),
            &properties,
            after.as_deref(),
        );
        let page: Page = client.read(call)?;
        let goes_on = page.next().is_some();
        after = page.results.last().map(|last| last.id.clone());
        let found = page.results.into_iter().map(|one| (one.id.clone(), one));
        contacts.extend(found);
        if !goes_on || after.is_none() {
            break;
        }
        drop_those_with_enough(&mut ids, contacts.values());
    }
    Ok(contacts.into_values().collect())
}

fn drop_those_with_enough<'a>(ids: &mut Vec<&str>, contacts: impl Iterator<Item = &'a Object>) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for company in contacts.filter_map(|one| one.property(contact::COMPANY)) {
        *counts.entry(company).or_default() += 1;
    }
    ids.retain(|id| counts.get(id).is_none_or(|count| *count < ENOUGH));
}

/// By folded address: the customers whose user has it.
fn customers(
    emails: BTreeSet<&str>,
    default_site: Option<u64>,
) -> Result<BTreeMap<String, BTreeSet<u64>>, Trouble> {
    let emails: Vec<String> = emails.into_iter().map(str::to_owned).collect();
    let mut sites: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for field in EMAILS {
        let wanted = [field, contact::SITE].map(str::to_owned);
        for emails in emails.chunks(BATCH) {
            for found in insist(|| records::find(KIND, field, emails, &wanted))? {
                let site = reference_of(&found.record, contact::SITE);
                // The host may answer too many; an address that nobody asked for is no
                // contact's.
                if let Some(email) = text_of(&found.record, field)
                    && let Some(site) = site.filter(|site| Some(*site) != default_site)
                {
                    sites.entry(fold(email)).or_default().insert(site);
                }
            }
        }
    }
    let customers = customers_of(sites.values().flatten().copied().collect())?;
    Ok(sites
        .into_iter()
        .map(|(email, sites)| {
            let customers = sites.iter().filter_map(|site| customers.get(site).copied());
            (email, customers.collect())
        })
        .collect())
}

fn by_company(
    contacts: &[Object],
    customers: &BTreeMap<String, BTreeSet<u64>>,
) -> BTreeMap<String, Shared> {
    let mut shared: BTreeMap<String, Shared> = BTreeMap::new();
    for contact in contacts {
        let Some(company) = contact.property(contact::COMPANY) else {
            continue;
        };
        // One contact counts once, whichever of its addresses are there.
        let mut own: BTreeMap<u64, &str> = BTreeMap::new();
        for email in contact::emails(contact) {
            for customer in customers.get(&fold(email)).into_iter().flatten() {
                own.entry(*customer).or_insert(email);
            }
        }
        for (customer, email) in own {
            let of = shared.entry(company.to_owned()).or_default();
            of.entry(customer).or_default().push(email.to_owned());
        }
    }
    for people in shared.values_mut().flat_map(BTreeMap::values_mut) {
        people.sort_unstable();
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_counts_once_for_a_customer_whichever_of_its_addresses_are_there() {
        let contact = |id: &str, company: &str, email: &str, more: &str| {
            Object::with(
                id,
                &[
                    ("associatedcompanyid", company),
                    ("email", email),
                    ("hs_additional_emails", more),
                ],
            )
        };
        let contacts = [
            contact("1", "51", "Zoe@acme.com", "zoe@home.example"),
            contact("2", "51", "ann@acme.com", ""),
            contact("3", "52", "ann@other.example", "bob@acme.com"),
            contact("4", "", "bob@acme.com", ""),
            contact("5", "53", "nobody@acme.com", ""),
        ];
        let customers = [
            ("zoe@acme.com", &[7][..]),
            ("zoe@home.example", &[7, 8]),
            ("ann@acme.com", &[7]),
            ("bob@acme.com", &[7]),
        ]
        .into_iter()
        .map(|(email, ids)| (email.to_owned(), ids.iter().copied().collect()))
        .collect();
        let shared = by_company(&contacts, &customers);
        let of = |company: &str, customer: u64| shared[company][&customer].join(" ");
        assert_eq!(of("51", 7), "Zoe@acme.com ann@acme.com");
        assert_eq!(of("51", 8), "zoe@home.example");
        assert_eq!(of("52", 7), "bob@acme.com");
        assert_eq!(shared.len(), 2);
    }

    #[test]
    fn a_company_with_ten_contacts_is_asked_for_no_more() {
        let of = |company: &str, count: usize| {
            vec![Object::with("1", &[(contact::COMPANY, company)]); count]
        };
        let contacts = [of("51", 10), of("52", 9), of("53", 11), of("", 12)].concat();
        let mut ids = vec!["51", "52", "53", "54"];
        drop_those_with_enough(&mut ids, contacts.iter());
        assert_eq!(ids, ["52", "54"]);
    }
}
