//! Where the next call goes on; the host hands it back as it got it.

use crate::failure::Failure;

/// What is longer was not given by this connector.
const LONGEST: usize = 500;

/// Where the next call goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Where HubSpot's list goes on; nothing at the beginning.
    pub after: Option<String>,
    /// How many there are; counted once, as a search costs a call.
    pub total: Option<u64>,
}

impl Cursor {
    /// Reads one.
    pub fn parse(text: Option<&str>) -> Result<Cursor, Failure> {
        let Some(text) = text else {
            return Ok(Cursor::default());
        };
        Cursor::read(text).ok_or_else(|| {
            Failure::new(
                "invalid",
                "This is no place where the search for likely pairs goes on. Give \"after\" what the last answer has as \"next\", or leave it out to begin.",
            )
        })
    }

    fn read(text: &str) -> Option<Cursor> {
        let (total, after) = text.split_once('.')?;
        let total = match total {
            "-" => None,
            total => Some(total.parse().ok()?),
        };
        // HubSpot's own mark is opaque.
        let is_one = !after.is_empty() && text.len() <= LONGEST && !text.contains(char::is_control);
        Some(Cursor {
            after: is_one.then(|| after.to_owned()),
            total,
        })
        .filter(|cursor| cursor.after.is_some())
    }

    /// The text for the host; nothing when there is nothing behind it.
    pub fn text(&self) -> Option<String> {
        let after = self.after.as_ref()?;
        let total = self.total.map_or("-".to_owned(), |total| total.to_string());
        Some(format!("{total}.{after}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for (total, after) in [(Some(20_000), "51"), (None, "a.b-.c=="), (Some(0), "-")] {
            let cursor = Cursor {
                after: Some(after.to_owned()),
                total,
            };
            let text = cursor.text().unwrap();
            assert_eq!(Cursor::parse(Some(&text)).unwrap(), cursor, "{text}");
        }
        assert_eq!(Cursor::parse(None).unwrap(), Cursor::default());
        assert_eq!(Cursor::default().text(), None, "the end has none");
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let long = format!("2.{}", "x".repeat(LONGEST));
        for text in ["", "x", "2.", ".3", "x.3", "-1.3", "2.\n", &long] {
            assert_eq!(
                Cursor::parse(Some(text)).unwrap_err().code,
                "invalid",
                "{text}"
            );
        }
    }
}
