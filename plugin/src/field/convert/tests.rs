use super::*;
use crate::contract::halo::integration::types::{Attribute, Choice as HaloChoice, RecordRef};
use crate::hubspot::properties::Choice;

/// A property `p` with the options given by value and label.
pub fn property_with(value_type: &str, field_type: &str, options: &[(&str, &str)]) -> Property {
    Property {
        name: "p".to_owned(),
        value_type: value_type.to_owned(),
        field_type: field_type.to_owned(),
        options: options
            .iter()
            .map(|(value, label)| Choice {
                value: (*value).to_owned(),
                label: (*label).to_owned(),
                hidden: false,
            })
            .collect(),
        ..Property::default()
    }
}

/// A field `f` with attributes by name, and choices by value and label.
pub fn field_with(
    type_name: &str,
    attributes: &[(&str, &str)],
    choices: &[(&str, &str)],
) -> FieldInfo {
    FieldInfo {
        name: "f".to_owned(),
        label: "F".to_owned(),
        type_name: type_name.to_owned(),
        attributes: attributes
            .iter()
            .map(|(name, value)| Attribute {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
            })
            .collect(),
        choices: choices
            .iter()
            .map(|(value, label)| HaloChoice {
                value: (*value).to_owned(),
                label: (*label).to_owned(),
                attributes: Vec::new(),
            })
            .collect(),
    }
}

/// The conversion between types without choices.
pub fn plain(value_type: &str, field_type: &str, halo: &str) -> Conversion {
    let property = property_with(value_type, field_type, &[]);
    Conversion::between(&property, &field_with(halo, &[], &[]), &[]).unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn many(values: &[&str]) -> Value {
    Value::Many(values.iter().map(|value| (*value).to_owned()).collect())
}

fn list() -> Conversion {
    let property = property_with("enumeration", "checkbox", &[("a", "A"), ("b", "B")]);
    let field = field_with("choices", &[], &[("1", "A"), ("2", "B")]);
    Conversion::between(&property, &field, &[]).unwrap()
}

#[test]
fn s18_a_pair_that_does_not_fit_is_refused_by_both_names() {
    let refusal = |value_type, field_type, field: &FieldInfo| {
        Conversion::between(&property_with(value_type, field_type, &[]), field, &[]).unwrap_err()
    };
    let told = refusal("bool", "booleancheckbox", &field_with("text", &[], &[]));
    assert!(
        told.contains("(checkbox)") && told.contains("(text)"),
        "{told}"
    );
    let money = field_with("text", &[("input-type", "money")], &[]);
    let told = refusal("string", "text", &money);
    assert!(told.contains("(text (money))"), "{told}");
    refusal("string", "html", &field_with("memo", &[], &[]));
    refusal("number", "number", &field_with("reference", &[], &[]));
}

#[test]
fn every_pair_of_the_table_has_a_conversion() {
    for (value_type, field_type) in [
        ("string", "text"),
        ("string", "textarea"),
        ("string", "html"),
        ("string", "phonenumber"),
        ("number", "number"),
        ("bool", "booleancheckbox"),
        ("date", "date"),
        ("datetime", "date"),
        ("enumeration", "select"),
        ("enumeration", "checkbox"),
    ] {
        let property = property_with(value_type, field_type, &[]);
        for halo in pairs::HALO {
            let made = Conversion::between(&property, &field_with(halo, &[], &[]), &[]);
            let expected = pairs::fits(property.type_name(), halo);
            assert_eq!(
                made.is_ok(),
                expected,
                "{value_type}/{field_type} to {halo}"
            );
        }
    }
}

#[test]
fn empty_and_absent_are_both_empty_and_clear() {
    for conversion in [
        plain("string", "text", "text"),
        plain("string", "text", "html"),
        plain("number", "number", "decimal"),
        plain("bool", "booleancheckbox", "checkbox"),
        plain("date", "date", "date"),
        plain("datetime", "date", "date-time"),
        list(),
    ] {
        assert_eq!(conversion.to_halo(None), Ok(Value::None));
        assert_eq!(conversion.to_halo(Some("")), Ok(Value::None));
        assert_eq!(conversion.to_hubspot(&Value::None).as_deref(), Ok(""));
        assert_eq!(conversion.to_hubspot(&text("")).as_deref(), Ok(""));
        assert!(conversion.same(&Value::None, &text("")));
        assert!(!conversion.same(&Value::None, &text("x")));
    }
    assert_eq!(list().to_halo(Some(";")), Ok(Value::None));
    assert_eq!(list().to_hubspot(&many(&[])).as_deref(), Ok(""));
}

#[test]
fn a_message_says_what_is_wrong_and_what_mends_it() {
    let number = plain("number", "number", "decimal");
    assert_eq!(
        number.to_halo(Some("abc")).unwrap_err(),
        "The property \"p\" holds \"abc\", which is no number such as 1200.50; correct it in HubSpot."
    );
    assert_eq!(
        number.to_hubspot(&text("1,5")).unwrap_err(),
        "The field \"f\" holds \"1,5\", which is no number such as 1200.50; correct it in Halo."
    );
    let stranger = list().to_halo(Some("a;c")).unwrap_err();
    assert_eq!(
        stranger,
        "The property \"p\" holds \"a;c\", and no choice of the field \"f\" stands for the option \"c\", which HubSpot does not offer any more; choose another option in HubSpot, or add a row to the values of this mapping, or a default-choice."
    );
    let long = number.to_halo(Some(&"x".repeat(10_000))).unwrap_err();
    assert!(long.len() < 300 && long.contains('…'), "{long}");
}

#[test]
fn a_text_that_does_not_fit_is_refused_and_not_cut() {
    let limited = |value_type, field_type, halo| {
        let property = property_with(value_type, field_type, &[]);
        let field = field_with(halo, &[("max-length", "5")], &[]);
        Conversion::between(&property, &field, &[]).unwrap()
    };
    let short = limited("string", "text", "text");
    assert_eq!(short.to_halo(Some("héllo")), Ok(text("héllo")));
    assert_eq!(short.to_halo(Some("👍👍👍👍👍")), Ok(text("👍👍👍👍👍")));
    let told = short.to_halo(Some("hello!")).unwrap_err();
    assert!(
        told.contains("6 characters") && told.contains("holds 5"),
        "{told}"
    );
    assert!(
        limited("number", "number", "text")
            .to_halo(Some("1e5"))
            .is_err()
    );
    assert!(
        limited("string", "text", "html")
            .to_halo(Some("a<b"))
            .is_err()
    );
}

#[test]
fn several_lines_do_not_go_into_one() {
    let line = plain("string", "textarea", "text");
    assert_eq!(line.to_halo(Some("one")), Ok(text("one")));
    assert!(
        line.to_halo(Some("one\ntwo"))
            .unwrap_err()
            .contains("line break")
    );
    assert_eq!(
        line.to_hubspot(&text("one\ntwo")).as_deref(),
        Ok("one\ntwo")
    );
    let lines = plain("string", "text", "memo");
    assert_eq!(lines.to_halo(Some("one\ntwo")), Ok(text("one\ntwo")));
    assert!(lines.to_hubspot(&text("one\ntwo")).is_err());
    let html = plain("string", "text", "html");
    assert!(html.to_hubspot(&text("<p>one</p><p>two</p>")).is_err());
    assert!(
        html.to_hubspot(&text("<b>one</b>"))
            .unwrap_err()
            .contains("formatting")
    );
    assert_eq!(html.to_hubspot(&text("<p>one</p>")).as_deref(), Ok("one"));
}

#[test]
fn a_numeric_text_field_takes_what_its_input_takes() {
    let property = property_with("number", "number", &[]);
    let made = |input| {
        let field = field_with("text", &[("input-type", input)], &[]);
        Conversion::between(&property, &field, &[]).unwrap()
    };
    assert_eq!(made("money").to_halo(Some("1200.50")), Ok(text("1200.50")));
    assert_eq!(made("anything").to_halo(Some("1.2E3")), Ok(text("1200")));
    assert_eq!(made("integer").to_halo(Some("12.00")), Ok(text("12")));
    assert!(made("integer").to_halo(Some("12.5")).is_err());
    assert_eq!(
        made("money").to_hubspot(&text("20,000")).as_deref(),
        Ok("20000")
    );
    assert!(made("anything").to_hubspot(&text("n/a")).is_err());
}

#[test]
fn a_checkbox_is_true_false_or_unset() {
    let checkbox = plain("enumeration", "booleancheckbox", "checkbox");
    assert_eq!(checkbox.to_halo(Some("true")), Ok(text("true")));
    assert_eq!(checkbox.to_halo(Some("False")), Ok(text("false")));
    assert!(checkbox.to_halo(Some("yes")).is_err());
    assert_eq!(checkbox.to_hubspot(&text("false")).as_deref(), Ok("false"));
    assert!(!checkbox.same(&Value::None, &text("false")));
}

#[test]
fn values_of_another_shape_are_refused() {
    let line = plain("string", "text", "text");
    assert!(line.to_hubspot(&many(&["a"])).is_err());
    assert!(
        line.to_hubspot(&Value::Reference(RecordRef::Id(1)))
            .is_err()
    );
    assert!(list().to_hubspot(&text("1")).is_err());
    assert_eq!(list().to_hubspot(&many(&["2", "1"])).as_deref(), Ok("a;b"));
}

#[test]
fn equal_values_are_the_same_in_any_form() {
    let number = plain("number", "number", "decimal");
    assert!(number.same(&text("20,000"), &text("20000.00")));
    assert!(!number.same(&text("20000"), &text("20001")));
    assert!(!number.same(&text("n/a"), &text("none")));
    assert!(number.same(&text("n/a"), &text("n/a")));
    let instant = plain("datetime", "date", "date-time");
    assert!(instant.same(
        &text("2026-09-30T12:00:00Z"),
        &text("2026-09-30T14:00:00+02:00")
    ));
    assert!(list().same(&many(&["1", "2"]), &many(&["2", "1", "2"])));
    assert!(!list().same(&many(&["1"]), &many(&["1", "2"])));
    let html = plain("string", "text", "html");
    assert!(html.same(&text("one"), &text("<p>one</p>")));
    assert!(!html.same(&text("one"), &text("<b>one</b>")));
    let line = plain("string", "text", "text");
    assert!(!line.same(&text("ACME"), &text("Acme")));
}

#[test]
fn a_conversion_is_kept_in_state_as_it_is() {
    let property = property_with("enumeration", "select", &[("a", "A"), ("b", "Lone")]);
    let field = field_with("choice", &[("max-length", "9")], &[("1", "A")]);
    let made = [
        Conversion::between(&property, &field, &[]).unwrap(),
        plain("string", "textarea", "text"),
        plain("number", "number", "integer"),
    ];
    for conversion in made {
        let json = serde_json::to_string(&conversion).unwrap();
        assert!(json.len() < 200, "{json}");
        assert_eq!(
            serde_json::from_str::<Conversion>(&json).unwrap(),
            conversion
        );
    }
    let row = serde_json::from_str::<ValuePair>(r#"{"hubspot":"a","halo":"1","x":1}"#);
    assert!(row.is_err());
}
