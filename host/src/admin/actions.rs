//! What a connector can do besides, as far as it only looks and wants to be told nothing:
//! asked for at the tab that names it, and shown as it answers.

use std::sync::Arc;

use axum::extract::{Path, State};
use maud::{Markup, html};
use serde_json::Value;

use super::Admin;
use super::frame::{self, Around, Tone, notice, tab_address};
use super::gate::Viewer;
use super::overview::failed;
use super::problem::Problem;
use crate::connection::{Action, Connection, ConnectionError};
use crate::description::Tab;

/// The actions that a tab names, with the way to each.
pub(super) async fn of_tab(connection: &Connection, tab: &Tab) -> Result<Markup, Problem> {
    if tab.actions.is_empty() {
        return Ok(Markup::default());
    }
    let known = connection.actions().await?;
    let named = { known.iter() }.filter(|action| tab.actions.contains(&action.name));
    let shown: Vec<&Action> = named.filter(|action| action.read_only).collect();
    Ok(html! {
        @for action in shown {
            section.card {
                h2 { (action.label) }
                p.faint { (action.help) }
                p { a.button href=(format!("/admin/{}/actions/{}", connection.name, action.name)) { "Show" span.hidden { " " (action.label) } } }
            }
        }
    })
}

/// What it answers now.
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path((name, what)): Path<(String, String)>,
    viewer: Viewer,
) -> Result<Markup, Problem> {
    let connection = admin.connection(&name).await?;
    let tabs = connection.description.tabs.iter();
    let tab = { tabs.into_iter() }.find(|tab| tab.actions.contains(&what));
    let known = connection.actions().await?;
    let action = { known.iter() }.find(|action| action.name == what && action.read_only);
    let (Some(tab), Some(action)) = (tab, action) else {
        return Err(Problem::not_found(
            "This connector shows nothing of that name.",
        ));
    };
    let answer = connection.act(&what, "{}").await;
    let content = html! {
        p { a href=(tab_address(&name, &tab.name)) { "Back to " (tab.label) } }
        p.faint { (action.help) }
        @match answer {
            Ok(answer) => section.card { (drawn(&answer, &action.label)) },
            Err(ConnectionError::Failed(failure)) => (failed(&connection, &failure)),
            Err(error) => (notice(Tone::Bad, &html! { (error) })),
        }
    };
    let around = Around {
        viewer: &viewer,
        connection: Some(&connection),
        tab: &tab.name,
    };
    Ok(frame::page(&around, &action.label, &content))
}

/// A JSON document for people: names and values first, then tables of what is alike, then
/// what is deeper, whole, so that it can be copied.
fn drawn(value: &Value, label: &str) -> Markup {
    let Value::Object(members) = value else {
        return part(value, label);
    };
    let (plain, large): (Vec<_>, Vec<_>) = members.iter().partition(|(_, value)| is_plain(value));
    let (tables, deep): (Vec<_>, Vec<_>) =
        large.into_iter().partition(|(_, value)| value.is_array());
    html! {
        (names_and_values(&plain))
        @for (name, value) in tables { (part(value, &spoken(name))) }
        @for (name, value) in deep {
            @let inner = value.as_object().into_iter().flatten();
            @let (plain, large): (Vec<_>, Vec<_>) = inner.partition(|(_, value)| is_plain(value));
            h2 { (spoken(name)) }
            (names_and_values(&plain))
            @for (name, value) in large { (part(value, &spoken(name))) }
        }
    }
}

fn is_plain(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn names_and_values(members: &[(&String, &Value)]) -> Markup {
    html! {
        @if !members.is_empty() {
            dl { @for (name, value) in members { dt { (spoken(name)) } dd { (scalar(value)) } } }
        }
    }
}

fn part(value: &Value, label: &str) -> Markup {
    match value {
        Value::Array(rows) if !rows.is_empty() && rows.iter().all(is_flat) => table(rows, label),
        Value::Array(_) | Value::Object(_) => html! {
            details open { summary { (label) } pre tabindex="0" { (format!("{value:#}")) } }
        },
        value => scalar(value),
    }
}

fn table(rows: &[Value], label: &str) -> Markup {
    let mut columns: Vec<&String> = Vec::new();
    for name in rows
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|row| row.keys())
    {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label=(label) {
            table {
                caption { (rows.len()) " " (label) }
                thead { tr { @for column in &columns { th scope="col" { (spoken(column)) } } } }
                tbody {
                    @for row in rows {
                        tr { @for column in &columns { td { @if let Some(value) = row.get(*column) { (scalar(value)) } } } }
                    }
                }
            }
        }
    }
}

/// Whether a value is a row of a table.
fn is_flat(value: &Value) -> bool {
    let members = value.as_object();
    members.is_some_and(|members| members.values().all(is_plain))
}

fn scalar(value: &Value) -> Markup {
    match value {
        Value::String(text) => html! { (text) },
        Value::Null => html! {},
        Value::Bool(is) => html! { (if *is { "yes" } else { "no" }) },
        value => html! { (value) },
    }
}

/// A name as people would write it: `target-url`, `targetUrl`.
fn spoken(name: &str) -> String {
    let mut spoken = String::new();
    for letter in name.chars() {
        match letter {
            '-' | '_' => spoken.push(' '),
            letter if letter.is_uppercase() && !spoken.is_empty() => {
                spoken.push(' ');
                spoken.extend(letter.to_lowercase());
            }
            letter if spoken.is_empty() => spoken.extend(letter.to_uppercase()),
            letter => spoken.push(letter),
        }
    }
    spoken
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_written_as_people_write_them() {
        assert_eq!(spoken("target-url"), "Target url");
        assert_eq!(spoken("subscriptionType"), "Subscription type");
    }

    #[test]
    fn rows_that_are_alike_are_a_table_and_what_is_deep_can_be_copied() {
        let answer = json!({
            "rows": [{ "aB": "<i>", "c": 1 }, { "d": true }],
            "file": { "path": "x", "content": { "deep": ["y"] } },
        });
        let drawn = drawn(&answer, "All").into_string();
        assert!(drawn.contains("<th scope=\"col\">A b</th>"), "{drawn}");
        assert!(drawn.contains("<td>&lt;i&gt;</td><td>1</td>"), "{drawn}");
        assert!(drawn.contains("<caption>2 Rows</caption>"), "{drawn}");
        assert!(
            drawn.contains("<pre tabindex=\"0\">{\n  &quot;deep&quot;"),
            "{drawn}"
        );
    }
}
