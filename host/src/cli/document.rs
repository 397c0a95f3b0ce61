//! A JSON document that is printed while it is made, for those with the rows of a run:
//! an account has more of them than memory should hold.

use std::io::Write;

use serde::Serialize;

use super::Ended;
use super::rows::Pages;
use crate::store::ReportedRow;

/// One document on one line.
pub(crate) struct Document<W: Write> {
    to: W,
    /// Whether a member or an element stands before the next one.
    is_begun: bool,
}

/// What a list of rows came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) count: usize,
    /// The key of the last one.
    pub(crate) last: Option<String>,
}

impl<W: Write> Document<W> {
    /// Begins an object.
    pub(crate) fn begin(to: W) -> Document<W> {
        let mut document = Document {
            to,
            is_begun: false,
        };
        document.open('{');
        document
    }

    /// A member.
    pub(crate) fn member(&mut self, name: &str, value: &impl Serialize) {
        self.name(name);
        self.print(&json(value));
        self.is_begun = true;
    }

    /// A member that is a list of objects, until [`Document::end_list`].
    pub(crate) fn begin_list(&mut self, name: &str) {
        self.name(name);
        self.open('[');
    }

    /// An object of a list, until [`Document::end_object`].
    pub(crate) fn begin_object(&mut self) {
        self.comma();
        self.open('{');
    }

    pub(crate) fn end_object(&mut self) {
        self.close("}");
    }

    pub(crate) fn end_list(&mut self) {
        self.close("]");
    }

    /// A member that is a list of those rows that are wanted, read page by page.
    pub(crate) async fn rows(
        &mut self,
        name: &str,
        mut pages: Pages<'_>,
        is_wanted: impl Fn(&ReportedRow) -> bool,
    ) -> Result<Listed, Ended> {
        self.begin_list(name);
        let mut listed = Listed::default();
        loop {
            let page = match pages.next().await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                Err(ended) => {
                    // What is wrong is printed as a document of its own.
                    self.print("\n");
                    return Err(ended);
                }
            };
            for row in page.iter().filter(|row| is_wanted(row)) {
                self.comma();
                self.print(&json(row));
                self.is_begun = true;
                listed.count += 1;
            }
            listed.last = page.into_iter().next_back().map(|row| row.row.key);
        }
        self.end_list();
        Ok(listed)
    }

    /// The end of the document.
    pub(crate) fn end(mut self) {
        self.close("}\n");
        let _ = self.to.flush();
    }

    fn name(&mut self, name: &str) {
        self.comma();
        self.print(&json(&name));
        self.print(":");
    }

    fn comma(&mut self) {
        if self.is_begun {
            self.print(",");
        }
    }

    fn open(&mut self, sign: char) {
        self.print(&sign.to_string());
        self.is_begun = false;
    }

    fn close(&mut self, sign: &str) {
        self.print(sign);
        self.is_begun = true;
    }

    /// Printing into a closed pipe (`| head`) is no error.
    fn print(&mut self, text: &str) {
        let _ = self.to.write_all(text.as_bytes());
    }
}

/// Nothing that is printed here has keys that JSON does not know.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn lists_and_members_are_one_document_on_one_line() {
        let mut printed = Vec::new();
        let mut document = Document::begin(&mut printed);
        document.member("first", &1);
        document.begin_list("empty");
        document.end_list();
        document.begin_list("full");
        for name in ["a\"b", "c"] {
            document.begin_object();
            document.member("name", &name);
            document.begin_list("below");
            document.end_list();
            document.member("last", &true);
            document.end_object();
        }
        document.end_list();
        document.member("next", &None::<u8>);
        document.end();
        let text = String::from_utf8(printed).unwrap();
        assert_eq!(text.find('\n'), Some(text.len() - 1));
        let read: Value = serde_json::from_str(&text).unwrap();
        let one = |name| json!({ "name": name, "below": [], "last": true });
        let full = [one("a\"b"), one("c")];
        assert_eq!(
            read,
            json!({ "first": 1, "empty": [], "full": full, "next": null })
        );
    }
}
