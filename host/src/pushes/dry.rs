//! What a push would send, without sending it: each change is handed over alone, the
//! host refuses its first request that does not only read, and shows it. Records and
//! state that the connector writes meanwhile go into a layer that is dropped again.

use std::sync::Arc;

use super::run::{look_up, ready};
use super::{CHANGES, kinds};
use crate::capability::{Refusals, Refused, Stop, Unwatched};
use crate::connection::{Change, Connection, ConnectionError, Outcome, PushContext};
use crate::lanes::Held;
use crate::model::{Failure, RecordId, RunId};
use crate::runs::failure_of;
use crate::store::{NewRun, RunMode, Scope};

/// What one change would come to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    /// Its number in the outbox.
    pub sequence: u64,
    /// Kind of the record.
    pub kind: String,
    /// The record.
    pub record: RecordId,
    /// What people call it.
    pub title: String,
    /// What happened to it in Halo.
    pub what: String,
    /// What would be sent first, and whatever the connector asked for after that.
    pub requests: Vec<Refused>,
    /// Where nothing would be sent: `nothing`, `retry` or `rejected`, or `sent` (for
    /// example linked) without any request.
    pub outcome: Option<&'static str>,
    /// Why.
    pub reason: Option<Failure>,
}

/// What a dry run came to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DryRun {
    /// Change by change.
    pub changes: Vec<Shown>,
    /// Whether more are due than were looked at.
    pub more: bool,
}

/// Shows what the first changes that are due would send; settles nothing.
pub async fn dry_run(
    connection: &Connection,
    limit: u32,
    stop: &Stop,
) -> Result<DryRun, ConnectionError> {
    ready(connection).await?;
    let held = connection.take_lane().await?;
    let store = connection.store();
    let run = store
        .run_begin(&NewRun {
            connection: connection.name.clone(),
            entity: CHANGES.to_owned(),
            mode: RunMode::Preview,
            arguments: "{}".to_owned(),
            at: connection.now(),
        })
        .await?;
    let shown = show(connection, &held, run, limit, stop).await;
    let failure = shown.as_ref().err().map(failure_of);
    let state = match &shown {
        Ok(_) if stop.is_asked() => "stopped",
        Ok(_) => "done",
        Err(_) => "failed",
    };
    store
        .run_end(run, state, failure.as_ref(), connection.now())
        .await?;
    store.drop_layer(run).await?;
    held.release().await?;
    shown
}

async fn show(
    connection: &Connection,
    held: &Held,
    run: RunId,
    limit: u32,
    stop: &Stop,
) -> Result<DryRun, ConnectionError> {
    let order = kinds(&connection.description);
    let now = connection.now();
    let due = connection
        .store()
        .outbox_due(&connection.name, &order, now, limit.saturating_add(1));
    let mut due = due.await?;
    let more = due.len() > limit as usize;
    due.truncate(limit as usize);
    let scope = Scope {
        connection: connection.name.clone(),
        layer: run,
        run: Some(run),
        cause: "push".to_owned(),
        lane: Some(held.lane.clone()),
    };
    let mut changes = Vec::new();
    for row in due {
        if stop.is_asked() {
            break;
        }
        let rows = [row];
        let (handed, subjects) = look_up(connection, &scope, &rows).await?;
        let title = subjects.first().map_or("", |subject| subject.title());
        for change in &handed {
            changes.push(show_one(connection, (run, held), change, title, stop).await?);
        }
    }
    Ok(DryRun { changes, more })
}

async fn show_one(
    connection: &Connection,
    (run, held): (RunId, &Held),
    change: &Change,
    title: &str,
    stop: &Stop,
) -> Result<Shown, ConnectionError> {
    let refusals = Refusals::default();
    let context = PushContext {
        run,
        lane: &held.lane,
        observer: Arc::new(Unwatched),
        stop: stop.clone(),
        refusals: Some(refusals.clone()),
    };
    let answered = connection
        .push(std::slice::from_ref(change), &context)
        .await;
    let requests = refusals.take();
    // After a refusal the answer says only that there was one.
    let (outcome, reason) = match answered {
        _ if !requests.is_empty() => (None, None),
        Err(error) => return Err(error),
        Ok(mut outcomes) => match outcomes.remove(&change.sequence) {
            Some(Outcome::Sent(_)) => (Some("sent"), None),
            Some(Outcome::Nothing(reason)) => (Some("nothing"), reason),
            Some(Outcome::Retry(failure)) => (Some("retry"), Some(failure)),
            Some(Outcome::Rejected(failure)) => (Some("rejected"), Some(failure)),
            None => (None, None),
        },
    };
    Ok(Shown {
        sequence: change.sequence,
        kind: change.kind.clone(),
        record: change.record,
        title: title.to_owned(),
        what: change.what.clone(),
        requests,
        outcome,
        reason,
    })
}
