//! Writing one record: what is checked, what is stored, what the answer shows.
//!
//! A check never stores and a store never refuses, so that a batch can check all
//! of its inputs before the first is stored.

use serde_json::{Map, Value};

use super::account::Account;
use super::kinds::{COMPANIES, CONTACTS, DEALS, KINDS, LINE_ITEMS, PRODUCTS, QUOTES};
use super::link_types::{Mask, PRIMARY};
use super::links::{Key, Link};
use super::objects::{Shown, id_text};
use super::record::{Column, Record};
use super::reply::{Reply, error, invalid, not_found};
use super::request::Request;
use super::validate::{Checked, Problem, check, refused, settle_against};
use super::{deals, line_items, quotes};

/// Who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// An app through the API.
    App,
    /// A person in HubSpot's pages: not bound to read-only and stage rules.
    User,
}

impl Account {
    /// `POST /crm/objects/{version}/{type}`.
    pub fn create(&mut self, kind: usize, request: &Request, warn: bool) -> Reply {
        let body = match request.json() {
            Ok(body) => body,
            Err(reply) => return reply,
        };
        let checked = match self.check_app_create(kind, &body, warn) {
            Ok(checked) => checked,
            Err(reply) => return reply,
        };
        let id = self.insert(kind, &body, &checked, Writer::App);
        let warnings = checked.warnings().filter(|_| warn);
        Reply::text(
            201,
            self.record_json(kind, id, &self.written(kind, id, None), warnings),
        )
    }

    /// Checks a create; nothing is stored yet.
    pub fn check_create(
        &self,
        kind: usize,
        body: &Value,
        writer: Writer,
    ) -> Result<Checked, Reply> {
        let store = &self.stores[kind];
        let empty = Map::new();
        let properties = body
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let mut checked = check(store, properties, writer == Writer::User)
            .map_err(|problems| refused(&problems))?;
        let given = |name: &str| {
            store.schema.column(name).is_some_and(|column| {
                checked
                    .values
                    .iter()
                    .any(|(set, value)| *set == column && !value.trim().is_empty())
            })
        };
        let missing = store
            .kind
            .required
            .iter()
            .find(|names| !names.iter().any(|name| given(name)));
        if let Some(names) = missing {
            return Err(invalid(format!(
                "Error creating {}. Some required properties were not set: one of {names:?}",
                KINDS[kind].singular.to_uppercase(),
            )));
        }
        let links = self.wanted_links(kind, body)?;
        self.settle(kind, None, &mut checked, writer, &links)?;
        self.check_unique(kind, &checked, None)?;
        Ok(checked)
    }

    /// Checks a create by an app; from 2026-09 on (`strict`) also by the account's create
    /// form.
    pub fn check_app_create(
        &self,
        kind: usize,
        body: &Value,
        strict: bool,
    ) -> Result<Checked, Reply> {
        let checked = self.check_create(kind, body, Writer::App)?;
        let store = &self.stores[kind];
        let is_given = |name: &str| {
            let column = store.schema.column(name);
            let mut values = checked.values.iter();
            values.any(|(set, value)| Some(*set) == column && !value.is_empty())
        };
        let required = self.options.required.iter();
        let problems: Vec<Problem> = required
            .filter(|(of, name)| strict && of == store.kind.name && !is_given(name))
            .map(|(_, name)| Problem {
                code: "MISSING_REQUIRED_PROPERTY",
                message: format!("Property \"{name}\" is required and was not set"),
                name: name.clone(),
            })
            .collect();
        match problems.is_empty() {
            true => Ok(checked),
            false => Err(refused(&problems)),
        }
    }

    /// The rules that only one type has.
    fn settle(
        &self,
        kind: usize,
        record: Option<&Record>,
        checked: &mut Checked,
        writer: Writer,
        links: &[(Key, Mask)],
    ) -> Result<(), Reply> {
        let store = &self.stores[kind];
        let values = &mut checked.values;
        let problem = match kind {
            DEALS => deals::settle(store, record, values),
            LINE_ITEMS => line_items::settle(store, &self.stores[PRODUCTS], record, values),
            QUOTES => {
                let (deals, lines) = self.quote_links(record.map(|record| record.id));
                let new = |to| links.iter().filter(|(key, _)| key.0 == to).count();
                let linked = (deals + new(DEALS), lines + new(LINE_ITEMS));
                return quotes::settle(store, record, values, linked, writer == Writer::User);
            }
            _ => Ok(()),
        };
        problem.map_err(|problem| refused(&[problem]))
    }

    /// The links that the body of a create asks for.
    fn wanted_links(&self, kind: usize, body: &Value) -> Result<Vec<(Key, Mask)>, Reply> {
        let rows = |value: &Value, key: &str| {
            let rows = value.get(key).and_then(Value::as_array);
            rows.cloned().unwrap_or_default()
        };
        let mut links = Vec::new();
        for wanted in rows(body, "associations") {
            let to_id = id_text(wanted.get("to").and_then(|to| to.get("id")));
            for spec in rows(&wanted, "types") {
                let type_id = id_text(spec.get("associationTypeId"));
                let place = type_id
                    .parse()
                    .ok()
                    .and_then(|id| self.links.types.leads_to(kind, id));
                let Some((to, types)) = place else {
                    return Err(invalid(format!(
                        "{type_id} is not an association type of {}",
                        KINDS[kind].name
                    )));
                };
                let Some(id) = self.lookup(to, &to_id, None) else {
                    return Err(invalid(format!(
                        "The {} {to_id} to associate with does not exist",
                        KINDS[to].singular
                    )));
                };
                // The new record has no id yet, and none is zero.
                if let Some(why) = self.refuses_link((kind, 0), (to, id)) {
                    return Err(invalid(why));
                }
                let second = |(key, _): &(Key, Mask)| key.0 == to && key.1 != id;
                if kind == LINE_ITEMS && links.iter().any(second) {
                    return Err(invalid("A line item has one parent"));
                }
                links.push(((to, id), types));
            }
        }
        Ok(links)
    }

    /// 409 for a contact's e-mail address, 400 for any other unique value that is taken.
    pub fn check_unique(
        &self,
        kind: usize,
        checked: &Checked,
        own: Option<u64>,
    ) -> Result<(), Reply> {
        let store = &self.stores[kind];
        for (column, value) in &checked.values {
            if value.is_empty() || !store.schema.unique.contains(column) {
                continue;
            }
            let Some(holder) = store
                .find_unique(*column, value)
                .filter(|holder| Some(*holder) != own)
            else {
                continue;
            };
            let name = &store.schema.property(*column).name;
            if store.kind.unique == Some(name.as_str()) {
                let singular = store.kind.singular;
                let title = singular[..1].to_uppercase() + &singular[1..];
                return Err(error(
                    409,
                    "CONFLICT",
                    format!("{title} already exists. Existing ID: {holder}"),
                ));
            }
            let own = own.map_or_else(|| "a new record".to_owned(), |id| id.to_string());
            return Err(invalid(format!(
                "Cannot set PropertyValueCoordinates{{portalId={}, objectTypeId={}, propertyName={name}, value={value}}} on {own}. {holder} already has that value.",
                self.options.portal_id, store.kind.type_id
            )));
        }
        Ok(())
    }

    /// Stores a new record that was checked, with its associations.
    pub fn insert(&mut self, kind: usize, body: &Value, checked: &Checked, writer: Writer) -> u64 {
        let now = self.clock.now_ms();
        let (source, source_id) = match writer {
            Writer::App => ("INTEGRATION", self.identity.app_id.to_string()),
            Writer::User => ("CRM_UI", format!("userId:{}", self.identity.user_id)),
        };
        let store = &mut self.stores[kind];
        let mut values = checked.values.clone();
        for (name, value) in [
            ("hs_object_source", source),
            ("hs_object_source_id", &source_id),
            ("hs_object_source_label", source),
        ] {
            values.extend(
                store
                    .schema
                    .column(name)
                    .map(|column| (column, value.to_owned())),
            );
        }
        let id = store.take_id();
        if kind == QUOTES {
            quotes::at_birth(store, now, id, &mut values);
        }
        store.insert(now, id, &values);
        self.follow_company(kind, id, checked);
        for (to, types) in self.wanted_links(kind, body).unwrap_or_default() {
            self.link((kind, id), to, types);
        }
        id
    }

    /// Writing `associatedcompanyid` makes that company the primary one; clearing it
    /// ends the link.
    pub fn follow_company(&mut self, kind: usize, id: u64, checked: &Checked) {
        if kind != CONTACTS {
            return;
        }
        let Some(column) = self.stores[kind].schema.column("associatedcompanyid") else {
            return;
        };
        let Some((_, value)) = checked.values.iter().find(|(set, _)| *set == column) else {
            return;
        };
        let key = (kind, id);
        match self.lookup(COMPANIES, value, None) {
            Some(company) => self.link(key, (COMPANIES, company), PRIMARY),
            None if value.is_empty() => {
                let primary = |link: &Link| link.types & PRIMARY != 0;
                let company = self.live_links(key, COMPANIES).find(primary);
                if let Some(company) = company {
                    self.unlink(key, (COMPANIES, company.id));
                }
            }
            // The property never shows a company that there is not.
            None => self.recount(key),
        }
    }

    /// What a write shows: everything that is set after a create; after an update
    /// what was written and what HubSpot keeps of every record.
    pub fn written(&self, kind: usize, id: u64, changed: Option<&Checked>) -> Shown {
        let store = &self.stores[kind];
        let Some(record) = store.get(id) else {
            return Shown::new();
        };
        let name = |column: Column| store.schema.property(column).name.clone();
        let mut shown: Shown = match changed {
            None => record
                .values()
                .iter()
                .map(|(column, _)| (name(*column), *column))
                .collect(),
            Some(checked) => {
                let always = [
                    "hs_object_id",
                    store.kind.created,
                    store.kind.modified,
                    "hs_object_source",
                    "lifecyclestage",
                ];
                let mut shown: Shown = checked
                    .values
                    .iter()
                    .map(|(column, _)| (name(*column), *column))
                    .collect();
                shown.extend(always.iter().filter_map(|n| {
                    store
                        .schema
                        .column(n)
                        .filter(|column| record.get(*column).is_some())
                        .map(|column| ((*n).to_owned(), column))
                }));
                shown
            }
        };
        shown.sort();
        shown.dedup();
        shown
    }

    /// Checks an update of a record; nothing is stored yet.
    pub fn check_update(
        &self,
        kind: usize,
        id: u64,
        body: &Value,
        writer: Writer,
    ) -> Result<Checked, Reply> {
        let store = &self.stores[kind];
        let empty = Map::new();
        let properties = body
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let user = writer == Writer::User;
        let mut checked = check(store, properties, user).map_err(|problems| refused(&problems))?;
        if let Some(record) = store.get(id) {
            settle_against(store, record, &mut checked.values, user);
            self.settle(kind, Some(record), &mut checked, writer, &[])?;
        }
        self.check_unique(kind, &checked, Some(id))?;
        Ok(checked)
    }

    /// Stores an update of an app that was checked, and counts what it changes.
    pub fn app_update(&mut self, kind: usize, id: u64, checked: &Checked) {
        let store = &self.stores[kind];
        for (column, value) in &checked.values {
            let before = store
                .records
                .get(&id)
                .and_then(|record| record.get(*column));
            if before.unwrap_or_default() != value {
                let name = &store.schema.properties[usize::from(*column)].name;
                self.counters.changed(store.kind.name, id, name);
            }
        }
        self.store_update(kind, id, checked);
    }

    /// Stores an update that was checked. Says whether anything changed.
    pub fn store_update(&mut self, kind: usize, id: u64, checked: &Checked) -> bool {
        let now = self.clock.now_ms();
        let changed = self.stores[kind].update(now, id, &checked.values);
        if changed {
            self.follow_company(kind, id, checked);
            self.values_changed(kind, id);
        }
        changed
    }

    /// `PATCH /crm/objects/{version}/{type}/{id}`. Old ids of merged records are accepted.
    pub fn update(&mut self, kind: usize, id: &str, request: &Request, warn: bool) -> Reply {
        let body = match request.json() {
            Ok(body) => body,
            Err(reply) => return reply,
        };
        let Some(id) = self.lookup(kind, id, request.param("idProperty")) else {
            return not_found();
        };
        let checked = match self.check_update(kind, id, &body, Writer::App) {
            Ok(checked) => checked,
            Err(reply) => return reply,
        };
        self.app_update(kind, id, &checked);
        let warnings = checked.warnings().filter(|_| warn);
        Reply::text(
            200,
            self.record_json(kind, id, &self.written(kind, id, Some(&checked)), warnings),
        )
    }
}
