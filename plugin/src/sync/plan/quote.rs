//! What becomes of one quote: a quotation with its lines. It goes one way only (S46).

use std::collections::BTreeMap;

use super::converted::converted;
use super::line;
use super::whose::{Whose, reference};
use super::{Agreed, Awaited, Fate, Part, Values, agreed_with, changed, intents_of, made, refused};
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::{RecordRef, Value};
use crate::entity::quote::{KIND, NAME, TICKET};
use crate::entity::{Mapped, deal};
use crate::failure::Failure;
use crate::hubspot::objects::Object;
use crate::matching::reference_of;
use crate::sync::intent::Intent;

/// How quotes are imported.
#[derive(Debug)]
pub struct Rules<'a> {
    /// The fields that are filled.
    pub fields: &'a [Mapped],
    /// The same of a line.
    pub line_fields: Vec<Mapped>,
    /// Goes before the ids of HubSpot in external keys.
    pub prefix: &'a str,
}

/// The deal of a quote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Opportunity {
    /// It has none, or several.
    #[default]
    None,
    /// It is this ticket.
    Ticket(u64),
    /// It is not in Halo, and becomes a ticket with the next import of deals.
    Coming(String),
    /// It is not in Halo, and comes only if someone chooses it (S56).
    Unchosen(String),
}

/// What was read for a page.
#[derive(Debug, Default)]
pub struct Known {
    /// By HubSpot id: the quotations that are linked.
    pub linked: BTreeMap<String, Stored>,
    /// By HubSpot id of a quote.
    pub whose: BTreeMap<String, Whose>,
    /// By HubSpot id of a quote.
    pub opportunities: BTreeMap<String, Opportunity>,
    /// By HubSpot id of a quote: its lines, in their order, or why they are not known.
    pub lines: BTreeMap<String, Result<Vec<Object>, Failure>>,
    /// By HubSpot id of a line: what is in Halo of the lines of linked quotations.
    pub records: BTreeMap<String, Stored>,
    /// By HubSpot id of a product: its item.
    pub items: BTreeMap<String, u64>,
    /// By HubSpot id.
    pub agreed: BTreeMap<String, Agreed>,
    /// By HubSpot id: what was to be written when a call ended.
    pub intents: BTreeMap<String, Intent>,
}

/// Plans one quote, with its derived values.
pub fn plan(object: &Object, rules: &Rules<'_>, known: &Known) -> Fate {
    let record = known.linked.get(&object.id);
    let stop = |outcome, reason| Fate::Stop {
        outcome,
        reason,
        record: record.map(|record| record.id),
    };
    let lines = match known.lines.get(&object.id) {
        Some(Ok(lines)) => lines.as_slice(),
        Some(Err(reason)) => return stop("failed", reason.clone()),
        None => &[],
    };
    let whose = known.whose.get(&object.id).cloned().unwrap_or_default();
    let opportunity = known
        .opportunities
        .get(&object.id)
        .cloned()
        .unwrap_or_default();
    let quotation = match record {
        Some(record) => update(object, record, &whose, &opportunity, rules, known),
        None => match create(object, &whose, &opportunity, rules) {
            Ok(quotation) => quotation,
            Err(fate) => return fate,
        },
    };
    let planned = line::plan(object, lines, record, rules, known);
    let mut until = planned.until;
    if quotation.is_ours {
        until.extend(whose.until);
    }
    if let Opportunity::Coming(id) | Opportunity::Unchosen(id) = &opportunity {
        until.push(Awaited::of(&[deal::KIND], id));
    }
    let mut parts = vec![quotation.part];
    parts.extend(planned.parts);
    let notes = quotation.note.into_iter().chain(planned.note);
    Fate::Goes {
        parts,
        note: notes.reduce(joined),
        until,
    }
}

/// The quotation, without its lines.
struct Quotation {
    part: Part,
    /// Whether it belongs where this connector has put it.
    is_ours: bool,
    note: Option<Failure>,
}

/// Two reasons as one; the first one's code stands for both.
fn joined(first: Failure, second: Failure) -> Failure {
    Failure {
        message: format!("{} {}", first.message, second.message),
        ..first
    }
}

/// A quotation that is made, or why the row ends before.
fn create(
    object: &Object,
    whose: &Whose,
    opportunity: &Opportunity,
    rules: &Rules<'_>,
) -> Result<Quotation, Fate> {
    let waits = |until: Vec<Awaited>, code: &str, message: String| {
        let reason = Failure::new(code, message);
        Err(Fate::Wait { until, reason })
    };
    if let Opportunity::Coming(id) = opportunity {
        let message = format!(
            "Its deal {id} is not in Halo yet. The quotation is made once the deal is a ticket; import the deals."
        );
        return waits(vec![Awaited::of(&[deal::KIND], id)], "waiting", message);
    }
    if whose.customer.is_none() {
        return match (&whose.note, whose.until.as_slice()) {
            (Some(note), _) => Err(Fate::Wait {
                until: Vec::new(),
                reason: note.clone(),
            }),
            (None, []) => waits(
                Vec::new(),
                "no-customer",
                "It has no company and no contact, and its deal has none either, so nobody knows whose quotation it would be. Give it a company in HubSpot.".to_owned(),
            ),
            (None, until) => {
                let names: Vec<String> = until.iter().map(Awaited::name).collect();
                let message = format!(
                    "Its {} is not in Halo, so nobody knows whose quotation it would be. It goes in once that is imported.",
                    names.join(" or ")
                );
                waits(until.to_vec(), "waiting", message)
            }
        };
    }
    let fields: Vec<&Mapped> = rules.fields.iter().collect();
    let values = converted(object, &fields, None);
    let mut written = values
        .filled(NAME)
        .map_err(|reason| refused(reason, None))?;
    if !written.iter().any(|field| field.name == NAME) {
        let reason = Failure::new(
            "invalid",
            "The quote has neither a title nor a number, so its quotation would have no title. Give it one in HubSpot.",
        );
        return Err(refused(reason.with("field", NAME), None));
    }
    let mut agreed = values.agreed(object, None);
    for (name, id) in whose.references() {
        written.extend(id.map(|id| reference(name, id)));
    }
    whose.remember(&mut agreed, None);
    if let Opportunity::Ticket(id) = opportunity {
        written.push(reference(TICKET, *id));
        agreed.insert(TICKET.to_owned(), Some(id.to_string()));
    }
    Ok(Quotation {
        part: Part {
            kind: KIND,
            record: None,
            row: Some(made(KIND, object, rules.prefix, written)),
            agreed: Some(agreed),
            line: None,
        },
        is_ours: true,
        note: values.note(whose.note.clone()),
    })
}

/// A quotation that is there.
fn update(
    object: &Object,
    record: &Stored,
    whose: &Whose,
    opportunity: &Opportunity,
    rules: &Rules<'_>,
    known: &Known,
) -> Quotation {
    let last = agreed_with(object, record, &known.agreed);
    let intents = intents_of(object, &known.intents);
    let fields: Vec<&Mapped> = rules.fields.iter().collect();
    let mut values = converted(object, &fields, Some(record));
    let mut written = values.decided((KIND, record), last, &intents);
    // A quotation always has a title.
    written.retain(|field| field.name != NAME || field.value != Value::None);
    let is_ours = whose.is_ours(KIND, record, last, &intents);
    if is_ours {
        written.extend(whose.moves(record, last));
    }
    let mut agreed = values.agreed(object, Some(last.unwrap_or(&Values::new())));
    whose.remember(&mut agreed, last);
    let was = last.and_then(|last| last.get(TICKET)).cloned().flatten();
    let ticket = match opportunity {
        Opportunity::Ticket(id) => Some(id.to_string()),
        _ => was.clone(),
    };
    if let Opportunity::Ticket(id) = opportunity
        && was != ticket
        && reference_of(record, TICKET) != Some(*id)
    {
        written.push(reference(TICKET, *id));
    }
    agreed.insert(TICKET.to_owned(), ticket);
    Quotation {
        part: Part {
            kind: KIND,
            record: Some(record.id),
            row: changed(KIND, object, rules.prefix, record, written),
            agreed: Some(agreed),
            line: None,
        },
        is_ours,
        note: values.note(whose.note.clone().filter(|_| is_ours)),
    }
}

/// The quotation of a line, whether it is there already or made by an earlier row.
pub(super) fn quotation(object: &Object, record: Option<&Stored>, prefix: &str) -> RecordRef {
    match record {
        Some(record) => RecordRef::Id(record.id),
        None => RecordRef::Key(format!("{prefix}{}", object.id)),
    }
}

#[cfg(test)]
mod tests;
