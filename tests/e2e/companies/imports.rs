//! Importing companies, again and again (S19, S20).

use halo_tests::kit::Records;
use serde_json::json;

use super::customers;
use crate::shop::{connected, counts, empty, import, reason};

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
    let select = format!("{},{},404,acme", ids[1], ids[3]);
    let result = shop
        .result(&["import", "hubspot", "companies", "--select", &select])
        .await
        .unwrap();
    assert_eq!(counts(&result[0]), "created 2, skipped 2");
    for id in ["404", "acme"] {
        assert!(
            reason(&result[0], id).contains("no such company"),
            "{result:?}"
        );
    }
    assert_eq!(customers(&shop).await, ["Company 1", "Company 3"]);
    // The rest comes with the first import of everything.
    assert_eq!(counts(&import(&shop).await), "created 3, unchanged 2");
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

#[tokio::test(flavor = "multi_thread")]
async fn many_mapped_properties_do_not_fill_a_search_or_an_address() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let mut rows = Vec::new();
    for number in 0..150 {
        let property = format!("a_property_with_a_rather_long_name_{number}");
        let definition = json!({
            "name": property, "label": property, "groupName": "companyinformation",
            "type": "string", "fieldType": "text",
        });
        shop.sim.define_property("companies", &definition).unwrap();
        let field = format!("CF{number}");
        halo.custom_field("customer", &field, "text").await.unwrap();
        rows.push(json!({ "property": property, "field": field }));
    }
    shop.apply(json!({ "fields": rows })).unwrap();
    let last = "a_property_with_a_rather_long_name_149";
    let mut ids = Vec::new();
    for number in 0..120 {
        let name = format!("Company {number}");
        ids.push(
            shop.sim
                .create_company([("name", name.as_str()), (last, "x")])
                .unwrap(),
        );
    }
    assert_eq!(counts(&import(&shop).await), "created 120");
    shop.sim.edit("companies", &ids[7], [(last, "y")]).unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1, unchanged 119");
    let customer = halo.linked("customer", &ids[7]).await.unwrap().unwrap();
    assert_eq!(
        halo.field("customer", customer, "CF149").await.unwrap(),
        "y"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_were_tried_and_taken_back_leave_nothing_behind() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFPlace", "text")
        .await
        .unwrap();
    let mut ids = Vec::new();
    for number in 0..250 {
        let name = format!("Company {number}");
        ids.push(
            shop.sim
                .create_company([("name", name.as_str()), ("city", "Ghent"), ("state", "OV")])
                .unwrap(),
        );
    }
    let rows = |property: &str| json!({ "fields": [{ "property": property, "field": "CFPlace" }] });
    shop.apply(rows("city")).unwrap();
    import(&shop).await;
    // Half of an import under other settings: by a selection, and by an interrupted run.
    shop.apply(rows("state")).unwrap();
    let select = ids[..3].join(",");
    shop.result(&["import", "hubspot", "companies", "--select", &select])
        .await
        .unwrap();
    let customer = halo.linked("customer", &ids[0]).await.unwrap().unwrap();
    assert_eq!(
        halo.field("customer", customer, "CFPlace").await.unwrap(),
        "OV"
    );
    shop.apply(rows("city")).unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 3, unchanged 247");
    assert_eq!(
        halo.field("customer", customer, "CFPlace").await.unwrap(),
        "Ghent"
    );
}

/// HubSpot's search ends after 10,000 rows, and a batch job stamps more than that
/// with one millisecond.
#[tokio::test(flavor = "multi_thread")]
async fn more_than_ten_thousand_changes_in_one_millisecond_all_arrive() {
    const COMPANIES: usize = 10_150;
    if crate::records() != Records::Whole && std::env::var_os("HALO_PARTIAL_ALL").is_none() {
        // Row by row this takes minutes.
        return;
    }
    let shop = connected(COMPANIES).await;
    let chosen = json!({ "all-lifecycle-stages": false, "lifecycle-stages": ["evangelist"] });
    shop.apply(chosen).unwrap();
    import(&shop).await;
    let before = customers(&shop).await.len();
    let now = jiff::Timestamp::from_millisecond(shop.sim.now_ms()).unwrap();
    shop.sim.freeze_clock(now);
    for company in shop.sim.snapshot("companies").unwrap() {
        let id = company["id"].as_str().unwrap();
        shop.sim
            .edit("companies", id, [("lifecyclestage", "evangelist")])
            .unwrap();
    }
    shop.sim.reset_stats();
    import(&shop).await;
    let calls = shop.sim.stats().calls;
    assert_eq!(customers(&shop).await.len(), COMPANIES, "{before} before");
    // 200 rows a search; the first ones are read a second time, by id.
    assert!(calls <= COMPANIES as u64 / 200 + 10, "{calls} calls");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_without_a_name_or_with_one_too_long_stops_its_row_and_no_other() {
    let shop = empty().await;
    let company = |name: &str| shop.sim.create_company([("name", name)]).unwrap();
    let nameless = company("To be cleared");
    shop.sim
        .edit("companies", &nameless, [("name", "")])
        .unwrap();
    let long = company(&"x".repeat(256));
    company("Good");
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 1, failed 2");
    assert!(
        reason(&document, &nameless).contains("neither a name nor a domain"),
        "{document}"
    );
    assert!(reason(&document, &long).contains("255"), "{document}");
    assert_eq!(customers(&shop).await, ["Good"]);
    // Both go in once they are mended.
    for (id, name) in [(&nameless, "Now named"), (&long, "Short")] {
        shop.sim.edit("companies", id, [("name", name)]).unwrap();
    }
    import(&shop).await;
    assert_eq!(customers(&shop).await, ["Good", "Now named", "Short"]);
}
