//! Products to items (S33 to S40, the import side).

use halo_tests::hubspot_sim::SimOptions;
use halo_tests::kit::{Halo, NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::{connected, counts, empty, reason};

mod gone;

/// Imports products; answers the document.
async fn products(shop: &Workshop) -> Value {
    let arguments = ["import", NAME, "products"];
    shop.result(&arguments).await.unwrap().remove(0)
}

/// Settings with these members of `products`.
fn apply(shop: &Workshop, products: Value) {
    let mut settings = shop.settings(json!({}));
    settings["products"] = products;
    shop.write("settings.json", &settings.to_string()).unwrap();
}

/// The rows of an administrator who maps what S35 names.
fn rows() -> Value {
    json!([
        { "property": "name", "field": "name" },
        { "property": "description", "field": "description" },
        { "property": "price", "field": "baseprice" },
        { "property": "hs_cost_of_goods_sold", "field": "costprice" },
        { "property": "hs_sku", "field": "internalreference" },
        { "property": "needs_serial", "field": "CFSerial" },
    ])
}

/// A shop whose settings have these rows, and item group 1.
async fn with_rows(fields: Value) -> Workshop {
    let shop = empty().await;
    apply(&shop, json!({ "item-group": 1, "fields": fields }));
    shop
}

fn product(shop: &Workshop, properties: &[(&str, &str)]) -> String {
    let properties = properties.iter().copied();
    shop.sim.create("products", properties).unwrap()
}

async fn item_of(halo: &Halo, product: &str) -> u64 {
    halo.linked("item", product).await.unwrap().unwrap()
}

async fn group_of(halo: &Halo, item: u64) -> String {
    halo.field("item", item, "assetgroup_id").await.unwrap()
}

/// Checks the settings at HubSpot too; answers what is printed.
async fn checked(shop: &Workshop) -> (Option<i32>, String) {
    let arguments = ["--json", "check", NAME, "--online"];
    let ended = shop.halo(&arguments).await.unwrap();
    (ended.code, ended.stdout)
}

#[tokio::test(flavor = "multi_thread")]
async fn s33_without_an_item_group_check_and_import_refuse_and_name_the_setting() {
    let shop = with_rows(rows()).await;
    let pump = product(&shop, &[("name", "Pump")]);
    apply(
        &shop,
        json!({ "fields": [{ "property": "price", "field": "baseprice" }] }),
    );
    let (code, told) = checked(&shop).await;
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("/products/item-group"), "{told}");
    let refused = shop.halo(&["import", NAME, "products"]).await.unwrap();
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("item-group"), "{refused:?}");
    let halo = shop.records().unwrap();
    assert!(halo.all("item").await.unwrap().is_empty());
    // A group that Halo does not have.
    apply(&shop, json!({ "item-group": 77 }));
    let (code, told) = checked(&shop).await;
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("no item group 77"), "{told}");
    // With one, every new item is in it.
    let group = halo.add("item-group", &[("name", "Goods")]).await.unwrap();
    apply(&shop, json!({ "item-group": group }));
    assert_eq!(counts(&products(&shop).await), "created 1");
    let item = item_of(&halo, &pump).await;
    assert!(group_of(&halo, item).await.ends_with(&group.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_s33_who_imports_all_and_never_set_items_up_is_told_and_not_stopped() {
    let shop = connected(2).await;
    product(&shop, &[("name", "Pump")]);
    let (code, told) = checked(&shop).await;
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("/products/item-group"), "{told}");
    let all = shop.halo(&["import", NAME, "all"]).await.unwrap();
    assert_eq!(all.code, Some(0), "{all:?}");
    assert!(all.stdout.contains("products: passed over."), "{all:?}");
    // Asked for alone, it is refused.
    let alone = shop.halo(&["import", NAME, "products"]).await.unwrap();
    assert_eq!(alone.code, Some(3), "{alone:?}");
    let halo = shop.records().unwrap();
    assert!(halo.all("item").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn s34_an_item_that_is_there_or_was_moved_keeps_its_group() {
    let shop = with_rows(json!([
        { "property": "price", "field": "baseprice" },
        { "property": "hs_sku", "field": "internalreference" },
    ]))
    .await;
    let halo = shop.records().unwrap();
    let other = halo.add("item-group", &[("name", "Old")]).await.unwrap();
    let of = format!("item-group:{other}");
    let known = [
        ("name", "Water pump"),
        ("internalreference", "P-1"),
        ("assetgroup_id", &of),
    ];
    let known = halo.add("item", &known).await.unwrap();
    let pump = product(
        &shop,
        &[("name", "Pump"), ("hs_sku", "P-1"), ("price", "20")],
    );
    let valve = product(&shop, &[("name", "Valve"), ("price", "5")]);
    assert_eq!(counts(&products(&shop).await), "created 1, updated 1");
    assert_eq!(item_of(&halo, &pump).await, known);
    assert_eq!(halo.field("item", known, "baseprice").await.unwrap(), "20");
    assert_eq!(
        halo.field("item", known, "name").await.unwrap(),
        "Water pump"
    );
    // The new one is moved by hand, and both go on being updated.
    let valve_item = item_of(&halo, &valve).await;
    halo.edit("item", valve_item, &[("assetgroup_id", &of)])
        .await
        .unwrap();
    for id in [&pump, &valve] {
        shop.sim.edit("products", id, [("price", "21")]).unwrap();
    }
    assert_eq!(counts(&products(&shop).await), "updated 2");
    for item in [known, valve_item] {
        assert_eq!(halo.field("item", item, "baseprice").await.unwrap(), "21");
        assert!(group_of(&halo, item).await.ends_with(&other.to_string()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s35_name_description_price_cost_sku_and_a_custom_field_arrive_as_what_they_are() {
    let shop = with_rows(rows()).await;
    let halo = shop.records().unwrap();
    halo.custom_field("item", "CFSerial", "checkbox")
        .await
        .unwrap();
    let pump = product(
        &shop,
        &[
            ("name", "Pump"),
            ("description", "For water.\nAnd oil."),
            ("price", "1234.50"),
            ("hs_cost_of_goods_sold", "0.30"),
            ("hs_sku", "P-1"),
            ("needs_serial", "true"),
            ("tax", "19"),
        ],
    );
    let (code, told) = checked(&shop).await;
    assert_eq!(code, Some(0), "{told}");
    let document = products(&shop).await;
    assert_eq!(counts(&document), "created 1");
    let item = item_of(&halo, &pump).await;
    for (field, value) in [
        ("name", "Pump"),
        ("description", "For water.\nAnd oil."),
        ("baseprice", "1234.50"),
        ("costprice", "0.30"),
        ("internalreference", "P-1"),
        ("CFSerial", "true"),
        ("recurringprice", ""),
    ] {
        assert_eq!(
            halo.field("item", item, field).await.unwrap(),
            value,
            "{field}"
        );
    }
    // A price is no checkbox.
    apply(
        &shop,
        json!({ "item-group": 1, "fields": [
            { "property": "price", "field": "CFSerial" },
            { "property": "hs_sku", "field": "assetgroup_id" },
        ] }),
    );
    let (code, told) = checked(&shop).await;
    assert_eq!(code, Some(3), "{told}");
    for place in ["/products/fields/0/property", "/products/fields/1/field"] {
        assert!(told.contains(place), "{place}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s36_each_row_has_a_direction_that_its_field_allows() {
    let shop = with_rows(json!([
        { "property": "createdate", "field": "CFMade" },
        { "property": "hs_object_id", "field": "externalreference", "direction": "bidirectional" },
        { "property": "createdate", "field": "CFMade", "direction": "halo-to-hubspot" },
        { "property": "price", "field": "baseprice", "direction": "bidirectional" },
        { "property": "price", "field": "costprice", "direction": "halo-to-hubspot" },
    ]))
    .await;
    let halo = shop.records().unwrap();
    halo.custom_field("item", "CFMade", "date-time")
        .await
        .unwrap();
    let (code, told) = checked(&shop).await;
    assert_eq!(code, Some(3), "{told}");
    let document: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    let problems: Vec<(&str, &str)> = document["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| {
            (
                problem["path"].as_str().unwrap(),
                problem["code"].as_str().unwrap(),
            )
        })
        .filter(|(path, _)| path.starts_with("/products/"))
        .collect();
    assert_eq!(
        problems,
        [
            ("/products/fields/4/property", "property-twice"),
            ("/products/fields/1/direction", "direction"),
            ("/products/fields/2/direction", "direction"),
        ]
    );
    assert!(told.contains("read-only in HubSpot"), "{told}");
    // The editor offers the same.
    let offered = shop.result(&["fields", NAME, "products"]).await.unwrap();
    let directions = |name: &str| {
        let fields = offered[0]["remote"].as_array().unwrap();
        let field = fields.iter().find(|field| field["name"] == name).unwrap();
        field["attributes"]["directions"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        directions("price"),
        "hubspot-to-halo bidirectional halo-to-hubspot"
    );
    assert_eq!(directions("createdate"), "hubspot-to-halo");
    let shown = shop.halo(&["fields", NAME, "products"]).await.unwrap();
    assert!(shown.stdout.contains("DIRECTIONS"), "{shown:?}");
    // Rows of companies have none, in the editor and in the check.
    let shown = shop.halo(&["fields", NAME, "companies"]).await.unwrap();
    assert!(!shown.stdout.contains("DIRECTIONS"), "{shown:?}");
    let row = json!({ "property": "city", "field": "notes", "direction": "bidirectional" });
    shop.apply(json!({ "fields": [row] })).unwrap();
    let (code, told) = checked(&shop).await;
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("/companies/fields/0/direction"), "{told}");
    let refused = shop.halo(&["import", NAME, "companies"]).await.unwrap();
    assert_eq!(refused.code, Some(3), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s37_hubspots_change_comes_and_halos_causes_no_request_that_writes() {
    let shop = with_rows(json!([{ "property": "price", "field": "baseprice" }])).await;
    let halo = shop.records().unwrap();
    let pump = product(&shop, &[("name", "Pump"), ("price", "20")]);
    products(&shop).await;
    let item = item_of(&halo, &pump).await;
    let before = shop.sim.snapshot("products").unwrap();
    shop.sim.reset_stats();
    halo.edit("item", item, &[("baseprice", "25")])
        .await
        .unwrap();
    assert_eq!(counts(&products(&shop).await), "unchanged 1");
    assert_eq!(shop.sim.stats().calls_of("PATCH", "/"), 0);
    assert_eq!(shop.sim.snapshot("products").unwrap(), before);
    assert_eq!(halo.field("item", item, "baseprice").await.unwrap(), "25");
    shop.sim.edit("products", &pump, [("price", "30")]).unwrap();
    assert_eq!(counts(&products(&shop).await), "updated 1");
    assert_eq!(halo.field("item", item, "baseprice").await.unwrap(), "30");
}

#[tokio::test(flavor = "multi_thread")]
async fn s39_a9_what_only_goes_to_hubspot_never_comes_to_halo() {
    let outwards = |property: &str, field: &str| json!({ "property": property, "field": field, "direction": "halo-to-hubspot" });
    let shop = with_rows(json!([
        outwards("name", "name"),
        outwards("price", "baseprice"),
        { "property": "hs_cost_of_goods_sold", "field": "costprice", "direction": "bidirectional" },
    ]))
    .await;
    let halo = shop.records().unwrap();
    let pump = product(
        &shop,
        &[
            ("name", "Pump"),
            ("price", "20"),
            ("hs_cost_of_goods_sold", "8"),
        ],
    );
    assert_eq!(counts(&products(&shop).await), "created 1");
    let item = item_of(&halo, &pump).await;
    let change = [
        ("name", "Water pump"),
        ("price", "30"),
        ("hs_cost_of_goods_sold", "9"),
    ];
    for (step, cost) in [("made", "8"), ("changed", "9")] {
        for (field, value) in [("name", "Pump"), ("baseprice", ""), ("costprice", cost)] {
            let found = halo.field("item", item, field).await.unwrap();
            assert_eq!(found, value, "{step} {field}");
        }
        if step == "made" {
            shop.sim.edit("products", &pump, change).unwrap();
            assert_eq!(counts(&products(&shop).await), "updated 1");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s40_an_item_is_found_by_sku_then_by_name_and_nothing_is_guessed() {
    let shop = with_rows(json!([{ "property": "hs_sku", "field": "internalreference" }])).await;
    let halo = shop.records().unwrap();
    let item = async |name: &str, sku: &str| {
        let fields = [
            ("name", name),
            ("internalreference", sku),
            ("assetgroup_id", "item-group:1"),
        ];
        halo.add("item", &fields).await.unwrap()
    };
    let by_sku = item("Something else", "P-1").await;
    item("Pump", "").await;
    let by_name = item(" VALVE", "").await;
    for _ in 0..2 {
        item("Twin", "").await;
    }
    let pump = product(&shop, &[("name", "Pump"), ("hs_sku", "P-1")]);
    let valve = product(&shop, &[("name", "Valve")]);
    let twin = product(&shop, &[("name", "Twin")]);
    let again = product(&shop, &[("name", "Valve")]);
    let nameless = product(&shop, &[("hs_sku", "P-9")]);
    let document = products(&shop).await;
    assert_eq!(counts(&document), "unchanged 2, conflict 2, failed 1");
    assert_eq!(item_of(&halo, &pump).await, by_sku);
    assert_eq!(item_of(&halo, &valve).await, by_name);
    assert!(reason(&document, &twin).starts_with("Items "), "{document}");
    assert!(reason(&document, &again).contains(&valve), "{document}");
    assert_eq!(
        reason(&document, &nameless),
        "The product has no name. Give it one in HubSpot."
    );
    assert_eq!(halo.all("item").await.unwrap().len(), 5);
    let of_nameless = document["not-imported"].as_array().unwrap().iter();
    let row = { of_nameless }
        .find(|row| row["key"] == nameless.as_str())
        .unwrap();
    assert!(row.to_string().contains("P-9"), "the SKU is a facet: {row}");
    // Settled in HubSpot, they go in by themselves.
    shop.sim
        .edit("products", &nameless, [("name", "Seal")])
        .unwrap();
    shop.sim
        .edit("products", &again, [("name", "Other valve")])
        .unwrap();
    products(&shop).await;
    item_of(&halo, &nameless).await;
    item_of(&halo, &again).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s40_a_deleted_product_is_reported_and_its_item_stays() {
    let shop = with_rows(json!([])).await;
    let halo = shop.records().unwrap();
    let pump = product(&shop, &[("name", "Pump")]);
    product(&shop, &[("name", "Valve")]);
    products(&shop).await;
    let before = halo.contents().await.unwrap();
    shop.sim.archive("products", &pump).unwrap();
    let full = ["import", NAME, "products", "--full"];
    let document = shop.result(&full).await.unwrap().remove(0);
    assert_eq!(counts(&document), "unchanged 1, skipped 1");
    let item = item_of(&halo, &pump).await;
    let told = reason(&document, &pump);
    assert!(
        told.contains("deleted in HubSpot on 20") && told.contains(&format!("item {item}")),
        "{told}"
    );
    assert_eq!(document["not-imported"][0]["title"], "Pump");
    assert_eq!(halo.contents().await.unwrap(), before);
    // Restored, it is followed again.
    shop.sim.restore("products", &pump).unwrap();
    let document = shop.result(&full).await.unwrap().remove(0);
    assert_eq!(counts(&document), "unchanged 2");
}

/// A connected shop with many generated products.
async fn many(products: usize) -> Workshop {
    let options = SimOptions {
        companies: 0,
        products,
        limit_per_10s: None,
        search_limit_per_second: None,
        ..SimOptions::default()
    };
    let mut shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    shop.work_over(crate::records());
    shop.connect().await.unwrap();
    let halo = shop.records().unwrap();
    halo.custom_field("item", "CFSerial", "checkbox")
        .await
        .unwrap();
    apply(&shop, json!({ "item-group": 1, "fields": rows() }));
    shop.sim.reset_stats();
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn s40_ten_calls_a_thousand_products_and_again_nothing_is_written() {
    let shop = many(1_000).await;
    assert_eq!(counts(&products(&shop).await), "created 1000");
    let stats = shop.sim.stats();
    assert_eq!(
        stats.calls_of("GET", "/objects/{version}/products"),
        10,
        "{stats:?}"
    );
    // The count and the properties.
    assert!(stats.calls <= 12, "{stats:?}");
    let halo = shop.records().unwrap();
    for row in shop.sim.snapshot("products").unwrap() {
        let item = item_of(&halo, row["id"].as_str().unwrap()).await;
        let sku = halo.field("item", item, "internalreference").await.unwrap();
        assert_eq!(row["properties"]["hs_sku"], sku.as_str());
    }
    let (contents, journal) = (
        halo.contents().await.unwrap(),
        halo.journal_length().await.unwrap(),
    );
    shop.sim.reset_stats();
    let full = ["import", NAME, "products", "--full"];
    let document = shop.result(&full).await.unwrap().remove(0);
    assert_eq!(counts(&document), "unchanged 1000");
    assert_eq!(halo.contents().await.unwrap(), contents);
    assert_eq!(halo.journal_length().await.unwrap(), journal);
    assert!(shop.sim.stats().calls <= 12, "{:?}", shop.sim.stats());
}

#[tokio::test(flavor = "multi_thread")]
async fn s40_a_preview_of_products_is_what_the_import_does() {
    let shop = many(130).await;
    let halo = shop.records().unwrap();
    let known = [
        ("name", "Known"),
        ("internalreference", "SKU-00007"),
        ("assetgroup_id", "item-group:1"),
    ];
    halo.add("item", &known).await.unwrap();
    product(&shop, &[("hs_sku", "nameless")]);
    let before = halo.contents().await.unwrap();
    let shown = shop
        .result(&["preview", NAME, "products"])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(counts(&shown), "created 129, updated 1, failed 1");
    assert_eq!(halo.contents().await.unwrap(), before);
    let run = shown["summary"]["run"].to_string();
    let import = ["import", NAME, "products", "--preview", &run];
    let done = shop.result(&import).await.unwrap().remove(0);
    assert_eq!(counts(&done), counts(&shown));
    assert_eq!(done["deviations"], json!([]));
}
