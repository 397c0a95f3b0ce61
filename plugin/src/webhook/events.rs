//! What the body of a request tells: which object of which account, and what happened to
//! it. A number of events that HubSpot sends is about nothing that is synced; those are
//! left out here.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use sha2::{Digest as _, Sha256};

use super::fields::{Fields, Member};
use super::object::{Object, ObjectType};
use super::signature::hex;
use super::told::{Told, What};

/// The largest body that is read. HubSpot sends up to a hundred events, whose values may
/// have 65,536 characters.
pub const MAX_BODY: usize = 8 * 1024 * 1024;
/// The most events of one request; HubSpot sends up to a hundred.
pub const MAX_EVENTS: usize = 1_000;
/// The longest name of a property, of a source and of its id that is kept.
const MAX_NAME: usize = 255;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// HubSpot's id of the account.
    pub account: String,
    /// Equal for two deliveries of one event, and for no others.
    pub dedupe: String,
    /// What it tells.
    pub told: Told,
}

/// The events of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Those about objects that can be synced.
    pub events: Vec<Event>,
    /// How many were about something else: tickets, conversations, the other end of a
    /// link.
    pub foreign: usize,
    /// How many lacked something, or had it in a wrong type.
    pub broken: usize,
}

/// Why a body is not read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not a list of events.
    Unreadable(String),
    /// It is too much at one time.
    TooMuch(String),
}

/// Reads a body.
pub fn read(body: &[u8]) -> Result<Events, Refusal> {
    if body.len() > MAX_BODY {
        return Err(Refusal::TooMuch(format!(
            "The body has more than {MAX_BODY} bytes; send fewer events at one time."
        )));
    }
    let mut read = Reading {
        events: Events::default(),
        too_many: false,
    };
    let mut json = serde_json::Deserializer::from_slice(body);
    // However deep it is nested: what is not read is passed over without a stack.
    let outcome = (&mut read).deserialize(&mut json).and_then(|()| json.end());
    match outcome {
        Ok(()) => Ok(read.events),
        Err(_) if read.too_many => Err(Refusal::TooMuch(format!(
            "There are more than {MAX_EVENTS} events; send fewer at one time."
        ))),
        // serde_json's own sentence may quote what stands there.
        Err(error) => Err(Refusal::Unreadable(format!(
            "The body is no list of events: line {}, column {}.",
            error.line(),
            error.column()
        ))),
    }
}

/// Takes events one by one, so that no more than one is held as it came.
struct Reading {
    events: Events,
    too_many: bool,
}

impl<'de> DeserializeSeed<'de> for &mut Reading {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Reading {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut count = 0;
        while let Some(fields) = seq.next_element::<Fields<'_>>()? {
            count += 1;
            if count > MAX_EVENTS {
                self.too_many = true;
                return Err(A::Error::custom("too many events"));
            }
            match event(&fields) {
                Ok(event) => self.events.events.push(event),
                Err(Left::Foreign) => self.events.foreign += 1,
                Err(Left::Broken) => self.events.broken += 1,
            }
        }
        Ok(())
    }
}

/// Why an event is left out.
#[derive(Debug, PartialEq, Eq)]
enum Left {
    Foreign,
    Broken,
}

fn event(fields: &Fields<'_>) -> Result<Event, Left> {
    let subscription = fields.text(Member::SubscriptionType);
    let subscription = subscription.or_else(|| fields.text(Member::EventType));
    let subscription = subscription.ok_or(Left::Broken)?;
    let (who, happened) = subscription.split_once('.').ok_or(Left::Foreign)?;
    let account = fields.id(Member::PortalId).ok_or(Left::Broken)?;
    let occurred_at = fields.number(Member::OccurredAt).ok_or(Left::Broken)?;
    let (object, what) = match happened {
        "associationChange" => link(fields, who)?,
        "merge" => (survivor(fields, who)?, merged(fields)),
        _ => {
            let of = object_type(fields, who)?;
            let what = match happened {
                "creation" => What::Created,
                "deletion" => What::Deleted,
                "restore" => What::Restored,
                "privacyDeletion" => What::Forgotten,
                "propertyChange" => What::Changed {
                    property: name(fields, Member::PropertyName).ok_or(Left::Broken)?,
                },
                _ => return Err(Left::Foreign),
            };
            let id = fields.id(Member::ObjectId).ok_or(Left::Broken)?;
            (Object { of, id }, what)
        }
    };
    Ok(Event {
        dedupe: dedupe(fields, &account, subscription, &object, occurred_at),
        account,
        told: Told {
            object,
            what,
            occurred_at,
            source: name(fields, Member::ChangeSource),
            source_id: fields
                .shown(Member::SourceId)
                .filter(|text| text.len() <= MAX_NAME)
                .map(Cow::into_owned),
        },
    })
}

/// A text that may be kept as it is.
fn name(fields: &Fields<'_>, member: Member) -> Option<String> {
    let text = fields.text(member)?;
    (!text.is_empty() && text.len() <= MAX_NAME).then(|| text.to_owned())
}

/// The type that the subscription is of, or that generic ones have beside them.
fn object_type(fields: &Fields<'_>, who: &str) -> Result<ObjectType, Left> {
    let called = match who {
        "object" => fields
            .text(Member::ObjectTypeId)
            .or_else(|| fields.text(Member::ObjectType))
            .ok_or(Left::Broken)?,
        who => who,
    };
    ObjectType::called(called).ok_or(Left::Foreign)
}

/// A merge makes a new object in most accounts; in those where the first one stays there
/// is no new id.
fn survivor(fields: &Fields<'_>, who: &str) -> Result<Object, Left> {
    let of = object_type(fields, who)?;
    let id = fields
        .id(Member::NewObjectId)
        .or_else(|| fields.id(Member::PrimaryObjectId))
        .or_else(|| fields.id(Member::ObjectId))
        .ok_or(Left::Broken)?;
    Ok(Object { of, id })
}

fn merged(fields: &Fields<'_>) -> What {
    let survivor = fields
        .id(Member::NewObjectId)
        .or_else(|| fields.id(Member::PrimaryObjectId))
        .or_else(|| fields.id(Member::ObjectId));
    let mut ids = fields.ids(Member::MergedObjectIds);
    ids.extend(fields.id(Member::PrimaryObjectId));
    ids.retain(|id| Some(id) != survivor.as_ref());
    ids.sort();
    ids.dedup();
    What::Merged { ids }
}

/// A link concerns the object that it is told from; the other end has an event of its own.
fn link(fields: &Fields<'_>, who: &str) -> Result<(Object, What), Left> {
    // `DEAL_TO_LINE_ITEM`; labels have other names.
    let ends = fields.text(Member::AssociationType);
    let ends = ends.and_then(|name| name.split_once("_TO_"));
    let called = |name: &str| ObjectType::called(name).ok_or(Left::Foreign);
    let from = match (fields.text(Member::FromObjectTypeId), ends) {
        (Some(type_id), _) => called(type_id)?,
        (None, Some((from, _))) if ObjectType::called(from).is_some() => called(from)?,
        _ => object_type(fields, who)?,
    };
    let object = Object {
        of: from,
        id: fields.id(Member::FromObjectId).ok_or(Left::Broken)?,
    };
    let id = fields.id(Member::ToObjectId).ok_or(Left::Broken)?;
    let to = fields
        .text(Member::ToObjectTypeId)
        .or(ends.map(|(_, to)| to));
    let with = match to {
        // What cannot be told is not left out.
        None => None,
        Some(to) => {
            let of = called(to)?;
            if !from.depends_on(of) {
                return Err(Left::Foreign);
            }
            Some(Object { of, id })
        }
    };
    let removed = fields.removed();
    Ok((object, What::Associated { with, removed }))
}

/// HubSpot's `eventId` is not unique, so an event is known by what it says. How often it
/// was sent does not count.
///
/// Its time comes first: events of one time stand side by side in an index then, and a
/// hundred of them change a few of its pages instead of a hundred.
fn dedupe(
    fields: &Fields<'_>,
    account: &str,
    subscription: &str,
    object: &Object,
    occurred_at: u64,
) -> String {
    let mut hash = Sha256::new();
    // With its place and length, so that no two lists of parts run into one text.
    let mut add = |place: usize, part: &str| {
        let [place, ..] = place.to_le_bytes();
        let [a, b, c, d, ..] = (part.len() as u64).to_le_bytes();
        hash.update([place, a, b, c, d]);
        hash.update(part);
    };
    for (place, part) in [account, subscription, object.of.name(), &object.id]
        .into_iter()
        .enumerate()
    {
        add(place, part);
    }
    for member in [
        Member::SubscriptionId,
        Member::ObjectId,
        Member::PropertyName,
        Member::PropertyValue,
        Member::PrimaryObjectId,
        Member::NewObjectId,
        Member::AssociationType,
        Member::FromObjectId,
        Member::ToObjectId,
        Member::ToObjectTypeId,
    ] {
        if let Some(shown) = fields.shown(member) {
            add(OF_MEMBERS + member as usize, &shown);
        }
    }
    for id in fields.ids(Member::MergedObjectIds) {
        add(OF_MEMBERS + Member::MergedObjectIds as usize, &id);
    }
    if fields.removed() {
        add(OF_MEMBERS + Member::AssociationRemoved as usize, "");
    }
    let bytes = hash.finalize();
    // Half of it: two events alike by chance are not to be expected in any account.
    format!("{occurred_at:012x}{}", hex(bytes.split_at(16).0))
}

/// Where the places of members begin.
const OF_MEMBERS: usize = 16;

#[cfg(test)]
mod tests;
