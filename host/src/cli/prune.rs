//! `prune`: forgets once what `serve` forgets once an hour.

use super::{Context, Done, stop_on_signal};
use crate::capability::Stop;
use crate::retention;

#[derive(Debug, clap::Args)]
pub(crate) struct Prune {
    /// Only count; nothing goes.
    #[arg(long)]
    dry_run: bool,
}

impl Prune {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let host = context.host().await?;
        let stop = Stop::default();
        stop_on_signal(&stop, "Stopping after this step…");
        let retention = &host.config.store.retention;
        let now = host.clock.now();
        let sums = retention::prune(&*host.store, retention, now, self.dry_run, &stop).await?;
        let document = serde_json::json!({ "dry-run": self.dry_run, "forgotten": sums });
        context.out.result(&document, || {
            format!(
                "{}: {} previews, {} events, {} runs, {} lines of the journal.",
                if self.dry_run {
                    "Would go"
                } else {
                    "Forgotten"
                },
                sums.previews,
                sums.events,
                sums.runs,
                sums.journal
            )
        });
        Ok(())
    }
}
