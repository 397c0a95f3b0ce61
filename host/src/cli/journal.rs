//! `journal`: what was written, when, by whom and from what to what.

use super::{Context, Done, Ended, rows};
use crate::model::Effect;
use crate::runs::show_time;
use crate::store::{JournalEntry, JournalFilter};

#[derive(Debug, clap::Args)]
pub(crate) struct Journal {
    /// Only of one record, for example customer:12.
    #[arg(long, value_name = "KIND:ID")]
    record: Option<String>,
    /// Only of one run.
    #[arg(long)]
    run: Option<u64>,
    /// Only of one connector.
    #[arg(long)]
    connector: Option<String>,
    /// Entries before this number.
    #[arg(long)]
    before: Option<u64>,
    /// At most so many, newest first.
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

impl Journal {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let host = context.host().await?;
        let record = self.record.as_deref().map(parse).transpose()?;
        let filter = JournalFilter {
            layer: 0,
            connection: self.connector,
            run: self.run,
            record,
            before: self.before,
            limit: self.limit,
        };
        let entries = host.store.journal(&filter).await?;
        context.out.result(&entries, || {
            if entries.is_empty() {
                return "The journal has no such entry.".to_owned();
            }
            let lines: Vec<String> = entries.iter().map(show).collect();
            lines.join("\n")
        });
        Ok(())
    }
}

fn parse(record: &str) -> Result<(String, u64), Ended> {
    record
        .rsplit_once([':', '/'])
        .and_then(|(kind, id)| Some((kind.to_owned(), id.parse().ok()?)))
        .ok_or_else(|| {
            Ended::Failed(format!(
                "{record:?} names no record; write KIND:ID, for example customer:12."
            ))
        })
}

/// An entry with its changes, one a line.
pub(crate) fn show(entry: &JournalEntry) -> String {
    let effect = match entry.effect {
        _ if entry.remote.is_some() => "",
        Effect::Created => "created",
        Effect::Updated => "updated",
        Effect::Unchanged => "linked",
        Effect::Removed => "removed",
    };
    let who = match (entry.connection.as_str(), entry.run) {
        ("", _) => entry.cause.clone(),
        (connection, Some(run)) => format!("{connection}, run {run}: {}", entry.cause),
        (connection, None) => format!("{connection}: {}", entry.cause),
    };
    let key = match (&entry.remote, &entry.key) {
        (Some(remote), _) => format!(
            "{} at the remote, {} {}",
            remote.effect, remote.entity, remote.key
        ),
        (None, Some(key)) => format!(" (key {key})"),
        (None, None) => String::new(),
    };
    let mut text = format!(
        "{}  {} {} {effect}{key} by {who}",
        show_time(entry.at),
        entry.kind,
        entry.record
    );
    if let Some(address) = entry
        .remote
        .as_ref()
        .and_then(|remote| remote.address.as_ref())
    {
        text.push_str(&format!("\n    {address}"));
    }
    for change in &entry.changes {
        text.push_str(&format!("\n    {}", rows::from_to(change)));
    }
    text
}
