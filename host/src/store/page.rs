//! A part of a list, as people and their programs leaf through Halo's records.

use crate::model::{RecordId, Stored, Timestamp};

/// Which real records of a kind, in which order, and which part of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageFilter {
    /// The kind.
    pub kind: String,
    /// Only these records.
    pub ids: Option<Vec<RecordId>>,
    /// Only those of which an indexed field contains this (folded).
    pub search: Option<String>,
    /// Only those in use, or only those out of use.
    pub active: Option<bool>,
    /// Only those that refer to one of these records, for each field.
    pub refers: Vec<(String, Vec<RecordId>)>,
    /// Only those whose last change is not before this.
    pub changed_from: Option<Timestamp>,
    /// Only those whose last change is not after this.
    pub changed_to: Option<Timestamp>,
    /// By this text field, and then by id; without, by id.
    pub order: Option<String>,
    /// The other way round.
    pub descending: bool,
    /// So many are passed over.
    pub offset: u64,
    /// At most so many.
    pub limit: u32,
}

/// A record with the times that the journal knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    /// The record; nobody asks on behalf of a connection, so without keys.
    pub record: Stored,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it was written last.
    pub changed: Option<Timestamp>,
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// How many records the whole list has.
    pub total: u64,
    /// Those of this part.
    pub records: Vec<Dated>,
}
