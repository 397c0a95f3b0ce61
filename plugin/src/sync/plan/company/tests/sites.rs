//! The site of a company: the address (A23), and pairs that name a site (A25).

use super::*;
use crate::contract::halo::integration::records::RowOptions;
use crate::sync::plan::AgreedSite;

fn with_address() -> Companies {
    Companies {
        address: true,
        ..settings()
    }
}

fn mapped_to_site(site: u64) -> Companies {
    Companies {
        customers: vec![pair("1", Target::Site(site))],
        ..settings()
    }
}

fn site(id: u64, of: u64, fields: &[(&str, &str)]) -> Stored {
    let mut site = customer(id, fields, &[]);
    let of = Value::Reference(RecordRef::Id(of));
    site.fields.push(field(company::SITE_CUSTOMER, of));
    site
}

fn text(row: &Row, name: &str) -> Option<String> {
    let mut fields = fields_of(row).into_iter();
    fields
        .find(|(field, _)| field == name)
        .map(|(_, text)| text)
}

/// A known site of company 1, with what was agreed for it.
fn known_site(known: &mut Known, site: Stored, agreed: &[(&str, &str)]) {
    let values = agreed
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())))
        .collect();
    let agreed = AgreedSite {
        record: site.id,
        values,
    };
    known.agreed.entry("1".to_owned()).or_default().site = Some(agreed);
    known.sites.linked.insert("1".to_owned(), site);
}

#[test]
fn a23_a_new_customer_brings_its_address_to_its_first_site_with_the_switch_only() {
    let object = Object::with(
        "1",
        &[("name", "Acme"), ("address", "Main St 1"), ("zip", "9000")],
    );
    let fate = plan_one(&object, &with_address(), &Known::default());
    let rows_on = rows(&fate);
    assert_eq!(
        text(rows_on[1], "delivery_address.line1").as_deref(),
        Some("Main St 1")
    );
    assert_eq!(
        text(rows_on[1], "delivery_address.postcode").as_deref(),
        Some("9000")
    );
    assert_eq!(text(rows_on[1], "delivery_address.line3"), None);
    let fate = plan_one(&object, &settings(), &Known::default());
    assert_eq!(rows(&fate)[1].fields.len(), 2);
}

#[test]
fn a23_an_address_is_compared_three_way_with_its_site() {
    for (hubspot, halo, last, expected) in [
        ("new", "", "?", Some("new")),
        ("new", "own", "?", None),
        ("new", "old", "old", Some("new")),
        ("new", "own", "old", None),
        ("old", "", "old", None),
        ("", "old", "old", Some("Value::None")),
    ] {
        let mut known = linked(
            customer(7, &[("name", "Acme")], &["1"]),
            &[("name", "Acme")],
        );
        let agreed = [("delivery_address.line1", last)];
        let agreed = if last == "?" { &[][..] } else { &agreed };
        let fields = [("delivery_address.line1", halo)];
        let fields = if halo.is_empty() { &[][..] } else { &fields };
        known_site(&mut known, site(70, 7, fields), agreed);
        let object = Object::with("1", &[("name", "Acme"), ("address", hubspot)]);
        let fate = plan_one(&object, &with_address(), &known);
        let told = rows(&fate)
            .first()
            .and_then(|row| text(row, "delivery_address.line1"));
        assert_eq!(told.as_deref(), expected, "{hubspot} {halo} {last}");
        if let Some(row) = rows(&fate).first() {
            assert_eq!(
                (row.kind.as_str(), row.id, row.expected),
                ("site", Some(70), Some(3))
            );
        }
    }
}

#[test]
fn a23_a_matched_customer_has_the_address_at_its_first_site_which_is_linked() {
    let object = Object::with("1", &[("name", "Acme"), ("city", "Ghent")]);
    let mut known = Known::default();
    let record = customer(7, &[("name", "Acme")], &[]);
    known
        .candidates
        .named
        .insert("acme".to_owned(), vec![record]);
    known.sites.first.insert(7, Some(site(70, 7, &[])));
    let fate = plan_one(&object, &with_address(), &known);
    let row = rows(&fate)[1];
    assert_eq!((row.id, row.key.as_deref()), (Some(70), Some("1")));
    assert_eq!(
        text(row, "delivery_address.line3").as_deref(),
        Some("Ghent")
    );
    // Without the switch, its sites are nobody's business.
    assert_eq!(rows(&plan_one(&object, &settings(), &known)).len(), 1);
}

#[test]
fn a25_a_company_that_is_a_site_fills_its_number_and_neither_name_nor_mapped_fields() {
    let settings = Companies {
        fields: vec![FieldRow {
            property: "industry".to_owned(),
            field: "CFIndustry".to_owned(),
            ..FieldRow::default()
        }],
        address: true,
        ..mapped_to_site(12)
    };
    let object = Object::with(
        "1",
        &[
            ("name", "Acme Ghent"),
            ("phone", "555"),
            ("city", "Ghent"),
            ("industry", "Bikes"),
        ],
    );
    let mut known = Known::default();
    let acme = site(
        12,
        9,
        &[("name", "Ghent"), ("delivery_address.line3", "Gent")],
    );
    known.candidates.sites.insert(12, acme);
    let fate = plan_one(&object, &settings, &known);
    assert_eq!(rows(&fate).len(), 1);
    assert_eq!(
        written(&fate),
        [("phonenumber".to_owned(), "555".to_owned())]
    );
    let row = rows(&fate)[0];
    assert_eq!((row.kind.as_str(), row.id), ("site", Some(12)));
    assert_eq!(row.options, RowOptions::MOVE_KEYS);
    // Remembered for the site and not for a customer.
    let Fate::Goes {
        parts, note: None, ..
    } = &fate
    else {
        panic!("{fate:?}");
    };
    let agreed = parts[0].agreed.as_ref().unwrap();
    assert_eq!(agreed["phonenumber"].as_deref(), Some("555"));
    assert!(!agreed.contains_key("name"), "{agreed:?}");
    assert_eq!((parts.len(), parts[0].kind), (1, "site"));
}

#[test]
fn a25_a_company_that_became_a_site_leaves_its_customer_as_it_is_and_names_it() {
    let object = Object::with("1", &[("name", "New name"), ("phone", "2")]);
    let mut known = linked(
        customer(
            9,
            &[("name", "Acme Ghent"), ("main_phonenumber", "1")],
            &["1"],
        ),
        &[("name", "Acme Ghent"), ("main_phonenumber", "1")],
    );
    known_site(&mut known, site(90, 9, &[]), &[]);
    known.candidates.sites.insert(12, site(12, 7, &[]));
    let fate = plan_one(&object, &mapped_to_site(12), &known);
    assert_eq!(rows(&fate).len(), 1);
    let Fate::Goes {
        note: Some(note), ..
    } = &fate
    else {
        panic!("{fate:?}");
    };
    assert_eq!(note.code, "customer-stays");
    assert!(
        note.message.contains("Customer 9 \"Acme Ghent\""),
        "{}",
        note.message
    );
}

#[test]
fn a25_without_its_pair_a_company_goes_back_to_its_customer_and_that_ones_site() {
    let object = Object::with("1", &[("name", "Acme")]);
    let mut known = linked(
        customer(9, &[("name", "Acme")], &["1"]),
        &[("name", "Acme")],
    );
    known_site(&mut known, site(12, 7, &[]), &[("phonenumber", "1")]);
    known.sites.first.insert(9, Some(site(90, 9, &[])));
    let fate = plan_one(&object, &settings(), &known);
    let row = rows(&fate)[0];
    assert_eq!(
        (row.kind.as_str(), row.id, row.options, row.fields.len()),
        ("site", Some(90), RowOptions::MOVE_KEYS, 0)
    );
    // A new customer's first site does not overwrite the site that the key leads to.
    known.candidates.linked.clear();
    let fate = plan_one(&object, &settings(), &known);
    let row = rows(&fate)[1];
    assert_eq!((row.id, row.key.as_deref()), (None, Some("1/first")));
    assert_eq!(row.other_keys, ["1"]);
    assert_eq!(row.options, RowOptions::MAY_CREATE | RowOptions::MOVE_KEYS);
}

#[test]
fn a_site_goes_with_its_company_into_a_merge() {
    let object = Object::with(
        "9",
        &[
            ("name", "Acme"),
            ("address", "b"),
            ("hs_merged_object_ids", "1"),
        ],
    );
    let mut known = linked(
        customer(7, &[("name", "Acme")], &["1"]),
        &[("name", "Acme")],
    );
    let acme = site(70, 7, &[("delivery_address.line1", "a")]);
    known_site(&mut known, acme, &[("delivery_address.line1", "a")]);
    let fate = plan_one(&object, &with_address(), &known);
    let row = rows(&fate)[1];
    assert_eq!((row.id, row.key.as_deref()), (Some(70), Some("9")));
    assert_eq!(text(row, "delivery_address.line1").as_deref(), Some("b"));
}

#[test]
fn what_was_agreed_of_an_address_outlives_its_switch() {
    let object = Object::with("1", &[("name", "Acme"), ("phone", "1")]);
    let mut known = Known::default();
    let acme = site(12, 7, &[]);
    known_site(&mut known, acme.clone(), &[("delivery_address.line1", "a")]);
    known.candidates.sites.insert(12, acme);
    let fate = plan_one(&object, &mapped_to_site(12), &known);
    let Fate::Goes { parts, .. } = &fate else {
        panic!("{fate:?}");
    };
    let agreed = parts[0].agreed.as_ref().unwrap();
    assert_eq!(agreed["delivery_address.line1"].as_deref(), Some("a"));
}

#[test]
fn the_first_site_is_an_active_one_that_the_table_keeps_for_nobody() {
    let settings = Companies {
        customers: vec![pair("2", Target::Site(1))],
        ..settings()
    };
    let rules = rules(&settings, &[]);
    let inactive = site(2, 7, &[("inactive", "true")]);
    let mut sites = vec![site(4, 7, &[]), inactive, site(1, 7, &[]), site(3, 7, &[])];
    let mut order = Vec::new();
    while let Some(first) = site::first_of(sites.clone(), &rules) {
        order.push(first.id);
        sites.retain(|site| site.id != first.id);
    }
    assert_eq!(order, [3, 4, 2, 1]);
}
