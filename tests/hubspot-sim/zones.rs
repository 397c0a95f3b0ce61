//! Time zones that an account may stand in, with their rules written out: a database
//! of zones differs from machine to machine, and some have none.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Names as HubSpot tells them, and their rules as POSIX writes them.
const ZONES: [(&str, &str); 12] = [
    ("UTC", "UTC0"),
    ("US/Eastern", "EST5EDT,M3.2.0,M11.1.0"),
    ("US/Central", "CST6CDT,M3.2.0,M11.1.0"),
    ("US/Pacific", "PST8PDT,M3.2.0,M11.1.0"),
    ("Europe/London", "GMT0BST,M3.5.0/1,M10.5.0"),
    ("Europe/Dublin", "GMT0IST,M3.5.0/1,M10.5.0"),
    ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"),
    ("Europe/Brussels", "CET-1CEST,M3.5.0,M10.5.0/3"),
    ("Asia/Kolkata", "IST-5:30"),
    ("Asia/Tokyo", "JST-9"),
    ("Australia/Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3"),
    ("Pacific/Auckland", "NZST-12NZDT,M9.5.0,M4.1.0/3"),
];

/// The names, for whoever has to choose one.
pub fn names() -> impl Iterator<Item = &'static str> {
    ZONES.into_iter().map(|(name, _)| name)
}

fn zone(name: &str) -> TimeZone {
    let known = ZONES.iter().find(|(known, _)| *known == name);
    known
        .and_then(|(_, rule)| TimeZone::posix(rule).ok())
        .unwrap_or(TimeZone::UTC)
}

/// Seconds east of UTC at a time; a zone that is not known is UTC.
pub fn offset_seconds(name: &str, at: Timestamp) -> i32 {
    zone(name).to_offset(at).seconds()
}

/// The next midnight there, when HubSpot's daily counters start again.
pub fn next_midnight(name: &str, at: Timestamp) -> Option<Timestamp> {
    let tomorrow = at.to_zoned_datetime(zone(name)).tomorrow().ok()?;
    Some(tomorrow.start_of_day().ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn every_rule_can_be_read() {
        for (name, rule) in ZONES {
            assert!(TimeZone::posix(rule).is_ok(), "{name}");
        }
    }

    #[test]
    fn summer_time_moves_the_offset_and_midnight() {
        let hours = |name: &str, time: &str| f64::from(offset_seconds(name, at(time))) / 3600.0;
        let (winter, summer) = ("2026-01-15T12:00:00Z", "2026-07-15T12:00:00Z");
        assert_eq!(hours("US/Eastern", winter), -5.0);
        assert_eq!(hours("US/Eastern", summer), -4.0);
        assert_eq!(hours("Europe/Berlin", summer), 2.0);
        assert_eq!(hours("Australia/Sydney", winter), 11.0);
        assert_eq!(hours("Asia/Kolkata", winter), 5.5);
        let midnight = |name: &str, time: &str| next_midnight(name, at(time)).unwrap().to_string();
        assert_eq!(midnight("US/Eastern", winter), "2026-01-16T05:00:00Z");
        assert_eq!(midnight("US/Eastern", summer), "2026-07-16T04:00:00Z");
        assert_eq!(midnight("Asia/Tokyo", summer), "2026-07-15T15:00:00Z");
    }
}
