//! The one clock of the simulation.
//!
//! By default it is the machine's clock plus what it was advanced by, so that
//! the connector's own clock agrees with it. Frozen, it stands at a fixed time and
//! moves only when told, so that every stamp of a run repeats.
//!
//! Rate windows use [`Clock::elapsed_ms`], which always runs: a frozen clock would
//! otherwise lock out a client that waits as it should.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// The time of the simulated account.
#[derive(Debug)]
pub struct Clock {
    frozen_ms: Option<i64>,
    advanced_ms: i64,
    started: Instant,
}

impl Clock {
    /// A clock that follows the machine's, or stands at `frozen_at`.
    pub fn new(frozen_at: Option<Timestamp>) -> Self {
        Self {
            frozen_ms: frozen_at.map(|at| at.as_millisecond()),
            advanced_ms: 0,
            started: Instant::now(),
        }
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        let base = match self.frozen_ms {
            Some(at) => at,
            None => Timestamp::now().as_millisecond(),
        };
        base + self.advanced_ms
    }

    /// A steady count of milliseconds for rate windows; advancing counts.
    pub fn elapsed_ms(&self) -> i64 {
        millis(self.started.elapsed()) + self.advanced_ms
    }

    /// Moves the clock forward.
    pub fn advance(&mut self, by: Duration) {
        self.advanced_ms += millis(by);
    }

    /// Stops the clock at a time, from where only `advance` moves it.
    pub fn freeze(&mut self, at: Timestamp) {
        self.frozen_ms = Some(at.as_millisecond() - self.advanced_ms);
    }
}

/// A duration in whole milliseconds.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The way HubSpot writes a time: `2026-03-30T22:04:33.144Z`.
pub fn iso(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(at) => format!("{at:.3}"),
        Err(_) => String::new(),
    }
}

/// Reads a time in either form that HubSpot accepts: epoch milliseconds, or ISO
/// with or without a time of day.
pub fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(ms) = text.parse::<i64>() {
        return Some(ms);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let day: jiff::civil::Date = text.parse().ok()?;
    let at = jiff::tz::TimeZone::UTC
        .to_timestamp(day.at(0, 0, 0, 0))
        .ok()?;
    Some(at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let at: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let mut clock = Clock::new(Some(at));
        assert_eq!(iso(clock.now_ms()), "2026-11-01T00:00:00.000Z");
        clock.advance(Duration::from_millis(1500));
        assert_eq!(iso(clock.now_ms()), "2026-11-01T00:00:01.500Z");
        clock.freeze(at);
        assert_eq!(clock.now_ms(), at.as_millisecond());
    }

    #[test]
    fn times_are_read_in_every_form_that_hubspot_accepts() {
        for text in [
            "1772323200000",
            "2026-03-01T00:00:00Z",
            "2026-03-01",
            "2026-03-01T00:00:00.000Z",
        ] {
            assert_eq!(parse_time(text), Some(1_772_323_200_000), "{text}");
        }
        assert_eq!(parse_time("next week"), None);
    }
}
