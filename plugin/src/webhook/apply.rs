//! Acting on events that were kept.

use crate::contract::exports::halo::integration::webhook::{Answer, Outcome, StoredEvent};
use crate::failure::Failure;

/// Answers each event.
pub fn apply(events: &[StoredEvent]) -> Result<Vec<Answer>, Failure> {
    let ignored = |event: &StoredEvent| Answer {
        sequence: event.sequence,
        outcome: Outcome::Ignored(Failure::new(
            "not-handled",
            "Events are not acted on yet; the next import brings what changed.",
        )),
    };
    Ok(events.iter().map(ignored).collect())
}
