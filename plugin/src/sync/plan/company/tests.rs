//! What becomes of one company, case by case.

use super::*;
use crate::settings::{FieldRow, Pair, Target};

mod changes;
mod options;
mod sites;

fn settings() -> Companies {
    Companies {
        all_lifecycle_stages: true,
        top_level: Some(1),
        ..Companies::default()
    }
}

fn pair(company: &str, target: Target) -> Pair {
    Pair {
        company: company.to_owned(),
        customer: match target {
            Target::Customer(id) => Some(id),
            Target::Site(_) => None,
        },
        site: match target {
            Target::Site(id) => Some(id),
            Target::Customer(_) => None,
        },
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
    let values = company::fields(&settings(), &[], &BTreeMap::new())
        .into_iter()
        .map(|mapped| {
            let value = last.iter().find(|(field, _)| *field == mapped.field);
            (mapped.field, value.map(|(_, value)| (*value).to_owned()))
        })
        .collect();
    let agreed = Agreed {
        record: record.id,
        values,
        ..Agreed::default()
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
    let fields = company::fields(settings, &settings.fields, &BTreeMap::new());
    plan(
        object,
        &rules(settings, &fields),
        known,
        &mut Taken::default(),
    )
}

/// The rows that are written.
fn rows(fate: &Fate) -> Vec<&Row> {
    let Fate::Goes { parts, .. } = fate else {
        panic!("{fate:?}");
    };
    parts.iter().filter_map(|part| part.row.as_ref()).collect()
}

fn written(fate: &Fate) -> Vec<(String, String)> {
    fields_of(rows(fate)[0])
}

fn fields_of(row: &Row) -> Vec<(String, String)> {
    row.fields
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
    let Fate::Goes { parts, .. } = &fate else {
        panic!("{fate:?}");
    };
    assert_eq!(parts[0].record, None);
    let agreed = parts[0].agreed.as_ref().unwrap();
    let rows = rows(&fate);
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
fn s11_a_pair_of_the_table_moves_the_link_and_keeps_the_name() {
    let settings = Companies {
        customers: vec![pair("1", Target::Customer(7))],
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
    let rows = rows(&fate);
    assert_eq!(rows[0].options, RowOptions::MOVE_KEYS);
}

#[test]
fn s12_a_customer_that_the_table_names_twice_stops_both_rows() {
    let settings = Companies {
        customers: vec![
            pair("1", Target::Customer(7)),
            pair("2", Target::Customer(7)),
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
    let fields = company::fields(&settings(), &[], &BTreeMap::new());
    let mut plan_next = |id: &str, known: &Known| {
        let object = Object::with(id, &[("name", "Acme")]);
        plan(&object, &rules(&settings(), &fields), known, &mut taken)
    };
    assert!(!rows(&plan_next("1", &Known::default())).is_empty());
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
    assert!(!rows(&plan_next("3")).is_empty());
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
            ..FieldRow::default()
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
fn a3_a_link_to_an_inactive_customer_is_said_once() {
    let object = Object::with("1", &[("name", "Acme")]);
    let inactive = |keys: &[&str]| customer(7, &[("name", "Acme"), ("inactive", "true")], keys);
    let mut known = Known::default();
    known
        .candidates
        .named
        .insert("acme".to_owned(), vec![inactive(&[])]);
    let fate = plan_one(&object, &settings(), &known);
    assert!(matches!(fate, Fate::Goes { note: Some(_), .. }), "{fate:?}");
    let known = linked(inactive(&["1"]), &[("name", "Acme")]);
    let fate = plan_one(&object, &settings(), &known);
    assert!(rows(&fate).is_empty());
    assert!(matches!(fate, Fate::Goes { note: None, .. }), "{fate:?}");
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
    let rows = rows(&fate);
    assert_eq!(rows[0].key.as_deref(), Some("999-1"));
    assert_eq!(rows[1].key.as_deref(), Some("999-1"));
}

#[test]
fn a_value_that_does_not_fit_is_refused_and_the_same_number_in_another_form_is_no_change() {
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
        ..FieldRow::default()
    };
    let conversion = Conversion::between(&property, &info, &[]).unwrap();
    let fields = company::fields(
        &settings(),
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
        ("12.5", "field-refused"),
        ("20001", "write"),
    ] {
        let object = Object::with("1", &[("name", "Acme"), ("employees", employees)]);
        let fate = match plan(&object, &rules, &known, &mut Taken::default()) {
            Fate::Stop { outcome, .. } => outcome.to_owned(),
            Fate::Goes {
                note: Some(note), ..
            } => note.code,
            goes if rows(&goes).is_empty() => "unchanged".to_owned(),
            _ => "write".to_owned(),
        };
        assert_eq!(fate, expected, "{employees}");
    }
}
