use serde_json::json;

use super::*;
use crate::schema;
use crate::store::CustomField;

fn custom(kind: &str, name: &str, type_name: &str) -> CustomField {
    CustomField {
        kind: kind.to_owned(),
        name: name.to_owned(),
        label: name.to_owned(),
        type_name: type_name.to_owned(),
        attributes: Default::default(),
        choices: Vec::new(),
    }
}

fn read(path: &str, element: Json) -> Result<Change, Vec<(String, String)>> {
    let kinds = schema::kinds(&[
        custom("customer", "CFCity", "text"),
        custom("customer", "CFTags", "choices"),
    ]);
    let resource = resource::resource(path).unwrap();
    let lines = (resource.kind == "quotation").then(|| &kinds["quotation-line"]);
    change(resource, (&kinds[resource.kind], lines), &element, "[0]").map_err(|problems| {
        let told = problems.into_iter().map(|p| (p.place, p.failure.message));
        told.collect()
    })
}

fn given(pairs: &[(&str, Given)]) -> Vec<(String, Given)> {
    let owned = pairs
        .iter()
        .map(|(name, given)| ((*name).to_owned(), given.clone()));
    owned.collect()
}

#[test]
fn scalars_are_text_and_what_is_answered_beside_fields_is_passed_over() {
    let element = json!({
        "id": 12.0, "name": "Acme", "inactive": true, "notes": null, "toplevel_id": 3,
        "toplevel_name": "Customers", "alastupdate": "2026-09-30T12:00:00Z",
        "datecreated": "2026-09-30T12:00:00Z", "_isimport": true,
    });
    let change = read("Client", element).unwrap();
    assert_eq!(change.id, Some(12));
    let mut fields = change.given;
    fields.sort_by(|left, right| left.0.cmp(&right.0));
    assert_eq!(
        fields,
        given(&[
            ("inactive", "true".into()),
            ("name", "Acme".into()),
            ("notes", Given::Nothing),
            ("toplevel_id", "3".into()),
        ])
    );
    // Not passed over: whether there is such a field is decided where all are.
    assert_eq!(
        read("client", json!({ "phone": 1 })).unwrap().given.len(),
        1
    );
}

#[test]
fn an_id_that_is_none_is_refused_and_nothing_means_a_new_record() {
    for (id, expected) in [
        (json!(null), Some(None)),
        (json!(0), Some(None)),
        (json!(7), Some(Some(7))),
        (json!("7"), Some(Some(7))),
        (json!(-1), None),
        (json!(1.5), None),
        (json!("x"), None),
        (json!([1]), None),
    ] {
        let read = read("Client", json!({ "id": id }));
        assert_eq!(read.ok().map(|change| change.id), expected, "{id}");
    }
}

#[test]
fn custom_fields_are_named_by_id_or_name_and_one_without_a_value_is_left_alone() {
    let city = field_info::id_of("customer", "CFCity");
    let element = json!({ "customfields": [
        { "id": city, "name": "other", "value": "Leuven" },
        { "name": "cftags", "value": "1,2" },
        { "name": "CFTags" },
    ] });
    let tags = Given::Many(vec!["1".to_owned(), "2".to_owned()]);
    let expected = given(&[("CFCity", "Leuven".into()), ("CFTags", tags)]);
    assert_eq!(read("Client", element).unwrap().given, expected);
    let unknown =
        json!({ "customfields": [{ "name": "CFGone", "value": 1 }, { "id": 1, "value": 1 }] });
    let told = read("Client", unknown).unwrap_err();
    let places: Vec<&str> = told.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["[0].customfields[0]", "[0].customfields[1]"]);
    assert!(told[0].1.contains("there are CFCity, CFTags"), "{told:?}");
}

#[test]
fn an_address_is_an_object_and_lines_lie_inside_a_quotation() {
    let site = json!({ "delivery_address": { "line1": "High Street 1", "postcode": null } });
    let expected = given(&[
        ("delivery_address.line1", "High Street 1".into()),
        ("delivery_address.postcode", Given::Nothing),
    ]);
    assert_eq!(read("Site", site).unwrap().given, expected);
    let quotation = json!({ "title": "Q", "lines": [
        { "name": "Pump", "current_price": 12.5, "item_name": "Pump" },
        { "id": 7, "quotation_id": 3 },
    ] });
    let change = read("Quotation", quotation).unwrap();
    let (inside, line) = &change.inside[0];
    assert_eq!((*inside, line.id), (LINES, None));
    assert_eq!(
        line.given,
        given(&[("current_price", "12.5".into()), ("name", "Pump".into())])
    );
    assert_eq!(
        (change.inside[1].1.id, change.inside[1].1.given.len()),
        (Some(7), 0)
    );
    let told = read("Quotation", json!({ "lines": [1, { "name": {} }] })).unwrap_err();
    let places: Vec<&str> = told.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["[0].lines[0]", "[0].lines[1].name"]);
    assert!(read("Client", json!([])).is_err());
}
