//! The page of a table of pairs: leafed through and searched, rows added, changed and taken
//! out, as CSV out and in. Each act is a revision of the settings of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::super::Admin;
use super::super::frame::{self, Around, Tone, notice, tab_address, token};
use super::super::gate::{Posted, Viewer, form_urlencoded};
use super::super::problem::Problem;
use super::draw::{Drawing, Shown};
use super::entered::put;
use super::offers::{Needs, Offers, Remote, named, nobodys_scope};
use super::rows::{and_new, entered, mark, of_csv, text, to_csv, without};
use super::schema::{Setting, Shape, schema_of};
use super::{Version, changeable, checked, is_below, keep, likely, saved};
use crate::connection::Connection;
use crate::description::Tab;
use crate::model::RecordId;
use crate::store::StoreError;

/// Rows on a page.
const SHOWN: usize = 50;
/// Records that are looked through for a name.
const FOUND: u32 = 500;
/// Rows whose remote names are looked for.
const NAMED: usize = SHOWN;
/// Errors that are listed of a file.
const LISTED: usize = 20;

#[derive(Debug, Default, Deserialize)]
pub(in crate::admin) struct Asked {
    #[serde(default)]
    at: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: usize,
    #[serde(default)]
    change: String,
    #[serde(default)]
    done: String,
}

/// A table of the settings.
pub(super) struct Table<'a> {
    pub(super) at: String,
    pub(super) setting: Setting,
    pub(super) columns: Vec<Setting>,
    pub(super) tab: &'a Tab,
    pub(super) connection: &'a Connection,
}

impl<'a> Table<'a> {
    pub(super) fn of(connection: &'a Connection, at: &str) -> Result<Table<'a>, Problem> {
        let unknown = || Problem::not_found("The settings have no such table.");
        let setting = Setting::at(&schema_of(&connection.description_json), at);
        let setting = setting.ok_or_else(unknown)?;
        let Shape::Pairs(columns) = setting.shape.clone() else {
            return Err(unknown());
        };
        let tabs = &connection.description.tabs;
        let has = |tab: &&Tab| {
            tab.settings
                .iter()
                .any(|pointer| at.starts_with(pointer.as_str()))
        };
        Ok(Table {
            at: at.to_owned(),
            tab: tabs.iter().find(has).ok_or_else(unknown)?,
            setting,
            columns,
            connection,
        })
    }

    pub(super) fn address(&self) -> String {
        format!(
            "/admin/{}/table?at={}",
            self.connection.name,
            form_urlencoded(&self.at)
        )
    }

    pub(super) fn rows<'b>(&self, document: &'b Value) -> &'b [Value] {
        let rows = document.pointer(&self.at).and_then(Value::as_array);
        rows.map_or(&[], Vec::as_slice)
    }

    /// The columns that name something at the remote or in Halo, with what is known of the
    /// names of these rows: by column and value.
    async fn names(
        &self,
        offers: &Offers,
        rows: &[&Value],
    ) -> Result<BTreeMap<(String, String), String>, StoreError> {
        let mut names = BTreeMap::new();
        for column in &self.columns {
            let values = rows
                .iter()
                .map(|row| text(row, column))
                .filter(|value| !value.is_empty());
            match &column.shape {
                Shape::Record(kind) => {
                    let ids: Vec<RecordId> =
                        values.filter_map(|value| value.parse().ok()).collect();
                    for ids in ids.chunks(FOUND as usize) {
                        let read = self
                            .connection
                            .store()
                            .read(&nobodys_scope(), kind, ids)
                            .await?;
                        for (id, name) in read.iter().flatten().map(named) {
                            names.insert((column.name.clone(), id), name);
                        }
                    }
                }
                Shape::Remote(name) => match offers.choices(name) {
                    Remote::All(all) => names.extend(all.iter().map(|choice| {
                        (
                            (column.name.clone(), choice.value.clone()),
                            choice.label.clone(),
                        )
                    })),
                    _ => {
                        // By what the last run said of it: the remote is not asked one by one.
                        for value in values.take(NAMED) {
                            let said = self.connection.store().report_history(
                                &self.connection.name,
                                name,
                                &value,
                                1,
                            );
                            if let Some((_, row)) = said.await?.into_iter().next() {
                                names.insert((column.name.clone(), value), row.row.title);
                            }
                        }
                    }
                },
                _ => {}
            }
        }
        Ok(names)
    }

    /// The rows in which something was found.
    async fn found(&self, rows: &[Value], typed: &str) -> Result<Vec<usize>, StoreError> {
        let typed = typed.trim().to_lowercase();
        let mut ids: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for column in &self.columns {
            if let Shape::Record(kind) = &column.shape
                && !typed.is_empty()
            {
                let found = self
                    .connection
                    .store()
                    .list(kind, Some(&typed), 0, FOUND)
                    .await?;
                let found = found.iter().map(|record| record.id.to_string());
                ids.insert(&column.name, found.collect());
            }
        }
        let has = |row: &Value| {
            typed.is_empty()
                || self.columns.iter().any(|column| {
                    let value = text(row, column);
                    let is_found = ids
                        .get(column.name.as_str())
                        .is_some_and(|ids| ids.contains(&value));
                    is_found || value.to_lowercase().contains(&typed)
                })
        };
        let all = rows.iter().enumerate();
        Ok(all
            .filter(|(_, row)| has(row))
            .map(|(number, _)| number)
            .collect())
    }

    /// The errors that these rows would bring: of rows that were not there before, and
    /// those that were not known before.
    pub(super) async fn wrong(
        &self,
        version: &Version,
        next: &[Value],
    ) -> Result<Vec<Shown>, Problem> {
        let rows = self.rows(&version.document);
        let mut document = version.document.clone();
        put(&mut document, &self.at, Some(Value::Array(next.to_vec())));
        let known = checked(self.connection, &version.document).await?;
        let known: BTreeSet<&str> = known.iter().map(|known| known.message.as_str()).collect();
        let problems = checked(self.connection, &document).await?.into_iter();
        let of_table = problems.filter(|shown| shown.is_error && is_below(&shown.path, &self.at));
        Ok(of_table
            .filter(|shown| {
                let is_known = known.contains(shown.message.as_str());
                !is_known || is_of_new_row(&self.at, next, rows, &shown.path)
            })
            .collect())
    }

    /// Makes these the rows, if nobody has changed the settings meanwhile.
    pub(super) async fn save(
        &self,
        version: &Version,
        rows: Vec<Value>,
        by: &str,
    ) -> Result<u64, Problem> {
        let mut document = version.document.clone();
        put(&mut document, &self.at, Some(Value::Array(rows)));
        let json = document.to_string();
        let kept = keep(self.connection, &json, by, version.revision);
        kept.await?.ok_or_else(|| {
            Problem::refused(
                "Somebody else saved at the same moment, and this was not. Do it again.",
            )
        })
    }
}

/// The page.
pub(in crate::admin) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let table = Table::of(&connection, &asked.at)?;
    let version = Version::of(&connection).await?;
    let rows = table.rows(&version.document);
    let changed = rows
        .iter()
        .find(|row| !asked.change.is_empty() && mark(row) == asked.change);
    let said = (!asked.done.is_empty()).then(|| saved(&name, version.revision));
    page(
        &admin,
        &table,
        &viewer,
        &version,
        &asked,
        (changed, &[], said),
    )
    .await
}

/// What there is on the page besides the rows: a row that is being changed, problems of what
/// was entered, and what is said on top.
type Beside<'a> = (Option<&'a Value>, &'a [Shown], Option<Markup>);

async fn page(
    admin: &Admin,
    table: &Table<'_>,
    viewer: &Viewer,
    version: &Version,
    asked: &Asked,
    (draft, wrong, said): Beside<'_>,
) -> Result<Markup, Problem> {
    let connection = table.connection;
    let rows = table.rows(&version.document);
    let found = table.found(rows, &asked.q).await?;
    let pages = found.len().div_ceil(SHOWN).max(1);
    let at_page = asked.page.min(pages - 1);
    let shown: Vec<usize> = found
        .iter()
        .skip(at_page * SHOWN)
        .take(SHOWN)
        .copied()
        .collect();
    let problems = checked(connection, &version.document).await?;
    let problems: Vec<&Shown> = { problems.iter() }
        .filter(|shown| is_below(&shown.path, &table.at))
        .collect();
    let mut needs = Needs::default();
    for column in &table.columns {
        needs.add(column, draft.and_then(|row| row.get(&column.name)));
    }
    let offers = Offers::of(connection, &admin.known, &needs).await?;
    let on_page: Vec<&Value> = shown.iter().map(|number| &rows[*number]).collect();
    let names = table.names(&offers, &on_page).await?;
    let is_locked = connection.settings_file.is_some();
    let drawing = Drawing {
        offers: &offers,
        problems: wrong,
        connector: &connection.name,
    };
    let leaf = |page: usize| {
        format!(
            "{}&q={}&page={page}",
            table.address(),
            form_urlencoded(&asked.q)
        )
    };
    let changing = !asked.change.is_empty() && draft.is_some();
    let content = html! {
        p { a href=(tab_address(&connection.name, &table.tab.name)) { "Back to " (table.tab.label) } }
        @if !table.setting.help.is_empty() { p { (table.setting.help) } }
        @if let Some(said) = said { (said) }
        @if !problems.is_empty() {
            (notice(Tone::Warning, &html! {
                p { (match problems.len() { 1 => "One row has a problem:".to_owned(), many => format!("{many} rows have problems, of which here the first ones:") }) }
                ul { @for problem in problems.iter().take(LISTED) { li { (problem.message) } } }
            }))
        }
        @if !is_locked {
            section.card id="row" {
                h2 { (if changing { "Change a row" } else { "Add a row" }) }
                form method="post" action=(table.address()) {
                    (token(viewer))
                    @if changing { input type="hidden" name="instead-of" value=(asked.change); }
                    div.row {
                        @for column in &table.columns {
                            (drawing.setting(column, &format!("/{}", column.name), draft.and_then(|row| row.get(&column.name))))
                        }
                    }
                    button.primary name="do" value="add" { (if changing { "Save the row" } else { "Add" }) }
                    @if changing { " " a.button href=(table.address()) { "Leave it" } }
                }
            }
        }
        section.card {
            form.row method="get" action=(format!("/admin/{}/table", connection.name)) role="search" {
                input type="hidden" name="at" value=(table.at);
                div { label for="q" { "Search" } input id="q" name="q" type="search" value=(asked.q); }
                button { "Search" }
                span.faint { (found.len()) " of " (rows.len()) " rows" }
            }
            form method="post" action=(table.address()) {
                (token(viewer))
                div.scroll tabindex="0" role="region" aria-label={ (table.setting.title) } {
                    table {
                        caption.hidden { (table.setting.title) }
                        thead { tr {
                            @if !is_locked { th scope="col" { (frame::tick_all()) } }
                            @for column in &table.columns { th scope="col" { (column.title) } }
                            @if !is_locked { th scope="col" { span.hidden { "Change" } } }
                        } }
                        tbody {
                            @for number in &shown {
                                (row(table, &names, *number, &rows[*number], (&problems, is_locked)))
                            }
                        }
                    }
                }
                @if shown.is_empty() { p { "No rows." } }
                @if !is_locked && !shown.is_empty() { button.danger name="do" value="remove" { "Remove what is ticked" } }
            }
            @if pages > 1 {
                nav.pages aria-label="Pages" {
                    @if at_page > 0 { a href=(leaf(at_page - 1)) { "Previous" } }
                    span { "Page " (at_page + 1) " of " (pages) }
                    @if at_page + 1 < pages { a href=(leaf(at_page + 1)) { "Next" } }
                }
            }
        }
        (likely::entrance(connection, &table.at, &table.setting))
        section.card {
            h2 { "As a file" }
            p { a href=(format!("/admin/{}/table.csv?at={}", connection.name, form_urlencoded(&table.at))) { "Download as CSV" } }
            @if !is_locked {
                details {
                    summary { "Take rows from CSV…" }
                    form method="post" action=(table.address()) {
                        (token(viewer))
                        div.field {
                            label for="csv" { "Rows as CSV" small { "The first line names the columns: " code { (table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(",")) } } }
                            textarea id="csv" name="csv" data-file {}
                        }
                        button name="do" value="append" { "Add them to the rows" } " "
                        button.danger name="do" value="replace" { "Put them in the place of all rows" }
                    }
                }
            }
        }
    };
    let around = Around {
        viewer,
        connection: Some(connection),
        tab: &table.tab.name,
    };
    Ok(frame::page(&around, &table.setting.title, &content))
}

fn row(
    table: &Table<'_>,
    names: &BTreeMap<(String, String), String>,
    number: usize,
    row: &Value,
    (problems, is_locked): (&[&Shown], bool),
) -> Markup {
    let here = format!("{}/{number}", table.at);
    let wrong = problems.iter().filter(|shown| is_below(&shown.path, &here));
    let wrong: Vec<&&Shown> = wrong.collect();
    let mark = mark(row);
    html! {
        tr class=[(!wrong.is_empty()).then_some("problem")] {
            @if !is_locked {
                td { label.check { input type="checkbox" name="row" value=(mark); span.hidden { "Choose row " (number + 1) } } }
            }
            @for (n, column) in table.columns.iter().enumerate() {
                @let value = text(row, column);
                td {
                    @match names.get(&(column.name.clone(), value.clone())) {
                        Some(name) => { (name) " " small { (value) } }
                        None => (value),
                    }
                    @if n == 0 { @for shown in &wrong { span.error { (shown.message) } } }
                }
            }
            @if !is_locked {
                td.actions { a href=(format!("{}&change={mark}#row", table.address())) { "Change" span.hidden { " row " (number + 1) } } }
            }
        }
    }
}

/// Adds, changes or takes out.
pub(in crate::admin) async fn act(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, Problem> {
    let connection = admin.connection(&name).await?;
    changeable(&connection)?;
    let table = Table::of(&connection, &asked.at)?;
    let version = Version::of(&connection).await?;
    let rows = table.rows(&version.document);
    let mut draft = None;
    let (next, misfits) = match posted.get("do") {
        "remove" => {
            let marks: Vec<&str> = posted.all("row").collect();
            (without(rows, &marks).0, Vec::new())
        }
        "add" => {
            let instead = posted.get("instead-of");
            let (row, misfits) = entered(&table.columns, &posted.fields);
            let mut next = rows.to_vec();
            match next.iter().position(|row| mark(row) == instead) {
                Some(place) => next[place] = row.clone(),
                None if !instead.is_empty() => {
                    return Err(Problem::refused(
                        "Somebody else has changed or removed that row meanwhile, and nothing was saved. Look at the table again.",
                    ));
                }
                None => next.push(row.clone()),
            }
            draft = Some(row);
            (next, misfits)
        }
        how @ ("append" | "replace") => {
            let read = of_csv(&table.columns, posted.get("csv"));
            let read =
                read.map_err(|error| Problem::refused(format!("{error} Nothing was taken.")))?;
            let stays = if how == "replace" { &[] } else { rows };
            (and_new(stays.to_vec(), read.into_iter()), Vec::new())
        }
        _ => return Err(Problem::unreadable_form()),
    };
    let mut wrong = table.wrong(&version, &next).await?;
    wrong.extend(misfits.into_iter().map(|misfit| Shown {
        path: misfit.path,
        is_error: true,
        message: misfit.message,
    }));
    if wrong.is_empty() {
        if next != rows {
            table.save(&version, next, posted.viewer.name()).await?;
        }
        return Ok(Redirect::to(&format!("{}&done=yes", table.address())).into_response());
    }
    let said = in_the_way("Nothing was saved.", &wrong);
    let asked = Asked {
        change: posted.get("instead-of").to_owned(),
        ..asked
    };
    let at_fields: Vec<Shown> = { wrong.iter() }
        .map(|shown| Shown {
            path: format!("/{}", shown.path.rsplit('/').next().unwrap_or_default()),
            ..shown.clone()
        })
        .collect();
    let beside = (draft.as_ref(), at_fields.as_slice(), Some(said));
    let page = page(&admin, &table, &posted.viewer, &version, &asked, beside).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// What did not happen, and why.
pub(super) fn in_the_way(nothing: &str, wrong: &[Shown]) -> Markup {
    let more = wrong.len().saturating_sub(LISTED);
    notice(
        Tone::Bad,
        &html! {
            p { strong { (nothing) } }
            ul { @for shown in wrong.iter().take(LISTED) { li { (shown.message) } } }
            @if more > 0 { p { "And " (more) " more." } }
        },
    )
}

/// Whether a problem is of a row that was not there before.
fn is_of_new_row(at: &str, next: &[Value], rows: &[Value], path: &str) -> bool {
    let number = path
        .strip_prefix(at)
        .and_then(|rest| rest.split('/').nth(1)?.parse().ok());
    let row = number.and_then(|number: usize| next.get(number));
    row.is_some_and(|row| !rows.contains(row))
}

/// All rows, with the names that are known beside the ids.
pub(in crate::admin) async fn download(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    _viewer: Viewer,
) -> Result<Response, Problem> {
    let connection = admin.connection(&name).await?;
    let table = Table::of(&connection, &asked.at)?;
    let version = Version::of(&connection).await?;
    let rows = table.rows(&version.document);
    let all: Vec<&Value> = rows.iter().collect();
    let names = table.names(&Offers::default(), &all).await?;
    let csv = to_csv(&table.columns, rows, |column, value| {
        names.get(&(column.name.clone(), value.to_owned())).cloned()
    });
    let file = format!(
        "attachment; filename=\"{name}{}.csv\"",
        table.at.replace('/', "-")
    );
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, file),
    ];
    Ok((headers, csv).into_response())
}
