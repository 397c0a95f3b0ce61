//! One lane per connection: at most one mutating call at a time, in this process
//! and in every other one on the same store. The lane is a lease that is renewed
//! while it is held; every write checks its fence.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::store::{Lane, LaneAnswer, Store, StoreError};

/// How long a lane lasts without a renewal. Long enough for a machine that
/// stutters, short enough that a fail-over is not noticed.
const LEASE: Duration = Duration::from_secs(30);
/// A third of the lease: two renewals may be late.
const RENEWAL: Duration = Duration::from_secs(10);

/// A lock that was just given up may last a moment: a program that the holder was
/// starting has a copy of every open file until it runs.
const LOCK_ATTEMPTS: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Why the lane is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LaneError {
    /// Someone else works.
    #[error(
        "Another run of {connection} is going on ({holder}). Wait until it has ended, or stop it."
    )]
    Busy {
        /// The connection.
        connection: String,
        /// Who.
        holder: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lock file cannot be used.
    #[error("The lock file {path} cannot be used: {detail}.")]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
}

/// A lane that is held; released by [`Held::release`], or by its end of lease.
#[derive(Debug)]
pub struct Held {
    /// What writes carry.
    pub lane: Lane,
    store: Arc<dyn Store>,
    renewal: tokio::task::JoinHandle<()>,
    lock: File,
}

impl std::fmt::Debug for dyn Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

/// Takes the lane of a connection.
///
/// On one machine a lock on a file beside the store says whether a holder still
/// lives: the operating system drops it with the process, so a killed run can be
/// repeated at once instead of after the lease.
pub async fn take(
    store: &Arc<dyn Store>,
    clock: &Clock,
    folder: &Path,
    connection: &str,
) -> Result<Held, LaneError> {
    let path = folder.join(format!("{connection}.lane"));
    let unusable = |error: std::io::Error| LaneError::Lock {
        path: path.clone(),
        detail: error.to_string(),
    };
    std::fs::create_dir_all(folder).map_err(unusable)?;
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(unusable)?;
    let busy = |holder: String| LaneError::Busy {
        connection: connection.to_owned(),
        holder,
    };
    for left in (0..LOCK_ATTEMPTS).rev() {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if left == 0 => {
                return Err(busy("in another process".to_owned()));
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
    }
    let holder = format!("process {}", std::process::id());
    let lease = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
    let now = clock.now();
    let lane = match store.acquire_lane(connection, &holder, now, lease).await? {
        LaneAnswer::Granted(lane) => lane,
        // We hold the file's lock, so the holder is gone: its lease is over.
        LaneAnswer::Held { expires, .. } => {
            let over = now.max(expires.saturating_add(1));
            match store.acquire_lane(connection, &holder, over, lease).await? {
                LaneAnswer::Granted(lane) => lane,
                LaneAnswer::Held { holder, .. } => return Err(busy(holder)),
            }
        }
    };
    let renewal = tokio::spawn(renew(store.clone(), clock.clone(), lane.clone(), lease));
    Ok(Held {
        lane,
        store: store.clone(),
        renewal,
        lock,
    })
}

async fn renew(store: Arc<dyn Store>, clock: Clock, lane: Lane, lease: u64) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        match store.renew_lane(&lane, clock.now(), lease).await {
            Ok(()) => {}
            Err(StoreError::Fenced) => return,
            Err(error) => tracing::warn!(%error, "the lane could not be renewed"),
        }
    }
}

impl Held {
    /// Gives the lane back after all that was asked of the store before: its
    /// operations are done in order.
    pub async fn release(self) -> Result<(), StoreError> {
        self.renewal.abort();
        self.store.release_lane(&self.lane).await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewal.abort();
        // Closing the file is not enough: a process that was just forked has it open
        // until it becomes another program.
        let _ = self.lock.unlock();
    }
}
