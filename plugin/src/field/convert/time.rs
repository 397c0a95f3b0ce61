//! Days and instants. A day is the same in every time zone, so it never passes
//! through one; an instant is written in UTC.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;

use super::{Side, Wrong};

/// HubSpot keeps no finer time.
const MILLISECOND_NANOSECONDS: i32 = 1_000_000;

/// Milliseconds count from here.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A day: `2026-09-30`. HubSpot also writes it as midnight in UTC, in milliseconds
/// since 1970 or as ISO text; any other time of day would be lost and is refused.
pub fn date(given: &str, side: Side) -> Result<String, Wrong> {
    let wrong = || Wrong::value("which is no date such as 2026-09-30", side);
    let given = given.trim();
    let time = match read(given).ok_or_else(wrong)? {
        Read::Day(date) => date.to_datetime(Time::midnight()),
        Read::Utc(time) | Read::Somewhere(time) => time,
    };
    if time.time() != Time::midnight() {
        return Err(Wrong {
            what: "a time of day where only a date fits".to_owned(),
            mend: match side {
                Side::HubSpot => "correct it in HubSpot, or map it to a date-time field",
                Side::Halo => "correct it in Halo",
            }
            .to_owned(),
        });
    }
    day(time.date(), side)
}

/// An instant in UTC: `2026-09-30T12:00:00Z`, with three digits of a second where
/// there are any. Read from ISO text with its zone, or from milliseconds since 1970.
/// A time that is finer than a millisecond is refused, not rounded.
pub fn instant(given: &str, side: Side) -> Result<String, Wrong> {
    let wrong = |what| Err(Wrong::value(what, side));
    let time = match read(given.trim()) {
        Some(Read::Utc(time)) => time,
        Some(Read::Day(_)) => return wrong("a day without a time"),
        Some(Read::Somewhere(_)) => return wrong("a time without its zone (such as Z)"),
        None => return wrong("which is no time such as 2026-09-30T12:00:00Z"),
    };
    let nanoseconds = time.subsec_nanosecond();
    if nanoseconds % MILLISECOND_NANOSECONDS != 0 {
        return wrong("a time finer than a millisecond");
    }
    let date = day(time.date(), side)?;
    let clock = time.strftime("%H:%M:%S");
    Ok(match nanoseconds / MILLISECOND_NANOSECONDS {
        0 => format!("{date}T{clock}Z"),
        milliseconds => format!("{date}T{clock}.{milliseconds:03}Z"),
    })
}

/// The day of an instant at so many milliseconds from UTC: people choose a day, and
/// HubSpot keeps it with a time of day. A day without a time is just that day.
pub fn day_at(given: &str, offset_ms: i64) -> Option<String> {
    let date = match read(given.trim())? {
        Read::Day(date) => date,
        Read::Utc(time) | Read::Somewhere(time) => {
            let offset = SignedDuration::from_millis(offset_ms);
            time.checked_add(offset).ok()?.date()
        }
    };
    day(date, Side::HubSpot).ok()
}

/// Four digits of a year hold no more.
fn day(date: Date, side: Side) -> Result<String, Wrong> {
    match date.year() {
        1..=9999 => Ok(date.to_string()),
        _ => Err(Wrong::value("outside of the years 1 to 9999", side)),
    }
}

/// What a text names. In civil time throughout: jiff's instants end a day before the
/// year 9999 does, whose last day many use for "never".
enum Read {
    /// A day alone.
    Day(Date),
    /// A time in UTC.
    Utc(DateTime),
    /// A time that does not say its zone.
    Somewhere(DateTime),
}

fn read(text: &str) -> Option<Read> {
    if let Some(milliseconds) = milliseconds(text) {
        let since = SignedDuration::from_millis(milliseconds);
        return EPOCH.checked_add(since).ok().map(Read::Utc);
    }
    if !is_iso(text) {
        return None;
    }
    let pieces = Pieces::parse(text).ok()?;
    let Some(time) = pieces.time() else {
        return Some(Read::Day(pieces.date()));
    };
    let time = pieces.date().to_datetime(time);
    let Some(offset) = pieces.to_numeric_offset() else {
        return Some(Read::Somewhere(time));
    };
    let ahead = SignedDuration::from_secs(offset.seconds().into());
    time.checked_sub(ahead).ok().map(Read::Utc)
}

fn milliseconds(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let only = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    only.then(|| text.parse().ok()).flatten()
}

/// Whether a text begins with a date of the one form that both sides write (jiff
/// reads weeks and dates without dashes too), and has nothing that jiff would pass
/// over: a leap second, which it moves, or a zone's name in brackets.
fn is_iso(text: &str) -> bool {
    let Some((date, time)) = text.split_at_checked("2026-09-30".len()) else {
        return false;
    };
    let seconds = time.get("T12:00".len()..).unwrap_or_default();
    date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    }) && (time.is_empty() || time.starts_with(['T', 't', ' ']))
        && !seconds.starts_with(":60")
        && !time.contains('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_from_each_of_its_forms() {
        for (given, expected) in [
            ("2026-09-30", "2026-09-30"),
            ("1790726400000", "2026-09-30"),
            ("0", "1970-01-01"),
            ("-86400000", "1969-12-31"),
            ("2026-09-30T00:00:00Z", "2026-09-30"),
            ("2026-09-30T00:00:00.000Z", "2026-09-30"),
            ("2026-09-30T00:00:00", "2026-09-30"),
            ("2026-09-30T02:00:00+02:00", "2026-09-30"),
            ("2028-02-29", "2028-02-29"),
            ("253402214400000", "9999-12-31"),
            ("9999-12-31T00:00:00Z", "9999-12-31"),
        ] {
            assert_eq!(
                date(given, Side::HubSpot).as_deref(),
                Ok(expected),
                "{given}"
            );
        }
    }

    #[test]
    fn a_time_of_day_is_not_dropped_from_a_day() {
        for given in [
            "1790726400001",
            "2026-09-30T12:00:00Z",
            "2026-09-30T00:00:00.001Z",
            "2026-09-30T00:00:00+02:00",
            "2026-09-30T23:59:59",
            "20260930",
        ] {
            let wrong = date(given, Side::HubSpot).unwrap_err();
            assert!(wrong.what.contains("time of day"), "{given}: {wrong:?}");
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for given in [
            "2026-02-29",
            "2026-13-01",
            "0000-01-01",
            "30.09.2026",
            "2026-W40-3",
            "tomorrow",
            "2026-09-30Tnoon",
            "99999999999999999",
            "99999999999999999999999",
            "253402300800000",
        ] {
            assert!(date(given, Side::HubSpot).is_err(), "{given}");
        }
    }

    #[test]
    fn an_instant_is_written_in_utc() {
        for (given, expected) in [
            ("2026-09-30T12:00:00Z", "2026-09-30T12:00:00Z"),
            ("2026-09-30T12:00:00.5Z", "2026-09-30T12:00:00.500Z"),
            ("2026-09-30T12:00:00.1230000Z", "2026-09-30T12:00:00.123Z"),
            ("1790769600000", "2026-09-30T12:00:00Z"),
            ("1790769600007", "2026-09-30T12:00:00.007Z"),
            ("-1", "1969-12-31T23:59:59.999Z"),
            // The hour that summer time skips, and both that winter time repeats.
            ("2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00Z"),
            ("2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00Z"),
            ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z"),
            ("2026-09-30T23:30:00-05:00", "2026-10-01T04:30:00Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            let instant = instant(given, Side::HubSpot);
            assert_eq!(instant.as_deref(), Ok(expected), "{given}");
        }
    }

    #[test]
    fn what_is_no_exact_instant_is_refused_with_its_reason() {
        for (given, expected) in [
            ("2026-09-30", "without a time"),
            ("2026-09-30T12:00:00", "without its zone"),
            ("2026-09-30T12:00:00.0001Z", "finer"),
            ("2016-12-31T23:59:60Z", "no time"),
            ("2026-09-30T12:00:00Z[Asia/Tokyo]", "no time"),
            ("2026-09-30T25:00:00Z", "no time"),
            ("noon", "no time"),
            ("日本語日本語", "no time"),
            ("99999999999999999999", "no time"),
            ("253402300800000", "no time"),
            ("0000-06-01T00:00:00Z", "years"),
            ("-62135596800001", "years"),
            ("0001-01-01T00:30:00+01:00", "years"),
            ("9999-12-31T23:30:00-01:00", "no time"),
        ] {
            let wrong = instant(given, Side::HubSpot).unwrap_err();
            assert!(wrong.what.contains(expected), "{given}: {wrong:?}");
        }
    }
}
