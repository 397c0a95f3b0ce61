//! Likely rows of the customer mapping table, with what speaks for each (A25).

use std::collections::BTreeSet;

use halo_host::store::Store as _;
use halo_tests::kit::{Halo, NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::{connected, counts, empty, import, unconnected};

const ACTION: &str = "likely-pairs";

/// One answer of the action.
async fn look(shop: &Workshop, input: Value) -> Value {
    let input = input.to_string();
    let asked = ["action", NAME, ACTION, &input];
    shop.result(&asked).await.unwrap().remove(0)
}

/// The rows of the only answer.
async fn rows(shop: &Workshop) -> Vec<Value> {
    let answer = look(shop, json!({})).await;
    assert_eq!(answer["next"], Value::Null, "{answer}");
    answer["rows"].as_array().unwrap().clone()
}

/// The records that are suggested for a company, the likeliest first.
fn suggested(rows: &[Value], company: &str) -> Vec<u64> {
    let own = rows.iter().filter(|row| row["row"]["company"] == company);
    own.map(|row| row["row"]["customer"].as_u64().unwrap())
        .collect()
}

async fn customer(halo: &Halo, name: &str, fields: &[(&str, &str)]) -> u64 {
    let fields = [&[("name", name)], fields].concat();
    halo.add("customer", &fields).await.unwrap()
}

/// A site of a customer with users of these addresses; answers its id.
async fn site(halo: &Halo, customer: u64, name: &str, users: &[&str]) -> u64 {
    let of = format!("customer:{customer}");
    let fields = [("name", name), ("client_id", of.as_str())];
    let site = halo.add("site", &fields).await.unwrap();
    let at = format!("site:{site}");
    for email in users {
        let fields = [("name", *email), ("emailaddress", email), ("site_id", &at)];
        halo.add("user", &fields).await.unwrap();
    }
    site
}

/// A company with contacts of these addresses.
fn company(shop: &Workshop, fields: &[(&str, &str)], contacts: &[&str]) -> String {
    let id = shop.sim.create_company(fields.iter().copied()).unwrap();
    for email in contacts {
        let contact = shop.sim.create("contacts", [("email", *email)]).unwrap();
        let (contact, company) = (("contacts", &*contact), ("companies", &*id));
        shop.sim.link(contact, company, true).unwrap();
    }
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_likely_pairs_come_with_their_evidence_the_strongest_first_and_nothing_is_written() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let acme = customer(&halo, "ACME Ltd", &[("domain", "www.acme.example")]).await;
    let users = ["Ann@acme.example", "bob@acme.example", "cy@acme.example"];
    site(&halo, acme, "Main", &users).await;
    let north = customer(&halo, "Northwind", &[("domain", "north.example")]).await;
    let smith = customer(&halo, "Smith and Sons", &[]).await;
    customer(&halo, "Nobody's", &[]).await;
    let by_name = company(&shop, &[("name", "The Smith & Sons Company")], &[]);
    let by_domain = company(
        &shop,
        &[("name", "NW Traders"), ("domain", "north.example")],
        &[],
    );
    let all = company(
        &shop,
        &[("name", "Acme, Inc."), ("domain", "acme.example")],
        &["ann@acme.example", "BOB@acme.example", "new@acme.example"],
    );
    company(&shop, &[("name", "Stranger")], &["x@stranger.example"]);
    shop.halo(&["check", NAME]).await.unwrap();
    let before = halo.contents().await.unwrap();
    let journal = halo.journal_length().await.unwrap();
    let settings = halo.store.settings_history(NAME, None, 9).await.unwrap();
    shop.sim.reset_stats();

    let answer = look(&shop, json!({})).await;
    assert_eq!(
        answer,
        json!({
            "rows": [
                {
                    "row": { "company": all, "customer": acme },
                    "names": { "company": "Acme, Inc.", "customer": "ACME Ltd" },
                    "why": [
                        "Both are called “acme”, legal forms and punctuation left out.",
                        "Both have the domain acme.example.",
                        "2 contacts of the company are users of this customer, by e-mail: ann@acme.example, bob@acme.example.",
                    ],
                    "strength": 3,
                },
                {
                    "row": { "company": by_name, "customer": smith },
                    "names": { "company": "The Smith & Sons Company", "customer": "Smith and Sons" },
                    "why": ["Both are called “smith and sons”, legal forms and punctuation left out."],
                    "strength": 1,
                },
                {
                    "row": { "company": by_domain, "customer": north },
                    "names": { "company": "NW Traders", "customer": "Northwind" },
                    "why": ["Both have the domain north.example."],
                    "strength": 1,
                },
            ],
            "looked-at": 4,
            "total": 4,
            "next": null,
        })
    );
    assert_eq!(shop.sim.stats().writes, 0);
    assert_eq!(halo.contents().await.unwrap(), before);
    assert_eq!(halo.journal_length().await.unwrap(), journal);
    let after = halo.store.settings_history(NAME, None, 9).await.unwrap();
    assert_eq!(after.len(), settings.len());

    // A row is one of the table, as it is.
    let table: Vec<&Value> = { answer["rows"].as_array().unwrap().iter() }
        .map(|row| &row["row"])
        .collect();
    shop.apply(json!({ "customers": table })).unwrap();
    assert_eq!(rows(&shop).await, [] as [Value; 0], "they are in the table");
    assert_eq!(counts(&import(&shop).await), "created 1, unchanged 3");
    assert_eq!(halo.linked("customer", &all).await.unwrap(), Some(acme));
    shop.apply(json!({})).unwrap();
    assert_eq!(rows(&shop).await, [] as [Value; 0], "they are linked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_what_is_linked_in_the_table_not_included_or_found_by_name_is_no_likely_pair() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let lead = ("lifecyclestage", "lead");
    // Each has a customer of the same domain, which is enough for one that is none of it.
    let pair = async |name: &str, customer_name: &str, stage: &str| {
        let domain = format!("{}.example", name.to_lowercase());
        let own = [("domain", domain.as_str())];
        let customer = customer(&halo, customer_name, &own).await;
        let fields = [("name", name), own[0], ("lifecyclestage", stage)];
        (company(&shop, &fields, &[]), customer)
    };
    let linked = pair("Linked", "Linked", "lead").await;
    assert_eq!(counts(&import(&shop).await), "unchanged 1");
    // By its link alone.
    halo.edit("customer", linked.1, &[("name", "Lambda")])
        .await
        .unwrap();
    let tabled = pair("Tabled", "Zeta", "lead").await;
    let open = pair("Open", "Omega", "lead").await;
    let elsewhere = pair("Elsewhere", "Eta", "subscriber").await;
    let by_name = pair("Byname", " BYNAME", "lead").await;
    // More that would do for those that need none.
    for name in ["Linked Ltd", "Tabled Ltd", "Byname Ltd"] {
        customer(&halo, name, &[]).await;
    }
    // Others of the same domain: the customers that are taken are suggested to nobody.
    for domain in ["linked.example", "tabled.example"] {
        company(&shop, &[("name", "Other"), ("domain", domain), lead], &[]);
    }
    shop.apply(json!({
        "all-lifecycle-stages": false,
        "lifecycle-stages": ["lead"],
        "customers": [{ "company": tabled.0, "customer": tabled.1 }],
    }))
    .unwrap();
    let found = rows(&shop).await;
    assert_eq!(suggested(&found, &open.0), [open.1]);
    assert_eq!(found.len(), 1, "{found:?}");
    // What was not included is now, and what was in the table is not any more.
    shop.apply(json!({})).unwrap();
    let found = rows(&shop).await;
    assert_eq!(suggested(&found, &elsewhere.0), [elsewhere.1]);
    assert!(suggested(&found, &tabled.0).contains(&tabled.1));
    assert_eq!(suggested(&found, &linked.0), [] as [u64; 0]);
    assert_eq!(suggested(&found, &by_name.0), [] as [u64; 0]);
    assert!({ found.iter() }.all(|row| row["row"]["customer"] != linked.1));
    // Nor is one that a linked one was merged into.
    let more = company(&shop, &[("name", "Linked"), lead], &[]);
    let survivor = shop.sim.merge("companies", &linked.0, &more).unwrap();
    let found = rows(&shop).await;
    assert_eq!(suggested(&found, &survivor), [] as [u64; 0], "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_who_is_to_be_left_alone_is_in_no_likely_pair() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let field = "hubspot_dont_sync";
    halo.custom_field("customer", field, "checkbox")
        .await
        .unwrap();
    let options = json!([{ "label": "Yes", "value": "true" }, { "label": "No", "value": "false" }]);
    let property = json!({ "name": "alone", "label": "Leave alone", "type": "bool",
        "fieldType": "booleancheckbox", "groupName": "companyinformation", "options": options });
    shop.sim.define_property("companies", &property).unwrap();
    let mut settings = shop.settings(json!({}));
    settings["opt-out"] = json!({ "hubspot": "alone" });
    shop.write("settings.json", &settings.to_string()).unwrap();
    let acme = customer(&halo, "Acme Ltd", &[(field, "true")]).await;
    let zenith = customer(&halo, "Zenith Ltd", &[]).await;
    let one = company(&shop, &[("name", "Acme")], &[]);
    let other = company(&shop, &[("name", "Zenith"), ("alone", "true")], &[]);
    assert_eq!(rows(&shop).await, [] as [Value; 0]);
    halo.edit("customer", acme, &[(field, "false")])
        .await
        .unwrap();
    shop.sim
        .edit("companies", &other, [("alone", "false")])
        .unwrap();
    let found = rows(&shop).await;
    assert_eq!(suggested(&found, &one), [acme]);
    assert_eq!(suggested(&found, &other), [zenith]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_a_company_with_a_thousand_contacts_leaves_the_searches_to_the_others() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let addresses: Vec<String> = (1..=1_000).map(|n| format!("p{n}@acme.example")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let large = company(&shop, &[("name", "Acme")], &addresses);
    // Its contacts are younger.
    let small = company(&shop, &[("name", "Tiny")], &["ann@tiny.example"]);
    let zenith = customer(&halo, "Zenith", &[]).await;
    let users = ["p1@acme.example", "p200@acme.example", "p201@acme.example"];
    site(&halo, zenith, "Main", &users).await;
    let omega = customer(&halo, "Omega", &[]).await;
    site(&halo, omega, "Main", &["ann@tiny.example"]).await;
    shop.sim.reset_stats();
    let found = rows(&shop).await;
    assert_eq!(suggested(&found, &large), [zenith]);
    assert_eq!(suggested(&found, &small), [omega]);
    assert_eq!(
        found[0]["why"],
        json!([
            "2 contacts of the company are users of this customer, by e-mail: p1@acme.example, p200@acme.example."
        ])
    );
    let stats = shop.sim.stats();
    assert_eq!(stats.calls_of("POST", "/contacts/search"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_contacts_of_a_hundred_companies_are_five_searches_at_most() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let mut customers = Vec::new();
    for number in 1..=6 {
        let addresses: Vec<String> = (1..=200)
            .map(|n| format!("p{n}@c{number}.example"))
            .collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let id = company(&shop, &[("name", &format!("C{number}"))], &addresses);
        let customer = customer(&halo, &format!("Zenith {number}"), &[]).await;
        site(&halo, customer, "Main", &addresses[..1]).await;
        customers.push((id, customer));
    }
    shop.sim.reset_stats();
    let found = rows(&shop).await;
    for (id, customer) in &customers[..5] {
        assert_eq!(suggested(&found, id), [*customer]);
    }
    assert_eq!(suggested(&found, &customers[5].0), [] as [u64; 0]);
    let stats = shop.sim.stats();
    assert_eq!(stats.calls_of("POST", "/contacts/search"), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_where_a_name_is_two_customers_both_are_likely() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let first = customer(&halo, "Acme", &[("inactive", "true")]).await;
    let second = customer(&halo, "acme ", &[]).await;
    let id = company(&shop, &[("name", "ACME")], &[]);
    let found = rows(&shop).await;
    assert_eq!(suggested(&found, &id), [second, first]);
    assert_eq!(found[0]["why"], json!(["Both are called “acme”."]));
    assert_eq!(
        found[1]["why"],
        json!([
            "Both are called “Acme”.",
            "The customer is inactive in Halo."
        ])
    );
    // Of the only one, an import knows it by itself.
    halo.remove("customer", first).await.unwrap();
    assert_eq!(rows(&shop).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_a_customer_that_an_import_pairs_by_name_is_no_other_companys() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let own = ("domain", "acme.example");
    let acme = customer(&halo, "Acme", &[own]).await;
    let double = company(&shop, &[("name", "Acme Ltd"), own], &[]);
    let real = company(&shop, &[("name", " ACME"), own], &[]);
    assert_eq!(rows(&shop).await, [] as [Value; 0]);
    // The real one has another name: now both may be it.
    shop.sim
        .edit("companies", &real, [("name", "Acme Inc")])
        .unwrap();
    let found = rows(&shop).await;
    assert_eq!(suggested(&found, &double), [acme]);
    assert_eq!(suggested(&found, &real), [acme]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_a_customer_whose_name_a_company_of_another_page_bears_is_no_other_companys() {
    let shop = connected(130).await;
    let halo = shop.records().unwrap();
    let own = ("domain", "acme.example");
    let acme = customer(&halo, "Acme", &[own]).await;
    let other = customer(&halo, "Other", &[]).await;
    let first = shop.sim.snapshot("companies").unwrap()[0].clone();
    let double = first["id"].as_str().unwrap();
    let names = [("name", "Acme Ltd"), own];
    shop.sim.edit("companies", double, names).unwrap();
    let real = company(&shop, &[("name", "ACME"), ("lifecyclestage", "lead")], &[]);
    shop.sim.reset_stats();
    assert_eq!(suggested(&rows(&shop).await, double), [] as [u64; 0]);
    let searches = shop.sim.stats().calls_of("POST", "/companies/search");
    assert_eq!(searches, 2, "the count, and the names of the first page");

    // It is no import's business, or the table says what it is.
    let stage = [("lifecyclestage", "customer")];
    shop.sim.edit("companies", double, stage).unwrap();
    shop.apply(json!({ "all-lifecycle-stages": false, "lifecycle-stages": ["customer"] }))
        .unwrap();
    assert_eq!(suggested(&rows(&shop).await, double), [acme]);
    shop.apply(json!({ "customers": [{ "company": real, "customer": other }] }))
        .unwrap();
    assert_eq!(suggested(&rows(&shop).await, double), [acme]);
    shop.apply(json!({})).unwrap();
    assert_eq!(suggested(&rows(&shop).await, double), [] as [u64; 0]);
    // Of two customers of the name an import gives it neither.
    let second = customer(&halo, "acme", &[]).await;
    assert_eq!(suggested(&rows(&shop).await, double), [acme, second]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_a_domain_of_a_mail_provider_says_nothing_and_the_same_address_does() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    customer(&halo, "Zenith", &[("domain", "gmail.com")]).await;
    let other = customer(&halo, "Other", &[]).await;
    site(&halo, other, "Main", &["ann.smith@gmail.com"]).await;
    let id = company(
        &shop,
        &[("name", "Smith Trading"), ("domain", "gmail.com")],
        &["ann.smith@gmail.com"],
    );
    let found = rows(&shop).await;
    assert_eq!(suggested(&found, &id), [other]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0]["why"],
        json!([
            "One contact of the company is a user of this customer, by e-mail: ann.smith@gmail.com."
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_a_domain_of_more_than_three_customers_says_nothing_of_any_of_them() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let own = [("domain", "group.example")];
    let mut branches = Vec::new();
    for name in ["North", "East", "South", "West"] {
        branches.push(customer(&halo, name, &own).await);
    }
    let id = company(&shop, &[("name", "Group"), own[0]], &[]);
    assert_eq!(rows(&shop).await, [] as [Value; 0]);
    halo.remove("customer", branches[3]).await.unwrap();
    assert_eq!(suggested(&rows(&shop).await, &id), branches[..3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_users_at_the_default_site_say_nothing_of_its_customer() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let house = customer(&halo, "Strays", &[]).await;
    let strays = site(&halo, house, "Main", &["ann@acme.example"]).await;
    let id = company(&shop, &[("name", "Acme")], &["ann@acme.example"]);
    assert_eq!(suggested(&rows(&shop).await, &id), [house]);
    let mut settings = shop.settings(json!({}));
    settings["contacts"] = json!({ "default-site": strays });
    shop.write("settings.json", &settings.to_string()).unwrap();
    assert_eq!(rows(&shop).await, [] as [Value; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_the_only_site_of_a_name_is_likely_where_no_customer_is() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let acme = customer(&halo, "Acme", &[]).await;
    let ghent = site(&halo, acme, "Acme Ghent", &[]).await;
    site(&halo, acme, "Acme Bruges", &[]).await;
    let zenith = customer(&halo, "Zenith", &[]).await;
    site(&halo, zenith, "Acme Bruges", &[]).await;
    site(&halo, zenith, "Omega", &[]).await;
    let omega = customer(&halo, "Omega GmbH", &[]).await;
    let id = company(&shop, &[("name", "Acme Ghent BV")], &[]);
    company(&shop, &[("name", "Acme Bruges")], &[]);
    let with_customer = company(&shop, &[("name", "Omega")], &[]);
    let found = rows(&shop).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(
        found[0]["row"],
        json!({ "company": with_customer, "customer": omega })
    );
    assert_eq!(found[1]["row"], json!({ "company": id, "site": ghent }));
    assert_eq!(
        found[1]["names"],
        json!({ "company": "Acme Ghent BV", "site": "Acme Ghent" })
    );
    assert_eq!(
        found[1]["why"],
        json!([
            "Both are called “acme ghent”, legal forms and punctuation left out.",
            "It is a site of the customer “Acme”.",
        ])
    );
    // A row with it is a row of the table.
    shop.apply(json!({ "customers": [found[1]["row"]] }))
        .unwrap();
    import(&shop).await;
    assert_eq!(halo.linked("site", &id).await.unwrap(), Some(ghent));
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_pages_are_followed_by_a_cursor_give_each_company_once_and_cost_few_calls() {
    let shop = connected(250).await;
    let halo = shop.records().unwrap();
    let companies = shop.sim.snapshot("companies").unwrap();
    let mut ids = BTreeSet::new();
    for (number, company) in companies.iter().enumerate() {
        let id = company["id"].as_str().unwrap();
        let name = format!("Vendor {number} Ltd.");
        shop.sim.edit("companies", id, [("name", &*name)]).unwrap();
        customer(&halo, &format!("vendor {number}"), &[]).await;
        ids.insert(id.to_owned());
    }
    shop.sim.reset_stats();
    let (mut found, mut after, mut looked_at) = (Vec::new(), Value::Null, Vec::new());
    loop {
        let answer = look(&shop, json!({ "after": after })).await;
        assert_eq!(answer["total"], 250);
        looked_at.push(answer["looked-at"].as_u64().unwrap());
        let rows = answer["rows"].as_array().unwrap();
        found.extend(rows.iter().map(|row| row["row"]["company"].clone()));
        after = answer["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(looked_at, [200, 50]);
    assert_eq!(found.len(), 250);
    let found: BTreeSet<String> = { found.iter() }
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, ids);
    let stats = shop.sim.stats();
    assert_eq!(stats.calls_of("GET", "/companies"), 3, "pages");
    let companies = stats.calls_of("POST", "/companies/search");
    assert_eq!(companies, 4, "the count, and the names of each page");
    let contacts = stats.calls_of("POST", "/contacts/search");
    assert!((3..=6).contains(&contacts), "{contacts}");
    assert_eq!(stats.calls, 7 + contacts, "{:?}", stats.routes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_what_is_no_place_and_who_is_not_connected_are_told_so() {
    let shop = unconnected(0).await;
    let asked = async |input: &str| {
        let ended = shop.halo(&["action", NAME, ACTION, input]).await.unwrap();
        (ended.code, ended.stderr)
    };
    let (code, told) = asked("{}").await;
    assert_ne!(code, Some(0));
    assert!(told.contains("Not connected to HubSpot"), "{told}");
    shop.connect().await.unwrap();
    assert_eq!(asked("{}").await.0, Some(0));
    for (input, says) in [
        (r#"{"after": "zzz"}"#, "as \"next\""),
        (r#"{"after": 3}"#, "likely-pairs wants"),
        (r#"{"from": "3"}"#, "likely-pairs wants"),
    ] {
        let (code, told) = asked(input).await;
        assert_ne!(code, Some(0), "{input}");
        assert!(told.contains(says), "{input}: {told}");
    }
    shop.apply(json!({ "all-lifecycle-stages": false }))
        .unwrap();
    let (code, told) = asked("{}").await;
    assert_ne!(code, Some(0));
    assert!(told.contains("No lifecycle stage is chosen"), "{told}");
}
