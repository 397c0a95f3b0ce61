//! `preview` and `import`: the same run, once into a layer of its own and once
//! for real. Ctrl-C finishes the page and says how to go on.

mod all;
mod shown;

use std::io::Write;
use std::sync::Arc;

use super::document::Document;
use super::output::{Watcher, table};
use super::{Context, Done, Ended, needs_a_person, rows, stop_on_signal};
use crate::capability::Stop;
use crate::connection::{Connection, Selection};
use crate::deviations::{Deviation, deviations, outcome_of};
use crate::filter::{self, Condition};
use crate::model::RunId;
use crate::runs::{self, Arguments, RunRequest, Summary, Unconfirmed};
use crate::store::{RunMode, Store};

#[derive(Debug, clap::Args)]
pub(crate) struct Preview {
    /// The connector.
    name: String,
    /// The entity.
    entity: String,
    /// Only these rows, by the remote's id.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    select: Vec<String>,
    /// Everything, not only what changed since the last import.
    #[arg(long)]
    full: bool,
    /// Show only rows of which this holds: facet=value, facet~text, facet>=value or
    /// facet<=value; may be repeated. The facet `name` is what people call a row.
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<Condition>,
    /// Rows to show of each outcome.
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The connector.
    name: String,
    /// The entity, or all.
    entity: String,
    /// Only these rows, by the remote's id.
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "IDS",
        conflicts_with = "preview"
    )]
    select: Vec<String>,
    /// Exactly what this preview showed.
    #[arg(long, value_name = "ID")]
    preview: Option<u64>,
    /// Of that preview, only rows of which this holds: facet=value, facet~text,
    /// facet>=value or facet<=value; may be repeated.
    #[arg(long = "where", value_name = "CONDITION", requires = "preview")]
    conditions: Vec<Condition>,
    /// Everything, not only what changed since the last import.
    #[arg(long, conflicts_with = "preview")]
    full: bool,
}

/// In place of an entity: all that can be imported, in their order.
const ALL: &str = "all";

fn selection(keys: Vec<String>) -> Selection {
    if keys.is_empty() {
        Selection::Everything
    } else {
        Selection::Keys(keys)
    }
}

/// Conditions as they are given, ready for a shell.
fn given(conditions: &[Condition]) -> String {
    conditions
        .iter()
        .map(|condition| format!(" --where \"{condition}\""))
        .collect()
}

impl Preview {
    pub(crate) async fn run(self, context: &Context) -> Done {
        if self.entity == ALL {
            return Err(Ended::Failed(
                "A preview is of one entity: name it in place of all.".to_owned(),
            ));
        }
        let (_host, connection) = context.connection(&self.name).await?;
        let request = RunRequest {
            entity: self.entity.clone(),
            selection: selection(self.select.clone()),
            full: self.full,
            mode: RunMode::Preview,
            confirms: None,
        };
        let stop = Stop::default();
        stop_on_signal(&stop, "Stopping after this page; nothing was written.");
        let summary = watched(&connection, &request, &stop).await?;
        let store = connection.store();
        if context.out.is_json() {
            let mut document = Document::begin(std::io::stdout());
            document.member("summary", &summary);
            let pages = rows::Pages::of(store, summary.run, &[]);
            let wanted = |row: &_| filter::matches(&self.conditions, row);
            document.rows("rows", pages, wanted).await?;
            document.end();
        } else {
            self.show(context, &connection, &summary).await?;
        }
        end(&summary, "")
    }
}

impl Import {
    /// The command as it was given, to be given again.
    fn again(&self) -> String {
        let mut command = format!("halo-host import {} {}", self.name, self.entity);
        if !self.select.is_empty() {
            command.push_str(&format!(" --select {}", self.select.join(",")));
        }
        if let Some(preview) = self.preview {
            command.push_str(&format!(" --preview {preview}"));
        }
        command.push_str(&given(&self.conditions));
        if self.full {
            command.push_str(" --full");
        }
        command
    }

    /// The rows of a preview that the conditions choose, of those that it would write.
    async fn matching(&self, connection: &Connection, preview: u64) -> Result<Vec<String>, Ended> {
        let mut pages = rows::Pages::of(connection.store(), preview, &[]);
        let mut keys = Vec::new();
        while let Some(mut page) = pages.next().await? {
            page.retain(|row| {
                matches!(outcome_of(row), "created" | "updated")
                    && filter::matches(&self.conditions, row)
            });
            keys.extend(page.into_iter().map(|row| row.row.key));
        }
        if keys.is_empty() {
            return Err(Ended::Failed(format!(
                "Preview {preview} has no row to write of which that holds; `halo-host report {} {preview} --json` shows its rows with their facets.",
                self.name
            )));
        }
        Ok(keys)
    }

    pub(crate) async fn run(self, context: &Context) -> Done {
        if self.entity == ALL && (self.preview.is_some() || !self.select.is_empty()) {
            return Err(Ended::Failed(
                "Rows and previews are of one entity: name it in place of all.".to_owned(),
            ));
        }
        let (_host, connection) = context.connection(&self.name).await?;
        let stop = Stop::default();
        stop_on_signal(&stop, "Stopping after this page…");
        if self.entity == ALL {
            return all::run(context, &connection, self.full, &stop, &self.again()).await;
        }
        let request = self.request(&connection).await?;
        let summary = watched(&connection, &request, &stop).await?;
        let mut different = Vec::new();
        // Of a part of a preview the rest may be imported, too.
        let confirms = request.confirms.filter(|_| summary.state == "done");
        if let Some(preview) = confirms {
            different = deviations(&connection, preview).await?;
            connection.store().drop_layer(preview).await?;
        }
        let store = connection.store();
        if context.out.is_json() {
            let mut document = Document::begin(std::io::stdout());
            document.member("summary", &summary);
            not_imported(&mut document, store, summary.run).await?;
            document.member("deviations", &different);
            document.end();
        } else {
            const REASONS_SHOWN: u32 = 10;
            if let Some(line) = rows::count_line(&summary.counts, summary.state, "") {
                context.out.say(&format!("{}: {line}", summary.entity));
            }
            let mut told = false;
            for outcome in [rows::NOTED].into_iter().chain(rows::WITH_REASON) {
                let page = rows::read(store, summary.run, &[outcome], None, REASONS_SHOWN).await?;
                if let Some(table) = rows::table_of(outcome, &page, &summary.counts) {
                    context.out.say(&format!("\n{table}"));
                    told = true;
                }
            }
            if summary.counts.created + summary.counts.updated > 0 {
                context.out.say(&format!(
                    "What was written, from what to what: halo-host journal --run {}",
                    summary.run
                ));
            }
            if told {
                context.out.say(&format!(
                    "All rows with their reasons: halo-host report {} {}",
                    connection.name, summary.run
                ));
            }
            if confirms.is_some() {
                context.out.say(&deviation_lines(&different));
            }
        }
        end(&summary, &self.again())
    }

    /// What the connection is asked for.
    async fn request(&self, connection: &Connection) -> Result<RunRequest, Ended> {
        let mut request = RunRequest {
            entity: self.entity.clone(),
            selection: selection(self.select.clone()),
            full: self.full,
            mode: RunMode::Import,
            confirms: self.preview,
        };
        let Some(preview) = self.preview else {
            return Ok(request);
        };
        let arguments = arguments_of(connection, &self.entity, preview).await?;
        (request.selection, request.full) = (arguments.selection, arguments.full);
        if !self.conditions.is_empty() {
            let keys = self.matching(connection, preview).await?;
            // Named one by one, so this confirms nothing else of the preview.
            (request.selection, request.full) = (Selection::Keys(keys), false);
            request.confirms = None;
        }
        Ok(request)
    }
}

/// The rows of a run that were not imported, and those that were and have a note.
async fn not_imported(
    document: &mut Document<impl Write>,
    store: &Arc<dyn Store>,
    run: RunId,
) -> Done {
    for (name, outcomes) in [
        ("not-imported", rows::WITH_REASON.as_slice()),
        ("noted", &[rows::NOTED]),
    ] {
        let pages = rows::Pages::of(store, run, outcomes);
        document.rows(name, pages, |_| true).await?;
    }
    Ok(())
}

/// The arguments that a preview was made with.
async fn arguments_of(
    connection: &Connection,
    entity: &str,
    preview: u64,
) -> Result<Arguments, Ended> {
    let confirmed = runs::confirmed(connection, entity, preview).await?;
    confirmed.map_err(|why| {
        let again = format!("`halo-host preview {} {entity}`", connection.name);
        Ended::Failed(match why {
            Unconfirmed::Missing => format!("There is no preview {preview} of {entity}; make one with {again}."),
            Unconfirmed::Unfinished => format!("Preview {preview} did not finish; make a new one."),
            Unconfirmed::Imported(by) => format!(
                "Preview {preview} was imported already, by run {by}, and nothing was done now. What has changed since: {again}."
            ),
        })
    })
}

async fn watched(
    connection: &Connection,
    request: &RunRequest,
    stop: &Stop,
) -> Result<Summary, Ended> {
    let watcher = Arc::new(Watcher::new());
    let summary = runs::run(connection, request, watcher.clone(), stop.clone()).await;
    watcher.finish();
    Ok(summary?)
}

/// The end of a run as the end of the program.
///
/// `again` is the command that goes on.
fn end(summary: &Summary, again: &str) -> Done {
    let failure = summary.failure.as_ref();
    let message = failure.map_or_else(String::new, ToString::to_string);
    match summary.state {
        "done" => Ok(()),
        "stopped" if summary.mode == RunMode::Preview => Err(Ended::Stopped(
            "The preview was stopped; nothing was written.".to_owned(),
        )),
        "stopped" => Err(Ended::Stopped(format!(
            "What was done stands. To go on: {again}"
        ))),
        "waiting" => Err(Ended::Wait(message)),
        _ if failure.is_some_and(|failure| needs_a_person(&failure.code)) => {
            Err(Ended::Act(message))
        }
        _ => Err(Ended::Failed(message)),
    }
}

fn deviation_lines(deviations: &[Deviation]) -> String {
    if deviations.is_empty() {
        return "The import did exactly what the preview showed.".to_owned();
    }
    let rows: Vec<Vec<String>> = deviations
        .iter()
        .map(|deviation| {
            vec![
                deviation.key.clone(),
                deviation.title.clone(),
                deviation.shown.clone(),
                deviation.done.clone(),
            ]
        })
        .collect();
    format!(
        "Otherwise than the preview showed ({}):\n{}",
        deviations.len(),
        table(&["ID", "NAME", "SHOWN", "DONE"], &rows)
    )
}
