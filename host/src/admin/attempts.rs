//! How often somebody may try to sign in: a plain decision about times, so that guessing
//! takes years. Who is signed in already is not concerned.

use std::collections::BTreeMap;
use std::time::Duration;

/// Failures of one name within [`WITHIN`] before it has to wait.
const FOR_A_NAME: usize = 5;
/// Failures of all names within [`WITHIN`]: who tries many names waits as well.
const FOR_ALL: usize = 30;
/// How long a failure counts.
const WITHIN: Duration = Duration::from_secs(60);

/// The failures of late, by name; times since a beginning of the caller's.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    failed: BTreeMap<String, Vec<Duration>>,
}

impl Attempts {
    /// Whether this name may be tried now; else in how long.
    pub(super) fn may(&mut self, name: &str, now: Duration) -> Result<(), Duration> {
        self.failed.retain(|_, at| {
            at.retain(|at| now < *at + WITHIN);
            !at.is_empty()
        });
        let of_name = self.failed.get(name).map_or(&[][..], Vec::as_slice);
        let mut of_all: Vec<Duration> = self.failed.values().flatten().copied().collect();
        of_all.sort_unstable();
        // The oldest of as many as there may be has to be forgotten first.
        let until = |failed: &[Duration], most: usize| {
            failed
                .len()
                .checked_sub(most)
                .map(|first| failed[first] + WITHIN)
        };
        match until(of_name, FOR_A_NAME).max(until(&of_all, FOR_ALL)) {
            Some(until) => Err(until.saturating_sub(now)),
            None => Ok(()),
        }
    }

    /// It was tried and failed.
    pub(super) fn failed(&mut self, name: &str, now: Duration) {
        self.failed.entry(name.to_owned()).or_default().push(now);
    }

    /// It was tried and did not.
    pub(super) fn succeeded(&mut self, name: &str) {
        self.failed.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn after_five_failures_a_name_waits_until_the_first_is_a_minute_old() {
        let mut attempts = Attempts::default();
        for n in 0..5 {
            assert_eq!(attempts.may("anna", n * SECOND), Ok(()));
            attempts.failed("anna", n * SECOND);
        }
        assert_eq!(attempts.may("anna", 10 * SECOND), Err(50 * SECOND));
        assert_eq!(attempts.may("bela", 10 * SECOND), Ok(()));
        assert_eq!(attempts.may("anna", 60 * SECOND), Ok(()));
    }

    #[test]
    fn who_tries_many_names_waits_too() {
        let mut attempts = Attempts::default();
        for n in 0..30 {
            attempts.failed(&format!("name {n}"), SECOND);
        }
        assert_eq!(attempts.may("anna", SECOND), Err(WITHIN));
        assert_eq!(attempts.may("anna", SECOND + WITHIN), Ok(()));
    }

    #[test]
    fn who_got_in_has_a_clean_slate() {
        let mut attempts = Attempts::default();
        for _ in 0..4 {
            attempts.failed("anna", SECOND);
        }
        attempts.succeeded("anna");
        attempts.failed("anna", SECOND);
        assert_eq!(attempts.may("anna", SECOND), Ok(()));
    }
}
