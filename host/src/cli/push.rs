//! `push`: sends what has changed in Halo now, or shows what would be sent.

use std::sync::Arc;

use super::outbox::{Standing, standing};
use super::output::Watcher;
use super::{Context, Done, Ended, needs_a_person, rows, stop_on_signal};
use crate::capability::{Refused, Stop};
use crate::connection::Connection;
use crate::pushes::{self, DryRun, Shown};
use crate::runs::Summary;

#[derive(Debug, clap::Args)]
pub(crate) struct Push {
    /// The connector.
    name: String,
    /// Show the first request that each change would cause, and send none that does
    /// not only read.
    #[arg(long)]
    dry_run: bool,
    /// Changes to show in a dry run.
    #[arg(long, default_value_t = 20, requires = "dry_run", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

impl Push {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let (_host, connection) = context.connection(&self.name).await?;
        let stop = Stop::default();
        if self.dry_run {
            stop_on_signal(&stop, "Stopping after this change; nothing was sent.");
            return self.dry_run(context, &connection, &stop).await;
        }
        stop_on_signal(&stop, "Stopping after these changes…");
        let watcher = Arc::new(Watcher::new());
        let summary = pushes::run(&connection, watcher.clone(), stop).await;
        watcher.finish();
        let summary = summary?;
        let left = standing(connection.store(), &self.name).await?;
        if context.out.is_json() {
            let run = summary.as_ref().map(|summary| summary.run);
            let rows = match run {
                Some(run) => rows::read(connection.store(), run, &[], None, u32::MAX).await?,
                None => Vec::new(),
            };
            let document = serde_json::json!({
                "summary": summary,
                "rows": rows,
                "outbox": left,
            });
            context.out.result(&document, String::new);
        } else {
            show(context, &connection, summary.as_ref()).await?;
            self.tell(context, &left, summary.is_some());
        }
        summary.map_or(Ok(()), |summary| end(&summary, &self.name))
    }

    async fn dry_run(&self, context: &Context, connection: &Connection, stop: &Stop) -> Done {
        let shown = pushes::dry_run(connection, self.limit, stop).await?;
        context.out.result(&shown, || show_dry(&shown));
        if stop.is_asked() {
            return Err(Ended::Stopped(
                "The dry run was stopped; nothing was sent.".to_owned(),
            ));
        }
        Ok(())
    }

    /// What is left in the outbox, and how to go on with it.
    fn tell(&self, context: &Context, left: &Standing, has_run: bool) {
        if !has_run && left.waiting + left.retry + left.rejected == 0 {
            context
                .out
                .say("Nothing has changed in Halo that was not sent.");
            return;
        }
        if !has_run {
            context.out.say("Nothing is due now.");
        }
        if let Some(line) = left.line() {
            context.out.say(&format!(
                "{line} Which and why: halo-host outbox {}",
                self.name
            ));
        }
    }
}

async fn show(
    context: &Context,
    connection: &Connection,
    summary: Option<&Summary>,
) -> Result<(), Ended> {
    const ROWS: u32 = 20;
    let Some(summary) = summary else {
        return Ok(());
    };
    let counts = &summary.counts;
    if let Some(line) = rows::line_of(summary.mode, counts, summary.state) {
        context.out.say(&line);
    }
    for outcome in rows::SHOWN {
        let page = rows::read(connection.store(), summary.run, &[outcome], None, ROWS).await?;
        if let Some(table) = rows::table_of(outcome, &page, counts) {
            context.out.say(&format!("\n{table}"));
        }
    }
    if counts.read > 0 {
        context.out.say(&format!(
            "All of it: halo-host report {} {}",
            connection.name, summary.run
        ));
    }
    Ok(())
}

fn end(summary: &Summary, name: &str) -> Done {
    let failure = summary.failure.as_ref();
    let message = failure.map_or_else(String::new, ToString::to_string);
    match summary.state {
        "done" => Ok(()),
        "stopped" => Err(Ended::Stopped(format!(
            "What was sent stands. To go on: halo-host push {name}"
        ))),
        _ if failure.is_some_and(|failure| needs_a_person(&failure.code)) => {
            Err(Ended::Act(message))
        }
        _ => Err(Ended::Failed(message)),
    }
}

fn show_dry(dry: &DryRun) -> String {
    if dry.changes.is_empty() {
        return "Nothing is due now, so nothing would be sent.".to_owned();
    }
    let mut lines: Vec<String> = dry.changes.iter().map(show_change).collect();
    if dry.more {
        lines.push("More is due; --limit shows more of it.".to_owned());
    }
    lines.push("Nothing was sent.".to_owned());
    lines.join("\n")
}

fn show_change(shown: &Shown) -> String {
    let Shown {
        sequence,
        kind,
        record,
        title,
        what,
        ..
    } = shown;
    let mut text = format!("{sequence}  {kind} {record}");
    if !title.is_empty() {
        text.push_str(&format!(" {title:?}"));
    }
    text.push_str(&format!(", {what}:"));
    for request in &shown.requests {
        text.push_str(&show_request(request));
    }
    if shown.requests.is_empty() {
        text.push_str(match shown.outcome {
            Some("nothing") => "\n    nothing to send",
            Some("sent") => "\n    settled without a request that writes",
            Some("retry") => "\n    cannot be sent now",
            Some("rejected") => "\n    would be rejected",
            _ => "\n    the connector gave no answer",
        });
        if let Some(reason) = &shown.reason {
            text.push_str(&format!(": {reason}"));
        }
    }
    text
}

fn show_request(request: &Refused) -> String {
    /// A request of many objects; the whole of it is in the JSON.
    const CHARACTERS: usize = 4_000;
    let mut text = format!("\n    {} {}", request.method, request.path);
    let body = match serde_json::from_str::<serde_json::Value>(&request.body) {
        Ok(json) => serde_json::to_string_pretty(&json).unwrap_or_default(),
        Err(_) => request.body.clone(),
    };
    let cut: String = body.chars().take(CHARACTERS).collect();
    if !cut.is_empty() {
        text.push_str(&format!("\n    {}", cut.replace('\n', "\n    ")));
    }
    if cut.len() < body.len() {
        text.push('…');
    }
    text
}
