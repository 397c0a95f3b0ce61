//! A copy of the store while others work on it, and the way back.
//!
//! **Ids go on.** Remotes know records by their ids, and a record that was made after the
//! copy is not in it; so after a restore new ids begin far above all that can have been
//! given since, and no id comes to mean another record.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use super::error::{Answer, Fault};
use super::schema;
use crate::store::StoreError;

/// How far ids jump: more records than are made between two backups.
const IDS_AHEAD: i64 = 1_000_000;
/// How long a restore waits for a store to be free.
const FREE_WITHIN: Duration = Duration::from_secs(2);

fn unusable(path: &Path, detail: impl std::fmt::Display) -> StoreError {
    StoreError::Unusable {
        path: path.display().to_string(),
        detail: detail.to_string(),
    }
}

/// Copies a store into a new file, as of one moment; nobody who works on it waits.
pub fn back_up(store: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(unusable(to, "it is there already; name another file"));
    }
    if !store.exists() {
        return Err(unusable(store, "there is none yet"));
    }
    let part = beside(to, ".part");
    let copy = || -> Answer<()> {
        private(&part)?;
        let connection = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(FREE_WITHIN)?;
        schema::check_identity(&connection, store)?;
        let name = part
            .to_str()
            .ok_or_else(|| unusable(&part, "its name is not in UTF-8, which SQLite needs"))?;
        connection.execute("VACUUM INTO ?1", [name])?;
        Ok(())
    };
    let done = copy().map_err(|fault: Fault| fault.explain(store));
    let done = done.and_then(|()| verify(&part)).and_then(|()| {
        let moved = sync(&part).and_then(|()| std::fs::rename(&part, to));
        moved.map_err(|error| unusable(to, error))
    });
    if done.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    done
}

/// Puts a backup in the place of a store that nobody uses. Answers where the one is that
/// was there; without `force`, one that is there is left.
pub fn restore(
    from: &Path,
    store: &Path,
    force: bool,
    stamp: &str,
) -> Result<Option<PathBuf>, StoreError> {
    verify(from)?;
    let part = beside(store, ".restoring");
    let _ = std::fs::remove_file(&part);
    let prepared = prepare(from, &part);
    let put = prepared.and_then(|()| put(&part, store, force, stamp));
    if put.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    put
}

fn prepare(from: &Path, part: &Path) -> Result<(), StoreError> {
    private(part).map_err(|fault| fault.explain(part))?;
    std::fs::copy(from, part).map_err(|error| unusable(part, error))?;
    let ahead = || -> Answer<()> {
        let connection = Connection::open(part)?;
        connection.execute(
            "UPDATE last_id SET id = id + ?1 WHERE layer = 0",
            [IDS_AHEAD],
        )?;
        // Nobody works on it: the holders of its lanes were those of the other store.
        connection.execute("UPDATE lane SET held = 0, fence = fence + 1", params![])?;
        Ok(())
    };
    ahead().map_err(|fault| fault.explain(part))?;
    sync(part).map_err(|error| unusable(part, error))
}

fn put(part: &Path, store: &Path, force: bool, stamp: &str) -> Result<Option<PathBuf>, StoreError> {
    let mut aside = None;
    // Held until the other file is in place.
    let mut alone = None;
    if store.exists() {
        if !force {
            return Err(unusable(
                store,
                "there is one already; with --force it is put aside and the backup takes its place",
            ));
        }
        alone = Some(take_alone(store)?);
        let kept = beside(store, &format!(".replaced-{stamp}"));
        std::fs::rename(store, &kept).map_err(|error| unusable(&kept, error))?;
        aside = Some(kept);
    }
    // Of another file: SQLite would take them for those of this one.
    for side in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(store, side));
    }
    let moved = std::fs::rename(part, store).map_err(|error| unusable(store, error));
    drop(alone);
    moved.map(|()| aside)
}

/// The store's connection when nobody else has one: only then can SQLite leave the
/// write-ahead log, whose content is in the file from then on.
fn take_alone(store: &Path) -> Result<Connection, StoreError> {
    let in_use = |_| {
        unusable(
            store,
            "it is in use; stop serve and every other command on it first",
        )
    };
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(FREE_WITHIN)?;
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0))?;
        if mode != "delete" {
            return Err(rusqlite::Error::QueryReturnedNoRows);
        }
        connection.execute_batch("BEGIN EXCLUSIVE")?;
        Ok(connection)
    };
    match open() {
        // What is damaged is what a restore is for.
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt)
            ) =>
        {
            Connection::open_in_memory().map_err(in_use)
        }
        answer => answer.map_err(in_use),
    }
}

/// Whether a file is a whole store of a version that is known here.
fn verify(path: &Path) -> Result<(), StoreError> {
    if !path.exists() {
        return Err(unusable(path, "there is no such file"));
    }
    let look = || -> Answer<()> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        schema::check_identity(&connection, path)?;
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let whole: String =
            connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if whole != "ok" || tables == 0 {
            return Err(StoreError::Corrupt {
                path: path.display().to_string(),
                detail: if tables == 0 {
                    "it is empty".to_owned()
                } else {
                    whole
                },
            }
            .into());
        }
        Ok(())
    };
    look().map_err(|fault| fault.explain(path))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(end);
    path.with_file_name(name)
}

/// An empty file for its owner only: it is to hold customers and sealed secrets.
fn private(path: &Path) -> Answer<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(path);
    made.map_err(|error| unusable(path, error))?;
    Ok(())
}

fn sync(path: &Path) -> std::io::Result<()> {
    std::fs::File::options().write(true).open(path)?.sync_all()
}
