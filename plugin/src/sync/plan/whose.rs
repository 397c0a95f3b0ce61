//! Whose a ticket or a quotation is, and when it moves.

use super::{Awaited, Values, field};
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::{Field, RecordRef, Value};
use crate::failure::Failure;
use crate::matching::reference_of;
use crate::sync::intent::Intent;

/// The customer.
pub const CUSTOMER: &str = "client_id";
/// Its site.
pub const SITE: &str = "site_id";
/// The user; HaloPSA refuses one without a site.
pub const USER: &str = "user_id";

/// Whose it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Whose {
    /// Whether HubSpot names a company or a contact at all.
    pub is_named: bool,
    /// The customer.
    pub customer: Option<u64>,
    /// Its site.
    pub site: Option<u64>,
    /// The user, at that site.
    pub user: Option<u64>,
    /// Its contact is in Halo, as a user of another customer.
    pub is_user_elsewhere: bool,
    /// Who is meant where those are not in Halo, by Halo's field.
    pub prospect: Vec<(&'static str, String)>,
    /// What is looked for again.
    pub until: Vec<Awaited>,
    /// What a person should know.
    pub note: Option<Failure>,
}

impl Whose {
    /// Whose a quote of a deal is, which is this one's: its ticket's, wherever people
    /// have put that. What the ticket is to get yet is known from the deal already.
    pub fn with_ticket(self, ticket: Option<&Stored>) -> Whose {
        let of = |name| ticket.and_then(|ticket| reference_of(ticket, name));
        let Some(customer) = of(CUSTOMER) else {
            return self;
        };
        let own = match self.customer {
            Some(own) if own != customer => Whose::default(),
            _ => self,
        };
        let (site, user) = match (of(SITE), of(USER)) {
            (site, Some(user)) => (site, Some(user)),
            (site, None) if own.user.is_none() => (site.or(own.site), None),
            (_, None) => (own.site, own.user),
        };
        Whose {
            is_named: true,
            customer: Some(customer),
            site,
            user,
            until: own.until,
            ..Whose::default()
        }
    }

    /// By Halo's field.
    pub(super) fn references(&self) -> [(&'static str, Option<u64>); 3] {
        [
            (CUSTOMER, self.customer),
            (SITE, self.site),
            (USER, self.user),
        ]
    }

    /// Whether the record still belongs where this connector has put it, or nowhere, or
    /// already where HubSpot says: a call that ended before that was remembered.
    pub(super) fn is_ours(
        &self,
        kind: &str,
        record: &Stored,
        last: Option<&Values>,
        intents: &[&Intent],
    ) -> bool {
        let Some(id) = reference_of(record, CUSTOMER) else {
            return true;
        };
        let at = id.to_string();
        let was = last.and_then(|last| last.get(CUSTOMER)).cloned().flatten();
        // What an interrupted call has written is ours, too.
        let was_tried = || {
            intents
                .iter()
                .any(|tried| tried.brings(kind, CUSTOMER, &at))
        };
        Some(id) == self.customer || was.is_some_and(|was| was == at) || was_tried()
    }

    /// What changes about where it belongs. Nothing is taken away because HubSpot says
    /// nothing; but with another customer, site and user are not the old one's, and a
    /// contact who is a user of another customer by now is not this one's.
    pub(super) fn moves(&self, record: &Stored, last: Option<&Values>) -> Vec<Field> {
        let is_other = self.customer.is_some() && self.customer != reference_of(record, CUSTOMER);
        let was = |name: &str| last.and_then(|last| last.get(name)).cloned().flatten();
        let is_ours = |name| reference_of(record, name).map(|id| id.to_string()) == was(name);
        // Halo wants a site for whomever people have put there.
        let is_left = self.is_user_elsewhere && self.customer.is_some() && is_ours(USER);
        let mut fields = Vec::new();
        for (name, now) in self.references() {
            let was = was(name);
            let halo = reference_of(record, name);
            match now {
                // HubSpot has not changed it, so an edit in Halo stays.
                Some(id) if !is_other && was == Some(id.to_string()) => {}
                Some(id) if halo != Some(id) => fields.push(reference(name, id)),
                None if halo.is_some() && (is_other || (is_left && is_ours(name))) => {
                    fields.push(field(name, Value::None));
                }
                _ => {}
            }
        }
        fields
    }

    /// Remembered: where HubSpot says it belongs, else what it said before. With another
    /// customer, what it said of site and user went with the old one.
    pub(super) fn remember(&self, agreed: &mut Values, last: Option<&Values>) {
        let was = |name: &str| last.and_then(|last| last.get(name)).cloned().flatten();
        let customer = self.customer.map(|id| id.to_string());
        let is_other = customer.is_some() && customer != was(CUSTOMER);
        let is_other = is_other || (self.is_user_elsewhere && customer.is_some());
        for (name, id) in self.references() {
            let before = was(name).filter(|_| !is_other || name == CUSTOMER);
            agreed.insert(name.to_owned(), id.map(|id| id.to_string()).or(before));
        }
    }
}

/// A reference to a record that is there.
pub(super) fn reference(name: &str, id: u64) -> Field {
    field(name, Value::Reference(RecordRef::Id(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Customer, site and user.
    type Place = (Option<u64>, Option<u64>, Option<u64>);

    fn whose((customer, site, user): Place) -> Whose {
        Whose {
            customer,
            site,
            user,
            until: vec![Awaited::of(&["user"], "5")],
            ..Whose::default()
        }
    }

    #[test]
    fn s49_a_quote_is_whose_the_ticket_of_its_deal_is_and_knows_who_comes_to_that() {
        let nobody = (None, None, None);
        for (deal, ticket, expected, waits) in [
            (nobody, nobody, nobody, true),
            (
                (Some(7), Some(70), Some(3)),
                nobody,
                (Some(7), Some(70), Some(3)),
                true,
            ),
            // Its user is in Halo since, or it has another one by hand.
            (
                (Some(7), Some(70), Some(3)),
                (Some(7), None, None),
                (Some(7), Some(70), Some(3)),
                true,
            ),
            (
                (Some(7), Some(70), Some(3)),
                (Some(7), Some(71), Some(4)),
                (Some(7), Some(71), Some(4)),
                true,
            ),
            (
                (Some(7), Some(70), None),
                (Some(7), None, None),
                (Some(7), Some(70), None),
                true,
            ),
            // People have moved it.
            (
                (Some(7), Some(70), Some(3)),
                (Some(8), None, None),
                (Some(8), None, None),
                false,
            ),
            (nobody, (Some(8), None, None), (Some(8), None, None), true),
        ] {
            let places = [(CUSTOMER, ticket.0), (SITE, ticket.1), (USER, ticket.2)];
            let fields = places.into_iter();
            let ticket = Stored {
                id: 1,
                revision: 1,
                fields: fields
                    .filter_map(|(name, id)| Some(reference(name, id?)))
                    .collect(),
                keys: Vec::new(),
            };
            let its = whose(deal).with_ticket(Some(&ticket));
            let told = (its.customer, its.site, its.user);
            assert_eq!(
                (told, !its.until.is_empty()),
                (expected, waits),
                "{ticket:?}"
            );
        }
    }
}
