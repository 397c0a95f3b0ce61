//! Choosing rows of a report by what people see of them: `stage=Qualified`,
//! `amount>=1000`. Which facets there are, the connector says; here they are only
//! compared.

use std::cmp::Ordering;
use std::str::FromStr;

use crate::store::ReportedRow;

/// The facet that every row has: what people call it.
const NAME: &str = "name";

/// How a facet is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    AtLeast,
    AtMost,
    Contains,
    Is,
}

/// As they are written. The longer ones come first, as `=` ends them.
const OPERATORS: [(&str, Operator); 4] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("~", Operator::Contains),
    ("=", Operator::Is),
];

/// One condition of `--where`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    facet: String,
    operator: Operator,
    value: String,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Condition, String> {
        // The first operator counts: a value may have others in it.
        let found = OPERATORS
            .iter()
            .filter_map(|(sign, operator)| Some((text.find(sign)?, *sign, *operator)))
            .min_by_key(|(at, sign, _)| (*at, std::cmp::Reverse(sign.len())));
        let Some((at, sign, operator)) = found.filter(|(at, ..)| *at > 0) else {
            return Err(format!(
                "{text:?} is no condition; write facet=value, facet~text, facet>=value or facet<=value"
            ));
        };
        Ok(Condition {
            facet: text[..at].trim().to_owned(),
            operator,
            value: text[at + sign.len()..].trim().to_owned(),
        })
    }
}

/// As it was written, for a command that is given again.
impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = OPERATORS
            .iter()
            .find(|(_, operator)| *operator == self.operator);
        let sign = sign.map_or("=", |(sign, _)| sign);
        write!(f, "{}{sign}{}", self.facet, self.value)
    }
}

impl Condition {
    fn holds(&self, row: &ReportedRow) -> bool {
        let named = row
            .row
            .facets
            .iter()
            .filter(|(name, _)| *name == self.facet);
        let mut values: Vec<&str> = named.map(|(_, value)| value.as_str()).collect();
        if self.facet == NAME {
            values.push(&row.row.title);
        }
        values.iter().any(|value| self.holds_of(value))
    }

    fn holds_of(&self, value: &str) -> bool {
        let wanted = self.value.to_lowercase();
        let own = value.trim().to_lowercase();
        match self.operator {
            Operator::Contains => own.contains(&wanted),
            Operator::Is => compared(&own, &wanted) == Ordering::Equal,
            Operator::AtLeast => compared(&own, &wanted) != Ordering::Less,
            Operator::AtMost => compared(&own, &wanted) != Ordering::Greater,
        }
    }
}

/// Whether all conditions hold; a row without a facet meets none on it.
pub(crate) fn matches(conditions: &[Condition], row: &ReportedRow) -> bool {
    conditions.iter().all(|condition| condition.holds(row))
}

/// Numbers as numbers, digit by digit as they may be longer than floats are exact; all
/// else as text, which is right for dates such as 2026-09-30.
pub(crate) fn compared(left: &str, right: &str) -> Ordering {
    match (Number::read(left), Number::read(right)) {
        (Some(left), Some(right)) => left.compared(&right),
        _ => left.cmp(right),
    }
}

struct Number<'a> {
    is_negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

impl Number<'_> {
    fn read(text: &str) -> Option<Number<'_>> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        );
        Some(Number {
            is_negative: is_negative && !(whole.is_empty() && fraction.is_empty()),
            whole,
            fraction,
        })
    }

    fn compared(&self, other: &Number<'_>) -> Ordering {
        let size = (self.whole.len(), self.whole, self.fraction);
        let other_size = (other.whole.len(), other.whole, other.fraction);
        match (self.is_negative, other.is_negative) {
            (false, false) => size.cmp(&other_size),
            (true, true) => other_size.cmp(&size),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ReportRow;

    fn row() -> ReportedRow {
        let facet = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        ReportedRow {
            row: ReportRow {
                entity: "deals".to_owned(),
                key: "1".to_owned(),
                title: "Fleet of Acme".to_owned(),
                address: None,
                facets: vec![
                    facet("stage", "Qualified To Buy"),
                    facet("amount", "1200.50"),
                    facet("close-date", "2026-09-30"),
                ],
                outcome: "written".to_owned(),
                reason: None,
                kind: "ticket".to_owned(),
                record: None,
                parts: Vec::new(),
            },
            effect: None,
            changes: Vec::new(),
        }
    }

    #[test]
    fn s55_rows_are_chosen_by_what_people_see_of_them() {
        for (condition, holds) in [
            ("stage=qualified to buy", true),
            ("stage=Qualified", false),
            ("stage~qualified", true),
            ("name~acme", true),
            ("name=Fleet of Acme", true),
            ("amount>=1200.5", true),
            ("amount>=999", true),
            ("amount>=1200.51", false),
            ("amount<=12000", true),
            ("amount<=-1", false),
            ("amount=1200.5", true),
            ("close-date>=2026-09-30", true),
            ("close-date<=2026-09-29", false),
            ("owner~a", false),
        ] {
            let parsed: Condition = condition.parse().unwrap();
            assert_eq!(
                matches(std::slice::from_ref(&parsed), &row()),
                holds,
                "{condition}"
            );
            assert_eq!(parsed.to_string(), condition);
        }
        let both = ["stage~buy", "amount>=5000"].map(|text| text.parse().unwrap());
        assert!(!matches(&both, &row()));
    }

    #[test]
    fn what_is_no_condition_is_refused_and_a_value_may_hold_any_sign() {
        for text in ["", "stage", "=value", ">=7"] {
            assert!(text.parse::<Condition>().is_err(), "{text}");
        }
        let condition: Condition = "name~a=b".parse().unwrap();
        assert_eq!((&*condition.facet, &*condition.value), ("name", "a=b"));
    }

    #[test]
    fn numbers_are_compared_digit_by_digit() {
        for (left, right, order) in [
            ("9", "10", Ordering::Less),
            ("-9", "-10", Ordering::Greater),
            ("-1", "1", Ordering::Less),
            ("-0.0", "0", Ordering::Equal),
            ("007.50", "7.5", Ordering::Equal),
            ("0.05", "0.5", Ordering::Less),
            ("12345678901234567.1", "12345678901234567.2", Ordering::Less),
        ] {
            assert_eq!(compared(left, right), order, "{left} {right}");
        }
    }
}
