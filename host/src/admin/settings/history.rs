//! Who has changed what in the settings, and the way back.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Admin;
use super::super::frame::{self, Around, HISTORY, Tone, notice, tab_address, token};
use super::super::gate::{Posted, Viewer};
use super::super::problem::Problem;
use super::differences::{Difference, differences};
use super::{changeable, checked, keep, places};
use crate::runs::show_time;
use crate::store::SettingsVersion;

/// Versions on a page: each is a whole document.
const SHOWN: u32 = 20;
/// Differences of a version that are listed; of more, the number.
const LISTED: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(in crate::admin) struct Asked {
    before: Option<u64>,
}

fn document(version: Option<&SettingsVersion>) -> Value {
    let parsed = version.and_then(|version| serde_json::from_str(&version.json).ok());
    parsed.unwrap_or_else(|| json!({}))
}

/// Versions, newest first, each with what it changed.
pub(in crate::admin) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let store = &admin.host.store;
    // One more than is shown, for what the last one has changed.
    let read = store.settings_history(&name, asked.before, SHOWN + 1);
    let read = read.await?;
    let newest = match (asked.before, read.first()) {
        (None, first) => first.map_or(0, |version| version.revision),
        (Some(_), _) => { store.settings(&name).await? }.map_or(0, |version| version.revision),
    };
    let shown = &read[..read.len().min(SHOWN as usize)];
    let older = shown.last().filter(|_| read.len() > shown.len());
    let here = tab_address(&name, HISTORY);
    let told = places(&connection);
    let content = html! {
        @if newest == 0 { p { "Nobody has changed the settings yet." } }
        @else if shown.is_empty() { p { "There is no older revision." } }
        @if connection.settings_file.is_some() {
            (notice(Tone::Warning, &html! { "These settings come from a file now; what is here is from before." }))
        }
        @for (n, version) in shown.iter().enumerate() {
            section.card {
                h2 { "Revision " (version.revision) @if version.revision == newest { " (now)" } }
                p.faint { (show_time(version.at)) " by " strong { (version.author) } }
                (changes(&told, &differences(&document(read.get(n + 1)), &document(Some(version)))))
                @if version.revision != newest && connection.settings_file.is_none() {
                    form method="post" action=(here) {
                        (token(&viewer))
                        input type="hidden" name="revision" value=(version.revision);
                        input type="hidden" name="now" value=(newest);
                        button { "Make revision " (version.revision) " the settings again" }
                    }
                }
            }
        }
        @if older.is_some() || asked.before.is_some() {
            nav.pages aria-label="Pages" {
                @if asked.before.is_some() { a href=(here) { "First page" } }
                @if let Some(last) = older { a href=(format!("{here}?before={}", last.revision)) { "Older" } }
            }
        }
    };
    let around = Around {
        viewer: &viewer,
        connection: Some(&connection),
        tab: HISTORY,
    };
    Ok(frame::page(&around, "History of the settings", &content))
}

fn changes(told: &impl Fn(&str) -> String, all: &[Difference]) -> Markup {
    html! {
        @if all.is_empty() { p { "The same settings as before." } }
        @else {
            ul {
                @for change in all.iter().take(LISTED) {
                    li {
                        (told(&change.path)) ": "
                        @match (&change.from, &change.to) {
                            (None, Some(to)) => { ins { (to) } " added" }
                            (Some(from), None) => { del { (from) } " removed" }
                            (from, to) => { del { (from.as_deref().unwrap_or_default()) } " → " ins { (to.as_deref().unwrap_or_default()) } }
                        }
                    }
                }
                @if all.len() > LISTED { li { "and " (all.len() - LISTED) " more" } }
            }
        }
    }
}

/// Makes an earlier version the settings again: as a new one, so this can be taken back too.
pub(in crate::admin) async fn take_back(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    let connection = admin.connection(&name).await?;
    changeable(&connection)?;
    let (revision, now) = (
        posted.get("revision").parse::<u64>(),
        posted.get("now").parse::<u64>(),
    );
    let (Ok(revision), Ok(now)) = (revision, now) else {
        return Err(Problem::unreadable_form());
    };
    let version = admin.host.store.settings_at(&name, revision).await?;
    let version = version.ok_or_else(|| Problem::not_found("There is no such revision."))?;
    let problems = checked(&connection, &document(Some(&version))).await?;
    if let Some(error) = problems.iter().find(|problem| problem.is_error) {
        return Err(Problem::refused(format!(
            "Revision {revision} is not right any more, and nothing was changed: {}",
            error.message
        )));
    }
    let kept = keep(&connection, &version.json, posted.viewer.name(), now);
    kept.await?.ok_or_else(|| {
        Problem::refused("Somebody has changed the settings meanwhile; look at the history again.")
    })?;
    Ok(Redirect::to(&tab_address(&name, HISTORY)).into_response())
}
