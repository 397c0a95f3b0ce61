//! The records that changed may be remote: an answer is late or lost. What only reads is
//! asked again before a run gives up; a connector does the same on its side.

use std::time::Duration;

use crate::connection::Connection;
use crate::model::{RecordId, Stored, Timestamp};
use crate::store::{Result, Scope, StoreError};

/// How often in all: a stumble is over by then, and an outage is another run's.
const ATTEMPTS: u32 = 5;
/// After the first one, and each time twice as long.
const FIRST_PAUSE_MS: u64 = 200;
/// Whatever the store asks for: a run that waits holds its connection's lane.
const LONGEST_PAUSE_MS: u64 = 5_000;

/// Reads records, some times while the store does not answer.
pub(super) async fn read(
    connection: &Connection,
    scope: &Scope,
    kind: &str,
    ids: &[RecordId],
) -> Result<Vec<Option<Stored>>> {
    let mut attempt = 1;
    loop {
        let answer = connection.store().read(scope, kind, ids).await;
        let pause = match &answer {
            Ok(_) => None,
            Err(error) => pause(error, attempt, connection.now()),
        };
        let Some(pause) = pause else {
            return answer;
        };
        tokio::time::sleep(pause).await;
        attempt += 1;
    }
}

/// How long to wait after this attempt, from 1; nothing where that would not help.
fn pause(error: &StoreError, attempt: u32, now: Timestamp) -> Option<Duration> {
    let StoreError::Unavailable { retry_at, .. } = error else {
        return None;
    };
    let asked = retry_at.map(|at| at.saturating_sub(now));
    let pause = asked.unwrap_or(FIRST_PAUSE_MS << attempt.saturating_sub(1).min(ATTEMPTS));
    (attempt < ATTEMPTS).then(|| Duration::from_millis(pause.min(LONGEST_PAUSE_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_is_asked_for_again_some_times_and_nothing_else_is() {
        let lost = |retry_at| StoreError::Unavailable {
            detail: "lost".to_owned(),
            retry_at,
        };
        let pauses: Vec<_> = (1..=ATTEMPTS)
            .map(|attempt| pause(&lost(None), attempt, 0))
            .map(|pause| pause.map(|pause| pause.as_millis()))
            .collect();
        assert_eq!(pauses, [Some(200), Some(400), Some(800), Some(1_600), None]);
        for (at, expected) in [(0, 0), (130, 30), (u64::MAX, 5_000)] {
            let pause = pause(&lost(Some(at)), 1, 100);
            assert_eq!(pause, Some(Duration::from_millis(expected)), "{at}");
        }
        assert_eq!(pause(&StoreError::Internal(String::new()), 1, 0), None);
    }
}
