//! A power cut: the store loses what was not synced.
//!
//! A killed process leaves behind all that it has written, as the operating system has
//! it. So the store's files are watched: SQLite writes them through [`vfs`], which notes
//! each write and each sync beside them ([`log`]), and a cut puts in their place what a
//! disk may hold then ([`disk`]). What is no SQLite file (the sealing key, compiled code)
//! stays as it is.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod disk;
mod log;
mod vfs;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rand::rngs::StdRng;

use super::Workshop;
use disk::Disk;
use log::{Log, Part};

/// The variable that makes the program write its store as one that is watched.
const VARIABLE: &str = "HALO_TESTS_POWER";
/// SQLite's index of the write-ahead log is memory that processes share, and never
/// outlives a power cut.
const SHARED_MEMORY: &str = "-shm";

/// For the environment of a process over a watched store.
pub(super) fn variable(watched: bool) -> (&'static str, &'static str) {
    (VARIABLE, if watched { "1" } else { "" })
}

/// Does as the environment of this process says.
pub(super) fn take_part() -> anyhow::Result<()> {
    match std::env::var_os(VARIABLE) {
        Some(told) if !told.is_empty() => vfs::register(),
        _ => Ok(()),
    }
}

/// From here on, what is written to a store is noted; what its files hold now stands. No
/// process may have it open.
pub(super) fn watch(store: &Path) -> anyhow::Result<()> {
    vfs::register()?;
    let mut held = Disk::default();
    for part in Part::ALL {
        held[part] = match std::fs::read(part.beside(store)) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
    }
    Log::begin(store, &held)
}

/// Puts in the place of a watched store's files what a disk may hold after a power cut.
/// No process may have them open: a test closes what it opened itself, and kills the rest.
/// Answers how many writes were not synced.
fn cut(store: &Path, luck: &mut StdRng) -> anyhow::Result<usize> {
    let log = Log::read(store)?;
    let left = disk::after_a_cut(&log, luck);
    for part in Part::ALL {
        let path = part.beside(store);
        match &left[part] {
            // A file of its own: SQLite sees that another file has the name now, should
            // something have the old one open after all.
            Some(bytes) => {
                let new = with_end(store, "-new");
                std::fs::write(&new, bytes)?;
                std::fs::rename(&new, &path)?;
            }
            None => remove(&path)?,
        }
    }
    remove(&with_end(store, SHARED_MEMORY))?;
    Log::begin(store, &left)?;
    Ok(disk::not_synced(&log))
}

fn with_end(store: &Path, end: &str) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

impl Workshop {
    /// From here on the power of this folder can be cut. Nothing may have its store open.
    pub fn plug_in(&mut self) -> anyhow::Result<()> {
        watch(&self.store())?;
        self.is_plugged_in = true;
        Ok(())
    }

    /// Leaves of the store what a disk may hold after a power cut. What ran was killed
    /// before, and nothing may have the store open. Answers how many writes were not synced.
    pub fn cut_power(&self, luck: &mut StdRng) -> anyhow::Result<usize> {
        cut(&self.store(), luck).context("the power was not cut")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    fn open(path: &Path) -> Connection {
        let store = Connection::open(path).unwrap();
        store.pragma_update(None, "journal_mode", "wal").unwrap();
        store
    }

    /// A watched store with an empty table.
    fn plugged_in() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        open(&path).execute("CREATE TABLE t (n)", []).unwrap();
        watch(&path).unwrap();
        (folder, path)
    }

    fn insert(store: &Connection, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let n = [number];
            store.execute("INSERT INTO t VALUES (?1)", n).unwrap();
        }
    }

    fn numbers(path: &Path) -> Vec<u32> {
        let store = open(path);
        let whole: String = store
            .pragma_query_value(None, "integrity_check", |row| row.get(0))
            .unwrap();
        assert_eq!(whole, "ok");
        let mut read = store.prepare("SELECT n FROM t ORDER BY n").unwrap();
        let rows = read.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// What the log says that the files hold, and what they hold.
    fn is_faithful(path: &Path) {
        let told = disk::without_a_cut(&Log::read(path).unwrap());
        for part in Part::ALL {
            let held = std::fs::read(part.beside(path)).ok();
            assert!(told[part] == held, "{part:?}");
        }
    }

    fn luck(seed: u64) -> StdRng {
        rand::SeedableRng::seed_from_u64(seed)
    }

    #[test]
    fn the_log_says_what_the_files_hold_whoever_writes_them() {
        let (_folder, path) = plugged_in();
        let threads: Vec<_> = (0..3)
            .map(|thread| {
                let path = path.clone();
                std::thread::spawn(move || {
                    for again in 0..3 {
                        let store = open(&path);
                        store.pragma_update(None, "wal_autocheckpoint", 7).unwrap();
                        store
                            .busy_timeout(std::time::Duration::from_secs(20))
                            .unwrap();
                        let first = thread * 1000 + again * 100;
                        insert(&store, first..first + 40);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        is_faithful(&path);
        let store = open(&path);
        insert(&store, 5000..5003);
        let copy = path.with_extension("copy");
        // A store that nobody watches is left alone.
        store
            .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
            .unwrap();
        assert!(!Log::is_of(&copy));
        store.execute_batch("VACUUM").unwrap();
        is_faithful(&path);
        drop(store);
        is_faithful(&path);
        assert_eq!(numbers(&path).len(), 3 * 3 * 40 + 3);
    }

    #[test]
    fn what_was_committed_is_there_after_a_cut_where_each_commit_is_synced() {
        let (_folder, path) = plugged_in();
        for round in 0..40 {
            let store = open(&path);
            store.pragma_update(None, "synchronous", "FULL").unwrap();
            store.pragma_update(None, "wal_autocheckpoint", 5).unwrap();
            insert(&store, round * 10..round * 10 + 9);
            store.execute_batch("BEGIN").unwrap();
            insert(&store, 7_000..7_100);
            // Dies without its last commit, and without closing anything.
            std::mem::forget(store);
            cut(&path, &mut luck(round.into())).unwrap();
            let expected: Vec<u32> = (0..=round).flat_map(|r| r * 10..r * 10 + 9).collect();
            assert_eq!(numbers(&path), expected, "round {round}");
        }
    }

    #[test]
    fn what_was_committed_is_lost_in_a_cut_where_commits_are_not_synced() {
        let lost = (0..20).filter(|&seed| {
            let (_folder, path) = plugged_in();
            let store = open(&path);
            store.pragma_update(None, "synchronous", "NORMAL").unwrap();
            insert(&store, 0..9);
            std::mem::forget(store);
            cut(&path, &mut luck(seed)).unwrap();
            numbers(&path).len() < 9
        });
        let lost = lost.count();
        assert!((8..20).contains(&lost), "{lost} of 20");
    }
}
