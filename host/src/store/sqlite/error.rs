//! From SQLite's errors to the store's: what a person can mend (space, rights, a
//! damaged file, another process) gets its own sentence, the rest stays a detail.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// What goes wrong inside an operation, where nobody knows the file's name yet.
#[derive(Debug)]
pub(super) enum Fault {
    /// Already in the store's words.
    Store(StoreError),
    /// SQLite's own.
    Sql(rusqlite::Error),
    /// A document in a column is not what this program writes.
    Document(serde_json::Error),
}

/// What the functions behind the store's operations answer.
pub(super) type Answer<T> = Result<T, Fault>;

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Fault::Store(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sql(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Fault::Document(error)
    }
}

impl Fault {
    /// The error for the caller, who reads which file is meant.
    pub(super) fn explain(self, path: &Path) -> StoreError {
        let path = path.display().to_string();
        let error = match self {
            Fault::Store(error) => return error,
            Fault::Document(error) => {
                let detail = format!("an entry cannot be read ({error})");
                return StoreError::Corrupt { path, detail };
            }
            Fault::Sql(error) => error,
        };
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full { path },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                StoreError::Corrupt { path, detail }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Unusable {
                path,
                detail: "another process keeps it locked".to_owned(),
            },
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::NoLargeFileSupport,
            ) => StoreError::Unusable { path, detail },
            _ => StoreError::Internal(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn what_a_person_can_mend_names_the_file() {
        for (code, start) in [
            (
                ffi::SQLITE_FULL,
                "No disk space is left for the store halo.db",
            ),
            (ffi::SQLITE_NOTADB, "The store halo.db is damaged"),
            (ffi::SQLITE_CORRUPT, "The store halo.db is damaged"),
            (ffi::SQLITE_CANTOPEN, "The store halo.db cannot be used"),
            (ffi::SQLITE_BUSY, "The store halo.db cannot be used"),
            (ffi::SQLITE_IOERR_WRITE, "The store halo.db cannot be used"),
            (ffi::SQLITE_MISUSE, "The store failed"),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let told = Fault::Sql(error).explain(Path::new("halo.db")).to_string();
            assert!(told.starts_with(start), "{code}: {told}");
        }
    }
}
