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
use crate::store::{Lane, OutboxRow, RunMode, Scope};
use crate::turns::{ALL, Answered, Ended, Work, answered, as_of};

type Result<T> = std::result::Result<T, ConnectionError>;

const WORK: Work = Work {
    of: CHANGES,
    mode: RunMode::Push,
};

/// Changes that are counted before the first is sent; of more the sum is not known.
const COUNTED: u32 = 10_000;

/// Hands over all that is due now; nothing, and no run, when there is none.
pub async fn run(
    connection: &Connection,
    observer: Arc<dyn Observer>,
    stop: Stop,
) -> Result<Option<Summary>> {
    some(connection, None, ALL, (observer, stop)).await
}

/// The same up to so many batches, under a lane that is held or one of its own.
pub(crate) async fn some(
    connection: &Connection,
    held: Option<&Lane>,
    batches: u32,
    watch: (Arc<dyn Observer>, Stop),
) -> Result<Option<Summary>> {
    ready(connection).await?;
    let store = connection.store();
    let started = connection.now();
    let order = kinds(&connection.description);
    let counted = batches.saturating_mul(BATCH).min(COUNTED);
    let due = store.outbox_due(&connection.name, &order, started, counted);
    let due = due.await?.len();
    if due == 0 {
        return Ok(None);
    }
    let of = Due {
        order,
        started,
        total: (due < counted as usize).then_some(due as u64),
        batches,
    };
    let summary = match held {
        Some(lane) => under(connection, lane, &of, watch).await?,
        None => {
            let held = connection.take_lane().await?;
            let summary = under(connection, &held.lane, &of, watch).await;
            let released = held.release().await;
            let summary = summary?;
            released?;
            summary
        }
    };
    Ok(Some(summary))
}

/// What a run hands over.
struct Due {
    /// Kinds, in their order.
    order: Vec<String>,
    /// What is due then.
    started: Timestamp,
    /// How many these are, where that is known.
    total: Option<u64>,
    /// At most so many batches of it.
    batches: u32,
}

async fn under(
    connection: &Connection,
    lane: &Lane,
    of: &Due,
    (observer, stop): (Arc<dyn Observer>, Stop),
) -> Result<Summary> {
    let run = WORK.begin(connection, of.started).await?;
    let context = PushContext {
        run,
        lane,
        observer,
        stop,
        refusals: None,
    };
    let ended = drive(connection, &context, of).await;
    WORK.end(connection, run, ended).await
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

async fn drive(connection: &Connection, context: &PushContext<'_>, of: &Due) -> Result<Ended> {
    let store = connection.store();
    let scope = scope(connection, context);
    let mut done = 0;
    for _ in 0..of.batches {
        if context.stop.is_asked() {
            return Ok(Ended::Stopped);
        }
        context.observer.progress(Progress {
            done,
            total: of.total.map(|total| total.max(done)),
            label: CHANGES.to_owned(),
        });
        // As of the start: what is to be tried again is so in another run.
        let at = as_of(of.started, connection.now());
        let due = store.outbox_due(&connection.name, &of.order, at, BATCH);
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
            Answered::Stopped => return Ok(Ended::Stopped),
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
    Ok(Ended::Done)
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
