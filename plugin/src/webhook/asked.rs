//! Which objects of an entity events ask to look at. Plain functions.

use std::collections::{BTreeMap, BTreeSet};

use super::object::ObjectType;
use super::told::{Told, What};
use crate::entity::{Spec, quote};

/// Why an object is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The numbers of the events that concern it.
    pub events: Vec<u64>,
    /// It is new, so nobody needs to choose it (S58).
    pub chosen: bool,
    /// It came back from the recycling bin.
    pub restored: bool,
    /// It was deleted for good, by the wish of the person that it was about.
    pub forgotten: bool,
}

/// By HubSpot's id: the objects of an entity. `of_lines` are the quotes of lines.
pub fn of(
    spec: &Spec,
    told: &[(u64, Told)],
    of_lines: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeMap<String, Asked> {
    let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
    for (sequence, told) in told {
        for id in ids(spec, told, of_lines) {
            let asked = asked.entry(id).or_default();
            asked.events.push(*sequence);
            if told.object.of != ObjectType::LineItem {
                asked.chosen |= told.what == What::Created;
                asked.restored |= told.what == What::Restored;
                asked.forgotten |= told.what == What::Forgotten;
            }
        }
    }
    asked
}

fn ids(
    spec: &Spec,
    told: &Told,
    of_lines: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    if told.object.of == ObjectType::LineItem {
        if spec.objects == quote::SPEC.objects {
            ids.extend(quote_of(told).map(str::to_owned));
            ids.extend(of_lines.get(&told.object.id).into_iter().flatten().cloned());
        }
    } else if told.object.of.spec().map(|of| of.objects) == Some(spec.objects) {
        ids.insert(told.object.id.clone());
    }
    ids
}

/// The quote that a line was linked with, or is no longer.
pub fn quote_of(told: &Told) -> Option<&str> {
    match &told.what {
        What::Associated {
            with: Some(with), ..
        } if with.of == ObjectType::Quote => Some(&with.id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::deal;
    use crate::webhook::object::Object;

    fn told(of: ObjectType, id: &str, what: What) -> Told {
        Told {
            object: Object {
                of,
                id: id.to_owned(),
            },
            what,
            occurred_at: 1,
            source: None,
            source_id: None,
        }
    }

    #[test]
    fn s58_all_events_of_an_object_are_one_and_a_new_one_needs_no_choice() {
        let events = [
            (
                1,
                told(
                    ObjectType::Deal,
                    "5",
                    What::Changed {
                        property: "amount".to_owned(),
                    },
                ),
            ),
            (2, told(ObjectType::Deal, "5", What::Created)),
            (3, told(ObjectType::Deal, "6", What::Deleted)),
            (4, told(ObjectType::Product, "5", What::Created)),
        ];
        let asked = of(&deal::SPEC, &events, &BTreeMap::new());
        let five = Asked {
            events: vec![1, 2],
            chosen: true,
            restored: false,
            forgotten: false,
        };
        let six = Asked {
            events: vec![3],
            ..Asked::default()
        };
        let expected = [("5".to_owned(), five), ("6".to_owned(), six)];
        assert_eq!(asked, BTreeMap::from(expected));
    }

    #[test]
    fn s48_a_line_asks_for_its_quotes_those_of_halo_and_those_of_a_link() {
        let quote = Object {
            of: ObjectType::Quote,
            id: "9".to_owned(),
        };
        let removed = What::Associated {
            with: Some(quote),
            removed: true,
        };
        let events = [
            (1, told(ObjectType::LineItem, "1", What::Created)),
            (2, told(ObjectType::LineItem, "2", removed)),
        ];
        let known = BTreeMap::from([("1".to_owned(), BTreeSet::from(["8".to_owned()]))]);
        let asked = of(&quote::SPEC, &events, &known);
        let ids: Vec<(&str, bool)> = { asked.iter() }
            .map(|(id, asked)| (id.as_str(), asked.chosen))
            .collect();
        assert_eq!(ids, [("8", false), ("9", false)]);
        assert!(of(&deal::SPEC, &events, &known).is_empty());
    }
}
