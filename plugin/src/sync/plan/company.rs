//! What becomes of one company: a customer, or a site of one by the mapping table.

use std::collections::BTreeMap;

use super::converted::converted;
use super::site::{self, Sites};
use super::{
    Agreed, Fate, Part, Values, after_renames, agreed_with, field, intents_of, made, refused,
};
use crate::contract::halo::integration::records::{Row, RowOptions, Stored};
use crate::contract::halo::integration::types::{RecordRef, Value};
use crate::entity::company::{self, KIND};
use crate::entity::{Mapped, Place};
use crate::failure::Failure;
use crate::field::fold;
use crate::hubspot::objects::Object;
use crate::matching::{self, By, Candidates, Match, Table, text_of};
use crate::settings::Companies;
use crate::sync::intent::Intent;

/// What was read for a page.
#[derive(Debug, Default)]
pub struct Known {
    /// Records that could be meant.
    pub candidates: Candidates,
    /// By HubSpot id, merged ones included.
    pub agreed: BTreeMap<String, Agreed>,
    /// By HubSpot id, merged ones included: what was to be written when a call ended.
    pub intents: BTreeMap<String, Intent>,
    /// Their sites.
    pub sites: Sites,
}

impl Known {
    /// What was to be written for a company, and for those that were merged into it.
    pub fn intents_of(&self, object: &Object) -> Vec<&Intent> {
        intents_of(object, &self.intents)
    }
}

/// What this page has planned so far: two companies of one page must not become
/// one customer.
#[derive(Debug, Default)]
pub struct Taken {
    /// Folded names of customers that are made.
    names: BTreeMap<String, String>,
    /// Customers that are linked.
    records: BTreeMap<u64, String>,
    /// Folded names that customers get which had another one.
    renamed: BTreeMap<String, String>,
}

/// How companies are imported.
#[derive(Debug)]
pub struct Rules<'a> {
    /// The settings.
    pub settings: &'a Companies,
    /// Their mapping table.
    pub table: Table<'a>,
    /// The fields that are filled.
    pub fields: &'a [Mapped],
    /// Goes before the ids of HubSpot in external keys.
    pub prefix: &'a str,
}

impl Rules<'_> {
    /// The external key of a HubSpot id.
    pub fn key(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }

    /// The fields of these places.
    pub fn fields_of(&self, places: &[Place]) -> Vec<&Mapped> {
        let fields = self.fields.iter();
        fields
            .filter(|mapped| places.contains(&mapped.place))
            .collect()
    }
}

/// Plans the companies of a page.
pub fn plan_page(objects: &[Object], rules: &Rules<'_>, known: &Known) -> Vec<Fate> {
    let renamed = |first: Taken| Taken {
        renamed: first.renamed,
        ..Taken::default()
    };
    after_renames(objects, renamed, |object, taken| {
        plan(object, rules, known, taken)
    })
}

/// Plans one company.
fn plan(object: &Object, rules: &Rules<'_>, known: &Known, taken: &mut Taken) -> Fate {
    let linked = known.candidates.linked.get(&object.id);
    let stop = |outcome, reason| Fate::Stop {
        outcome,
        reason,
        record: linked.map(|record| record.id),
    };
    if !company::is_included(rules.settings, object) {
        return stop("skipped", stage_not_chosen(object));
    }
    let Some(title) = company::title(object) else {
        return stop(
            "failed",
            Failure::new(
                "invalid",
                "The company has neither a name nor a domain. Give it a name in HubSpot.",
            ),
        );
    };
    let found = matching::find(&object.ids(), title, &rules.table, &known.candidates);
    if let Match::New | Match::Is(_, By::Name) = found
        && let Some(other) = taken.renamed.get(&fold(title))
        && *other != object.id
    {
        return stop("conflict", same_name(title, other));
    }
    match found {
        Match::Site(site) => site::mapped(object, site, rules, known),
        Match::Stop(reason) => stop("conflict", reason),
        Match::New => match taken.names.get(&fold(title)) {
            Some(other) => stop("conflict", same_name(title, other)),
            None => {
                taken.names.insert(fold(title), object.id.clone());
                create(object, title, rules, known)
            }
        },
        Match::Is(record, by) => match taken.records.get(&record.id) {
            Some(other) if *other != object.id && by != By::Link => {
                stop("conflict", same_name(title, other))
            }
            _ => {
                taken.records.insert(record.id, object.id.clone());
                update(object, record, by, rules, known, taken)
            }
        },
    }
}

fn stage_not_chosen(object: &Object) -> Failure {
    let stage = object.property(company::STAGE);
    let says = match stage {
        Some(stage) => format!("Its lifecycle stage {stage:?} is not among those to include."),
        None => "It has no lifecycle stage, and companies without one are not included.".to_owned(),
    };
    Failure::new(
        "stage-not-chosen",
        format!("{says} Choose the stage in the settings to import it."),
    )
    .with("stage", stage.unwrap_or_default())
}

fn same_name(title: &str, other: &str) -> Failure {
    Failure::new(
        "already-linked",
        format!(
            "HubSpot company {other} has the same name {title:?} and becomes that customer. If both are the same, merge them in HubSpot; else map this one to a customer of its own, or change its name."
        ),
    )
}

fn create(object: &Object, title: &str, rules: &Rules<'_>, known: &Known) -> Fate {
    let fields = rules.fields_of(&[Place::Own]);
    let values = converted(object, &fields, None);
    let mut written = match values.filled(company::NAME) {
        Ok(fields) => fields,
        Err(reason) => return refused(reason, None),
    };
    // A mapping row may fill the name with a property that is empty here.
    if !written.iter().any(|field| field.name == company::NAME) {
        written.push(field(company::NAME, Value::Text(title.to_owned())));
    }
    if let Some(top_level) = rules.settings.top_level {
        written.push(field(
            company::TOP_LEVEL,
            Value::Reference(RecordRef::Id(top_level)),
        ));
    }
    let customer = made(KIND, object, rules.prefix, written);
    let customer = Part {
        kind: KIND,
        record: None,
        row: Some(customer),
        agreed: Some(values.agreed(object, None)),
        line: None,
    };
    Fate::Goes {
        parts: vec![customer, site::first(object, rules, known)],
        note: values.note(None),
        until: Vec::new(),
    }
}

fn update(
    object: &Object,
    record: &Stored,
    by: By,
    rules: &Rules<'_>,
    known: &Known,
    taken: &mut Taken,
) -> Fate {
    let last = agreed_with(object, record, &known.agreed);
    let fields = rules.fields_of(&[Place::Own]);
    let mut values = converted(object, &fields, Some(record));
    let mut written = values.decided((KIND, record), last, &known.intents_of(object));
    // A customer always has a name.
    written.retain(|field| field.name != company::NAME || field.value != Value::None);
    let name = written.iter().find(|field| field.name == company::NAME);
    if let Some(Value::Text(name)) = name.map(|field| &field.value)
        && text_of(record, company::NAME).map(fold) != Some(fold(name))
    {
        taken.renamed.insert(fold(name), object.id.clone());
    }
    let is_linked = record.keys.contains(&object.id);
    let row = (!written.is_empty() || !is_linked).then(|| Row {
        kind: KIND.to_owned(),
        key: Some(rules.key(&object.id)),
        id: Some(record.id),
        other_keys: Vec::new(),
        expected: Some(record.revision),
        fields: written,
        // The mapping table may move a company to another customer.
        options: if by == By::Table {
            RowOptions::MOVE_KEYS
        } else {
            RowOptions::empty()
        },
    });
    let customer = Part {
        kind: KIND,
        record: Some(record.id),
        row,
        agreed: Some(values.agreed(object, Some(last.unwrap_or(&Values::new())))),
        line: None,
    };
    Fate::Goes {
        parts: [customer]
            .into_iter()
            .chain(site::of_customer(object, record, rules, known))
            .collect(),
        note: values.note(linked_while_inactive(record, is_linked)),
        until: Vec::new(),
    }
}

/// A3: inactive customers match too, and that is said.
fn linked_while_inactive(record: &Stored, is_linked: bool) -> Option<Failure> {
    let is_inactive = text_of(record, company::INACTIVE) == Some("true");
    (is_inactive && !is_linked).then(|| {
        Failure::new(
            "inactive",
            format!(
                "It was linked to customer {}, which is inactive in Halo. Make it active, or map the company to another customer.",
                record.id
            ),
        )
    })
}

#[cfg(test)]
mod tests;
