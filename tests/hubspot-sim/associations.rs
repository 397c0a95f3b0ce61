//! The calls that read links and that change those of one record.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::batch::batch_body;
use super::kinds::{KINDS, LINE_ITEMS};
use super::link_types::{Mask, PLAIN};
pub use super::links::Links;
use super::links::{Key, Link};
use super::objects::id_text;
use super::reply::{Reply, invalid, not_found};
use super::request::Request;

/// At most so many records per batch read of associations.
const MAX_INPUTS: usize = 1000;
/// The most links of one record in one answer; more come by `after`.
const MAX_PAGE: usize = 500;

/// One page of links, and where the next begins.
struct Page {
    rows: Vec<Value>,
    next: Option<String>,
}

impl Account {
    /// Links two records, or adds types to their link, and keeps the values that
    /// HubSpot computes of it.
    pub fn link(&mut self, a: Key, b: Key, types: Mask) {
        self.links.add(a, b, types);
        self.recount_pair(a, b);
    }

    /// Removes the link of two records and keeps the values that HubSpot computes of it.
    pub fn unlink(&mut self, a: Key, b: Key) {
        self.links.remove(a, b);
        self.recount_pair(a, b);
    }

    /// After a change of the link of two records.
    pub fn recount_pair(&mut self, a: Key, b: Key) {
        self.recount(a);
        self.recount(b);
    }

    /// Why two records cannot be linked, if so: a line item belongs to one quote and
    /// to one deal at most, and no record is linked to itself.
    pub fn refuses_link(&self, a: Key, b: Key) -> Option<String> {
        if a == b {
            return Some(format!(
                "Object {} cannot be associated to itself ({})",
                a.1, b.1
            ));
        }
        let (line, parent) = match (a.0, b.0) {
            (LINE_ITEMS, _) => (a, b),
            (_, LINE_ITEMS) => (b, a),
            _ => return None,
        };
        let other = self
            .live_links(line, parent.0)
            .find(|link| link.id != parent.1)?;
        Some(format!(
            "Line item {} already belongs to {} {}; a line item has one parent",
            line.1, KINDS[parent.0].singular, other.id
        ))
    }

    /// The association types that a body names, as `[{associationCategory,
    /// associationTypeId}]`, or why they are refused.
    pub fn types_of(&self, from: usize, to: usize, body: Option<&Value>) -> Result<Mask, String> {
        let mut types = 0;
        for spec in body.and_then(Value::as_array).into_iter().flatten() {
            let id = id_text(spec.get("associationTypeId"));
            let place = id
                .parse()
                .ok()
                .and_then(|id| self.links.types.find(from, to, id));
            match place {
                Some(place) => types |= place,
                None => types = Mask::MAX,
            }
        }
        if types == 0 || types == Mask::MAX {
            let named = body.map_or_else(|| "none".to_owned(), Value::to_string);
            let (a, b) = (KINDS[from].name, KINDS[to].name);
            return Err(format!(
                "The association types {named} are not between {a} and {b}"
            ));
        }
        Ok(types)
    }

    fn link_row(&self, from: usize, to: usize, link: Link) -> Value {
        let types = &self.links.types;
        // Labels first, the plain type last.
        let rows: Vec<Value> = types
            .chosen(from, to, link.types & !PLAIN)
            .chain(types.chosen(from, to, link.types & PLAIN))
            .map(
                |kind| json!({"category": kind.category(), "typeId": kind.id, "label": kind.label}),
            )
            .collect();
        json!({"toObjectId": link.id, "associationTypes": rows})
    }

    fn link_page(&self, from: Key, to: usize, after: u64, limit: usize) -> Page {
        let all = self.links.of(from, to);
        let start = all.partition_point(|link| link.id <= after);
        let mut live = all[start..]
            .iter()
            .filter(|link| self.is_live((to, link.id)));
        let taken: Vec<Link> = live.by_ref().take(limit).copied().collect();
        let next = live.next().and(taken.last()).map(|link| cursor(link.id));
        Page {
            rows: taken
                .into_iter()
                .map(|link| self.link_row(from.0, to, link))
                .collect(),
            next,
        }
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
            let id = id_text(input.get("id"));
            let Ok(number) = id.parse::<u64>() else {
                return invalid(format!("{id} is not a valid ID"));
            };
            let Some(after) = after_of(&id_text(input.get("after"))) else {
                return invalid(
                    "Invalid paging cursor: send the value of paging.next.after unchanged",
                );
            };
            let key = (from, self.stores[from].resolve(number));
            let page = self.link_page(key, to, after, MAX_PAGE);
            if page.rows.is_empty() {
                let (one, other) = (KINDS[from].singular, KINDS[to].singular);
                errors.push(json!({
                    "status": "error",
                    "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": format!("No {other} is associated with {one} {id}."),
                    "context": {"fromObjectId": [id], "fromObjectType": [one], "toObjectType": [other]},
                }));
                continue;
            }
            let mut row = json!({"from": {"id": id}, "to": page.rows});
            if let (Some(after), Some(map)) = (page.next, row.as_object_mut()) {
                let link = format!("{}{}?after={after}", self.base_url, request.path);
                let paging = json!({"next": {"after": after, "link": link}});
                map.insert("paging".to_owned(), paging);
            }
            results.push(row);
        }
        batch_body(self.clock.now_ms(), 200, results, errors)
    }

    /// `GET /crm/objects/{version}/{from}/{id}/associations/{to}`.
    pub fn associations_of(&self, from: usize, id: &str, to: usize, request: &Request) -> Reply {
        let limit = match request.param("limit").map(str::parse::<usize>) {
            None => MAX_PAGE,
            Some(Ok(limit)) if (1..=MAX_PAGE).contains(&limit) => limit,
            Some(_) => return invalid(format!("limit must be a number from 1 to {MAX_PAGE}")),
        };
        let Some(after) = after_of(request.param("after").unwrap_or_default()) else {
            return invalid("Invalid paging cursor: send the value of paging.next.after unchanged");
        };
        let Some(id) = self.lookup(from, id, None) else {
            return not_found();
        };
        let page = self.link_page((from, id), to, after, limit);
        let mut body = json!({ "results": page.rows });
        if let (Some(after), Some(map)) = (page.next, body.as_object_mut()) {
            let link = format!(
                "{}{}?limit={limit}&after={after}",
                self.base_url, request.path
            );
            let paging = json!({"next": {"after": after, "link": link}});
            map.insert("paging".to_owned(), paging);
        }
        Reply::ok(body)
    }

    /// `GET /crm/associations/{version}/{from}/{to}/labels`.
    pub fn association_labels(&self, from: usize, to: usize) -> Reply {
        let rows: Vec<Value> = self
            .links
            .types
            .of(from, to)
            .iter()
            .map(
                |kind| json!({"category": kind.category(), "typeId": kind.id, "label": kind.label}),
            )
            .collect();
        Reply::ok(json!({ "results": rows }))
    }

    /// The `associations` of a record in a list or get. Every label of a link is a row
    /// of its own, so a company may appear twice.
    pub fn write_links(&self, out: &mut String, kind: usize, id: u64, linked: &[usize]) {
        let mut map = Map::new();
        for &to in linked {
            let types = &self.links.types;
            let mut rows = Vec::new();
            for link in self.live_links((kind, id), to) {
                let labels = types.chosen(kind, to, link.types & !PLAIN);
                for shown in labels.chain(types.chosen(kind, to, link.types & PLAIN)) {
                    rows.push(json!({"id": link.id.to_string(), "type": shown.name}));
                }
            }
            if !rows.is_empty() {
                map.insert(KINDS[to].key.to_owned(), json!({ "results": rows }));
            }
        }
        if !map.is_empty() {
            out.push_str(",\"associations\":");
            out.push_str(&Value::Object(map).to_string());
        }
    }

    /// Both directions of a plain link, as the calls that make one answer.
    pub fn default_rows(&self, a: Key, b: Key) -> Vec<Value> {
        [(a, b), (b, a)]
            .into_iter()
            .map(|(x, y)| {
                let plain = self.links.types.of(x.0, y.0).first().map(|kind| kind.id);
                json!({
                    "from": {"id": x.1.to_string()},
                    "to": {"id": y.1.to_string()},
                    "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": plain},
                })
            })
            .collect()
    }

    /// `PUT /crm/objects/{version}/{from}/{id}/associations/default/{to}/{toId}`.
    pub fn associate_default(&mut self, from: usize, id: &str, to: usize, to_id: &str) -> Reply {
        let (Some(a), Some(b)) = (self.lookup(from, id, None), self.lookup(to, to_id, None)) else {
            return not_found();
        };
        let (a, b) = ((from, a), (to, b));
        if self.links.types.of(from, to).is_empty() {
            return invalid(no_pair(from, to));
        }
        if let Some(why) = self.refuses_link(a, b) {
            return invalid(why);
        }
        self.link(a, b, PLAIN);
        let rows = self.default_rows(a, b);
        batch_body(self.clock.now_ms(), 200, rows, Vec::new())
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
        let types = match self.types_of(from, to, Some(body)) {
            Ok(types) => types,
            Err(why) => return invalid(why),
        };
        let (a, b) = ((from, a), (to, b));
        if let Some(why) = self.refuses_link(a, b) {
            return invalid(why);
        }
        self.link(a, b, types);
        Reply::new(
            201,
            json!({
                "fromObjectTypeId": KINDS[from].type_id,
                "fromObjectId": a.1.to_string(),
                "toObjectTypeId": KINDS[to].type_id,
                "toObjectId": b.1.to_string(),
                "labels": self.label_names(from, to, types),
            }),
        )
    }

    /// The labels of a set of types, without the plain one.
    pub fn label_names(&self, from: usize, to: usize, types: Mask) -> Vec<String> {
        self.links
            .types
            .chosen(from, to, types)
            .filter_map(|kind| kind.label.clone())
            .collect()
    }

    /// `DELETE /crm/objects/{version}/{from}/{id}/associations/{to}/{toId}`: every label goes.
    pub fn dissociate(&mut self, from: usize, id: &str, to: usize, to_id: &str) -> Reply {
        if let (Some(a), Some(b)) = (self.lookup(from, id, None), self.lookup(to, to_id, None)) {
            self.unlink((from, a), (to, b));
        }
        Reply::empty()
    }
}

/// Two types of records that cannot be linked, products above all.
pub fn no_pair(from: usize, to: usize) -> String {
    let (a, b) = (KINDS[from].name, KINDS[to].name);
    format!("There are no association types between {a} and {b}")
}

fn cursor(id: u64) -> String {
    URL_SAFE_NO_PAD.encode(id.to_string())
}

fn after_of(cursor: &str) -> Option<u64> {
    if cursor.is_empty() {
        return Some(0);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    String::from_utf8(bytes).ok()?.parse().ok()
}
