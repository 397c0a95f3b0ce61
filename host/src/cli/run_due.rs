//! `run-due`: does once what a host that serves does all the time, for a scheduler of
//! somebody else's: applies events, runs tasks and scheduled imports, sends changes.

use std::sync::Arc;

use super::output::{Watcher, table};
use super::{Context, Done, Ended, needs_a_person, rows, stop_on_signal};
use crate::capability::Stop;
use crate::clock::Clock;
use crate::connection::ConnectionError;
use crate::events;
use crate::lanes::LaneError;
use crate::pushes;
use crate::runs::{NOT_SET_UP, Summary};
use crate::schedule::{self, Due};
use crate::server::due;

#[derive(Debug, clap::Args)]
pub(crate) struct RunDue {
    /// The connector.
    name: String,
}

impl RunDue {
    pub(crate) async fn run(self, context: &Context) -> Done {
        // Before anything takes its time: what another start has done since is done.
        let asked = Clock::default().now();
        let (host, connection) = context.connection(&self.name).await?;
        let stop = Stop::default();
        stop_on_signal(&stop, "Stopping after this page…");
        let watcher = Arc::new(Watcher::new());
        let mut done: Vec<Summary> = Vec::new();
        let work = async {
            if connection.takes_events() {
                let applied = events::run(&connection, watcher.clone(), stop.clone()).await;
                done.extend(unless_busy(applied)?);
            }
            due::run_due_of(&host, &self.name, &stop)
                .await
                .map_err(|error| ConnectionError::Asked(error.to_string()))?;
            let entry = host.config.connector.get(&self.name);
            let when = entry.and_then(|entry| entry.schedule.as_ref());
            let due = Due::Asked(asked);
            let imports = schedule::run_due(&connection, when, due, watcher.clone(), stop.clone());
            done.extend(imports.await?);
            if connection.can_push() {
                let sent = pushes::run(&connection, watcher.clone(), stop.clone()).await;
                done.extend(unless_busy(sent)?);
            }
            Ok(())
        };
        let ended: Result<(), ConnectionError> = work.await;
        watcher.finish();
        let document = serde_json::json!({ "runs": done });
        context.out.result(&document, || show(&done));
        match ended {
            Ok(()) => {}
            // Another start does it.
            Err(ConnectionError::Lane(error @ LaneError::Busy { .. })) => {
                context.out.say(&error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
        let mut failures = done.iter().filter_map(|summary| summary.failure.clone());
        let failed = failures.find(|failure| failure.code != NOT_SET_UP);
        match failed {
            _ if stop.is_asked() => Err(Ended::Stopped(
                "What was done stands; the next start goes on.".to_owned(),
            )),
            Some(failure) if needs_a_person(&failure.code) => Err(Ended::Act(failure.to_string())),
            Some(failure) => Err(Ended::Failed(failure.to_string())),
            None => Ok(()),
        }
    }
}

/// What somebody else is at is done by them, or by the next start.
fn unless_busy(
    ended: Result<Option<Summary>, ConnectionError>,
) -> Result<Option<Summary>, ConnectionError> {
    match ended {
        Err(ConnectionError::Lane(LaneError::Busy { .. })) => Ok(None),
        ended => ended,
    }
}

fn show(done: &[Summary]) -> String {
    if done.is_empty() {
        return "Nothing is due.".to_owned();
    }
    let rows: Vec<Vec<String>> = done
        .iter()
        .map(|summary| {
            let line = rows::line_of(summary.mode, &summary.counts, summary.state);
            vec![
                summary.run.to_string(),
                summary.entity.clone(),
                summary.state.to_owned(),
                line.unwrap_or_default(),
            ]
        })
        .collect();
    table(&["RUN", "WHAT", "STATE", "ROWS"], &rows)
}
