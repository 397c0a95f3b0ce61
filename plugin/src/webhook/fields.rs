//! The members of an event that are read, each by itself: one of a wrong type spoils its
//! own event and no other. What is not read is passed over without being kept, so that a
//! body takes no more memory than it has bytes.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The most ids of merged objects that one event may name.
const MAX_IDS: usize = 1_000;

/// The members that are read, by HubSpot's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are HubSpot's
pub enum Member {
    SubscriptionId,
    PortalId,
    OccurredAt,
    SubscriptionType,
    /// So called in HubSpot's documentation, and in no event that was seen.
    EventType,
    ObjectId,
    ObjectTypeId,
    ObjectType,
    PropertyName,
    PropertyValue,
    ChangeSource,
    SourceId,
    PrimaryObjectId,
    MergedObjectIds,
    NewObjectId,
    AssociationType,
    FromObjectId,
    ToObjectId,
    FromObjectTypeId,
    ToObjectTypeId,
    /// The one member that is yes or no.
    AssociationRemoved,
}

/// How many there are.
const MEMBERS: usize = Member::AssociationRemoved as usize + 1;

impl Member {
    fn called(name: &str) -> Option<Member> {
        Some(match name {
            "subscriptionId" => Member::SubscriptionId,
            "portalId" => Member::PortalId,
            "occurredAt" => Member::OccurredAt,
            "subscriptionType" => Member::SubscriptionType,
            "eventType" => Member::EventType,
            "objectId" => Member::ObjectId,
            "objectTypeId" => Member::ObjectTypeId,
            "objectType" => Member::ObjectType,
            "propertyName" => Member::PropertyName,
            "propertyValue" => Member::PropertyValue,
            "changeSource" => Member::ChangeSource,
            "sourceId" => Member::SourceId,
            "primaryObjectId" => Member::PrimaryObjectId,
            "mergedObjectIds" => Member::MergedObjectIds,
            "newObjectId" => Member::NewObjectId,
            "associationType" => Member::AssociationType,
            "fromObjectId" => Member::FromObjectId,
            "toObjectId" => Member::ToObjectId,
            "fromObjectTypeId" => Member::FromObjectTypeId,
            "toObjectTypeId" => Member::ToObjectTypeId,
            "associationRemoved" => Member::AssociationRemoved,
            _ => return None,
        })
    }
}

/// One value. A text stands in the body still, where it has no escapes: a request has a
/// hundred events with a dozen texts each, of which few are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scalar<'b> {
    Number(u64),
    Text(Cow<'b, str>),
    Bool(bool),
    Numbers(Vec<u64>),
    /// Null, a fraction, something below zero, an object, a mixed or an endless list.
    Other,
}

/// The members of one event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields<'b>([Option<Scalar<'b>>; MEMBERS]);

impl Fields<'_> {
    fn get(&self, member: Member) -> Option<&Scalar<'_>> {
        self.0.get(member as usize)?.as_ref()
    }

    /// A text.
    pub fn text(&self, member: Member) -> Option<&str> {
        match self.get(member) {
            Some(Scalar::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A number.
    pub fn number(&self, member: Member) -> Option<u64> {
        match self.get(member) {
            Some(Scalar::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// An id, as text. HubSpot writes numbers, and what could not read numbers of that
    /// size on the way may have made texts of them.
    pub fn id(&self, member: Member) -> Option<String> {
        let number = match self.get(member) {
            Some(Scalar::Number(number)) => *number,
            Some(Scalar::Text(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().ok()?
            }
            _ => return None,
        };
        (number > 0).then(|| number.to_string())
    }

    /// Ids; none where there is no list.
    pub fn ids(&self, member: Member) -> Vec<String> {
        match self.get(member) {
            Some(Scalar::Numbers(ids)) => ids.iter().map(u64::to_string).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a link was removed.
    pub fn removed(&self) -> bool {
        self.get(Member::AssociationRemoved) == Some(&Scalar::Bool(true))
    }

    /// A number or a text, as text.
    pub fn shown(&self, member: Member) -> Option<Cow<'_, str>> {
        match self.get(member)? {
            Scalar::Number(number) => Some(Cow::Owned(number.to_string())),
            Scalar::Text(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event {…}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(Name(member)) = map.next_key()? {
            let place = member.and_then(|member| fields.0.get_mut(member as usize));
            match place {
                // Of a member that is there twice the last one counts, as everywhere.
                Some(place) => *place = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(fields)
    }
}

/// The name of a member, without a copy of it.
struct Name(Option<Member>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(Name(Member::called(name)))
    }
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Other)
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar<'de>, A::Error> {
        let mut numbers = Some(Vec::new());
        while let Some(item) = seq.next_element::<Item>()? {
            numbers = match (numbers, item.0) {
                (Some(mut numbers), Some(number)) if numbers.len() < MAX_IDS => {
                    numbers.push(number);
                    Some(numbers)
                }
                _ => None,
            };
        }
        Ok(numbers.map_or(Scalar::Other, Scalar::Numbers))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// One of a list; only numbers are kept. A list in a list is passed over.
struct Item(Option<u64>);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Item, E> {
        Ok(Item(Some(value)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_str<E>(self, value: &str) -> Result<Item, E> {
        Ok(Item(value.parse().ok()))
    }

    fn visit_unit<E>(self) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Item, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Item(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Item(None))
    }
}
