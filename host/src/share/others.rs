//! Gives events and changes their batches under the lane of an import.

use std::time::{Duration, Instant};

use super::Share;
use crate::capability::Stop;
use crate::connection::Connection;
use crate::server::receiving::Receiving;
use crate::server::sending::Sending;
use crate::store::Lane;

/// Who else wants the lane that an import has.
pub(crate) struct Others<'a> {
    connection: &'a Connection,
    lane: &'a Lane,
    stop: Stop,
    events: (Share, Receiving),
    changes: (Share, Sending),
}

impl<'a> Others<'a> {
    /// For one import, under its lane, and until it is asked to stop.
    pub(crate) fn of(connection: &'a Connection, lane: &'a Lane, stop: Stop) -> Others<'a> {
        Others {
            connection,
            lane,
            stop,
            events: Default::default(),
            changes: Default::default(),
        }
    }

    /// The import has had the lane for so long, or has waited and not needed it.
    pub(crate) fn import_has_had(&mut self, time: Duration) {
        self.events.0.import_has_had(time);
        self.changes.0.import_has_had(time);
    }

    /// Each gets a batch, if that is its share and something is due. What fails is in the
    /// log and in the record of its run, and comes again.
    pub(crate) async fn turn(&mut self) {
        let (connection, name) = (self.connection, &self.connection.name);
        let (share, receiving) = &mut self.events;
        if share.is_next() && !self.stop.is_asked() {
            let begun = Instant::now();
            let ended = receiving.batch(connection, self.lane, &self.stop).await;
            if let Err(error) = ended {
                tracing::error!(connection = name, %error, "events could not be applied");
            }
            share.has_had(begun.elapsed());
        }
        let (share, sending) = &mut self.changes;
        if share.is_next() && !self.stop.is_asked() {
            let begun = Instant::now();
            let ended = sending.batch(connection, self.lane, &self.stop).await;
            if let Err(error) = ended {
                tracing::error!(connection = name, %error, "changes could not be sent");
            }
            share.has_had(begun.elapsed());
        }
    }
}
