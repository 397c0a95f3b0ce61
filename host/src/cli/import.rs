//! `preview` and `import`: the same run, once into a layer of its own and once
//! for real. Ctrl-C finishes the page and says how to go on.

use std::sync::Arc;

use super::output::{Watcher, table};
use super::{Context, Done, Ended, needs_a_person, stop_on_signal};
use crate::capability::Stop;
use crate::connection::{Connection, Selection};
use crate::deviations::{Deviation, deviations, outcome_of};
use crate::runs::{self, Arguments, RunRequest, Summary};
use crate::store::{Counts, ReportFilter, ReportedRow, RunMode};

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
    /// Everything, not only what changed since the last import.
    #[arg(long, conflicts_with = "preview")]
    full: bool,
}

/// The outcomes in the order in which they are shown.
const SHOWN: [&str; 7] = [
    "created", "updated", "removed", "conflict", "failed", "waiting", "skipped",
];

fn selection(keys: Vec<String>) -> Selection {
    if keys.is_empty() {
        Selection::Everything
    } else {
        Selection::Keys(keys)
    }
}

impl Preview {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let (_host, connection) = context.connection(&self.name).await?;
        let request = RunRequest {
            entity: self.entity,
            selection: selection(self.select),
            full: self.full,
            mode: RunMode::Preview,
            confirms: None,
        };
        let stop = Stop::default();
        stop_on_signal(&stop, "Stopping after this page; nothing was written.");
        let summary = watched(&connection, &request, &stop).await?;
        if context.out.is_json() {
            let rows = rows(&connection, summary.run, &[], u32::MAX).await?;
            let document = serde_json::json!({ "summary": summary, "rows": rows });
            context.out.result(&document, String::new);
        } else {
            show_rows(context, &connection, &summary, self.limit).await?;
            if let Some(line) = count_line(&summary, "to be ") {
                context.out.say(&format!("\n{line}"));
            }
            if summary.state == "done" {
                context.out.say(&format!(
                    "Nothing was written. To import exactly this: halo-host import {} {} --preview {}",
                    connection.name, summary.entity, summary.run
                ));
            }
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
        if self.full {
            command.push_str(" --full");
        }
        command
    }

    pub(crate) async fn run(self, context: &Context) -> Done {
        let (_host, connection) = context.connection(&self.name).await?;
        let stop = Stop::default();
        stop_on_signal(&stop, "Stopping after this page…");
        let entities: Vec<String> = match self.entity.as_str() {
            "all" => connection
                .description
                .entities
                .iter()
                .filter(|entity| entity.import)
                .map(|entity| entity.name.clone())
                .collect(),
            _ => vec![self.entity.clone()],
        };
        for entity in entities {
            let mut request = RunRequest {
                entity,
                selection: selection(self.select.clone()),
                full: self.full,
                mode: RunMode::Import,
                confirms: self.preview,
            };
            if let Some(preview) = self.preview {
                let arguments = arguments_of(&connection, &request.entity, preview).await?;
                (request.selection, request.full) = (arguments.selection, arguments.full);
            }
            let summary = watched(&connection, &request, &stop).await?;
            let mut different = Vec::new();
            if let Some(preview) = self.preview
                && summary.state == "done"
            {
                different = deviations(&connection, preview).await?;
                connection.store().drop_layer(preview).await?;
            }
            let reasons = ["conflict", "failed", "waiting", "skipped"];
            if context.out.is_json() {
                let document = serde_json::json!({
                    "summary": summary,
                    "not-imported": rows(&connection, summary.run, &reasons, u32::MAX).await?,
                    "deviations": different,
                });
                context.out.result(&document, String::new);
            } else {
                const REASONS_SHOWN: u32 = 10;
                if let Some(line) = count_line(&summary, "") {
                    context.out.say(&format!("{}: {line}", summary.entity));
                }
                for outcome in reasons {
                    let rows = rows(&connection, summary.run, &[outcome], REASONS_SHOWN).await?;
                    show_outcome(context, outcome, &rows, count_of(&summary.counts, outcome));
                }
                if summary.counts.created + summary.counts.updated > 0 {
                    context.out.say(&format!(
                        "What was written, from what to what: halo-host journal --run {}",
                        summary.run
                    ));
                }
                if self.preview.is_some() && summary.state == "done" {
                    context.out.say(&deviation_lines(&different));
                }
            }
            end(&summary, &self.again())?;
        }
        Ok(())
    }
}

/// The arguments that a preview was made with.
async fn arguments_of(
    connection: &Connection,
    entity: &str,
    preview: u64,
) -> Result<Arguments, Ended> {
    let run = connection.store().run(preview).await?.filter(|run| {
        run.mode == RunMode::Preview && run.connection == connection.name && run.entity == entity
    });
    let run = run.ok_or_else(|| {
        Ended::Failed(format!(
            "There is no preview {preview} of {entity}; make one with `halo-host preview {} {entity}`.",
            connection.name
        ))
    })?;
    if run.state != "done" {
        return Err(Ended::Failed(format!(
            "Preview {preview} did not finish; make a new one."
        )));
    }
    Arguments::of(&run)
        .ok_or_else(|| Ended::Failed(format!("Preview {preview} cannot be read; make a new one.")))
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

async fn rows(
    connection: &Connection,
    run: u64,
    outcomes: &[&str],
    limit: u32,
) -> Result<Vec<ReportedRow>, Ended> {
    const PAGE: u32 = 1_000;
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let left = limit - u32::try_from(all.len()).unwrap_or(limit);
        let filter = ReportFilter {
            outcomes: outcomes
                .iter()
                .map(|outcome| (*outcome).to_owned())
                .collect(),
            after: after.take(),
            limit: left.min(PAGE),
        };
        let page = connection.store().reported(run, &filter).await?;
        let full = page.len() == filter.limit as usize;
        after = page.last().map(|row| row.row.key.clone());
        all.extend(page);
        if !full || all.len() >= limit as usize {
            return Ok(all);
        }
    }
}

async fn show_rows(
    context: &Context,
    connection: &Connection,
    summary: &Summary,
    limit: u32,
) -> Done {
    for outcome in SHOWN {
        let rows = rows(connection, summary.run, &[outcome], limit).await?;
        show_outcome(context, outcome, &rows, count_of(&summary.counts, outcome));
    }
    Ok(())
}

/// A table of the rows of one outcome, with how many there are in all.
fn show_outcome(context: &Context, outcome: &str, rows: &[ReportedRow], count: u64) {
    if rows.is_empty() {
        return;
    }
    let writes = matches!(outcome, "created" | "updated" | "removed");
    let cells: Vec<Vec<String>> = rows
        .iter()
        .flat_map(|row| {
            let head = vec![row.row.key.clone(), row.row.title.clone()];
            if writes {
                changes(head, row)
            } else {
                vec![reason(head, row)]
            }
        })
        .collect();
    let last = if writes { "CHANGES" } else { "REASON" };
    context.out.say(&format!(
        "\n{outcome} ({} of {count}):\n{}",
        rows.len(),
        table(&["ID", "NAME", last], &cells)
    ));
}

/// A line for each field that changes; the first one carries id and name.
fn changes(head: Vec<String>, row: &ReportedRow) -> Vec<Vec<String>> {
    let created = outcome_of(row) == "created";
    let told: Vec<String> = row
        .changes
        .iter()
        .map(|change| {
            if created {
                format!("{}: {}", change.field, change.to.display())
            } else {
                format!(
                    "{}: {} → {}",
                    change.field,
                    shown(&change.from.display()),
                    shown(&change.to.display())
                )
            }
        })
        .collect();
    let told = if created { vec![told.join(", ")] } else { told };
    let mut head = Some(head);
    told.into_iter()
        .map(|change| {
            let mut cells = head.take().unwrap_or_else(|| vec![String::new(); 2]);
            cells.push(change);
            cells
        })
        .collect()
}

fn reason(mut head: Vec<String>, row: &ReportedRow) -> Vec<String> {
    let reason = row.row.reason.as_ref();
    head.push(reason.map_or_else(String::new, ToString::to_string));
    head
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "(empty)" } else { value }
}

fn count_of(counts: &Counts, outcome: &str) -> u64 {
    match outcome {
        "created" => counts.created,
        "updated" => counts.updated,
        "unchanged" => counts.unchanged,
        "skipped" => counts.skipped,
        "waiting" => counts.waiting,
        "conflict" => counts.conflict,
        "failed" => counts.failed,
        _ => 0,
    }
}

/// The sums in one line; nothing for a run that ended before it read a row. In a
/// preview, records are `to be` created.
fn count_line(summary: &Summary, to_be: &str) -> Option<String> {
    let counts = &summary.counts;
    let mut parts = Vec::new();
    for outcome in [
        "created",
        "updated",
        "unchanged",
        "skipped",
        "waiting",
        "conflict",
        "failed",
    ] {
        let count = count_of(counts, outcome);
        if count > 0 {
            let to_be = if matches!(outcome, "created" | "updated") {
                to_be
            } else {
                ""
            };
            parts.push(format!("{count} {to_be}{outcome}"));
        }
    }
    match (parts.is_empty(), summary.state) {
        (true, "done") => Some("0 read: nothing has changed.".to_owned()),
        (true, _) => None,
        (false, _) => Some(format!("{} read: {}.", counts.read, parts.join(", "))),
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
        "Changed since the preview ({}):\n{}",
        deviations.len(),
        table(&["ID", "NAME", "SHOWN", "DONE"], &rows)
    )
}
