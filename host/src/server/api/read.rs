//! Reading: pages of records, with what lies around them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::body::LINES;
use super::error::ApiError;
use super::list;
use super::resource::{self, OPPORTUNITIES, Resource};
use super::shape::{self, Around};
use crate::model::{Fields, RecordId, RecordRef, Value};
use crate::schema::{self, KindDef};
use crate::store::{Dated, PageFilter, Store};

/// Records that are looked up at once, by id: those around a page, and a quotation's
/// lines.
const AT_ONCE: u32 = 10_000;

/// Halo's kinds by name.
pub(super) type Kinds = BTreeMap<String, KindDef>;

/// The kind behind a path.
pub(super) fn kind_of<'a>(kinds: &'a Kinds, resource: &Resource) -> Result<&'a KindDef, ApiError> {
    kinds
        .get(resource.kind)
        .ok_or_else(|| ApiError::not_found("This host has no such records."))
}

/// Answers a list.
pub(super) async fn list(
    store: &dyn Store,
    resource: &Resource,
    given: &[(String, String)],
) -> Result<Json, ApiError> {
    let kinds = schema::kinds(&store.custom_fields().await?);
    let mut asked = list::read(kind_of(&kinds, resource)?, given)?;
    if let Some(client) = asked.users_of {
        let sites = of(store, "site", "client_id", vec![client]).await?;
        let ids = sites.iter().map(|site| site.record.id).collect();
        asked.filter.refers.push(("site_id".to_owned(), ids));
    }
    if resource.path == OPPORTUNITIES {
        let types = opportunity_types(store).await?.into_iter().collect();
        asked
            .filter
            .refers
            .push(("tickettype_id".to_owned(), types));
    }
    let page = store.page(&asked.filter).await?;
    let want = Want {
        details: asked.details,
        lines: asked.lines,
    };
    let rows = documents(store, &kinds, resource, &page.records, want).await?;
    let Some(name) = resource.list else {
        return Ok(Json::Array(rows));
    };
    let mut answer = Map::new();
    if let Some((number, size)) = asked.page {
        answer.insert("page_no".to_owned(), json!(number));
        answer.insert("page_size".to_owned(), json!(size));
    }
    answer.insert("record_count".to_owned(), json!(page.total));
    answer.insert(name.to_owned(), Json::Array(rows));
    Ok(Json::Object(answer))
}

/// Records by id in the order asked; those that are gone are left out.
pub(super) async fn by_id(
    store: &dyn Store,
    kinds: &Kinds,
    resource: &Resource,
    ids: &[RecordId],
    details: bool,
) -> Result<Vec<Json>, ApiError> {
    let mut found: BTreeMap<RecordId, Dated> = those(store, resource.kind, ids.to_vec())
        .await?
        .into_iter()
        .map(|dated| (dated.record.id, dated))
        .collect();
    let mut seen = BTreeSet::new();
    let once = ids.iter().filter(|id| seen.insert(**id));
    let records: Vec<Dated> = once.filter_map(|id| found.remove(id)).collect();
    let want = Want {
        details,
        lines: details,
    };
    documents(store, kinds, resource, &records, want).await
}

/// How much of each record is wanted.
#[derive(Clone, Copy)]
struct Want {
    details: bool,
    lines: bool,
}

async fn documents(
    store: &dyn Store,
    kinds: &Kinds,
    resource: &Resource,
    records: &[Dated],
    want: Want,
) -> Result<Vec<Json>, ApiError> {
    let kind = kind_of(kinds, resource)?;
    let mut lines: BTreeMap<RecordId, Vec<Dated>> = BTreeMap::new();
    let has_lines = kind.name == "quotation" && want.lines;
    if has_lines {
        let ids = records.iter().map(|dated| dated.record.id).collect();
        for line in of(store, resource::LINE.kind, LINES.field, ids).await? {
            if let Some(id) = shape::target(&line.record.fields, LINES.field) {
                lines.entry(id).or_default().push(line);
            }
        }
    }
    let all = records.iter().chain(lines.values().flatten());
    let all: Vec<&Fields> = all.map(|dated| &dated.record.fields).collect();
    let around = around(store, &kind.name, &all).await?;
    let line_kind = kind_of(kinds, &resource::LINE)?;
    let document = |dated: &Dated| {
        let mut document = shape::document(resource, kind, dated, &around, want.details);
        if has_lines {
            let mut inside = lines.get(&dated.record.id).cloned().unwrap_or_default();
            inside.sort_by_key(|line| (position(&line.record.fields), line.record.id));
            let inside = inside.iter().map(|line| {
                let (id, fields) = (line.record.id, &line.record.fields);
                Json::Object(shape::body(line_kind, id, fields, &around, true))
            });
            document.insert(LINES.list.to_owned(), inside.collect());
        }
        Json::Object(document)
    };
    Ok(records.iter().map(document).collect())
}

/// Where a line stands; those that do not say come last.
fn position(fields: &Fields) -> i64 {
    match fields.get("sort_seq") {
        Some(Value::Text(text)) => text.parse().unwrap_or(i64::MAX),
        _ => i64::MAX,
    }
}

/// Looks up what the records of a kind refer to.
async fn around(store: &dyn Store, kind: &str, all: &[&Fields]) -> Result<Around, ApiError> {
    let mut wanted: BTreeMap<String, BTreeSet<RecordId>> = BTreeMap::new();
    for value in all.iter().flat_map(|fields| fields.values()) {
        if let Value::Reference {
            kind,
            to: RecordRef::Id(id),
        } = value
        {
            wanted.entry(kind.clone()).or_default().insert(*id);
        }
    }
    let mut around = Around::default();
    // A user's customer is that of its site: sites first, as they add customers.
    if let Some(sites) = wanted.remove("site") {
        for site in those(store, "site", sites.into_iter().collect()).await? {
            let fields = &site.record.fields;
            note(&mut around, &site);
            if let Some(client) = shape::target(fields, "client_id") {
                around.client_of_site.insert(site.record.id, client);
                if kind == "user" {
                    wanted
                        .entry("customer".to_owned())
                        .or_default()
                        .insert(client);
                }
            }
        }
    }
    for (kind, ids) in wanted {
        for found in those(store, &kind, ids.into_iter().collect()).await? {
            note(&mut around, &found);
        }
    }
    if kind == "ticket" {
        around.opportunity_types = opportunity_types(store).await?;
    }
    Ok(around)
}

fn note(around: &mut Around, found: &Dated) {
    let (kind, id) = (&found.record.kind, found.record.id);
    if let Some(title) = found.record.fields.get(schema::title_of(kind)) {
        around.titles.insert((kind.clone(), id), title.display());
    }
}

/// The ticket types whose tickets are opportunities.
pub(super) async fn opportunity_types(store: &dyn Store) -> Result<BTreeSet<RecordId>, ApiError> {
    let types = store.list("ticket-type", None, 0, AT_ONCE).await?;
    let are = types.iter().filter(|found| {
        let flag = found.fields.get("is_opportunity");
        matches!(flag, Some(Value::Text(text)) if text == "true")
    });
    Ok(are.map(|found| found.id).collect())
}

/// Records by id.
async fn those(store: &dyn Store, kind: &str, ids: Vec<RecordId>) -> Result<Vec<Dated>, ApiError> {
    let filter = PageFilter {
        kind: kind.to_owned(),
        ids: Some(ids),
        limit: AT_ONCE,
        ..PageFilter::default()
    };
    Ok(store.page(&filter).await?.records)
}

/// Records by what they refer to.
async fn of(
    store: &dyn Store,
    kind: &str,
    field: &str,
    ids: Vec<RecordId>,
) -> Result<Vec<Dated>, ApiError> {
    let filter = PageFilter {
        kind: kind.to_owned(),
        refers: vec![(field.to_owned(), ids)],
        limit: AT_ONCE,
        ..PageFilter::default()
    };
    Ok(store.page(&filter).await?.records)
}
