//! `outbox`: what has changed in Halo and was not sent yet, why, and what a person may
//! do about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::output::table;
use super::{Context, Done, Ended};
use crate::host::{Host, OpenError};
use crate::model::Timestamp;
use crate::runs::show_time;
use crate::schema;
use crate::store::{OutboxRow, OutboxState, Scope, Store};

#[derive(Debug, clap::Args)]
pub(crate) struct Outbox {
    /// The connector.
    name: String,
    /// Changes to list; all with --json.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a change due at once that failed or was rejected, or all of them.
    Retry {
        /// Its number in the list, or all.
        #[arg(value_name = "ID|all")]
        which: String,
    },
    /// Forget a change; it is then never sent.
    Drop {
        /// Its number in the list.
        id: u64,
    },
}

/// A row of the outbox with what people call its record.
#[derive(serde::Serialize)]
struct Listed {
    #[serde(flatten)]
    row: OutboxRow,
    title: String,
}

/// How much waits in an outbox.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Standing {
    pub(crate) waiting: u64,
    pub(crate) retry: u64,
    pub(crate) rejected: u64,
    /// When the next one is tried again by itself.
    pub(crate) next: Option<Timestamp>,
}

impl Standing {
    /// In a sentence; nothing for an empty outbox.
    pub(crate) fn line(&self) -> Option<String> {
        let mut parts = Vec::new();
        let plural = |count: u64| if count == 1 { "change" } else { "changes" };
        if self.waiting > 0 {
            parts.push(format!(
                "{} {} not sent",
                self.waiting,
                plural(self.waiting)
            ));
        }
        if self.retry > 0 {
            let at = self.next.map_or_else(String::new, show_time);
            parts.push(format!(
                "{} {} tried again, the next at {at}",
                self.retry,
                plural(self.retry)
            ));
        }
        if self.rejected > 0 {
            parts.push(format!(
                "{} rejected {} for a person",
                self.rejected,
                if self.rejected == 1 { "waits" } else { "wait" }
            ));
        }
        (!parts.is_empty()).then(|| format!("In the outbox: {}.", parts.join("; ")))
    }
}

/// How much waits in the outbox of a connector.
pub(crate) async fn standing(store: &Arc<dyn Store>, name: &str) -> Result<Standing, Ended> {
    let mut standing = Standing::default();
    for row in store.outbox(name, u32::MAX).await? {
        match row.state {
            OutboxState::Waiting => standing.waiting += 1,
            OutboxState::Rejected => standing.rejected += 1,
            OutboxState::Retry => {
                standing.retry += 1;
                standing.next = Some(standing.next.map_or(row.next, |next| next.min(row.next)));
            }
        }
    }
    Ok(standing)
}

impl Outbox {
    pub(crate) async fn run(self, context: &Context) -> Done {
        // Without its component: what waits can be seen when that is broken.
        let host = context.host().await?;
        let known = host.config.connector(&self.name);
        known.map_err(OpenError::Config)?;
        match &self.action {
            None => self.list(context, &host).await,
            Some(Action::Retry { which }) => self.retry(context, &host, which).await,
            Some(Action::Drop { id }) => self.drop(context, &host, *id).await,
        }
    }

    async fn list(&self, context: &Context, host: &Host) -> Done {
        let rows = host.store.outbox(&self.name, u32::MAX).await?;
        let count = rows.len();
        let shown = if context.out.is_json() {
            count
        } else {
            self.limit
        };
        let listed = named(host, rows.into_iter().take(shown).collect()).await?;
        let standing = standing(&host.store, &self.name).await?;
        context
            .out
            .result(&listed, || show(&listed, count, &standing, &self.name));
        Ok(())
    }

    async fn retry(&self, context: &Context, host: &Host, which: &str) -> Done {
        let sequence = match which {
            "all" => None,
            number => Some(number.parse().map_err(|_| {
                Ended::Failed(format!(
                    "{number:?} is no change; write its number in `halo-host outbox {}`, or all.",
                    self.name
                ))
            })?),
        };
        let made_due = host.store.outbox_retry(&self.name, sequence).await?;
        if let (Some(number), 0) = (sequence, made_due) {
            return Err(self.unknown(number));
        }
        let document = serde_json::json!({ "due": made_due });
        context.out.result(&document, || match made_due {
            0 => "No change has failed or was rejected.".to_owned(),
            due => format!(
                "Due now: {due}. A host that serves sends it by itself; else: halo-host push {}",
                self.name
            ),
        });
        Ok(())
    }

    async fn drop(&self, context: &Context, host: &Host, id: u64) -> Done {
        if !host.store.outbox_drop(&self.name, id).await? {
            return Err(self.unknown(id));
        }
        let document = serde_json::json!({ "dropped": id });
        context.out.result(&document, || {
            "Dropped. The record is as it was; its next change is sent again.".to_owned()
        });
        Ok(())
    }

    fn unknown(&self, id: u64) -> Ended {
        Ended::Failed(format!(
            "There is no change {id} in the outbox of {name}; it was sent, dropped, or has another number since its record changed again. The list: halo-host outbox {name}",
            name = self.name
        ))
    }
}

/// Rows with what people call their records; a record that is gone has no name.
async fn named(host: &Host, rows: Vec<OutboxRow>) -> Result<Vec<Listed>, Ended> {
    let scope = Scope {
        connection: String::new(),
        layer: 0,
        run: None,
        cause: String::new(),
        lane: None,
    };
    let mut by_kind: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for row in &rows {
        by_kind.entry(&row.kind).or_default().push(row.record);
    }
    let mut titles = BTreeMap::new();
    for (kind, ids) in by_kind {
        let found = host.store.read(&scope, kind, &ids).await?;
        for record in found.into_iter().flatten() {
            let title = record.fields.get(schema::title_of(kind));
            let title = title.map_or_else(String::new, |title| title.display());
            titles.insert((record.kind, record.id), title);
        }
    }
    let listed = rows.into_iter().map(|row| Listed {
        title: titles
            .remove(&(row.kind.clone(), row.record))
            .unwrap_or_default(),
        row,
    });
    Ok(listed.collect())
}

fn show(listed: &[Listed], count: usize, standing: &Standing, name: &str) -> String {
    if listed.is_empty() {
        return "Nothing has changed in Halo that was not sent.".to_owned();
    }
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|Listed { row, title }| {
            let (state, next) = match row.state {
                OutboxState::Waiting => ("waiting", String::new()),
                OutboxState::Retry => ("retry", show_time(row.next)),
                OutboxState::Rejected => ("rejected", String::new()),
            };
            let failure = row.failure.as_ref();
            vec![
                row.sequence.to_string(),
                format!("{} {}", row.kind, row.record),
                title.clone(),
                row.what.clone(),
                state.to_owned(),
                row.attempts.to_string(),
                next,
                failure.map_or_else(String::new, ToString::to_string),
            ]
        })
        .collect();
    let head = [
        "ID", "RECORD", "NAME", "WHAT", "STATE", "TRIED", "NEXT", "REASON",
    ];
    let mut text = table(&head, &rows);
    if count > listed.len() {
        text.push_str(&format!(
            "{} of {count}; --limit shows more.\n",
            listed.len()
        ));
    }
    text.push_str(&standing.line().unwrap_or_default());
    if standing.retry + standing.rejected > 0 {
        text.push_str(&format!(
            "\nTo try again at once: halo-host outbox {name} retry ID|all; to give one up: halo-host outbox {name} drop ID"
        ));
    }
    text
}
