//! What becomes of one company: which rows are written, or why none is. A plain
//! function of what was read on both sides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::gone::Gone;
use super::intent::Intent;
use crate::contract::halo::integration::records::{Row, RowOptions, Stored};
use crate::contract::halo::integration::types::{Field, RecordRef, Value};
use crate::entity::company::{self, Mapped, Place};
use crate::failure::Failure;
use crate::field::decide::{Rule, decide};
use crate::field::fold;
use crate::hubspot::objects::Object;
use crate::matching::{self, By, Candidates, Match, Table, text_of, value_of};
use crate::settings::Companies;
use site::Sites;

/// HubSpot's values as of the last comparison, and the record that they were
/// compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Halo's id.
    pub record: u64,
    /// By Halo's field; null for empty.
    pub values: Values,
    /// The same of its site. A company that never was a customer has only that, and
    /// 0 for a customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<AgreedSite>,
    /// The list of everything that it was seen in last.
    #[serde(default)]
    pub seen: u64,
    /// HubSpot does not have it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Gone>,
}

/// What was compared with the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedSite {
    /// Halo's id.
    pub record: u64,
    /// By Halo's field; null for empty.
    pub values: Values,
}

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
    fn intents_of(&self, object: &Object) -> Vec<&Intent> {
        let ids = company::ids(object).into_iter();
        ids.filter_map(|id| self.intents.get(id)).collect()
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
}

/// HubSpot's values by Halo's field; nothing for empty.
pub type Values = BTreeMap<String, Option<String>>;

/// One of the records that a company fills.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its kind.
    pub kind: &'static str,
    /// The record, when it exists already.
    pub record: Option<u64>,
    /// What is written, if anything.
    pub row: Option<Row>,
    /// What to remember once it stands, where anything was compared.
    pub agreed: Option<Values>,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It goes in, or is in already.
    Goes {
        /// Its records; the first is what the company is.
        parts: Vec<Part>,
        /// What a person should know all the same.
        note: Option<Failure>,
    },
    /// Not imported.
    Stop {
        /// `skipped`, `conflict` or `failed`.
        outcome: &'static str,
        /// Why.
        reason: Failure,
        /// The record that it is linked to, when there is one.
        record: Option<u64>,
    },
}

impl Fate {
    /// The kinds of records of which fields are written.
    pub fn written_kinds(&self) -> impl Iterator<Item = &'static str> {
        let parts = match self {
            Fate::Goes { parts, .. } => parts.as_slice(),
            Fate::Stop { .. } => &[],
        };
        let rows = parts
            .iter()
            .filter_map(|part| part.row.as_ref().map(|row| (part.kind, row)));
        rows.filter(|(_, row)| !row.fields.is_empty())
            .map(|(kind, _)| kind)
    }
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

/// Plans one company.
pub fn plan(object: &Object, rules: &Rules<'_>, known: &Known, taken: &mut Taken) -> Fate {
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
    match matching::find(
        &company::ids(object),
        title,
        &rules.table,
        &known.candidates,
    ) {
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
                update(object, record, by, rules, known)
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

/// HubSpot's values now, to be remembered. What a row leaves out of the comparison
/// stays as it was, so that it is compared once the row does not.
fn values(object: &Object, fields: &[&Mapped], last: Option<&Values>) -> Values {
    fields
        .iter()
        .filter_map(|mapped| {
            let value = match (mapped.rule, last) {
                (Rule::Never, Some(last)) => last.get(&mapped.field)?.clone(),
                _ => company::value(object, mapped).map(str::to_owned),
            };
            Some((mapped.field.clone(), value))
        })
        .collect()
}

fn field(name: &str, value: Value) -> Field {
    Field {
        name: name.to_owned(),
        value,
    }
}

/// Halo's values for a company, or why one of them has none: a row stops whole, so
/// that nothing of it is half true (promise 6).
fn converted(object: &Object, fields: &[&Mapped]) -> Result<Vec<Value>, Failure> {
    fields
        .iter()
        .map(|mapped| {
            let converted = mapped.to_halo(company::value(object, mapped));
            converted
                .map_err(|message| Failure::new("invalid", message).with("field", &mapped.field))
        })
        .collect()
}

fn refused(reason: Failure, record: Option<u64>) -> Fate {
    Fate::Stop {
        outcome: "failed",
        reason,
        record,
    }
}

/// The values to write to a record that is there: field by field, what HubSpot's
/// change since the last comparison means for it.
fn decided(
    fields: &[&Mapped],
    now: Vec<Value>,
    (kind, record): (&str, &Stored),
    last: Option<&Values>,
    intents: &[&Intent],
) -> Vec<Field> {
    let mut written = Vec::new();
    for (mapped, now) in fields.iter().zip(now) {
        let last = last
            .and_then(|last| last.get(&mapped.field))
            .and_then(|value| mapped.to_halo(value.as_deref()).ok());
        let halo = value_of(record, &mapped.field);
        // What an interrupted call has written is ours, and newer than what is
        // remembered.
        let standing = intents
            .iter()
            .find_map(|intent| intent.stands(kind, mapped, halo));
        let last = standing.or(last);
        // The same in another form is the same.
        let halo = [Some(&now), last.as_ref()]
            .into_iter()
            .flatten()
            .find(|value| mapped.same(value, halo))
            .unwrap_or(halo);
        written.extend(
            decide(mapped.rule, &now, halo, last.as_ref()).map(|value| field(&mapped.field, value)),
        );
    }
    written
}

fn create(object: &Object, title: &str, rules: &Rules<'_>, known: &Known) -> Fate {
    let fields = rules.fields_of(&[Place::Customer]);
    let values_now = match converted(object, &fields) {
        Ok(values) => values,
        Err(reason) => return refused(reason, None),
    };
    let mut written: Vec<Field> = fields
        .iter()
        .zip(values_now)
        .map(|(mapped, value)| field(&mapped.field, value))
        .filter(|field| field.value != Value::None)
        .collect();
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
    let customer = Row {
        kind: company::KIND.to_owned(),
        key: Some(rules.key(&object.id)),
        id: None,
        other_keys: company::merged_ids(object)
            .map(|id| rules.key(id))
            .collect(),
        expected: None,
        fields: written,
        options: RowOptions::MAY_CREATE,
    };
    let customer = Part {
        kind: company::KIND,
        record: None,
        row: Some(customer),
        agreed: Some(values(object, &fields, None)),
    };
    Fate::Goes {
        parts: vec![customer, site::first(object, rules, known)],
        note: None,
    }
}

fn update(object: &Object, record: &Stored, by: By, rules: &Rules<'_>, known: &Known) -> Fate {
    // What was agreed for a company goes with it into a merge.
    let last = company::ids(object)
        .into_iter()
        .filter_map(|id| known.agreed.get(id))
        .find(|agreed| agreed.record == record.id)
        .map(|agreed| &agreed.values);
    let fields = rules.fields_of(&[Place::Customer]);
    let values_now = match converted(object, &fields) {
        Ok(values) => values,
        Err(reason) => return refused(reason, Some(record.id)),
    };
    let mut written = decided(
        &fields,
        values_now,
        (company::KIND, record),
        last,
        &known.intents_of(object),
    );
    // A customer always has a name.
    written.retain(|field| field.name != company::NAME || field.value != Value::None);
    let is_linked = record.keys.contains(&object.id);
    let row = (!written.is_empty() || !is_linked).then(|| Row {
        kind: company::KIND.to_owned(),
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
        kind: company::KIND,
        record: Some(record.id),
        row,
        agreed: Some(values(
            object,
            &fields,
            Some(last.unwrap_or(&Values::new())),
        )),
    };
    Fate::Goes {
        parts: [customer]
            .into_iter()
            .chain(site::of_customer(object, record, rules, known))
            .collect(),
        note: linked_while_inactive(record, is_linked),
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

pub mod site;
#[cfg(test)]
mod tests;
