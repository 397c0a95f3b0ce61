//! The store in one SQLite file.
//!
//! One thread writes, one thread reads beside it: with a write-ahead log a reader
//! sees everything that was committed and never waits for the disk. An operation
//! is one transaction on one of the two; a write is answered when its commit is on
//! the disk. Several processes may open the same file: they wait for each other's
//! writes, and the fences of lanes keep them from overwriting each other.
//!
//! | module | what it is |
//! |---|---|
//! | `operations` | the list of operations, each a line into a module |
//! | `open`, `schema` | the file: rights, checks, tables, migrations |
//! | `worker` | a thread that owns a connection |
//! | `records`, `index` | reading by id, key and value, through a layer |
//! | `pages` | leafing through what is real |
//! | `room` | how large one answer may be |
//! | `upsert`, `keys` | writing rows |
//! | `tallies` | counting changes for the brake |
//! | `journal`, `outbox` | what a write leaves behind |
//! | `sending`, `messages` | what is due in the outbox, what came of it, and what people are told |
//! | `arrivals`, `inbox` | the remote's events |
//! | `lanes`, `state`, `secrets`, `tasks`, `settings`, `connections` | the rest, one idea each |
//! | `prune`, `forget` | what is old, and what somebody wants to be forgotten |
//! | `backup` | a copy while others work, and back |
//! | `runs`, `reports`, `sums` | runs, what became of each row, and of how many |

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Transaction, TransactionBehavior};

use self::error::{Answer, Fault};
use self::index::Indexed;
use self::worker::Worker;
use crate::store::{Result, Sorted, StoreError};

mod arrivals;
mod backup;
mod column;
mod connections;
mod effect;
mod error;
mod forget;
mod inbox;
mod index;
mod journal;
mod keys;
mod lanes;
mod messages;
mod open;
mod operations;
mod outbox;
mod pages;
mod prune;
mod records;
mod reports;
mod room;
mod runs;
mod schema;
mod secrets;
mod sending;
mod settings;
mod state;
mod sums;
mod tallies;
mod tasks;
mod upsert;
mod worker;

pub use backup::{back_up, restore};

#[cfg(test)]
mod plans;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod upgrades;

/// A store in a file.
pub struct SqliteStore {
    path: PathBuf,
    indexed: Indexed,
    writer: Worker,
    reader: Worker,
    /// What this store has taken into the inbox, by connection.
    sorted: Mutex<BTreeMap<String, Sorted>>,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish()
    }
}

impl SqliteStore {
    /// Opens the file, and makes it when there is none. `indexed` names the fields
    /// of each kind by which records may be looked up.
    ///
    /// Fails with `Unusable` (rights, folder, file system), `Corrupt` (no database,
    /// another program's, or a damaged one) or `Newer`.
    pub fn open(
        path: &Path,
        indexed: &'static [(&'static str, &'static [&'static str])],
    ) -> std::result::Result<SqliteStore, StoreError> {
        let open = || {
            let writer = open::writer(path, indexed)?;
            let reader = open::reader(path)?;
            Ok(SqliteStore {
                path: path.to_owned(),
                indexed,
                writer: Worker::start("store-writer", writer, TransactionBehavior::Immediate)?,
                reader: Worker::start("store-reader", reader, TransactionBehavior::Deferred)?,
                sorted: Mutex::default(),
            })
        };
        open().map_err(|fault: Fault| fault.explain(path))
    }

    async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Answer<T> + Send + 'static,
    {
        self.writer
            .run(work)
            .await
            .map_err(|fault| fault.explain(&self.path))
    }

    async fn look<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Answer<T> + Send + 'static,
    {
        self.reader
            .run(work)
            .await
            .map_err(|fault| fault.explain(&self.path))
    }

    /// Takes some of what came in into the inbox; `false` when there is nothing left.
    async fn sort_some(&self) -> Result<bool> {
        if !self.look(|db| arrivals::are_there(db, None)).await? {
            return Ok(false);
        }
        let sorted = self.write(|db| arrivals::sort(db)).await?;
        let mut totals = self.sorted.lock().unwrap_or_else(PoisonError::into_inner);
        for (connection, counts) in sorted {
            totals.entry(connection).or_default().add(counts);
        }
        Ok(true)
    }

    /// The same until nothing is left: whoever looks at the inbox sees all of it.
    async fn sort(&self) -> Result<()> {
        while self.sort_some().await? {}
        Ok(())
    }
}
