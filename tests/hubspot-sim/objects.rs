//! Reading records: list, get, and how a record is shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::account::Account;
use super::kinds::find;
use super::record::{Column, Record};
use super::reply::{Reply, invalid, not_found};
use super::request::Request;
use super::store::Store;

/// The most records of one list page.
const MAX_PAGE: usize = 100;
/// The page size when none is asked for.
const DEFAULT_PAGE: usize = 10;
/// From this length of the request line on, HubSpot's edge answers 414.
const MAX_URI: usize = 16_000;
/// What an answer shows of a record: property names with their columns, by name.
pub type Shown = Vec<(String, Column)>;

/// An id from JSON, where clients send text or number.
pub fn id_text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// The columns to show: the defaults and those asked for. Unknown names are
/// ignored on reads, as HubSpot does.
pub fn shown<'a>(
    store: &Store,
    defaults: &[&str],
    asked: impl IntoIterator<Item = &'a str>,
) -> Shown {
    let asked: Vec<&str> = asked.into_iter().collect();
    // Asking for properties replaces the defaults except for these three.
    let always = ["hs_object_id", store.kind.created, store.kind.modified];
    let base: &[&str] = if asked.is_empty() { defaults } else { &always };
    let mut names: Vec<&str> = base.iter().copied().chain(asked).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| {
            store
                .schema
                .column(name)
                .map(|column| (name.to_owned(), column))
        })
        .collect()
}

/// Appends one record as JSON, without its closing brace, so that associations,
/// warnings and the like can follow.
pub fn open_record(out: &mut String, store: &Store, record: &Record, shown: &Shown, pages: &str) {
    let id = record.id.to_string();
    out.push_str("{\"id\":\"");
    out.push_str(&id);
    out.push_str("\",\"properties\":{");
    let mut first = true;
    for (name, column) in shown {
        if !first {
            out.push(',');
        }
        first = false;
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        match record.text(*column) {
            Some(text) => text.write_json(out),
            None => out.push_str("null"),
        }
    }
    out.push_str("},\"createdAt\":\"");
    out.push_str(record.get(store.schema.created).unwrap_or_default());
    out.push_str("\",\"updatedAt\":\"");
    out.push_str(record.get(store.schema.modified).unwrap_or_default());
    match record.archived_ms {
        Some(at) => {
            out.push_str("\",\"archived\":true,\"archivedAt\":\"");
            out.push_str(&super::clock::iso(at));
        }
        None => out.push_str("\",\"archived\":false,\"url\":\""),
    }
    if record.archived_ms.is_none() {
        out.push_str(pages);
        out.push_str(store.kind.type_id);
        out.push('/');
        out.push_str(&id);
    }
    out.push('"');
}

impl Account {
    /// The present id of a record that is not archived, named by id (old ids of
    /// merged records included) or by a unique property.
    pub fn lookup(&self, kind: usize, id: &str, id_property: Option<&str>) -> Option<u64> {
        let store = &self.stores[kind];
        let found = match id_property.filter(|name| *name != "hs_object_id") {
            Some(name) => store.find_unique(store.schema.identifies(name)?, id)?,
            None => store.resolve(id.parse().ok()?),
        };
        store
            .get(found)
            .filter(|record| record.archived_ms.is_none())
            .map(|record| record.id)
    }

    /// One record as JSON.
    pub fn record_json(
        &self,
        kind: usize,
        id: u64,
        shown: &Shown,
        warnings: Option<Value>,
    ) -> String {
        let store = &self.stores[kind];
        let mut out = String::new();
        if let Some(record) = store.get(id) {
            open_record(&mut out, store, record, shown, &self.record_pages);
            if let Some(warnings) = warnings {
                out.push_str(",\"warnings\":");
                out.push_str(&warnings.to_string());
            }
            out.push('}');
        }
        out
    }

    /// `GET /crm/objects/{version}/{type}`.
    pub fn list(&self, kind: usize, request: &Request) -> Reply {
        if let Some(reply) = refuse_reads(request) {
            return reply;
        }
        let limit = match request.param("limit").map(str::parse::<usize>) {
            None => DEFAULT_PAGE,
            Some(Ok(limit)) if (1..=MAX_PAGE).contains(&limit) => limit,
            Some(_) => return invalid(format!("limit must be a number from 1 to {MAX_PAGE}")),
        };
        let start = match request.param("after").map(decode_cursor) {
            None => 0,
            Some(Some(id)) => id,
            Some(None) => {
                return invalid(
                    "Invalid paging cursor: send the value of paging.next.after unchanged",
                );
            }
        };
        let archived = request.is_true("archived");
        let store = &self.stores[kind];
        let shown = shown(store, store.kind.defaults, request.list_param("properties"));
        let linked: Vec<usize> = request
            .list_param("associations")
            .into_iter()
            .filter_map(find)
            .collect();

        let mut out = String::with_capacity(64 * 1024);
        out.push_str("{\"results\":[");
        let mut written = 0;
        let mut next = None;
        for record in store.records.range(start..).map(|(_, record)| record) {
            if record.archived_ms.is_some() != archived {
                continue;
            }
            if written == limit {
                next = Some(record.id);
                break;
            }
            if written > 0 {
                out.push(',');
            }
            open_record(&mut out, store, record, &shown, &self.record_pages);
            self.write_links(&mut out, kind, record.id, &linked);
            out.push('}');
            written += 1;
        }
        out.push(']');
        if let Some(id) = next {
            let cursor = URL_SAFE_NO_PAD.encode(id.to_string());
            let link = format!(
                "{}{}?limit={limit}&after={cursor}",
                self.base_url, request.path
            );
            out.push_str(",\"paging\":");
            out.push_str(&json!({"next": {"after": cursor, "link": link}}).to_string());
        }
        out.push('}');
        Reply::text(200, out)
    }

    /// `GET /crm/objects/{version}/{type}/{id}`. An id that was merged away answers the survivor.
    pub fn get(&self, kind: usize, id: &str, request: &Request) -> Reply {
        if let Some(reply) = refuse_reads(request) {
            return reply;
        }
        let store = &self.stores[kind];
        if let Some(name) = request
            .param("idProperty")
            .filter(|name| *name != "hs_object_id")
            && store.schema.identifies(name).is_none()
        {
            return invalid(format!(
                "{name} is not a unique property of {}",
                store.kind.name
            ));
        }
        let found = if request.is_true("archived") {
            id.parse().ok().filter(|id| {
                store
                    .get(*id)
                    .is_some_and(|record| record.archived_ms.is_some())
            })
        } else {
            self.lookup(kind, id, request.param("idProperty"))
        };
        let Some(record) = found.and_then(|id| store.get(id)) else {
            return not_found();
        };
        let shown = shown(store, store.kind.defaults, request.list_param("properties"));
        let linked: Vec<usize> = request
            .list_param("associations")
            .into_iter()
            .filter_map(find)
            .collect();
        let mut out = String::new();
        open_record(&mut out, store, record, &shown, &self.record_pages);
        self.write_links(&mut out, kind, record.id, &linked);
        out.push('}');
        Reply::text(200, out)
    }
}

fn decode_cursor(cursor: &str) -> Option<u64> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?)
        .ok()?
        .parse()
        .ok()
}

fn refuse_reads(request: &Request) -> Option<Reply> {
    let length = request.path.len()
        + request
            .query
            .iter()
            .map(|(key, value)| key.len() + value.len() + 2)
            .sum::<usize>();
    if length > MAX_URI {
        return Some(Reply::html(
            414,
            "<html><head><title>414 Request-URI Too Large</title></head></html>".to_owned(),
        ));
    }
    request.param("propertiesWithHistory").map(|_| {
        invalid("This simulated HubSpot does not keep history: leave propertiesWithHistory out")
    })
}
