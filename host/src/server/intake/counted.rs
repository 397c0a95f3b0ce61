//! What came in, counted by connector since the host was started.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// Requests.
    Requests,
    /// Requests that were refused: no signature, not readable, too large.
    Refused,
    /// Requests that were told to come again.
    Busy,
    /// Events of an account that nothing here is connected to.
    Strange,
}

/// Counts by connector.
#[derive(Debug, Default)]
pub(crate) struct Counted(Mutex<BTreeMap<(String, What), u64>>);

impl Counted {
    pub(super) fn add(&self, connector: &str, what: What, count: u64) {
        if let Ok(mut counts) = self.0.lock() {
            *counts.entry((connector.to_owned(), what)).or_default() += count;
        }
    }

    /// All of them: connector, what, how many.
    pub(crate) fn all(&self) -> Vec<(String, &'static str, u64)> {
        let Ok(counts) = self.0.lock() else {
            return Vec::new();
        };
        counts
            .iter()
            .map(|((connector, what), count)| (connector.clone(), what.word(), *count))
            .collect()
    }
}

impl What {
    fn word(self) -> &'static str {
        match self {
            What::Requests => "requests",
            What::Refused => "requests-refused",
            What::Busy => "requests-told-to-come-again",
            What::Strange => "events-of-unknown-accounts",
        }
    }
}
