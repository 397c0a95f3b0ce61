//! How many transactions were committed to a SQLite file, by any process: SQLite
//! counts them in the index of its write-ahead log.
//!
//! The index is the file beside the database whose name ends in `-shm`. It lives as
//! long as any process has the database open, so the counter must be opened before
//! the work and kept until it is read. Source: "WAL-Index Header" in SQLite's
//! "WAL-mode File Format": two equal copies of a header of native 32-bit numbers,
//! number 0 the version of the format, number 2 `iChange`, which grows by one with
//! each transaction.

use std::fs::File;
use std::io::{Read as _, Seek as _};

use anyhow::{Context as _, ensure};
use halo_host::clock::Clock;
use halo_host::host::Host;
use halo_tests::kit::Workshop;

/// The only version of the format there has been (WALINDEX_MAX_VERSION).
const FORMAT: u32 = 3_007_000;

/// Keeps a workshop's database open and reads the counter.
pub struct Commits {
    _open: Host,
    /// Opened once and closed after the database: closing any handle of a file drops
    /// every POSIX lock that the process has on it, also those by which SQLite tells
    /// other processes that the index is in use.
    index: File,
}

impl Commits {
    /// Opens the database.
    pub async fn open(shop: &Workshop) -> anyhow::Result<Commits> {
        let host = shop.host(Clock::default()).await?;
        let mut path = host.config.path(&host.config.store.path).into_os_string();
        path.push("-shm");
        let index = File::open(&path)
            .with_context(|| format!("{} cannot be opened", path.to_string_lossy()))?;
        Ok(Commits { _open: host, index })
    }

    /// The counter, which wraps.
    pub fn count(&self) -> anyhow::Result<u32> {
        let mut header = [[0; 4]; 3];
        let mut index = &self.index;
        index.rewind()?;
        index.read_exact(header.as_flattened_mut())?;
        let [format, _, changes] = header.map(u32::from_ne_bytes);
        ensure!(
            format == FORMAT,
            "the write-ahead log has a format that is not known here"
        );
        Ok(changes)
    }
}
