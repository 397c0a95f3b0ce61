//! The remote's events on their way to a connector: what has come in, and what became of
//! it.

use serde::{Deserialize, Serialize};

use crate::model::{Failure, Timestamp};

/// An event as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// For whom.
    pub connection: String,
    /// The remote's id of the account that it is of.
    pub account: String,
    /// Events with the same key concern the same object.
    pub object: String,
    /// Two events with the same value are the same event.
    pub dedupe: String,
    /// What the connector has made of it.
    pub payload: Vec<u8>,
}

/// How many events were taken into the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    /// New ones.
    pub new: u64,
    /// Those that were known already.
    pub known: u64,
}

impl Sorted {
    /// Both together.
    pub(super) fn add(&mut self, other: Sorted) {
        self.new += other.new;
        self.known += other.known;
    }
}

/// How an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InboxState {
    /// It has not been tried.
    Waiting,
    /// It was tried, and is tried again by itself.
    Retry,
    /// It waits for a person.
    Rejected,
    /// It was applied. It is kept for a while, so that the same one again is known.
    Applied,
    /// There was nothing to do; kept like an applied one.
    Ignored,
}

/// An event that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InboxRow {
    /// Its number; grows.
    pub sequence: u64,
    /// For whom.
    pub connection: String,
    /// The remote's id of the account that it is of.
    pub account: String,
    /// The object.
    pub object: String,
    /// What makes it the same as another one.
    #[serde(skip)]
    pub dedupe: String,
    /// What the connector has made of it; empty once nothing is to be done any more.
    #[serde(skip)]
    pub payload: Vec<u8>,
    /// When it came in.
    pub received: Timestamp,
    /// How it stands.
    pub state: InboxState,
    /// How often it was tried.
    pub attempts: u32,
    /// Not before this time; 0 for at once.
    pub next: Timestamp,
    /// Why the last attempt failed, or why there was nothing to do.
    pub failure: Option<Failure>,
}

/// What the attempt to apply an event came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Done.
    Done,
    /// There was nothing to do, and why.
    Ignored(Failure),
    /// It is tried again.
    Retry {
        /// Why.
        failure: Failure,
        /// When.
        next: Timestamp,
    },
    /// A person must act.
    Rejected(Failure),
}

/// How many events of a connection stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InboxCounts {
    /// Not tried yet.
    pub waiting: u64,
    /// Tried again by themselves.
    pub retry: u64,
    /// Waiting for a person.
    pub rejected: u64,
    /// Applied, of those that are still kept.
    pub applied: u64,
    /// Without anything to do, of those that are still kept.
    pub ignored: u64,
    /// When the last one came in.
    pub last: Option<Timestamp>,
    /// When the oldest one that is not done came in.
    pub oldest: Option<Timestamp>,
}
