//! Changes in Halo are sent as they come: whenever something is due in the outbox of a
//! connection and its lane is free. Who holds the lane for long gives them their share of it
//! ([`crate::share`]), so nobody holds anything while they wait.

use super::{A_TURN, unwatched};
use crate::capability::Stop;
use crate::connection::{Connection, ConnectionError};
use crate::host::Host;
use crate::lanes::LaneError;
use crate::model::Timestamp;
use crate::pushes;
use crate::runs::Summary;
use crate::store::{Lane, Store, StoreError};
use crate::turns::Backoff;

/// How long nobody looks again at a remote that is not connected: soon after a person
/// has connected it, and seldom until then.
const NOT_CONNECTED_MS: u64 = 30 * 1_000;

/// Sends for one connection. What it remembers is only when not to try.
#[derive(Debug, Default)]
pub struct Sending(Backoff);

type Problem = Box<dyn std::error::Error + Send + Sync>;

impl Sending {
    /// Sends what is due now, if anything is; answers whether it did, so that more may be
    /// due.
    pub async fn turn(&mut self, host: &Host, name: &str, stop: &Stop) -> Result<bool, Problem> {
        if !self.is_due(&*host.store, name, host.clock.now()).await? {
            return Ok(false);
        }
        let connection = host.connection(name).await?;
        if !connection.can_push() {
            return Ok(false);
        }
        let watch = unwatched(stop);
        match pushes::some(&connection, None, A_TURN, watch).await {
            // Whoever has the lane gives changes their share.
            Err(ConnectionError::Lane(LaneError::Busy { .. })) => Ok(false),
            ended => self.ended(&connection, ended),
        }
    }

    /// Sends one batch of what is due, under a lane that is held already.
    pub(crate) async fn batch(
        &mut self,
        connection: &Connection,
        lane: &Lane,
        stop: &Stop,
    ) -> Result<bool, Problem> {
        let (store, now) = (connection.store(), connection.now());
        if !connection.can_push() || !self.is_due(&**store, &connection.name, now).await? {
            return Ok(false);
        }
        let watch = unwatched(stop);
        let ended = pushes::some(connection, Some(lane), 1, watch).await;
        self.ended(connection, ended)
    }

    /// A look at the store alone, as it is taken every second.
    async fn is_due(
        &self,
        store: &dyn Store,
        name: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(!self.0.is_pausing(now) && !store.outbox_due(name, &[], now, 1).await?.is_empty())
    }

    fn ended(
        &mut self,
        connection: &Connection,
        ended: Result<Option<Summary>, ConnectionError>,
    ) -> Result<bool, Problem> {
        let (name, now) = (&connection.name, connection.now());
        match ended {
            Ok(Some(summary)) if summary.state == "failed" => {
                self.0.failed(now);
                let failure = summary.failure.as_ref().map(ToString::to_string);
                let failure = failure.unwrap_or_default();
                tracing::error!(connection = name, failure, "changes could not be sent");
                Ok(false)
            }
            Ok(summary) => {
                self.0 = Backoff::default();
                Ok(summary.is_some())
            }
            // A person must act, and needs to be told once.
            Err(ConnectionError::Failed(failure)) => {
                if self.0.waits(now.saturating_add(NOT_CONNECTED_MS)) {
                    tracing::error!(connection = name, %failure, "changes cannot be sent");
                }
                Ok(false)
            }
            Err(error) => {
                self.0.failed(now);
                Err(error.into())
            }
        }
    }
}
