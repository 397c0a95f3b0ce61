//! Which fields go in and which are left, and what is told and remembered of them.

use super::*;
use crate::contract::halo::integration::records::FieldInfo;
use crate::contract::halo::integration::types::Choice as HaloChoice;
use crate::field::convert::Unmapped;
use crate::hubspot::properties::{Choice, Property};
use crate::settings::FieldRow;

/// A row from `region`, whose options are `n` and `s` (North and South), to `CFRegion`,
/// which has North (1) and Other (2).
fn region(row: FieldRow) -> Mapped {
    let option = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        hidden: false,
    };
    let choice = |value: &str, label: &str| HaloChoice {
        value: value.to_owned(),
        label: label.to_owned(),
        attributes: Vec::new(),
    };
    let property = Property {
        name: "region".to_owned(),
        value_type: "enumeration".to_owned(),
        field_type: "select".to_owned(),
        options: vec![option("n", "North"), option("s", "South")],
        ..Property::default()
    };
    let field = FieldInfo {
        name: "CFRegion".to_owned(),
        label: "Region".to_owned(),
        type_name: "choice".to_owned(),
        attributes: Vec::new(),
        choices: vec![choice("1", "North"), choice("2", "Other")],
    };
    let row = FieldRow {
        property: property.name.clone(),
        field: field.name.clone(),
        ..row
    };
    let conversion = row.conversion(&property, &field).unwrap();
    Mapped::row(&row, Some(conversion))
}

/// A row from `note` to `CFNote`, as it is.
fn note() -> Mapped {
    let row = FieldRow {
        property: "note".to_owned(),
        field: "CFNote".to_owned(),
        ..FieldRow::default()
    };
    Mapped::row(&row, None)
}

fn record(fields: &[(&str, &str)]) -> Stored {
    Stored {
        id: 7,
        revision: 1,
        fields: fields
            .iter()
            .map(|(name, value)| field(name, Value::Text((*value).to_owned())))
            .collect(),
        keys: Vec::new(),
    }
}

fn shown(fields: &[Field]) -> String {
    let shown = fields.iter().map(|field| match &field.value {
        Value::Text(text) => format!("{}={text}", field.name),
        other => format!("{}={other:?}", field.name),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// What is written to a record with CFRegion 1 that was agreed as `n`, what is agreed
/// then of CFRegion, and whether a person is told, for an object in region `s`.
fn moved(row: FieldRow) -> (String, Option<String>, bool) {
    let fields = [region(row), note()];
    let fields: Vec<&Mapped> = fields.iter().collect();
    let object = Object::with("1", &[("region", "s"), ("note", "new")]);
    let record = record(&[("CFRegion", "1"), ("CFNote", "old")]);
    let last = Values::from([("CFRegion".to_owned(), Some("n".to_owned()))]);
    let mut converted = converted(&object, &fields, Some(&record));
    let written = converted.decided(("customer", &record), Some(&last), &[]);
    let agreed = converted.agreed(&object, Some(&last));
    assert_eq!(agreed["CFNote"].as_deref(), Some("new"));
    let agreed = agreed.get("CFRegion").cloned().flatten();
    (shown(&written), agreed, converted.note(None).is_some())
}

#[test]
fn s18_an_option_that_is_no_choice_leaves_its_field_or_takes_the_default_and_the_rest_goes_on() {
    let row = FieldRow::default;
    let as_it_was = Some("n".to_owned());
    let keep = FieldRow {
        unmapped: Some(Unmapped::Keep),
        ..row()
    };
    let default = |name: &str| FieldRow {
        default_choice: Some(name.to_owned()),
        ..row()
    };
    let both = FieldRow {
        default_choice: Some("Other".to_owned()),
        ..keep.clone()
    };
    for (row, written, agreed, is_told) in [
        (row(), "CFNote=new", as_it_was.clone(), true),
        (keep, "CFNote=new", as_it_was.clone(), false),
        (both, "CFNote=new", as_it_was.clone(), false),
        (
            default("other"),
            "CFRegion=2 CFNote=new",
            Some("s".to_owned()),
            false,
        ),
        // One that the field does not have is no default.
        (default("Gone"), "CFNote=new", as_it_was, true),
    ] {
        let expected = (written.to_owned(), agreed, is_told);
        assert_eq!(moved(row.clone()), expected, "{row:?}");
    }
}

#[test]
fn what_was_never_agreed_of_a_refused_field_is_not_agreed_now() {
    let fields = [region(FieldRow::default()), note()];
    let fields: Vec<&Mapped> = fields.iter().collect();
    let object = Object::with("1", &[("region", "s"), ("note", "new")]);
    let values = converted(&object, &fields, None);
    assert_eq!(shown(&values.filled("name").unwrap()), "CFNote=new");
    let only_note = Values::from([("CFNote".to_owned(), Some("new".to_owned()))]);
    assert_eq!(values.agreed(&object, None), only_note);
    assert_eq!(values.agreed(&object, Some(&Values::new())), only_note);
}

#[test]
fn a_record_is_not_made_without_what_it_must_have() {
    let fields = [region(FieldRow::default()), note()];
    let fields: Vec<&Mapped> = fields.iter().collect();
    let object = Object::with("1", &[("region", "s")]);
    let reason = converted(&object, &fields, None)
        .filled("CFRegion")
        .unwrap_err();
    assert_eq!(reason.code, "invalid");
    assert!(reason.message.contains("\"South\" (s)"), "{reason:?}");
}

#[test]
fn nobody_is_told_of_a_field_that_could_not_be_written_anyway() {
    let row = FieldRow::default;
    let new_only = FieldRow {
        new_records_only: true,
        ..row()
    };
    let never_update = FieldRow {
        never_update: true,
        ..row()
    };
    let object = Object::with("1", &[("region", "s")]);
    let filled = record(&[("CFRegion", "1")]);
    let empty = record(&[]);
    for (row, record, is_told) in [
        (row(), Some(&filled), true),
        (new_only.clone(), Some(&empty), false),
        (new_only, None, true),
        (never_update.clone(), Some(&filled), false),
        (never_update, Some(&empty), true),
    ] {
        let fields = [region(row.clone())];
        let fields: Vec<&Mapped> = fields.iter().collect();
        let note = converted(&object, &fields, record).note(None);
        assert_eq!(note.is_some(), is_told, "{row:?}");
    }
}

#[test]
fn every_refused_field_is_told_and_another_note_is_not_lost() {
    let fields = [region(FieldRow::default())];
    let fields: Vec<&Mapped> = fields.iter().collect();
    let inactive = || Some(Failure::new("inactive", "It is inactive."));
    let object = Object::with("1", &[("region", "gone")]);
    let note = converted(&object, &fields, None).note(inactive()).unwrap();
    assert_eq!(note.code, REFUSED);
    assert_eq!(note.attributes[0].value, "CFRegion");
    assert!(
        note.message.contains("HubSpot does not offer any more")
            && note.message.ends_with(" It is inactive."),
        "{note:?}"
    );
    let object = Object::with("1", &[("region", "n")]);
    let note = converted(&object, &fields, None).note(inactive()).unwrap();
    assert_eq!(note.code, "inactive");
}
