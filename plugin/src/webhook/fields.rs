//! The members of an event that are read, each by itself: one of a wrong type spoils its
//! own event and no other. What is not read is passed over without being kept, so that a
//! body takes no more memory than it has bytes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The most ids of merged objects that one event may name.
const MAX_IDS: usize = 1_000;

/// What HubSpot calls the members that are read.
const READ: [&str; 20] = [
    "subscriptionId",
    "portalId",
    "occurredAt",
    "subscriptionType",
    // So called in HubSpot's documentation, and in no event that was seen.
    "eventType",
    "objectId",
    "objectTypeId",
    "objectType",
    "propertyName",
    "propertyValue",
    "changeSource",
    "sourceId",
    "primaryObjectId",
    "mergedObjectIds",
    "newObjectId",
    "associationType",
    "fromObjectId",
    "toObjectId",
    "fromObjectTypeId",
    "toObjectTypeId",
];
/// The one member that is yes or no.
const REMOVED: &str = "associationRemoved";

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scalar {
    Number(u64),
    Text(String),
    Bool(bool),
    Numbers(Vec<u64>),
    /// Null, a fraction, something below zero, an object, a mixed or an endless list.
    Other,
}

/// The members of one event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(&'static str, Scalar)>);

impl Fields {
    fn get(&self, name: &str) -> Option<&Scalar> {
        let mut known = self.0.iter();
        known
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Scalar::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.get(name) {
            Some(Scalar::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// An id, as text. HubSpot writes numbers, and what could not read numbers of that
    /// size on the way may have made texts of them.
    pub fn id(&self, name: &str) -> Option<String> {
        let number = match self.get(name) {
            Some(Scalar::Number(number)) => *number,
            Some(Scalar::Text(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().ok()?
            }
            _ => return None,
        };
        (number > 0).then(|| number.to_string())
    }

    /// Ids; none where there is no list.
    pub fn ids(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Scalar::Numbers(ids)) => ids.iter().map(u64::to_string).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a link was removed.
    pub fn removed(&self) -> bool {
        self.get(REMOVED) == Some(&Scalar::Bool(true))
    }

    /// A number or a text, as text.
    pub fn shown(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Scalar::Number(number) => Some(number.to_string()),
            Scalar::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event {…}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some(name) = map.next_key::<String>()? {
            let known = READ.iter().chain([&REMOVED]).find(|known| ***known == name);
            let Some(known) = known else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value()?;
            // Of a member that is there twice the last one counts, as everywhere.
            fields.0.retain(|(earlier, _)| earlier != known);
            fields.0.push((known, value));
        }
        Ok(fields)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
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

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
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
