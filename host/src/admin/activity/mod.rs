//! What has happened and what waits: a page for each. None reads more than it shows.

use std::sync::Arc;

use axum::extract::{Path, State};
use maud::{Markup, html};

use super::frame::{ACTIVITY, Around, Tone, badge};
use super::gate::Viewer;
use super::overview::run_state;
use super::problem::Problem;
use super::{Admin, frame, runs};
use crate::connection::Connection;
use crate::runs::show_time;
use crate::store::RunMode;

pub(super) mod inbox;
pub(super) mod journal;
pub(super) mod messages;
pub(super) mod outbox;
mod queue;
pub(super) mod waiting;

/// Rows on a page.
const SHOWN: u32 = 50;

/// The pages, and what people read.
const PAGES: [(&str, &str); 6] = [
    ("", "Runs"),
    ("waiting", "Not imported"),
    ("outbox", "Outbox"),
    ("inbox", "Inbox"),
    ("messages", "Messages"),
    ("journal", "Journal"),
];

fn address(connector: &str, page: &str) -> String {
    match page {
        "" => format!("/admin/{connector}/activity"),
        page => format!("/admin/{connector}/activity/{page}"),
    }
}

/// One of the pages, with the way to the others.
fn page(
    viewer: &Viewer,
    connection: &Connection,
    here: &str,
    title: &str,
    content: &Markup,
) -> Markup {
    let content = html! {
        nav.subtabs aria-label="Activity" {
            ul {
                @for (page, label) in PAGES {
                    li { a href=(address(&connection.name, page)) aria-current=[(page == here).then_some("page")] { (label) } }
                }
            }
        }
        (content)
    };
    let around = Around {
        viewer,
        connection: Some(connection),
        tab: ACTIVITY,
    };
    frame::page(&around, title, &content)
}

/// A part of a page that keeps itself up to date.
fn live(connector: &str, page: &str, content: &Markup) -> Markup {
    html! { div id="live" data-live=(address(connector, page)) data-every="3" { (content) } }
}

fn mode(mode: RunMode) -> &'static str {
    match mode {
        RunMode::Import => "import",
        RunMode::Preview => "preview",
        RunMode::Push => "sending",
        RunMode::Events => "events",
    }
}

/// The newest runs, and what this host has done since its start.
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let all = admin.host.store.runs(&name, SHOWN).await?;
    let counted = admin.host.measured(&name).counts();
    let slowed = counted.answers.get("429").copied().unwrap_or_default();
    let usage = connection.usage();
    let list = html! {
        @if all.is_empty() { p { "Nothing has run yet." } }
        @else {
            div.scroll.card tabindex="0" role="region" aria-label={ "The newest runs" } {
                table.stacks {
                    caption { "The newest runs" }
                    thead { tr { th scope="col" { "Run" } th scope="col" { "What" } th scope="col" { "Started" } th scope="col" { "How it stands" } } }
                    tbody {
                        @for run in &all {
                            tr {
                                th scope="row" { a href=(runs::address(&name, run.id)) { (run.id) } }
                                td data-label="What" { (mode(run.mode)) @if matches!(run.mode, RunMode::Import | RunMode::Preview) { " of " (connection.description.entity(&run.entity).map_or(run.entity.clone(), |entity| entity.label.to_lowercase())) } }
                                td data-label="Started" { (show_time(run.started)) }
                                td data-label="How it stands" { (run_state(run)) @if let Some(failure) = &run.failure { " " (failure) } }
                            }
                        }
                    }
                }
            }
        }
        section.card {
            h2 { "Requests to " (connection.description.name) }
            p { (counted.requests) " since this host was started; " (match slowed { 0 => "none was answered with “too many requests”.".to_owned(), slowed => format!("{slowed} were answered with “too many requests” and repeated.") }) }
            dl {
                @for bucket in &connection.description.buckets {
                    @if let Some(usage) = usage.get(&bucket.name) {
                        dt { "Budget " (bucket.name) }
                        dd {
                            (usage.used) " of " (usage.limit) " in the last " (bucket.window_ms / 1_000) " s"
                            @if usage.waits > 0 { "; " (usage.waits) " requests waited, " (usage.waited.as_secs()) " s in all" }
                        }
                    }
                }
            }
        }
    };
    Ok(page(
        &viewer,
        &connection,
        "",
        "Activity",
        &live(&name, "", &list),
    ))
}

fn tone_badge(word: &str, is_bad: bool) -> Markup {
    badge(word, is_bad.then_some(Tone::Bad))
}
