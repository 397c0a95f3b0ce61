//! What is written of a change since the last comparison.

use super::*;

#[test]
fn s20_what_did_not_change_is_not_written() {
    let object = Object::with("1", &[("name", "Acme"), ("phone", "1")]);
    let record = customer(7, &[("name", "Acme"), ("main_phonenumber", "2")], &["1"]);
    let known = linked(record, &[("name", "Acme"), ("main_phonenumber", "1")]);
    assert!(rows(&plan_one(&object, &settings(), &known)).is_empty());
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
    let rows = rows(&fate);
    assert_eq!((rows[0].expected, rows.len()), (Some(3), 1));
}

#[test]
fn a_link_that_was_made_without_being_remembered_is_compared_anew() {
    let object = Object::with("1", &[("name", "Acme"), ("phone", "3")]);
    let mut known = linked(customer(7, &[("name", "Acme")], &["1"]), &[]);
    known.agreed.clear();
    known.sites.first.insert(7, None);
    let fate = plan_one(&object, &settings(), &known);
    assert_eq!(rows(&fate).len(), 1, "people made this customer");
    let create = plan_one(&object, &settings(), &Known::default());
    let Fate::Goes { parts, .. } = &create else {
        panic!("{create:?}");
    };
    let intent = Intent::after(None, parts, false);
    known.intents.insert("1".to_owned(), intent);
    let fate = plan_one(&object, &settings(), &known);
    let rows = rows(&fate);
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
fn what_an_interrupted_call_has_written_is_no_edit_of_people() {
    let mut known = linked(
        customer(7, &[("name", "Acme"), ("main_phonenumber", "2")], &["1"]),
        &[("name", "Acme"), ("main_phonenumber", "1")],
    );
    let company = |phone| Object::with("1", &[("name", "Acme"), ("phone", phone)]);
    let told = |known: &Known, phone| plan_one(&company(phone), &settings(), known);
    assert!(rows(&told(&known, "3")).is_empty());
    let interrupted = Part {
        kind: company::KIND,
        record: Some(7),
        row: None,
        agreed: Some(Values::from([(
            "main_phonenumber".to_owned(),
            Some("2".to_owned()),
        )])),
        line: None,
    };
    let intent = Intent::after(None, &[interrupted], true);
    known.intents.insert("1".to_owned(), intent);
    let expected = |phone: &str| [("main_phonenumber".to_owned(), phone.to_owned())];
    assert_eq!(written(&told(&known, "3")), expected("3"));
    // Taken back in HubSpot meanwhile.
    assert_eq!(written(&told(&known, "1")), expected("1"));
    assert!(rows(&told(&known, "2")).is_empty());
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
fn a_name_that_another_company_of_the_page_brings_to_its_customer_is_taken_whichever_is_first() {
    let settings = settings();
    let fields = company::fields(&settings, &[], &BTreeMap::new());
    let rules = rules(&settings, &fields);
    let renamed = Object::with("1", &[("name", "Bolt")]);
    let new = Object::with("2", &[("name", "bolt ")]);
    let told = |objects: &[Object], known: &Known| -> Vec<String> {
        let told = |fate: &Fate| match fate {
            Fate::Stop { reason, .. } => reason.code.clone(),
            fate => format!("{} rows", rows(fate).len()),
        };
        plan_page(objects, &rules, known).iter().map(told).collect()
    };
    let known = linked(
        customer(7, &[("name", "Acme")], &["1"]),
        &[("name", "Acme")],
    );
    let both = [renamed.clone(), new.clone()];
    assert_eq!(told(&both, &known), ["1 rows", "already-linked"]);
    let turned = [new, renamed];
    assert_eq!(told(&turned, &known), ["already-linked", "1 rows"]);
    // As after a call that ended in between.
    let record = customer(7, &[("name", "Bolt")], &["1"]);
    let mut known = linked(record.clone(), &[("name", "Bolt")]);
    known
        .candidates
        .named
        .insert("bolt".to_owned(), vec![record]);
    assert_eq!(told(&turned, &known), ["already-linked", "0 rows"]);
}
