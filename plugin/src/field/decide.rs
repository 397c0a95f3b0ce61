//! What an import does with one field: a three-way comparison of HubSpot's value
//! now, Halo's value now, and HubSpot's value when both sides were last compared.
//!
//! Only a change in HubSpot writes Halo (A8): an edit in Halo alone is left alone.

use super::fold;
use crate::contract::halo::integration::types::Value;

/// How a field is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A mapping row: HubSpot's changes win.
    Mapped,
    /// A fixed row (A23): filled where Halo's field is empty or holds what came
    /// from HubSpot; a value of Halo's own is never touched.
    EmptyOrOurs,
}

/// The value to write, or nothing to leave the field alone. `last` is HubSpot's
/// value as of the last comparison, nothing at the first.
pub fn decide(rule: Rule, hubspot: &Value, halo: &Value, last: Option<&Value>) -> Option<Value> {
    if last == Some(hubspot) || hubspot == halo {
        return None;
    }
    let ours = last.is_some_and(|last| same(last, halo));
    let write = match (rule, hubspot, halo) {
        // Emptied in HubSpot: take back only what came from there.
        (_, Value::None, _) => ours,
        (Rule::Mapped, _, _) | (Rule::EmptyOrOurs, _, Value::None) => true,
        (Rule::EmptyOrOurs, _, _) => ours,
    };
    write.then(|| hubspot.clone())
}

/// Whether two values are the same for people: "ACME" is what "Acme" came from.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => fold(left) == fold(right),
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rule::{EmptyOrOurs, Mapped};

    fn value(text: &str) -> Value {
        crate::field::text(Some(text))
    }

    /// HubSpot, Halo, last (`?` for none), expected (`-` to leave alone, `""` to
    /// clear).
    fn check(rule: Rule, hubspot: &str, halo: &str, last: &str, expected: &str) {
        let last = (last != "?").then(|| value(last));
        let decided = decide(rule, &value(hubspot), &value(halo), last.as_ref());
        let expected = (expected != "-").then(|| value(expected));
        assert_eq!(decided, expected, "{rule:?}: {hubspot:?} {halo:?} {last:?}");
    }

    #[test]
    fn a_mapped_field_follows_hubspot_and_keeps_what_only_halo_changed() {
        check(Mapped, "a", "", "?", "a");
        check(Mapped, "a", "b", "?", "a");
        check(Mapped, "a", "a", "?", "-");
        check(Mapped, "a", "b", "a", "-");
        check(Mapped, "c", "b", "a", "c");
        check(Mapped, "c", "a", "a", "c");
    }

    #[test]
    fn a_fixed_field_is_filled_where_it_is_empty_or_ours() {
        check(EmptyOrOurs, "a", "", "?", "a");
        check(EmptyOrOurs, "a", "b", "?", "-");
        check(EmptyOrOurs, "c", "a", "a", "c");
        check(EmptyOrOurs, "c", "b", "a", "-");
        check(EmptyOrOurs, "c", "A ", "a", "c");
        check(EmptyOrOurs, "a", "", "a", "-");
    }

    #[test]
    fn an_emptied_property_takes_back_only_its_own_value() {
        for rule in [Mapped, EmptyOrOurs] {
            check(rule, "", "b", "?", "-");
            check(rule, "", "a", "a", "");
            check(rule, "", "b", "a", "-");
        }
    }
}
