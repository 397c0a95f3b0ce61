//! What people do about what waits, in the inbox and in the outbox alike.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Redirect;

use super::super::Admin;
use super::super::gate::Posted;
use super::super::problem::Problem;
use super::address;
use crate::store::{Result as Stored, Store};

/// Which.
#[derive(Clone, Copy, Debug)]
pub(super) enum Queue {
    Inbox,
    Outbox,
}

impl Queue {
    fn name(self) -> &'static str {
        match self {
            Queue::Inbox => "inbox",
            Queue::Outbox => "outbox",
        }
    }

    /// Makes a row due at once, or all of them.
    async fn retry(self, store: &dyn Store, connection: &str, row: Option<u64>) -> Stored<()> {
        match self {
            Queue::Inbox => store.inbox_retry(connection, row).await.map(drop),
            Queue::Outbox => store.outbox_retry(connection, row).await.map(drop),
        }
    }

    async fn forget(self, store: &dyn Store, connection: &str, row: u64) -> Stored<()> {
        match self {
            Queue::Inbox => store.inbox_drop(connection, row).await.map(drop),
            Queue::Outbox => store.outbox_drop(connection, row).await.map(drop),
        }
    }
}

/// Tries again, or forgets.
pub(super) async fn act(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    posted: Posted,
    queue: Queue,
) -> Result<Redirect, Problem> {
    let connection = admin.connection(&name).await?.name.clone();
    let store = &*admin.host.store;
    let what = posted.get("do");
    let chosen: Vec<u64> = { posted.all("row") }
        .filter_map(|row| row.parse().ok())
        .collect();
    match what {
        "retry-all" => queue.retry(store, &connection, None).await?,
        "retry" => {
            for row in &chosen {
                queue.retry(store, &connection, Some(*row)).await?;
            }
        }
        "drop" => {
            for row in &chosen {
                queue.forget(store, &connection, *row).await?;
            }
        }
        _ => return Err(Problem::unreadable_form()),
    }
    let (queue, by) = (queue.name(), posted.viewer.name());
    tracing::info!(connection, queue, what, ?chosen, by, "a queue was acted on");
    Ok(Redirect::to(&address(&connection, queue)))
}
