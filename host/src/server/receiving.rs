//! Events are applied as they come: whenever something is due in the inbox of a connection
//! and its lane is free. Who holds the lane for long gives them their share of it
//! ([`crate::share`]), so nobody holds anything while they wait.

use super::{A_TURN, unwatched};
use crate::capability::Stop;
use crate::connection::{Connection, ConnectionError};
use crate::events;
use crate::host::Host;
use crate::lanes::LaneError;
use crate::model::Timestamp;
use crate::runs::Summary;
use crate::store::{Lane, Store, StoreError};
use crate::turns::Backoff;

/// Applies for one connection. What it remembers is only when not to try.
#[derive(Debug, Default)]
pub struct Receiving(Backoff);

type Problem = Box<dyn std::error::Error + Send + Sync>;

impl Receiving {
    /// Applies what is due now, if anything is; answers whether it did, so that more may
    /// be due.
    pub async fn turn(&mut self, host: &Host, name: &str, stop: &Stop) -> Result<bool, Problem> {
        if !self.is_due(&*host.store, name, host.clock.now()).await? {
            return Ok(false);
        }
        let connection = host.recent(name).await?;
        let watch = unwatched(stop);
        match events::some(&connection, None, A_TURN, watch).await {
            // Whoever has the lane gives events their share.
            Err(ConnectionError::Lane(LaneError::Busy { .. })) => Ok(false),
            ended => self.ended(&connection, ended),
        }
    }

    /// Applies one batch of what is due, under a lane that is held already.
    pub(crate) async fn batch(
        &mut self,
        connection: &Connection,
        lane: &Lane,
        stop: &Stop,
    ) -> Result<bool, Problem> {
        let (store, now) = (connection.store(), connection.now());
        if !connection.takes_events() || !self.is_due(&**store, &connection.name, now).await? {
            return Ok(false);
        }
        let watch = unwatched(stop);
        let ended = events::some(connection, Some(lane), 1, watch).await;
        self.ended(connection, ended)
    }

    /// A look at the store alone, as it is taken every second.
    async fn is_due(
        &self,
        store: &dyn Store,
        name: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(!self.0.is_pausing(now) && store.inbox_has_due(name, now).await?)
    }

    fn ended(
        &mut self,
        connection: &Connection,
        ended: Result<Option<Summary>, ConnectionError>,
    ) -> Result<bool, Problem> {
        match ended {
            Ok(Some(summary)) if summary.state == "failed" => {
                self.0.failed(connection.now());
                let failure = summary.failure.as_ref().map(ToString::to_string);
                let failure = failure.unwrap_or_default();
                let connection = &connection.name;
                tracing::error!(connection, failure, "events could not be applied");
                Ok(false)
            }
            Ok(summary) => {
                self.0 = Backoff::default();
                Ok(summary.is_some())
            }
            Err(error) => {
                self.0.failed(connection.now());
                Err(error.into())
            }
        }
    }
}
