//! What the last import of each entity did not bring, and why.

use std::sync::Arc;

use axum::extract::{Path, State};
use maud::{Markup, html};

use super::super::gate::Viewer;
use super::super::problem::Problem;
use super::super::{Admin, runs};
use super::{SHOWN, page, tone_badge};
use crate::deviations::outcome_of;
use crate::runs::show_time;
use crate::store::{ReportFilter, RunMode};

/// What keeps a row out, those for a person first.
const OUTCOMES: [&str; 4] = ["conflict", "failed", "waiting", "skipped"];

/// The page.
pub(in crate::admin) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let store = &admin.host.store;
    let latest = store.latest_runs(&name).await?;
    let mut parts = Vec::new();
    for entity in &connection.description.entities {
        let last =
            { latest.iter() }.find(|run| run.entity == entity.name && run.mode == RunMode::Import);
        let Some(run) = last else { continue };
        let filter = ReportFilter {
            outcomes: OUTCOMES.map(str::to_owned).to_vec(),
            after: None,
            limit: SHOWN,
        };
        let rows = store.reported(run.id, &filter).await?;
        if !rows.is_empty() {
            parts.push((entity, run, rows));
        }
    }
    let content = html! {
        p { "Rows that wait or that a person must settle are tried again with each import, by themselves." }
        @if parts.is_empty() { p { "The last imports brought everything." } }
        @for (entity, run, rows) in &parts {
            section.card {
                h2 { (entity.label) }
                p.faint { "In the import of " a href=(runs::address(&name, run.id)) { (show_time(run.started)) } }
                div.scroll tabindex="0" role="region" aria-label={ (entity.label) " that were not imported" } {
                    table {
                        caption.hidden { (entity.label) " that were not imported" }
                        thead { tr { th scope="col" { "Name" } th scope="col" { "What" } th scope="col" { "Why" } } }
                        tbody {
                            @for row in rows {
                                @let outcome = outcome_of(row);
                                tr {
                                    th scope="row" { (row.row.title) " " small { (row.row.key) } }
                                    td { (tone_badge(outcome, matches!(outcome, "conflict" | "failed"))) }
                                    td { @if let Some(reason) = &row.row.reason { (reason) } }
                                }
                            }
                        }
                    }
                }
                @if rows.len() == SHOWN as usize {
                    p { "More, by what became of them: "
                        @for outcome in OUTCOMES { a href=(format!("{}?outcome={outcome}", runs::address(&name, run.id))) { (outcome) } " " }
                    }
                }
            }
        }
    };
    Ok(page(
        &viewer,
        &connection,
        "waiting",
        "Not imported",
        &content,
    ))
}
