//! What a HubSpot user does in its pages, as the control calls and the handle ask
//! for it: not bound to read-only values and stage rules.

use serde_json::{Map, Value, json};

use super::account::Account;
use super::associations::no_pair;
use super::control::sentence;
use super::kinds::{CONTACTS, KINDS};
use super::link_types::{PLAIN, PRIMARY, has_primary};
use super::objects::id_text;
use super::writes::Writer;

/// Labels of an account are numbered from here on ...
const FIRST_LABEL_ID: u64 = 1001;
/// ... or from up to so much later: no two accounts have the same id for a label.
const LABEL_ID_SPREAD: u64 = 500;

/// How two records are linked.
#[derive(Debug, Default, Clone, Copy)]
pub struct LinkAs {
    /// As primary company.
    pub primary: bool,
    /// With this association type besides the plain one.
    pub type_id: Option<u64>,
}

impl Account {
    fn present(&self, kind: usize, id: &str) -> Result<u64, String> {
        self.lookup(kind, id, None).ok_or_else(|| {
            format!(
                "There is no {} {id} that is not archived.",
                KINDS[kind].singular
            )
        })
    }

    /// Creates a record as a user in HubSpot's pages would.
    pub fn user_create(
        &mut self,
        kind: usize,
        properties: Map<String, Value>,
    ) -> Result<u64, String> {
        let body = json!({ "properties": properties });
        let checked = self
            .check_create(kind, &body, Writer::User)
            .map_err(|reply| sentence(&reply))?;
        Ok(self.insert(kind, &body, &checked, Writer::User))
    }

    /// Edits a record as a user would. Says whether anything changed.
    pub fn user_edit(
        &mut self,
        kind: usize,
        id: &str,
        properties: Map<String, Value>,
    ) -> Result<bool, String> {
        let id = self.present(kind, id)?;
        let body = json!({ "properties": properties });
        let checked = self
            .check_update(kind, id, &body, Writer::User)
            .map_err(|reply| sentence(&reply))?;
        Ok(self.store_update(kind, id, &checked))
    }

    /// Archives a record as a user would.
    pub fn user_archive(&mut self, kind: usize, id: &str) -> Result<(), String> {
        let id = self.present(kind, id)?;
        self.archive(kind, id);
        Ok(())
    }

    /// Restores a record from the recycling bin, which only a user can do.
    pub fn user_restore(&mut self, kind: usize, id: &str) -> Result<(), String> {
        match id.parse() {
            Ok(number) if self.restore(kind, number) => Ok(()),
            _ => Err(format!(
                "There is no archived {} {id}.",
                KINDS[kind].singular
            )),
        }
    }

    /// Deletes an archived record for good.
    pub fn user_purge(&mut self, kind: usize, id: &str) -> Result<(), String> {
        match id.parse() {
            Ok(number) if self.stores[kind].purge(number) => Ok(()),
            _ => Err(format!(
                "There is no archived {} {id}.",
                KINDS[kind].singular
            )),
        }
    }

    /// Deletes a contact for good by its person's wish. HubSpot has that for no other
    /// type.
    pub fn user_forget(&mut self, kind: usize, id: &str) -> Result<(), String> {
        let now = self.clock.now_ms();
        match id.parse() {
            Ok(number) if kind == CONTACTS && self.stores[kind].forget(now, number) => {
                self.recount_around(kind, number);
                Ok(())
            }
            _ => Err(format!(
                "There is no {} {id} that can be forgotten.",
                KINDS[kind].singular
            )),
        }
    }

    /// Merges two records as a user would; answers the survivor's id.
    pub fn user_merge(
        &mut self,
        kind: usize,
        primary: &str,
        other: &str,
        keep: bool,
    ) -> Result<u64, String> {
        let (primary, other) = (self.present(kind, primary)?, self.present(kind, other)?);
        if primary == other || !KINDS[kind].merges {
            return Err(format!("These two {} cannot be merged.", KINDS[kind].name));
        }
        self.merge_records(kind, primary, other, keep)
            .ok_or_else(|| "They could not be merged.".to_owned())
    }

    /// Links two records as a user would; `None` removes the link.
    pub fn user_link(
        &mut self,
        from: (usize, &str),
        to: (usize, &str),
        how: Option<&LinkAs>,
    ) -> Result<(), String> {
        let a = (from.0, self.present(from.0, from.1)?);
        let b = (to.0, self.present(to.0, to.1)?);
        let Some(how) = how else {
            self.unlink(a, b);
            return Ok(());
        };
        if self.links.types.of(a.0, b.0).is_empty() {
            return Err(no_pair(a.0, b.0));
        }
        let mut types = PLAIN;
        // Only companies are the primary one of something.
        if how.primary && has_primary(a.0, b.0) {
            types |= PRIMARY;
        }
        if let Some(id) = how.type_id {
            let found = self.links.types.find(a.0, b.0, id);
            types |= found.ok_or_else(|| {
                let (a, b) = (KINDS[a.0].name, KINDS[b.0].name);
                format!("There is no association type {id} from {a} to {b}.")
            })?;
        }
        if let Some(why) = self.refuses_link(a, b) {
            return Err(why);
        }
        self.link(a, b, types);
        Ok(())
    }

    /// Adds an association label as an administrator would; answers its ids in both
    /// directions. They are this account's own, as with HubSpot.
    pub fn user_label(
        &mut self,
        pair: (usize, usize),
        label: &str,
        inverse: Option<&str>,
    ) -> Result<(u64, u64), String> {
        let first = FIRST_LABEL_ID + self.options.portal_id % LABEL_ID_SPREAD;
        let inverse = inverse.unwrap_or(label);
        self.links.types.add(pair, label, inverse, first)
    }

    /// Adds a property as an administrator would, or changes one that exists.
    pub fn user_property(&mut self, kind: usize, definition: &Value) -> Result<(), String> {
        let now = self.clock.now_ms();
        let schema = &mut self.stores[kind].schema;
        let name = id_text(definition.get("name"));
        let reply = if schema.column(&name).is_some() {
            schema.update(now, &name, definition)
        } else {
            schema.create(now, definition)
        };
        if reply.status < 300 {
            Ok(())
        } else {
            Err(sentence(&reply))
        }
    }

    /// Every record of a type with all its values, archived ones included, by id.
    pub fn snapshot(&self, kind: usize) -> Vec<Value> {
        self.stores[kind]
            .records
            .keys()
            .filter_map(|id| {
                serde_json::from_str(&self.record_json(
                    kind,
                    *id,
                    &self.written(kind, *id, None),
                    None,
                ))
                .ok()
            })
            .collect()
    }
}
