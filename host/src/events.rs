//! The remote's events: a turn takes the lane, hands over what is due batch by batch, and
//! settles each batch before the next one. A kill anywhere hands one batch over again;
//! connectors read the objects as they are now, so repeats do not matter.
//!
//! **Again.** As with changes that go out ([`crate::pushes`]): what failed comes again
//! after a pause that doubles, or when the failure says so; those of a call that died come
//! one by one.

use std::sync::Arc;

use crate::capability::{Observer, Progress, Stop};
use crate::connection::webhook::{EventContext, Outcome};
use crate::connection::{Connection, ConnectionError};
use crate::model::{Failure, Timestamp};
use crate::pushes::{DIED, next_attempt};
use crate::runs::Summary;
use crate::store::{Applied, InboxRow, Lane, RunMode, Scope};
use crate::turns::{ALL, Answered, Ended, Work, answered, as_of};

type Result<T> = std::result::Result<T, ConnectionError>;

/// What a run of this is of, where an import names its entity.
pub const EVENTS: &str = "events";

const WORK: Work = Work {
    of: EVENTS,
    mode: RunMode::Events,
};

/// Events in one call: those of one object are among them mostly, and a call ends well
/// within its time.
pub const BATCH: u32 = 500;

/// Of what is due, in order, the events that are handed over next.
pub fn batch(due: Vec<InboxRow>) -> Vec<InboxRow> {
    let died = |row: &InboxRow| {
        let failure = row.failure.as_ref();
        failure.is_some_and(|failure| failure.attributes.contains_key(DIED))
    };
    match due.first() {
        Some(first) if died(first) => due.into_iter().take(1).collect(),
        _ => due.into_iter().take_while(|row| !died(row)).collect(),
    }
}

/// What is kept of an attempt.
pub fn settled(row: &InboxRow, outcome: Outcome, now: Timestamp) -> (u64, Applied) {
    let applied = match outcome {
        Outcome::Applied => Applied::Done,
        Outcome::Ignored(failure) => Applied::Ignored(failure),
        Outcome::Retry(failure) => Applied::Retry {
            next: next_attempt(row.attempts, &failure, now),
            failure,
        },
        Outcome::Rejected(failure) => Applied::Rejected(failure),
    };
    (row.sequence, applied)
}

/// Applies all that is due now; nothing, and no run, when there is none.
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
    if !connection.takes_events() {
        return Err(ConnectionError::Asked(format!(
            "{} takes no events: it does not export \"webhook\".",
            connection.description.name
        )));
    }
    let store = connection.store();
    let started = connection.now();
    if !store.inbox_has_due(&connection.name, started).await? {
        return Ok(None);
    }
    let of = (started, batches);
    match held {
        Some(lane) => under(connection, lane, of, watch).await,
        None => {
            let held = connection.take_lane().await?;
            let summary = under(connection, &held.lane, of, watch).await;
            let released = held.release().await;
            let summary = summary?;
            released?;
            Ok(summary)
        }
    }
}

async fn under(
    connection: &Connection,
    lane: &Lane,
    (started, batches): (Timestamp, u32),
    (observer, stop): (Arc<dyn Observer>, Stop),
) -> Result<Option<Summary>> {
    // What came in may have been known.
    let due = connection.store().inbox_due(&connection.name, started, 1);
    if due.await?.is_empty() {
        return Ok(None);
    }
    let run = WORK.begin(connection, started).await?;
    let context = EventContext {
        run,
        lane,
        observer,
        stop,
    };
    let ended = drive(connection, &context, (started, batches)).await;
    WORK.end(connection, run, ended).await.map(Some)
}

/// The failure of events of which a call has answered none.
fn unanswered() -> Failure {
    Failure::new(
        "internal",
        "The connector gave no answer for any event that it was handed.",
    )
}

async fn drive(
    connection: &Connection,
    context: &EventContext<'_>,
    (started, batches): (Timestamp, u32),
) -> Result<Ended> {
    let store = connection.store();
    let scope = Scope {
        connection: connection.name.clone(),
        layer: 0,
        run: Some(context.run),
        cause: EVENTS.to_owned(),
        lane: Some(context.lane.clone()),
    };
    let mut done = 0;
    for _ in 0..batches {
        if context.stop.is_asked() {
            return Ok(Ended::Stopped);
        }
        context.observer.progress(Progress {
            done,
            total: None,
            label: EVENTS.to_owned(),
        });
        // As of the start: what is to be tried again is so in another run. What comes in
        // meanwhile is due since 0, and is taken along.
        let at = as_of(started, connection.now());
        let due = store.inbox_due(&connection.name, at, BATCH);
        let batch = batch(due.await?);
        if batch.is_empty() {
            return Ok(Ended::Done);
        }
        let answer = connection.apply(&batch, context).await;
        let (outcomes, failed) = match answered(answer, &context.stop, unanswered)? {
            Answered::Stopped => return Ok(Ended::Stopped),
            Answered::Each(outcomes) => (outcomes, None),
            Answered::None(failure) => (Default::default(), Some(failure)),
        };
        let now = connection.now();
        let outcome = |row: &InboxRow| match &failed {
            Some(failure) => Some(Outcome::Retry(failure.clone())),
            None => outcomes.get(&row.sequence).cloned(),
        };
        let settled: Vec<_> = batch
            .iter()
            .filter_map(|row| Some(settled(row, outcome(row)?, now)))
            .collect();
        store.inbox_settle(&scope, &settled).await?;
        done += settled.len() as u64;
        if let Some(failure) = failed {
            return Ok(Ended::Failed(failure));
        }
    }
    Ok(Ended::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::InboxState;

    fn row(sequence: u64, died: bool) -> InboxRow {
        InboxRow {
            sequence,
            connection: "crm".to_owned(),
            account: "1".to_owned(),
            object: "deal/1".to_owned(),
            dedupe: sequence.to_string(),
            payload: Vec::new(),
            received: 0,
            state: InboxState::Waiting,
            attempts: 0,
            next: 0,
            failure: died.then(|| Failure::new("cpu-budget", "x").with(DIED, true)),
        }
    }

    #[test]
    fn those_of_a_call_that_died_come_one_by_one() {
        let taken = |rows: &[(u64, bool)]| -> Vec<u64> {
            let rows = rows.iter().map(|(sequence, died)| row(*sequence, *died));
            batch(rows.collect())
                .iter()
                .map(|row| row.sequence)
                .collect()
        };
        assert_eq!(taken(&[(1, true), (2, true)]), [1]);
        assert_eq!(taken(&[(1, false), (2, false), (3, true)]), [1, 2]);
        assert_eq!(taken(&[]), [0; 0]);
    }

    #[test]
    fn what_failed_comes_again_when_it_says_so_or_after_a_pause() {
        let failure = |at: Option<u64>| {
            let failure = Failure::new("unavailable", "x");
            match at {
                Some(at) => failure.with("retry-at", at),
                None => failure,
            }
        };
        for (at, expected) in [(Some(60_000), 60_000), (None, 1_000 + 30_000)] {
            let (_, applied) = settled(&row(1, false), Outcome::Retry(failure(at)), 1_000);
            assert!(
                matches!(applied, Applied::Retry { next, .. } if next == expected),
                "{applied:?}"
            );
        }
    }
}
