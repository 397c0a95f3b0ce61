//! Objects that are in HubSpot already, by what makes them the same: a contact's address,
//! a company's domain. Such a one is linked, and no second one is made (S67).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::newcomer::Identity;
use crate::entity::contact;
use crate::field::fold;
use crate::hubspot::client::{Call, Client, Trouble};
use crate::hubspot::objects::{self, Object, Page};
use crate::hubspot::search::SEARCH_LIMIT;
use crate::sync::section::Section;

/// Characters of the values of one search: HubSpot takes 3,000 for all of it.
const ROOM: usize = 2_000;

/// By identity: the objects that have it, with `more` of their properties.
pub fn find(
    client: &mut Client,
    section: &Section<'_>,
    wanted: &BTreeSet<Identity>,
    more: Option<&str>,
) -> Result<BTreeMap<Identity, Vec<Object>>, Trouble> {
    let objects = section.spec().objects;
    let mut found: BTreeMap<Identity, Vec<Object>> = BTreeMap::new();
    let (mut emails, mut domains) = (Vec::new(), Vec::new());
    for identity in wanted {
        match identity {
            Identity::Email(email) => emails.push(email.as_str()),
            Identity::Domain(domain) => domains.push(domain.as_str()),
        }
    }
    for emails in emails.chunks(objects::BATCH_LIMIT) {
        let call = by_email(client, objects, emails, more);
        let page: Page = client.read(call)?;
        for object in page.results {
            // One of its additional addresses may be what was asked for.
            let emails: BTreeSet<String> = contact::emails(&object).into_iter().map(fold).collect();
            for email in emails {
                let identity = Identity::Email(email);
                if wanted.contains(&identity) {
                    found.entry(identity).or_default().push(object.clone());
                }
            }
        }
    }
    for domains in by_room(&domains) {
        let call = by_domain(client, objects, &domains, more);
        let page: Page = client.read(call)?;
        for object in page.results {
            let Some(domain) = object.property("domain") else {
                continue;
            };
            let identity = Identity::Domain(fold(domain));
            found.entry(identity).or_default().push(object);
        }
    }
    Ok(found)
}

/// HubSpot finds a contact also by its additional addresses.
fn by_email(client: &Client, objects: &str, emails: &[&str], more: Option<&str>) -> Call {
    let properties: Vec<&str> = { contact::EMAIL_PROPERTIES.iter().copied() }
        .chain(more)
        .collect();
    let inputs: Vec<_> = emails.iter().map(|email| json!({ "id": email })).collect();
    Call::post(
        format!("{}/batch/read", client.version().objects(objects)),
        &json!({
            "idProperty": "email",
            "properties": properties,
            "inputs": inputs,
        }),
    )
}

fn by_domain(client: &Client, objects: &str, domains: &[&str], more: Option<&str>) -> Call {
    let properties: Vec<&str> = ["domain"].into_iter().chain(more).collect();
    Call::post(
        format!("{}/search", client.version().objects(objects)),
        &json!({
            "filterGroups": [{ "filters": [
                { "propertyName": "domain", "operator": "IN", "values": domains },
            ] }],
            "properties": properties,
            "limit": SEARCH_LIMIT,
        }),
    )
}

fn by_room<'a>(values: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut parts: Vec<Vec<&str>> = Vec::new();
    let mut room = 0;
    for value in values {
        // With quotes and a comma.
        let width = value.len() + 3;
        match parts.last_mut() {
            Some(part) if width <= room => part.push(value),
            _ => {
                parts.push(vec![value]);
                room = ROOM;
            }
        }
        room = room.saturating_sub(width);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_parted_by_the_room_of_a_search() {
        let long = "x".repeat(996);
        let values = [long.as_str(), "a", long.as_str(), "b", long.as_str()];
        let parts: Vec<usize> = by_room(&values).iter().map(Vec::len).collect();
        assert_eq!(parts, [2, 2, 1]);
        assert!(by_room(&[]).is_empty());
    }

    #[test]
    fn a_contact_is_found_by_its_additional_addresses_too() {
        let contact = Object::with(
            "1",
            &[
                ("email", "Ada@a.example"),
                ("hs_additional_emails", "b@a.example;c@a.example"),
            ],
        );
        let all: Vec<String> = contact::emails(&contact).into_iter().map(fold).collect();
        assert_eq!(all, ["ada@a.example", "b@a.example", "c@a.example"]);
    }
}
