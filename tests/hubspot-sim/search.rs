//! Search: query, sorts, paging and the 10,000-row wall.
//!
//! Known quirks are kept: archived records are never found, associations are only
//! a filter, `IN` wants string values in lower case, and contacts filtered by
//! `hs_lastmodifieddate` give no rows and no error.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::account::Account;
use super::filter::{Operand, compare_of, matches, order, parse_groups, value_of};
use super::objects::{id_text, open_record, shown};
use super::record::{Column, Record};
use super::reply::{Reply, invalid};
use super::request::Request;
use super::store::Store;

/// HubSpot pages no search beyond this row.
const WALL: usize = 10_000;
const MAX_PAGE: usize = 200;
const DEFAULT_PAGE: usize = 10;
const MAX_BODY_CHARS: usize = 3000;

/// The property to sort by and whether downwards.
fn parse_sort(store: &Store, body: &Value) -> Result<Option<(Column, bool)>, Reply> {
    let sorts = body
        .get("sorts")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if sorts.len() > 1 {
        return Err(invalid("Only one sort rule is supported"));
    }
    let (name, descending) = match sorts.first() {
        None => return Ok(None),
        Some(Value::String(text)) => (text.trim_start_matches('-'), text.starts_with('-')),
        Some(rule) => (
            rule.get("propertyName")
                .and_then(Value::as_str)
                .unwrap_or_default(),
            rule.get("direction").and_then(Value::as_str) == Some("DESCENDING"),
        ),
    };
    match store.schema.column(name) {
        Some(column) => Ok(Some((column, descending))),
        None if name.ends_with("lastmodifieddate") => Ok(None),
        None => Err(invalid(format!(
            "There was a problem with the request: property {name} does not exist"
        ))),
    }
}

fn page(body: &Value) -> Result<(usize, usize), Reply> {
    let limit = match body.get("limit").map(|limit| id_text(Some(limit))) {
        None => DEFAULT_PAGE,
        Some(text) => match text.parse() {
            Ok(limit) if limit <= MAX_PAGE => limit,
            _ => return Err(invalid(format!("limit must be a number up to {MAX_PAGE}"))),
        },
    };
    let after = match body
        .get("after")
        .map(|after| id_text(Some(after)))
        .filter(|after| !after.is_empty())
    {
        None => 0,
        Some(text) => match text.parse::<usize>() {
            Ok(after) => after,
            Err(_) => return Err(invalid(format!("{text} is not a valid value for after"))),
        },
    };
    if after.saturating_add(limit) > WALL {
        return Err(invalid(format!(
            "Paging past {WALL} results of one search is not supported: after + limit was {}",
            after.saturating_add(limit)
        )));
    }
    Ok((limit, after))
}

impl Account {
    /// `POST /crm/objects/{version}/{type}/search`.
    pub fn search(&mut self, kind: usize, request: &Request) -> Result<Reply, Reply> {
        if String::from_utf8_lossy(&request.body).chars().count() > MAX_BODY_CHARS {
            return Err(invalid(format!(
                "The request body may be at most {MAX_BODY_CHARS} characters"
            )));
        }
        let body = request.json()?;
        let now = self.clock.now_ms();
        self.stores[kind].settle(now);
        let store = &self.stores[kind];
        let groups = parse_groups(store, &body)?;
        let sort = parse_sort(store, &body)?;
        let (limit, after) = page(&body)?;
        let words: Vec<String> = body
            .get("query")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_lowercase()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let fields: Vec<Column> = store
            .kind
            .query
            .iter()
            .filter_map(|name| store.schema.column(name))
            .collect();

        let mut found: Vec<&Record> = Vec::new();
        store.for_each_searchable(now, |record| {
            let matched = groups.is_empty()
                || groups
                    .iter()
                    .any(|group| group.iter().all(|f| matches(self, kind, record, f)));
            if matched && (words.is_empty() || has_words(record, &fields, &words)) {
                found.push(record);
            }
        });
        if let Some((column, descending)) = sort {
            let compare = compare_of(store, column);
            let mut keyed: Vec<(Option<Operand>, &Record)> = found
                .into_iter()
                .map(|record| (value_of(store, record, column, compare), record))
                .collect();
            keyed.sort_by(|(a, x), (b, y)| {
                let by_value = match (a, b) {
                    (Some(a), Some(b)) => order(a, b),
                    // Records without the value come last, either way round.
                    (None, Some(_)) => return Ordering::Greater,
                    (Some(_), None) => return Ordering::Less,
                    (None, None) => Ordering::Equal,
                };
                let by_value = if descending {
                    by_value.reverse()
                } else {
                    by_value
                };
                by_value.then(x.id.cmp(&y.id))
            });
            found = keyed.into_iter().map(|(_, record)| record).collect();
        }

        let asked = body
            .get("properties")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let shown = shown(
            store,
            store.kind.search_defaults,
            asked.iter().filter_map(Value::as_str),
        );
        let mut out = format!("{{\"total\":{},\"results\":[", found.len());
        for (position, record) in found.iter().skip(after).take(limit).enumerate() {
            if position > 0 {
                out.push(',');
            }
            open_record(&mut out, store, record, &shown, &self.record_pages);
            out.push('}');
        }
        out.push(']');
        if after + limit < found.len() && limit > 0 {
            out.push_str(",\"paging\":");
            out.push_str(&json!({"next": {"after": (after + limit).to_string()}}).to_string());
        }
        out.push('}');
        Ok(Reply::text(200, out))
    }
}

/// Whether every word begins a word of one of the fields.
fn has_words(record: &Record, fields: &[Column], words: &[String]) -> bool {
    words.iter().all(|word| {
        fields.iter().any(|column| {
            record
                .get(*column)
                .is_some_and(|value| value.to_lowercase().contains(word.as_str()))
        })
    })
}
