//! Likely pairs of a table of pairs: looked for by the connector, shown with what speaks for
//! them, accepted into the table or refused by a person; never applied by themselves.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::super::Admin;
use super::super::frame::{self, Around, Tone, badge, notice, token};
use super::super::gate::{Posted, Viewer, form_urlencoded};
use super::super::problem::Problem;
use super::rows::{and_new, text};
use super::schema::Setting;
use super::table::{Table, in_the_way};
use super::{Version, changeable};
use crate::connection::{Action, Connection};
use crate::runs::show_time;

mod agreeing;
mod kept;
mod searching;

use agreeing::{alone, is_open, subjects};
use kept::{Kept, Likely, Search};
pub(crate) use kept::{forget, forget_old};
pub(in crate::admin) use searching::Searches;

/// Rows on a page.
const SHOWN: usize = 50;
/// Rows that are looked through for those of a page: the others have been mapped by hand
/// since they were found.
const READ: u32 = 1_000;
/// From here on rows are accepted all at once: two kinds of evidence are no chance.
const STRONG: u8 = 2;

#[derive(Debug, Default, Deserialize)]
pub(in crate::admin) struct Asked {
    #[serde(default)]
    at: String,
    #[serde(default)]
    after: String,
    /// After which of those that were refused.
    #[serde(default)]
    refused: String,
    /// What the last act came to: rows that were added, left for a person, and not there
    /// any more.
    #[serde(default)]
    accepted: Option<usize>,
    #[serde(default)]
    left: usize,
    #[serde(default)]
    gone: usize,
}

/// The address of the page of a table.
fn address(connector: &str, at: &str) -> String {
    format!("/admin/{connector}/likely?at={}", form_urlencoded(at))
}

/// The way here, on the page of a table that has likely pairs.
pub(super) fn entrance(connection: &Connection, at: &str, setting: &Setting) -> Markup {
    html! {
        @if setting.suggestions.is_some() {
            section.card {
                h2 { "Likely pairs" }
                p { "Rows that are likely can be looked for and are shown with what speaks for them; nothing is added until you accept it." }
                p { a.button href=(address(&connection.name, at)) { "Likely pairs" } }
            }
        }
    }
}

/// All that the page of a table is made of.
struct Place<'a> {
    table: Table<'a>,
    action: String,
    kept: Kept,
}

impl<'a> Place<'a> {
    fn of(connection: &'a Connection, at: &str) -> Result<Place<'a>, Problem> {
        let table = Table::of(connection, at)?;
        let action = table.setting.suggestions.clone();
        let none = || Problem::not_found("Nothing looks for likely pairs of this table.");
        Ok(Place {
            action: action.ok_or_else(none)?,
            kept: Kept::of(connection.store(), &connection.name, at),
            table,
        })
    }

    /// How the last search stands, if it looked at the account of now.
    async fn search(&self) -> Result<Option<Search>, Problem> {
        let search = self.kept.search().await?;
        let account = account(self.table.connection).await?;
        Ok(search.filter(|search| search.account == account))
    }

    fn address(&self) -> String {
        address(&self.table.connection.name, &self.table.at)
    }
}

/// The account at the remote; empty while there is none.
async fn account(connection: &Connection) -> Result<String, Problem> {
    let status = connection.status().await?;
    Ok(status
        .account
        .map_or_else(String::new, |account| account.id))
}

/// The page.
pub(in crate::admin) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let place = Place::of(&connection, &asked.at)?;
    let said = came_to(&asked);
    page(&admin, &place, &viewer, &asked, (said, &[])).await
}

/// What the last act came to, in a sentence or two.
fn came_to(asked: &Asked) -> Option<Markup> {
    let (accepted, left, gone) = (asked.accepted, asked.left, asked.gone);
    if accepted.is_none() && gone == 0 {
        return None;
    }
    let is_all = left == 0 && gone == 0;
    Some(notice(
        if is_all { Tone::Good } else { Tone::Warning },
        &html! {
            @if let Some(accepted) = accepted {
                (match accepted { 1 => "1 row was added to the table.".to_owned(), accepted => format!("{accepted} rows were added to the table.") }) " "
            }
            @if left > 0 { (left) " were left for you, as each names something that another row names, too. " }
            @if gone > 0 { (gone) " of what was ticked had been decided or looked for anew by somebody else meanwhile, and nothing was done with them." }
        },
    ))
}

async fn page(
    admin: &Admin,
    place: &Place<'_>,
    viewer: &Viewer,
    asked: &Asked,
    (said, ticked): (Option<Markup>, &[&str]),
) -> Result<Markup, Problem> {
    let table = &place.table;
    let connection = table.connection;
    let version = Version::of(connection).await?;
    let subjects = subjects(&table.columns, table.rows(&version.document));
    // First this: one that ends in between is shown as under way, and not without its end.
    let is_under_way = admin.searches.is_under_way(&connection.name, &table.at);
    let search = place.search().await?;
    let read = match &search {
        Some(_) => place.kept.found(&asked.after, READ).await?,
        None => Vec::new(),
    };
    let is_all = read.len() < READ as usize;
    let last_read = read.last().map(|(name, _)| name.clone());
    let mut shown: Vec<(String, Likely)> = { read.into_iter() }
        .filter(|(_, likely)| is_open(&table.columns, &subjects, &likely.row))
        .take(SHOWN + 1)
        .collect();
    let next = if shown.len() > SHOWN {
        shown.truncate(SHOWN);
        shown.last().map(|(name, _)| name.clone())
    } else {
        last_read.filter(|_| !is_all)
    };
    let refused = place.kept.refused(&asked.refused, SHOWN as u32).await?;
    let is_whole = search.as_ref().is_some_and(|search| search.is_done) && !is_under_way;
    let here = format!(
        "{}&after={}",
        place.address(),
        form_urlencoded(&asked.after)
    );
    let is_locked = connection.settings_file.is_some();
    let content = html! {
        p { a href=(table.address()) { "Back to the " (table.setting.title.to_lowercase()) } }
        @if let Some(said) = said { (said) }
        (standing(place, viewer, search.as_ref(), is_under_way))
        @if shown.is_empty() {
            @if search.is_some() && !is_under_way && next.is_none() { p { "There is nothing to decide." } }
        } @else {
            form.card method="post" action=(here) {
                (token(viewer))
                div.scroll tabindex="0" role="region" aria-label={ "Likely pairs" } {
                    table.stacks {
                        caption.hidden { "Likely pairs" }
                        thead { tr {
                            @if !is_locked { th scope="col" { (frame::tick_all()) } }
                            @for column in &table.columns { th scope="col" { (column.title) } }
                            th scope="col" { "What speaks for it" }
                        } }
                        tbody { @for (name, likely) in &shown { (line(&table.columns, name, likely, (is_locked, ticked.contains(&name.as_str())))) } }
                    }
                }
                @if !is_locked {
                    div.save {
                        button.primary name="do" value="accept" { "Accept what is ticked" }
                        button name="do" value="refuse" { "Refuse what is ticked" }
                        @if is_whole { button name="do" value="accept-strong" { "Accept all with two or more kinds of evidence" } }
                    }
                }
            }
        }
        @if next.is_some() || !asked.after.is_empty() {
            nav.pages aria-label="Pages" {
                @if !asked.after.is_empty() { a href=(place.address()) { "First page" } }
                @if let Some(next) = &next { a href=(format!("{}&after={}", place.address(), form_urlencoded(next))) { "Next page" } }
            }
        }
        @if !refused.is_empty() { (refusals(place, viewer, &refused, (is_locked, &asked.refused))) }
    };
    let around = Around {
        viewer,
        connection: Some(connection),
        tab: &table.tab.name,
    };
    let title = format!("Likely pairs of the {}", table.setting.title.to_lowercase());
    Ok(frame::page(&around, &title, &content))
}

/// How the search stands, and what can be done about it.
fn standing(
    place: &Place<'_>,
    viewer: &Viewer,
    search: Option<&Search>,
    is_under_way: bool,
) -> Markup {
    let remote = &place.table.connection.description.name;
    let live = is_under_way.then(|| place.address());
    let button = |what: &str, label: &str, class: &str| {
        html! { button class=(class) name="do" value=(what) { (label) } }
    };
    html! {
        section.card id="standing" data-live=[&live] data-every="2" data-then[is_under_way] {
            @match search {
                None => p { "Nobody has looked yet. " (remote) " is asked for everything that has no row; this may take some minutes." },
                Some(search) => {
                    p aria-live="polite" {
                        @if is_under_way { "Looking: " } @else { "Started " (show_time(search.started)) " by " (search.by) ": " }
                        (search.looked_at) @if let Some(total) = search.total { " of " (total) } " looked at, "
                        (match search.found { 1 => "1 likely pair found".to_owned(), found => format!("{found} likely pairs found") })
                        @if !is_under_way && !search.is_done && search.problem.is_none() { ", then stopped" } "."
                    }
                    @if is_under_way { progress aria-label="How far it is" max=[search.total] value=[search.total.map(|total| search.looked_at.min(total))] {} }
                    @if let Some(problem) = search.problem.as_ref().filter(|_| !is_under_way) { (notice(Tone::Bad, &html! { (problem) })) }
                }
            }
            form method="post" action=(place.address()) {
                (token(viewer))
                @match search {
                    _ if is_under_way => (button("stop", "Stop", "danger")),
                    None => (button("search", "Look for likely pairs", "primary")),
                    Some(search) => {
                        @if search.next.is_some() { (button("go-on", "Go on", "primary")) " " }
                        (button("search", "Look again from the start", ""))
                    }
                }
            }
        }
    }
}

fn line(
    columns: &[Setting],
    name: &str,
    likely: &Likely,
    (is_locked, is_ticked): (bool, bool),
) -> Markup {
    html! {
        tr {
            @if !is_locked { td { (tick("pair", name, likely, is_ticked)) } }
            @for column in columns { td data-label=(column.title) { (cell(column, likely)) } }
            td data-label="What speaks for it" {
                @if likely.strength >= STRONG { (badge("strong", Some(Tone::Good))) }
                ul.changes { @for why in &likely.why { li { (why) } } }
            }
        }
    }
}

/// The box of a row.
fn tick(what: &str, name: &str, likely: &Likely, is_ticked: bool) -> Markup {
    let called: Vec<&str> = likely.names.values().map(String::as_str).collect();
    html! {
        label.check {
            input type="checkbox" name=(what) value=(name) checked[is_ticked];
            span.hidden { "Choose " (called.join(", ")) }
        }
    }
}

fn cell(column: &Setting, likely: &Likely) -> Markup {
    let value = text(&likely.row, column);
    html! {
        @match likely.names.get(&column.name) {
            Some(name) if !value.is_empty() => { (name) " " small { (value) } }
            _ => (value),
        }
    }
}

fn refusals(
    place: &Place<'_>,
    viewer: &Viewer,
    refused: &[(String, Likely)],
    (is_locked, after): (bool, &str),
) -> Markup {
    let last = refused.last().filter(|_| refused.len() == SHOWN);
    html! {
        details.card open[!after.is_empty()] {
            summary { "Refused before" }
            form method="post" action=(place.address()) {
                (token(viewer))
                div.scroll tabindex="0" role="region" aria-label={ "Refused before" } {
                    table {
                        caption.hidden { "Refused before" }
                        thead { tr {
                            @if !is_locked { th scope="col" { span.hidden { "Choose" } } }
                            @for column in &place.table.columns { th scope="col" { (column.title) } }
                        } }
                        tbody {
                            @for (name, likely) in refused {
                                tr {
                                    @if !is_locked { td { (tick("refused", name, likely, false)) } }
                                    @for column in &place.table.columns { td { (cell(column, likely)) } }
                                }
                            }
                        }
                    }
                }
                @if !is_locked { button name="do" value="offer-again" { "Let the next search find what is ticked" } }
                @if let Some((last, _)) = last { " " a href=(format!("{}&refused={}", place.address(), form_urlencoded(last))) { "More of them" } }
            }
        }
    }
}

/// Looks for rows, accepts or refuses.
pub(in crate::admin) async fn act(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, Problem> {
    let connection = admin.connection(&name).await?;
    let place = Place::of(&connection, &asked.at)?;
    let what = posted.get("do");
    match what {
        "search" | "go-on" => begin(&admin, &connection, &place, &posted).await?,
        "stop" => admin.searches.stop(&name, &asked.at),
        "accept" | "accept-strong" => return accept(&admin, &place, &posted, &asked).await,
        "refuse" => {
            changeable(&connection)?;
            let (chosen, gone) = chosen(&place, &posted).await?;
            place.kept.refuse(&chosen).await?;
            if gone > 0 {
                let to = format!("{}&gone={gone}", place.address());
                return Ok(Redirect::to(&to).into_response());
            }
        }
        "offer-again" => {
            changeable(&connection)?;
            let ticked: Vec<&str> = posted.all("refused").collect();
            place.kept.offer_again(&ticked).await?;
        }
        _ => return Err(Problem::unreadable_form()),
    }
    let by = posted.viewer.name();
    tracing::info!(connection = name, what, by, "likely pairs were acted on");
    Ok(Redirect::to(&place.address()).into_response())
}

/// What was ticked and is still there, and how many are not.
async fn chosen(
    place: &Place<'_>,
    posted: &Posted,
) -> Result<(Vec<(String, Likely)>, usize), Problem> {
    let ticked: Vec<&str> = posted.all("pair").collect();
    let chosen = match place.search().await? {
        Some(_) => place.kept.named(&ticked).await?,
        None => Vec::new(),
    };
    let gone = ticked.len() - chosen.len();
    Ok((chosen, gone))
}

async fn begin(
    admin: &Admin,
    connection: &Arc<Connection>,
    place: &Place<'_>,
    posted: &Posted,
) -> Result<(), Problem> {
    let known = connection.actions().await?;
    let looks = |action: &Action| action.name == place.action && action.read_only;
    if !known.iter().any(looks) {
        return Err(Problem::refused(
            "What would look for likely pairs is no action of this connector that only looks.",
        ));
    }
    let before = place.search().await?;
    let goes_on = posted.get("do") == "go-on";
    let search = match before.filter(|before| goes_on && before.next.is_some()) {
        Some(before) => Search {
            problem: None,
            ..before
        },
        None => Search {
            started: connection.now(),
            by: posted.viewer.name().to_owned(),
            account: account(connection).await?,
            ..Search::default()
        },
    };
    let asked = searching::Asked {
        connection: connection.clone(),
        at: place.table.at.clone(),
        columns: place.table.columns.clone(),
        action: place.action.clone(),
    };
    searching::start(
        &admin.searches,
        &admin.host,
        asked,
        place.kept.clone(),
        search,
    )
    .await?;
    Ok(())
}

/// Adds what was chosen to the table, as one revision of the settings, where it brings no
/// new problem.
async fn accept(
    admin: &Admin,
    place: &Place<'_>,
    posted: &Posted,
    asked: &Asked,
) -> Result<Response, Problem> {
    let table = &place.table;
    changeable(table.connection)?;
    let version = Version::of(table.connection).await?;
    let rows = table.rows(&version.document);
    let (chosen, left, gone) = if posted.get("do") == "accept" {
        let (chosen, gone) = chosen(place, posted).await?;
        (chosen, 0, gone)
    } else {
        let (chosen, left) = strong(admin, place, rows).await?;
        (chosen, left, 0)
    };
    if chosen.is_empty() && left + gone == 0 {
        return Err(Problem::refused(
            "Nothing was chosen, so nothing was added. Tick the rows to accept.",
        ));
    }
    let new = chosen.iter().map(|(_, likely)| likely.row.clone());
    let next = and_new(rows.to_vec(), new);
    let wrong = table.wrong(&version, &next).await?;
    if !wrong.is_empty() {
        let said = in_the_way("Nothing was added.", &wrong);
        let ticked: Vec<&str> = posted.all("pair").collect();
        let beside = (Some(said), ticked.as_slice());
        let page = page(admin, place, &posted.viewer, asked, beside).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    if next.len() > rows.len() {
        table.save(&version, next, posted.viewer.name()).await?;
    }
    // What is in the table is not offered, also where this is not reached.
    place.kept.accepted(&chosen).await?;
    let to = format!(
        "{}&accepted={}&left={left}&gone={gone}",
        place.address(),
        chosen.len()
    );
    Ok(Redirect::to(&to).into_response())
}

/// All with more than one kind of evidence that name nothing which others name, and how many
/// do; of a search that has seen everything, as it may find the others yet.
async fn strong(
    admin: &Admin,
    place: &Place<'_>,
    rows: &[Value],
) -> Result<(Vec<(String, Likely)>, usize), Problem> {
    let table = &place.table;
    let is_whole = place.search().await?.is_some_and(|search| search.is_done)
        && !admin
            .searches
            .is_under_way(&table.connection.name, &table.at);
    if !is_whole {
        return Err(Problem::refused(
            "All can be accepted at once when the search has looked at everything; nothing was added.",
        ));
    }
    let is_strong = |likely: &Likely| likely.strength >= STRONG;
    let all = open(place, rows).await?;
    let strong = all.iter().filter(|(_, likely)| is_strong(likely)).count();
    let alone = alone(&table.columns, rows, &all).into_iter();
    let chosen = alone.filter(|(_, likely)| is_strong(likely)).cloned();
    let chosen: Vec<(String, Likely)> = chosen.collect();
    let left = strong - chosen.len();
    Ok((chosen, left))
}

/// All that was found and has no row yet.
async fn open(place: &Place<'_>, rows: &[Value]) -> Result<Vec<(String, Likely)>, Problem> {
    let columns = &place.table.columns;
    let subjects = subjects(columns, rows);
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let found = place.kept.found(&after, READ).await?;
        let Some((last, _)) = found.last() else {
            return Ok(all);
        };
        after.clone_from(last);
        let is_open = |(_, likely): &(String, Likely)| is_open(columns, &subjects, &likely.row);
        all.extend(found.into_iter().filter(is_open));
    }
}
