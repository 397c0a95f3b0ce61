//! `status`: how the connections stand; sends no request.

use std::collections::BTreeMap;

use super::report::{ending, mode};
use super::{Context, Done, Ended, inbox, rows};
use crate::host::Host;
use crate::model::{Failure, Timestamp};
use crate::runs::show_time;
use crate::schedule::{self, NearLive, Next};
use crate::store::{Counts, InboxCounts, Run, RunMode, Task};
use crate::watch;

#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// Only this connector.
    name: Option<String>,
}

#[derive(serde::Serialize)]
struct Standing {
    connector: String,
    #[serde(flatten)]
    status: crate::connection::Status,
    runs: Vec<Counted>,
    /// Imports that the brake has stopped, by entity.
    braked: BTreeMap<String, Failure>,
    tasks: Vec<Task>,
    outbox: usize,
    inbox: InboxCounts,
    /// When the last event of each kind of object came in.
    events: BTreeMap<String, Timestamp>,
    /// Scheduled imports: when each is due.
    schedule: Vec<Next>,
    /// What polling in place of events costs, where that is switched on.
    #[serde(rename = "near-live")]
    near_live: Option<NearLive>,
    warning: Option<String>,
    #[serde(skip)]
    scheduled: bool,
    #[serde(skip)]
    now: Timestamp,
}

/// A run, and what became of its rows.
#[derive(serde::Serialize)]
struct Counted {
    #[serde(flatten)]
    run: Run,
    counts: Counts,
}

/// Runs shown: the last of each entity and a few more.
const RUNS: usize = 5;
/// Runs among which these are looked for.
const LOOKED_AT: u32 = 1_000;

impl Status {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let host = context.host().await?;
        let names: Vec<String> = match self.name {
            Some(name) => vec![name],
            None => host.config.connector.keys().cloned().collect(),
        };
        for name in names {
            let connection = host.connection(&name).await?;
            let entry = host.config.connector.get(&name);
            let when = entry.and_then(|entry| entry.schedule.as_ref());
            let (wanted, schedule, warning) = schedule::next_runs(&connection, when).await?;
            let standing = Standing {
                near_live: schedule::near_live(&connection, entry, &wanted).await?,
                schedule,
                warning,
                scheduled: when.is_some(),
                now: connection.now(),
                status: connection.status().await?,
                runs: counted(&host, &name).await?,
                braked: watch::refused(&connection).await?,
                tasks: host.store.tasks(&name).await?,
                outbox: host.store.outbox(&name, u32::MAX).await?.len(),
                inbox: host.store.inbox_counts(&name).await?,
                events: last_events(&host, &name).await?,
                connector: name,
            };
            context.out.result(&standing, || show(&standing));
        }
        Ok(())
    }
}

/// By kind of object: when the last event of it came in, among the newest ones.
async fn last_events(host: &Host, connector: &str) -> Result<BTreeMap<String, Timestamp>, Ended> {
    let mut last = BTreeMap::new();
    for row in host.store.inbox(connector, &[], LOOKED_AT).await? {
        // By convention: `deal/123`.
        let kind = row.object.split('/').next().unwrap_or_default();
        last.entry(kind.to_owned()).or_insert(row.received);
    }
    Ok(last)
}

async fn counted(host: &Host, connector: &str) -> Result<Vec<Counted>, Ended> {
    let mut counted = Vec::new();
    let runs = host.store.runs(connector, LOOKED_AT).await?;
    // Events come every few seconds, and have a line of their own.
    let others = runs.into_iter().filter(|run| run.mode != RunMode::Events);
    for run in others.take(RUNS) {
        let counts = host.store.counts(run.id).await?;
        counted.push(Counted { run, counts });
    }
    Ok(counted)
}

fn show(standing: &Standing) -> String {
    let status = &standing.status;
    let mut text = format!("{}: {}", standing.connector, status.state);
    if let Some(account) = &status.account {
        text.push_str(&format!(" ({account})"));
    }
    text.push('\n');
    if let Some(reason) = &status.reason {
        text.push_str(&format!("  {reason}\n"));
    }
    for (n, counted) in standing.runs.iter().enumerate() {
        text.push_str(&show_run(counted, n == 0));
    }
    if let Some(last) = standing.runs.first() {
        text.push_str(&format!(
            "  rows and reasons of a run: halo-host report {} {}\n",
            standing.connector, last.run.id
        ));
    }
    for (entity, failure) in &standing.braked {
        text.push_str(&format!("  {entity} is braked: {failure}\n"));
    }
    for task in &standing.tasks {
        text.push_str(&format!(
            "  task {} due {}\n",
            task.name,
            show_time(task.due)
        ));
    }
    if standing.outbox > 0 {
        text.push_str(&format!(
            "  outbox: {} changed in Halo and not sent yet\n",
            match standing.outbox {
                1 => "1 record".to_owned(),
                records => format!("{records} records"),
            }
        ));
    }
    for next in &standing.schedule {
        text.push_str(&show_next(next, standing.scheduled, standing.now));
    }
    if let Some(near_live) = &standing.near_live {
        text.push_str(&format!("  near-live: {near_live}\n"));
    }
    for warning in standing
        .warning
        .as_deref()
        .into_iter()
        .chain(status.warnings())
    {
        text.push_str(&format!("  warning: {warning}\n"));
    }
    if let Some(line) = inbox::line(&standing.inbox) {
        text.push_str(&format!("  inbox: {line}\n"));
        let kinds: Vec<String> = { standing.events.iter() }
            .map(|(kind, at)| format!("{kind} at {}", show_time(*at)))
            .collect();
        text.push_str(&format!("    last of each kind: {}\n", kinds.join(", ")));
    }
    text
}

/// When a scheduled import comes next, and how it went.
fn show_next(next: &Next, scheduled: bool, now: Timestamp) -> String {
    let at = match next.at {
        Some(at) if at <= now => format!("due since {}; serve or run-due runs it", show_time(at)),
        Some(at) => format!("at {}", show_time(at)),
        None if scheduled => {
            "never; the schedule of the configuration has no time for it".to_owned()
        }
        None => "when a scheduler asks (run-due)".to_owned(),
    };
    let mut text = format!("  next import of {}: {at}\n", next.entity);
    if let Some(last) = &next.last {
        text.push_str(&format!(
            "    last import: run {} at {}: {}\n",
            last.id,
            show_time(last.started),
            ending(last, true)
        ));
    }
    if let Some(error) = &next.last_error
        && next.last.as_ref() != Some(error)
    {
        text.push_str(&format!(
            "    last error: run {} at {}: {}\n",
            error.id,
            show_time(error.started),
            ending(error, false)
        ));
    }
    text
}

fn show_run(counted: &Counted, is_last: bool) -> String {
    let Counted { run, counts } = counted;
    let mut text = format!(
        "  run {} {} {}, started {}",
        run.id,
        mode(run.mode),
        run.entity,
        show_time(run.started)
    );
    if let Some(ended) = run.ended {
        text.push_str(&format!(", ended {}", show_time(ended)));
    }
    // Last, as its reason is a sentence of its own.
    text.push_str(&format!(": {}\n", ending(run, is_last)));
    if let Some(line) = rows::line_of(run.mode, counts, &run.state) {
        text.push_str(&format!("    {line}\n"));
    }
    text
}
