//! Values that stand for nothing in Halo: an option without a choice, a stage or an owner
//! without a row. Such a value stops its field, and the rest goes on (S9, S18, S51).

use std::time::Duration;

use halo_tests::kit::{NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::{counts, empty, import, note};

/// A property with these options, each called like its value but for upper case.
fn property(name: &str, field_type: &str, group: &str, options: &[&str]) -> Value {
    let option = |(order, label): (usize, &&str)| json!({ "label": label, "value": label.to_lowercase(), "displayOrder": order, "hidden": false });
    let options: Vec<Value> = options.iter().enumerate().map(option).collect();
    json!({
        "name": name, "label": name, "groupName": group,
        "type": "enumeration", "fieldType": field_type, "options": options,
    })
}

/// The property `region` of companies has these options.
fn regions(shop: &Workshop, options: &[&str]) {
    let definition = property("region", "select", "companyinformation", options);
    shop.sim.define_property("companies", &definition).unwrap();
}

/// The field CFRegion of customers has these choices, numbered from 1.
async fn choices(shop: &Workshop, labels: &[&str]) {
    let numbers: Vec<String> = (1..=labels.len()).map(|n| n.to_string()).collect();
    let choices: Vec<(&str, &str)> = numbers
        .iter()
        .map(String::as_str)
        .zip(labels.iter().copied())
        .collect();
    let halo = shop.records().unwrap();
    halo.choice_field("customer", "CFRegion", "choice", &choices)
        .await
        .unwrap();
}

fn company(shop: &Workshop, name: &str, region: &str) -> String {
    let properties = [("name", name), ("region", region)];
    shop.sim.create_company(properties).unwrap()
}

/// A field of the record that an object is.
async fn field(shop: &Workshop, kind: &str, object: &str, name: &str) -> String {
    let halo = shop.records().unwrap();
    let record = halo.linked(kind, object).await.unwrap().unwrap();
    halo.field(kind, record, name).await.unwrap()
}

/// Settings with this section.
fn apply(shop: &Workshop, section: &str, members: Value) {
    let mut settings = shop.settings(json!({}));
    for (name, value) in members.as_object().unwrap() {
        settings[section][name] = value.clone();
    }
    shop.write("settings.json", &settings.to_string()).unwrap();
}

async fn run(shop: &Workshop, arguments: &[&str]) -> Value {
    shop.result(arguments).await.unwrap().remove(0)
}

/// An import when all changes are long ago: it reads what is looked at again, and nothing
/// else.
async fn later(shop: &Workshop, entity: &str) -> Value {
    shop.sim.advance_clock(Duration::from_secs(60 * 60));
    // Changes are asked for since the import before, and some time before that.
    run(shop, &["import", NAME, entity]).await;
    run(shop, &["import", NAME, entity]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_an_option_without_a_choice_stops_its_field_only_and_is_filled_once_there_is_one() {
    let shop = empty().await;
    regions(&shop, &["North", "East"]);
    choices(&shop, &["North"]).await;
    shop.apply(json!({ "fields": [{ "property": "region", "field": "CFRegion" }] }))
        .unwrap();
    let old = company(&shop, "Old", "north");
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 1");
    assert_eq!(document["noted"], json!([]));
    let new = company(&shop, "New", "east");
    let edits = [("region", "east"), ("phone", "5")];
    shop.sim.edit("companies", &old, edits).unwrap();
    // The preview says what the import does.
    let shown = run(&shop, &["preview", NAME, "companies"]).await;
    assert_eq!(counts(&shown), "created 1, updated 1");
    for row in shown["rows"].as_array().unwrap() {
        assert_eq!(row["reason"]["code"], "field-refused", "{row}");
    }
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 1, updated 1");
    for id in [&old, &new] {
        let told = note(&document, id);
        for part in ["region", "CFRegion", "\"East\" (east)", "add the choice"] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
    assert_eq!(field(&shop, "customer", &old, "CFRegion").await, "1");
    let phone = field(&shop, "customer", &old, "main_phonenumber").await;
    assert_eq!(phone, "5");
    assert_eq!(field(&shop, "customer", &new, "CFRegion").await, "");
    // Nothing changes, and both are looked at again; people read it at each import.
    let document = later(&shop, "companies").await;
    assert_eq!(counts(&document), "unchanged 2");
    let told = shop.halo(&["import", NAME, "companies"]).await.unwrap();
    assert_eq!(told.code, Some(0), "{told:?}");
    for part in ["2 read: 2 unchanged", "noted (2", "\"East\" (east)"] {
        assert!(told.stdout.contains(part), "{part}: {told:?}");
    }
    // Then there is such a choice.
    choices(&shop, &["North", "East"]).await;
    let document = import(&shop).await;
    assert_eq!(counts(&document), "updated 2");
    assert_eq!(document["noted"], json!([]));
    for id in [&old, &new] {
        assert_eq!(field(&shop, "customer", id, "CFRegion").await, "2");
    }
    // And nobody looks at them any more.
    assert_eq!(counts(&later(&shop, "companies").await), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_an_option_that_hubspot_has_no_more_is_told_as_that_and_a_row_still_names_it() {
    let shop = empty().await;
    regions(&shop, &["North", "East"]);
    choices(&shop, &["North", "East"]).await;
    let row = json!({ "property": "region", "field": "CFRegion" });
    shop.apply(json!({ "fields": [row] })).unwrap();
    let old = company(&shop, "Old", "north");
    import(&shop).await;
    let new = company(&shop, "New", "east");
    shop.sim
        .edit("companies", &old, [("region", "east")])
        .unwrap();
    regions(&shop, &["North"]);
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 1, unchanged 1");
    for id in [&old, &new] {
        let told = note(&document, id);
        assert!(
            told.contains("\"east\", which HubSpot does not offer any more"),
            "{told}"
        );
    }
    assert_eq!(field(&shop, "customer", &old, "CFRegion").await, "1");
    let mut row = row;
    row["values"] = json!([{ "hubspot": "east", "halo": "East" }]);
    shop.apply(json!({ "fields": [row] })).unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "updated 2");
    for id in [&old, &new] {
        assert_eq!(field(&shop, "customer", id, "CFRegion").await, "2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_fraction_stops_the_field_of_whole_numbers_only() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFCount", "integer")
        .await
        .unwrap();
    let row = json!({ "property": "annualrevenue", "field": "CFCount" });
    shop.apply(json!({ "fields": [row] })).unwrap();
    let properties = [("name", "Acme"), ("annualrevenue", "12.5"), ("phone", "5")];
    let id = shop.sim.create_company(properties).unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 1");
    assert!(note(&document, &id).contains("12.5"), "{document}");
    let phone = field(&shop, "customer", &id, "main_phonenumber").await;
    assert_eq!(phone, "5");
    shop.sim
        .edit("companies", &id, [("annualrevenue", "13")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(field(&shop, "customer", &id, "CFCount").await, "13");
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_s18_each_row_says_what_becomes_of_options_without_a_choice() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    for (name, type_name, choices) in [
        ("CFStage", "choice", &[("1", "Kunde"), ("2", "Lead")][..]),
        ("CFType", "choice", &[("1", "Prospect"), ("2", "Other")]),
        ("CFColours", "choices", &[("1", "Red"), ("9", "Other")]),
    ] {
        halo.choice_field("customer", name, type_name, choices)
            .await
            .unwrap();
    }
    halo.custom_field("customer", "CFNote", "text")
        .await
        .unwrap();
    let colours = ["Red", "Green", "Blue"];
    let definition = property("colours", "checkbox", "companyinformation", &colours);
    shop.sim.define_property("companies", &definition).unwrap();
    let rows = json!([
        { "property": "lifecyclestage", "field": "CFStage", "unmapped": "keep",
          "values": [{ "hubspot": "customer", "halo": "Kunde" }] },
        { "property": "type", "field": "CFType", "default-choice": "other" },
        { "property": "colours", "field": "CFColours", "default-choice": "Other" },
    ]);
    shop.apply(json!({ "fields": rows })).unwrap();
    let checked = shop.halo(&["check", NAME, "--online"]).await.unwrap();
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let id = shop
        .sim
        .create_company([
            ("name", "Acme"),
            ("lifecyclestage", "customer"),
            ("type", "PARTNER"),
            ("colours", "red;green;blue"),
        ])
        .unwrap();
    let told = |document: &Value| (counts(document), document["noted"].clone());
    let document = import(&shop).await;
    assert_eq!(told(&document), ("created 1".to_owned(), json!([])));
    assert_eq!(field(&shop, "customer", &id, "CFStage").await, "1");
    assert_eq!(field(&shop, "customer", &id, "CFType").await, "2");
    let several = field(&shop, "customer", &id, "CFColours").await;
    assert!(several.contains('1') && several.contains('9'), "{several}");
    // A stage that is kept: the rest follows, nothing is said, and nothing is tried again.
    let edits = [("lifecyclestage", "evangelist"), ("type", "PROSPECT")];
    shop.sim.edit("companies", &id, edits).unwrap();
    let document = import(&shop).await;
    assert_eq!(told(&document), ("updated 1".to_owned(), json!([])));
    assert_eq!(field(&shop, "customer", &id, "CFStage").await, "1");
    assert_eq!(field(&shop, "customer", &id, "CFType").await, "1");
    assert_eq!(counts(&later(&shop, "companies").await), "");
    // What makes no sense is named with its place.
    let rows = json!([
        { "property": "type", "field": "CFType", "default-choice": "Othre" },
        { "property": "city", "field": "CFNote", "unmapped": "keep" },
        { "property": "colours", "field": "CFColours", "unmapped": "default" },
    ]);
    shop.apply(json!({ "fields": rows })).unwrap();
    let checked = shop.halo(&["--json", "check", NAME]).await.unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    assert!(
        checked.stdout.contains("/companies/fields/2/unmapped"),
        "{checked:?}"
    );
    let rows = json!([rows[0], rows[1]]);
    shop.apply(json!({ "fields": rows })).unwrap();
    let checked = shop.halo(&["--json", "check", NAME]).await.unwrap();
    for place in [
        "/companies/fields/0/default-choice",
        "/companies/fields/1/unmapped",
    ] {
        assert!(checked.stdout.contains(place), "{place}: {checked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_s35_contacts_and_products_go_in_but_for_a_refused_field() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let mut settings = shop.settings(json!({}));
    for (section, kind, group) in [
        ("contacts", "user", "contactinformation"),
        ("products", "item", "productinformation"),
    ] {
        let definition = property("level", "select", group, &["Gold", "Lead"]);
        shop.sim.define_property(section, &definition).unwrap();
        halo.choice_field(kind, "CFLevel", "choice", &[("1", "Gold")])
            .await
            .unwrap();
        settings[section]["fields"] = json!([{ "property": "level", "field": "CFLevel" }]);
    }
    let ours = halo.add("customer", &[("name", "Ours")]).await.unwrap();
    let ours = format!("customer:{ours}");
    let fields = [("name", "Main"), ("client_id", &*ours)];
    let site = halo.add("site", &fields).await.unwrap();
    settings["contacts"]["default-site"] = site.into();
    settings["products"]["item-group"] = 1.into();
    shop.write("settings.json", &settings.to_string()).unwrap();
    let ada = [("email", "ada@example.com"), ("level", "lead")];
    let ada = shop.sim.create("contacts", ada).unwrap();
    let pump = [("name", "Pump"), ("level", "lead")];
    let pump = shop.sim.create("products", pump).unwrap();
    for (entity, kind, id) in [("contacts", "user", &ada), ("products", "item", &pump)] {
        let document = run(&shop, &["import", NAME, entity]).await;
        assert_eq!(counts(&document), "created 1", "{entity}");
        assert!(note(&document, id).contains("\"Lead\" (lead)"), "{entity}");
        assert_eq!(field(&shop, kind, id, "CFLevel").await, "");
        // Changed, and what is wrong with it is still told.
        shop.sim.edit(entity, id, [("level", "gold")]).unwrap();
        let document = run(&shop, &["import", NAME, entity]).await;
        assert_eq!(counts(&document), "updated 1", "{entity}");
        assert_eq!(document["noted"], json!([]));
        assert_eq!(field(&shop, kind, id, "CFLevel").await, "1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s51_a_ticket_follows_its_deal_but_for_a_stage_and_an_owner_without_a_row() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let open = halo.add("status", &[("name", "Open")]).await.unwrap();
    let sent = halo.add("status", &[("name", "Sent")]).await.unwrap();
    let ada = halo.add("agent", &[("name", "Ada")]).await.unwrap();
    let add = |first, last, email| shop.sim.add_owner(first, last, email).unwrap();
    let owner = add("Ada", "Byron", "ada@example.com");
    let left = add("Bo", "Li", "bo@example.com");
    shop.sim.set_owner_archived(&left, true).unwrap();
    let mut deals = json!({
        "stages": [{ "pipeline": "default", "stage": "qualifiedtobuy", "status": open }],
        "owners": [{ "owner": owner, "agent": ada }],
    });
    apply(&shop, "deals", deals.clone());
    let properties = [
        ("dealname", "Fleet"),
        ("dealstage", "qualifiedtobuy"),
        ("hubspot_owner_id", owner.as_str()),
    ];
    let fleet = shop.sim.create("deals", properties).unwrap();
    let document = run(&shop, &["import", NAME, "deals", "--select", &fleet]).await;
    assert_eq!(counts(&document), "created 1");
    let edits = [
        ("dealstage", "contractsent"),
        ("hubspot_owner_id", left.as_str()),
        ("amount", "7"),
    ];
    shop.sim.edit("deals", &fleet, edits).unwrap();
    let document = run(&shop, &["import", NAME, "deals"]).await;
    assert_eq!(counts(&document), "updated 1");
    let told = note(&document, &fleet);
    for part in [
        "\"Contract Sent\" in \"Sales Pipeline\" (default/contractsent)",
        "default-status or unmapped-stages",
        "Bo Li",
        "who has left the account",
        "default-agent or unmapped-owners",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let shown = async |name: &str| field(&shop, "ticket", &fleet, name).await;
    assert_eq!(shown("oppvalue").await, "7");
    assert!(shown("status_id").await.ends_with(&open.to_string()));
    assert!(shown("agent_id").await.ends_with(&ada.to_string()));
    // Looked at again at each import, until there is a row or a rule.
    let document = later(&shop, "deals").await;
    assert_eq!(counts(&document), "unchanged 1");
    assert!(note(&document, &fleet).contains("Bo Li"));
    deals["unmapped-owners"] = "keep".into();
    deals["default-status"] = sent.into();
    apply(&shop, "deals", deals);
    let document = run(&shop, &["import", NAME, "deals"]).await;
    assert_eq!(counts(&document), "updated 1");
    assert_eq!(document["noted"], json!([]));
    assert!(shown("status_id").await.ends_with(&sent.to_string()));
    assert!(shown("agent_id").await.ends_with(&ada.to_string()));
    assert_eq!(counts(&later(&shop, "deals").await), "");
}
