//! Links between records, kept in both directions.
//!
//! A labelled link is also a plain one, so it is shown once per label. Links of a
//! record to one type are in the order of ids, so that pages of them stay right
//! while others are added.

use std::collections::BTreeMap;

use super::changes::{Log, Relinked};
use super::kinds::{COMPANIES, KINDS};
use super::link_types::{LinkTypes, Mask, PLAIN, PRIMARY, has_primary};

/// A record's key: type and id.
pub type Key = (usize, u64);

/// One end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The record at the other end.
    pub id: u64,
    /// The association types towards it.
    pub types: Mask,
}

/// All links of the portal.
#[derive(Debug, Default)]
pub struct Links {
    map: BTreeMap<(Key, usize), Vec<Link>>,
    /// The association types that there are.
    pub types: LinkTypes,
    /// What has changed, while somebody wants to know.
    pub changes: Log<Relinked>,
}

impl Links {
    /// The links of a record to records of type `to`, by id.
    pub fn of(&self, from: Key, to: usize) -> &[Link] {
        self.map
            .get(&(from, to))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The association types of two records; none if they are not linked.
    pub fn between(&self, a: Key, b: Key) -> Mask {
        let links = self.of(a, b.0);
        match links.binary_search_by_key(&b.1, |link| link.id) {
            Ok(at) => links[at].types,
            Err(_) => 0,
        }
    }

    /// Links two records, or adds types to their link.
    pub fn add(&mut self, a: Key, b: Key, types: Mask) {
        self.replace(a, b, self.between(a, b) | types);
    }

    /// Links two records with just these types. A primary link takes that place from
    /// an earlier one: a contact or a deal has one primary company, a company is that
    /// of many.
    pub fn replace(&mut self, a: Key, b: Key, types: Mask) {
        let types = types | PLAIN;
        if types & PRIMARY != 0 && has_primary(a.0, b.0) {
            let (holder, company) = if a.0 == COMPANIES { (b, a) } else { (a, b) };
            let earlier = self
                .of(holder, COMPANIES)
                .iter()
                .find(|link| link.types & PRIMARY != 0 && link.id != company.1)
                .map(|link| link.id);
            if let Some(earlier) = earlier {
                let kept = self.between(holder, (COMPANIES, earlier)) & !PRIMARY;
                self.set(holder, (COMPANIES, earlier), kept);
            }
        }
        self.set(a, b, types);
    }

    /// Takes types off a link. Without the plain one nothing is left of it.
    pub fn take_off(&mut self, a: Key, b: Key, types: Mask) {
        let left = self.between(a, b) & !types;
        if left & PLAIN == 0 {
            self.remove(a, b);
        } else {
            self.set(a, b, left);
        }
    }

    /// Removes a link in both directions.
    pub fn remove(&mut self, a: Key, b: Key) {
        self.log(a, b, 0);
        for (from, to) in [(a, b), (b, a)] {
            let Some(links) = self.map.get_mut(&(from, to.0)) else {
                continue;
            };
            if let Ok(at) = links.binary_search_by_key(&to.1, |link| link.id) {
                links.remove(at);
            }
            if links.is_empty() {
                self.map.remove(&(from, to.0));
            }
        }
    }

    /// Moves all links of a merged record to the survivor. A primary link that the
    /// survivor has already stays.
    pub fn hand_over(&mut self, old: Key, new: Key) {
        for kind in 0..KINDS.len() {
            for link in self.of(old, kind).to_vec() {
                let other = (kind, link.id);
                self.remove(old, other);
                // The two that were merged may have been linked with each other.
                if other == new {
                    continue;
                }
                let mut types = link.types;
                if has_primary(new.0, kind) {
                    let holder = if new.0 == COMPANIES { other } else { new };
                    let taken = |link: &Link| link.types & PRIMARY != 0;
                    if self.of(holder, COMPANIES).iter().any(taken) {
                        types &= !PRIMARY;
                    }
                }
                self.add(new, other, types);
            }
        }
    }

    /// The records of type `to` that a record is linked to.
    pub fn ids(&self, from: Key, to: usize) -> Vec<u64> {
        self.of(from, to).iter().map(|link| link.id).collect()
    }

    fn log(&mut self, a: Key, b: Key, after: Mask) {
        let before = self.between(a, b);
        if before != after {
            self.changes.add(Relinked {
                a,
                b,
                before,
                after,
            });
        }
    }

    fn set(&mut self, a: Key, b: Key, types: Mask) {
        self.log(a, b, types);
        // The plain type is the first one both ways.
        let back = match types {
            PLAIN => PLAIN,
            types => self.types.inverse(a.0, b.0, types),
        };
        self.put(a, b, types);
        self.put(b, a, back);
    }

    fn put(&mut self, from: Key, to: Key, types: Mask) {
        // Most lists stay at one or two, and a portal may have 100,000 of them.
        let links = self
            .map
            .entry((from, to.0))
            .or_insert_with(|| Vec::with_capacity(1));
        match links.binary_search_by_key(&to.1, |link| link.id) {
            Ok(at) => links[at].types = types,
            Err(at) => links.insert(at, Link { id: to.1, types }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot_sim::kinds::{CONTACTS, DEALS};

    fn seen(links: &Links, from: Key, to: usize) -> Vec<(u64, bool)> {
        links
            .of(from, to)
            .iter()
            .map(|link| (link.id, link.types & PRIMARY != 0))
            .collect()
    }

    #[test]
    fn a_record_has_one_primary_link_of_a_type() {
        let mut links = Links::default();
        links.add((CONTACTS, 1), (COMPANIES, 10), PRIMARY);
        links.add((CONTACTS, 1), (COMPANIES, 11), PRIMARY);
        links.add((CONTACTS, 1), (COMPANIES, 11), PLAIN);
        assert_eq!(
            seen(&links, (CONTACTS, 1), COMPANIES),
            [(10, false), (11, true)]
        );
        assert_eq!(seen(&links, (COMPANIES, 10), CONTACTS), [(1, false)]);
        links.hand_over((COMPANIES, 11), (COMPANIES, 12));
        assert_eq!(
            seen(&links, (CONTACTS, 1), COMPANIES),
            [(10, false), (12, true)]
        );
        // A company is the primary one of many contacts, also when it comes first.
        links.add((COMPANIES, 12), (CONTACTS, 2), PRIMARY);
        assert_eq!(
            seen(&links, (COMPANIES, 12), CONTACTS),
            [(1, true), (2, true)]
        );
        links.hand_over((CONTACTS, 2), (CONTACTS, 3));
        links.hand_over((CONTACTS, 1), (CONTACTS, 3));
        assert_eq!(
            seen(&links, (CONTACTS, 3), COMPANIES),
            [(10, false), (12, true)]
        );
        links.add((CONTACTS, 1), (COMPANIES, 10), PLAIN);
        links.remove((COMPANIES, 12), (CONTACTS, 1));
        assert_eq!(seen(&links, (CONTACTS, 1), COMPANIES), [(10, false)]);
    }

    #[test]
    fn a_label_is_seen_from_both_sides_and_goes_with_the_plain_link() {
        let mut links = Links::default();
        let parent = links.types.find(COMPANIES, COMPANIES, 14).unwrap();
        let child = links.types.find(COMPANIES, COMPANIES, 13).unwrap();
        links.add((COMPANIES, 5), (COMPANIES, 9), parent);
        assert_eq!(links.between((COMPANIES, 9), (COMPANIES, 5)), child | PLAIN);
        links.take_off((COMPANIES, 9), (COMPANIES, 5), child);
        assert_eq!(links.between((COMPANIES, 5), (COMPANIES, 9)), PLAIN);
        links.take_off((COMPANIES, 9), (COMPANIES, 5), PLAIN);
        assert_eq!(links.between((COMPANIES, 5), (COMPANIES, 9)), 0);
    }

    #[test]
    fn records_that_were_linked_with_each_other_are_not_linked_to_themselves_by_a_merge() {
        let mut links = Links::default();
        links.add((DEALS, 1), (DEALS, 2), PLAIN);
        links.add((DEALS, 2), (COMPANIES, 7), PRIMARY);
        for old in [1, 2] {
            links.hand_over((DEALS, old), (DEALS, 3));
        }
        assert!(links.of((DEALS, 3), DEALS).is_empty());
        assert_eq!(seen(&links, (DEALS, 3), COMPANIES), [(7, true)]);
    }
}
