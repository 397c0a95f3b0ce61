//! What becomes of one deal: a ticket, if it is open and somebody wants it; and once
//! it is one, that ticket follows it, also when it closes.

use std::collections::{BTreeMap, BTreeSet};

use super::converted::{Converted, converted};
use super::whose::{Whose, reference};
use super::{
    Agreed, Fate, Part, Values, agreed_with, changed, field, intents_of, made, prospect, refused,
};
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::Value;
use crate::entity::Mapped;
use crate::entity::deal::{self, KIND, SUMMARY, TYPE};
use crate::failure::Failure;
use crate::hubspot::objects::Object;
use crate::hubspot::owners::Owner;
use crate::hubspot::pipelines::Pipeline;
use crate::settings::Deals;
use crate::sync::intent::Intent;

/// How deals are imported.
#[derive(Debug)]
pub struct Rules<'a> {
    /// The settings.
    pub settings: &'a Deals,
    /// The fields that are filled.
    pub fields: &'a [Mapped],
    /// Goes before the ids of HubSpot in external keys.
    pub prefix: &'a str,
    /// Whether a person has chosen what is imported.
    pub chosen: bool,
}

impl Rules<'_> {
    /// Whether new deals become tickets (S53, S56, A17).
    pub fn may_create(&self) -> bool {
        self.chosen || self.settings.create
    }
}

/// What was read for a page.
#[derive(Debug, Default)]
pub struct Known<'a> {
    /// The pipelines of the account.
    pub pipelines: &'a [Pipeline],
    /// Its owners, those who have left included.
    pub owners: &'a [Owner],
    /// By HubSpot id, merged ones included: the tickets that are linked.
    pub linked: BTreeMap<String, Stored>,
    /// By HubSpot id of a deal.
    pub whose: BTreeMap<String, Whose>,
    /// HubSpot ids that are linked and that HubSpot does not have.
    pub gone: BTreeSet<String>,
    /// HubSpot ids of deals that somebody has chosen.
    pub chosen: BTreeSet<String>,
    /// By HubSpot id, merged ones included.
    pub agreed: BTreeMap<String, Agreed>,
    /// By HubSpot id, merged ones included: what was to be written when a call ended.
    pub intents: BTreeMap<String, Intent>,
}

/// Plans one deal, with its derived values.
pub fn plan(object: &Object, rules: &Rules<'_>, known: &Known<'_>) -> Fate {
    let stop = |outcome, reason, record: Option<&Stored>| Fate::Stop {
        outcome,
        reason,
        record: record.map(|record| record.id),
    };
    let stage = deal::stage(object, known.pipelines);
    let record = match linked_ticket(object, known) {
        Ok(record) => record,
        Err(reason) => return stop("conflict", reason, None),
    };
    match (record, stage) {
        (None, Ok((pipeline, stage))) if stage.is_closed() => {
            let message = format!(
                "It is closed: its stage {:?} in {:?} is a closed one. Only open deals are imported.",
                stage.label, pipeline.label
            );
            stop("skipped", Failure::new("closed", message), None)
        }
        (None, _) if !rules.may_create() && !known.chosen.contains(&object.id) => {
            stop("skipped", not_selected(), None)
        }
        (record, Err(reason)) => stop("failed", reason, record),
        (None, Ok(_)) => create(object, rules, known),
        (Some(record), Ok(_)) => update(object, record, rules, known),
    }
}

fn not_selected() -> Failure {
    Failure::new(
        "not-selected",
        "It is not in Halo, and nobody has chosen it. Preview the import of deals, and choose it there.",
    )
}

/// The ticket that it is linked to, or that a deal which was merged into it is.
fn linked_ticket<'a>(object: &Object, known: &'a Known<'_>) -> Result<Option<&'a Stored>, Failure> {
    let ids = object.ids();
    let mut found: Vec<&Stored> = match known.linked.get(&object.id) {
        Some(own) => vec![own],
        None => object
            .merged_ids()
            .filter_map(|id| known.linked.get(id))
            .collect(),
    };
    found.sort_by_key(|record| record.id);
    found.dedup_by_key(|record| record.id);
    match found.as_slice() {
        [] => Ok(None),
        [record] => {
            let mut keys = record.keys.iter().map(String::as_str);
            match keys.find(|key| !ids.contains(key) && !known.gone.contains(*key)) {
                // Back after it was gone: another one may have taken its place meanwhile.
                Some(other) if known.gone.contains(&object.id) => Err(Failure::new(
                    "already-linked",
                    format!(
                        "Ticket {} is linked to HubSpot deal {other} by now. If both are the same deal, merge them in HubSpot.",
                        record.id
                    ),
                )),
                _ => Ok(Some(*record)),
            }
        }
        [first, second, ..] => Err(Failure::new(
            "ambiguous",
            format!(
                "Deals that were merged in HubSpot are linked to tickets {} and {}. Merge those in Halo.",
                first.id, second.id
            ),
        )),
    }
}

/// Its values; what the settings do not name is told by what people read of it.
fn of_deal<'a>(
    object: &Object,
    rules: &Rules<'a>,
    known: &Known<'_>,
    record: Option<&Stored>,
) -> Converted<'a> {
    let fields: Vec<&Mapped> = rules.fields.iter().collect();
    let mut values = converted(object, &fields, record);
    values.explain(|field| deal::unmapped(field, object, known.pipelines, known.owners));
    values
}

fn without_name() -> Failure {
    Failure::new(
        "invalid",
        "The deal has no name, so its ticket would have no summary. Give it one in HubSpot.",
    )
    .with("field", SUMMARY)
}

fn create(object: &Object, rules: &Rules<'_>, known: &Known<'_>) -> Fate {
    let values = of_deal(object, rules, known, None);
    let mut written = match values.filled(SUMMARY) {
        Ok(fields) => fields,
        Err(reason) => return refused(reason, None),
    };
    if !written.iter().any(|field| field.name == SUMMARY) {
        return refused(without_name(), None);
    }
    let whose = known.whose.get(&object.id).cloned().unwrap_or_default();
    written.extend(rules.settings.ticket_type.map(|id| reference(TYPE, id)));
    let mut agreed = values.agreed(object, None);
    for (name, id) in whose.references() {
        written.extend(id.map(|id| reference(name, id)));
    }
    whose.remember(&mut agreed, None);
    let prospect = prospect::known(&whose, rules.fields);
    prospect::remember(&prospect, &mut agreed, None);
    for (name, text) in prospect {
        written.extend(text.map(|text| field(name, Value::Text(text))));
    }
    Fate::Goes {
        parts: vec![Part {
            kind: KIND,
            record: None,
            row: Some(made(KIND, object, rules.prefix, written)),
            agreed: Some(agreed),
            line: None,
        }],
        note: values.note(whose.note),
        until: whose.until,
    }
}

fn update(object: &Object, record: &Stored, rules: &Rules<'_>, known: &Known<'_>) -> Fate {
    let last = agreed_with(object, record, &known.agreed);
    let intents = intents_of(object, &known.intents);
    let mut values = of_deal(object, rules, known, Some(record));
    let mut written = values.decided((KIND, record), last, &intents);
    // A ticket always has a summary.
    written.retain(|field| field.name != SUMMARY || field.value != Value::None);
    let whose = known.whose.get(&object.id).cloned().unwrap_or_default();
    let prospect = prospect::known(&whose, rules.fields);
    let is_ours = whose.is_ours(KIND, record, last, &intents);
    if is_ours {
        written.extend(whose.moves(record, last));
        written.extend(prospect::changes(&prospect, record, last, &intents));
    }
    let mut agreed = values.agreed(object, Some(last.unwrap_or(&Values::new())));
    whose.remember(&mut agreed, last);
    prospect::remember(if is_ours { &prospect } else { &[] }, &mut agreed, last);
    let row = changed(KIND, object, rules.prefix, record, written);
    Fate::Goes {
        parts: vec![Part {
            kind: KIND,
            record: Some(record.id),
            row,
            agreed: Some(agreed),
            line: None,
        }],
        note: values.note(whose.note.filter(|_| is_ours)),
        until: if is_ours { whose.until } else { Vec::new() },
    }
}

#[cfg(test)]
mod tests;
