//! What becomes of one company: which rows are written, or why none is. A plain
//! function of what was read on both sides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::contract::halo::integration::records::{Row, RowOptions, Stored};
use crate::contract::halo::integration::types::{Field, RecordRef, Value};
use crate::entity::company::{self, Mapped};
use crate::failure::Failure;
use crate::field::decide::decide;
use crate::field::{fold, text};
use crate::hubspot::objects::Object;
use crate::matching::{self, By, Candidates, Match, value_of};
use crate::settings::Companies;

/// HubSpot's values as of the last comparison, and the record that they were
/// compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Halo's id.
    pub record: u64,
    /// By Halo's field; null for empty.
    pub values: BTreeMap<String, Option<String>>,
}

/// What was read for a page.
#[derive(Debug, Default)]
pub struct Known {
    /// Records that could be meant.
    pub candidates: Candidates,
    /// By HubSpot id.
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

/// Plans one company.
pub fn plan(
    object: &Object,
    settings: &Companies,
    fields: &[Mapped],
    known: &Known,
    taken: &mut Taken,
) -> Fate {
    let linked = known.candidates.linked.get(&object.id);
    let stop = |outcome, reason| Fate::Stop {
        outcome,
        reason,
        record: linked.map(|record| record.id),
    };
    if !company::is_included(settings, object) {
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
    let pairs: Vec<u64> = settings
        .customers
        .iter()
        .filter(|pair| pair.company == object.id)
        .map(|pair| pair.customer)
        .collect();
    if let Some(twice) = pairs.iter().find(|id| {
        settings
            .customers
            .iter()
            .any(|pair| pair.customer == **id && pair.company != object.id)
    }) {
        return stop(
            "conflict",
            Failure::new(
                "mapped-twice",
                format!(
                    "The customer mapping table names customer {twice} for several companies. Remove all rows but one."
                ),
            ),
        );
    }
    match matching::find(
        &object.id,
        title,
        company::merged_ids(object),
        &pairs,
        &known.candidates,
    ) {
        Match::Stop(reason) => stop("conflict", reason),
        Match::New => match taken.names.get(&fold(title)) {
            Some(other) => stop("conflict", same_name(title, other)),
            None => {
                taken.names.insert(fold(title), object.id.clone());
                create(object, title, settings, fields)
            }
        },
        Match::Is(record, by) => {
            if let Some(other) = taken.records.insert(record.id, object.id.clone())
                && other != object.id
                && by != By::Link
            {
                taken.records.insert(record.id, other.clone());
                return stop("conflict", same_name(title, &other));
            }
            update(object, record, by, settings, fields, known)
        }
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
            let value = object.property(&mapped.property).map(str::to_owned);
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

fn create(object: &Object, title: &str, settings: &Companies, fields: &[Mapped]) -> Fate {
    let mut written: Vec<Field> = fields
        .iter()
        .map(|mapped| field(&mapped.field, text(object.property(&mapped.property))))
        .filter(|field| field.value != Value::None)
        .collect();
    if !written.iter().any(|field| field.name == company::NAME) {
        written.push(field(company::NAME, Value::Text(title.to_owned())));
    }
    if let Some(top_level) = settings.top_level {
        written.push(field(
            company::TOP_LEVEL,
            Value::Reference(RecordRef::Id(top_level)),
        ));
    }
    let customer = Row {
        kind: company::KIND.to_owned(),
        key: Some(object.id.clone()),
        id: None,
        other_keys: company::merged_ids(object).map(str::to_owned).collect(),
        expected: None,
        fields: written,
        options: RowOptions::MAY_CREATE,
    };
    Fate::Write {
        rows: vec![customer, first_site(object, settings)],
        record: None,
        agreed: values(object, fields),
    }
}

/// The first site of a new customer, under the same key: in Halo, users sit at
/// sites. It refers to the customer by key, also one made in the same call.
fn first_site(object: &Object, settings: &Companies) -> Row {
    Row {
        kind: company::SITE.to_owned(),
        key: Some(object.id.clone()),
        id: None,
        other_keys: Vec::new(),
        expected: None,
        fields: vec![
            field(company::NAME, Value::Text(settings.first_site.clone())),
            field(
                company::SITE_CUSTOMER,
                Value::Reference(RecordRef::Key(object.id.clone())),
            ),
        ],
        options: RowOptions::MAY_CREATE,
    }
}

fn update(
    object: &Object,
    record: &Stored,
    by: By,
    settings: &Companies,
    fields: &[Mapped],
    known: &Known,
) -> Fate {
    let last = known
        .agreed
        .get(&object.id)
        .filter(|agreed| agreed.record == record.id);
    let mut written = Vec::new();
    for mapped in fields {
        let now = text(object.property(&mapped.property));
        let last = last
            .and_then(|agreed| agreed.values.get(&mapped.field))
            .map(|value| text(value.as_deref()));
        let decided = decide(
            mapped.rule,
            &now,
            value_of(record, &mapped.field),
            last.as_ref(),
        );
        match decided {
            // A customer always has a name.
            Some(Value::None) if mapped.field == company::NAME => {}
            Some(value) => written.push(field(&mapped.field, value)),
            None => {}
        }
    }
    let is_linked = record.keys.contains(&object.id);
    let needs_site = by == By::Link && known.without_site.contains(&record.id);
    let agreed = values(object, fields);
    if written.is_empty() && is_linked && !needs_site {
        return Fate::Unchanged {
            record: record.id,
            agreed,
        };
    }
    let mut rows = vec![Row {
        kind: company::KIND.to_owned(),
        key: Some(object.id.clone()),
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
        rows.push(first_site(object, settings));
    }
    Fate::Write {
        rows,
        record: Some(record.id),
        agreed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{FieldRow, Pair};

    fn settings() -> Companies {
        Companies {
            all_lifecycle_stages: true,
            top_level: Some(1),
            ..Companies::default()
        }
    }

    fn customer(id: u64, fields: &[(&str, &str)], keys: &[&str]) -> Stored {
        Stored {
            id,
            revision: 3,
            fields: fields
                .iter()
                .map(|(name, value)| field(name, Value::Text((*value).to_owned())))
                .collect(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    fn linked(record: Stored, last: &[(&str, &str)]) -> Known {
        let mut known = Known::default();
        let values = company::fields(&[])
            .into_iter()
            .map(|mapped| {
                let value = last.iter().find(|(field, _)| *field == mapped.field);
                (mapped.field, value.map(|(_, value)| (*value).to_owned()))
            })
            .collect();
        let agreed = Agreed {
            record: record.id,
            values,
        };
        known.agreed.insert("1".to_owned(), agreed);
        known.candidates.linked.insert("1".to_owned(), record);
        known
    }

    fn plan_one(object: &Object, settings: &Companies, known: &Known) -> Fate {
        plan(
            object,
            settings,
            &company::fields(&settings.fields),
            known,
            &mut Taken::default(),
        )
    }

    fn written(fate: &Fate) -> Vec<(String, String)> {
        let Fate::Write { rows, .. } = fate else {
            panic!("{fate:?}");
        };
        rows[0]
            .fields
            .iter()
            .map(|field| match &field.value {
                Value::Text(text) => (field.name.clone(), text.clone()),
                other => (field.name.clone(), format!("{other:?}")),
            })
            .collect()
    }

    #[test]
    fn s14_a_new_customer_has_its_name_a_top_level_and_a_first_site() {
        let object = Object::with("1", &[("name", "Acme"), ("domain", "acme.com")]);
        let fate = plan_one(&object, &settings(), &Known::default());
        let Fate::Write {
            rows,
            record: None,
            agreed,
        } = &fate
        else {
            panic!("{fate:?}");
        };
        assert_eq!(rows.len(), 2);
        let names: Vec<&str> = rows[0]
            .fields
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        assert_eq!(names, ["name", "domain", "toplevel_id"]);
        assert_eq!(rows[1].kind, "site");
        assert_eq!(
            rows[1].fields[1].value,
            Value::Reference(RecordRef::Key("1".to_owned()))
        );
        assert_eq!(agreed["website"], None);
        assert_eq!(agreed["domain"].as_deref(), Some("acme.com"));
    }

    #[test]
    fn s9_a_company_outside_the_chosen_stages_is_skipped_and_says_so() {
        let chosen = Companies {
            lifecycle_stages: vec!["customer".to_owned()],
            ..Companies::default()
        };
        let object = Object::with("1", &[("name", "Acme"), ("lifecyclestage", "lead")]);
        let known = linked(customer(7, &[("name", "Acme")], &["1"]), &[]);
        let fate = plan_one(&object, &chosen, &known);
        let Fate::Stop {
            outcome: "skipped",
            reason,
            record: Some(7),
        } = fate
        else {
            panic!("{fate:?}");
        };
        assert!(reason.message.contains("lead"), "{}", reason.message);
    }

    #[test]
    fn s20_what_did_not_change_is_not_written() {
        let object = Object::with("1", &[("name", "Acme"), ("phone", "1")]);
        let record = customer(7, &[("name", "Acme"), ("main_phonenumber", "2")], &["1"]);
        let known = linked(record, &[("name", "Acme"), ("main_phonenumber", "1")]);
        assert!(matches!(
            plan_one(&object, &settings(), &known),
            Fate::Unchanged { record: 7, .. }
        ));
    }

    #[test]
    fn a_change_in_hubspot_is_written_with_the_revision_that_was_seen() {
        let object = Object::with("1", &[("name", "Acme"), ("phone", "3")]);
        let record = customer(7, &[("name", "Acme"), ("main_phonenumber", "1")], &["1"]);
        let known = linked(record, &[("name", "Acme"), ("main_phonenumber", "1")]);
        let fate = plan_one(&object, &settings(), &known);
        assert_eq!(
            written(&fate),
            [("main_phonenumber".to_owned(), "3".to_owned())]
        );
        let Fate::Write { rows, .. } = &fate else {
            unreachable!()
        };
        assert_eq!((rows[0].expected, rows.len()), (Some(3), 1));
    }

    #[test]
    fn a_link_that_was_made_without_being_remembered_is_compared_anew() {
        let object = Object::with("1", &[("name", "Acme"), ("phone", "3")]);
        let mut known = linked(customer(7, &[("name", "Acme")], &["1"]), &[]);
        known.agreed.clear();
        known.without_site.insert(7);
        let fate = plan_one(&object, &settings(), &known);
        let Fate::Write { rows, .. } = &fate else {
            panic!("{fate:?}")
        };
        assert_eq!(rows.len(), 2, "its first site was never made");
        // What was agreed with another record says nothing of this one.
        let mut moved = linked(
            customer(7, &[("name", "Acme")], &["1"]),
            &[("main_phonenumber", "3")],
        );
        moved.agreed.get_mut("1").unwrap().record = 6;
        assert_eq!(written(&plan_one(&object, &settings(), &moved)).len(), 1);
    }

    #[test]
    fn s11_a_pair_of_the_table_moves_the_link_and_keeps_the_name() {
        let settings = Companies {
            customers: vec![Pair {
                company: "1".to_owned(),
                customer: 7,
            }],
            ..settings()
        };
        let object = Object::with("1", &[("name", "ACME Holdings Ltd"), ("phone", "3")]);
        let mut known = Known::default();
        known
            .candidates
            .tabled
            .insert(7, customer(7, &[("name", "Acme")], &[]));
        let fate = plan_one(&object, &settings, &known);
        assert_eq!(
            written(&fate),
            [("main_phonenumber".to_owned(), "3".to_owned())]
        );
        let Fate::Write { rows, .. } = &fate else {
            unreachable!()
        };
        assert_eq!(rows[0].options, RowOptions::MOVE_KEYS);
    }

    #[test]
    fn s12_a_customer_that_the_table_names_twice_stops_both_rows() {
        let settings = Companies {
            customers: vec![
                Pair {
                    company: "1".to_owned(),
                    customer: 7,
                },
                Pair {
                    company: "2".to_owned(),
                    customer: 7,
                },
            ],
            ..settings()
        };
        for id in ["1", "2"] {
            let object = Object::with(id, &[("name", "Acme")]);
            let fate = plan_one(&object, &settings, &Known::default());
            assert!(
                matches!(
                    fate,
                    Fate::Stop {
                        outcome: "conflict",
                        ..
                    }
                ),
                "{fate:?}"
            );
        }
    }

    #[test]
    fn two_companies_of_one_name_in_one_page_do_not_become_one_customer() {
        let mut taken = Taken::default();
        let fields = company::fields(&[]);
        let mut plan_next = |id: &str, known: &Known| {
            let object = Object::with(id, &[("name", "Acme")]);
            plan(&object, &settings(), &fields, known, &mut taken)
        };
        assert!(matches!(
            plan_next("1", &Known::default()),
            Fate::Write { .. }
        ));
        assert!(matches!(
            plan_next("2", &Known::default()),
            Fate::Stop {
                outcome: "conflict",
                ..
            }
        ));
        let mut known = Known::default();
        known.candidates.named.insert(
            "acme".to_owned(),
            vec![customer(7, &[("name", "Acme")], &[])],
        );
        let mut taken = Taken::default();
        let mut plan_next = |id: &str| {
            let object = Object::with(id, &[("name", "Acme")]);
            plan(&object, &settings(), &fields, &known, &mut taken)
        };
        assert!(matches!(plan_next("3"), Fate::Write { .. }));
        assert!(matches!(
            plan_next("4"),
            Fate::Stop {
                outcome: "conflict",
                ..
            }
        ));
    }

    #[test]
    fn s15_mapped_properties_fill_their_fields() {
        let settings = Companies {
            fields: vec![FieldRow {
                property: "industry_note".to_owned(),
                field: "CFIndustry".to_owned(),
            }],
            ..settings()
        };
        let object = Object::with("1", &[("name", "Acme"), ("industry_note", "Bikes")]);
        let fate = plan_one(&object, &settings, &Known::default());
        assert!(written(&fate).contains(&("CFIndustry".to_owned(), "Bikes".to_owned())));
    }
}
