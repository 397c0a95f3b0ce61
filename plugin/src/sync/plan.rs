//! What becomes of one company: which rows are written, or why none is. A plain
//! function of what was read on both sides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

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
        let values = company::fields(&[], &BTreeMap::new())
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

    fn rules<'a>(settings: &'a Companies, fields: &'a [Mapped]) -> Rules<'a> {
        Rules {
            settings,
            table: Table::new(&settings.customers),
            fields,
            prefix: "",
        }
    }

    fn plan_one(object: &Object, settings: &Companies, known: &Known) -> Fate {
        let fields = company::fields(&settings.fields, &BTreeMap::new());
        plan(
            object,
            &rules(settings, &fields),
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
            ..
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
        let fields = company::fields(&[], &BTreeMap::new());
        let mut plan_next = |id: &str, known: &Known| {
            let object = Object::with(id, &[("name", "Acme")]);
            plan(&object, &rules(&settings(), &fields), known, &mut taken)
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
            plan(&object, &rules(&settings(), &fields), &known, &mut taken)
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
                values: Vec::new(),
            }],
            ..settings()
        };
        let object = Object::with("1", &[("name", "Acme"), ("industry_note", "Bikes")]);
        let fate = plan_one(&object, &settings, &Known::default());
        assert!(written(&fate).contains(&("CFIndustry".to_owned(), "Bikes".to_owned())));
    }

    #[test]
    fn a_company_that_gets_a_name_after_its_domain_is_renamed() {
        let bare = Object::with("1", &[("name", "  "), ("domain", "acme.com")]);
        let fate = plan_one(&bare, &settings(), &Known::default());
        assert!(written(&fate).contains(&("name".to_owned(), "acme.com".to_owned())));
        let object = Object::with("1", &[("name", "Acme"), ("domain", "acme.com")]);
        let record = customer(7, &[("name", "acme.com"), ("domain", "acme.com")], &["1"]);
        let known = linked(record, &[("name", "acme.com"), ("domain", "acme.com")]);
        let fate = plan_one(&object, &settings(), &known);
        assert_eq!(written(&fate), [("name".to_owned(), "Acme".to_owned())]);
    }

    #[test]
    fn what_was_agreed_goes_with_a_company_into_a_merge() {
        let object = Object::with(
            "9",
            &[
                ("name", "Acme"),
                ("phone", "2"),
                ("hs_merged_object_ids", "1;3"),
            ],
        );
        let record = customer(7, &[("name", "Acme"), ("main_phonenumber", "1")], &["1"]);
        let known = linked(record, &[("name", "Acme"), ("main_phonenumber", "1")]);
        let fate = plan_one(&object, &settings(), &known);
        assert_eq!(
            written(&fate),
            [("main_phonenumber".to_owned(), "2".to_owned())]
        );
    }

    #[test]
    fn a3_a_link_to_an_inactive_customer_is_said_once() {
        let object = Object::with("1", &[("name", "Acme")]);
        let inactive = |keys: &[&str]| customer(7, &[("name", "Acme"), ("inactive", "true")], keys);
        let mut known = Known::default();
        known
            .candidates
            .named
            .insert("acme".to_owned(), vec![inactive(&[])]);
        let fate = plan_one(&object, &settings(), &known);
        assert!(
            matches!(fate, Fate::Write { note: Some(_), .. }),
            "{fate:?}"
        );
        let known = linked(inactive(&["1"]), &[("name", "Acme")]);
        assert!(matches!(
            plan_one(&object, &settings(), &known),
            Fate::Unchanged { .. }
        ));
    }

    #[test]
    fn keys_of_another_account_carry_its_prefix() {
        let settings = settings();
        let rules = Rules {
            prefix: "999-",
            ..rules(&settings, &[])
        };
        let object = Object::with("1", &[("name", "Acme")]);
        let fate = plan(&object, &rules, &Known::default(), &mut Taken::default());
        let Fate::Write { rows, .. } = fate else {
            panic!("{fate:?}")
        };
        assert_eq!(rows[0].key.as_deref(), Some("999-1"));
        assert_eq!(rows[1].key.as_deref(), Some("999-1"));
    }

    #[test]
    fn a_value_that_does_not_fit_stops_its_row_and_the_same_number_in_another_form_is_no_change() {
        use crate::contract::halo::integration::records::FieldInfo;
        use crate::field::convert::Conversion;
        use crate::hubspot::properties::Property;
        let property = Property {
            name: "employees".to_owned(),
            value_type: "number".to_owned(),
            field_type: "number".to_owned(),
            ..Property::default()
        };
        let info = FieldInfo {
            name: "CFCount".to_owned(),
            label: "Count".to_owned(),
            type_name: "integer".to_owned(),
            attributes: Vec::new(),
            choices: Vec::new(),
        };
        let row = FieldRow {
            property: "employees".to_owned(),
            field: "CFCount".to_owned(),
            values: Vec::new(),
        };
        let conversion = Conversion::between(&property, &info, &[]).unwrap();
        let fields = company::fields(
            &[row],
            &BTreeMap::from([("CFCount".to_owned(), conversion)]),
        );
        let settings = settings();
        let rules = rules(&settings, &fields);
        let record = customer(7, &[("name", "Acme"), ("CFCount", "20,000")], &["1"]);
        let mut known = Known::default();
        known.candidates.linked.insert("1".to_owned(), record);
        for (employees, expected) in [
            ("20000", "unchanged"),
            ("12.5", "failed"),
            ("20001", "write"),
        ] {
            let object = Object::with("1", &[("name", "Acme"), ("employees", employees)]);
            let fate = match plan(&object, &rules, &known, &mut Taken::default()) {
                Fate::Unchanged { .. } => "unchanged",
                Fate::Write { .. } => "write",
                Fate::Stop { outcome, .. } => outcome,
            };
            assert_eq!(fate, expected, "{employees}");
        }
    }
}
