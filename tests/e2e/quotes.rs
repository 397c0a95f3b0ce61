//! Quotes to quotations, with their lines (S44 to S47, S49, A12, A13, A26).

use halo_tests::kit::{Halo, NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::{counts, empty};

mod inherited;
mod interrupted;
mod large;
mod lines;
mod many;
mod moved;
mod place;

/// Imports an entity; answers the document.
async fn import(shop: &Workshop, entity: &str) -> Value {
    let arguments = ["import", NAME, entity];
    shop.result(&arguments).await.unwrap().remove(0)
}

async fn quotes(shop: &Workshop) -> Value {
    import(shop, "quotes").await
}

/// The counts without what is as it was: what changed within ten minutes is read again.
fn news(document: &Value) -> String {
    let counts = counts(document);
    let told: Vec<&str> = counts
        .split(", ")
        .filter(|count| !count.starts_with("unchanged"))
        .collect();
    told.join(", ")
}

/// Settings with these mapping rows of quotes.
fn apply(shop: &Workshop, fields: Value) {
    let mut settings = shop.settings(json!({}));
    settings["products"] = json!({ "item-group": 1 });
    settings["quotes"] = json!({ "fields": fields });
    shop.write("settings.json", &settings.to_string()).unwrap();
}

/// A connected shop with company `Acme` in Halo.
async fn with_acme() -> (Workshop, String) {
    let shop = empty().await;
    apply(&shop, json!([]));
    let acme = shop.sim.create_company([("name", "Acme")]).unwrap();
    import(&shop, "companies").await;
    (shop, acme)
}

/// A draft of a quote.
fn quote(shop: &Workshop, title: &str, more: &[(&str, &str)]) -> String {
    let own = [
        ("hs_title", title),
        ("hs_expiration_date", "2026-12-31"),
        ("hs_status", "DRAFT"),
    ];
    let properties = own.into_iter().chain(more.iter().copied());
    shop.sim.create("quotes", properties).unwrap()
}

/// A quote of a company.
fn quote_of(shop: &Workshop, company: &str, title: &str) -> String {
    let quote = quote(shop, title, &[]);
    let (from, to) = (("quotes", quote.as_str()), ("companies", company));
    shop.sim.link(from, to, false).unwrap();
    quote
}

/// A line of a quote.
fn line(shop: &Workshop, quote: &str, properties: &[(&str, &str)]) -> String {
    let properties = properties.iter().copied();
    let line = shop.sim.create("line_items", properties).unwrap();
    let (from, to) = (("quotes", quote), ("line_items", line.as_str()));
    shop.sim.link(from, to, false).unwrap();
    line
}

async fn quotation(halo: &Halo, quote: &str) -> u64 {
    halo.linked("quotation", quote).await.unwrap().unwrap()
}

/// A field of a quote's quotation, for people.
async fn field(shop: &Workshop, quote: &str, name: &str) -> String {
    let halo = shop.records().unwrap();
    let id = quotation(&halo, quote).await;
    halo.field("quotation", id, name).await.unwrap()
}

/// The record that a field of a quote's quotation names.
async fn record(shop: &Workshop, quote: &str, name: &str) -> Option<u64> {
    let shown = field(shop, quote, name).await;
    shown.rsplit([' ', ':']).next().unwrap().parse().ok()
}

/// Fields of the lines of a quote's quotation, each line in one text, sorted.
async fn lines_of(shop: &Workshop, quote: &str, names: &[&str]) -> Vec<String> {
    let halo = shop.records().unwrap();
    let own = quotation(&halo, quote).await;
    let mut told = Vec::new();
    for line in halo.all("quotation-line").await.unwrap() {
        let of = halo.field("quotation-line", line.id, "quotation_id").await;
        if !of.unwrap().ends_with(&own.to_string()) {
            continue;
        }
        let mut values = Vec::new();
        for name in names {
            values.push(halo.field("quotation-line", line.id, name).await.unwrap());
        }
        told.push(values.join(" "));
    }
    told.sort();
    told
}

/// The row of a quote that was not imported: outcome, code and reason.
fn stopped(document: &Value, quote: &str) -> (String, String, String) {
    let rows = document["not-imported"].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == quote);
    let row = row.unwrap_or_else(|| panic!("{quote} is not among {rows:?}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&row["outcome"]),
        text(&row["reason"]["code"]),
        text(&row["reason"]["message"]),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn s44_a26_a_quote_becomes_a_quotation_whose_lines_are_of_the_items_of_their_products() {
    let (shop, acme) = with_acme().await;
    let laptop = shop
        .sim
        .create(
            "products",
            [("name", "Laptop"), ("price", "999.90"), ("hs_sku", "L-1")],
        )
        .unwrap();
    import(&shop, "products").await;
    let fleet = quote_of(&shop, &acme, "Fleet");
    line(
        &shop,
        &fleet,
        &[("hs_product_id", &laptop), ("quantity", "3")],
    );
    let free = [
        ("name", "Setup"),
        ("price", "120"),
        ("quantity", "1.5"),
        ("hs_discount_percentage", "10"),
        ("hs_position_on_quote", "1"),
        ("description", "On site"),
    ];
    line(&shop, &fleet, &free);
    line(
        &shop,
        &fleet,
        &[
            ("name", "Cable"),
            ("price", "9.99"),
            ("discount", "2"),
            ("quantity", "4"),
        ],
    );
    assert_eq!(news(&quotes(&shop).await), "created 1");
    assert_eq!(field(&shop, &fleet, "title").await, "Fleet");
    assert_eq!(field(&shop, &fleet, "expiry_date").await, "2026-12-31");
    assert_eq!(field(&shop, &fleet, "currency_code").await, "USD");
    assert_eq!(field(&shop, &fleet, "status_name").await, "Draft");
    let names = [
        "name",
        "current_quantity",
        "current_price",
        "discount_perc",
        "description",
        "sort_seq",
    ];
    let halo = shop.records().unwrap();
    let item = halo.linked("item", &laptop).await.unwrap().unwrap();
    assert_eq!(
        lines_of(&shop, &fleet, &names).await,
        [
            "Cable 4 7.99   ",
            "Laptop 3 999.90   ",
            "Setup 1.5 120 10 On site 1",
        ]
    );
    let items = lines_of(&shop, &fleet, &["item_id"]).await;
    assert_eq!(items.iter().filter(|item| !item.is_empty()).count(), 1);
    assert!(items[2].ends_with(&item.to_string()), "{items:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s45_quote_fields_map_by_a_table_of_their_own_and_check_names_what_does_not_fit() {
    let (shop, acme) = with_acme().await;
    let halo = shop.records().unwrap();
    halo.custom_field("quotation", "CFOrder", "text")
        .await
        .unwrap();
    apply(
        &shop,
        json!([
            { "property": "hs_title", "field": "title" },
            { "property": "hs_expiration_date", "field": "expiry_date" },
            { "property": "order_reference", "field": "po_ref" },
            { "property": "hs_language", "field": "CFOrder" },
            { "property": "hs_comments", "field": "note" },
        ]),
    );
    let checked = shop
        .halo(&["--json", "check", NAME, "--online"])
        .await
        .unwrap();
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let fleet = quote_of(&shop, &acme, "Fleet");
    let more = [
        ("order_reference", "PO-7"),
        ("hs_language", "de"),
        ("hs_comments", "By truck"),
        ("hs_currency", "EUR"),
    ];
    shop.sim.edit("quotes", &fleet, more).unwrap();
    assert_eq!(news(&quotes(&shop).await), "created 1");
    for (name, value) in [
        ("po_ref", "PO-7"),
        ("CFOrder", "de"),
        ("note", "By truck"),
        ("currency_code", "EUR"),
        ("expiry_date", "2026-12-31"),
    ] {
        assert_eq!(field(&shop, &fleet, name).await, value, "{name}");
    }
    apply(
        &shop,
        json!([
            { "property": "hs_title", "field": "date" },
            { "property": "no_such", "field": "note" },
            { "property": "hs_domain", "field": "nowhere" },
            { "property": "hs_domain", "field": "client_id" },
        ]),
    );
    let checked = shop
        .halo(&["--json", "check", NAME, "--online"])
        .await
        .unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    for path in ["0/property", "1/property", "2/field", "3/field"] {
        let path = format!("/quotes/fields/{path}");
        assert!(checked.stdout.contains(&path), "{path}: {}", checked.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s46_quotations_come_one_way_and_an_edit_in_halo_asks_nothing_of_hubspot() {
    let (shop, acme) = with_acme().await;
    for direction in ["bidirectional", "halo-to-hubspot"] {
        apply(
            &shop,
            json!([{ "property": "hs_title", "field": "title", "direction": direction }]),
        );
        let checked = shop.halo(&["--json", "check", NAME]).await.unwrap();
        assert_eq!(checked.code, Some(3), "{checked:?}");
        let path = "/quotes/fields/0/direction";
        assert!(checked.stdout.contains(path), "{}", checked.stdout);
        let refused = shop
            .halo(&["--json", "import", NAME, "quotes"])
            .await
            .unwrap();
        assert_eq!(refused.code, Some(3), "{refused:?}");
    }
    apply(&shop, json!([]));
    let fleet = quote_of(&shop, &acme, "Fleet");
    line(
        &shop,
        &fleet,
        &[("name", "Cable"), ("price", "5"), ("quantity", "1")],
    );
    quotes(&shop).await;
    let halo = shop.records().unwrap();
    let own = quotation(&halo, &fleet).await;
    halo.edit("quotation", own, &[("title", "Our fleet")])
        .await
        .unwrap();
    let before = shop.sim.snapshot("quotes").unwrap();
    shop.sim.reset_stats();
    assert_eq!(news(&quotes(&shop).await), "");
    shop.halo(&["run-due", NAME]).await.unwrap();
    assert_eq!(shop.sim.stats().writes, 0);
    assert_eq!(shop.sim.snapshot("quotes").unwrap(), before);
    assert_eq!(field(&shop, &fleet, "title").await, "Our fleet");
    // HubSpot's next change wins.
    shop.sim
        .edit("quotes", &fleet, [("hs_title", "Fleet 2")])
        .unwrap();
    assert_eq!(news(&quotes(&shop).await), "updated 1");
    assert_eq!(field(&shop, &fleet, "title").await, "Fleet 2");
}

#[tokio::test(flavor = "multi_thread")]
async fn s47_ten_imports_make_no_second_quotation_and_double_no_line() {
    let (shop, acme) = with_acme().await;
    let fleet = quote_of(&shop, &acme, "Fleet");
    for name in ["Cable", "Laptop", "Dock"] {
        line(
            &shop,
            &fleet,
            &[("name", name), ("price", "5"), ("quantity", "1")],
        );
    }
    let shown = shop
        .result(&["preview", NAME, "quotes"])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(counts(&shown), "created 1");
    let halo = shop.records().unwrap();
    assert_eq!(halo.all("quotation").await.unwrap().len(), 0);
    let run = shown["summary"]["run"].to_string();
    let confirmed = shop
        .result(&["import", NAME, "quotes", "--preview", &run])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(counts(&confirmed), "created 1");
    let deviations = confirmed["deviations"].as_array().map_or(0, Vec::len);
    assert_eq!(deviations, 0, "{confirmed}");
    let contents = halo.contents().await.unwrap();
    for number in 0..10 {
        let full = ["import", NAME, "quotes", "--full"];
        let arguments = &full[..if number % 3 == 0 { 4 } else { 3 }];
        shop.result(arguments).await.unwrap();
        assert_eq!(halo.contents().await.unwrap(), contents, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_and_published_quotes_of_both_kinds_arrive_and_a_change_of_status_too() {
    let (shop, acme) = with_acme().await;
    let legacy = quote_of(&shop, &acme, "Legacy");
    let cpq = quote(&shop, "CPQ", &[("hs_template_type", "CPQ_QUOTE")]);
    shop.sim
        .link(("quotes", &cpq), ("companies", &acme), false)
        .unwrap();
    line(
        &shop,
        &cpq,
        &[("name", "Cable"), ("price", "5"), ("quantity", "1")],
    );
    assert_eq!(news(&quotes(&shop).await), "created 2");
    for quote in [&legacy, &cpq] {
        assert_eq!(field(&shop, quote, "status_name").await, "Draft");
        assert_eq!(field(&shop, quote, "third_party_url").await, "");
    }
    // As users publish them in HubSpot's pages.
    for (quote, status, label) in [
        (&legacy, "APPROVAL_NOT_NEEDED", "Published"),
        (&cpq, "APPROVED", "Approved & Published"),
        (&cpq, "ACCEPTED", "Accepted"),
    ] {
        shop.sim
            .edit("quotes", quote, [("hs_status", status)])
            .unwrap();
        assert_eq!(news(&quotes(&shop).await), "updated 1");
        assert_eq!(field(&shop, quote, "status_name").await, label);
        let link = field(&shop, quote, "third_party_url").await;
        assert!(link.starts_with("https://"), "{link:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_that_was_deleted_leaves_its_quotation_and_goes_on_when_it_is_restored() {
    let (shop, acme) = with_acme().await;
    let fleet = quote_of(&shop, &acme, "Fleet");
    line(
        &shop,
        &fleet,
        &[("name", "Cable"), ("price", "5"), ("quantity", "1")],
    );
    quotes(&shop).await;
    let halo = shop.records().unwrap();
    let contents = halo.contents().await.unwrap();
    shop.sim.archive("quotes", &fleet).unwrap();
    // Its lines went with it, which is noticed at the next import.
    let document = quotes(&shop).await;
    let (outcome, code, message) = stopped(&document, &fleet);
    assert_eq!((outcome.as_str(), code.as_str()), ("skipped", "deleted"));
    assert!(message.contains("quotation"), "{message}");
    assert_eq!(halo.contents().await.unwrap(), contents);
    assert_eq!(news(&quotes(&shop).await), "", "it is said once");
    shop.sim.restore("quotes", &fleet).unwrap();
    shop.sim
        .edit("quotes", &fleet, [("hs_title", "Fleet 2")])
        .unwrap();
    assert_eq!(news(&quotes(&shop).await), "updated 1");
    assert_eq!(field(&shop, &fleet, "title").await, "Fleet 2");
    assert_eq!(lines_of(&shop, &fleet, &["name"]).await, ["Cable"]);
}
