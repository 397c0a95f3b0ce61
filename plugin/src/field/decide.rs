//! What an import does with one field: a three-way comparison of HubSpot's value
//! now, Halo's value now, and HubSpot's value when both sides were last compared.
//!
//! Only a change in HubSpot writes Halo (A8): an edit in Halo alone is left alone.

use super::fold;
use crate::contract::halo::integration::types::Value;

/// How a field of a record that is there already is filled. A record that an
/// import makes gets every value, whatever the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A mapping row: HubSpot's changes win.
    Mapped(Emptied),
    /// A mapping row where Halo's changes win: as long as nobody in Halo has changed the
    /// field, HubSpot's are written.
    UnlessEdited(Emptied),
    /// A fixed row (A23): filled where Halo's field is empty or holds what came
    /// from HubSpot; a value of Halo's own is never touched.
    EmptyOrOurs,
    /// A mapping row with `never-update`: filled where Halo's field is empty; what
    /// is there stays, wherever it came from.
    Empty,
    /// A mapping row with `new-records-only`: never.
    Never,
}

/// What a mapping row does when the property is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emptied {
    /// It clears what came from HubSpot, and nothing else.
    #[default]
    TakesBack,
    /// `empty-overwrites: true`: empty is a value like any other.
    Clears,
    /// `empty-overwrites: false`: it clears nothing.
    Keeps,
}

/// The value to write, or nothing to leave the field alone. `last` is HubSpot's
/// value as of the last comparison, nothing at the first.
pub fn decide(rule: Rule, hubspot: &Value, halo: &Value, last: Option<&Value>) -> Option<Value> {
    if last == Some(hubspot) || hubspot == halo {
        return None;
    }
    let ours = last.is_some_and(|last| same(last, halo));
    let is_empty = *halo == Value::None;
    let rule = match rule {
        Rule::UnlessEdited(_) if last.is_some() && !ours => return None,
        Rule::UnlessEdited(emptied) => Rule::Mapped(emptied),
        rule => rule,
    };
    let write = match (rule, hubspot) {
        (Rule::Never | Rule::UnlessEdited(_), _)
        | (Rule::Empty | Rule::Mapped(Emptied::Keeps), Value::None) => false,
        (Rule::EmptyOrOurs | Rule::Mapped(Emptied::TakesBack), Value::None) => ours,
        (Rule::Mapped(_), _) => true,
        (Rule::EmptyOrOurs, _) => is_empty || ours,
        (Rule::Empty, _) => is_empty,
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
    use Rule::{Empty, EmptyOrOurs, Never};

    const MAPPED: Rule = Rule::Mapped(Emptied::TakesBack);
    const CLEARS: Rule = Rule::Mapped(Emptied::Clears);
    const KEEPS: Rule = Rule::Mapped(Emptied::Keeps);

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
        for rule in [MAPPED, CLEARS, KEEPS] {
            check(rule, "a", "", "?", "a");
            check(rule, "a", "b", "?", "a");
            check(rule, "a", "a", "?", "-");
            check(rule, "a", "b", "a", "-");
            check(rule, "c", "b", "a", "c");
            check(rule, "c", "a", "a", "c");
        }
    }

    #[test]
    fn where_halo_wins_only_a_field_that_nobody_there_has_changed_follows_hubspot() {
        let rule = Rule::UnlessEdited(Emptied::TakesBack);
        check(rule, "c", "a", "a", "c");
        check(rule, "c", "b", "a", "-");
        check(rule, "", "a", "a", "");
        check(rule, "", "b", "a", "-");
        // Never compared: nobody can say who has changed it.
        check(rule, "a", "b", "?", "a");
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
        for rule in [MAPPED, EmptyOrOurs] {
            check(rule, "", "b", "?", "-");
            check(rule, "", "a", "a", "");
            check(rule, "", "b", "a", "-");
        }
    }

    #[test]
    fn an_empty_property_overwrites_everything_or_nothing_where_the_row_says_so() {
        check(CLEARS, "", "b", "?", "");
        check(CLEARS, "", "a", "a", "");
        check(CLEARS, "", "b", "a", "");
        // A8 as for every value: what only Halo changed stays.
        check(CLEARS, "", "b", "", "-");
        check(KEEPS, "", "b", "?", "-");
        check(KEEPS, "", "a", "a", "-");
        check(KEEPS, "", "b", "a", "-");
        // Kept, and then followed again.
        check(KEEPS, "c", "a", "", "c");
    }

    #[test]
    fn a_field_that_is_never_updated_is_filled_where_it_is_empty_and_stays() {
        check(Empty, "a", "", "?", "a");
        check(Empty, "a", "b", "?", "-");
        check(Empty, "c", "a", "a", "-");
        check(Empty, "", "a", "a", "-");
        // Filled late: the property was empty until now.
        check(Empty, "a", "", "", "a");
        // Emptied in Halo alone: left alone, until HubSpot has something new.
        check(Empty, "a", "", "a", "-");
        check(Empty, "c", "", "a", "c");
    }

    #[test]
    fn whatever_the_rule_only_hubspots_changed_value_is_written_and_stricter_rules_write_less() {
        const VALUES: [&str; 4] = ["", "a", "b", "c"];
        // Each writes nothing that the next one does not.
        let chains = [
            vec![Never, Empty, EmptyOrOurs, MAPPED, CLEARS],
            vec![Never, Empty, KEEPS, MAPPED],
        ];
        let lasts = VALUES.map(Some).into_iter().chain([None]);
        for (hubspot, halo, last) in lasts.flat_map(|last| {
            VALUES
                .iter()
                .flat_map(move |hubspot| VALUES.map(|halo| (*hubspot, halo, last)))
        }) {
            let (hubspot, halo, last) = (value(hubspot), value(halo), last.map(value));
            let decided = |rule: &Rule| decide(*rule, &hubspot, &halo, last.as_ref());
            for chain in &chains {
                for rules in chain.windows(2) {
                    let (strict, lax) = (decided(&rules[0]), decided(&rules[1]));
                    assert!(
                        strict.is_none() || strict == lax,
                        "{rules:?}: {hubspot:?} {halo:?} {last:?}"
                    );
                }
                for written in chain.iter().filter_map(decided) {
                    assert_eq!(written, hubspot);
                    assert!(written != halo && last.as_ref() != Some(&written));
                }
            }
        }
    }

    #[test]
    fn a_field_of_new_records_only_is_left_alone_on_every_other() {
        for halo in ["", "a", "b"] {
            for hubspot in ["", "a", "c"] {
                for last in ["?", "", "a"] {
                    check(Never, hubspot, halo, last, "-");
                }
            }
        }
    }
}
