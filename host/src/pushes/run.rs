//! One push run: the lane is taken, what is due is handed over batch by batch, and each
//! batch is settled before the next one. A kill anywhere sends one batch again, which a
//! connector compares with what the remote has.

use std::sync::Arc;

use super::archives::brake;
use super::{BATCH, CHANGES, Subject, batch, kinds, patience, settled, unanswered};
use crate::capability::{Observer, Progress, Stop};
use crate::connection::{Change, Connection, ConnectionError, Outcome, PushContext};
use crate::model::{Failure, Stored, Timestamp};
use crate::runs::Summary;
use crate::store::{NewRun, OutboxRow, RunMode, Scope};
use crate::turns::{Answered, Ended, answered};

type Result<T> = std::result::Result<T, ConnectionError>;

/// Changes that are counted before the first is sent; of more the sum is not known.
const COUNTED: u32 = 10_000;

/// Hands over all that is due now; nothing, and no run, when there is none.
pub async fn run(
    connection: &Connection,
    observer: Arc<dyn Observer>,
    stop: Stop,
) -> Result<Option<Summary>> {
    ready(connection).await?;
    let store = connection.store();
    let started = connection.now();
    let order = kinds(&connection.description);
    let due = store.outbox_due(&connection.name, &order, started, COUNTED);
    let due = due.await?.len();
    if due == 0 {
        return Ok(None);
    }
    let held = connection.take_lane().await?;
    let run = store
        .run_begin(&NewRun {
            connection: connection.name.clone(),
            entity: CHANGES.to_owned(),
            mode: RunMode::Push,
            arguments: "{}".to_owned(),
            at: started,
        })
        .await?;
    let context = PushContext {
        run,
        lane: &held.lane,
        observer,
        stop,
        refusals: None,
    };
    let total = (due < COUNTED as usize).then_some(due as u64);
    let ended = drive(connection, &context, (&order, started), total).await;
    let (state, failure) = Ended::recorded(&ended);
    store
        .run_end(run, state, failure.as_ref(), connection.now())
        .await?;
    held.release().await?;
    ended?;
    Ok(Some(Summary {
        run,
        entity: CHANGES.to_owned(),
        mode: RunMode::Push,
        state,
        failure,
        retry_at: None,
        counts: store.counts(run).await?,
        brake: None,
    }))
}

/// Whether there is a connector that can send, to somewhere; says what to do if not.
pub(super) async fn ready(connection: &Connection) -> Result<()> {
    let name = &connection.name;
    if !connection.can_push() {
        return Err(ConnectionError::Asked(format!(
            "{} cannot send Halo's changes to its remote: it does not export \"push\".",
            connection.description.name
        )));
    }
    if connection.loaded.exports.connect.is_none() {
        return Ok(());
    }
    let status = connection.status().await?;
    if status.state == "connected" {
        return Ok(());
    }
    let missing = || {
        let message = format!("{name} is not connected. Connect it: halo-host connect {name}");
        Failure::new("not-connected", message)
    };
    Err(ConnectionError::Failed(
        status.reason.unwrap_or_else(missing),
    ))
}

async fn drive(
    connection: &Connection,
    context: &PushContext<'_>,
    (order, started): (&[String], Timestamp),
    total: Option<u64>,
) -> Result<Ended> {
    let store = connection.store();
    let scope = scope(connection, context);
    let mut done = 0;
    loop {
        if context.stop.is_asked() {
            return Ok(Ended::Stopped);
        }
        context.observer.progress(Progress {
            done,
            total: total.map(|total| total.max(done)),
            label: CHANGES.to_owned(),
        });
        // As of the start: what is to be tried again is so in another run.
        let due = store.outbox_due(&connection.name, order, started, BATCH);
        let (batch, held) = brake(connection, batch(due.await?)).await?;
        if let Some((held, failure)) = held {
            done += held.len() as u64;
            hold(connection, &scope, &held, failure).await?;
        } else if batch.is_empty() {
            return Ok(Ended::Done);
        }
        if batch.is_empty() {
            continue;
        }
        let (changes, subjects) = look_up(connection, &scope, &batch).await?;
        let answer = connection.push(&changes, context).await;
        let (outcomes, failed) = match answered(answer, &context.stop, unanswered)? {
            Answered::Stopped => continue,
            Answered::Each(outcomes) => (outcomes, None),
            Answered::None(failure) => (Default::default(), Some(failure)),
        };
        let now = connection.now();
        let outcome = |row: &OutboxRow| match &failed {
            Some(failure) => Some(Outcome::Retry(failure.clone())),
            None => outcomes.get(&row.sequence).cloned(),
        };
        let settled: Vec<_> = batch
            .iter()
            .zip(&subjects)
            .filter_map(|(row, subject)| Some(settled(row, subject, outcome(row)?, now)))
            .collect();
        store.outbox_settle(&scope, &settled, now).await?;
        done += settled.len() as u64;
        if let Some(failure) = failed {
            return Ok(Ended::Failed(failure));
        }
    }
}

/// Settles what the brake has held.
async fn hold(
    connection: &Connection,
    scope: &Scope,
    held: &[OutboxRow],
    failure: Failure,
) -> Result<()> {
    let now = connection.now();
    let (_, subjects) = look_up(connection, scope, held).await?;
    let outcome = || Outcome::Rejected(failure.clone());
    let settled: Vec<_> = held
        .iter()
        .zip(&subjects)
        .map(|(row, subject)| settled(row, subject, outcome(), now))
        .collect();
    connection
        .store()
        .outbox_settle(scope, &settled, now)
        .await?;
    Ok(())
}

/// On whose behalf a push reads and settles.
pub(super) fn scope(connection: &Connection, context: &PushContext<'_>) -> Scope {
    Scope {
        connection: connection.name.clone(),
        layer: 0,
        run: Some(context.run),
        cause: "push".to_owned(),
        lane: Some(context.lane.clone()),
    }
}

/// The changes of a batch, which is of one kind, with what is known of their records.
pub(super) async fn look_up(
    connection: &Connection,
    scope: &Scope,
    batch: &[OutboxRow],
) -> Result<(Vec<Change>, Vec<Subject>)> {
    let kind = batch.first().map_or("", |row| row.kind.as_str());
    let ids: Vec<u64> = batch.iter().map(|row| row.record).collect();
    let found: Vec<Option<Stored>> = patience::read(connection, scope, kind, &ids).await?;
    let pairs = batch.iter().zip(&found).map(|(row, record)| {
        let change = Change {
            sequence: row.sequence,
            kind: row.kind.clone(),
            record: row.record,
            revision: record.as_ref().map_or(0, |record| record.revision),
            what: row.what.clone(),
            fields: row.fields.clone(),
        };
        let subject = Subject::of(&connection.description, row, record.as_ref());
        (change, subject)
    });
    Ok(pairs.unzip())
}
