//! Which HubSpot type may go to which Halo type: one table for all entities.
//! What is not in it is refused before anything is imported.
//!
//! A pair is in the table when some value can go there and back unharmed. What a
//! single value would lose (a line break, a digit, an option) is refused value by
//! value in [`super::convert`].

use crate::contract::halo::integration::records::FieldInfo;

/// HubSpot's type (as a field type of the contract), Halo's types.
///
/// A checkbox goes to a checkbox and nowhere else, and nothing else goes there
/// (S18). HTML would lose its formatting in plain text. An option is one of a
/// closed list, so it goes only where there is such a list.
const PAIRS: &[(&str, &[&str])] = &[
    ("text", &["text", "memo", "html", "email", "phone", "url"]),
    ("phone", &["text", "memo", "html", "phone"]),
    ("memo", &["text", "memo", "html"]),
    ("html", &["html"]),
    ("decimal", &["text", "integer", "decimal"]),
    ("checkbox", &["checkbox"]),
    ("date", &["date"]),
    ("date-time", &["date-time"]),
    ("choice", &["choice"]),
    ("choices", &["choices"]),
];

/// The attribute by which a text field of Halo, which has no number fields, says
/// that it takes numbers only.
const INPUT_TYPE: &str = "input-type";

/// Halo's type of a field as [`fits`] wants it: a text field that takes numbers
/// only (`input-type` `integer`, `money` or `decimal`) counts as a number field.
pub fn halo_type(field: &FieldInfo) -> &str {
    match (field.type_name.as_str(), input_type(field)) {
        ("text", Some("integer")) => "integer",
        ("text", Some("money" | "decimal")) => "decimal",
        (type_name, _) => type_name,
    }
}

/// Halo's type of a field as people know it: `text (money)`.
pub fn shown_type(field: &FieldInfo) -> String {
    match input_type(field) {
        Some(input) if halo_type(field) != field.type_name => {
            format!("{} ({input})", field.type_name)
        }
        _ => field.type_name.clone(),
    }
}

fn input_type(field: &FieldInfo) -> Option<&str> {
    field
        .attributes
        .iter()
        .find(|attribute| attribute.name == INPUT_TYPE)
        .map(|attribute| attribute.value.as_str())
}

/// Whether a property of type `remote` may fill a field of type `halo`.
pub fn fits(remote: &str, halo: &str) -> bool {
    targets(remote).contains(&halo)
}

/// The types of Halo that a property of type `remote` may fill.
pub fn targets(remote: &str) -> &'static [&'static str] {
    PAIRS
        .iter()
        .find(|(from, _)| *from == remote)
        .map_or(&[], |(_, to)| to)
}

/// A sentence for a pair that does not fit; both types are named.
pub fn refusal(property: &str, remote: &str, field: &str, halo: &str) -> String {
    let advice = match targets(remote) {
        [] => format!("properties of type {remote} cannot be mapped in this version"),
        [one] => format!("choose a field of type {one}"),
        [first @ .., last] => {
            format!("choose a field of type {} or {last}", first.join(", "))
        }
    };
    format!(
        "The property {property:?} ({remote}) cannot fill the field {field:?} ({halo}): {advice}."
    )
}

/// Every type that Halo may have, for tests of all pairs.
#[cfg(test)]
pub(super) const HALO: [&str; 14] = [
    "text",
    "memo",
    "html",
    "email",
    "phone",
    "url",
    "integer",
    "decimal",
    "checkbox",
    "date",
    "date-time",
    "choice",
    "choices",
    "reference",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::halo::integration::types::Attribute;

    /// One column for each of `HALO`; a letter where the pair is allowed.
    const EXPECTED: [(&str, &str); 12] = [
        // text memo html email phone url | integer decimal | checkbox | date
        // date-time | choice choices | reference
        ("text", "tmhepu........"),
        ("phone", "tmh.p........."),
        ("memo", "tmh..........."),
        ("html", "..h..........."),
        ("decimal", "t.....id......"),
        ("checkbox", "........c....."),
        ("date", ".........d...."),
        ("date-time", "..........d..."),
        ("choice", "...........c.."),
        ("choices", "............c."),
        ("file", ".............."),
        ("a-new-type", ".............."),
    ];

    #[test]
    fn s18_the_whole_table_is_as_agreed() {
        for (remote, line) in EXPECTED {
            assert_eq!(line.len(), HALO.len());
            for (halo, expected) in HALO.iter().zip(line.bytes()) {
                assert_eq!(fits(remote, halo), expected != b'.', "{remote} to {halo}");
            }
            assert!(!fits(remote, "table"), "{remote} to an unknown type");
        }
        for (remote, _) in PAIRS {
            assert!(EXPECTED.iter().any(|(known, _)| known == remote));
        }
    }

    #[test]
    fn a_refusal_names_both_types_and_what_would_fit() {
        let told = refusal("is_public", "checkbox", "CFNote", "text");
        assert_eq!(
            told,
            "The property \"is_public\" (checkbox) cannot fill the field \"CFNote\" (text): choose a field of type checkbox."
        );
        let told = refusal("rate", "decimal", "CFNote", "memo");
        assert!(told.ends_with("type text, integer or decimal."), "{told}");
        let told = refusal("logo", "file", "CFNote", "memo");
        assert!(told.contains("cannot be mapped"), "{told}");
    }

    #[test]
    fn a_text_field_for_numbers_counts_as_a_number_field() {
        for (type_name, input, expected, shown) in [
            ("text", None, "text", "text"),
            ("text", Some("anything"), "text", "text"),
            ("text", Some("integer"), "integer", "text (integer)"),
            ("text", Some("money"), "decimal", "text (money)"),
            ("text", Some("decimal"), "decimal", "text (decimal)"),
            ("text", Some("new"), "text", "text"),
            ("date", Some("money"), "date", "date"),
        ] {
            let field = FieldInfo {
                name: "CFMoney".to_owned(),
                label: "Money".to_owned(),
                type_name: type_name.to_owned(),
                attributes: input
                    .map(|input| Attribute {
                        name: INPUT_TYPE.to_owned(),
                        value: input.to_owned(),
                    })
                    .into_iter()
                    .collect(),
                choices: Vec::new(),
            };
            assert_eq!(halo_type(&field), expected, "{type_name} {input:?}");
            assert_eq!(shown_type(&field), shown, "{type_name} {input:?}");
        }
    }
}
