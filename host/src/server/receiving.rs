//! Events are applied as they come: whenever something is due in the inbox of a connection
//! and its lane is free. An import that is going on is waited for without holding anything.

use std::sync::Arc;

use crate::capability::{Stop, Unwatched};
use crate::connection::ConnectionError;
use crate::events;
use crate::host::Host;
use crate::lanes::LaneError;
use crate::model::Timestamp;
use crate::pushes::{self, pause};

/// Applies for one connection. What it remembers is only when not to try.
#[derive(Debug, Default)]
pub struct Receiving {
    failures: u32,
    not_before: Timestamp,
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

impl Receiving {
    /// Applies what is due now, if anything is.
    pub async fn turn(&mut self, host: &Host, name: &str, stop: &Stop) -> Result<(), Problem> {
        let now = host.clock.now();
        // A look at the store alone, as it is taken every second.
        if pushes::is_pausing(self.not_before, now) || !host.store.inbox_has_due(name, now).await? {
            return Ok(());
        }
        let connection = host.recent(name).await?;
        match events::run(&connection, Arc::new(Unwatched), stop.clone()).await {
            Ok(Some(summary)) if summary.state == "failed" => {
                let failure = summary.failure.as_ref().map(ToString::to_string);
                self.failed(host.clock.now());
                let failure = failure.unwrap_or_default();
                tracing::error!(connection = name, failure, "events could not be applied");
            }
            Ok(_) => *self = Receiving::default(),
            // An import is going on.
            Err(ConnectionError::Lane(LaneError::Busy { .. })) => {}
            Err(error) => {
                self.failed(host.clock.now());
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn failed(&mut self, now: Timestamp) {
        self.not_before = now.saturating_add(pause(self.failures));
        self.failures = self.failures.saturating_add(1);
    }
}
