//! JSON whose members stay in the order of the text: a page draws the settings in the order
//! in which the author of a connector has written them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ordered {
    /// Names and values in their order.
    Object(Vec<(String, Ordered)>),
    Array(Vec<Ordered>),
    /// Anything else.
    Other(Value),
}

impl Ordered {
    /// A member.
    pub(super) fn get(&self, name: &str) -> Option<&Ordered> {
        match self {
            Ordered::Object(members) => {
                let found = members.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// A member that is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Ordered::Other(value) => value.as_str(),
            _ => None,
        }
    }

    /// The same without its order.
    pub(super) fn value(&self) -> Value {
        match self {
            Ordered::Object(members) => {
                let each = members
                    .iter()
                    .map(|(name, value)| (name.clone(), value.value()));
                Value::Object(each.collect::<Map<_, _>>())
            }
            Ordered::Array(items) => Value::Array(items.iter().map(Ordered::value).collect()),
            Ordered::Other(value) => value.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ordered, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Ordered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Ordered::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Ordered, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Ordered::Array(items))
    }

    fn visit_unit<E>(self) -> Result<Ordered, E> {
        Ok(Ordered::Other(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
        Ok(Ordered::Other(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
        Ok(Ordered::Other(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
        Ok(Ordered::Other(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Ordered, E> {
        Ok(Ordered::Other(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
        Ok(Ordered::Other(value.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stay_in_the_order_of_the_text() {
        let text = r#"{"z":[1,-2,0.5,null,true,{"b":"x","a":{}}],"a":"last"}"#;
        let ordered: Ordered = serde_json::from_str(text).unwrap();
        let Ordered::Object(members) = &ordered else {
            panic!("{ordered:?}");
        };
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["z", "a"]);
        assert_eq!(ordered.text("a"), Some("last"));
        assert_eq!(
            ordered.value(),
            serde_json::from_str::<Value>(text).unwrap()
        );
    }
}
