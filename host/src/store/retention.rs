//! What a store may forget: what is old, and what concerns somebody who has that right.

use serde::Serialize;

use crate::model::Timestamp;

/// What grows with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// The layers of previews; their reports stay.
    Layers,
    /// Events that are done.
    Events,
    /// Runs with their reports, but for the last one and the last failed one of each
    /// entity and mode.
    Runs,
    /// Lines of the journal whose run is forgotten, or that had none; the last line of
    /// each record and writer stays.
    Journal,
}

/// One bounded part of the work: an operation holds up everybody who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Older than this.
    pub before: Timestamp,
    /// From the number after this one on.
    pub after: u64,
    /// At most so many rows are looked at or removed.
    pub limit: u32,
    /// Counts only.
    pub dry_run: bool,
}

/// What one step came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// So many went, or would.
    pub gone: u64,
    /// `after` of the next step; nothing when it is done.
    pub next: Option<u64>,
}

/// A remote object about which values are to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Whose.
    pub connection: String,
    /// Its entity.
    pub entity: String,
    /// The remote's id.
    pub key: String,
    /// The kind of record that it is.
    pub kind: String,
}

/// In how many places values were forgotten; that something was there, and when, stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// Lines of the journal.
    pub journal: u64,
    /// Rows of reports.
    pub reports: u64,
    /// Messages.
    pub messages: u64,
    /// Events, and changes that were not sent.
    pub events: u64,
    /// Layers of previews that held it.
    pub previews: u64,
}

/// What stands in place of a value, a title or a reason that was forgotten.
pub const FORGOTTEN: &str = "(forgotten)";
