//! What becomes of one contact: a user at a site of its company's customer, at the
//! default site, or nobody yet.

use std::collections::BTreeMap;

use super::converted::converted;
use super::{
    Agreed, Awaited, Fate, Part, Values, agreed_with, changed, field, intents_of, made, refused,
};
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::{Field, RecordRef, Value};
use crate::entity::Mapped;
use crate::entity::contact::{self, Company, EMAIL, KIND, NAME, SITE};
use crate::failure::Failure;
use crate::field::fold;
use crate::hubspot::objects::Object;
use crate::matching::{reference_of, text_of};
use crate::settings::Contacts;
use crate::sync::intent::Intent;

mod seat;

pub use seat::Spot;
use seat::{Seat, nowhere, seat};

/// How contacts are imported.
#[derive(Debug)]
pub struct Rules<'a> {
    /// The settings.
    pub settings: &'a Contacts,
    /// The fields that are filled.
    pub fields: &'a [Mapped],
    /// Goes before the ids of HubSpot in external keys.
    pub prefix: &'a str,
}

/// What was read for a page.
#[derive(Debug, Default)]
pub struct Known {
    /// By HubSpot id, merged ones included: the users that are linked.
    pub linked: BTreeMap<String, Stored>,
    /// By folded address: the users that have it.
    pub by_email: BTreeMap<String, Vec<Stored>>,
    /// By site: its customer, of those users' sites.
    pub customers: BTreeMap<u64, u64>,
    /// By HubSpot id of a contact: its company.
    pub companies: BTreeMap<String, Company>,
    /// By HubSpot id of a company: where its users sit.
    pub spots: BTreeMap<String, Result<Spot, Failure>>,
    /// The default site of the settings, if it exists.
    pub default: Option<Spot>,
    /// HubSpot ids that are linked and that HubSpot does not have.
    pub gone: std::collections::BTreeSet<String>,
    /// By HubSpot id, merged ones included.
    pub agreed: BTreeMap<String, Agreed>,
    /// By HubSpot id, merged ones included: what was to be written when a call ended.
    pub intents: BTreeMap<String, Intent>,
}

/// What this page has planned so far: two contacts of one page must not become one
/// user.
#[derive(Debug, Default)]
pub struct Taken {
    /// Folded addresses of users that are made. Also those of other customers: on the
    /// next page they would stop the row.
    emails: BTreeMap<String, String>,
    /// Users that are linked.
    records: BTreeMap<u64, String>,
}

/// Plans one contact.
pub fn plan(object: &Object, rules: &Rules<'_>, known: &Known, taken: &mut Taken) -> Fate {
    let linked = known.linked.get(&object.id);
    let stop = |outcome, reason| Fate::Stop {
        outcome,
        reason,
        record: linked.map(|record| record.id),
    };
    let Some(title) = contact::title(object) else {
        return stop(
            "failed",
            Failure::new(
                "invalid",
                "The contact has neither a name nor an e-mail address. Give it one in HubSpot.",
            ),
        );
    };
    let seat = seat(object, known);
    let found = match linked_user(object, known) {
        Ok(Some(record)) => Ok(Some(record)),
        Ok(None) => match &seat {
            Seat::At(spot) | Seat::Default(spot, None) => {
                matched(object, Ok(spot.customer), rules, known)
            }
            Seat::Default(_, Some(company)) => matched(object, Err(company), rules, known),
            Seat::Wait(until, reason) => {
                return Fate::Wait {
                    until: vec![until.clone()],
                    reason: reason.clone(),
                };
            }
            Seat::Nowhere(reason) => return stop("skipped", reason.clone()),
            Seat::Refused(reason) => return stop("failed", reason.clone()),
        },
        Err(reason) => Err(reason),
    };
    match found {
        Err(reason) if reason.code == "no-email" => stop("skipped", reason),
        Err(reason) => stop("conflict", reason),
        Ok(Some(record)) => match taken.records.get(&record.id) {
            Some(other) if *other != object.id => stop("conflict", taken_by(record, other)),
            _ => {
                taken.records.insert(record.id, object.id.clone());
                update(object, record, seat, rules, known)
            }
        },
        Ok(None) => {
            let (Seat::At(spot) | Seat::Default(spot, _)) = &seat else {
                return stop("skipped", nowhere());
            };
            let emails = contact::emails(object);
            // A row that stops keeps none of its addresses from others.
            for email in &emails {
                let other = taken.emails.get(&fold(email));
                if let Some(other) = other.filter(|other| **other != object.id) {
                    return stop("conflict", same_email(email, other));
                }
            }
            for email in emails {
                taken.emails.insert(fold(email), object.id.clone());
            }
            create(object, &title, *spot, seat, rules)
        }
    }
}

/// The user that it is linked to, or that a contact which was merged into it is.
fn linked_user<'a>(object: &Object, known: &'a Known) -> Result<Option<&'a Stored>, Failure> {
    let ids = object.ids();
    if let Some(record) = known.linked.get(&object.id) {
        // Back after it was gone: another one may have taken its place meanwhile.
        return match rival(record, &ids, known) {
            Some(other) if known.gone.contains(&object.id) => Err(taken_by(record, other)),
            _ => Ok(Some(record)),
        };
    }
    let mut heirs: Vec<&Stored> = object
        .merged_ids()
        .filter_map(|id| known.linked.get(id))
        .collect();
    heirs.sort_by_key(|record| record.id);
    heirs.dedup_by_key(|record| record.id);
    match heirs.as_slice() {
        [] => Ok(None),
        [record] => Ok(Some(record)),
        [first, second, ..] => Err(Failure::new(
            "ambiguous",
            format!(
                "Contacts that were merged in HubSpot are linked to users {} and {}. Merge those in Halo.",
                first.id, second.id
            ),
        )),
    }
}

/// A7, S27: the user of that customer with one of its addresses. Nothing is guessed:
/// where two have it, or one elsewhere, a person decides. Whose customer's user a contact
/// is, is not known before its company is in Halo; a user of the default customer may be
/// somebody else's then, so that one is elsewhere, too: any order ends the same.
fn matched<'a>(
    object: &Object,
    customer: Result<u64, &Awaited>,
    rules: &Rules<'_>,
    known: &'a Known,
) -> Result<Option<&'a Stored>, Failure> {
    let emails = contact::emails(object);
    let Some(first) = emails.first() else {
        return match rules.settings.without_email {
            true => Ok(None),
            false => Err(Failure::new(
                "no-email",
                "It has no e-mail address, by which its user would be recognised. Give it one in HubSpot, or set without-email to true.",
            )),
        };
    };
    let mut same: Vec<&Stored> = emails
        .iter()
        .filter_map(|email| known.by_email.get(&fold(email)))
        .flatten()
        .collect();
    same.sort_by_key(|record| record.id);
    same.dedup_by_key(|record| record.id);
    let (here, elsewhere): (Vec<&Stored>, Vec<&Stored>) = same
        .into_iter()
        .partition(|record| customer.is_ok() && customer_of(record, known) == customer.ok());
    match (here.as_slice(), elsewhere.as_slice()) {
        ([record], _) => match rival(record, &object.ids(), known) {
            None => Ok(Some(record)),
            Some(other) => Err(taken_by(record, other)),
        },
        ([first_one, second, ..], _) => Err(Failure::new(
            "ambiguous",
            format!(
                "Users {} and {} of its customer have its address {first}. Give one of them another address in Halo, or merge them.",
                first_one.id, second.id
            ),
        )),
        ([], [record, ..]) => Err(Failure::new(
            "email-elsewhere",
            match customer {
                Ok(customer) => format!(
                    "User {} at another customer has its address {first}. Move that user to customer {customer}, or correct the contact's company or address in HubSpot.",
                    record.id
                ),
                Err(company) => format!(
                    "User {} has its address {first}, and its {} is not in Halo, so nobody knows whether it is that company's user. Import the company and have the user at its customer, or correct the contact's company or address in HubSpot.",
                    record.id,
                    company.name()
                ),
            },
        )),
        ([], []) => Ok(None),
    }
}

fn site_of(record: &Stored) -> Option<u64> {
    reference_of(record, SITE)
}

fn customer_of(record: &Stored, known: &Known) -> Option<u64> {
    known.customers.get(&site_of(record)?).copied()
}

/// Another contact that this user is linked to and that HubSpot has.
fn rival<'a>(record: &'a Stored, ids: &[&str], known: &Known) -> Option<&'a str> {
    let mut keys = record.keys.iter().map(String::as_str);
    keys.find(|key| !ids.contains(key) && !known.gone.contains(*key))
}

fn taken_by(record: &Stored, other: &str) -> Failure {
    Failure::new(
        "already-linked",
        format!(
            "User {} is already linked to HubSpot contact {other}. If both are the same person, merge them in HubSpot; else give one of them another address.",
            record.id
        ),
    )
}

fn same_email(email: &str, other: &str) -> Failure {
    Failure::new(
        "already-linked",
        format!(
            "HubSpot contact {other} has the same address {email} and becomes that user. If both are the same person, merge them in HubSpot; else correct one of the addresses."
        ),
    )
}

fn site(id: u64) -> Field {
    field(SITE, Value::Reference(RecordRef::Id(id)))
}

fn create(object: &Object, title: &str, spot: Spot, seat: Seat, rules: &Rules<'_>) -> Fate {
    let fields: Vec<&Mapped> = rules.fields.iter().collect();
    let values = converted(object, &fields, None);
    let mut written = match values.filled(NAME) {
        Ok(fields) => fields,
        Err(reason) => return refused(reason, None),
    };
    if !written.iter().any(|field| field.name == NAME) {
        written.push(field(NAME, Value::Text(title.to_owned())));
    }
    written.push(site(spot.site));
    let mut agreed = values.agreed(object, None);
    agreed.insert(SITE.to_owned(), Some(spot.site.to_string()));
    let user = Part {
        kind: KIND,
        record: None,
        row: Some(made(KIND, object, rules.prefix, written)),
        agreed: Some(agreed),
        line: None,
    };
    Fate::Goes {
        parts: vec![user],
        note: values.note(None),
        until: seat.until().into_iter().collect(),
    }
}

fn update(object: &Object, record: &Stored, seat: Seat, rules: &Rules<'_>, known: &Known) -> Fate {
    let last = agreed_with(object, record, &known.agreed);
    let intents = intents_of(object, &known.intents);
    let fields: Vec<&Mapped> = rules.fields.iter().collect();
    let mut values = converted(object, &fields, Some(record));
    let mut written = values.decided((KIND, record), last, &intents);
    // A user always has a name.
    written.retain(|field| field.name != NAME || field.value != Value::None);
    let mut agreed = values.agreed(object, Some(last.unwrap_or(&Values::new())));
    let sits_at = site_of(record).map(|id| id.to_string());
    let was_tried = |site: &String| intents.iter().any(|intent| intent.brings(KIND, SITE, site));
    let placed = match sits_at.clone().filter(was_tried) {
        // What an interrupted call has written is ours.
        Some(site) => Some(site),
        None => last.and_then(|last| last.get(SITE)).cloned().flatten(),
    };
    let is_ours = placed.is_some() && placed == sits_at;
    let mut until = Vec::new();
    match seat {
        Seat::At(spot) => {
            // S28: moved while it sits where this connector has put it.
            if is_ours && site_of(record) != Some(spot.site) {
                written.push(site(spot.site));
            }
            agreed.insert(SITE.to_owned(), Some(spot.site.to_string()));
        }
        // S25: nobody is moved to the default site.
        other => {
            agreed.insert(SITE.to_owned(), placed.clone());
            until.extend(other.until().filter(|_| is_ours));
        }
    }
    let is_linked = record.keys.contains(&object.id);
    let row = changed(KIND, object, rules.prefix, record, written);
    Fate::Goes {
        parts: vec![Part {
            kind: KIND,
            record: Some(record.id),
            row,
            agreed: Some(agreed),
            line: None,
        }],
        note: values.note(linked_while_inactive(record, is_linked)),
        until,
    }
}

/// A3, for users.
fn linked_while_inactive(record: &Stored, is_linked: bool) -> Option<Failure> {
    let is_inactive = text_of(record, crate::entity::company::INACTIVE) == Some("true");
    (is_inactive && !is_linked).then(|| {
        Failure::new(
            "inactive",
            format!(
                "It was linked to user {} ({}), who is inactive in Halo. Make the user active if that is wrong.",
                record.id,
                text_of(record, EMAIL).unwrap_or_default()
            ),
        )
    })
}

#[cfg(test)]
mod tests;
