//! What people are told of a record that goes to HubSpot.

use super::newcomer::Identity;
use crate::connect::Linked;
use crate::contract::exports::halo::integration::push::{RemoteChange, Sent};
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::RemoteObject;
use crate::failure::Failure;
use crate::hubspot::objects::Object;
use crate::matching::text_of;
use crate::sync::opt_out::OptOut;
use crate::sync::section::Section;

/// Where records go.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// The entity.
    pub section: &'a Section<'a>,
    /// The account.
    pub linked: &'a Linked,
    /// Where the entity's state is.
    pub scope: &'a str,
    /// Whether people want a message for each record that was sent (S70).
    pub messages: bool,
    /// What is left alone.
    pub opt_out: &'a OptOut,
}

impl Told<'_> {
    /// The external key of a HubSpot id.
    pub fn key(&self, id: &str) -> String {
        format!("{}{id}", self.linked.prefix)
    }

    /// A failure that says whose it is: `customer 7 (Acme): …`.
    pub fn named(&self, record: &Stored, failure: Failure) -> Failure {
        let title = text_of(record, self.section.title_field());
        let title = title.map_or_else(String::new, |title| format!(" ({title})"));
        let kind = self.section.spec().kind;
        Failure {
            message: format!("{kind} {}{title}: {}", record.id, failure.message),
            ..failure
        }
    }

    /// What was done.
    pub fn sent(
        &self,
        record: &Stored,
        id: &str,
        effect: &str,
        changes: Vec<RemoteChange>,
    ) -> Sent {
        let spec = self.section.spec();
        let title = text_of(record, self.section.title_field());
        let name = title.map_or_else(String::new, |title| format!(" ({title})"));
        let message = format!(
            "{} {}{name}: HubSpot {} {id} was {effect}.",
            spec.kind, record.id, spec.one
        );
        Sent {
            message: self.messages.then_some(message),
            object: RemoteObject {
                entity: spec.objects.to_owned(),
                key: self.key(id),
                title: title.unwrap_or_default().to_owned(),
                address: Some(self.linked.account.record_address(spec.type_id, id)),
            },
            effect: effect.to_owned(),
            changes,
        }
    }
}

/// What became of properties, each with HubSpot's value before and the one that was sent.
pub fn changes<'a>(
    properties: impl Iterator<Item = (&'a String, &'a str, &'a String)>,
    object: &Object,
) -> Vec<RemoteChange> {
    properties
        .map(|(property, before, sent)| RemoteChange {
            field: property.clone(),
            before: before.to_owned(),
            after: object.property(property).unwrap_or(sent).to_owned(),
        })
        .collect()
}

/// `e-mail ada@acme.example`.
pub fn what_of(identity: Option<&Identity>) -> String {
    match identity {
        Some(Identity::Email(email)) => format!("e-mail {email}"),
        Some(Identity::Domain(domain)) => format!("domain {domain}"),
        None => "own".to_owned(),
    }
}
