//! Halo's changes on their way to a remote: what a connection has not been told, what
//! an attempt to tell it came to, and what people are told of that.

use serde::{Deserialize, Serialize};

use super::ReportRow;
use crate::model::{Failure, FieldChange, RecordId, Timestamp};

/// Messages that are kept of each connection, the newest ones: what a person reads back
/// ends long before.
pub const MESSAGES_KEPT: u32 = 10_000;

/// How a row of the outbox stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OutboxState {
    /// It has not been tried.
    Waiting,
    /// It was tried, and is tried again by itself.
    Retry,
    /// It waits for a person, or for the next change of its record.
    Rejected,
}

/// A change in Halo that a connection has not been told yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutboxRow {
    /// Its number; another one after each change that joins it.
    pub sequence: u64,
    /// For whom.
    pub connection: String,
    /// Kind of the record.
    pub kind: String,
    /// The record.
    pub record: RecordId,
    /// `created`, `updated`, `inactive`, `active` or `deleted`; several changes
    /// of one record become one.
    pub what: String,
    /// The fields that changed, sorted.
    pub fields: Vec<String>,
    /// When the first of them happened.
    pub at: Timestamp,
    /// How it stands.
    pub state: OutboxState,
    /// How often it was tried since its last change.
    pub attempts: u32,
    /// Not before this time; 0 for at once. Without meaning for a rejected one.
    pub next: Timestamp,
    /// Why the last attempt failed.
    pub failure: Option<Failure>,
}

/// An object at the remote that was written for a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteWrite {
    /// The entity.
    pub entity: String,
    /// The remote's id.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// Its page at the remote.
    pub address: Option<String>,
    /// `created`, `updated`, `archived` or `linked`.
    pub effect: String,
}

/// What the attempt to send one row came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Written at the remote, with what was changed there.
    Sent(RemoteWrite, Vec<FieldChange>),
    /// There was nothing to write.
    Nothing,
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

/// One row of the outbox after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The number that it had when it was handed over.
    pub sequence: u64,
    /// Kind of the record.
    pub kind: String,
    /// The record.
    pub record: RecordId,
    /// What it came to.
    pub verdict: Verdict,
    /// For the report of the run.
    pub report: ReportRow,
    /// For people.
    pub message: Option<NewMessage>,
}

/// What the brake has to know of the objects that a push archives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archives {
    /// Records of which an object was archived since then.
    pub archived: u64,
    /// Records that are removed, and of which the connection has not been told.
    pub untold: u64,
}

/// A message to be kept; its record and time are those of what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// `info`, `warning` or `error`.
    pub level: String,
    /// What happened, in one sentence.
    pub text: String,
    /// What people call the record.
    pub title: String,
    /// Its page at the remote.
    pub address: Option<String>,
}

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its number; grows.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// `info`, `warning` or `error`.
    pub level: String,
    /// What happened, in one sentence.
    pub text: String,
    /// Kind of the record.
    pub kind: String,
    /// The record.
    pub record: RecordId,
    /// What people call it.
    pub title: String,
    /// Its page at the remote.
    pub address: Option<String>,
}
