//! Opening the file: who may read it, that it is ours and whole, and how SQLite
//! shall treat it.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::{Answer, Fault};
use super::index::Indexed;
use super::schema;
use crate::store::StoreError;

/// How long to wait for another process on the same file. The longest writes
/// (dropping the layer of a large preview) take about a second.
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

/// Pause between two attempts where SQLite does not wait by itself.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// Prepared statements kept per connection: about as many as the store has.
const STATEMENTS: usize = 150;

/// The connection that writes; creates the file and its tables where they are
/// missing.
pub(super) fn writer(path: &Path, indexed: Indexed) -> Answer<Connection> {
    create(path)?;
    let mut connection = connect(path)?;
    schema::check_identity(&connection, path)?;
    use_wal(&connection, path)?;
    // FULL: an answered write must survive a power cut; WAL alone survives a kill.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    schema::migrate(&mut connection, indexed)?;
    schema::touch_tables(&connection)?;
    Ok(connection)
}

/// A connection that only reads, beside the writer and never behind its fsync.
pub(super) fn reader(path: &Path) -> Answer<Connection> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Makes the file for its owner only: it holds customers and sealed secrets.
/// SQLite gives its side files the same rights.
fn create(path: &Path) -> Answer<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Unusable {
            path: path.display().to_string(),
            detail: error.to_string(),
        }
        .into()),
    }
}

fn connect(path: &Path) -> Answer<Connection> {
    // Without SQLite's own mutex, as each connection stays on its thread; without
    // `file:` addresses, as a path is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Stable plans: without this SQLite prepares a cached statement anew whenever
    // another value is bound, which takes longer than most of them run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Switches to the write-ahead log. SQLite does not wait here when another
/// process does the same, so this does.
fn use_wal(connection: &Connection, path: &Path) -> Answer<()> {
    let start = Instant::now();
    loop {
        let mode = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(StoreError::Unusable {
                    path: path.display().to_string(),
                    detail: format!(
                        "its file system has no shared memory, which a write-ahead log needs (journal mode is {mode})"
                    ),
                }
                .into());
            }
            Err(error) if is_busy(&error) && start.elapsed() < BUSY_TIMEOUT => {
                std::thread::sleep(RETRY_PAUSE);
            }
            Err(error) => return Err(Fault::Sql(error)),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
