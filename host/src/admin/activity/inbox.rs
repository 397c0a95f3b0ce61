//! The remote's events: which wait, which failed and why, and what can be done about it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::{Markup, html};

use super::super::Admin;
use super::super::frame::token;
use super::super::gate::{Posted, Viewer};
use super::super::problem::Problem;
use super::queue::{self, Queue};
use super::{SHOWN, address, live, page, tone_badge};
use crate::runs::show_time;
use crate::store::InboxState;

fn word(state: InboxState) -> Markup {
    match state {
        InboxState::Waiting => tone_badge("waiting", false),
        InboxState::Retry => tone_badge("tried again", false),
        InboxState::Rejected => tone_badge("waits for a person", true),
        InboxState::Applied => tone_badge("applied", false),
        InboxState::Ignored => tone_badge("ignored", false),
    }
}

/// The page.
pub(in crate::admin) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let rows = admin.host.store.inbox(&name, &[], SHOWN).await?;
    let content = html! {
        @if rows.is_empty() { p { "No event has come in." } }
        @else {
            form.card method="post" action=(address(&name, "inbox")) {
                (token(&viewer))
                div.scroll tabindex="0" role="region" aria-label={ "The newest events" } {
                    table {
                        caption { "The newest events" }
                        thead { tr { th scope="col" { span.hidden { "Choose" } } th scope="col" { "Object" } th scope="col" { "Came in" } th scope="col" { "How it stands" } } }
                        tbody {
                            @for row in &rows {
                                @let is_open = matches!(row.state, InboxState::Waiting | InboxState::Retry | InboxState::Rejected);
                                tr {
                                    td { @if is_open { label.check { input type="checkbox" name="row" value=(row.sequence); span.hidden { "Choose the event of " (row.object) } } } }
                                    th scope="row" { (row.object) }
                                    td { (show_time(row.received)) }
                                    td { (word(row.state)) @if let Some(failure) = &row.failure { " " (failure) } }
                                }
                            }
                        }
                    }
                }
                button name="do" value="retry" { "Try again what is ticked" } " "
                button name="do" value="retry-all" { "Try all again" } " "
                button.danger name="do" value="drop" { "Forget what is ticked" }
            }
        }
    };
    let content = live(&name, "inbox", &content);
    Ok(page(&viewer, &connection, "inbox", "Inbox", &content))
}

/// Tries again, or forgets.
pub(in crate::admin) async fn act(
    admin: State<Arc<Admin>>,
    name: Path<String>,
    posted: Posted,
) -> Result<Redirect, Problem> {
    queue::act(admin, name, posted, Queue::Inbox).await
}
