//! Exact decimal numbers for amounts of money.

/// Six decimal places are kept: a price per unit may have four.
const SCALE: i128 = 1_000_000;
/// Amounts are rounded to cents.
const CENT: i128 = SCALE / 100;

/// A decimal number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(i128);

impl Decimal {
    /// Reads `12`, `-0.5` or `1e3`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + part.len() == 0 || whole.len() > 24 || !plain(whole) || !plain(part) {
            // An exponent: rare, and never exact to begin with.
            let number: f64 = text.parse().ok()?;
            return number
                .is_finite()
                .then_some(Self((number * SCALE as f64) as i128));
        }
        let part = format!("{part:0<6}");
        let value = format!("{whole}{}", &part[..6]).parse::<i128>().ok()?;
        Some(Self(if negative { -value } else { value }))
    }

    /// So many cents.
    pub fn of_cents(cents: i64) -> Self {
        Self(i128::from(cents) * CENT)
    }

    /// A whole number.
    pub fn whole(number: i64) -> Self {
        Self(i128::from(number) * SCALE)
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    /// The product.
    pub fn times(self, other: Self) -> Self {
        Self(self.0.saturating_mul(other.0) / SCALE)
    }

    /// So many hundredths of it.
    pub fn percent(self, of_hundred: Self) -> Self {
        Self(self.0.saturating_mul(of_hundred.0) / (100 * SCALE))
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    fn cents(self) -> i128 {
        let half = if self.0 < 0 { -CENT / 2 } else { CENT / 2 };
        (self.0 + half) / CENT
    }

    /// The same in whole cents.
    pub fn rounded(self) -> Self {
        Self(self.cents() * CENT)
    }

    /// The amount in whole cents, as HubSpot writes numbers: without needless zeros.
    pub fn money(self) -> String {
        let cents = self.cents();
        let sign = if cents < 0 { "-" } else { "" };
        let (whole, part) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
        match part {
            0 => format!("{sign}{whole}"),
            part if part % 10 == 0 => format!("{sign}{whole}.{}", part / 10),
            part => format!("{sign}{whole}.{part:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_written_without_needless_zeros() {
        let of = |text: &str| Decimal::parse(text).unwrap();
        for (quantity, price, amount) in [
            ("3", "19.99", "59.97"),
            ("0.5", "0.1", "0.05"),
            ("1000000", "0.0001", "100"),
            ("2", "-4.25", "-8.5"),
            ("1", "0.005", "0.01"),
            ("1e3", "2", "2000"),
        ] {
            assert_eq!(of(quantity).times(of(price)).money(), amount);
        }
        assert_eq!(of("80").percent(of("12.5")).money(), "10");
        assert_eq!(Decimal::parse("many"), None);
        assert_eq!(Decimal::parse(""), None);
    }
}
