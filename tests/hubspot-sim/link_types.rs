//! Association types: HubSpot's own with their ids, and the labels that an account adds.
//!
//! Each direction of a pair of types has its own id, so a type is kept once per
//! direction and knows the place of its inverse. A link then is a set of places.

use std::collections::BTreeMap;

use super::kinds::{COMPANIES, CONTACTS, DEALS, KINDS, LINE_ITEMS, QUOTES};

/// A set of association types of one direction: bit n is the n-th of [`LinkTypes::of`].
pub type Mask = u64;

/// The type without a label. Every link has it, whatever its labels.
pub const PLAIN: Mask = 1;
/// The primary company of a record, where the pair has such a type.
pub const PRIMARY: Mask = 2;
/// The most types of one direction.
const MAX_TYPES: usize = 60;

/// One association type in one direction.
#[derive(Debug, Clone)]
pub struct LinkType {
    /// HubSpot's number.
    pub id: u64,
    /// The label; the plain type has none.
    pub label: Option<String>,
    /// How the `associations` of a list name it.
    pub name: String,
    /// Whether the account has added it.
    pub custom: bool,
    inverse: usize,
}

impl LinkType {
    /// `HUBSPOT_DEFINED` or `USER_DEFINED`.
    pub fn category(&self) -> &'static str {
        if self.custom {
            "USER_DEFINED"
        } else {
            "HUBSPOT_DEFINED"
        }
    }
}

/// Every association type of the account.
#[derive(Debug)]
pub struct LinkTypes {
    map: BTreeMap<(usize, usize), Vec<LinkType>>,
}

/// The ids of one type, there and back.
type BothWays = [u64; 2];

/// HubSpot's own: two types of records, the plain type, the primary one if any.
const STANDARD: &[(usize, usize, BothWays, Option<BothWays>)] = &[
    (CONTACTS, COMPANIES, [279, 280], Some([1, 2])),
    (DEALS, COMPANIES, [341, 342], Some([5, 6])),
    (DEALS, CONTACTS, [3, 4], None),
    (DEALS, LINE_ITEMS, [19, 20], None),
    (QUOTES, LINE_ITEMS, [67, 68], None),
    (QUOTES, DEALS, [64, 63], None),
    (QUOTES, CONTACTS, [69, 70], None),
    (QUOTES, COMPANIES, [71, 72], None),
];

/// Plain links between records of one type.
const WITHIN: &[(usize, u64)] = &[(CONTACTS, 449), (COMPANIES, 450), (DEALS, 451)];

/// Whether the pair has a primary type.
pub fn has_primary(from: usize, to: usize) -> bool {
    STANDARD.iter().any(|(a, b, _, primary)| {
        primary.is_some() && ((from, to) == (*a, *b) || (from, to) == (*b, *a))
    })
}

impl Default for LinkTypes {
    fn default() -> Self {
        let mut types = Self {
            map: BTreeMap::new(),
        };
        for (a, b, plain, primary) in STANDARD {
            for (from, to, way) in [(*a, *b, 0), (*b, *a, 1)] {
                let base = format!("{}_to_{}", KINDS[from].singular, KINDS[to].singular);
                // Where there is a primary type, it bears the short name.
                let name = match primary {
                    Some(_) => format!("{base}_unlabeled"),
                    None => base.clone(),
                };
                types.push(from, to, (plain[way], None, name), false, 0);
                if let Some(primary) = primary {
                    let label = Some("Primary".to_owned());
                    types.push(from, to, (primary[way], label, base), false, 1);
                }
            }
        }
        for (kind, id) in WITHIN {
            let singular = KINDS[*kind].singular;
            let name = format!("{singular}_to_{singular}");
            types.push(*kind, *kind, (*id, None, name), false, 0);
        }
        for (id, label, name, inverse) in [
            (13, "Child Company", "parent_to_child_company", 2),
            (14, "Parent Company", "child_to_parent_company", 1),
        ] {
            let row = (id, Some(label.to_owned()), name.to_owned());
            types.push(COMPANIES, COMPANIES, row, false, inverse);
        }
        for (from, to, id) in [(QUOTES, CONTACTS, 702), (CONTACTS, QUOTES, 703)] {
            let name = format!("{}_to_{}_signer", KINDS[from].singular, KINDS[to].singular);
            let label = Some("Contact signer".to_owned());
            types.push(from, to, (id, label, name), false, 1);
        }
        types
    }
}

impl LinkTypes {
    fn push(
        &mut self,
        from: usize,
        to: usize,
        (id, label, name): (u64, Option<String>, String),
        custom: bool,
        inverse: usize,
    ) {
        self.map.entry((from, to)).or_default().push(LinkType {
            id,
            label,
            name,
            custom,
            inverse,
        });
    }

    /// The types of one direction, the plain one first; none if these two types of
    /// records cannot be linked.
    pub fn of(&self, from: usize, to: usize) -> &[LinkType] {
        self.map
            .get(&(from, to))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The place of a type by its id.
    pub fn find(&self, from: usize, to: usize, id: u64) -> Option<Mask> {
        let at = self.of(from, to).iter().position(|kind| kind.id == id)?;
        Some(1 << at)
    }

    /// The type of records that an id leads to, and its place.
    pub fn leads_to(&self, from: usize, id: u64) -> Option<(usize, Mask)> {
        (0..KINDS.len()).find_map(|to| Some((to, self.find(from, to, id)?)))
    }

    /// The same set, seen from the other side.
    pub fn inverse(&self, from: usize, to: usize, mask: Mask) -> Mask {
        self.chosen(from, to, mask)
            .fold(0, |seen, kind| seen | 1 << kind.inverse)
    }

    /// The types of a set.
    pub fn chosen(&self, from: usize, to: usize, mask: Mask) -> impl Iterator<Item = &LinkType> {
        self.of(from, to)
            .iter()
            .enumerate()
            .filter(move |(at, _)| mask & (1 << at) != 0)
            .map(|(_, kind)| kind)
    }

    /// Adds a label of the account. `first_id` is where this account's numbers begin;
    /// the answer is the label's id in both directions.
    pub fn add(
        &mut self,
        (from, to): (usize, usize),
        label: &str,
        inverse_label: &str,
        first_id: u64,
    ) -> Result<(u64, u64), String> {
        let there = self.of(from, to);
        if there.is_empty() {
            let (a, b) = (KINDS[from].name, KINDS[to].name);
            return Err(format!("There are no associations between {a} and {b}."));
        }
        let taken = |kind: &LinkType| kind.label.as_deref() == Some(label);
        if there.iter().any(taken) {
            return Err(format!("There is a label \"{label}\" already."));
        }
        if there.len() + 2 > MAX_TYPES {
            return Err(format!(
                "There can be at most {MAX_TYPES} labels of a pair."
            ));
        }
        let made = self
            .map
            .values()
            .flatten()
            .filter(|kind| kind.custom)
            .count();
        let id = first_id + made as u64;
        let at = there.len();
        let row = |id: u64, label: &str| (id, Some(label.to_owned()), slug(label));
        if from == to && label == inverse_label {
            self.push(from, to, row(id, label), true, at);
            return Ok((id, id));
        }
        let back = if from == to {
            at + 1
        } else {
            self.of(to, from).len()
        };
        self.push(from, to, row(id, label), true, back);
        self.push(to, from, row(id + 1, inverse_label), true, at);
        Ok((id, id + 1))
    }
}

fn slug(label: &str) -> String {
    label
        .chars()
        .map(|c| {
            if c.is_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_the_inverse_of_its_inverse() {
        let mut types = LinkTypes::default();
        types
            .add(
                (CONTACTS, COMPANIES),
                "Billing contact",
                "Billed company",
                91,
            )
            .unwrap();
        types
            .add((COMPANIES, COMPANIES), "Landlord", "Tenant", 91)
            .unwrap();
        types
            .add((COMPANIES, COMPANIES), "Partner", "Partner", 91)
            .unwrap();
        for (from, to) in types.map.keys() {
            for at in 0..types.of(*from, *to).len() {
                let there = types.inverse(*from, *to, 1 << at);
                assert_eq!(
                    types.inverse(*to, *from, there),
                    1 << at,
                    "{from} {to} {at}"
                );
            }
        }
    }

    #[test]
    fn ids_are_hubspots_own_in_both_directions() {
        let types = LinkTypes::default();
        for (from, to, id) in [
            (CONTACTS, COMPANIES, 279),
            (COMPANIES, CONTACTS, 2),
            (DEALS, COMPANIES, 5),
            (LINE_ITEMS, DEALS, 20),
            (DEALS, QUOTES, 63),
            (QUOTES, CONTACTS, 702),
            (COMPANIES, COMPANIES, 14),
        ] {
            assert_eq!(
                types.leads_to(from, id).map(|found| found.0),
                Some(to),
                "{id}"
            );
        }
        assert_eq!(types.leads_to(DEALS, 279), None);
    }
}
