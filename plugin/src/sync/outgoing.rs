//! What is about to be sent of a record. HubSpot is written first and state after, and
//! between the two a call may end: then the next one finds values in HubSpot that nobody
//! remembers, or an object of which nobody knows whose it is. Without this it would take
//! the values for edits of people there, and let them win over Halo's next edit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::Agreed;
use crate::hubspot::objects::Object;

/// Attempts with other values that are kept of each property: a record is seldom
/// interrupted twice.
const ATTEMPTS_KEPT: usize = 8;

/// What was about to be sent, until it is remembered what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// An object was to be made of the record.
    #[serde(default)]
    pub makes: bool,
    /// By property: the texts of attempts that nobody saw the end of, the first one first.
    texts: BTreeMap<String, Vec<String>>,
}

/// A property and the field that it is, with whether HubSpot's changes come to it.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// HubSpot's property.
    pub property: &'a str,
    /// Halo's field.
    pub field: &'a str,
    /// Whether HubSpot's changes come to Halo.
    pub comes: bool,
}

impl Outgoing {
    /// After an earlier attempt whose end nobody saw.
    pub fn after<'a>(
        before: Option<&Outgoing>,
        makes: bool,
        properties: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Outgoing {
        let mut outgoing = before.cloned().unwrap_or_default();
        outgoing.makes |= makes;
        for (property, text) in properties {
            let texts = outgoing.texts.entry(property.to_owned()).or_default();
            if !texts.iter().any(|known| known == text) {
                texts.push(text.to_owned());
            }
            // The newest ones.
            let surplus = texts.len().saturating_sub(ATTEMPTS_KEPT);
            texts.drain(..surplus);
        }
        outgoing
    }

    /// Whether HubSpot may hold this because it was sent.
    fn is_ours(&self, property: &str, text: &str) -> bool {
        let texts = self.texts.get(property);
        texts.is_some_and(|texts| texts.iter().any(|known| known == text))
    }

    /// What both sides last agreed on, with what was sent since: a value of HubSpot that is
    /// ours is no change of HubSpot.
    pub fn agreed<'a>(
        &self,
        before: Option<&Agreed>,
        record: u64,
        object: &Object,
        ways: impl Iterator<Item = Way<'a>>,
    ) -> Option<Agreed> {
        if before.is_none() && !self.makes {
            return None;
        }
        let mut agreed = before.cloned().unwrap_or_else(|| Agreed {
            record,
            ..Agreed::default()
        });
        for way in ways {
            let now = object.property(way.property).unwrap_or_default();
            let text = match before {
                _ if self.is_ours(way.property, now) => now,
                Some(_) => continue,
                // Of what was made, the rest is as it was made.
                None => {
                    let texts = self.texts.get(way.property);
                    texts
                        .and_then(|texts| texts.first())
                        .map_or("", String::as_str)
                }
            };
            agreed.remember(way, text, text);
        }
        Some(agreed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAYS: [Way<'static>; 2] = [
        Way {
            property: "a",
            field: "CFA",
            comes: true,
        },
        Way {
            property: "b",
            field: "CFB",
            comes: true,
        },
    ];

    fn outgoing(makes: bool, attempts: &[&str]) -> Outgoing {
        let sent = |before: Option<Outgoing>, text: &&str| {
            let sent = std::iter::once(("a", *text));
            Some(Outgoing::after(before.as_ref(), makes, sent))
        };
        attempts.iter().fold(None, sent).unwrap()
    }

    /// What the first field was last compared with, and the second.
    fn last(outgoing: &Outgoing, before: Option<&str>, now: &str) -> Option<[String; 2]> {
        let object = Object::with("1", &[("a", now), ("b", "theirs")]);
        let before = before.map(|text| {
            let values = ["CFA", "CFB"].map(|field| (field.to_owned(), Some(text.to_owned())));
            Agreed {
                record: 7,
                values: values.into(),
                ..Agreed::default()
            }
        });
        let agreed = outgoing.agreed(before.as_ref(), 7, &object, WAYS.into_iter())?;
        assert_eq!(agreed.record, 7);
        Some(["CFA", "CFB"].map(|field| agreed.values[field].clone().unwrap_or_default()))
    }

    #[test]
    fn what_was_sent_without_an_answer_is_no_change_of_hubspot() {
        let sent = outgoing(false, &["2", "3"]);
        for (now, expected) in [("1", "1"), ("2", "2"), ("3", "3"), ("4", "1")] {
            let last = last(&sent, Some("1"), now);
            assert_eq!(last, Some([expected.to_owned(), "1".to_owned()]), "{now}");
        }
        assert_eq!(last(&sent, None, "2"), None);
    }

    #[test]
    fn what_was_made_without_an_answer_was_the_same_on_both_sides_then() {
        let made = outgoing(true, &["2", "3"]);
        for (now, expected) in [("2", "2"), ("3", "3"), ("4", "2")] {
            let last = last(&made, None, now);
            assert_eq!(last, Some([expected.to_owned(), String::new()]), "{now}");
        }
    }

    #[test]
    fn the_same_again_takes_no_more_room_and_many_attempts_not_without_end() {
        let once = outgoing(false, &["1"]);
        assert_eq!(outgoing(false, &["1", "1"]), once);
        let texts: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let many = outgoing(false, &texts);
        assert_eq!(many.texts["a"].len(), ATTEMPTS_KEPT);
        assert!(many.is_ours("a", "99"));
    }
}
