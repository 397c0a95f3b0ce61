//! `choices`: what a setting may be at the remote, by label, with what to write.

use std::collections::BTreeSet;

use super::output::table;
use super::{Context, Done, Ended};

/// Pages that are read at most; who needs more looks for a part of the label.
const PAGES: usize = 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Choices {
    /// The connector.
    name: String,
    /// What to choose; without it, what there is to choose.
    what: Option<String>,
    /// Only those that the remote finds for this.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

impl Choices {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let (_host, connection) = context.connection(&self.name).await?;
        let known = names(&connection.description.settings);
        let Some(what) = self.what else {
            let document = serde_json::json!({ "choices": known });
            context.out.result(&document, || {
                let names: Vec<&str> = known.iter().map(String::as_str).collect();
                format!(
                    "There is to choose: {}.\nSee one with: halo-host choices {} NAME",
                    names.join(", "),
                    connection.name
                )
            });
            return Ok(());
        };
        if !known.contains(&what) {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(Ended::Failed(format!(
                "There is nothing called {what:?} to choose; there is {}.",
                names.join(", ")
            )));
        }
        let mut choices = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..PAGES {
            let (page, after) = connection
                .choices(&what, self.search.as_deref(), next.as_deref())
                .await?;
            choices.extend(page);
            next = after;
            if next.is_none() {
                break;
            }
        }
        let document = serde_json::json!({ "choices": choices, "more": next.is_some() });
        context.out.result(&document, || {
            let rows: Vec<Vec<String>> = choices
                .iter()
                .map(|choice| vec![choice.label.clone(), choice.value.clone()])
                .collect();
            let mut text = table(&["LABEL", "TO WRITE"], &rows);
            if next.is_some() {
                text.push_str("\nThere are more; use --search with a part of the label.");
            }
            text
        });
        Ok(())
    }
}

/// What the settings let people choose: every `x-choices` of their schema.
fn names(schema: &serde_json::Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(schema, &mut names);
    names
}

fn collect(value: &serde_json::Value, names: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(members) => {
            names.extend(
                members
                    .get("x-choices")
                    .and_then(serde_json::Value::as_str)
                    .map(str::to_owned),
            );
            members.values().for_each(|member| collect(member, names));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_found_wherever_they_are_in_the_schema() {
        let schema = serde_json::json!({ "properties": {
            "a": { "items": { "x-choices": "stages" } },
            "b": { "oneOf": [{ "x-choices": "owners" }, { "x-choices": "stages" }] } } });
        let found = names(&schema);
        assert_eq!(found.iter().collect::<Vec<_>>(), ["owners", "stages"]);
    }
}
