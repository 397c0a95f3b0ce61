//! Fields: which types go together, and what a change on one side means for the
//! other. Plain functions.

pub mod convert;
pub mod decide;
pub mod direction;
pub mod pairs;

use crate::contract::halo::integration::types::Value;

/// A HubSpot text as a value of Halo; empty text is an empty value.
pub fn text(value: Option<&str>) -> Value {
    match value {
        Some(text) if !text.is_empty() => Value::Text(text.to_owned()),
        _ => Value::None,
    }
}

/// Text as names are compared: upper and lower case, spaces at the ends and
/// repeated spaces make no difference.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        if word.is_ascii() {
            folded.extend(word.chars().map(|c| c.to_ascii_lowercase()));
            continue;
        }
        // Upper case first: it joins what lower case keeps apart (ß and SS, ς and σ).
        folded.extend(
            word.chars()
                .flat_map(char::to_uppercase)
                .flat_map(char::to_lowercase),
        );
    }
    folded
}
