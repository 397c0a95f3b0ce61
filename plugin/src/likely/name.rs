//! Names of companies without what is said on one side only: punctuation, a leading
//! "the", legal forms. Records are looked up by whole values, so a name is asked for in
//! its usual spellings, and what was found is compared by its stem.

use std::collections::BTreeSet;

use super::forms::{AFTER_A_COMMA, ENDINGS, FORMS};
use crate::field::fold;

/// The most values that are asked for on behalf of one company.
pub const MOST_SPELLINGS: usize = 320;

/// What two names have in common when they are likely one company's; nothing for a name
/// without a letter or digit.
pub fn stem(name: &str) -> Option<String> {
    let plain = plain(name);
    let without_the = plain.strip_prefix("the ").unwrap_or(&plain);
    let stem = without_forms(without_the);
    (!stem.is_empty()).then(|| stem.to_owned())
}

/// Folded, of letters, digits and single blanks; `&` is "and".
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for word in fold(name).split(' ') {
        // Denmark's form, which is no two words.
        let word = if word == "a/s" { "as" } else { word };
        let mut gap = true;
        for c in word.chars() {
            match c {
                // They abbreviate: S.A. is SA, O'Neil is ONeil.
                '.' | '\'' | '’' | '`' => {}
                '&' | '+' => {
                    push(&mut plain, "and", true);
                    gap = true;
                }
                c if c.is_alphanumeric() => {
                    push(&mut plain, c.encode_utf8(&mut [0; 4]), gap);
                    gap = false;
                }
                _ => gap = true,
            }
        }
    }
    plain
}

fn push(text: &mut String, piece: &str, gap: bool) {
    if gap && !text.is_empty() {
        text.push(' ');
    }
    text.push_str(piece);
}

/// Without the legal forms at the end of a plain name; its first word always stays.
fn without_forms(plain: &str) -> &str {
    let mut rest = plain;
    loop {
        let shorter = ENDINGS
            .iter()
            .find_map(|form| rest.strip_suffix(form)?.strip_suffix(' '));
        let Some(shorter) = shorter else {
            return rest;
        };
        // GmbH & Co. KG, Smith & Co.
        rest = shorter.strip_suffix(" and").unwrap_or(shorter);
    }
}

/// The values to ask for: names of other companies that have this stem, as people
/// usually write them, each folded.
pub fn spellings(name: &str) -> BTreeSet<String> {
    let mut spellings = BTreeSet::from([fold(name)]);
    let Some(stem) = stem(name) else {
        return spellings;
    };
    let bases = bases(name, &stem);
    // The likelier first: there may be more than are asked for.
    let alone = bases.iter().cloned();
    let behind = bases
        .iter()
        .flat_map(|base| FORMS.iter().map(move |form| format!("{base} {form}")));
    let after_a_comma = bases.iter().flat_map(|base| {
        AFTER_A_COMMA
            .iter()
            .map(move |form| format!("{base}, {form}"))
    });
    for spelling in alone.chain(behind).chain(after_a_comma) {
        if spellings.len() == MOST_SPELLINGS {
            break;
        }
        spellings.insert(fold(&spelling));
    }
    spellings
}

/// The same for records that seldom have a legal form.
pub fn spellings_without_forms(name: &str) -> BTreeSet<String> {
    let bases = stem(name).map(|stem| bases(name, &stem));
    let bases = bases.into_iter().flatten().chain([name.to_owned()]);
    bases.map(|base| fold(&base)).collect()
}

/// The stem as it is and as this name has it, with "and" and `&`, with and without "the".
fn bases(name: &str, stem: &str) -> Vec<String> {
    let mut bases = vec![stem.to_owned()];
    bases.extend(as_written(name, stem));
    let mut more = Vec::new();
    for base in &bases {
        more.push(base.replace(" and ", " & "));
        more.push(base.replace(" & ", " and "));
    }
    bases.extend(more);
    bases.extend(match bases[0].starts_with("the ") {
        true => None,
        false => Some(format!("the {stem}")),
    });
    let mut seen = BTreeSet::new();
    bases.retain(|base| seen.insert(base.clone()));
    bases
}

/// The part of a folded name that its stem is of, with its punctuation.
fn as_written(name: &str, stem: &str) -> Option<String> {
    let folded = fold(name);
    let words: Vec<&str> = folded.split(' ').collect();
    let words = match words.as_slice() {
        ["the", rest @ ..] if !rest.is_empty() => rest,
        words => words,
    };
    let mut parts = (1..=words.len()).map(|end| words[..end].join(" "));
    let part = parts.find(|part| plain(part) == stem)?;
    Some(part.trim_end_matches([',', ' ', '-']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_forms_punctuation_and_a_leading_the_make_no_difference() {
        for (one, other) in [
            ("Acme", "ACME Ltd"),
            ("Acme Ltd.", "Acme Limited"),
            ("Acme, Inc.", "acme incorporated"),
            ("Acme LLC", "Acme L.L.C."),
            ("Acme Corp", "The Acme Corporation"),
            ("Acme Co., Ltd.", "Acme Company Limited"),
            ("Müller GmbH & Co. KG", "müller gmbh"),
            ("Acme AG & Co. KGaA", "ACME SE"),
            ("Acme B.V.", "Acme bv"),
            ("Acme B. V.", "Acme N.V."),
            ("Acme S.p.A.", "Acme SpA"),
            ("Acme A/S", "Acme ApS"),
            ("Acme Sp. z o.o.", "Acme"),
            ("Acme Pty Ltd", "Acme Pty. Limited"),
            ("Smith & Sons Ltd", "Smith and Sons"),
            ("Smith & Co.", "Smith"),
            ("O'Neil's plc", "ONeils"),
            ("Rolls-Royce", "Rolls Royce LLP"),
            ("STRASSE 24", "Straße 24 OHG"),
        ] {
            assert!(stem(one).is_some(), "{one}");
            assert_eq!(stem(one), stem(other), "{one} / {other}");
        }
    }

    #[test]
    fn what_is_more_than_a_form_makes_a_difference() {
        for (one, other) in [
            ("Acme", "Acme Holdings"),
            ("Acme North Ltd", "Acme South Ltd"),
            ("Acme Ltd", "Acmeltd"),
            ("Limited Acme", "Acme"),
            ("Bianco", "Bian"),
            ("Acme 1", "Acme 2"),
        ] {
            assert_ne!(stem(one), stem(other), "{one} / {other}");
        }
    }

    #[test]
    fn a_name_of_forms_only_keeps_its_first_word() {
        assert_eq!(stem("The Company").as_deref(), Some("company"));
        assert_eq!(stem("Company Limited").as_deref(), Some("company"));
        assert_eq!(stem("The").as_deref(), Some("the"));
        assert_eq!(stem("SE").as_deref(), Some("se"));
        assert_eq!(stem(" – "), None);
        assert_eq!(stem(""), None);
    }

    #[test]
    fn the_usual_spellings_are_asked_for_and_no_more_than_a_bound() {
        for (name, others) in [
            (
                "Acme Ltd",
                &[
                    "acme ltd",
                    "acme",
                    "acme limited",
                    "acme, inc.",
                    "the acme",
                    "the acme company",
                    "acme gmbh & co. kg",
                    "acme pty ltd",
                ][..],
            ),
            (
                "Smith & Sons, Inc.",
                &["smith & sons", "smith and sons", "smith & sons ltd"],
            ),
            (
                "The Smith and Sons Company",
                &["smith & sons", "the smith and sons", "smith and sons"],
            ),
            (
                "Dr. Oetker KG",
                &[
                    "dr. oetker",
                    "dr oetker",
                    "dr. oetker gmbh",
                    "dr. oetker kg",
                ],
            ),
            (
                "Rolls-Royce plc",
                &["rolls-royce", "rolls royce", "rolls-royce ltd."],
            ),
            ("–", &["–"]),
        ] {
            let asked = spellings(name);
            assert!(asked.len() <= MOST_SPELLINGS, "{name}: {}", asked.len());
            for other in others {
                assert!(asked.contains(*other), "{name}: {other} of {asked:?}");
            }
        }
    }

    #[test]
    fn every_spelling_has_the_stem_that_it_was_made_of() {
        for name in ["Acme", "The Smith & Sons Co.", "Dr. Oetker KG", "A-B Ltd"] {
            for spelling in spellings(name) {
                assert_eq!(stem(&spelling), stem(name), "{spelling}");
            }
        }
    }
}
