//! HubSpot's times: milliseconds since 1970 in queries, ISO texts in answers.

/// Milliseconds of a time as HubSpot writes it: ISO (`2026-09-30T12:00:00.123Z`)
/// or milliseconds as text.
pub fn parse(text: &str) -> Option<u64> {
    if let Ok(milliseconds) = text.parse::<u64>() {
        return Some(milliseconds);
    }
    let time: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok()
}

/// Milliseconds of the `Date` header of an answer: the time on HubSpot's own clock.
pub fn parse_date_header(text: &str) -> Option<u64> {
    let time = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    u64::try_from(time.as_millisecond()).ok()
}

/// A time as HubSpot writes it.
pub fn iso(at: u64) -> String {
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(at)
        .map(|time| time.to_string())
        .unwrap_or_default()
}

/// A time for people, to the second.
pub fn seconds(at: u64) -> String {
    iso(at / 1_000 * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_time_are_read() {
        assert_eq!(parse("2026-11-01T00:00:00.123Z"), Some(1_793_491_200_123));
        assert_eq!(parse("2026-11-01T00:00:00Z"), Some(1_793_491_200_000));
        assert_eq!(parse("1793491200123"), Some(1_793_491_200_123));
        assert_eq!(parse(&iso(1_793_491_200_123)), Some(1_793_491_200_123));
        assert_eq!(parse("yesterday"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn a_date_header_is_read() {
        assert_eq!(
            parse_date_header("Sun, 01 Nov 2026 00:00:07 GMT"),
            Some(1_793_491_207_000)
        );
        assert_eq!(parse_date_header("now"), None);
    }
}
