//! What is written of one record, case by case.

use super::*;
use crate::contract::halo::integration::types::{Field, Value};
use crate::field::convert::Conversion;
use crate::field::decide::{Emptied, Rule};
use crate::sync::plan::Sent;

fn row(property: &str, field: &str, comes_too: bool) -> Outward {
    Outward {
        property: property.to_owned(),
        field: field.to_owned(),
        comes_too,
        rule: Rule::Mapped(Emptied::TakesBack),
        conversion: Conversion::number(property, field),
    }
}

fn rows(outward: &[Outward]) -> Rows {
    Rows {
        outward: outward.to_vec(),
        stuck: Vec::new(),
    }
}

fn record(fields: &[(&str, &str)]) -> Stored {
    Stored {
        id: 7,
        revision: 1,
        fields: fields
            .iter()
            .map(|(name, text)| Field {
                name: (*name).to_owned(),
                value: Value::Text((*text).to_owned()),
            })
            .collect(),
        keys: vec!["1".to_owned()],
    }
}

fn agreed(values: &[(&str, &str)]) -> Agreed {
    let values = values
        .iter()
        .map(|(field, text)| ((*field).to_owned(), Some((*text).to_owned())));
    Agreed {
        record: 7,
        values: values.collect(),
        ..Agreed::default()
    }
}

/// `property: before → sent`, then what both hold, then the note.
fn told(update: &Result<Update, Failure>) -> Vec<String> {
    match update {
        Err(failure) => vec![format!("refused {}", failure.code)],
        Ok(update) => {
            let sent = update.properties.iter();
            let sent = sent.map(|(name, (before, now))| format!("{name}: {before} → {now}"));
            let same = update.same.keys().map(|name| format!("{name} same"));
            let note = update.note.iter().map(|note| note.code.clone());
            sent.chain(same).chain(note).collect()
        }
    }
}

#[test]
fn only_what_differs_and_halo_has_changed_is_written() {
    let rows = rows(&[
        row("a", "CFA", true),
        row("b", "CFB", true),
        row("c", "CFC", true),
    ]);
    let record = record(&[("CFA", "2"), ("CFB", "1"), ("CFC", "5")]);
    let object = Object::with("1", &[("a", "1"), ("b", "3"), ("c", "5")]);
    let agreed = agreed(&[("CFA", "1"), ("CFB", "1"), ("CFC", "4")]);
    let case = Case {
        record: &record,
        object: &object,
        agreed: Some(&agreed),
        edited: &[],
    };
    let update = update(&case, &rows, Winner::Hubspot);
    assert_eq!(told(&update), ["a: 1 → 2", "c same"]);
}

#[test]
fn the_loser_of_a_field_that_both_changed_is_named() {
    let rows = rows(&[row("a", "CFA", true)]);
    let record = record(&[("CFA", "2")]);
    let object = Object::with("1", &[("a", "3")]);
    let agreed = agreed(&[("CFA", "1")]);
    let case = Case {
        record: &record,
        object: &object,
        agreed: Some(&agreed),
        edited: &[],
    };
    let hubspot = update(&case, &rows, Winner::Hubspot);
    assert_eq!(told(&hubspot), ["changed-on-both-sides"]);
    let message = hubspot.unwrap().note.unwrap().message;
    assert!(
        message.contains("\"3\" stays") && message.contains("\"2\""),
        "{message}"
    );
    assert_eq!(told(&update(&case, &rows, Winner::Halo)), ["a: 3 → 2"]);
}

#[test]
fn a_field_that_was_never_compared_is_sent_only_if_the_edit_names_it() {
    let rows = rows(&[row("a", "CFA", true), row("b", "CFB", true)]);
    let record = record(&[("CFA", "2"), ("CFB", "2")]);
    let object = Object::with("1", &[]);
    let edited = ["CFB".to_owned()];
    for agreed in [None, Some(Agreed::default())] {
        let case = Case {
            record: &record,
            object: &object,
            agreed: agreed.as_ref(),
            edited: &edited,
        };
        assert_eq!(told(&update(&case, &rows, Winner::Hubspot)), ["b:  → 2"]);
    }
}

#[test]
fn what_hubspot_made_of_a_value_is_not_sent_again_until_either_side_changes() {
    let rows = rows(&[row("a", "CFA", true)]);
    let mut agreed = agreed(&[("CFA", "12")]);
    let sent = Sent {
        halo: "12.001".to_owned(),
        hubspot: "12".to_owned(),
    };
    agreed.sent.insert("a".to_owned(), sent);
    let told = |halo: &str, hubspot: &str| {
        let record = record(&[("CFA", halo)]);
        let object = Object::with("1", &[("a", hubspot)]);
        let case = Case {
            record: &record,
            object: &object,
            agreed: Some(&agreed),
            edited: &[],
        };
        told(&update(&case, &rows, Winner::Hubspot))
    };
    assert_eq!(told("12.001", "12"), [""; 0]);
    assert_eq!(told("13", "12"), ["a: 12 → 13"]);
    // HubSpot's change comes with the next import.
    assert_eq!(told("12.001", "14"), [""; 0]);
}

#[test]
fn a_value_that_hubspot_cannot_hold_stops_the_record_and_names_field_and_property() {
    let rows = rows(&[row("a", "CFA", true)]);
    let record = record(&[("CFA", "many")]);
    let object = Object::with("1", &[]);
    let case = Case {
        record: &record,
        object: &object,
        agreed: None,
        edited: &["CFA".to_owned()],
    };
    let refused = update(&case, &rows, Winner::Hubspot);
    assert_eq!(told(&refused), ["refused value"]);
    let attributes = refused.unwrap_err().attributes;
    let named: Vec<&str> = attributes
        .iter()
        .map(|known| known.value.as_str())
        .collect();
    assert_eq!(named, ["CFA", "a"]);
}
