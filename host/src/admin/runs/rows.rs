//! The rows of a run's report as a table: what, from what to what, or why not. Of a preview
//! they can be ticked and imported.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::look::{Asked, Part, is_written};
use super::{address, is_of_everything};
use crate::admin::frame::{Tone, badge, notice, tick_all, token};
use crate::admin::gate::Viewer;
use crate::connection::Connection;
use crate::deviations::{Deviation, outcome_of};
use crate::model::FieldChange;
use crate::store::{ReportedRow, Run, RunMode};

/// Changes of a row that are shown at once.
const SHOWN: usize = 6;

/// The table, with what narrows it above and what can be done with it below.
pub(super) fn table(
    (connection, run): (&Connection, &Run),
    part: &Part,
    asked: &Asked,
    viewer: &Viewer,
) -> Markup {
    let name = &connection.name;
    let here = address(name, run.id);
    let facets: BTreeSet<&str> = { part.rows.iter() }
        .flat_map(|row| row.row.facets.iter().map(|(facet, _)| facet.as_str()))
        .collect();
    let is_preview = run.mode == RunMode::Preview && run.state == "done";
    let conditions = asked.conditions();
    html! {
        @if !part.rows.is_empty() || !conditions.is_empty() { (narrowing(&here, asked, &facets, part)) }
        @if part.rows.is_empty() {
            @if !conditions.is_empty() { p { "No row is like that." } }
        } @else {
            form.card method="post" action=(format!("/admin/{name}/runs")) {
                (token(viewer))
                input type="hidden" name="entity" value=(run.entity);
                input type="hidden" name="mode" value="import";
                input type="hidden" name="preview" value=(run.id);
                input type="hidden" name="outcome" value=(asked.outcome);
                @for condition in &conditions { input type="hidden" name="where" value=(condition); }
                @if let Some(total) = part.total { p.faint { (match total { 1 => "1 row matches.".to_owned(), total => format!("{total} rows match.") }) } }
                div.scroll tabindex="0" role="region" aria-label={ "Rows of the run" } {
                    table {
                        caption.hidden { "Rows of the run" }
                        thead { tr {
                            @if is_preview { th scope="col" { (tick_all()) } }
                            (head(&here, asked, "name", "Name"))
                            (head(&here, asked, "outcome", "What"))
                            @for facet in &facets { (head(&here, asked, facet, facet)) }
                            th scope="col" { "From → to, or why" }
                        } }
                        tbody {
                            @for row in &part.rows { (line(row, name, &facets, is_preview)) }
                        }
                    }
                }
                @if is_preview { (choosing(asked, part, is_of_everything(run) && conditions.is_empty())) }
            }
            @if part.next.is_some() || asked.page > 0 || !asked.after.is_empty() {
                nav.pages aria-label="Pages" {
                    @if asked.page > 0 || !asked.after.is_empty() { a href=(format!("{here}?{}", asked.query(&[]))) { "First page" } }
                    @if let Some(next) = &part.next { a href=(format!("{here}?{next}")) { "Next page" } }
                }
            }
        }
    }
}

fn choosing(asked: &Asked, part: &Part, can_all: bool) -> Markup {
    html! {
        div.save {
            button.primary name="which" value="ticked" { "Import what is ticked" }
            @match (part.total, can_all) {
                (Some(_), _) => button name="which" value="matching" { "Import all that match (" (part.written) ")" },
                (None, true) if asked.outcome.is_empty() => button name="which" value="all" { "Import all" },
                (None, _) => "",
            }
            span.faint { "Rows that would not be written have no box; the reason is at the row." }
        }
    }
}

/// The head of a column, by which one sorts.
fn head(here: &str, asked: &Asked, column: &str, label: &str) -> Markup {
    let descending = format!("-{column}");
    let (next, sorted) = match &asked.sort {
        sort if sort == column => (descending.as_str(), Some("ascending")),
        sort if *sort == descending => (column, Some("descending")),
        _ => (column, None),
    };
    html! {
        th scope="col" aria-sort=[sorted] {
            a href=(format!("{here}?{}", asked.query(&[("sort", next)]))) { (label) @match sorted { Some("ascending") => " ▲", Some(_) => " ▼", None => "" } }
        }
    }
}

/// The form that narrows the rows by what is seen of them.
fn narrowing(here: &str, asked: &Asked, facets: &BTreeSet<&str>, part: &Part) -> Markup {
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (facet, value) in part.rows.iter().flat_map(|row| &row.row.facets) {
        seen.entry(facet).or_default().insert(value);
    }
    let signs = [
        ("=", "is"),
        ("~", "contains"),
        (">=", "is at least"),
        ("<=", "is at most"),
    ];
    let is_open = !asked.conditions().is_empty();
    html! {
        details.card open[is_open] {
            summary { "Filter" }
            form method="get" action=(here) role="search" {
                input type="hidden" name="outcome" value=(asked.outcome);
                input type="hidden" name="sort" value=(asked.sort);
                div.row { div { label for="name" { "Name contains" } input id="name" name="name" type="search" value=(asked.name); } }
                @for (n, (facet, sign, value)) in asked.places().into_iter().enumerate() {
                    @let n = n + 1;
                    @if n == 1 || !facets.is_empty() {
                        div.row {
                            div {
                                label for=(format!("f{n}")) { "Column " (n) }
                                select id=(format!("f{n}")) name=(format!("f{n}")) {
                                    option value="" { "–" }
                                    @if !facet.is_empty() && !facets.contains(facet) { option selected { (facet) } }
                                    @for known in facets { option selected[*known == facet] { (known) } }
                                }
                            }
                            div {
                                label for=(format!("o{n}")) { "How" }
                                select id=(format!("o{n}")) name=(format!("o{n}")) {
                                    @for (known, label) in signs { option value=(known) selected[known == sign] { (label) } }
                                }
                            }
                            div {
                                label for=(format!("v{n}")) { "Value" }
                                input id=(format!("v{n}")) name=(format!("v{n}")) value=(value) list="values-seen" autocomplete="off";
                            }
                        }
                    }
                }
                datalist id="values-seen" { @for value in seen.values().flatten() { option { (value) } } }
                button { "Filter" } " " a.button href=(here) { "All rows" }
            }
        }
    }
}

fn line(row: &ReportedRow, connector: &str, facets: &BTreeSet<&str>, is_preview: bool) -> Markup {
    let outcome = outcome_of(row);
    let tone = match outcome {
        "created" | "updated" | "archived" | "linked" => Some(Tone::Good),
        "conflict" | "failed" | "rejected" => Some(Tone::Bad),
        "waiting" | "skipped" | "retry" | "removed" => Some(Tone::Warning),
        _ => None,
    };
    let of = |facet: &str| {
        let values = row.row.facets.iter().filter(|(name, _)| name == facet);
        values
            .map(|(_, value)| value.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    html! {
        tr {
            @if is_preview {
                td { @if is_written(row) { label.check { input type="checkbox" name="key" value=(row.row.key); span.hidden { "Import " (row.row.title) } } } }
            }
            th scope="row" {
                @match &row.row.address {
                    Some(page) => a href=(page) rel="noreferrer" { (row.row.title) },
                    None => (row.row.title),
                }
                " " small { (row.row.key) }
            }
            td {
                @match (is_preview, outcome) {
                    (true, "created" | "updated" | "removed") => (badge(&format!("to be {outcome}"), tone)),
                    _ => (badge(outcome, tone)),
                }
                // What a preview would make has no record yet.
                @if let Some(record) = row.row.record.filter(|_| !(is_preview && outcome == "created")) {
                    " " a href=(format!("/admin/{connector}/activity/journal?kind={}&record={record}", row.row.kind)) { (row.row.kind) " " (record) }
                }
            }
            @for facet in facets { td { (of(facet)) } }
            td {
                @if let Some(reason) = &row.row.reason { p { (reason) } }
                (changes(&row.changes))
            }
        }
    }
}

/// Field by field, from what to what; of many the rest on demand.
pub(in crate::admin) fn changes(all: &[FieldChange]) -> Markup {
    let each = |change: &FieldChange| {
        let (from, to) = (change.from.display(), change.to.display());
        html! {
            li { code { (change.field) } ": " @if !from.is_empty() { del { (from) } " → " } @if to.is_empty() { ins { "(empty)" } } @else { ins { (to) } } }
        }
    };
    let (first, rest) = all.split_at(all.len().min(SHOWN));
    html! {
        @if !first.is_empty() { ul.changes { @for change in first { (each(change)) } } }
        @if !rest.is_empty() {
            details { summary { (rest.len()) " more" } ul.changes { @for change in rest { (each(change)) } } }
        }
    }
}

/// A change in one line.
pub(super) fn from_to(change: &FieldChange) -> String {
    format!(
        "{}: {} → {}",
        change.field,
        change.from.display(),
        change.to.display()
    )
}

/// What an import did otherwise than its preview had shown.
pub(super) fn deviations(all: &[Deviation]) -> Markup {
    if all.is_empty() {
        return notice(
            Tone::Good,
            &html! { "The import did exactly what the preview showed." },
        );
    }
    html! {
        (notice(Tone::Warning, &html! { "Some rows had changed since the preview and came to something else." }))
        div.scroll.card tabindex="0" role="region" aria-label={ "Otherwise than the preview showed" } {
            table {
                caption.hidden { "Otherwise than the preview showed" }
                thead { tr { th scope="col" { "Name" } th scope="col" { "Shown" } th scope="col" { "Done" } } }
                tbody {
                    @for deviation in all {
                        tr { th scope="row" { (deviation.title) " " small { (deviation.key) } } td { (deviation.shown) } td { (deviation.done) } }
                    }
                }
            }
        }
    }
}
