//! Keeps events: what came in at the same time is one commit, so that a burst waits for
//! the disk a few times and not once for each request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::counted::{Counted, What};
use crate::connection::ACCOUNT;
use crate::connection::webhook::Event;
use crate::host::Host;
use crate::store::{NewEvent, StoreError};

/// Events of one commit: it holds up other writers for a moment only.
const COMMIT: usize = 5_000;
/// How long nothing comes before what was kept is taken into the inbox.
const QUIET: Duration = Duration::from_millis(20);
/// So many events wait for that at most; a minute's work for the fastest remote.
const UNSORTED: usize = 100_000;
/// Requests that wait for a commit. Their bodies are bounded elsewhere.
const WAITING: usize = 1_024;

/// What a connection has read in a request.
pub(super) struct Read {
    /// The connection.
    pub(super) by: String,
    /// Of all accounts; what is kept for it is that of its own.
    pub(super) events: Vec<Event>,
}

/// The events of a request, and who waits for them to be kept.
struct Arrival {
    /// To whose path it came.
    connector: String,
    /// As the connector of the path has read it, and others that take from it.
    read: Vec<Read>,
    kept: oneshot::Sender<Result<(), String>>,
}

/// The way to the task that keeps.
pub(super) struct Keeper(mpsc::Sender<Arrival>);

impl Keeper {
    /// Starts the task; it ends with this.
    pub(super) fn start(host: &Arc<Host>, counted: Arc<Counted>) -> Keeper {
        let (sender, arrivals) = mpsc::channel(WAITING);
        tokio::spawn(keep(host.clone(), counted, arrivals));
        Keeper(sender)
    }

    /// Answers when the events are on the disk.
    pub(super) async fn keep(&self, connector: &str, read: Vec<Read>) -> Result<(), String> {
        let (kept, answer) = oneshot::channel();
        let arrival = Arrival {
            connector: connector.to_owned(),
            read,
            kept,
        };
        let gone = || "the host is stopping".to_owned();
        self.0.send(arrival).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn keep(host: Arc<Host>, counted: Arc<Counted>, mut arrivals: mpsc::Receiver<Arrival>) {
    let mut warned = BTreeSet::new();
    let mut unsorted = 0;
    while let Some(first) = next(&host, &mut arrivals, &mut unsorted).await {
        let mut count = first.count();
        let mut together = vec![first];
        while count < COMMIT
            && let Ok(next) = arrivals.try_recv()
        {
            count += next.count();
            together.push(next);
        }
        let outcome = commit(&host, &counted, &mut together, &mut warned).await;
        let outcome = outcome.map_err(|error| error.to_string());
        unsorted += count;
        for arrival in together {
            // Who waited may have given up; what is kept is kept.
            let _ = arrival.kept.send(outcome.clone());
        }
    }
}

/// The next request. When none comes for a moment, what was kept is taken into the inbox,
/// step by step; so it is in a burst that does not end, lest there be ever more of it.
async fn next(
    host: &Host,
    arrivals: &mut mpsc::Receiver<Arrival>,
    unsorted: &mut usize,
) -> Option<Arrival> {
    while *unsorted > 0 {
        let pause = if *unsorted < UNSORTED {
            QUIET
        } else {
            Duration::ZERO
        };
        match tokio::time::timeout(pause, arrivals.recv()).await {
            Ok(arrival) if *unsorted < UNSORTED => return arrival,
            outcome => {
                match host.store.inbox_sort().await {
                    Ok(true) => {}
                    // A step is of more than was counted, or somebody else has done it.
                    Ok(false) => *unsorted = 0,
                    Err(error) => {
                        // Who looks at the inbox does it, and says so if it fails again.
                        tracing::error!(%error, "events could not be taken into the inbox");
                        *unsorted = 0;
                    }
                }
                *unsorted = unsorted.saturating_sub(COMMIT);
                if let Ok(arrival) = outcome {
                    return arrival;
                }
            }
        }
    }
    arrivals.recv().await
}

impl Arrival {
    fn count(&self) -> usize {
        self.read.iter().map(|read| read.events.len()).sum()
    }
}

async fn commit(
    host: &Host,
    counted: &Counted,
    arrivals: &mut [Arrival],
    warned: &mut BTreeSet<(String, String)>,
) -> Result<(), StoreError> {
    let mut accounts: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut kept: Vec<NewEvent> = Vec::new();
    let mut woken: BTreeSet<String> = BTreeSet::new();
    for arrival in arrivals {
        let connector = arrival.connector.as_str();
        if !accounts.contains_key(connector) {
            let of = accounts_of(host, connector).await?;
            accounts.insert(connector.to_owned(), of);
        }
        let of = accounts.get(connector);
        for read in &mut arrival.read {
            let own = of.and_then(|of| of.get(&read.by));
            for event in std::mem::take(&mut read.events) {
                if own == Some(&event.account) {
                    kept.push(NewEvent {
                        connection: read.by.clone(),
                        account: event.account,
                        object: event.object,
                        dedupe: event.dedupe,
                        payload: event.payload,
                    });
                    continue;
                }
                // Whose it is reads it for itself.
                let account = event.account;
                let is_known = of.is_some_and(|of| of.values().any(|known| *known == account));
                if read.by != connector || is_known {
                    continue;
                }
                counted.add(connector, What::Strange, 1);
                let told = (connector.to_owned(), account.clone());
                if warned.len() < WARNED && warned.insert(told) {
                    tracing::warn!(
                        connector,
                        account,
                        "events of an account that nothing here is connected to are dropped"
                    );
                }
            }
            woken.insert(read.by.clone());
        }
    }
    if kept.is_empty() {
        return Ok(());
    }
    host.store.inbox_add(kept, host.clock.now()).await?;
    for connection in woken {
        host.wakes.wake(&connection);
    }
    Ok(())
}

/// Accounts that are named in the log at most; an address that everybody can reach must
/// not fill the memory.
const WARNED: usize = 1_000;

/// The connections whose events come to the path of a connector, with their accounts.
pub(super) async fn accounts_of(
    host: &Host,
    connector: &str,
) -> Result<BTreeMap<String, String>, StoreError> {
    let mut accounts = BTreeMap::new();
    for (name, entry) in &host.config.connector {
        let from = entry.events_from.as_ref().unwrap_or(name);
        if from == connector
            && let Some(account) = host.store.meta_get(name, ACCOUNT).await?
        {
            accounts.insert(name.clone(), account);
        }
    }
    Ok(accounts)
}
