//! What becomes of one company: which rows are written, or why none is. A plain
//! function of what was read on both sides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::gone::Gone;
use crate::contract::halo::integration::records::{Row, RowOptions, Stored};
use crate::contract::halo::integration::types::{Field, RecordRef, Value};
use crate::entity::company::{self, Mapped};
use crate::failure::Failure;
use crate::field::decide::decide;
use crate::field::fold;
use crate::hubspot::objects::Object;
use crate::matching::{self, By, Candidates, Match, Table, text_of, value_of};
use crate::settings::Companies;

/// HubSpot's values as of the last comparison, and the record that they were
/// compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Halo's id.
    pub record: u64,
    /// By Halo's field; null for empty.
    pub values: BTreeMap<String, Option<String>>,
    /// The list of everything that it was seen in last.
    #[serde(default)]
    pub seen: u64,
    /// HubSpot does not have it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Gone>,
}

/// What was read for a page.
#[derive(Debug, Default)]
pub struct Known {
    /// Records that could be meant.
    pub candidates: Candidates,
    /// By HubSpot id, merged ones included.
    pub agreed: BTreeMap<String, Agreed>,
    /// Customers without any site.
    pub without_site: BTreeSet<u64>,
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

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// Rows are written; the first is the customer.
    Write {
        /// The rows.
        rows: Vec<Row>,
        /// The record, when it exists already.
        record: Option<u64>,
        /// What to remember once they stand; the record is filled in.
        agreed: BTreeMap<String, Option<String>>,
        /// What a person should know although it goes in.
        note: Option<Failure>,
    },
    /// Nothing to write.
    Unchanged {
        /// The record.
        record: u64,
        /// What to remember.
        agreed: BTreeMap<String, Option<String>>,
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
        Match::Stop(reason) => stop("conflict", reason),
        Match::New => match taken.names.get(&fold(title)) {
            Some(other) => stop("conflict", same_name(title, other)),
            None => {
                taken.names.insert(fold(title), object.id.clone());
                create(object, title, rules)
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

/// HubSpot's values now.
fn values(object: &Object, fields: &[Mapped]) -> BTreeMap<String, Option<String>> {
    fields
        .iter()
        .map(|mapped| {
            let value = company::value(object, mapped).map(str::to_owned);
            (mapped.field.clone(), value)
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
fn converted(object: &Object, fields: &[Mapped]) -> Result<Vec<Value>, Failure> {
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

fn create(object: &Object, title: &str, rules: &Rules<'_>) -> Fate {
    let values_now = match converted(object, rules.fields) {
        Ok(values) => values,
        Err(reason) => return refused(reason, None),
    };
    let mut written: Vec<Field> = rules
        .fields
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
    Fate::Write {
        rows: vec![customer, first_site(object, rules)],
        record: None,
        agreed: values(object, rules.fields),
        note: None,
    }
}

/// The first site of a new customer, under the same key: in Halo, users sit at
/// sites. It refers to the customer by key, also one made in the same call.
fn first_site(object: &Object, rules: &Rules<'_>) -> Row {
    Row {
        kind: company::SITE.to_owned(),
        key: Some(rules.key(&object.id)),
        id: None,
        other_keys: Vec::new(),
        expected: None,
        fields: vec![
            field(
                company::NAME,
                Value::Text(rules.settings.first_site.clone()),
            ),
            field(
                company::SITE_CUSTOMER,
                Value::Reference(RecordRef::Key(rules.key(&object.id))),
            ),
        ],
        options: RowOptions::MAY_CREATE,
    }
}

fn update(object: &Object, record: &Stored, by: By, rules: &Rules<'_>, known: &Known) -> Fate {
    // What was agreed for a company goes with it into a merge.
    let last = company::ids(object)
        .into_iter()
        .filter_map(|id| known.agreed.get(id))
        .find(|agreed| agreed.record == record.id);
    let values_now = match converted(object, rules.fields) {
        Ok(values) => values,
        Err(reason) => return refused(reason, Some(record.id)),
    };
    let mut written = Vec::new();
    for (mapped, now) in rules.fields.iter().zip(values_now) {
        let last = last
            .and_then(|agreed| agreed.values.get(&mapped.field))
            .and_then(|value| mapped.to_halo(value.as_deref()).ok());
        let halo = value_of(record, &mapped.field);
        // The same in another form is the same.
        let halo = [Some(&now), last.as_ref()]
            .into_iter()
            .flatten()
            .find(|value| mapped.same(value, halo))
            .unwrap_or(halo);
        match decide(mapped.rule, &now, halo, last.as_ref()) {
            // A customer always has a name.
            Some(Value::None) if mapped.field == company::NAME => {}
            Some(value) => written.push(field(&mapped.field, value)),
            None => {}
        }
    }
    let is_linked = record.keys.contains(&object.id);
    let needs_site = by == By::Link && known.without_site.contains(&record.id);
    let agreed = values(object, rules.fields);
    if written.is_empty() && is_linked && !needs_site {
        return Fate::Unchanged {
            record: record.id,
            agreed,
        };
    }
    let mut rows = vec![Row {
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
    }];
    if needs_site {
        rows.push(first_site(object, rules));
    }
    Fate::Write {
        rows,
        record: Some(record.id),
        agreed,
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

#[cfg(test)]
mod tests;
