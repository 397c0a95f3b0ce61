//! Companies to customers (S7 to S20).

use serde_json::json;

use crate::shop::{connected, counts, empty, import, reason};

#[tokio::test(flavor = "multi_thread")]
async fn s8_only_companies_in_the_chosen_stages_become_customers() {
    let shop = empty().await;
    let stages = ["subscriber", "lead", "opportunity", "customer", "other"];
    for stage in stages {
        shop.sim
            .create_company([("name", stage), ("lifecyclestage", stage)])
            .unwrap();
    }
    let none = shop.sim.create_company([("name", "No stage")]).unwrap();
    shop.apply(json!({ "all-lifecycle-stages": false, "lifecycle-stages": ["lead", "customer"] }))
        .unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 2, skipped 4");
    assert!(
        reason(&document, &none).contains("no lifecycle stage"),
        "{document}"
    );
    let names: Vec<String> = customers(&shop).await;
    assert_eq!(names, ["customer", "lead"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s8_a1_with_no_stage_chosen_nothing_is_imported_by_accident() {
    let shop = connected(3).await;
    shop.apply(json!({ "all-lifecycle-stages": false }))
        .unwrap();
    let ended = shop
        .halo(&["import", "hubspot", "companies"])
        .await
        .unwrap();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.stderr.contains("No lifecycle stage is chosen"),
        "{ended:?}"
    );
    let checked = shop.result(&["check", "hubspot"]).await.unwrap();
    assert_eq!(
        checked[0]["problems"][0]["severity"], "warning",
        "{checked:?}"
    );
    assert_eq!(customers(&shop).await.len(), 0);
    // The account's own stages are offered by label and kept by value.
    shop.apply(json!({ "lifecycle-stages": ["Lead"] })).unwrap();
    let ended = shop.halo(&["check", "hubspot", "--online"]).await.unwrap();
    assert!(
        ended
            .stdout
            .contains("is a label; write its internal value \"lead\""),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_a_company_that_changes_its_stage_comes_in_or_stops_being_updated() {
    let shop = empty().await;
    shop.apply(json!({ "all-lifecycle-stages": false, "lifecycle-stages": ["customer"] }))
        .unwrap();
    let id = shop
        .sim
        .create_company([("name", "Acme"), ("lifecyclestage", "lead")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "skipped 1");
    shop.sim
        .edit("companies", &id, [("lifecyclestage", "customer")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "created 1");
    shop.sim
        .edit(
            "companies",
            &id,
            [("lifecyclestage", "evangelist"), ("phone", "1")],
        )
        .unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "skipped 1");
    assert!(reason(&document, &id).contains("evangelist"), "{document}");
    let halo = shop.records().unwrap();
    let customer = halo
        .linked("customer", &id)
        .await
        .unwrap()
        .expect("it is kept, and its link");
    assert_eq!(
        halo.field("customer", customer, "main_phonenumber")
            .await
            .unwrap(),
        ""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_a_mapped_company_updates_its_customer_and_creates_none() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let acme = halo
        .add(
            "customer",
            &[("name", "Acme"), ("toplevel_id", "top-level:1")],
        )
        .await
        .unwrap();
    let id = shop
        .sim
        .create_company([("name", "ACME Holdings Ltd"), ("phone", "555")])
        .unwrap();
    shop.apply(json!({ "customers": [{ "company": id, "customer": acme }] }))
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(customers(&shop).await, ["Acme"], "its name is Halo's own");
    assert_eq!(
        halo.field("customer", acme, "main_phonenumber")
            .await
            .unwrap(),
        "555"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_the_table_beats_the_name_and_a_link_that_was_made_by_it() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let seven = halo.add("customer", &[("name", "Zenith")]).await.unwrap();
    let eight = halo.add("customer", &[("name", "Acme")]).await.unwrap();
    let id = shop
        .sim
        .create_company([("name", "Acme"), ("phone", "555")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(halo.linked("customer", &id).await.unwrap(), Some(eight));
    let untouched = halo.fields("customer", eight).await.unwrap();
    shop.apply(json!({ "customers": [{ "company": id, "customer": seven }] }))
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(halo.linked("customer", &id).await.unwrap(), Some(seven));
    assert_eq!(
        halo.field("customer", seven, "main_phonenumber")
            .await
            .unwrap(),
        "555"
    );
    assert_eq!(halo.fields("customer", eight).await.unwrap(), untouched);
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_wrong_pair_stops_its_row_and_no_other() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let seven = halo.add("customer", &[("name", "Zenith")]).await.unwrap();
    let one = shop.sim.create_company([("name", "One")]).unwrap();
    let two = shop.sim.create_company([("name", "Two")]).unwrap();
    let three = shop.sim.create_company([("name", "Three")]).unwrap();
    shop.sim.create_company([("name", "Four")]).unwrap();
    let table = json!([
        { "company": one, "customer": seven },
        { "company": two, "customer": seven },
        { "company": three, "customer": 999_999 },
    ]);
    shop.apply(json!({ "customers": table })).unwrap();
    let ended = shop.halo(&["--json", "check", "hubspot"]).await.unwrap();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let paths: Vec<String> = ended.json().unwrap()[0]["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["path"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        paths,
        [
            "/companies/customers/1/customer",
            "/companies/customers/2/customer"
        ]
    );
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 1, conflict 3");
    assert!(reason(&document, &three).contains("999999"), "{document}");
    assert!(reason(&document, &one).contains(&format!("customer {seven} for several companies")));
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_a_customer_of_that_name_is_linked_whatever_case_and_spaces() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let customer = halo
        .add("customer", &[("name", "  straße  24 ")])
        .await
        .unwrap();
    let id = shop
        .sim
        .create_company([("name", "STRASSE 24"), ("phone", "555")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(halo.linked("customer", &id).await.unwrap(), Some(customer));
    assert_eq!(customers(&shop).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_two_customers_of_that_name_stop_the_row_until_one_is_mapped() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let first = halo.add("customer", &[("name", "Acme")]).await.unwrap();
    let second = halo.add("customer", &[("name", "acme ")]).await.unwrap();
    let id = shop.sim.create_company([("name", "ACME")]).unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "conflict 1");
    let told = reason(&document, &id);
    assert!(
        told.contains(&first.to_string()) && told.contains(&second.to_string()),
        "{told}"
    );
    // Mended in Halo alone, without any change in HubSpot: the row goes in.
    halo.edit("customer", second, &[("name", "Zenith")])
        .await
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "unchanged 1");
    assert_eq!(halo.linked("customer", &id).await.unwrap(), Some(first));
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_two_companies_of_one_name_do_not_become_one_customer() {
    let shop = empty().await;
    let first = shop.sim.create_company([("name", "Acme")]).unwrap();
    let second = shop.sim.create_company([("name", "acme")]).unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 1, conflict 1");
    assert!(reason(&document, &second).contains(&first), "{document}");
    let document = import(&shop).await;
    assert_eq!(counts(&document), "unchanged 1, conflict 1", "{document}");
    assert_eq!(customers(&shop).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_a_new_customer_has_a_name_a_top_level_and_a_first_site() {
    let shop = empty().await;
    shop.apply(json!({ "first-site": "Head office" })).unwrap();
    let id = shop
        .sim
        .create_company([
            ("name", "Acme"),
            ("domain", "acme.example"),
            ("website", "https://acme.example"),
        ])
        .unwrap();
    let nameless = shop
        .sim
        .create_company([("domain", "zenith.example")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "created 2");
    let halo = shop.records().unwrap();
    let customer = halo.linked("customer", &id).await.unwrap().unwrap();
    let fields = halo.fields("customer", customer).await.unwrap();
    let expected = [
        ("domain", "acme.example"),
        ("name", "Acme"),
        ("toplevel_id", "top-level 1"),
        ("website", "https://acme.example"),
    ];
    assert_eq!(
        fields,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let site = halo
        .linked("site", &id)
        .await
        .unwrap()
        .expect("a first site");
    assert_eq!(
        halo.field("site", site, "name").await.unwrap(),
        "Head office"
    );
    assert_eq!(
        halo.field("site", site, "client_id").await.unwrap(),
        format!("customer {customer}")
    );
    let other = halo.linked("customer", &nameless).await.unwrap().unwrap();
    assert_eq!(
        halo.field("customer", other, "name").await.unwrap(),
        "zenith.example"
    );
}

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
async fn s19_an_import_shows_progress_and_ends_with_counts() {
    let shop = connected(250).await;
    let ended = shop
        .halo(&["import", "hubspot", "companies"])
        .await
        .unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("companies: 0 of 250"), "{ended:?}");
    assert!(
        ended.stdout.contains("companies: 250 read: 250 created."),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s20_importing_again_writes_nothing_and_asks_little() {
    let shop = connected(250).await;
    assert_eq!(counts(&import(&shop).await), "created 250");
    let halo = shop.records().unwrap();
    let (contents, journal) = (
        halo.contents().await.unwrap(),
        halo.journal_length().await.unwrap(),
    );
    shop.sim.reset_stats();
    import(&shop).await;
    let full = shop
        .result(&["import", "hubspot", "companies", "--full"])
        .await
        .unwrap();
    assert_eq!(counts(&full[0]), "unchanged 250");
    assert_eq!(halo.contents().await.unwrap(), contents);
    assert_eq!(halo.journal_length().await.unwrap(), journal);
    let stats = shop.sim.stats();
    assert!(
        stats.calls_of("GET", "/companies") == 3 && stats.calls <= 7,
        "{stats:?}"
    );
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
async fn a_selection_imports_just_those_rows_and_names_ids_that_do_not_exist() {
    let shop = empty().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(
            shop.sim
                .create_company([("name", format!("Company {number}").as_str())])
                .unwrap(),
        );
    }
    let select = format!("{},{},404", ids[1], ids[3]);
    let result = shop
        .result(&["import", "hubspot", "companies", "--select", &select])
        .await
        .unwrap();
    assert_eq!(counts(&result[0]), "created 2, skipped 1");
    assert!(
        reason(&result[0], "404").contains("no such company"),
        "{result:?}"
    );
    assert_eq!(customers(&shop).await, ["Company 1", "Company 3"]);
    // The rest comes with the first import of everything.
    assert_eq!(counts(&import(&shop).await), "created 3, unchanged 2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_in_hubspot_keeps_the_customer_and_makes_no_second_one() {
    let shop = empty().await;
    let one = shop
        .sim
        .create_company([("name", "Acme"), ("phone", "1")])
        .unwrap();
    import(&shop).await;
    let halo = shop.records().unwrap();
    let customer = halo.linked("customer", &one).await.unwrap().unwrap();
    let two = shop.sim.create_company([("name", "Acme Ltd")]).unwrap();
    let survivor = shop.sim.merge("companies", &one, &two).unwrap();
    import(&shop).await;
    assert_eq!(
        halo.linked("customer", &survivor).await.unwrap(),
        Some(customer)
    );
    assert_eq!(customers(&shop).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_of_the_api_imports_the_same() {
    let mut contents = Vec::new();
    for version in ["2026-09", "2026-03", "v3"] {
        let shop = connected(120).await;
        let mut settings = shop.settings(json!({}));
        settings["api"]["version"] = version.into();
        shop.write("settings.json", &settings.to_string()).unwrap();
        assert_eq!(counts(&import(&shop).await), "created 120", "{version}");
        let id = shop.sim.snapshot("companies").unwrap()[5]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        shop.sim
            .edit("companies", &id, [("phone", "+32 9 000 00 00")])
            .unwrap();
        assert_eq!(counts(&import(&shop).await), "updated 1", "{version}");
        contents.push(shop.records().unwrap().contents().await.unwrap());
    }
    assert!(contents.windows(2).all(|pair| pair[0] == pair[1]));
}

/// The names of all customers, sorted.
async fn customers(shop: &halo_tests::kit::Workshop) -> Vec<String> {
    let all = shop.records().unwrap().all("customer").await.unwrap();
    let mut names: Vec<String> = all
        .iter()
        .map(|record| record.fields["name"].display())
        .collect();
    names.sort();
    names
}
