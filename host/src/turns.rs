//! A turn hands a connector what is due, batch by batch: Halo's changes, or the remote's
//! events. What both have in common: how a turn ends, and what the answers of one call are.

use std::collections::BTreeMap;

use crate::capability::Stop;
use crate::connection::{Connection, ConnectionError};
use crate::engine::CallError;
use crate::model::{Failure, RunId, Timestamp};
use crate::pushes::{failure_of_call, is_pausing, pause};
use crate::runs::{Summary, failure_of};
use crate::store::{NewRun, RunMode};

type Result<T> = std::result::Result<T, ConnectionError>;

/// Batches of a turn that goes on until nothing is due any more.
pub(crate) const ALL: u32 = u32::MAX;

/// What a turn is of, as its run is recorded.
pub(crate) struct Work {
    /// Where an import names its entity.
    pub of: &'static str,
    /// Events or a push.
    pub mode: RunMode,
}

impl Work {
    /// Records the start of a run.
    pub(crate) async fn begin(&self, connection: &Connection, at: Timestamp) -> Result<RunId> {
        let run = NewRun {
            connection: connection.name.clone(),
            entity: self.of.to_owned(),
            mode: self.mode,
            arguments: "{}".to_owned(),
            at,
        };
        Ok(connection.store().run_begin(&run).await?)
    }

    /// Records its end, and says how that was.
    pub(crate) async fn end(
        &self,
        connection: &Connection,
        run: RunId,
        ended: Result<Ended>,
    ) -> Result<Summary> {
        let store = connection.store();
        let (state, failure) = Ended::recorded(&ended);
        store
            .run_end(run, state, failure.as_ref(), connection.now())
            .await?;
        ended?;
        Ok(Summary {
            run,
            entity: self.of.to_owned(),
            mode: self.mode,
            state,
            failure,
            retry_at: None,
            counts: store.counts(run).await?,
            brake: None,
        })
    }
}

/// As of when a turn that started then looks now for what is due. What is to be tried again
/// in it is due in another one: after its start, or after now, where the clock was set back
/// since and a pause may end long before the start.
pub(crate) fn as_of(started: Timestamp, now: Timestamp) -> Timestamp {
    started.min(now)
}

/// How long nobody tries after turns that failed: longer each time.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    not_before: Timestamp,
}

impl Backoff {
    /// Whether nobody is to try now.
    pub(crate) fn is_pausing(&self, now: Timestamp) -> bool {
        is_pausing(self.not_before, now)
    }

    /// One more has failed.
    pub(crate) fn failed(&mut self, now: Timestamp) {
        self.not_before = now.saturating_add(pause(self.failures));
        self.failures = self.failures.saturating_add(1);
    }

    /// A person must act, and nobody tries until then; answers whether that is news.
    pub(crate) fn waits(&mut self, until: Timestamp) -> bool {
        let is_news = self.failures == 0;
        self.failures = 1;
        self.not_before = until;
        is_news
    }
}

/// How a turn ended.
pub(crate) enum Ended {
    /// Nothing is due any more, or it was as many batches as were wanted.
    Done,
    Stopped,
    /// A call failed, and what it was handed is tried again later.
    Failed(Failure),
}

impl Ended {
    /// The state that its run is recorded with, and why.
    fn recorded(ended: &Result<Ended>) -> (&'static str, Option<Failure>) {
        match ended {
            Ok(Ended::Done) => ("done", None),
            Ok(Ended::Stopped) => ("stopped", None),
            Ok(Ended::Failed(failure)) => ("failed", Some(failure.clone())),
            Err(error) => ("failed", Some(failure_of(error))),
        }
    }
}

/// What a call has answered for the batch that it was handed.
pub(crate) enum Answered<T> {
    /// By sequence; what is missing is handed over again.
    Each(BTreeMap<u64, T>),
    /// Nothing for any of them, and all are tried again.
    None(Failure),
    /// It was asked to stop before it came to the first.
    Stopped,
}

/// Sorts the answer of a call; `unanswered` is the failure of an answer to none. Fails where
/// nobody knows what became of the batch and nothing can be kept of it.
pub(crate) fn answered<T>(
    answer: Result<BTreeMap<u64, T>>,
    stop: &Stop,
    unanswered: impl FnOnce() -> Failure,
) -> Result<Answered<T>> {
    match answer {
        Ok(outcomes) if outcomes.is_empty() && stop.is_asked() => Ok(Answered::Stopped),
        Ok(outcomes) if outcomes.is_empty() => Ok(Answered::None(unanswered())),
        Ok(outcomes) => Ok(Answered::Each(outcomes)),
        Err(error @ (ConnectionError::Store(_) | ConnectionError::Call(CallError::Store(_)))) => {
            Err(error)
        }
        Err(error) => Ok(Answered::None(failure_of_call(&error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_in_a_turn_is_not_due_in_it_again_whatever_the_clock_does() {
        let failure = Failure::new("unavailable", "x");
        for now in [10_000_000, 10_000_500, 9_999_000, 1_000] {
            let next = crate::pushes::next_attempt(0, &failure, now);
            assert!(next > as_of(10_000_000, now), "{now}");
        }
    }
}
