//! What becomes of the lines of one quote: each is a line of its quotation, changed when
//! HubSpot changed it, and removed when HubSpot has removed it. Lines that people made
//! in Halo are left alone.

use std::collections::BTreeSet;

use super::quote::{Known, Rules, quotation};
use super::whose::reference;
use super::{
    AgreedLine, Awaited, Fate, Line, Part, changed, decided, field, intents_of, made, values,
};
use crate::contract::halo::integration::records::{Row, RowOptions, Stored};
use crate::contract::halo::integration::types::{Field, Value};
use crate::entity::line_item::{self, ITEM, KIND, MODIFIED, NAME, QUOTATION};
use crate::entity::{Mapped, product, quote};
use crate::failure::Failure;
use crate::hubspot::objects::Object;
use crate::matching::{reference_of, text_of};
use crate::sync::intent::Intent;

/// How many lines a note names.
const NAMED: usize = 3;

/// What becomes of all lines of a quote.
#[derive(Debug, Default)]
pub struct Planned {
    /// The records.
    pub parts: Vec<Part>,
    /// What a person should know.
    pub note: Option<Failure>,
    /// Products that are not in Halo.
    pub until: Vec<Awaited>,
}

/// Plans the lines of a quote, with their derived values.
pub fn plan(
    of: &Object,
    lines: &[Object],
    record: Option<&Stored>,
    rules: &Rules<'_>,
    known: &Known,
) -> Planned {
    let agreed = known.agreed.get(&of.id);
    let agreed = agreed.filter(|agreed| record.is_some_and(|record| record.id == agreed.record));
    let mut planned = Planned::default();
    let mut notes = Vec::new();
    for object in lines {
        let item = line_item::product(object).map(|id| (id, known.items.get(id).copied()));
        if let Some((id, None)) = item {
            let until = Awaited::of(&[product::KIND], id);
            if !planned.until.contains(&until) {
                planned.until.push(until);
            }
        }
        let last = agreed.and_then(|agreed| agreed.lines.get(&object.id));
        let line = LineOf {
            object,
            item,
            record: known.records.get(&object.id),
            last,
            intents: intents_of(of, &known.intents),
        };
        notes.extend(line_item::note(object, quote::currency(of)));
        planned.parts.push(line.part(of, record, rules, &mut notes));
    }
    let present: BTreeSet<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    let remembered = agreed.into_iter().flat_map(|agreed| agreed.lines.keys());
    let there = known.records.iter().filter_map(|(id, line)| {
        let of_this = record.is_some() && reference_of(line, QUOTATION) == record.map(|r| r.id);
        of_this.then_some(id)
    });
    let gone: BTreeSet<&String> = remembered
        .chain(there)
        .filter(|id| !present.contains(id.as_str()))
        .collect();
    for id in gone {
        // One that is a line of another quotation by now stays there.
        let own = |line: &&Stored| reference_of(line, QUOTATION) == record.map(|r| r.id);
        let stored = known.records.get(id).filter(own);
        planned.parts.push(removed(id, stored, rules));
    }
    planned.note = note(notes);
    planned
}

/// One line, and what is known of it.
struct LineOf<'a> {
    object: &'a Object,
    /// Its product, and the item that it is.
    item: Option<(&'a str, Option<u64>)>,
    record: Option<&'a Stored>,
    last: Option<&'a AgreedLine>,
    intents: Vec<&'a Intent>,
}

impl LineOf<'_> {
    fn part(
        &self,
        of: &Object,
        record: Option<&Stored>,
        rules: &Rules<'_>,
        notes: &mut Vec<String>,
    ) -> Part {
        let line = Line {
            id: self.object.id.clone(),
            title: line_item::title(self.object).to_owned(),
            modified: self.object.property(MODIFIED).map(str::to_owned),
        };
        let last = self.last.map(|last| &last.values);
        let (fields, now) = self.fitting(&rules.line_fields, notes);
        let mut agreed = values(self.object, &fields, last);
        // What does not fit is as it was.
        for (name, value) in last.into_iter().flatten() {
            agreed.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let was = last.and_then(|last| last.get(ITEM)).cloned().flatten();
        let item = match self.item {
            Some((_, Some(id))) => Some(id.to_string()),
            // It may come yet.
            Some((_, None)) => was.clone(),
            None => None,
        };
        agreed.insert(ITEM.to_owned(), item.clone());
        let quotation = field(
            QUOTATION,
            Value::Reference(quotation(of, record, rules.prefix)),
        );
        let row = match self.record {
            // People have removed it in Halo, and HubSpot has not changed it since (A8).
            None if last == Some(&agreed) || self.is_as_it_was(&line) => None,
            None => {
                let mut written: Vec<Field> = fields
                    .iter()
                    .zip(now)
                    .map(|(mapped, value)| field(&mapped.field, value))
                    .filter(|field| field.value != Value::None)
                    .collect();
                written.extend(
                    item.and_then(|id| id.parse().ok())
                        .map(|id| reference(ITEM, id)),
                );
                written.push(quotation);
                Some(made(KIND, self.object, rules.prefix, written))
            }
            Some(stored) => {
                let place = line.place(KIND);
                let mut written = decided(&fields, now, (&place, stored), last, &self.intents);
                // A line always has a name.
                written.retain(|field| field.name != NAME || field.value != Value::None);
                written.extend(self.item_change(stored, was.as_deref(), item.as_deref()));
                if record.map(|record| record.id) != reference_of(stored, QUOTATION) {
                    written.push(quotation);
                }
                changed(KIND, self.object, rules.prefix, stored, written)
            }
        };
        let known = self.record.map(|stored| stored.id);
        Part {
            kind: KIND,
            record: known.or_else(|| self.last.map(|last| last.record)),
            row,
            agreed: Some(agreed),
            line: Some(line),
        }
    }

    /// The fields whose values Halo can hold, and those values. One that does not fit
    /// stops that field, not the line.
    fn fitting<'f>(
        &self,
        fields: &'f [Mapped],
        notes: &mut Vec<String>,
    ) -> (Vec<&'f Mapped>, Vec<Value>) {
        let mut fitting = (Vec::new(), Vec::new());
        for mapped in fields {
            match mapped.to_halo(mapped.value(self.object).as_deref()) {
                Ok(value) => {
                    fitting.0.push(mapped);
                    fitting.1.push(value);
                }
                Err(message) => notes.push(format!(
                    "Its line {:?}: {message}",
                    line_item::title(self.object)
                )),
            }
        }
        fitting
    }

    /// Whether HubSpot has not touched it since both sides last agreed. That its product
    /// came to Halo meanwhile is no change of it.
    fn is_as_it_was(&self, line: &Line) -> bool {
        line.modified.is_some() && self.last.is_some_and(|last| last.modified == line.modified)
    }

    /// HubSpot's change of the product since both sides last agreed.
    fn item_change(&self, stored: &Stored, was: Option<&str>, now: Option<&str>) -> Option<Field> {
        let halo = reference_of(stored, ITEM).map(|id| id.to_string());
        if was == now || halo.as_deref() == now {
            return None;
        }
        match now {
            Some(id) => Some(reference(ITEM, id.parse().ok()?)),
            // Taken back where it came from HubSpot.
            None if halo.as_deref() == was => Some(field(ITEM, Value::None)),
            None => None,
        }
    }
}

/// A line that goes from one quote of a page to another is not removed with the first:
/// it is the same line, and the second would find it changed or gone.
pub fn hand_over(fates: &mut [Fate]) {
    let parts = fates.iter().flat_map(Fate::parts);
    let taken: BTreeSet<String> = parts
        .filter(|part| part.row.is_some() && part.agreed.is_some())
        .filter_map(|part| part.line.as_ref().map(|line| line.id.clone()))
        .collect();
    for fate in fates {
        let Fate::Goes { parts, .. } = fate else {
            continue;
        };
        for part in parts.iter_mut().filter(|part| part.agreed.is_none()) {
            if part
                .line
                .as_ref()
                .is_some_and(|line| taken.contains(&line.id))
            {
                part.row = None;
            }
        }
    }
}

/// A line that HubSpot has removed.
fn removed(id: &str, record: Option<&Stored>, rules: &Rules<'_>) -> Part {
    let row = record.map(|record| Row {
        kind: KIND.to_owned(),
        key: Some(format!("{}{id}", rules.prefix)),
        id: Some(record.id),
        other_keys: Vec::new(),
        expected: Some(record.revision),
        fields: Vec::new(),
        options: RowOptions::REMOVE,
    });
    let title = record
        .and_then(|record| text_of(record, NAME))
        .map(str::to_owned);
    Part {
        kind: KIND,
        record: record.map(|record| record.id),
        row,
        agreed: None,
        line: Some(Line {
            id: id.to_owned(),
            title: title.unwrap_or_else(|| format!("Line {id}")),
            modified: None,
        }),
    }
}

fn note(notes: Vec<String>) -> Option<Failure> {
    let more = notes.len().saturating_sub(NAMED);
    let mut told: Vec<String> = notes.into_iter().take(NAMED).collect();
    if told.is_empty() {
        return None;
    }
    if more > 0 {
        told.push(format!("So it is with {more} more."));
    }
    Some(Failure::new("line", told.join(" ")))
}
