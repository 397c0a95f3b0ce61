//! A list of what has changed, kept only while somebody wants to know: webhooks are made
//! from it. Whoever changes records or links adds to it, so that no way of changing them
//! is without its event.

use super::link_types::Mask;
use super::links::Key;
use super::record::Column;

/// What happened to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was made.
    Created,
    /// A value was written.
    Value(Column, String),
    /// A value follows from something else that changed.
    Computed(Column, String),
    /// It went into the recycling bin.
    Archived,
    /// It came out of there.
    Restored,
    /// It is what two others have become; it may be the first of them.
    Merged {
        /// Whose values win.
        primary: u64,
        /// The other one.
        other: u64,
    },
    /// A person asked to be forgotten.
    Forgotten,
}

/// A link that was made, relabelled or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relinked {
    /// One end.
    pub a: Key,
    /// The other one.
    pub b: Key,
    /// The types from `a` to `b` that there were; none for a new link.
    pub before: Mask,
    /// The types that there are now.
    pub after: Mask,
}

/// Entries in the order in which they came.
#[derive(Debug)]
pub struct Log<T> {
    on: bool,
    entries: Vec<T>,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self {
            on: false,
            entries: Vec::new(),
        }
    }
}

impl<T> Log<T> {
    /// From now on entries are kept, or not any more.
    pub fn switch(&mut self, on: bool) {
        self.on = on;
        self.entries.clear();
    }

    /// Whether entries are kept.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Adds an entry.
    pub fn add(&mut self, entry: T) {
        if self.on {
            self.entries.push(entry);
        }
    }

    /// What has come since it was last asked.
    pub fn take(&mut self) -> Vec<T> {
        std::mem::take(&mut self.entries)
    }
}

/// A change of the record of this id; `None` when is now.
pub type Logged = (Option<i64>, u64, Change);
