//! Changes in Halo are sent as they come: whenever something is due in the outbox of a
//! connection and its lane is free. An import that is going on is waited for without
//! holding anything.

use std::sync::Arc;

use crate::capability::{Stop, Unwatched};
use crate::connection::ConnectionError;
use crate::host::Host;
use crate::lanes::LaneError;
use crate::model::Timestamp;
use crate::pushes;

/// How long nobody looks again at a remote that is not connected: soon after a person
/// has connected it, and seldom until then.
const NOT_CONNECTED_MS: u64 = 30 * 1_000;

/// Sends for one connection. What it remembers is only when not to try.
#[derive(Debug, Default)]
pub struct Sending {
    failures: u32,
    not_before: Timestamp,
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

impl Sending {
    /// Sends what is due now, if anything is.
    pub async fn turn(&mut self, host: &Host, name: &str, stop: &Stop) -> Result<(), Problem> {
        let now = host.clock.now();
        // A look at the store alone, as it is taken every second.
        if pushes::is_pausing(self.not_before, now)
            || host.store.outbox_due(name, &[], now, 1).await?.is_empty()
        {
            return Ok(());
        }
        let connection = host.connection(name).await?;
        if !connection.can_push() {
            return Ok(());
        }
        match pushes::run(&connection, Arc::new(Unwatched), stop.clone()).await {
            Ok(Some(summary)) if summary.state == "failed" => {
                let failure = summary.failure.as_ref().map(ToString::to_string);
                self.failed(host.clock.now());
                let failure = failure.unwrap_or_default();
                tracing::error!(connection = name, failure, "changes could not be sent");
            }
            Ok(_) => *self = Sending::default(),
            // An import is going on.
            Err(ConnectionError::Lane(LaneError::Busy { .. })) => {}
            // A person must act, and needs to be told once.
            Err(ConnectionError::Failed(failure)) => {
                if self.failures == 0 {
                    tracing::error!(connection = name, %failure, "changes cannot be sent");
                }
                self.failures = 1;
                self.not_before = host.clock.now().saturating_add(NOT_CONNECTED_MS);
            }
            Err(error) => {
                self.failed(host.clock.now());
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn failed(&mut self, now: Timestamp) {
        self.not_before = now.saturating_add(pushes::pause(self.failures));
        self.failures = self.failures.saturating_add(1);
    }
}
