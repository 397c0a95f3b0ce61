//! The settings of a tab: shown, changed, checked and saved.
//!
//! A form changes what it shows and nothing else, and names the revision that it was made
//! from. Where somebody else has changed the same settings since, nothing is saved: both
//! are shown, and saving again is a decision.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::frame::{Around, Tone, notice, tab_address, token};
use super::gate::{Posted, Viewer};
use super::problem::Problem;
use super::{Admin, frame};
use crate::connection::Connection;
use crate::description::Tab;
use crate::store::StoreError;

mod differences;
mod draw;
mod entered;
pub(super) mod history;
pub(super) mod likely;
pub(super) mod offers;
mod ordered;
mod rows;
mod schema;
pub(super) mod suggest;
pub(super) mod table;

use draw::{Drawing, Shown};
use entered::{Entered, enter};
use offers::{Needs, Offers};
pub(super) use rows::plain_cell;
use schema::{Setting, schema_of};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    saved: Option<u64>,
}

/// A document with its revision.
struct Version {
    revision: u64,
    document: Value,
}

impl Version {
    async fn of(connection: &Connection) -> Result<Version, Problem> {
        let (revision, json) = connection.settings().await?;
        let document = serde_json::from_str(&json).unwrap_or_else(|_| json!({}));
        Ok(Version { revision, document })
    }
}

fn tab_of<'a>(connection: &'a Connection, name: &str) -> Result<&'a Tab, Problem> {
    let tab = connection
        .description
        .tabs
        .iter()
        .find(|tab| tab.name == name);
    tab.ok_or_else(|| Problem::not_found("This connector has no such tab."))
}

/// The settings of a tab, each with its pointer.
fn settings_of(connection: &Connection, tab: &Tab) -> Vec<(String, Setting)> {
    let schema = schema_of(&connection.description_json);
    let each = tab.settings.iter();
    each.filter_map(|pointer| Some((pointer.clone(), Setting::at(&schema, pointer)?)))
        .collect()
}

/// Tells places in the settings as people read them on the page.
pub(super) fn places(connection: &Connection) -> impl Fn(&str) -> String {
    let schema = schema_of(&connection.description_json);
    move |pointer| schema::place(&schema, pointer)
}

/// Whether a JSON Pointer leads to this place or below it.
pub(super) fn is_below(path: &str, place: &str) -> bool {
    let rest = path.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Settings of a file are changed in that file.
fn changeable(connection: &Connection) -> Result<(), Problem> {
    match connection.settings_file {
        None => Ok(()),
        Some(_) => Err(Problem::refused(
            "These settings come from a file; change that file.",
        )),
    }
}

/// That something was saved, and the way to take it back.
fn saved(connector: &str, revision: u64) -> Markup {
    notice(
        Tone::Good,
        &html! {
            "Saved as revision " (revision) ". "
            a href=(tab_address(connector, frame::HISTORY)) { "History" }
        },
    )
}

/// Makes a document the settings; answers its revision, or nothing where somebody else was
/// faster: where they are not those of the revision `now` any more.
async fn keep(
    connection: &Connection,
    json: &str,
    by: &str,
    now: u64,
) -> Result<Option<u64>, Problem> {
    let (store, name) = (connection.store(), &connection.name);
    let put = store.settings_put(name, json, by, connection.now(), Some(now));
    match put.await {
        Ok(revision) => {
            tracing::info!(connection = name, revision, by, "settings were changed");
            Ok(Some(revision))
        }
        Err(StoreError::Conflict { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Every problem of a document that the connector knows without asking the remote.
async fn checked(connection: &Connection, document: &Value) -> Result<Vec<Shown>, Problem> {
    let problems = connection
        .check_settings(&document.to_string(), false)
        .await?;
    let shown = problems.into_iter().map(|problem| Shown {
        path: problem.path,
        is_error: problem.severity == "error",
        message: problem.message,
    });
    Ok(shown.collect())
}

/// The tab.
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path((name, tab)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let tab = tab_of(&connection, &tab)?;
    let version = Version::of(&connection).await?;
    let problems = checked(&connection, &version.document).await?;
    let said = asked.saved.map(|revision| saved(&name, revision));
    page(
        &admin,
        &connection,
        tab,
        &viewer,
        (&version, &problems),
        said,
    )
    .await
}

/// What was entered, saved where it is right; else shown again with what is wrong.
pub(super) async fn save(
    State(admin): State<Arc<Admin>>,
    Path((name, tab)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, Problem> {
    let connection = admin.connection(&name).await?;
    let tab = tab_of(&connection, &tab)?;
    changeable(&connection)?;
    let base: u64 = posted.get("revision").parse().unwrap_or_default();
    let now = Version::of(&connection).await?;
    let settings = settings_of(&connection, tab);
    let (document, misfits) = enter(&now.document, &settings, &Entered::of(&posted.fields));
    let mut problems = checked(&connection, &document).await?;
    problems.extend(misfits.into_iter().map(|misfit| Shown {
        path: misfit.path,
        is_error: true,
        message: misfit.message,
    }));
    let again = async |version: Version, problems: &[Shown], tone, said: Markup| {
        let said = Some(notice(tone, &said));
        let shown = (&version, problems);
        let page = page(&admin, &connection, tab, &posted.viewer, shown, said).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let as_entered = |revision| Version {
        revision,
        document: document.clone(),
    };
    if let Some(by) = changed_since(&connection, tab, base, &now).await? {
        let said = html! {
            p { strong { (by) } " has changed these settings while you did. Yours are below and not saved." }
            p { "Look at " a href=(tab_address(&name, frame::HISTORY)) { "what was changed" } ", then save again to put yours in the place, or load the page again to drop yours." }
        };
        return again(as_entered(now.revision), &problems, Tone::Bad, said).await;
    }
    let before = checked(&connection, &now.document).await?;
    let errors: Vec<&Shown> = blocking(&before, &problems, &tab.settings).collect();
    if !errors.is_empty() {
        let said = html! {
            p { strong { "Nothing was saved." } " " (match errors.len() { 1 => "One thing is wrong:".to_owned(), many => format!("{many} things are wrong:") }) }
            ul { @for error in errors { li { a href=(format!("#{}", error.path)) { (error.message) } } } }
        };
        return again(as_entered(now.revision), &problems, Tone::Bad, said).await;
    }
    if document == now.document {
        let said = html! { "Nothing was changed, so nothing was saved." };
        let page = page(
            &admin,
            &connection,
            tab,
            &posted.viewer,
            (&now, &problems),
            Some(notice(Tone::Good, &said)),
        );
        return Ok(page.await?.into_response());
    }
    let (json, by) = (document.to_string(), posted.viewer.name());
    match keep(&connection, &json, by, now.revision).await? {
        Some(revision) => {
            let to = format!("{}?saved={revision}", tab_address(&name, &tab.name));
            Ok(Redirect::to(&to).into_response())
        }
        None => {
            let said = html! { "Somebody else saved at the same moment. Yours are below and not saved; save again." };
            again(as_entered(now.revision), &problems, Tone::Bad, said).await
        }
    }
}

/// The errors for which nothing is saved: those of this tab, and new ones. One of another tab
/// that was there before keeps nobody from mending this.
fn blocking<'a>(
    before: &'a [Shown],
    now: &'a [Shown],
    pointers: &'a [String],
) -> impl Iterator<Item = &'a Shown> {
    let is_here = |shown: &Shown| { pointers.iter() }.any(|place| is_below(&shown.path, place));
    let errors = now.iter().filter(|shown| shown.is_error);
    errors.filter(move |shown| is_here(shown) || !before.contains(shown))
}

/// Who has changed the settings of this tab since a revision, if anybody.
async fn changed_since(
    connection: &Connection,
    tab: &Tab,
    base: u64,
    now: &Version,
) -> Result<Option<String>, Problem> {
    if base == now.revision {
        return Ok(None);
    }
    let (store, name) = (connection.store(), &connection.name);
    let before = store.settings_at(name, base).await?;
    let before: Value = before
        .and_then(|version| serde_json::from_str(&version.json).ok())
        .unwrap_or_else(|| json!({}));
    let differs = |pointer: &String| before.pointer(pointer) != now.document.pointer(pointer);
    if !tab.settings.iter().any(differs) {
        return Ok(None);
    }
    let by = store.settings(name).await?.map(|version| version.author);
    Ok(Some(by.unwrap_or_else(|| "Somebody".to_owned())))
}

async fn page(
    admin: &Admin,
    connection: &Connection,
    tab: &Tab,
    viewer: &Viewer,
    (version, problems): (&Version, &[Shown]),
    said: Option<Markup>,
) -> Result<Markup, Problem> {
    let settings = settings_of(connection, tab);
    let mut needs = Needs::default();
    for (pointer, setting) in &settings {
        needs.add(setting, version.document.pointer(pointer));
    }
    let offers = Offers::of(connection, &admin.known, &needs).await?;
    let drawing = Drawing {
        offers: &offers,
        problems,
        connector: &connection.name,
    };
    let entity = { connection.description.entities.iter() }
        .find(|entity| entity.name == tab.name && entity.import);
    let file = connection.settings_file.as_deref();
    let content = html! {
        @if let Some(said) = said { (said) }
        @for why in &offers.missing {
            (notice(Tone::Warning, &html! { "What " (connection.description.name) " offers cannot be listed now: " (why) " Names can be typed." }))
        }
        @if let Some(entity) = entity {
            form.row method="post" action=(format!("/admin/{}/runs", connection.name)) {
                (token(viewer))
                input type="hidden" name="entity" value=(entity.name);
                button name="mode" value="preview" { "Preview " (entity.label.to_lowercase()) }
                button.primary name="mode" value="import" { "Import " (entity.label.to_lowercase()) }
            }
        }
        @if let Some(file) = file {
            (notice(Tone::Warning, &html! { "These settings come from the file " code { (file.display()) } " and are changed there." }))
        }
        form method="post" action=(tab_address(&connection.name, &tab.name)) data-warn {
            (token(viewer))
            input type="hidden" name="revision" value=(version.revision);
            fieldset.plain disabled[file.is_some()] {
                legend.hidden { (tab.label) }
                @for (pointer, setting) in &settings {
                    (members(&drawing, (setting, &tab.label), pointer, &version.document))
                }
                @if file.is_none() { div.save { button.primary { "Save" } span.faint { "Revision " (version.revision) } } }
            }
            (drawing.lists())
        }
        (super::actions::of_tab(connection, tab).await?)
        @if let Some(entity) = entity {
            @if !entity.fixed_fields.is_empty() { (fixed(connection, entity)) }
        }
    };
    let around = Around {
        viewer,
        connection: Some(connection),
        tab: &tab.name,
    };
    Ok(frame::page(&around, &tab.label, &content))
}

/// A group at the top of a tab needs no frame: the tab is one.
fn members(
    drawing: &Drawing<'_>,
    (setting, tab): (&Setting, &str),
    pointer: &str,
    document: &Value,
) -> Markup {
    let schema::Shape::Group(all) = &setting.shape else {
        return drawing.setting(setting, pointer, document.pointer(pointer));
    };
    let is_large = |member: &&Setting| {
        matches!(
            member.shape,
            schema::Shape::Table(_) | schema::Shape::Pairs(_)
        )
    };
    let (large, small): (Vec<&Setting>, Vec<&Setting>) = all.iter().partition(is_large);
    let draw = |member: &Setting| {
        let at = format!("{pointer}/{}", entered::escaped(&member.name));
        drawing.setting(member, &at, document.pointer(&at))
    };
    html! {
        @if !small.is_empty() {
            section.card id=(pointer) {
                @if setting.title != *tab { h2 { (setting.title) } }
                @if !setting.help.is_empty() { p.faint { (setting.help) } }
                @for member in small { (draw(member)) }
            }
        }
        @for member in large { (draw(member)) }
    }
}

/// What is mapped without a row.
fn fixed(connection: &Connection, entity: &crate::description::Entity) -> Markup {
    html! {
        section.card {
            details {
                summary { "Mapped without a row" }
                div.scroll tabindex="0" role="region" aria-label={ "Mapped without a row" } {
                    table {
                        caption.hidden { "Mapped without a row" }
                        thead { tr { th scope="col" { (connection.description.name) } th scope="col" { "Halo" } th scope="col" { "When" } } }
                        tbody {
                            @for field in &entity.fixed_fields {
                                tr { td { code { (field.remote) } } td { code { (field.halo) } } td { (field.note) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
