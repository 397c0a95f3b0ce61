//! Halo's records may be remote: an answer comes late, in part, or is lost. What a
//! failure of them asks for, and the calls that are simply repeated.
//!
//! A call that only reads is repeated as it is ([`insist`]). A page's rows are not:
//! those that stand have another revision now, so the page is looked up and planned
//! anew (`sync/page.rs`), and what stands is found to be there.

use crate::contract::halo::integration::records::{self, Row, Written};
use crate::failure::Failure;
use crate::hubspot::client::Trouble;
use crate::hubspot::transport;
use crate::hubspot::verdict::{Verdict, again_or_later, backoff};

/// Whether the same may work when it is repeated: the codes of `types.failure` in
/// `wit/` that ask for it.
pub fn is_passing(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "busy" | "unavailable")
}

/// What to do after attempt number `attempt` (from 1) failed, at the time `now`: as
/// with HubSpot, some attempts with growing pauses, then later.
pub fn judge(failure: Failure, attempt: u32, now: u64) -> Verdict {
    if !is_passing(&failure) {
        return Verdict::Failed(failure);
    }
    let pause = match retry_at(&failure) {
        Some(at) => at.saturating_sub(now),
        None => backoff(attempt),
    };
    again_or_later(pause, attempt, now, failure)
}

fn retry_at(failure: &Failure) -> Option<u64> {
    let attribute = failure
        .attributes
        .iter()
        .find(|attribute| attribute.name == "retry-at")?;
    attribute.value.parse().ok()
}

/// Waits for another attempt, or says why there is none.
pub fn wait(failure: Failure, attempt: u32) -> Result<(), Trouble> {
    match judge(failure, attempt, transport::now()) {
        Verdict::Again(pause, failure) => transport::pause(pause, failure),
        Verdict::Later(at, failure) => Err(Trouble::Later(at, failure)),
        Verdict::Failed(failure) => Err(Trouble::Failed(failure)),
        Verdict::Good | Verdict::Refresh(_) => Ok(()),
    }
}

/// Makes a call that only reads, and repeats it where that may help.
pub fn insist<T>(call: impl Fn() -> Result<T, Failure>) -> Result<T, Trouble> {
    let mut attempt = 1;
    loop {
        match call() {
            Ok(answer) => return Ok(answer),
            Err(failure) => wait(failure, attempt)?,
        }
        attempt += 1;
    }
}

/// Writes rows that may be repeated as they are, until each stands or is refused for good.
pub fn write(rows: &[Row]) -> Result<Vec<Result<Written, Failure>>, Trouble> {
    let mut attempt = 1;
    loop {
        let answers = insist(|| records::upsert(rows))?;
        let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
        let Some(failure) = { refused }.find(|failure| is_passing(failure)) else {
            return Ok(answers);
        };
        wait(failure.clone(), attempt)?;
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::verdict::{ATTEMPTS, OUTAGE_PAUSE_MS};

    const NOW: u64 = 1_000_000;

    fn lost() -> Failure {
        Failure::new("unavailable", "Halo did not answer.")
    }

    #[test]
    fn a_lost_answer_is_asked_for_again_some_times_and_then_later() {
        for attempt in 1..ATTEMPTS {
            assert!(matches!(
                judge(lost(), attempt, NOW),
                Verdict::Again(pause, _) if pause == backoff(attempt)
            ));
        }
        assert_eq!(
            judge(lost(), ATTEMPTS, NOW),
            Verdict::Later(NOW + OUTAGE_PAUSE_MS, lost())
        );
    }

    #[test]
    fn a_store_that_says_when_is_asked_then() {
        let told = |at: u64| judge(lost().with("retry-at", at), 1, NOW);
        assert!(matches!(told(NOW + 700), Verdict::Again(700, _)));
        assert!(matches!(told(NOW - 5), Verdict::Again(0, _)));
        assert!(matches!(told(NOW + 90_000), Verdict::Later(at, _) if at == NOW + 90_000));
        let senseless = lost().with("retry-at", "soon");
        assert!(matches!(judge(senseless, 1, NOW), Verdict::Again(500, _)));
    }

    #[test]
    fn what_repeating_does_not_mend_is_not_repeated() {
        for code in ["denied", "invalid", "limit", "not-found", "internal"] {
            let failure = Failure::new(code, "No.");
            assert_eq!(judge(failure.clone(), 1, NOW), Verdict::Failed(failure));
        }
    }
}
