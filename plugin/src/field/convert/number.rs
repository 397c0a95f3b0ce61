//! Numbers of any length, as digits: a float would round the 17th, and a decimal type
//! of fixed size the 29th.

use super::{Side, Wrong};

/// The largest exponent that is shifted out, so that `1e999999999` does not fill the
/// memory. HubSpot's numbers come from doubles, whose exponents end at 308 and -324.
const MAX_EXPONENT: i64 = 400;

/// Signs that people and Halo put between groups of three digits.
const SEPARATORS: [char; 6] = [',', '\'', '’', ' ', '\u{a0}', '\u{202f}'];

/// A number in the canonical text of the contract: optional minus, digits, optional
/// point and digits. All digits stay, zeros at the end included. `whole` refuses a
/// fraction other than zero. Halo's values may have group separators (`20,000`).
pub fn canonical(given: &str, whole: bool, side: Side) -> Result<String, Wrong> {
    let number = Number::read(given, side == Side::Halo)
        .ok_or_else(|| Wrong::value("which is no number such as 1200.50", side))?;
    if !whole {
        return Ok(number.text());
    }
    if number.fraction.bytes().any(|digit| digit != b'0') {
        let roomy = match side {
            Side::HubSpot => "a decimal field",
            Side::Halo => "another property",
        };
        return Err(Wrong {
            what: "a fraction where only whole numbers fit".to_owned(),
            mend: format!("correct it in {side}, or map it to {roomy}"),
        });
    }
    Ok(Number {
        fraction: String::new(),
        ..number
    }
    .text())
}

/// A text that is equal for equal numbers: `1,200.50` and `1200.5`.
pub fn comparable(given: &str) -> Option<String> {
    let number = Number::read(given, true)?;
    Some(
        Number {
            fraction: number.fraction.trim_end_matches('0').to_owned(),
            ..number
        }
        .text(),
    )
}

/// One number of HubSpot less another; nothing where one is none, or too long to count
/// with.
pub fn less(from: &str, what: &str) -> Option<String> {
    let (from, what) = (Number::read(from, false)?, Number::read(what, false)?);
    let places = from.fraction.len().max(what.fraction.len());
    let difference = from.units(places)?.checked_sub(what.units(places)?)?;
    let digits = format!("{:0>width$}", difference.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let number = Number {
        negative: difference < 0,
        whole: whole.to_owned(),
        fraction: fraction.to_owned(),
    };
    Some(number.text())
}

struct Number {
    negative: bool,
    /// At least one digit, without zeros in front.
    whole: String,
    /// Perhaps none.
    fraction: String,
}

impl Number {
    fn read(given: &str, grouped: bool) -> Option<Number> {
        let given = given.trim();
        let (negative, digits) = match given.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, given.strip_prefix('+').unwrap_or(given)),
        };
        let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (digits, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let whole = match grouped {
            true => ungrouped(whole)?,
            false => whole.to_owned(),
        };
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !are_digits(&all) {
            return None;
        }
        let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
        let (whole, fraction) = split_at(&all, point);
        let whole = match whole.trim_start_matches('0') {
            "" => "0".to_owned(),
            digits => digits.to_owned(),
        };
        Some(Number {
            // There is one zero.
            negative: negative && all.bytes().any(|digit| digit != b'0'),
            whole,
            fraction,
        })
    }

    /// How many of the units that so many decimal places count.
    fn units(&self, places: usize) -> Option<i128> {
        let digits = format!("{}{:0<places$}", self.whole, self.fraction);
        let units: i128 = digits.parse().ok()?;
        Some(if self.negative { -units } else { units })
    }

    fn text(&self) -> String {
        let minus = if self.negative { "-" } else { "" };
        let point = if self.fraction.is_empty() { "" } else { "." };
        format!("{minus}{}{point}{}", self.whole, self.fraction)
    }
}

/// The digits before and after a point that may lie outside of them.
fn split_at(digits: &str, point: i64) -> (String, String) {
    let zeros = |count: u64| "0".repeat(usize::try_from(count).unwrap_or(0));
    match usize::try_from(point) {
        Err(_) => (String::new(), zeros(point.unsigned_abs()) + digits),
        Ok(point) if point > digits.len() => {
            let missing = "0".repeat(point - digits.len());
            (digits.to_owned() + &missing, String::new())
        }
        Ok(point) => {
            let (whole, fraction) = digits.split_at(point);
            (whole.to_owned(), fraction.to_owned())
        }
    }
}

fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !are_digits(digits) {
        return None;
    }
    let exponent: i64 = text.parse().ok()?;
    (exponent.abs() <= MAX_EXPONENT).then_some(exponent)
}

/// Digits without the separators between groups of three. `1,5` is refused: it may
/// be meant as one and a half.
fn ungrouped(text: &str) -> Option<String> {
    let Some(separator) = text.chars().find(|c| SEPARATORS.contains(c)) else {
        return Some(text.to_owned());
    };
    let mut groups = text.split(separator);
    let first = groups.next()?;
    let fits = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    fits.then(|| text.replace(separator, ""))
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_all_its_digits() {
        for (given, expected) in [
            ("1200", "1200"),
            ("1200.50", "1200.50"),
            ("-12.50", "-12.50"),
            ("0.0002", "0.0002"),
            ("1.2E3", "1200"),
            ("1.2e+3", "1200"),
            ("1.2345E2", "123.45"),
            ("12E-1", "1.2"),
            ("5E-324", &format!("0.{}5", "0".repeat(323))),
            (".5", "0.5"),
            ("5.", "5"),
            ("+7", "7"),
            (" 7 ", "7"),
            ("007", "7"),
            ("-0", "0"),
            ("-0.00", "0.00"),
            (
                "123456789012345678901234567890123.456",
                "123456789012345678901234567890123.456",
            ),
        ] {
            let canonical = canonical(given, false, Side::HubSpot);
            assert_eq!(canonical.as_deref(), Ok(expected), "{given}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for given in [
            "",
            " ",
            "-",
            ".",
            "abc",
            "1,5",
            "1.2.3",
            "12a",
            "NaN",
            "Infinity",
            "1e",
            "e3",
            "1e1.5",
            "1e401",
            "1e999999999999999999999",
            "--1",
            "٣",
            "0x10",
            "£5",
            "1 2",
        ] {
            for side in [Side::HubSpot, Side::Halo] {
                assert!(canonical(given, false, side).is_err(), "{given}");
            }
        }
        assert!(canonical("20,000", false, Side::HubSpot).is_err());
    }

    #[test]
    fn groups_of_three_are_read_from_halo() {
        for (given, expected) in [
            ("20,000", "20000"),
            ("-1,234,567.89", "-1234567.89"),
            ("1'234", "1234"),
            ("1\u{202f}234 567", ""),
            ("1 234 567", "1234567"),
            ("1234,567", ""),
            ("12,34", ""),
            (",123", ""),
            ("1,234.5,6", ""),
        ] {
            let canonical = canonical(given, false, Side::Halo).unwrap_or_default();
            assert_eq!(canonical, expected, "{given}");
        }
    }

    #[test]
    fn a_whole_number_takes_a_fraction_of_zero_only() {
        let whole = |given| canonical(given, true, Side::HubSpot);
        assert_eq!(whole("12.00").as_deref(), Ok("12"));
        assert_eq!(whole("1.25E2").as_deref(), Ok("125"));
        assert!(whole("12.5").is_err());
        assert!(whole("1E-30").is_err());
    }

    #[test]
    fn equal_numbers_compare_equal() {
        assert_eq!(comparable("1,200.50"), comparable("1200.5"));
        assert_eq!(comparable("-0"), comparable("0.000"));
        assert_ne!(comparable("1200.5"), comparable("1200.05"));
    }

    #[test]
    fn one_number_less_another_is_exact() {
        for (from, what, difference) in [
            ("19.99", "2", Some("17.99")),
            ("2", "0.05", Some("1.95")),
            ("5", "7.50", Some("-2.50")),
            ("-1", "-1", Some("0")),
            ("0.1", "0.3", Some("-0.2")),
            (
                "100000000000000000.01",
                "0.02",
                Some("99999999999999999.99"),
            ),
            ("soon", "1", None),
            ("1", "", None),
            ("1e300", "1", None),
        ] {
            assert_eq!(less(from, what).as_deref(), difference, "{from} - {what}");
        }
    }
}
