//! Companies that bear the name of a customer: an import gives the customer to them, so it
//! is no other company's.

use std::collections::BTreeSet;

use crate::entity::company::{NAME, SPEC};
use crate::field::fold;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{Object, Page};
use crate::hubspot::search;

/// The most searches for a page of 100 companies: names that are left over stay as they
/// are, as an import would stop at a wrong row and say so.
const MOST_SEARCHES: usize = 5;
/// The most names of one search, like ids.
const MOST_NAMES: usize = 100;
/// The most characters that the names of one search take: its body may have 3,000, of which
/// the rest of it takes some hundred.
const MOST_CHARACTERS: usize = 2_300;

/// Companies that may bear one of these names, whichever HubSpot answers: one with other
/// spaces than single ones within its name is not found.
pub fn called(
    client: &mut Client,
    names: &BTreeSet<&str>,
    properties: &[&str],
) -> Result<Vec<Object>, Trouble> {
    let values = values(names);
    let mut found = Vec::new();
    let mut searches = 0;
    for values in chunks(&values) {
        let mut after: Option<String> = None;
        loop {
            if searches == MOST_SEARCHES {
                return Ok(found);
            }
            searches += 1;
            let call = search::among(
                client.version(),
                SPEC.objects,
                (NAME, &values),
                properties,
                after.as_deref(),
            );
            let page: Page = client.read(call)?;
            let goes_on = page.next().is_some();
            after = page.results.last().map(|last| last.id.clone());
            found.extend(page.results);
            if !goes_on || after.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

/// In lower case, as HubSpot wants it; folding makes other letters of a few (ß).
fn values(names: &BTreeSet<&str>) -> BTreeSet<String> {
    let both = |name: &&str| [fold(name), name.trim().to_lowercase()];
    let values = names.iter().flat_map(both);
    values.filter(|value| !value.is_empty()).collect()
}

/// As they fit into searches. One that fits into none is no company's name.
fn chunks(values: &BTreeSet<String>) -> Vec<Vec<&str>> {
    let mut chunks: Vec<Vec<&str>> = Vec::new();
    let mut taken = 0;
    for value in values {
        // With its quotes, what is escaped in it, and a comma.
        let own = serde_json::json!(value).to_string().chars().count() + 1;
        if own > MOST_CHARACTERS {
            continue;
        }
        match chunks.last_mut() {
            Some(last) if last.len() < MOST_NAMES && taken + own <= MOST_CHARACTERS => {
                last.push(value);
                taken += own;
            }
            _ => {
                chunks.push(vec![value]);
                taken = own;
            }
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::company::PROPERTIES;
    use crate::hubspot::version::Version;

    fn texts(names: impl Iterator<Item = String>) -> BTreeSet<String> {
        names.collect()
    }

    #[test]
    fn names_are_asked_for_in_lower_case_folded_and_as_they_are() {
        let names = BTreeSet::from([" ACME  Ltd", "Groß", " "]);
        let asked = ["acme  ltd", "acme ltd", "gross", "groß"];
        assert_eq!(values(&names), texts(asked.iter().map(|v| (*v).to_owned())));
    }

    #[test]
    fn all_names_are_asked_for_in_searches_that_are_short_enough() {
        let version = Version::named("2026-09").unwrap();
        let opt_out = "x".repeat(100);
        let properties = [PROPERTIES, &[opt_out.as_str()]].concat();
        let last = u64::MAX.to_string();
        for (length, count, searches) in [(4, 100, 1), (4, 101, 2), (25, 300, 4), (255, 9, 2)] {
            let names = texts((0..count).map(|n| format!("{n:\"<length$}")));
            let chunks = chunks(&names);
            for values in &chunks {
                let of = (NAME, values.as_slice());
                let call = search::among(&version, "companies", of, &properties, Some(&last));
                let body = String::from_utf8(call.body).unwrap();
                assert!(body.chars().count() <= 3_000, "{}", body.len());
            }
            let asked: BTreeSet<String> = { chunks.iter().flatten() }
                .map(|value| (*value).to_owned())
                .collect();
            assert_eq!(asked, names);
            assert!(chunks.len() >= searches, "{} of {length}", chunks.len());
        }
        let endless = texts([format!("{:x<3000}", "a"), "b".to_owned()].into_iter());
        assert_eq!(chunks(&endless), [["b"]]);
    }
}
