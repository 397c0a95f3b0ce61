//! What this process has done for one connection since its start, counted for `/metrics`:
//! requests to the remote and their answers, calls of the component, and its memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Upper ends of the classes of a call's time, in milliseconds: a look at the state, a request
/// or two, a page of many, a slice.
pub const CLASSES_MS: [u64; 5] = [10, 100, 1_000, 10_000, 60_000];

/// Calls of one sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// By class of their time; the last one is of those that took longer than all classes.
    pub classes: [u64; CLASSES_MS.len() + 1],
    /// How long they took, all together.
    pub time: Duration,
}

impl Calls {
    /// All of them.
    pub fn count(&self) -> u64 {
        self.classes.iter().sum()
    }

    fn add(&mut self, took: Duration) {
        let longer = |class: &u64| took > Duration::from_millis(*class);
        let class = CLASSES_MS.iter().take_while(|class| longer(class)).count();
        self.classes[class] += 1;
        self.time += took;
    }
}

/// The counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that were sent to the remote, each attempt for itself.
    pub requests: u64,
    /// Answers of the remote, by the class of their status; `429` is one of its own.
    pub answers: BTreeMap<&'static str, u64>,
    /// Calls of the component, by what was called.
    pub calls: BTreeMap<&'static str, Calls>,
    /// The most memory that one instance had, in bytes.
    pub memory: u64,
}

/// Counts for one connection, however often it is put together.
#[derive(Debug, Default)]
pub struct Measured(Mutex<Counts>);

impl Measured {
    /// A request was sent.
    pub fn request(&self) {
        self.lock().requests += 1;
    }

    /// One was answered with this status.
    pub fn answer(&self, status: u16) {
        *self.lock().answers.entry(class_of(status)).or_default() += 1;
    }

    /// A call has ended, well or not, in an instance that had so much memory then; that never
    /// shrinks.
    pub fn call(&self, what: &'static str, took: Duration, memory: usize) {
        let mut counts = self.lock();
        counts.calls.entry(what).or_default().add(took);
        let memory = u64::try_from(memory).unwrap_or(u64::MAX);
        counts.memory = counts.memory.max(memory);
    }

    /// Until now.
    pub fn counts(&self) -> Counts {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of a status; "too many requests" is apart from the other refusals, as it says how near a
/// limit is.
fn class_of(status: u16) -> &'static str {
    match status {
        429 => "429",
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500..600 => "5xx",
        _ => "other",
    }
}

/// The memory of this process that is in use, in bytes; nothing where the system does not
/// tell.
pub fn resident() -> Option<u64> {
    // Linux only, and without a crate for it: other systems have tools of their own.
    resident_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_in_the_first_class_that_holds_it_and_the_largest_memory_stays() {
        let measured = Measured::default();
        for (took, memory) in [(0, 5), (10, 9), (11, 7), (60_000, 1), (60_001, 1)] {
            measured.call("import", Duration::from_millis(took), memory);
        }
        let counts = measured.counts();
        let calls = counts.calls["import"];
        assert_eq!((calls.classes, calls.count()), ([2, 1, 0, 0, 1, 1], 5));
        assert_eq!(calls.time, Duration::from_millis(120_022));
        assert_eq!(counts.memory, 9);
    }

    #[test]
    fn too_many_requests_is_a_class_of_its_own() {
        let classes = [200, 204, 302, 404, 429, 503, 999].map(class_of);
        assert_eq!(classes, ["2xx", "2xx", "3xx", "4xx", "429", "5xx", "other"]);
    }

    #[test]
    fn the_systems_line_is_in_kilobytes() {
        let status = "Name:\thalo-host\nVmHWM:\t 9 kB\nVmRSS:\t   1234 kB\nThreads:\t4\n";
        assert_eq!(resident_in(status), Some(1_234 * 1_024));
        assert_eq!(resident_in("Name:\tx\n"), None);
        #[cfg(target_os = "linux")]
        assert!(resident().unwrap() > 1_000_000);
    }
}
