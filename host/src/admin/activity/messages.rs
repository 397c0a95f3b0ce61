//! What was sent, where the settings ask for it, and what could not be sent.

use std::sync::Arc;

use axum::extract::{Path, State};
use maud::{Markup, html};

use super::super::Admin;
use super::super::gate::Viewer;
use super::super::problem::Problem;
use super::{SHOWN, live, page, tone_badge};
use crate::runs::show_time;

/// The page.
pub(in crate::admin) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let all = admin.host.store.messages(&name, SHOWN).await?;
    let content = html! {
        @if all.is_empty() { p { "No message yet. A record that could not be sent always gives one; one that was sent does where the settings of sync back ask for it." } }
        @else {
            div.scroll.card tabindex="0" role="region" aria-label={ "The newest messages" } {
                table {
                    caption { "The newest messages" }
                    thead { tr { th scope="col" { "When" } th scope="col" { "Level" } th scope="col" { "Record" } th scope="col" { "What" } } }
                    tbody {
                        @for message in &all {
                            tr {
                                td { (show_time(message.at)) }
                                td { (tone_badge(&message.level, message.level == "error")) }
                                th scope="row" {
                                    @match &message.address {
                                        Some(page) => a href=(page) rel="noreferrer" { (message.title) },
                                        None => (message.title),
                                    }
                                }
                                td { (message.text) }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(page(
        &viewer,
        &connection,
        "messages",
        "Messages",
        &live(&name, "messages", &content),
    ))
}
