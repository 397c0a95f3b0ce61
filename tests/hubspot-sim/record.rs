//! One record, and how it is written as JSON.
//!
//! A portal of 70,000 records must be built in a second and a page of 100 be
//! written in well under two milliseconds by unoptimised code. So values sit in a
//! short sorted list by column number, they remember whether JSON would escape
//! them, and a page is written straight into one string.

use std::fmt::Write as _;

/// The number of a property within its object type.
pub type Column = u16;

/// A text value that remembers whether JSON needs to escape it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    raw: Box<str>,
    plain: bool,
}

impl Text {
    /// Wraps a text.
    pub fn new(raw: &str) -> Self {
        let plain = raw
            .bytes()
            .all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
        Self {
            raw: raw.into(),
            plain,
        }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// Appends the text as a JSON string.
    pub fn write_json(&self, out: &mut String) {
        if self.plain {
            out.push('"');
            out.push_str(&self.raw);
            out.push('"');
        } else {
            write_json_string(out, &self.raw);
        }
    }
}

/// Appends any text as a JSON string.
pub fn write_json_string(out: &mut String, text: &str) {
    // `Display` of a JSON value is compiled with serde_json, that is, optimised.
    let _ = write!(out, "{}", serde_json::Value::from(text));
}

/// One record of one object type.
#[derive(Debug, Clone)]
pub struct Record {
    /// HubSpot's id, unique within the type.
    pub id: u64,
    /// When it was made, milliseconds since 1970.
    pub created_ms: i64,
    /// When a value last changed. Association changes do not move it.
    pub modified_ms: i64,
    /// When it was put into the recycling bin.
    pub archived_ms: Option<i64>,
    values: Vec<(Column, Text)>,
}

impl Record {
    /// A record without values.
    pub fn new(id: u64, at_ms: i64) -> Self {
        Self {
            id,
            created_ms: at_ms,
            modified_ms: at_ms,
            archived_ms: None,
            values: Vec::new(),
        }
    }

    /// A record without values, with room for so many.
    pub fn with_capacity(id: u64, at_ms: i64, values: usize) -> Self {
        Self {
            values: Vec::with_capacity(values),
            ..Self::new(id, at_ms)
        }
    }

    /// Gives back the room that its values do not need.
    pub fn shrink(&mut self) {
        self.values.shrink_to_fit();
    }

    /// The value of a property; `None` when it was never set or is cleared.
    pub fn get(&self, column: Column) -> Option<&str> {
        self.text(column).map(Text::as_str)
    }

    /// The same, ready to be written.
    pub fn text(&self, column: Column) -> Option<&Text> {
        let mut low = 0;
        let mut high = self.values.len();
        while low < high {
            let middle = (low + high) / 2;
            let found = self.values[middle].0;
            if found == column {
                return Some(&self.values[middle].1);
            }
            if found < column {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        None
    }

    /// Sets a value; an empty one clears it. Says whether anything changed.
    pub fn set(&mut self, column: Column, value: &str) -> bool {
        match self.values.binary_search_by_key(&column, |entry| entry.0) {
            Ok(at) if value.is_empty() => {
                self.values.remove(at);
                true
            }
            Ok(at) if self.values[at].1.as_str() == value => false,
            Ok(at) => {
                self.values[at].1 = Text::new(value);
                true
            }
            Err(_) if value.is_empty() => false,
            Err(at) => {
                self.values.insert(at, (column, Text::new(value)));
                true
            }
        }
    }

    /// Every value that is set.
    pub fn values(&self) -> &[(Column, Text)] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_the_same_value_is_no_change_and_an_empty_one_clears() {
        let mut record = Record::new(1, 0);
        assert!(record.set(7, "a"));
        assert!(record.set(3, "b"));
        assert!(!record.set(7, "a"));
        assert_eq!(
            (record.get(3), record.get(7), record.get(5)),
            (Some("b"), Some("a"), None)
        );
        assert!(record.set(7, ""));
        assert!(!record.set(7, ""));
        assert_eq!(record.get(7), None);
    }

    #[test]
    fn every_text_is_written_as_valid_json() {
        for text in [
            "plain",
            "quo\"te",
            "back\\slash",
            "line\nbreak",
            "שלום",
            "🦷 & co",
            "\u{1}",
        ] {
            let mut out = String::new();
            Text::new(text).write_json(&mut out);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
