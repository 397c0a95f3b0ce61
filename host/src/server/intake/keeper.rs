//! Keeps events: what came in at the same time is one commit, so that a burst waits for
//! the disk a few times and not once for each request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::counted::{Counted, What};
use crate::connection::ACCOUNT;
use crate::connection::webhook::Event;
use crate::host::Host;
use crate::store::{NewEvent, StoreError};

/// Events of one commit: it holds up other writers for a moment only.
const COMMIT: usize = 5_000;
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
    while let Some(first) = arrivals.recv().await {
        let mut count = first.count();
        let mut together = vec![first];
        while count < COMMIT
            && let Ok(next) = arrivals.try_recv()
        {
            count += next.count();
            together.push(next);
        }
        let outcome = commit(&host, &counted, &together, &mut warned).await;
        let outcome = outcome.map_err(|error| error.to_string());
        for arrival in together {
            // Who waited may have given up; what is kept is kept.
            let _ = arrival.kept.send(outcome.clone());
        }
    }
}

impl Arrival {
    fn count(&self) -> usize {
        self.read.iter().map(|read| read.events.len()).sum()
    }
}

async fn commit(
    host: &Host,
    counted: &Counted,
    arrivals: &[Arrival],
    warned: &mut BTreeSet<(String, String)>,
) -> Result<(), StoreError> {
    let mut accounts: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    let mut events: BTreeMap<&str, Vec<NewEvent>> = BTreeMap::new();
    for arrival in arrivals {
        let connector = arrival.connector.as_str();
        if !accounts.contains_key(connector) {
            accounts.insert(connector, accounts_of(host, connector).await?);
        }
        let of = accounts.get(connector);
        for read in &arrival.read {
            for event in &read.events {
                let account = event.account.as_str();
                if of.and_then(|of| of.get(&read.by)).map(String::as_str) == Some(account) {
                    events.entry(connector).or_default().push(NewEvent {
                        connection: read.by.clone(),
                        account: event.account.clone(),
                        object: event.object.clone(),
                        dedupe: event.dedupe.clone(),
                        payload: event.payload.clone(),
                    });
                    continue;
                }
                // Whose it is reads it for itself.
                let is_known = of.is_some_and(|of| of.values().any(|known| known == account));
                if read.by != connector || is_known {
                    continue;
                }
                counted.add(connector, What::Strange, 1);
                let account = (connector.to_owned(), event.account.clone());
                if warned.len() < WARNED && warned.insert(account) {
                    tracing::warn!(
                        connector,
                        account = event.account,
                        "events of an account that nothing here is connected to are dropped"
                    );
                }
            }
        }
    }
    let count: Vec<(&str, u64)> = events
        .iter()
        .map(|(connector, events)| (*connector, events.len() as u64))
        .collect();
    let all: Vec<NewEvent> = events.into_values().flatten().collect();
    if all.is_empty() {
        return Ok(());
    }
    let new = host.store.inbox_add(&all, host.clock.now()).await?;
    let mut known = all.len() as u64 - new;
    for (connector, count) in count {
        // Of several connectors in one commit, nobody knows whose were known.
        let of_these = known.min(count);
        known -= of_these;
        counted.add(connector, What::Kept, count - of_these);
        counted.add(connector, What::Known, of_these);
    }
    let woken: BTreeSet<&str> = all.iter().map(|event| event.connection.as_str()).collect();
    for connection in woken {
        host.wakes.wake(connection);
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
