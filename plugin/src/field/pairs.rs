//! Which HubSpot type may go to which Halo type: one table for all entities.
//! What is not in it is refused before anything is imported.

/// HubSpot's type (as a field type of the contract), Halo's type.
///
/// Text of several lines fits into one line only by loss, HTML into plain text
/// too, so they go to their own kind only. Lengths are checked value by value.
const PAIRS: &[(&str, &[&str])] = &[
    ("text", &["text", "memo", "email", "phone", "url"]),
    ("phone", &["text", "memo", "phone"]),
    ("memo", &["memo"]),
];

/// Whether a property of type `remote` may fill a field of type `halo`.
pub fn fits(remote: &str, halo: &str) -> bool {
    PAIRS
        .iter()
        .any(|(from, to)| *from == remote && to.contains(&halo))
}

/// A sentence for a pair that does not fit; both types are named.
pub fn refusal(property: &str, remote: &str, field: &str, halo: &str) -> String {
    let possible: Vec<&str> = PAIRS
        .iter()
        .filter(|(from, _)| *from == remote)
        .flat_map(|(_, to)| to.iter().copied())
        .collect();
    let advice = if possible.is_empty() {
        format!("properties of type {remote} cannot be mapped in this version")
    } else {
        format!("choose a field of type {}", possible.join(", "))
    };
    format!(
        "The property {property:?} ({remote}) cannot fill the field {field:?} ({halo}): {advice}."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s18_only_pairs_that_lose_nothing_are_allowed() {
        for (remote, halo, expected) in [
            ("text", "text", true),
            ("text", "memo", true),
            ("phone", "text", true),
            ("memo", "memo", true),
            ("memo", "text", false),
            ("html", "text", false),
            ("checkbox", "text", false),
            ("text", "checkbox", false),
            ("decimal", "text", false),
            ("date", "date", false),
        ] {
            assert_eq!(fits(remote, halo), expected, "{remote} to {halo}");
        }
        let refusal = refusal("is_public", "checkbox", "CFNote", "text");
        assert!(
            refusal.contains("checkbox") && refusal.contains("text"),
            "{refusal}"
        );
    }
}
