//! What has changed in Halo and was not sent yet: why, and what can be done about it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::{Markup, html};

use super::super::Admin;
use super::super::frame::token;
use super::super::gate::{Posted, Viewer};
use super::super::problem::Problem;
use super::super::settings::offers::{named, nobodys_scope};
use super::queue::{self, Queue};
use super::{SHOWN, address, live, page, tone_badge};
use crate::runs::show_time;
use crate::store::OutboxState;

/// The page.
pub(in crate::admin) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let store = &admin.host.store;
    let rows = store.outbox(&name, SHOWN + 1).await?;
    let mut listed = Vec::new();
    for row in rows.iter().take(SHOWN as usize) {
        let read = store
            .read(&nobodys_scope(), &row.kind, &[row.record])
            .await?;
        let title = read.iter().flatten().next().map(|record| named(record).1);
        listed.push((
            row,
            title.unwrap_or_else(|| "(not there any more)".to_owned()),
        ));
    }
    let content = html! {
        @if listed.is_empty() { p { "Everything that shall be sent has been sent." } }
        @else {
            form.card method="post" action=(address(&name, "outbox")) {
                (token(&viewer))
                div.scroll tabindex="0" role="region" aria-label={ (if rows.len() > SHOWN as usize { "The oldest changes" } else { "Changes that were not sent yet" }) } {
                    table {
                        caption { (if rows.len() > SHOWN as usize { "The oldest changes" } else { "Changes that were not sent yet" }) }
                        thead { tr { th scope="col" { span.hidden { "Choose" } } th scope="col" { "Record" } th scope="col" { "What" } th scope="col" { "Since" } th scope="col" { "How it stands" } } }
                        tbody {
                            @for (row, title) in &listed {
                                tr {
                                    td { label.check { input type="checkbox" name="row" value=(row.sequence); span.hidden { "Choose " (title) } } }
                                    th scope="row" { a href=(format!("{}?kind={}&record={}", address(&name, "journal"), row.kind, row.record)) { (title) } " " small { (row.kind) " " (row.record) } }
                                    td { (row.what) @if !row.fields.is_empty() { ": " (row.fields.join(", ")) } }
                                    td { (show_time(row.at)) }
                                    td {
                                        (match row.state {
                                            OutboxState::Waiting => tone_badge("waiting", false),
                                            OutboxState::Retry => tone_badge("tried again", false),
                                            OutboxState::Rejected => tone_badge("waits for a person", true),
                                        })
                                        @if row.state == OutboxState::Retry { " at " (show_time(row.next)) ", tried " (row.attempts) " times" }
                                        @if let Some(failure) = &row.failure { p { (failure) } }
                                    }
                                }
                            }
                        }
                    }
                }
                button name="do" value="retry" { "Try again what is ticked" } " "
                button name="do" value="retry-all" { "Try all again" } " "
                button.danger name="do" value="drop" { "Never send what is ticked" }
            }
        }
    };
    let content = live(&name, "outbox", &content);
    Ok(page(&viewer, &connection, "outbox", "Outbox", &content))
}

/// Tries again, or forgets.
pub(in crate::admin) async fn act(
    admin: State<Arc<Admin>>,
    name: Path<String>,
    posted: Posted,
) -> Result<Redirect, Problem> {
    queue::act(admin, name, posted, Queue::Outbox).await
}
