//! Imports and previews at the page: started, watched, stopped, confirmed; and what became
//! of each row.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

use super::frame::{ACTIVITY, Around, token};
use super::gate::{Posted, Viewer};
use super::overview::{failed, run_state};
use super::problem::Problem;
use super::settings::plain_cell;
use super::{Admin, frame};
use crate::connection::{Connection, Selection};
use crate::deviations::outcome_of;
use crate::model::RunId;
use crate::runs::{self, Arguments, RunRequest, Unconfirmed, show_time};
use crate::store::{Counts, Run, RunMode};

mod look;
mod rows;

use look::{Asked, part};
pub(super) use rows::changes;

/// The address of a run.
pub(super) fn address(connector: &str, run: RunId) -> String {
    format!("/admin/{connector}/runs/{run}")
}

/// Starts an import or a preview, and goes to its page.
pub(super) async fn start(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Redirect, Problem> {
    let connection = admin.connection(&name).await?;
    let entity = posted.get("entity");
    let known = connection.description.entity(entity);
    known.map_err(Problem::not_found)?;
    let request = match (posted.get("mode"), posted.get("preview")) {
        ("preview", _) => request(entity, RunMode::Preview, Selection::Everything, &posted),
        ("import", "") if !posted.get("again").is_empty() => {
            again(&admin, &connection, &posted).await?
        }
        ("import", "") => request(entity, RunMode::Import, Selection::Everything, &posted),
        ("import", preview) => confirming(&connection, entity, preview, &posted).await?,
        _ => return Err(Problem::unreadable_form()),
    };
    tracing::info!(
        connection = name,
        entity,
        by = posted.viewer.name(),
        "a run was started at the page"
    );
    let job = admin.host.jobs.start(&admin.host, connection, request);
    let job = job.map_err(|_| {
        Problem::refused("Another import or preview of this page is under way. Stop it under Activity, or wait until it has ended.")
    })?;
    let standing = job.begun().await;
    match (standing.run, standing.ended) {
        (Some(run), _) => Ok(Redirect::to(&address(&name, run))),
        (None, Some(Err(why))) => Err(Problem::refused(why)),
        (None, _) => Err(Problem::refused("It ended before it began; see the log.")),
    }
}

fn request(entity: &str, mode: RunMode, selection: Selection, posted: &Posted) -> RunRequest {
    RunRequest {
        entity: entity.to_owned(),
        selection,
        full: posted.get("full") == "on",
        mode,
        confirms: None,
    }
}

/// The import that did not come to its end, as it was asked for.
async fn again(
    admin: &Admin,
    connection: &Connection,
    posted: &Posted,
) -> Result<RunRequest, Problem> {
    let run: RunId = posted
        .get("again")
        .parse()
        .map_err(|_| Problem::unreadable_form())?;
    let run = run_of(admin, &connection.name, run).await?;
    let arguments = Arguments::of(&run).filter(|_| run.mode == RunMode::Import);
    let arguments =
        arguments.ok_or_else(|| Problem::refused("That run is no import that can go on."))?;
    Ok(RunRequest {
        entity: run.entity,
        selection: arguments.selection,
        full: arguments.full,
        mode: RunMode::Import,
        confirms: arguments.confirms,
    })
}

/// An import of what a preview showed: all of it, what matches, or what is ticked.
async fn confirming(
    connection: &Connection,
    entity: &str,
    preview: &str,
    posted: &Posted,
) -> Result<RunRequest, Problem> {
    let preview: RunId = preview.parse().map_err(|_| Problem::unreadable_form())?;
    let arguments = runs::confirmed(connection, entity, preview).await?;
    let arguments = arguments.map_err(|why| {
        Problem::refused(match why {
            Unconfirmed::Missing => "There is no such preview.".to_owned(),
            Unconfirmed::Unfinished => "That preview did not finish; make a new one.".to_owned(),
            Unconfirmed::Imported(by) => format!(
                "That preview was imported already, by run {by}, and nothing was done now. Make a new one to see what has changed since."
            ),
        })
    })?;
    let mut request = RunRequest {
        entity: entity.to_owned(),
        selection: arguments.selection,
        full: arguments.full,
        mode: RunMode::Import,
        confirms: Some(preview),
    };
    let keys: Vec<String> = match posted.get("which") {
        "all" => return Ok(request),
        "matching" => {
            let conditions: Result<Vec<_>, String> = posted.all("where").map(str::parse).collect();
            let conditions = conditions.map_err(|_| Problem::unreadable_form())?;
            look::keys(
                connection.store(),
                preview,
                posted.get("outcome"),
                &conditions,
            )
            .await?
        }
        _ => posted.all("key").map(str::to_owned).collect(),
    };
    if keys.is_empty() {
        return Err(Problem::refused(
            "Nothing was chosen, so nothing was imported. Tick the rows to import, or import all.",
        ));
    }
    // Named one by one, so this confirms nothing else of the preview.
    request.selection = Selection::Keys(keys);
    (request.full, request.confirms) = (false, None);
    Ok(request)
}

/// Asks a run to finish its page and stop.
pub(super) async fn stop(
    State(admin): State<Arc<Admin>>,
    Path((name, run)): Path<(String, RunId)>,
    posted: Posted,
) -> Result<Redirect, Problem> {
    let job = admin.host.jobs.of(&name, run);
    let job =
        job.ok_or_else(|| Problem::refused("This run is not one of this page, or it has ended."))?;
    job.stop();
    tracing::info!(
        connection = name,
        run,
        by = posted.viewer.name(),
        "a run was asked to stop"
    );
    Ok(Redirect::to(&address(&name, run)))
}

async fn run_of(admin: &Admin, name: &str, run: RunId) -> Result<Run, Problem> {
    let run = admin.host.store.run(run).await?;
    let run = run.filter(|run| run.connection == name);
    run.ok_or_else(|| {
        Problem::not_found("There is no such run; it may be older than what is kept.")
    })
}

/// A run: how far it is, and what became of its rows.
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path((name, run)): Path<(String, RunId)>,
    Query(asked): Query<Asked>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let run = run_of(&admin, &name, run).await?;
    let store = &admin.host.store;
    let job = admin.host.jobs.of(&name, run.id);
    let standing = job.as_ref().map(|job| job.standing());
    // Until what it did otherwise than its preview is known, too.
    let is_running = standing
        .as_ref()
        .is_some_and(|standing| standing.ended.is_none());
    // All rows would be counted anew each second.
    let counts = if is_running {
        Counts::default()
    } else {
        store.counts(run.id).await?
    };
    let label = connection
        .description
        .entity(&run.entity)
        .map_or(run.entity.as_str(), |entity| &entity.label);
    let what = match run.mode {
        RunMode::Import => "Import",
        RunMode::Preview => "Preview",
        RunMode::Push => "Sending",
        RunMode::Events => "Events",
    };
    let title = match run.mode {
        RunMode::Import | RunMode::Preview => format!("{what} of {}", label.to_lowercase()),
        RunMode::Push | RunMode::Events => what.to_owned(),
    };
    let part = if is_running {
        look::Part::default()
    } else {
        part(store, run.id, &asked).await?
    };
    let is_elsewhere = !is_running && run.state == "running";
    let live = (is_running || is_elsewhere).then(|| address(&name, run.id));
    let every = if is_running { "1" } else { "10" };
    let content = html! {
        section.card id="standing" data-live=[&live] data-every=(every) data-then[live.is_some()] {
            p {
                (run_state(&run)) " run " (run.id) ", started " (show_time(run.started))
                @if let Some(ended) = run.ended { ", ended " (show_time(ended)) }
            }
            @if let Some(standing) = standing.as_ref().filter(|_| is_running) {
                @if let Some(progress) = &standing.progress {
                    p aria-live="polite" {
                        (progress.label) ": " (progress.done) @if let Some(total) = progress.total { " of " (total) }
                    }
                    progress aria-label="How far it is" max=[progress.total] value=[progress.total.map(|_| progress.done)] {}
                } @else {
                    p { "It has begun." }
                    progress aria-label="How far it is" {}
                }
                @if let Some(note) = &standing.note { p { (note) } }
                (frame::button(&viewer, &format!("{}/stop", address(&name, run.id)), "Stop after this page", "danger"))
            } @else if is_elsewhere {
                p { "It was not started at this page. It is running, or it was killed: an import that was killed goes on where it was when it is started again." }
            }
            @if let Some(failure) = &run.failure { (failed(&connection, failure)) }
            @if !is_running { (sums(&name, &run, &counts, &asked)) }
        }
        @if !is_running {
            @if let Some(deviations) = standing.as_ref().and_then(|standing| standing.deviations.as_ref()) {
                (rows::deviations(deviations))
            }
            @if matches!(run.state.as_str(), "stopped" | "waiting" | "failed") && run.mode == RunMode::Import {
                (goes_on(&name, &run, &viewer))
            }
            (rows::table((&connection, &run), &part, &asked, &viewer))
            @if !part.rows.is_empty() {
                p { a href=(format!("{}/rows.csv?{}", address(&name, run.id), asked.query(&[]))) { "Download these rows as CSV" } }
            }
        }
    };
    let around = Around {
        viewer: &viewer,
        connection: Some(&connection),
        tab: ACTIVITY,
    };
    Ok(frame::page(&around, &title, &content))
}

/// What was done stands; the rest comes when it is started again.
fn goes_on(name: &str, run: &Run, viewer: &Viewer) -> Markup {
    html! {
        form.card method="post" action=(format!("/admin/{name}/runs")) {
            (token(viewer))
            input type="hidden" name="entity" value=(run.entity);
            input type="hidden" name="again" value=(run.id);
            p { "What was done stands." }
            button.primary name="mode" value="import" { "Go on with the import" }
        }
    }
}

/// How many rows came to what; each leads to these rows.
fn sums(name: &str, run: &Run, counts: &Counts, asked: &Asked) -> Markup {
    let will = run.mode == RunMode::Preview;
    let all: [(&str, &str, u64); 12] = [
        (
            "created",
            if will { "to be created" } else { "created" },
            counts.created,
        ),
        (
            "updated",
            if will { "to be updated" } else { "updated" },
            counts.updated,
        ),
        ("unchanged", "unchanged", counts.unchanged),
        ("skipped", "skipped", counts.skipped),
        ("waiting", "waiting", counts.waiting),
        ("conflict", "conflicts", counts.conflict),
        ("failed", "failed", counts.failed),
        ("archived", "archived", counts.archived),
        ("linked", "linked", counts.linked),
        ("nothing", "nothing to send", counts.nothing),
        ("retry", "to be tried again", counts.retry),
        ("rejected", "rejected", counts.rejected),
    ];
    let here = address(name, run.id);
    html! {
        @if counts.read == 0 {
            @if run.state == "done" { p { "Nothing has changed since the last import." } }
        } @else {
            nav.subtabs aria-label="What became of the rows" {
                ul {
                    li { a href=(here) aria-current=[asked.outcome.is_empty().then_some("true")] { "All " (counts.read) } }
                    @for (outcome, label, count) in all.into_iter().filter(|(.., count)| *count > 0) {
                        li { a href=(format!("{here}?outcome={outcome}")) aria-current=[(asked.outcome == outcome).then_some("true")] { (count) " " (label) } }
                    }
                }
            }
        }
    }
}

/// The same rows as a file, all of them.
pub(super) async fn download(
    State(admin): State<Arc<Admin>>,
    Path((name, run)): Path<(String, RunId)>,
    Query(asked): Query<Asked>,
    _viewer: Viewer,
) -> Result<Response, Problem> {
    let run = run_of(&admin, &name, run).await?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Into memory, which does not fail.
    let _ = writer.write_record(["id", "name", "outcome", "reason", "changes", "address"]);
    let conditions = asked.conditions();
    look::each(&admin.host.store, run.id, asked.outcomes(), |row| {
        if crate::filter::matches(&conditions, &row) {
            let reason = row.row.reason.as_ref().map(ToString::to_string);
            let changes: Vec<String> = row.changes.iter().map(rows::from_to).collect();
            let cells = [
                row.row.key.clone(),
                row.row.title.clone(),
                outcome_of(&row).to_owned(),
                reason.unwrap_or_default(),
                changes.join("; "),
                row.row.address.clone().unwrap_or_default(),
            ];
            let _ = writer.write_record(cells.map(plain_cell));
        }
    })
    .await?;
    let file = format!("attachment; filename=\"{name}-run-{}.csv\"", run.id);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, file),
    ];
    Ok((headers, writer.into_inner().unwrap_or_default()).into_response())
}

/// Whether everything was asked for: then all of it can be confirmed at once.
fn is_of_everything(run: &Run) -> bool {
    Arguments::of(run).is_some_and(|arguments| arguments.selection == Selection::Everything)
}
