//! Batches of records and their 207 answers.
//!
//! HubSpot promises no order of the results, so reads and updates come back by id
//! and creates in reverse: a client that pairs them by position fails here.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::account::Account;
use super::clock::iso;
use super::objects::{id_text, shown};
use super::reply::{Body, Reply, error, invalid};
use super::request::Request;
use super::validate::Checked;
use super::writes::Writer;

/// The most inputs of one batch.
const MAX_INPUTS: usize = 100;

/// The body of a batch answer; with errors it is a 207.
pub fn batch_body(now_ms: i64, status: u16, results: Vec<Value>, errors: Vec<Value>) -> Reply {
    let mut body = json!({
        "status": "COMPLETE",
        "results": results,
        "startedAt": iso(now_ms),
        "completedAt": iso(now_ms),
    });
    let mut status = status;
    if let (Some(map), false) = (body.as_object_mut(), errors.is_empty()) {
        map.insert("numErrors".to_owned(), json!(errors.len()));
        map.insert("errors".to_owned(), Value::Array(errors));
        status = 207;
    }
    Reply::new(status, body)
}

/// The inputs of a batch, or why it is refused.
fn inputs(request: &Request) -> Result<(Value, Vec<Value>), Reply> {
    let mut body = request.json()?;
    let Some(Value::Array(inputs)) = body.get_mut("inputs").map(Value::take) else {
        return Err(invalid("Some required fields were not set: [inputs]"));
    };
    if inputs.len() > MAX_INPUTS {
        return Err(invalid(format!(
            "The maximum number of inputs supported in a batch is {MAX_INPUTS}, received {}",
            inputs.len()
        )));
    }
    Ok((body, inputs))
}

fn refuse_duplicates(inputs: &[Value]) -> Result<(), Reply> {
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<String> = inputs
        .iter()
        .map(|input| id_text(input.get("id")))
        .filter(|id| !seen.insert(id.clone()))
        .collect();
    if twice.is_empty() {
        return Ok(());
    }
    let twice: Vec<String> = twice.into_iter().collect();
    let mut reply = invalid(format!(
        "Duplicate IDs found in batch input: [{}]. IDs must be unique",
        twice.join(", ")
    ));
    reply.set("context", json!({ "ids": twice }));
    Err(reply)
}

/// The trace ids, when every input has one and no two are the same.
fn trace_ids(inputs: &[Value]) -> Option<Vec<String>> {
    let ids: Vec<String> = inputs
        .iter()
        .map(|input| id_text(input.get("objectWriteTraceId")))
        .filter(|id| !id.is_empty())
        .collect();
    let distinct: BTreeSet<&String> = ids.iter().collect();
    (ids.len() == inputs.len() && distinct.len() == ids.len()).then_some(ids)
}

/// One refused input of a batch as a row of `errors`.
fn traced_error(reply: Reply, trace: &str) -> Value {
    let Body::Json(mut row) = reply.body else {
        return Value::Null;
    };
    let mut context = Map::new();
    context.insert("objectWriteTraceId".to_owned(), json!([trace]));
    let message = row
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if let Some((_, existing)) = message.split_once("Existing ID: ") {
        context.insert("existingId".to_owned(), json!([existing]));
    }
    if let Some(map) = row.as_object_mut() {
        map.remove("correlationId");
        map.insert("context".to_owned(), Value::Object(context));
    }
    row
}

/// A conflict within a batch does not name the record that exists.
fn without_existing_id(reply: Reply) -> Reply {
    match &reply.body {
        Body::Json(body) if reply.status == 409 => {
            let message = body
                .get("message")
                .and_then(Value::as_str)
                .unwrap_or_default();
            error(
                409,
                "CONFLICT",
                message.split(". Existing ID").next().unwrap_or_default(),
            )
        }
        _ => reply,
    }
}

impl Account {
    fn row(
        &self,
        kind: usize,
        id: u64,
        checked: Option<&Checked>,
        warn: Option<&Checked>,
    ) -> Value {
        let text = self.record_json(
            kind,
            id,
            &self.written(kind, id, checked),
            warn.and_then(Checked::warnings),
        );
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn missing(&self, kind: usize, ids: &[String]) -> Vec<Value> {
        if ids.is_empty() {
            return Vec::new();
        }
        let singular = self.stores[kind].kind.singular.to_uppercase();
        vec![json!({
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": format!("Could not get some {singular} objects, they may be deleted or not exist. Check that ids are valid."),
            "context": {"ids": ids},
        })]
    }

    /// A record by its present id or unique value: batches do not follow merges.
    fn strict_lookup(&self, kind: usize, id: &str, id_property: Option<&str>) -> Option<u64> {
        let found = self.lookup(kind, id, id_property)?;
        let by_id = id_property.is_none_or(|name| name == "hs_object_id");
        (!by_id || id.parse() == Ok(found)).then_some(found)
    }

    /// Refuses an `idProperty` that names no unique property.
    fn check_id_property(&self, kind: usize, name: Option<&str>) -> Result<(), Reply> {
        match name {
            Some(name)
                if name != "hs_object_id"
                    && self.stores[kind].schema.identifies(name).is_none() =>
            {
                Err(invalid(format!(
                    "{name} is not a unique property of {}",
                    self.stores[kind].kind.name
                )))
            }
            _ => Ok(()),
        }
    }

    /// `POST .../batch/read`.
    pub fn batch_read(&self, kind: usize, request: &Request) -> Result<Reply, Reply> {
        let (body, inputs) = inputs(request)?;
        refuse_duplicates(&inputs)?;
        let id_property = body.get("idProperty").and_then(Value::as_str);
        self.check_id_property(kind, id_property)?;
        let history = body.get("propertiesWithHistory").and_then(Value::as_array);
        if history.is_some_and(|names| !names.is_empty()) {
            return Err(invalid(
                "This simulated HubSpot does not keep history: leave propertiesWithHistory out",
            ));
        }
        let archived = request.is_true("archived");
        let store = &self.stores[kind];
        let asked = body
            .get("properties")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let shown = shown(
            store,
            store.kind.defaults,
            asked.iter().filter_map(Value::as_str),
        );
        let mut found = BTreeSet::new();
        let mut missing = Vec::new();
        for input in &inputs {
            let id = id_text(input.get("id"));
            let record = if archived {
                id.parse().ok().filter(|id| {
                    store
                        .get(*id)
                        .is_some_and(|record| record.archived_ms.is_some())
                })
            } else {
                self.strict_lookup(kind, &id, id_property)
            };
            match record {
                Some(record) => {
                    found.insert(record);
                }
                None => missing.push(id),
            }
        }
        let rows: Vec<String> = found
            .into_iter()
            .map(|id| self.record_json(kind, id, &shown, None))
            .collect();
        let now = iso(self.clock.now_ms());
        let mut out = format!(
            "{{\"status\":\"COMPLETE\",\"results\":[{}],\"startedAt\":\"{now}\",\"completedAt\":\"{now}\"",
            rows.join(",")
        );
        let errors = self.missing(kind, &missing);
        let status = if errors.is_empty() { 200 } else { 207 };
        if status == 207 {
            out.push_str(&format!(
                ",\"numErrors\":{},\"errors\":{}",
                errors.len(),
                Value::Array(errors)
            ));
        }
        out.push('}');
        Ok(Reply::text(status, out))
    }

    /// `POST .../batch/create`: all or nothing, unless each input has its own
    /// `objectWriteTraceId`.
    pub fn batch_create(
        &mut self,
        kind: usize,
        request: &Request,
        warn: bool,
    ) -> Result<Reply, Reply> {
        let (_, inputs) = inputs(request)?;
        let traces = trace_ids(&inputs);
        if traces.is_none() {
            self.check_all_creates(kind, &inputs, warn)?;
        }
        let mut results = Vec::new();
        let mut errors = Vec::new();
        for (position, input) in inputs.iter().enumerate() {
            match self.check_app_create(kind, input, warn) {
                Ok(checked) => {
                    let id = self.insert(kind, input, &checked, Writer::App);
                    results.push(self.row(kind, id, None, warn.then_some(&checked)));
                }
                Err(reply) => {
                    let trace = traces
                        .as_ref()
                        .map(|traces| traces[position].as_str())
                        .unwrap_or_default();
                    errors.push(traced_error(reply, trace));
                }
            }
        }
        results.reverse();
        Ok(batch_body(self.clock.now_ms(), 201, results, errors))
    }

    fn check_all_creates(&self, kind: usize, inputs: &[Value], warn: bool) -> Result<(), Reply> {
        let unique = &self.stores[kind].schema.unique;
        let mut taken = BTreeSet::new();
        let mut conflict = None;
        for input in inputs {
            match self.check_app_create(kind, input, warn) {
                Ok(checked) => {
                    for (column, value) in &checked.values {
                        if unique.contains(column)
                            && !value.is_empty()
                            && !taken.insert((*column, value.to_lowercase()))
                        {
                            return Err(invalid(format!(
                                "Duplicate value in batch input: {value}"
                            )));
                        }
                    }
                }
                // A value that is not valid is told before any conflict.
                Err(reply) if reply.status == 409 => conflict = conflict.or(Some(reply)),
                Err(reply) => return Err(reply),
            }
        }
        conflict.map_or(Ok(()), |reply| Err(without_existing_id(reply)))
    }

    /// `POST .../batch/update`: ids that do not exist, merged-away ones included, make a 207.
    pub fn batch_update(
        &mut self,
        kind: usize,
        request: &Request,
        warn: bool,
    ) -> Result<Reply, Reply> {
        let (_, inputs) = inputs(request)?;
        refuse_duplicates(&inputs)?;
        let traces = trace_ids(&inputs);
        let mut work = Vec::new();
        let mut errors = Vec::new();
        let mut missing = Vec::new();
        for (position, input) in inputs.iter().enumerate() {
            let id_property = input.get("idProperty").and_then(Value::as_str);
            self.check_id_property(kind, id_property)?;
            let name = id_text(input.get("id"));
            let Some(id) = self.strict_lookup(kind, &name, id_property) else {
                missing.push(name);
                continue;
            };
            match (self.check_update(kind, id, input, Writer::App), &traces) {
                (Ok(checked), _) => work.push((id, checked)),
                (Err(reply), Some(traces)) => errors.push(traced_error(reply, &traces[position])),
                (Err(reply), None) => return Err(without_existing_id(reply)),
            }
        }
        errors.extend(self.missing(kind, &missing));
        work.sort_by_key(|(id, _)| *id);
        let mut results = Vec::new();
        for (id, checked) in work {
            self.app_update(kind, id, &checked);
            results.push(self.row(kind, id, Some(&checked), warn.then_some(&checked)));
        }
        Ok(batch_body(self.clock.now_ms(), 200, results, errors))
    }

    /// `POST .../batch/upsert` by a unique property.
    pub fn batch_upsert(
        &mut self,
        kind: usize,
        request: &Request,
        warn: bool,
    ) -> Result<Reply, Reply> {
        let (_, mut inputs) = inputs(request)?;
        refuse_duplicates(&inputs)?;
        for input in &mut inputs {
            let Some(id_property) = input
                .get("idProperty")
                .and_then(Value::as_str)
                .map(str::to_owned)
            else {
                return Err(invalid("idProperty is required: name a unique property"));
            };
            self.check_id_property(kind, Some(&id_property))?;
            let id = id_text(input.get("id"));
            if id_property == "hs_object_id" {
                continue;
            }
            // The id is also the value of that property.
            if let Some(map) = input.as_object_mut() {
                let properties = map.entry("properties").or_insert_with(|| json!({}));
                if let Some(properties) = properties.as_object_mut() {
                    properties.entry(id_property).or_insert(Value::String(id));
                }
            }
        }
        // All are checked before the first is stored.
        let mut work = Vec::new();
        for input in inputs {
            let id_property = input.get("idProperty").and_then(Value::as_str);
            let found = self.lookup(kind, &id_text(input.get("id")), id_property);
            let checked = match found {
                Some(id) => self
                    .check_update(kind, id, &input, Writer::App)
                    .map_err(without_existing_id)?,
                None if id_property == Some("hs_object_id") => {
                    return Err(invalid(format!(
                        "{} is not a valid ID",
                        id_text(input.get("id"))
                    )));
                }
                None => self
                    .check_app_create(kind, &input, warn)
                    .map_err(without_existing_id)?,
            };
            work.push((found, input, checked));
        }
        let mut results = Vec::new();
        for (found, input, checked) in work {
            // An earlier input of this batch may have made it.
            let name = id_text(input.get("id"));
            let id_property = input.get("idProperty").and_then(Value::as_str);
            let found = found.or_else(|| self.lookup(kind, &name, id_property));
            let id = match found {
                Some(id) => {
                    self.app_update(kind, id, &checked);
                    id
                }
                None => self.insert(kind, &input, &checked, Writer::App),
            };
            let mut row = self.row(kind, id, found.map(|_| &checked), warn.then_some(&checked));
            if let Some(map) = row.as_object_mut() {
                map.insert("new".to_owned(), json!(found.is_none()));
            }
            results.push(row);
        }
        results.reverse();
        Ok(batch_body(self.clock.now_ms(), 200, results, Vec::new()))
    }

    /// `POST .../batch/archive`: 204; ids that do not exist are ignored.
    pub fn batch_archive(&mut self, kind: usize, request: &Request) -> Result<Reply, Reply> {
        let (_, inputs) = inputs(request)?;
        for input in &inputs {
            if let Some(id) = self.strict_lookup(kind, &id_text(input.get("id")), None) {
                self.archive(kind, id);
            }
        }
        Ok(Reply::empty())
    }
}
