//! What was written, when and why: of all records, or of one ("why is this value here?").

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::gate::Viewer;
use super::super::problem::Problem;
use super::super::runs::changes;
use super::super::settings::offers::{named, nobodys_scope};
use super::super::{Admin, form_urlencoded, runs};
use super::{SHOWN, address, page};
use crate::model::{Effect, RecordId};
use crate::runs::show_time;
use crate::store::{JournalEntry, JournalFilter};

#[derive(Debug, Default, Deserialize)]
pub(in crate::admin) struct Asked {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    record: String,
    before: Option<u64>,
}

fn effect(entry: &JournalEntry) -> &str {
    match &entry.remote {
        Some(remote) => &remote.effect,
        None => match entry.effect {
            Effect::Created => "created",
            Effect::Updated => "updated",
            Effect::Unchanged => "unchanged",
            Effect::Removed => "removed",
        },
    }
}

/// The page.
pub(in crate::admin) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let store = &admin.host.store;
    let record: Option<RecordId> = asked.record.trim().parse().ok();
    let of = record.filter(|_| !asked.kind.is_empty());
    let filter = JournalFilter {
        // Of one record, also what people and other connectors wrote.
        connection: of.is_none().then(|| name.clone()),
        record: of.map(|record| (asked.kind.clone(), record)),
        before: asked.before,
        limit: SHOWN + 1,
        ..JournalFilter::default()
    };
    let mut all = store.journal(&filter).await?;
    let is_more = all.len() > SHOWN as usize;
    all.truncate(SHOWN as usize);
    let title = match of {
        Some(record) => {
            let read = store.read(&nobodys_scope(), &asked.kind, &[record]).await?;
            read.iter().flatten().next().map(|record| named(record).1)
        }
        None => None,
    };
    let kinds = connection.description.kinds();
    let here = |before: u64| {
        format!(
            "{}?kind={}&record={}&before={before}",
            address(&name, "journal"),
            form_urlencoded(&asked.kind),
            form_urlencoded(&asked.record)
        )
    };
    let content = html! {
        form.row.card method="get" action=(address(&name, "journal")) role="search" {
            div { label for="kind" { "Kind" } select id="kind" name="kind" { option value="" { "–" } @for kind in &kinds { option selected[*kind == asked.kind] { (kind) } } } }
            div { label for="record" { "Id of the record" } input id="record" name="record" inputmode="numeric" value=(asked.record); }
            button { "Show" }
            @if of.is_some() { a href=(address(&name, "journal")) { "All records" } }
        }
        @if let Some(record) = of {
            h2 { (title.as_deref().unwrap_or("This record")) " " small { (asked.kind) " " (record) } }
        }
        @if all.is_empty() { p { "Nothing was written that is still kept." } }
        @else {
            div.scroll.card tabindex="0" role="region" aria-label={ "What was written, newest first" } {
                table {
                    caption.hidden { "What was written, newest first" }
                    thead { tr { th scope="col" { "When" } th scope="col" { "Record" } th scope="col" { "What" } th scope="col" { "From → to" } th scope="col" { "Why" } } }
                    tbody {
                        @for entry in &all {
                            tr {
                                td { (show_time(entry.at)) }
                                th scope="row" {
                                    a href=(format!("{}?kind={}&record={}", address(&name, "journal"), entry.kind, entry.record)) { (entry.kind) " " (entry.record) }
                                    @if let Some(remote) = &entry.remote { " → " (connection.description.name) " " (remote.title) }
                                }
                                td { (effect(entry)) }
                                td { (changes(&entry.changes)) }
                                td {
                                    (entry.cause)
                                    @if !entry.connection.is_empty() && entry.connection != name { " by " (entry.connection) }
                                    @if let Some(run) = entry.run.filter(|_| entry.connection == name) { ", " a href=(runs::address(&name, run)) { "run " (run) } }
                                }
                            }
                        }
                    }
                }
            }
            @if let Some(last) = all.last().filter(|_| is_more) { p { a href=(here(last.sequence)) { "Older" } } }
        }
    };
    Ok(page(&viewer, &connection, "journal", "Journal", &content))
}
