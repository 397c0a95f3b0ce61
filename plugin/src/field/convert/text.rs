//! Text: lines, limits, and plain text that lives in an HTML field.

use super::{Side, Wrong};
use crate::contract::halo::integration::records::FieldInfo;

/// How many characters a field holds, where it says so.
pub fn max_length(field: &FieldInfo) -> Option<usize> {
    field
        .attributes
        .iter()
        .find(|attribute| attribute.name == "max-length")
        .and_then(|attribute| attribute.value.parse().ok())
}

/// Refuses a text that is longer than `limit` characters.
pub fn within(text: &str, limit: usize, field: &str) -> Result<(), Wrong> {
    let length = text.chars().count();
    if length <= limit {
        return Ok(());
    }
    Err(Wrong {
        what: format!("{length} characters where the field {field:?} holds {limit}"),
        mend: "shorten it in HubSpot, or map it to a field that holds more".to_owned(),
    })
}

/// Text as it is; refused where only one line fits and it has several, as an input
/// of one line drops the breaks when a person next saves it.
pub fn plain(text: &str, one_line: bool, side: Side) -> Result<String, Wrong> {
    if one_line && text.chars().any(breaks_line) {
        let (other, roomy) = match side {
            Side::HubSpot => (Side::Halo, "a memo field"),
            Side::Halo => (Side::HubSpot, "a multi-line property"),
        };
        return Err(Wrong {
            what: format!("which has a line break where {other} holds one line"),
            mend: format!("put it on one line in {side}, or map it to {roomy}"),
        });
    }
    Ok(text.to_owned())
}

/// The mandatory breaks of Unicode's line breaking.
fn breaks_line(character: char) -> bool {
    matches!(
        character,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Plain text as HTML that shows it.
pub fn html_from_plain(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '\n' => html.push_str("<br>"),
            // Raw, it would be one with a line break of the source.
            '\r' => html.push_str("&#13;"),
            other => html.push(other),
        }
    }
    html
}

/// The plain text that HTML shows, or nothing where it has formatting that would be
/// lost. Paragraphs become lines: rich-text editors put one around each.
pub fn plain_from_html(html: &str) -> Option<String> {
    let mut plain = Plain::default();
    let mut rest = html;
    while let Some(character) = rest.chars().next() {
        let mut length = character.len_utf8();
        match character {
            '<' => {
                let end = rest.find('>')?;
                plain.tag(&rest[1..end])?;
                length = end + 1;
            }
            '&' => match entity(rest) {
                Entity::Is(character, end) => {
                    plain.push(character);
                    length = end;
                }
                Entity::Unknown => return None,
                Entity::None => plain.push('&'),
            },
            '\n' | '\r' => plain.source_break(),
            ' ' | '\t' => plain.blank(character),
            other => plain.push(other),
        }
        rest = &rest[length..];
    }
    Some(plain.text)
}

#[derive(Default)]
struct Plain {
    text: String,
    /// A paragraph has begun or ended since the last character.
    block: bool,
    /// The last character is that of a `<br>`.
    broken: bool,
}

impl Plain {
    fn push(&mut self, character: char) {
        let begins_line = std::mem::take(&mut self.block);
        // A break that ends its paragraph opens no line of its own.
        if begins_line && !self.text.is_empty() && !self.broken {
            self.text.push('\n');
        }
        self.text.push(character);
        self.broken = false;
    }

    fn tag(&mut self, tag: &str) -> Option<()> {
        let tag = tag.trim_end_matches('/').trim().to_ascii_lowercase();
        match tag.as_str() {
            "br" => {
                self.push('\n');
                self.broken = true;
            }
            "p" | "div" | "/p" | "/div" => self.block = true,
            _ => return None,
        }
        Some(())
    }

    fn blank(&mut self, blank: char) {
        // Between paragraphs it only lays out the source.
        if !self.block {
            self.push(blank);
        }
    }

    fn source_break(&mut self) {
        if !self.block && !self.text.is_empty() && !self.broken {
            self.push(' ');
        }
    }
}

enum Entity {
    /// The character and where the entity ends.
    Is(char, usize),
    /// An entity that is not in the list here.
    Unknown,
    /// A bare `&`, as in `AT&T`.
    None,
}

fn entity(text: &str) -> Entity {
    let name = text[1..].split_once(';').map(|(name, _)| name);
    let Some(name) = name.filter(|name| {
        let digits = name.strip_prefix('#').unwrap_or(name);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }) else {
        return Entity::None;
    };
    let character = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => name.strip_prefix('#').and_then(|number| {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }),
    };
    match character {
        Some(character) => Entity::Is(character, name.len() + 2),
        None => Entity::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_of_a_plain_text_shows_the_same() {
        for (plain, html) in [
            ("a < b & c", "a &lt; b &amp; c"),
            ("one\ntwo", "one<br>two"),
            ("one\r\ntwo", "one&#13;<br>two"),
            (" &amp; ", " &amp;amp; "),
        ] {
            assert_eq!(html_from_plain(plain), html);
            assert_eq!(plain_from_html(html).as_deref(), Some(plain));
        }
    }

    #[test]
    fn what_an_editor_makes_of_plain_text_is_plain_text() {
        for (html, plain) in [
            ("<p>one</p>", "one"),
            ("<p>one</p>\n  <p>two</p>\n", "one\ntwo"),
            ("<div>one<br/>two</div>", "one\ntwo"),
            ("<p>one</p><p><br></p><p>two</p>", "one\n\ntwo"),
            ("<p>one<br></p>\n <p><br></p> <p>two</p>", "one\n\ntwo"),
            ("<p>one</p><br><p>two</p>", "one\n\ntwo"),
            ("one<br><br>two", "one\n\ntwo"),
            ("one\ntwo", "one two"),
            ("AT&T &amp; &#233;&#xe9;&nbsp;", "AT&T & éé\u{a0}"),
            ("", ""),
        ] {
            assert_eq!(plain_from_html(html).as_deref(), Some(plain), "{html}");
        }
    }

    #[test]
    fn formatting_is_not_dropped() {
        for html in [
            "<b>one</b>",
            "<p style=\"color:red\">one</p>",
            "<a href=\"x\">y</a>",
            "one<",
            "&eacute;",
            "&#xd800;",
            "<!-- x -->",
        ] {
            assert_eq!(plain_from_html(html), None, "{html}");
        }
    }
}
