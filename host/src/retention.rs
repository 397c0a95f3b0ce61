//! What is kept for how long. A host that serves forgets once an hour, in small steps with
//! pauses, so that nobody waits; `halo-host prune` does it once.
//!
//! Kept for ever: what is open (changes, events, a preview that runs), the last run and the
//! last failed run of each entity and mode, and the last line of the journal of each record
//! and writer, so that `why` and `journal` always have an answer.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::capability::Stop;
use crate::host::Host;
use crate::model::Timestamp;
use crate::store::{Stale, Step, Store, StoreError};

/// Rows in one step: some milliseconds of the thread that writes.
const STEP: u32 = 500;
/// Between two steps, for others.
const PAUSE: Duration = Duration::from_millis(20);
/// Between two rounds of a host that serves.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// How often a stop is looked for.
const LOOK: Duration = Duration::from_millis(200);
/// Remotes repeat an event for a day or more, and it must still be known then.
const EVENTS_AT_LEAST: u32 = 3;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// `[store.retention]`: days; 0 keeps for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Retention {
    /// What was written, field by field.
    pub journal: u32,
    /// Runs, with what became of each row.
    pub runs: u32,
    /// What previews would have written; their reports are kept like all others.
    pub previews: u32,
    /// Events that are done.
    pub events: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Retention {
            // A year of "who changed this".
            journal: 400,
            runs: 90,
            previews: 7,
            events: 30,
        }
    }
}

impl Retention {
    /// Every problem, as a sentence.
    pub fn check(&self) -> Result<(), String> {
        if self.events > 0 && self.events < EVENTS_AT_LEAST {
            return Err(format!(
                "`events` is {}, but remotes repeat an event for days: {EVENTS_AT_LEAST} at least, or 0 for ever.",
                self.events
            ));
        }
        Ok(())
    }

    /// In the order in which one makes room for the next.
    fn parts(&self) -> [(Stale, u32); 4] {
        [
            (Stale::Layers, self.previews),
            (Stale::Events, self.events),
            (Stale::Runs, self.runs),
            (Stale::Journal, self.journal),
        ]
    }
}

/// What was forgotten, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Layers of previews.
    pub previews: u64,
    /// Events.
    pub events: u64,
    /// Runs.
    pub runs: u64,
    /// Lines of the journal.
    pub journal: u64,
}

/// Forgets all that is old now.
pub async fn prune(
    store: &dyn Store,
    retention: &Retention,
    now: Timestamp,
    dry_run: bool,
    stop: &Stop,
) -> Result<Sums, StoreError> {
    let mut sums = Sums::default();
    for (what, days) in retention.parts() {
        if days == 0 {
            continue;
        }
        let mut step = Step {
            before: now.saturating_sub(u64::from(days) * DAY_MS),
            after: 0,
            limit: STEP,
            dry_run,
        };
        let mut gone = 0;
        while !stop.is_asked() {
            let pruned = store.prune(what, step).await?;
            gone += pruned.gone;
            let Some(next) = pruned.next else { break };
            step.after = next;
            tokio::time::sleep(PAUSE).await;
        }
        *match what {
            Stale::Layers => &mut sums.previews,
            Stale::Events => &mut sums.events,
            Stale::Runs => &mut sums.runs,
            Stale::Journal => &mut sums.journal,
        } = gone;
    }
    Ok(sums)
}

/// Likely pairs are as old as runs may be: their evidence names people.
async fn forget_old_likely(host: &Host, now: Timestamp) -> Result<(), StoreError> {
    let days = host.config.store.retention.runs;
    let before = now.saturating_sub(u64::from(days) * DAY_MS);
    for connection in host.config.connector.keys().filter(|_| days > 0) {
        crate::admin::forget_old_likely(&host.store, connection, before).await?;
    }
    Ok(())
}

/// Does so while a host serves.
pub(crate) async fn keep(host: Arc<Host>, stop: Stop) {
    while !stop.is_asked() {
        let retention = &host.config.store.retention;
        let now = host.clock.now();
        match prune(&*host.store, retention, now, false, &stop).await {
            Ok(sums) if sums != Sums::default() => {
                tracing::info!(?sums, "what is old was forgotten");
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "what is old could not be forgotten"),
        }
        if let Err(error) = forget_old_likely(&host, now).await {
            tracing::error!(%error, "old likely pairs could not be forgotten");
        }
        let since = std::time::Instant::now();
        while since.elapsed() < EVERY && !stop.is_asked() {
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Retention, String> {
        let retention: Retention = toml::from_str(text).map_err(|error| error.to_string())?;
        retention.check().map(|()| retention)
    }

    #[test]
    fn what_is_not_said_has_its_default_and_0_keeps_for_ever() {
        let all = Retention::default();
        assert_eq!(parse("").unwrap(), all);
        assert_eq!(parse("events = 0").unwrap(), Retention { events: 0, ..all });
        assert!(parse("events = 2").unwrap_err().contains("3 at least"));
        assert!(parse("jornal = 2").unwrap_err().contains("jornal"));
    }
}
