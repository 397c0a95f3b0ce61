//! What goes to Halo and comes back unedited is what HubSpot had; what goes to
//! HubSpot and comes back is what Halo had. Found out with random values: texts of
//! all scripts, numbers beyond any machine type, instants around clock changes.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use proptest::prelude::*;

use super::tests::{field_with, plain, property_with};
use super::*;

const CASES: u32 = 300;
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// HubSpot's value goes over and comes back the same, twice.
fn returns(conversion: &Conversion, hubspot: &str) -> Result<(), TestCaseError> {
    let halo = conversion.to_halo(Some(hubspot));
    prop_assert!(halo.is_ok(), "{:?}", halo);
    let halo = halo.unwrap();
    let back = conversion.to_hubspot(&halo);
    prop_assert_eq!(back.as_deref(), Ok(hubspot));
    prop_assert_eq!(conversion.to_halo(Some(hubspot)), Ok(halo));
    Ok(())
}

/// Letters, emoji that are joined of several, right-to-left text with its marks,
/// accents apart from their letters, markup, separators.
fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{1,8}",
        Just("👩‍👩‍👧‍👦🏳️‍🌈".to_owned()),
        Just("\u{202b}שלום\u{202c} مرحبا".to_owned()),
        Just("e\u{301}ß İı".to_owned()),
        Just("&amp;<br>&#13;<p>".to_owned()),
        Just("a;b\t 'c'\"".to_owned()),
        Just("\r\n".to_owned()),
    ];
    prop::collection::vec(part, 1..8).prop_map(|parts| parts.concat())
}

fn one_line() -> impl Strategy<Value = String> {
    any_text().prop_filter_map("one line", |text| {
        let line = text.replace(['\n', '\r', '\u{b}', '\u{c}'], " ");
        text::plain(&line, true, Side::HubSpot).ok()
    })
}

/// Canonical numbers of up to forty digits on each side of the point.
fn digits() -> impl Strategy<Value = String> {
    ("-?", "(0|[1-9][0-9]{0,39})", "(\\.[0-9]{1,40})?").prop_filter_map(
        "one zero",
        |(minus, whole, fraction)| {
            let number = format!("{minus}{whole}{fraction}");
            let is_zero = !number.contains(|digit: char| ('1'..='9').contains(&digit));
            (minus.is_empty() || !is_zero).then_some(number)
        },
    )
}

/// Milliseconds: anywhere from year 1 to 9999, at midnights, and within a day of
/// Europe's clock changes of 2026 and 2027.
fn milliseconds() -> impl Strategy<Value = i64> {
    const HOUR: i64 = 3_600_000;
    const CHANGES: [i64; 4] = [
        1_774_746_000_000,
        1_792_890_000_000,
        1_806_195_600_000,
        1_824_944_400_000,
    ];
    prop_oneof![
        -62_135_596_800_000..=253_402_300_799_999_i64,
        (-719_162..=2_932_896_i64).prop_map(|day| day * 24 * HOUR),
        (prop::sample::select(&CHANGES), -24 * HOUR..=24 * HOUR).prop_map(|(at, by)| at + by),
    ]
}

fn days() -> impl Strategy<Value = Date> {
    (1..=9999_i16, 1..=12_i8, 1..=31_i8).prop_filter_map("a day", |(year, month, day)| {
        Date::new(year, month, day).ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn text_of_any_script_comes_back(line in one_line(), lines in any_text(), markup in any_text()) {
        for halo in ["text", "memo", "html", "email", "phone", "url"] {
            returns(&plain("string", "text", halo), &line)?;
        }
        for halo in ["text", "memo", "html", "phone"] {
            returns(&plain("string", "phonenumber", halo), &line)?;
        }
        for halo in ["memo", "html"] {
            returns(&plain("string", "textarea", halo), &lines)?;
        }
        returns(&plain("string", "textarea", "text"), &line)?;
        returns(&plain("string", "html", "html"), &markup)?;
    }

    #[test]
    fn a_text_is_longer_than_its_limit_or_comes_back(text in any_text(), limit in 0..40_usize) {
        let field = field_with("memo", &[("max-length", &limit.to_string())], &[]);
        let property = property_with("string", "textarea", &[]);
        let conversion = Conversion::between(&property, &field, &[]).unwrap();
        if text.chars().count() <= limit {
            returns(&conversion, &text)?;
        } else {
            prop_assert!(conversion.to_halo(Some(&text)).is_err());
        }
    }

    #[test]
    fn html_that_people_edit_never_panics_and_is_stable(html in "[<>/&;#a-zA-Z0-9 \n]{0,40}|(</?(p|br|div|b)/?>|[ab\n &]){0,20}") {
        if let Some(plain) = text::plain_from_html(&html) {
            let again = text::html_from_plain(&plain);
            prop_assert_eq!(text::plain_from_html(&again), Some(plain));
        }
    }

    #[test]
    fn numbers_of_any_length_come_back(number in digits()) {
        for halo in ["decimal", "text"] {
            returns(&plain("number", "number", halo), &number)?;
        }
        let whole = plain("number", "number", "integer");
        match number.split_once('.') {
            None => returns(&whole, &number)?,
            Some((_, fraction)) if fraction.contains(|digit| digit != '0') => {
                prop_assert!(whole.to_halo(Some(&number)).is_err());
            }
            Some((part, _)) => {
                let part = if part == "-0" { "0" } else { part };
                prop_assert_eq!(whole.to_halo(Some(&number)), Ok(Value::Text(part.to_owned())));
            }
        }
    }

    #[test]
    fn an_exponent_only_moves_the_point(number in digits(), exponent in 0..60_i64) {
        let decimal = plain("number", "number", "decimal");
        let there = decimal.to_halo(Some(&format!("{number}E-{exponent}"))).unwrap();
        let Value::Text(there) = there else { return Err(TestCaseError::fail("no text")) };
        let back = decimal.to_halo(Some(&format!("{there}e+{exponent}"))).unwrap();
        prop_assert!(decimal.same(&back, &Value::Text(number)));
    }

    #[test]
    fn groups_make_no_difference(number in digits(), separator in prop::sample::select(&[",", "'", "\u{202f}"][..])) {
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) => (whole, format!(".{fraction}")),
            None => (number.as_str(), String::new()),
        };
        let (minus, whole) = whole.split_at(usize::from(whole.starts_with('-')));
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                grouped.push_str(separator);
            }
            grouped.push(digit);
        }
        let given = Value::Text(format!("{minus}{grouped}{fraction}"));
        let decimal = plain("number", "number", "decimal");
        let back = decimal.to_hubspot(&given);
        prop_assert_eq!(back.as_deref(), Ok(number.as_str()));
        prop_assert!(decimal.same(&given, &Value::Text(number)));
    }

    #[test]
    fn a_day_stays_the_same_day(day in days()) {
        let date = plain("date", "date", "date");
        let written = day.to_string();
        returns(&date, &written)?;
        let midnight = day.at(0, 0, 0, 0);
        let milliseconds = midnight.duration_since(EPOCH).as_millis().to_string();
        let expected = Ok(Value::Text(written));
        prop_assert_eq!(date.to_halo(Some(&milliseconds)), expected.clone());
        prop_assert_eq!(date.to_halo(Some(&format!("{midnight}Z"))), expected);
    }

    #[test]
    fn an_instant_is_the_same_in_every_zone(at in milliseconds(), minutes in -14 * 60..=14 * 60_i32) {
        let utc = EPOCH.checked_add(SignedDuration::from_millis(at)).unwrap();
        let conversion = plain("datetime", "date", "date-time");
        let halo = conversion.to_halo(Some(&at.to_string())).unwrap();
        let canonical = conversion.to_hubspot(&halo).unwrap();
        returns(&conversion, &canonical)?;
        prop_assert_eq!(canonical.trim_end_matches('Z').parse::<DateTime>().unwrap(), utc);
        // At both ends of the years, some zones are in a year that has no text.
        let there = utc.checked_add(SignedDuration::from_mins(minutes.into()));
        if let Some(there) = there.ok().filter(|there| there.year() >= 0) {
            let sign = if minutes < 0 { '-' } else { '+' };
            let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
            let zoned = format!("{there}{sign}{hours:02}:{rest:02}");
            prop_assert_eq!(conversion.to_halo(Some(&zoned)), Ok(halo.clone()));
            prop_assert!(conversion.same(&halo, &Value::Text(zoned)));
        }
    }

    #[test]
    fn a_date_takes_an_instant_only_at_midnight(at in milliseconds()) {
        let midnight = at.rem_euclid(86_400_000) == 0;
        let date = plain("date", "date", "date").to_halo(Some(&at.to_string()));
        prop_assert_eq!(date.is_ok(), midnight, "{:?}", date);
    }

    #[test]
    fn choices_come_back_in_any_order(
        labels in prop::collection::btree_map("[a-z]{1,6}", one_line(), 1..9),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        // A number makes each label the only one, whatever its case.
        let options: Vec<(String, String)> = labels
            .into_iter()
            .enumerate()
            .map(|(index, (value, label))| (value, format!("{label}; {index}")))
            .collect();
        let choices: Vec<(String, String)> = options
            .iter()
            .enumerate()
            .map(|(index, (_, label))| (index.to_string(), label.to_uppercase()))
            .collect();
        fn borrowed(list: &[(String, String)]) -> Vec<(&str, &str)> {
            list.iter().map(|(value, label)| (value.as_str(), label.as_str())).collect()
        }
        let several = Conversion::between(
            &property_with("enumeration", "checkbox", &borrowed(&options)),
            &field_with("choices", &[], &borrowed(&choices)),
            &[],
        ).unwrap();
        let picked: Vec<&str> = picks.iter().map(|pick| pick.get(&options).0.as_str()).collect();
        let set: BTreeSet<&str> = picked.iter().copied().collect();
        let sorted = Vec::from_iter(set).join(";");
        let halo = several.to_halo(Some(&picked.join(";"))).unwrap();
        prop_assert_eq!(several.to_halo(Some(&sorted)), Ok(halo.clone()));
        prop_assert_eq!(several.to_hubspot(&halo), Ok(sorted));
        let one = Conversion::between(
            &property_with("enumeration", "radio", &borrowed(&options)),
            &field_with("choice", &[], &borrowed(&choices)),
            &[],
        ).unwrap();
        for (value, _) in &options {
            returns(&one, value)?;
        }
    }

    #[test]
    fn what_is_taken_over_can_go_back(value in any_text(), number in "[-+0-9.,eE;:TZ ]{0,30}") {
        for conversion in [
            plain("string", "text", "text"),
            plain("string", "text", "html"),
            plain("number", "number", "integer"),
            plain("bool", "booleancheckbox", "checkbox"),
            plain("date", "date", "date"),
            plain("datetime", "date", "date-time"),
            plain("enumeration", "select", "choice"),
            plain("enumeration", "checkbox", "choices"),
        ] {
            for given in [&value, &number] {
                if let Ok(halo) = conversion.to_halo(Some(given)) {
                    // A line break that HubSpot had in one line does not go back there.
                    let several_lines = text::plain(given, true, Side::HubSpot).is_err();
                    prop_assert!(conversion.to_hubspot(&halo).is_ok() || several_lines);
                }
                let _ = conversion.to_hubspot(&Value::Text(given.clone()));
            }
        }
    }
}
