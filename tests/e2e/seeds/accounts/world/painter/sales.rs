//! Quotes and their lines: what they are made of, and what people change of them.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use super::super::{Change, LINES, Object, Texts};
use super::Painter;

impl Painter {
    pub(super) fn quote(&mut self) -> Texts {
        let mut texts = vec![
            ("hs_title", self.name()),
            ("hs_expiration_date", "2026-12-31".to_owned()),
            ("hs_status", "DRAFT".to_owned()),
        ];
        if self.rng.random_bool(0.3) {
            texts.push(("hs_currency", "EUR".to_owned()));
        }
        texts
    }

    pub(super) fn line(&mut self) -> Texts {
        let mut texts = Texts::new();
        if self.rng.random_bool(0.7) {
            texts.push(("name", self.name()));
        }
        texts.extend(self.of_product());
        for (property, value) in [
            ("discount", "1.25"),
            ("hs_discount_percentage", "10"),
            ("hs_position_on_quote", "2"),
        ] {
            if self.rng.random_bool(0.3) {
                texts.push((property, value.to_owned()));
            }
        }
        texts
    }

    /// The product of a line, half of the times.
    fn of_product(&mut self) -> Option<(&'static str, String)> {
        let (_, product) = self
            .some("products")
            .filter(|_| self.rng.random_bool(0.5))?;
        Some(("hs_product_id", product.to_string()))
    }

    /// A new line of a quote.
    pub(super) fn line_of(&mut self, quote: Object) -> Vec<Change> {
        let mut changes = self.make(LINES);
        let line = self.last(LINES);
        self.lines.push((quote, line));
        changes.push(Change::Link(quote, line, false));
        changes
    }

    /// What somebody changes of quotes and their lines.
    pub(super) fn sold(&mut self) -> Vec<Change> {
        let Some(at) = (0..self.lines.len())
            .collect::<Vec<_>>()
            .choose(&mut self.rng)
            .copied()
        else {
            return Vec::new();
        };
        let (quote, line) = self.lines[at];
        match self.rng.random_range(0..9) {
            0 | 1 => self.line_of(quote),
            2 => {
                self.lines.swap_remove(at);
                self.is_gone(line);
                self.archived.push(line);
                vec![Change::Archive(line)]
            }
            // It goes to another quote, or to none.
            3 => {
                self.lines.swap_remove(at);
                let mut changes = vec![Change::Unlink(quote, line)];
                if let Some(other) = self.some("quotes").filter(|_| self.rng.random_bool(0.7)) {
                    self.lines.push((other, line));
                    changes.push(Change::Link(other, line, false));
                }
                changes
            }
            4 => {
                let product = self.of_product();
                let product = product.map_or_else(String::new, |(_, product)| product);
                vec![Change::Edit(line, vec![("hs_product_id", product)])]
            }
            5 => {
                let fields = vec![("description", self.text("edited"))];
                vec![Change::Halo("quotation-line", line, fields)]
            }
            6 => vec![Change::Removed("quotation-line", line)],
            _ => self.edited(LINES, line).into_iter().collect(),
        }
    }
}
