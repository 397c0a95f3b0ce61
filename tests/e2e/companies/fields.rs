//! What of a company arrives in which field (S15 to S18, A8, A23).

use serde_json::json;

use super::customers;
use crate::shop::{counts, empty, import, note, reason};

#[tokio::test(flavor = "multi_thread")]
async fn s15_mapped_properties_arrive_for_new_and_for_matched_customers() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    for field in ["CFCity", "CFZip", "CFNote"] {
        halo.custom_field("customer", field, "text").await.unwrap();
    }
    let matched = halo
        .add("customer", &[("name", "Acme"), ("CFNote", "ours")])
        .await
        .unwrap();
    let properties = [("city", "Ghent"), ("zip", "9000"), ("state", "OV")];
    shop.sim
        .create_company([("name", "Acme")].into_iter().chain(properties))
        .unwrap();
    let new = shop
        .sim
        .create_company([("name", "Zenith")].into_iter().chain(properties))
        .unwrap();
    let rows = json!([
        { "property": "city", "field": "CFCity" },
        { "property": "zip", "field": "cfzip" },
    ]);
    shop.apply(json!({ "fields": rows })).unwrap();
    assert_eq!(counts(&import(&shop).await), "created 1, updated 1");
    let new = halo.linked("customer", &new).await.unwrap().unwrap();
    for customer in [matched, new] {
        assert_eq!(
            halo.field("customer", customer, "CFCity").await.unwrap(),
            "Ghent"
        );
        assert_eq!(
            halo.field("customer", customer, "CFZip").await.unwrap(),
            "9000"
        );
    }
    assert_eq!(
        halo.field("customer", matched, "CFNote").await.unwrap(),
        "ours"
    );
    // A row that is added later fills companies that did not change in HubSpot.
    let rows = json!([{ "property": "state", "field": "CFNote" }]);
    shop.apply(json!({ "fields": rows })).unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 2");
    assert_eq!(halo.field("customer", new, "CFNote").await.unwrap(), "OV");
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_halo_offers_the_fields_of_customers_and_a_deleted_one_skips_its_row_only() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFCity", "text")
        .await
        .unwrap();
    halo.custom_field("site", "CFElsewhere", "text")
        .await
        .unwrap();
    let offered = shop
        .halo(&["fields", "hubspot", "companies"])
        .await
        .unwrap();
    assert!(
        offered.stdout.contains("CFCity") && !offered.stdout.contains("CFElsewhere"),
        "{offered:?}"
    );
    halo.custom_field("customer", "CFLater", "memo")
        .await
        .unwrap();
    let offered = shop
        .halo(&["fields", "hubspot", "companies"])
        .await
        .unwrap();
    assert!(offered.stdout.contains("CFLater"), "{offered:?}");

    let rows = json!([{ "property": "city", "field": "CFCity" }, { "property": "zip", "field": "CFGone" }]);
    shop.apply(json!({ "fields": rows })).unwrap();
    let checked = shop.halo(&["check", "hubspot"]).await.unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    assert!(
        checked.stdout.contains("/companies/fields/1/field"),
        "{checked:?}"
    );
    let id = shop
        .sim
        .create_company([("name", "Acme"), ("city", "Ghent"), ("zip", "9000")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "created 1");
    let customer = halo.linked("customer", &id).await.unwrap().unwrap();
    assert_eq!(
        halo.field("customer", customer, "CFCity").await.unwrap(),
        "Ghent"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_hubspots_own_and_the_accounts_properties_are_offered_with_label_type_and_options() {
    let shop = empty().await;
    let definition = json!({
        "name": "region_code", "label": "Region", "groupName": "companyinformation",
        "type": "enumeration", "fieldType": "select",
        "options": [{ "label": "North", "value": "n", "displayOrder": 0, "hidden": false }],
    });
    shop.sim.define_property("companies", &definition).unwrap();
    let offered = shop
        .result(&["fields", "hubspot", "companies"])
        .await
        .unwrap();
    let text = offered[0].to_string();
    for expected in [
        "\"city\"",
        "region_code",
        "Region",
        "choice",
        "North",
        "lifecyclestage",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_pair_of_types_that_does_not_fit_is_refused_before_anything_is_imported() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFYes", "checkbox")
        .await
        .unwrap();
    shop.sim
        .create_company([("name", "Acme"), ("city", "Ghent")])
        .unwrap();
    shop.apply(json!({ "fields": [{ "property": "city", "field": "CFYes" }] }))
        .unwrap();
    let checked = shop.halo(&["check", "hubspot", "--online"]).await.unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    assert!(
        checked.stdout.contains("(text)") && checked.stdout.contains("(checkbox)"),
        "{checked:?}"
    );
    let ended = shop
        .halo(&["import", "hubspot", "companies"])
        .await
        .unwrap();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("(checkbox)"), "{ended:?}");
    assert_eq!(customers(&shop).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_only_a_change_in_hubspot_writes_halo_and_the_journal_says_from_what_to_what() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFCity", "text")
        .await
        .unwrap();
    shop.apply(json!({ "fields": [{ "property": "city", "field": "CFCity" }] }))
        .unwrap();
    let id = shop
        .sim
        .create_company([("name", "Acme"), ("city", "Ghent"), ("phone", "1")])
        .unwrap();
    import(&shop).await;
    let customer = halo.linked("customer", &id).await.unwrap().unwrap();
    halo.edit(
        "customer",
        customer,
        &[("CFCity", "Halle"), ("main_phonenumber", "2")],
    )
    .await
    .unwrap();
    shop.sim
        .edit("companies", &id, [("website", "https://acme.example")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(
        halo.field("customer", customer, "CFCity").await.unwrap(),
        "Halle"
    );
    shop.sim
        .edit("companies", &id, [("city", "Bruges"), ("phone", "3")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(
        halo.field("customer", customer, "CFCity").await.unwrap(),
        "Bruges"
    );
    // A23: a fixed row never takes a value that is Halo's own.
    assert_eq!(
        halo.field("customer", customer, "main_phonenumber")
            .await
            .unwrap(),
        "2"
    );
    let changes = halo.changes("customer", customer).await.unwrap();
    let last = changes.last().unwrap();
    assert_eq!(
        (last.from.display(), last.to.display()),
        ("Halle".to_owned(), "Bruges".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_halo_refuses_is_named_and_goes_in_once_it_is_mended() {
    let shop = empty().await;
    let long = "x".repeat(300);
    let bad = shop
        .sim
        .create_company([("name", "Acme"), ("website", long.as_str())])
        .unwrap();
    shop.sim.create_company([("name", "Zenith")]).unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 1, failed 1");
    assert!(reason(&document, &bad).contains("255"), "{document}");
    shop.sim
        .edit("companies", &bad, [("website", "https://acme.example")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "created 1, unchanged 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_s18_values_of_every_type_arrive_as_that_type_and_an_unknown_option_stops_its_field() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let property = |name: &str, value_type: &str, field_type: &str, options: &[&str]| {
        let options: Vec<_> = options
            .iter()
            .enumerate()
            .map(|(order, label)| {
                json!({ "label": label, "value": label.to_lowercase(), "displayOrder": order, "hidden": false })
            })
            .collect();
        json!({
            "name": name, "label": name, "groupName": "companyinformation",
            "type": value_type, "fieldType": field_type, "options": options,
        })
    };
    let definitions = [
        property("t_number", "number", "number", &[]),
        property("t_flag", "bool", "booleancheckbox", &["True", "False"]),
        property("t_day", "date", "date", &[]),
        property("t_time", "datetime", "date", &[]),
        property("t_one", "enumeration", "select", &["North", "South"]),
        property(
            "t_many",
            "enumeration",
            "checkbox",
            &["Red", "Green", "Blue"],
        ),
    ];
    for definition in &definitions {
        shop.sim.define_property("companies", definition).unwrap();
    }
    for (name, type_name) in [
        ("CFNumber", "decimal"),
        ("CFFlag", "checkbox"),
        ("CFDay", "date"),
        ("CFTime", "date-time"),
    ] {
        halo.custom_field("customer", name, type_name)
            .await
            .unwrap();
    }
    halo.choice_field(
        "customer",
        "CFOne",
        "choice",
        &[("1", "north"), ("2", "Süden")],
    )
    .await
    .unwrap();
    halo.choice_field(
        "customer",
        "CFMany",
        "choices",
        &[("7", "Red"), ("8", "Blue")],
    )
    .await
    .unwrap();
    let rows = json!([
        { "property": "t_number", "field": "CFNumber" },
        { "property": "t_flag", "field": "CFFlag" },
        { "property": "t_day", "field": "CFDay" },
        { "property": "t_time", "field": "CFTime" },
        { "property": "t_one", "field": "CFOne", "values": [{ "hubspot": "South", "halo": "Süden" }] },
        { "property": "t_many", "field": "CFMany" },
    ]);
    shop.apply(json!({ "fields": rows })).unwrap();
    let checked = shop.halo(&["check", "hubspot", "--online"]).await.unwrap();
    assert_eq!(checked.code, Some(0), "{checked:?}");

    let number = "123456789012345678901234567890.125";
    let good = shop
        .sim
        .create_company([
            ("name", "Acme"),
            ("t_number", number),
            ("t_flag", "false"),
            ("t_day", "2026-03-29"),
            ("t_time", "2026-03-29T01:30:00.250Z"),
            ("t_one", "south"),
            ("t_many", "blue;red"),
        ])
        .unwrap();
    let empty_one = shop.sim.create_company([("name", "Zenith")]).unwrap();
    let bad = shop
        .sim
        .create_company([("name", "Bolt"), ("t_many", "red;green")])
        .unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 3");
    let told = note(&document, &bad);
    assert!(told.contains("CFMany") && told.contains("Green"), "{told}");
    let customer = halo.linked("customer", &good).await.unwrap().unwrap();
    for (field, expected) in [
        ("CFNumber", number),
        ("CFFlag", "false"),
        ("CFDay", "2026-03-29"),
        ("CFTime", "2026-03-29T01:30:00.250Z"),
        ("CFOne", "2"),
    ] {
        assert_eq!(
            halo.field("customer", customer, field).await.unwrap(),
            expected,
            "{field}"
        );
    }
    let many = halo.field("customer", customer, "CFMany").await.unwrap();
    assert!(many.contains('7') && many.contains('8'), "{many}");
    let customer = halo.linked("customer", &empty_one).await.unwrap().unwrap();
    assert_eq!(
        halo.field("customer", customer, "CFFlag").await.unwrap(),
        "",
        "unset is not false"
    );
    let full = shop
        .result(&["import", "hubspot", "companies", "--full"])
        .await
        .unwrap();
    assert_eq!(counts(&full[0]), "unchanged 3");
}
