//! What is about to be written for a row. Records are written first and state after,
//! and between the two a call may end: then the next one finds values in Halo that
//! nobody remembers. Without an intent it would take them for edits of people there,
//! and never touch them again.

use serde::{Deserialize, Serialize};

use super::plan::{Part, Values};
use crate::contract::halo::integration::types::Value;
use crate::entity::Mapped;

/// Attempts with other values that are kept: a row is seldom interrupted twice.
const ATTEMPTS_KEPT: usize = 8;

/// So much of their values in bytes, except of the last one: the host takes a megabyte,
/// and a quote has the texts of all its lines.
const BYTES_KEPT: usize = 512 * 1024;

/// What was about to be written when a row was last seen, until that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// A record was to be made, with its first site.
    pub creates: bool,
    /// Of each attempt that nobody saw the end of, HubSpot's values by Halo's kind and
    /// field.
    values: Vec<Values>,
}

impl Intent {
    /// The intent after an earlier one whose end nobody saw; `is_linked` says whether
    /// the row's key leads to a customer, which an earlier attempt may have made.
    pub fn after(before: Option<&Intent>, parts: &[Part], is_linked: bool) -> Intent {
        let mut intent = before.cloned().unwrap_or_default();
        intent.creates &= is_linked;
        let mut values = Values::new();
        intent.creates |= parts.first().is_some_and(|part| part.record.is_none());
        for part in parts {
            for (field, value) in part.agreed.iter().flatten() {
                values.insert(name(&part.place(), field), value.clone());
            }
        }
        if !intent.values.contains(&values) {
            intent.values.push(values);
        }
        // The newest ones.
        let mut bytes = 0;
        let newest = intent.values.iter().rev().take(ATTEMPTS_KEPT);
        let kept = newest.take_while(|values| {
            let before = bytes;
            bytes += size(values);
            before == 0 || bytes <= BYTES_KEPT
        });
        let surplus = intent.values.len() - kept.count();
        intent.values.drain(..surplus);
        intent
    }

    /// Whether an attempt was to bring a field to this value. Here and below, `kind` is
    /// the place of a [`Part`].
    pub fn brings(&self, kind: &str, field: &str, value: &str) -> bool {
        let name = name(kind, field);
        let mut values = self.values.iter().filter_map(|values| values.get(&name));
        values.any(|brought| brought.as_deref() == Some(value))
    }

    /// The value of an attempt, where Halo's field holds just that.
    pub fn stands(&self, kind: &str, mapped: &Mapped, halo: &Value) -> Option<Value> {
        let name = name(kind, &mapped.field);
        self.values
            .iter()
            .filter_map(|values| values.get(&name))
            .filter_map(|value| mapped.to_halo(value.as_deref()).ok())
            .find(|value| mapped.same(value, halo))
    }
}

fn size(values: &Values) -> usize {
    let texts = values.iter();
    let of = |value: &Option<String>| value.as_ref().map_or(0, String::len);
    texts.map(|(name, value)| name.len() + of(value)).sum()
}

fn name(kind: &str, field: &str) -> String {
    format!("{kind}.{field}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::entity::company::{self, KIND};
    use crate::field::text;
    use crate::settings::Companies;

    fn phone(record: Option<u64>, value: &str) -> [Part; 1] {
        let field = "main_phonenumber".to_owned();
        [Part {
            kind: KIND,
            record,
            row: None,
            agreed: Some(Values::from([(field, Some(value.to_owned()))])),
            line: None,
        }]
    }

    #[test]
    fn a_value_that_stands_in_halo_is_known_whichever_attempt_wrote_it() {
        let first = Intent::after(None, &phone(None, "1"), false);
        let second = Intent::after(Some(&first), &phone(Some(7), "2"), true);
        assert!(second.creates);
        // It was never made, and the company is another customer now.
        assert!(!Intent::after(Some(&first), &phone(Some(8), "1"), false).creates);
        let fields = company::fields(&Companies::default(), &[], &BTreeMap::new());
        let mapped = fields
            .iter()
            .find(|mapped| mapped.field == "main_phonenumber")
            .unwrap();
        for (halo, stands) in [("1", true), ("2", true), ("3", false)] {
            let halo = text(Some(halo));
            let found = second.stands(KIND, mapped, &halo);
            assert_eq!(found.is_some(), stands, "{halo:?}");
            assert_eq!(second.stands("site", mapped, &halo), None);
        }
    }

    #[test]
    fn the_same_again_takes_no_more_room_and_many_attempts_not_without_end() {
        let once = Intent::after(None, &phone(Some(7), "1"), true);
        assert_eq!(Intent::after(Some(&once), &phone(Some(7), "1"), true), once);
        let many = (0..100).fold(once, |before, number: u32| {
            Intent::after(Some(&before), &phone(Some(7), &number.to_string()), true)
        });
        assert_eq!(many.values.len(), ATTEMPTS_KEPT);
    }

    #[test]
    fn of_long_values_fewer_attempts_are_kept_and_the_last_one_always() {
        let long = "x".repeat(BYTES_KEPT / 3);
        let after = |before: &Intent, number: u32| {
            Intent::after(
                Some(before),
                &phone(Some(7), &format!("{number}{long}")),
                true,
            )
        };
        let many = (0..10).fold(Intent::default(), |before, number| after(&before, number));
        assert_eq!(many.values.len(), 2);
        assert!(many.brings(KIND, "main_phonenumber", &format!("9{long}")));
        let longer = "x".repeat(2 * BYTES_KEPT);
        let last = Intent::after(Some(&many), &phone(Some(7), &longer), true);
        assert_eq!(last.values.len(), 1);
    }
}
