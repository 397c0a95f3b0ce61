use super::*;
use crate::contract::halo::integration::types::{Field, Value as Text};

fn record(id: u64, fields: &[(&str, &str)]) -> Stored {
    Stored {
        id,
        revision: 1,
        fields: fields
            .iter()
            .map(|(name, text)| Field {
                name: (*name).to_owned(),
                value: Text::Text((*text).to_owned()),
            })
            .collect(),
        keys: Vec::new(),
    }
}

fn acme() -> Company {
    Company::of(&Object::with(
        "51",
        &[("name", "Acme, Inc."), ("domain", "acme.com")],
    ))
}

fn found(company: &Company, customers: &[(Stored, Vec<String>)]) -> Vec<Value> {
    let pairs = customers
        .iter()
        .map(|(record, shared)| (record, shared.as_slice()));
    let best = best(company, pairs);
    best.iter().map(Suggestion::document).collect()
}

fn addresses(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("p{n}@acme.com")).collect()
}

#[test]
fn each_kind_of_evidence_is_a_sentence_and_counts_one() {
    let customer = record(7, &[("name", "ACME Ltd"), ("domain", "www.acme.com")]);
    assert_eq!(
        found(&acme(), &[(customer, addresses(2))]),
        [json!({
            "row": { "company": "51", "customer": 7 },
            "names": { "company": "Acme, Inc.", "customer": "ACME Ltd" },
            "why": [
                "Both are called “acme”, legal forms and punctuation left out.",
                "Both have the domain acme.com.",
                "2 contacts of the company are users of this customer, by e-mail: p1@acme.com, p2@acme.com.",
            ],
            "strength": 3,
        })]
    );
}

#[test]
fn without_evidence_nothing_is_suggested() {
    let other = record(7, &[("name", "Zenith"), ("domain", "zenith.com")]);
    assert!(found(&acme(), &[(other, Vec::new())]).is_empty());
    let unnamed = Company::of(&Object::with("52", &[("domain", "gmail.com")]));
    let same = record(8, &[("name", "Zenith"), ("domain", "gmail.com")]);
    assert!(found(&unnamed, &[(same, Vec::new())]).is_empty());
    let empty = Company::of(&Object::with("53", &[]));
    assert!(found(&empty, &[(record(9, &[]), Vec::new())]).is_empty());
}

#[test]
fn a_website_at_the_domain_speaks_for_it_and_no_more_than_the_domain() {
    let website = ("website", "https://www.acme.com/home");
    let by_website = record(7, &[("name", "Zenith"), website]);
    let both = record(8, &[("name", "Zenith"), ("domain", "acme.com"), website]);
    let found = found(&acme(), &[(by_website, vec![]), (both, vec![])]);
    assert_eq!(
        found[0]["why"],
        json!(["The customer's website is at acme.com, the company's domain."])
    );
    assert_eq!(found[1]["why"], json!(["Both have the domain acme.com."]));
    assert_eq!(found[1]["strength"], 1);
}

#[test]
fn at_most_three_addresses_are_named_and_all_are_counted() {
    let why = |count| same_people(&addresses(count));
    assert_eq!(why(0), None);
    assert_eq!(
        why(1).unwrap(),
        "One contact of the company is a user of this customer, by e-mail: p1@acme.com."
    );
    assert!(why(3).unwrap().ends_with("p2@acme.com, p3@acme.com."));
    let five = why(5).unwrap();
    assert!(five.starts_with("5 contacts"), "{five}");
    assert!(five.ends_with("p3@acme.com and 2 more."), "{five}");
}

#[test]
fn the_three_strongest_are_suggested_and_an_inactive_one_stands_behind_its_like() {
    let named = |id, more: &[(&str, &str)]| {
        (
            record(id, &[&[("name", "Acme Ltd")], more].concat()),
            vec![],
        )
    };
    let customers = [
        named(1, &[("inactive", "true")]),
        named(2, &[]),
        named(3, &[]),
        named(4, &[("domain", "acme.com")]),
        (record(5, &[("name", "Zenith")]), addresses(9)),
    ];
    let all = found(&acme(), &customers);
    let ids: Vec<u64> = all
        .iter()
        .map(|one| one["row"]["customer"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [4, 5, 2]);
    let inactive = found(&acme(), &customers[..1]);
    assert_eq!(inactive[0]["why"][1], "The customer is inactive in Halo.");
    assert_eq!(inactive[0]["strength"], 1, "which is no evidence");
}

#[test]
fn a25_a_site_comes_with_the_name_of_its_customer() {
    let branch = record(1, &[("name", "Acme")]);
    let one = site(&acme(), &branch, "Zenith").unwrap();
    assert_eq!(
        one.document(),
        json!({
            "row": { "company": "51", "site": 1 },
            "names": { "company": "Acme, Inc.", "site": "Acme" },
            "why": [
                "Both are called “acme”, legal forms and punctuation left out.",
                "It is a site of the customer “Zenith”.",
            ],
            "strength": 1,
        })
    );
    assert_eq!(
        site(&acme(), &record(2, &[("name", "Ghent")]), "Zenith"),
        None
    );
}
