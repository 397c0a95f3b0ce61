//! The first page of all connectors, and of one: how it stands, and what to do next.

use std::sync::Arc;

use axum::extract::{Path, State};
use maud::{Markup, html};

use super::frame::{Around, OVERVIEW, Tone, badge, notice, tab_address, token};
use super::gate::Viewer;
use super::problem::Problem;
use super::{Admin, connecting, frame, runs, settings};
use crate::connection::{Connection, Status};
use crate::model::Failure;
use crate::runs::show_time;
use crate::schedule::{self, Next};
use crate::store::{Run, RunMode};

/// All connectors of the configuration.
pub(super) async fn integrations(
    State(admin): State<Arc<Admin>>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let mut cards = Vec::new();
    for name in admin.host.config.connector.keys() {
        let found = admin.host.recent(name).await;
        let standing = match found {
            Ok(connection) => Ok((connection.status().await, connection)),
            Err(error) => Err(error.to_string()),
        };
        cards.push((name, standing));
    }
    let content = html! {
        @if cards.is_empty() {
            p { "No connector is configured. Add a section [connector.NAME] to halo.toml and load the configuration again." }
        }
        ul.cards {
            @for (name, standing) in &cards {
                li.card {
                    @match standing {
                        Ok((status, connection)) => {
                            h2 { a href=(tab_address(name, OVERVIEW)) { (frame::called(connection)) } }
                            p {
                                @match status {
                                    Ok(status) => {
                                        (state(status)) " "
                                        @if let Some(account) = &status.account { (account) }
                                    }
                                    Err(error) => { (badge("failed", Some(Tone::Bad))) " " (error) }
                                }
                            }
                            p.faint { "Version " (connection.description.version) }
                        }
                        Err(error) => {
                            h2 { (name) }
                            p { (badge("cannot be used", Some(Tone::Bad))) }
                            p { (error) }
                        }
                    }
                }
            }
        }
    };
    let around = Around {
        viewer: &viewer,
        connection: None,
        tab: "",
    };
    Ok(frame::page(&around, "Integrations", &content))
}

fn state(status: &Status) -> Markup {
    match status.state.as_str() {
        "connected" => badge("connected", Some(Tone::Good)),
        "sign-in-again" => badge("sign in again", Some(Tone::Bad)),
        _ => badge("not connected", Some(Tone::Warning)),
    }
}

/// One connector.
pub(super) async fn connector(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let status = connection.status().await?;
    let entry = admin.host.config.connector.get(&name);
    let when = entry.and_then(|entry| entry.schedule.as_ref());
    let (_, next, warning) = schedule::next_runs(&connection, when).await?;
    let latest = admin.host.store.latest_runs(&name).await?;
    let (_, document) = connection.settings().await?;
    let problems = connection.check_settings(&document, false).await?;
    let told = settings::places(&connection);
    let content = html! {
        section.card {
            h2 { "Connection" }
            (connected(&connection, &status, &viewer))
        }
        @for warning in warning.as_deref().into_iter().chain(status.warnings()) {
            (notice(Tone::Warning, &html! { (warning) }))
        }
        @if !problems.is_empty() {
            section.card {
                h2 { "Settings" }
                p { "To be settled before everything works:" }
                ul {
                    @for problem in &problems {
                        li {
                            a href=(format!("{}#{}", place_of(&connection, &problem.path), problem.path)) { (told(&problem.path)) }
                            ": " (problem.message)
                        }
                    }
                }
            }
        }
        section.card {
            h2 { "Imports" }
            (entities(&connection, &viewer, &latest, &next))
        }
    };
    let around = Around {
        viewer: &viewer,
        connection: Some(&connection),
        tab: OVERVIEW,
    };
    Ok(frame::page(&around, "Overview", &content))
}

/// The page on which a setting is changed.
fn place_of(connection: &Connection, path: &str) -> String {
    let tabs = &connection.description.tabs;
    let has = |place: &String| settings::is_below(path, place);
    match tabs.iter().find(|tab| tab.settings.iter().any(has)) {
        Some(tab) => tab_address(&connection.name, &tab.name),
        None => tab_address(&connection.name, OVERVIEW),
    }
}

/// A failure, with the way to the setting that it is about.
pub(super) fn failed(connection: &Connection, failure: &Failure) -> Markup {
    let place = failure.attributes.get("path");
    notice(
        Tone::Bad,
        &html! {
            (failure)
            @if let Some(place) = place {
                " " a href=(format!("{}#{place}", place_of(connection, place))) { (settings::places(connection)(place)) }
            }
        },
    )
}

/// How the sign-in stands, and the button that changes it.
fn connected(connection: &Connection, status: &Status, viewer: &Viewer) -> Markup {
    let remote = &connection.description.name;
    let address = |what: &str| format!("/admin/{}/{what}", connection.name);
    let is_connected = status.state == "connected";
    html! {
        p {
            (state(status)) " "
            @if let Some(account) = &status.account {
                @match &account.address {
                    Some(page) => a href=(page) rel="noreferrer" { (account) },
                    None => (account),
                }
            }
        }
        @if let Some(reason) = &status.reason { p { (reason) } }
        @if is_connected {
            details {
                summary { "Disconnect…" }
                p { "Nothing is imported or sent until somebody connects again. Settings and links stay." }
                (frame::button(viewer, &address("disconnect"), &format!("Disconnect from {remote}"), "danger"))
            }
        } @else {
            form method="post" action=(address("connect")) {
                (token(viewer))
                @if status.account.is_some() {
                    label.check {
                        input type="checkbox" name=(connecting::OTHER_ACCOUNT);
                        span {
                            "Allow another account"
                            small { "All links are of the one above; with another one they would lead to records that are not there." }
                        }
                    }
                }
                button.primary { "Connect to " (remote) }
            }
        }
    }
}

/// What can be imported, how it went last, and when it goes again.
fn entities(connection: &Connection, viewer: &Viewer, latest: &[Run], next: &[Next]) -> Markup {
    let can = connection.description.entities.iter();
    let can: Vec<_> = can.filter(|entity| entity.import).collect();
    let last = |entity: &str| {
        { latest.iter() }.find(|run| run.entity == entity && run.mode == RunMode::Import)
    };
    let due = |entity: &str| next.iter().find(|next| next.entity == entity)?.at;
    html! {
        div.scroll tabindex="0" role="region" aria-label="Imports" {
            table.stacks {
                thead { tr { th scope="col" { "What" } th scope="col" { "Last import" } th scope="col" { "Next" } th scope="col" { span.hidden { "Actions" } } } }
                tbody {
                    @for entity in can {
                        tr {
                            th scope="row" { (entity.label) }
                            td data-label="Last import" {
                                @match last(&entity.name) {
                                    Some(run) => {
                                        a href=(runs::address(&connection.name, run.id)) { (show_time(run.started)) }
                                        " " (run_state(run))
                                    }
                                    None => "never",
                                }
                            }
                            td data-label="Next" { @match due(&entity.name) { Some(at) => (show_time(at)), None => "by hand" } }
                            td.actions {
                                form.inline method="post" action=(format!("/admin/{}/runs", connection.name)) {
                                    (token(viewer))
                                    input type="hidden" name="entity" value=(entity.name);
                                    button name="mode" value="preview" { "Preview " span.hidden { (entity.label) } }
                                    " "
                                    button.primary name="mode" value="import" { "Import " span.hidden { (entity.label) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How a run stands.
pub(super) fn run_state(run: &Run) -> Markup {
    let tone = match run.state.as_str() {
        "done" => Some(Tone::Good),
        "failed" | "blocked" => Some(Tone::Bad),
        "stopped" | "waiting" => Some(Tone::Warning),
        _ => None,
    };
    badge(&run.state, tone)
}
