//! A turn hands a connector what is due, batch by batch: Halo's changes, or the remote's
//! events. What both have in common: how a turn ends, and what the answers of one call are.

use std::collections::BTreeMap;

use crate::capability::Stop;
use crate::connection::ConnectionError;
use crate::engine::CallError;
use crate::model::Failure;
use crate::pushes::failure_of_call;
use crate::runs::failure_of;

type Result<T> = std::result::Result<T, ConnectionError>;

/// How a turn ended.
pub(crate) enum Ended {
    Done,
    Stopped,
    /// A call failed, and what it was handed is tried again later.
    Failed(Failure),
}

impl Ended {
    /// The state that its run is recorded with, and why.
    pub(crate) fn recorded(ended: &Result<Ended>) -> (&'static str, Option<Failure>) {
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
