//! A thread that owns one SQLite connection and does jobs in the order they come.
//!
//! SQLite blocks, and a commit waits for the disk, so neither belongs on an async
//! thread. A job that was handed over is done to its end even when its caller is
//! dropped: whoever gives a lane back waits behind it in the same queue.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::error::{Answer, Fault};
use crate::store::StoreError;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The thread and the way to it.
pub(super) struct Worker {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    behavior: TransactionBehavior,
}

impl Worker {
    /// Starts a thread that runs each job in a transaction of its own.
    pub(super) fn start(
        name: &str,
        mut connection: Connection,
        behavior: TransactionBehavior,
    ) -> Answer<Worker> {
        let (jobs, queue) = channel::<Job>();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                while let Ok(job) = queue.recv() {
                    job(&mut connection);
                }
            })
            .map_err(|error| StoreError::Internal(format!("no thread can be started: {error}")))?;
        Ok(Worker {
            jobs: Some(jobs),
            thread: Some(thread),
            behavior,
        })
    }

    /// Does the work in one transaction: all of it stands when it answers `Ok`,
    /// nothing when it fails.
    pub(super) async fn run<T, F>(&self, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Answer<T> + Send + 'static,
    {
        let gone = || Fault::from(StoreError::Internal("its thread has ended".to_owned()));
        let behavior = self.behavior;
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Nobody waits any more when the caller was dropped; the work stands.
            let _ = answer.send(transact(connection, behavior, work));
        });
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(job).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

fn transact<T>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    work: impl FnOnce(&Transaction<'_>) -> Answer<T>,
) -> Answer<T> {
    // Rolls back when it is dropped before the commit.
    let transaction = connection.transaction_with_behavior(behavior)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

impl Drop for Worker {
    /// Waits for what was handed over, and so for the file to be closed.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
