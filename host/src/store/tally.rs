//! Counting the records that an import changes, so that the brake can hold it. What
//! is too much is decided in `brake.rs`; the store counts, in the transaction that
//! writes, and keeps the count for the import that goes on after a kill.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::RunId;

/// How many existing records of one kind an import has changed, over all its runs
/// from the first one until it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// What is counted: the entity of the import.
    pub subject: String,
    /// The kind of the records.
    pub kind: String,
    /// Its first run: a record that the connection has made since was not there
    /// before, and its changes do not count.
    pub since: RunId,
    /// Of how many records.
    pub base: u64,
    /// The preview that a person has confirmed.
    pub confirms: Option<RunId>,
    /// Up to where a person has allowed `changed` to come; 0 when nobody has.
    pub allowed: u64,
    /// Records that were changed or removed, each counted once.
    pub changed: u64,
    /// What `changed` would have become by the call that was refused last; 0 for
    /// none.
    pub wanted: u64,
}

/// Up to where the changes of one call may take the tallies of a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Which tallies.
    pub subject: String,
    /// The highest `changed` by kind; a kind that is not here is only counted.
    pub limits: BTreeMap<String, u64>,
}
