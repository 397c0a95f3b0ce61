//! What a mapping row says beside its two names (S15).

use super::*;

/// What is written to `CFNote` for `now` in HubSpot, in a record that has `halo` there
/// and where `last` was agreed (`?` for nothing), and what is remembered.
fn noted(row: &FieldRow, now: &str, halo: &str, last: &str) -> (Option<Value>, Option<String>) {
    let settings = Companies {
        fields: vec![row.clone()],
        ..settings()
    };
    let mut known = linked(
        customer(7, &[("name", "Acme"), ("CFNote", halo)], &["1"]),
        &[("name", "Acme")],
    );
    let values = &mut known.agreed.get_mut("1").unwrap().values;
    if last != "?" {
        values.insert("CFNote".to_owned(), Some(last.to_owned()));
    }
    let object = Object::with("1", &[("name", "Acme"), ("note", now)]);
    let fate = plan_one(&object, &settings, &known);
    let Fate::Goes { parts, .. } = &fate else {
        panic!("{fate:?}");
    };
    let written = rows(&fate).into_iter().flat_map(|row| row.fields.clone());
    let mut written = written.filter(|field| field.name == "CFNote");
    let agreed = parts[0].agreed.as_ref().unwrap();
    let agreed = agreed.get("CFNote").cloned().flatten();
    (written.next().map(|field| field.value), agreed)
}

#[test]
fn s15_a_row_says_whether_its_field_is_filled_once_or_only_for_new_records() {
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    let says = |text: &str| Some(text.to_owned());
    let row = FieldRow {
        property: "note".to_owned(),
        field: "CFNote".to_owned(),
        ..FieldRow::default()
    };
    let never_update = FieldRow {
        never_update: true,
        ..row.clone()
    };
    let new_only = FieldRow {
        new_records_only: true,
        ..row.clone()
    };
    assert_eq!(noted(&row, "b", "x", "a"), (text("b"), says("b")));
    assert_eq!(noted(&never_update, "b", "x", "a"), (None, says("b")));
    assert_eq!(noted(&new_only, "b", "x", "a"), (None, says("a")));
    // What was not compared is not remembered: without the option, it is compared.
    assert_eq!(noted(&new_only, "b", "x", "?"), (None, None));
    for row in [row, never_update, new_only] {
        let settings = Companies {
            fields: vec![row.clone()],
            ..settings()
        };
        let object = Object::with("1", &[("name", "Acme"), ("note", "new")]);
        let fate = plan_one(&object, &settings, &Known::default());
        let filled = ("CFNote".to_owned(), "new".to_owned());
        assert!(written(&fate).contains(&filled), "{row:?}");
    }
}

#[test]
fn s15_an_emptied_property_clears_what_its_row_says() {
    let row = |empty_overwrites| FieldRow {
        property: "note".to_owned(),
        field: "CFNote".to_owned(),
        empty_overwrites,
        ..FieldRow::default()
    };
    for (empty_overwrites, ours, theirs) in [
        (None, true, false),
        (Some(true), true, true),
        (Some(false), false, false),
    ] {
        let row = row(empty_overwrites);
        assert_eq!(noted(&row, "", "a", "a").0 == Some(Value::None), ours);
        assert_eq!(noted(&row, "", "x", "a").0 == Some(Value::None), theirs);
    }
}
