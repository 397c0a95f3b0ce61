//! Links between records, and the calls that read and make them.
//!
//! A link is kept in both directions. A primary link is also a plain one, so it is
//! shown twice: once per label.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::account::Account;
use super::batch::batch_body;
use super::kinds::{COMPANIES, CONTACTS, KINDS};
use super::reply::{Reply, invalid, not_found};
use super::request::Request;

/// At most so many records per batch read of associations.
const MAX_INPUTS: usize = 1000;

/// A record's key: type and id.
pub type Key = (usize, u64);

/// All links of the portal.
#[derive(Debug, Default)]
pub struct Links {
    map: BTreeMap<(Key, usize), Vec<(u64, bool)>>,
}

impl Links {
    /// The records of type `to` that a record is linked to, with whether the link is primary.
    pub fn of(&self, from: Key, to: usize) -> &[(u64, bool)] {
        self.map
            .get(&(from, to))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Links two records. A primary link takes that place from an earlier one:
    /// a contact has one primary company, a company is that of many contacts.
    pub fn add(&mut self, a: Key, b: Key, primary: bool) {
        let (a, b) = if a.0 == COMPANIES { (b, a) } else { (a, b) };
        if primary {
            let others: Vec<u64> = self
                .of(a, b.0)
                .iter()
                .filter(|link| link.1)
                .map(|link| link.0)
                .collect();
            for other in others {
                self.put(a, (b.0, other), false);
                self.put((b.0, other), a, false);
            }
        }
        let primary = primary || self.of(a, b.0).iter().any(|link| link.0 == b.1 && link.1);
        self.put(a, b, primary);
        self.put(b, a, primary);
    }

    /// Removes a link in both directions.
    pub fn remove(&mut self, a: Key, b: Key) {
        for (from, to) in [(a, b), (b, a)] {
            if let Some(links) = self.map.get_mut(&(from, to.0)) {
                links.retain(|link| link.0 != to.1);
            }
        }
    }

    /// Moves all links of a merged record to the survivor. A primary link that the
    /// survivor has already stays.
    pub fn hand_over(&mut self, old: Key, new: Key) {
        for kind in 0..KINDS.len() {
            for (id, primary) in self.map.remove(&(old, kind)).unwrap_or_default() {
                if let Some(back) = self.map.get_mut(&((kind, id), old.0)) {
                    back.retain(|link| link.0 != old.1);
                }
                let holder = if new.0 == COMPANIES { (kind, id) } else { new };
                let other = if new.0 == COMPANIES { new.0 } else { kind };
                let taken = self.of(holder, other).iter().any(|link| link.1);
                self.add((kind, id), new, primary && !taken);
            }
        }
    }

    fn put(&mut self, from: Key, to: Key, primary: bool) {
        let links = self.map.entry((from, to.0)).or_default();
        match links.iter_mut().find(|link| link.0 == to.1) {
            Some(link) => link.1 = primary,
            None => links.push((to.1, primary)),
        }
    }
}

/// HubSpot's association type ids as (plain, primary), in one direction.
fn type_ids(from: usize, to: usize) -> (u32, Option<u32>) {
    match (from, to) {
        (CONTACTS, COMPANIES) => (279, Some(1)),
        (COMPANIES, CONTACTS) => (280, Some(2)),
        (COMPANIES, COMPANIES) => (450, None),
        _ => (449, None),
    }
}

/// Whether an association type id stands for a primary link.
pub fn is_primary(from: usize, to: usize, type_id: u64) -> bool {
    type_ids(from, to)
        .1
        .is_some_and(|primary| u64::from(primary) == type_id)
}

impl Account {
    /// The links of a record to records that are not in the recycling bin.
    pub fn live_links(&self, from: Key, to: usize) -> impl Iterator<Item = (u64, bool)> + '_ {
        self.links
            .of(from, to)
            .iter()
            .copied()
            .filter(move |(id, _)| {
                self.stores[to]
                    .get(*id)
                    .is_some_and(|record| record.archived_ms.is_none())
            })
    }

    /// Links two records and keeps the values that HubSpot computes of it.
    pub fn link(&mut self, a: Key, b: Key, primary: bool) {
        self.links.add(a, b, primary);
        self.recount(a);
        self.recount(b);
    }

    /// Removes the link of two records and keeps the values that HubSpot computes of it.
    pub fn unlink(&mut self, a: Key, b: Key) {
        self.links.remove(a, b);
        self.recount(a);
        self.recount(b);
    }

    /// Writes the computed values that hang on a record's links.
    pub fn recount(&mut self, key: Key) {
        let (kind, id) = key;
        if kind == COMPANIES {
            let count = self.live_links(key, CONTACTS).count();
            if let Some(column) = self.stores[kind].schema.column("num_associated_contacts") {
                self.stores[kind].set_computed(id, column, &count.to_string());
            }
        }
        if kind == CONTACTS {
            let primary = self
                .live_links(key, COMPANIES)
                .find(|link| link.1)
                .map(|link| link.0.to_string());
            if let Some(column) = self.stores[kind].schema.column("associatedcompanyid") {
                self.stores[kind].set_computed(id, column, &primary.unwrap_or_default());
            }
        }
    }

    fn link_rows(&self, from: Key, to: usize) -> Vec<Value> {
        let (plain, primary) = type_ids(from.0, to);
        self.live_links(from, to)
            .map(|(id, is_primary)| {
                let mut types = Vec::new();
                if let Some(type_id) = primary.filter(|_| is_primary) {
                    types.push(json!({"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": "Primary"}));
                }
                types.push(json!({"category": "HUBSPOT_DEFINED", "typeId": plain, "label": null}));
                json!({"toObjectId": id, "associationTypes": types})
            })
            .collect()
    }

    /// `POST /crm/associations/{version}/{from}/{to}/batch/read`.
    pub fn associations_batch_read(&self, from: usize, to: usize, request: &Request) -> Reply {
        let body = match request.json() {
            Ok(body) => body,
            Err(reply) => return reply,
        };
        let Some(inputs) = body.get("inputs").and_then(Value::as_array) else {
            return invalid("Some required fields were not set: [inputs]");
        };
        if inputs.len() > MAX_INPUTS {
            return invalid(format!(
                "The maximum number of inputs supported is {MAX_INPUTS}, received {}",
                inputs.len()
            ));
        }
        let mut results = Vec::new();
        let mut errors = Vec::new();
        for input in inputs {
            let id = super::objects::id_text(input.get("id"));
            let links = match id.parse::<u64>() {
                Ok(number) => self.link_rows((from, self.stores[from].resolve(number)), to),
                Err(_) => return invalid(format!("{id} is not a valid ID")),
            };
            if links.is_empty() {
                let (one, other) = (KINDS[from].singular, KINDS[to].singular);
                errors.push(json!({
                    "status": "error",
                    "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": format!("No {other} is associated with {one} {id}."),
                    "context": {"fromObjectId": [id], "fromObjectType": [one], "toObjectType": [other]},
                }));
            } else {
                results.push(json!({"from": {"id": id}, "to": links}));
            }
        }
        batch_body(self.clock.now_ms(), 200, results, errors)
    }

    /// `GET /crm/objects/{version}/{from}/{id}/associations/{to}`.
    pub fn associations_of(&self, from: usize, id: &str, to: usize) -> Reply {
        match self.lookup(from, id, None) {
            Some(id) => Reply::ok(json!({ "results": self.link_rows((from, id), to) })),
            None => not_found(),
        }
    }

    /// `PUT /crm/objects/{version}/{from}/{id}/associations/default/{to}/{toId}`.
    pub fn associate_default(&mut self, from: usize, id: &str, to: usize, to_id: &str) -> Reply {
        let (Some(a), Some(b)) = (self.lookup(from, id, None), self.lookup(to, to_id, None)) else {
            return not_found();
        };
        self.link((from, a), (to, b), false);
        let now = self.clock.now_ms();
        let rows = [((from, a), (to, b)), ((to, b), (from, a))]
            .into_iter()
            .map(|(x, y)| {
                json!({
                    "from": {"id": x.1.to_string()},
                    "to": {"id": y.1.to_string()},
                    "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_ids(x.0, y.0).0},
                })
            })
            .collect();
        batch_body(now, 200, rows, Vec::new())
    }

    /// `PUT /crm/objects/{version}/{from}/{id}/associations/{to}/{toId}` with labels.
    pub fn associate(
        &mut self,
        from: usize,
        id: &str,
        to: usize,
        to_id: &str,
        body: &Value,
    ) -> Reply {
        let (Some(a), Some(b)) = (self.lookup(from, id, None), self.lookup(to, to_id, None)) else {
            return not_found();
        };
        let wanted: Vec<u64> = body
            .as_array()
            .into_iter()
            .flatten()
            .map(|label| label.get("associationTypeId").and_then(Value::as_u64))
            .map(Option::unwrap_or_default)
            .collect();
        let (plain, primary) = type_ids(from, to);
        let known = |id: &u64| {
            [Some(plain), primary]
                .into_iter()
                .flatten()
                .any(|known| u64::from(known) == *id)
        };
        if wanted.is_empty() || !wanted.iter().all(known) {
            return invalid(format!(
                "The association types {wanted:?} are not between {} and {}",
                KINDS[from].name, KINDS[to].name
            ));
        }
        let primary = wanted.iter().any(|id| is_primary(from, to, *id));
        self.link((from, a), (to, b), primary);
        let labels: &[&str] = if primary { &["Primary"] } else { &[] };
        Reply::new(
            201,
            json!({
                "fromObjectTypeId": KINDS[from].type_id,
                "fromObjectId": a.to_string(),
                "toObjectTypeId": KINDS[to].type_id,
                "toObjectId": b.to_string(),
                "labels": labels,
            }),
        )
    }

    /// `DELETE /crm/objects/{version}/{from}/{id}/associations/{to}/{toId}`: every label goes.
    pub fn dissociate(&mut self, from: usize, id: &str, to: usize, to_id: &str) -> Reply {
        if let (Some(a), Some(b)) = (self.lookup(from, id, None), self.lookup(to, to_id, None)) {
            self.unlink((from, a), (to, b));
        }
        Reply::empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_one_primary_link_of_a_type() {
        let mut links = Links::default();
        links.add((CONTACTS, 1), (COMPANIES, 10), true);
        links.add((CONTACTS, 1), (COMPANIES, 11), true);
        links.add((CONTACTS, 1), (COMPANIES, 11), false);
        assert_eq!(
            links.of((CONTACTS, 1), COMPANIES),
            [(10, false), (11, true)]
        );
        assert_eq!(links.of((COMPANIES, 10), CONTACTS), [(1, false)]);
        links.hand_over((COMPANIES, 11), (COMPANIES, 12));
        assert_eq!(
            links.of((CONTACTS, 1), COMPANIES),
            [(10, false), (12, true)]
        );
        // A company is the primary one of many contacts, also when it comes first.
        links.add((COMPANIES, 12), (CONTACTS, 2), true);
        assert_eq!(links.of((COMPANIES, 12), CONTACTS), [(1, true), (2, true)]);
        links.hand_over((CONTACTS, 2), (CONTACTS, 3));
        links.hand_over((CONTACTS, 1), (CONTACTS, 3));
        assert_eq!(
            links.of((CONTACTS, 3), COMPANIES),
            [(12, true), (10, false)]
        );
        links.add((CONTACTS, 1), (COMPANIES, 10), false);
        links.remove((COMPANIES, 12), (CONTACTS, 1));
        assert_eq!(links.of((CONTACTS, 1), COMPANIES), [(10, false)]);
    }
}
