//! `inbox`: the remote's events, which of them wait, and why; and what a person may do
//! about one.

use std::sync::Arc;

use super::output::{Watcher, table};
use super::{Context, Done, Ended, rows, stop_on_signal};
use crate::capability::Stop;
use crate::events;
use crate::host::OpenError;
use crate::runs::show_time;
use crate::store::{InboxCounts, InboxRow, InboxState};

#[derive(Debug, clap::Args)]
pub(crate) struct Inbox {
    /// The connector.
    name: String,
    /// Events to list.
    #[arg(long, default_value_t = 50)]
    limit: u32,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Apply what is due now; a host that serves does it by itself.
    Apply,
    /// Make an event due at once that failed or was rejected, or all of them.
    Retry {
        /// Its number in the list, or all.
        #[arg(value_name = "ID|all")]
        which: String,
    },
    /// Forget an event that is not done.
    Drop {
        /// Its number in the list.
        id: u64,
    },
}

#[derive(serde::Serialize)]
struct Shown {
    counts: InboxCounts,
    events: Vec<InboxRow>,
}

impl Inbox {
    pub(crate) async fn run(self, context: &Context) -> Done {
        if matches!(self.action, Some(Action::Apply)) {
            return self.apply(context).await;
        }
        // Without its component: what waits can be seen when that is broken.
        let host = context.host().await?;
        let known = host.config.connector(&self.name);
        known.map_err(OpenError::Config)?;
        let store = &host.store;
        match &self.action {
            None | Some(Action::Apply) => {
                let shown = Shown {
                    counts: store.inbox_counts(&self.name).await?,
                    events: store.inbox(&self.name, &[], self.limit).await?,
                };
                context.out.result(&shown, || show(&shown, &self.name));
                Ok(())
            }
            Some(Action::Retry { which }) => {
                let sequence = match which.as_str() {
                    "all" => None,
                    number => Some(number.parse().map_err(|_| {
                        Ended::Failed(format!(
                            "{number:?} is no event; write its number in `halo-host inbox {}`, or all.",
                            self.name
                        ))
                    })?),
                };
                let due = store.inbox_retry(&self.name, sequence).await?;
                if let (Some(number), 0) = (sequence, due) {
                    return Err(self.unknown(number));
                }
                let document = serde_json::json!({ "due": due });
                context.out.result(&document, || match due {
                    0 => "No event has failed or was rejected.".to_owned(),
                    due => format!(
                        "Due now: {due}. A host that serves applies it by itself; else: halo-host inbox {} apply",
                        self.name
                    ),
                });
                Ok(())
            }
            Some(Action::Drop { id }) => {
                if !store.inbox_drop(&self.name, *id).await? {
                    return Err(self.unknown(*id));
                }
                let document = serde_json::json!({ "dropped": id });
                context.out.result(&document, || {
                    "Dropped. The next import brings what it told of, as far as that is still so."
                        .to_owned()
                });
                Ok(())
            }
        }
    }

    async fn apply(&self, context: &Context) -> Done {
        let (_host, connection) = context.connection(&self.name).await?;
        let stop = Stop::default();
        stop_on_signal(&stop, "Stopping after these events…");
        let watcher = Arc::new(Watcher::new());
        let summary = events::run(&connection, watcher.clone(), stop).await;
        watcher.finish();
        let summary = summary?;
        let counts = connection.store().inbox_counts(&self.name).await?;
        let document = serde_json::json!({ "summary": summary, "inbox": counts });
        context.out.result(&document, || match &summary {
            None => "Nothing is due now.".to_owned(),
            Some(summary) => {
                let line = rows::line_of(summary.mode, &summary.counts, summary.state);
                line.unwrap_or_else(|| "No event was about anything that is synced.".to_owned())
            }
        });
        let failure = summary.as_ref().and_then(|summary| summary.failure.clone());
        match (summary.map(|summary| summary.state), failure) {
            (Some("stopped"), _) => Err(Ended::Stopped(format!(
                "What was applied stands. To go on: halo-host inbox {} apply",
                self.name
            ))),
            (_, Some(failure)) => Err(Ended::Failed(failure.to_string())),
            _ => Ok(()),
        }
    }

    fn unknown(&self, id: u64) -> Ended {
        Ended::Failed(format!(
            "There is no such event {id} in the inbox of {name}; it was applied or dropped. The list: halo-host inbox {name}",
            name = self.name
        ))
    }
}

/// In a sentence; nothing where no event ever came in.
pub(crate) fn line(counts: &InboxCounts) -> Option<String> {
    let last = counts.last?;
    let mut text = format!("the last event came in at {}", show_time(last));
    let not_done = counts.waiting + counts.retry + counts.rejected;
    if not_done > 0 {
        text.push_str(&format!(
            "; not applied: {} new, {} tried again, {} rejected",
            counts.waiting, counts.retry, counts.rejected
        ));
    }
    Some(text)
}

fn show(shown: &Shown, name: &str) -> String {
    if shown.events.is_empty() {
        return format!(
            "No event has come in for {name}. Remotes send them to /webhooks/{name} of a host that serves."
        );
    }
    let rows: Vec<Vec<String>> = shown
        .events
        .iter()
        .map(|row| {
            let state = match row.state {
                InboxState::Waiting => "waiting",
                InboxState::Retry => "retry",
                InboxState::Rejected => "rejected",
                InboxState::Applied => "applied",
                InboxState::Ignored => "ignored",
            };
            let next = match row.state {
                InboxState::Retry => show_time(row.next),
                _ => String::new(),
            };
            let failure = row.failure.as_ref();
            vec![
                row.sequence.to_string(),
                show_time(row.received),
                row.object.clone(),
                state.to_owned(),
                row.attempts.to_string(),
                next,
                failure.map_or_else(String::new, ToString::to_string),
            ]
        })
        .collect();
    let head = [
        "ID", "CAME IN", "OBJECT", "STATE", "TRIED", "NEXT", "REASON",
    ];
    let mut text = table(&head, &rows);
    let counts = &shown.counts;
    text.push_str(&format!(
        "{} waiting, {} tried again, {} rejected; of those that are done {} applied, {} ignored.",
        counts.waiting, counts.retry, counts.rejected, counts.applied, counts.ignored
    ));
    if counts.retry + counts.rejected > 0 {
        text.push_str(&format!(
            "\nTo try again at once: halo-host inbox {name} retry ID|all; to give one up: halo-host inbox {name} drop ID"
        ));
    }
    text
}
