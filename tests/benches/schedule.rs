//! The fastest schedule of a walk in which each call needs the answer of the one
//! before: a call may go out when that answer is there, and when fewer than `limit`
//! calls went out within the window before it.

use std::collections::VecDeque;
use std::time::Duration;

/// HubSpot's limit for one marketplace app: calls within [`WINDOW`].
pub const LIMIT: u32 = 110;
/// Its rolling window.
pub const WINDOW: Duration = Duration::from_secs(10);

/// Companies of one page: the most that HubSpot puts there.
pub const PAGE: usize = 100;

/// When the calls of a window went out, as times since the start of the walk.
#[derive(Debug, Default)]
pub struct Sent(VecDeque<Duration>);

impl Sent {
    /// When the next call may go out, if it could go at `ready`.
    pub fn next(&self, ready: Duration, window: Duration) -> Duration {
        let full = self.0.len() >= LIMIT as usize;
        match self.0.front() {
            Some(oldest) if full => ready.max(*oldest + window),
            _ => ready,
        }
    }

    /// A call went out.
    pub fn push(&mut self, at: Duration) {
        if self.0.len() >= LIMIT as usize {
            self.0.pop_front();
        }
        self.0.push_back(at);
    }
}

/// How long `calls` calls take when nothing but the round trip and the limit cost
/// time.
pub fn fastest(calls: usize, round_trip: Duration) -> Duration {
    let mut sent = Sent::default();
    let mut ready = Duration::ZERO;
    for _ in 0..calls {
        let at = sent.next(ready, WINDOW);
        sent.push(at);
        ready = at + round_trip;
    }
    ready
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_answers_are_limited_by_the_round_trip() {
        let walk = fastest(200, Duration::from_millis(100));
        assert_eq!(walk, Duration::from_secs(20));
    }

    #[test]
    fn quick_answers_are_limited_by_the_window() {
        // 110 calls at once, then the 111th at 10 s and 90 round trips.
        let walk = fastest(200, Duration::from_millis(20));
        assert_eq!(walk, Duration::from_millis(10_000 + 90 * 20));
    }

    #[test]
    fn a_walk_within_one_window_does_not_wait() {
        let walk = fastest(110, Duration::from_millis(1));
        assert_eq!(walk, Duration::from_millis(110));
    }
}
