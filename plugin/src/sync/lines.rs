//! Reading the lines of quotes: which ones belong to a quote is an association, what
//! they say is read in batches.

use std::collections::{BTreeMap, BTreeSet};

use crate::entity::line_item::{self, OBJECTS, PROPERTIES};
use crate::entity::quote::SPEC;
use crate::failure::Failure;
use crate::hubspot::associations::{self, Answer};
use crate::hubspot::client::{Client, InFlight, Trouble, json};
use crate::hubspot::objects::{self, Object, Page};

/// The name of line items in a list's associations; the only one with a blank.
const LISTED: &str = "line items";

/// So many batches are asked for at once: a page of quotes has more lines than a batch
/// holds, and HubSpot takes a moment for each.
const AT_ONCE: usize = 4;

/// By quote: its lines with their derived values, in the order of their ids, or why they
/// are not known.
pub fn read(
    client: &mut Client,
    quotes: &[&Object],
    came_along: bool,
) -> Result<BTreeMap<String, Result<Vec<Object>, Failure>>, Trouble> {
    let ids = ids(client, quotes, came_along)?;
    let all: BTreeSet<&String> = ids.values().flatten().collect();
    let all: Vec<String> = all.into_iter().cloned().collect();
    let mut found = BTreeMap::new();
    let mut refused = BTreeMap::new();
    for several in all.chunks(AT_ONCE * objects::BATCH_LIMIT) {
        let batches: Vec<&[String]> = several.chunks(objects::BATCH_LIMIT).collect();
        let mut in_flight: Vec<InFlight> = Vec::with_capacity(batches.len());
        for batch in &batches {
            let call = objects::batch_read(client.version(), OBJECTS, PROPERTIES, batch);
            in_flight.push(client.start(call)?);
        }
        for (batch, in_flight) in batches.iter().zip(in_flight) {
            let page: Page = json(&client.finish(in_flight)?)?;
            for unanswered in page.unanswered(batch) {
                // What HubSpot does not have is no line any more.
                refused.extend(unanswered.refused.map(|why| (unanswered.id, why)));
            }
            let lines = page.results.into_iter().map(line_item::derived);
            found.extend(lines.map(|line| (line.id.clone(), line)));
        }
    }
    Ok(ids
        .into_iter()
        .map(|(quote, ids)| {
            let refusal = ids.iter().find_map(|id| Some((id, refused.get(id)?)));
            let lines = match refusal {
                Some((id, why)) => Err(Failure::new(
                    "remote",
                    format!("HubSpot could not answer its line {id}: {why}"),
                )),
                None => Ok(ids.iter().filter_map(|id| found.get(id).cloned()).collect()),
            };
            (quote, lines)
        })
        .collect())
}

/// By quote: the ids of its lines. They come with a list, as far as a list shows them
/// all; else they are asked for.
fn ids(
    client: &mut Client,
    quotes: &[&Object],
    came_along: bool,
) -> Result<BTreeMap<String, BTreeSet<String>>, Trouble> {
    let is_whole = |quote: &&&Object| came_along && !quote.has_more(LISTED);
    let (whole, unknown): (Vec<&Object>, Vec<&Object>) = quotes.iter().partition(is_whole);
    let unknown: Vec<String> = unknown.iter().map(|quote| quote.id.clone()).collect();
    let mut ids = of_quotes(client, &unknown)?;
    for quote in whole {
        let lines = quote.associated(LISTED, "").into_iter().map(|(id, _)| id);
        ids.insert(quote.id.clone(), lines.collect());
    }
    Ok(ids)
}

/// By quote, those without any included: the ids of their lines.
pub fn of_quotes(
    client: &mut Client,
    quotes: &[String],
) -> Result<BTreeMap<String, BTreeSet<String>>, Trouble> {
    let mut ids: BTreeMap<String, BTreeSet<String>> = quotes
        .iter()
        .map(|id| (id.clone(), BTreeSet::new()))
        .collect();
    for quotes in quotes.chunks(PER_CALL) {
        let mut asked: Vec<(String, Option<String>)> =
            quotes.iter().map(|id| (id.clone(), None)).collect();
        // An object with many goes on in pages.
        while !asked.is_empty() {
            let call = associations::batch_read_on(client.version(), SPEC.objects, OBJECTS, &asked);
            let answer: Answer = client.read(call)?;
            asked = answer.unfinished();
            for (quote, lines) in answer.by_id() {
                let known = ids.entry(quote).or_default();
                known.extend(lines.into_iter().map(|line| line.id));
            }
        }
    }
    Ok(ids)
}

/// Quotes of one call for the ids of their lines. HubSpot takes 1,000; with twenty lines
/// each the answer would be of some megabytes.
pub const PER_CALL: usize = 500;

/// The quotes that have some of these lines.
pub fn quotes_of(
    client: &mut Client,
    lines: &[String],
) -> Result<BTreeMap<String, String>, Trouble> {
    let mut quotes = BTreeMap::new();
    for lines in lines.chunks(associations::BATCH_LIMIT) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let call = associations::batch_read(client.version(), OBJECTS, SPEC.objects, &lines);
        let answer: Answer = client.read(call)?;
        for (line, of) in answer.by_id() {
            // One parent of each type only.
            quotes.extend(of.into_iter().next().map(|quote| (line, quote.id)));
        }
    }
    Ok(quotes)
}
