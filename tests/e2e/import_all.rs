//! `import NAME all`: one run after the other, one progress display, one report (S7),
//! and what is not imported (S72).

use std::time::Duration;

use halo_tests::kit::{NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::{connected, counts, empty};

async fn all(shop: &Workshop) -> Value {
    let mut documents = shop.result(&["import", NAME, "all"]).await.unwrap();
    assert_eq!(documents.len(), 1, "one report");
    documents.remove(0)
}

/// The import of one entity in the report.
fn of<'a>(report: &'a Value, entity: &str) -> &'a Value {
    let imports = report["imports"].as_array().unwrap();
    let import = { imports.iter() }.find(|import| import["summary"]["entity"] == entity);
    import.unwrap_or_else(|| panic!("{entity} is not in {report}"))
}

/// How many rows of an entity were not imported, by outcome and code of the reason.
fn reasons(report: &Value, entity: &str) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let reasons = of(report, entity)["reasons"].as_array().unwrap();
    { reasons.iter() }
        .map(|reason| {
            let rows = reason["rows"].as_u64().unwrap();
            (text(&reason["outcome"]), text(&reason["code"]), rows)
        })
        .collect()
}

fn named(outcome: &str, code: &str, rows: u64) -> (String, String, u64) {
    (outcome.to_owned(), code.to_owned(), rows)
}

fn person(shop: &Workshop, email: &str, company: Option<&str>) -> String {
    let id = shop.sim.create("contacts", [("email", email)]).unwrap();
    if let Some(company) = company {
        let to = ("companies", company);
        shop.sim.link(("contacts", &id), to, true).unwrap();
    }
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn s72_what_is_not_imported_is_counted_with_its_reason_and_the_rest_is_never_read() {
    let shop = empty().await;
    let mut settings = shop.settings(json!({}));
    settings["companies"] = json!({ "lifecycle-stages": ["customer"], "top-level": 1 });
    shop.write("settings.json", &settings.to_string()).unwrap();
    let company = |name, stage| {
        let properties = [("name", name), ("lifecyclestage", stage), ("city", "Ghent")];
        shop.sim.create_company(properties).unwrap()
    };
    let acme = company("Acme", "customer");
    let outside = company("Bolt", "lead");
    person(&shop, "ada@acme.example", Some(&acme));
    person(&shop, "bo@bolt.example", Some(&outside));
    person(&shop, "cy@nowhere.example", None);
    let deal = |name, stage| {
        let properties = [("dealname", name), ("dealstage", stage)];
        shop.sim.create("deals", properties).unwrap()
    };
    deal("Won", "closedwon");
    let unselected = deal("Fleet", "qualifiedtobuy");
    deal("Vans", "qualifiedtobuy");
    let chosen = deal("Chosen", "qualifiedtobuy");
    let select = ["import", NAME, "deals", "--select", &chosen];
    shop.result(&select).await.unwrap();
    shop.sim.reset_stats();

    let report = all(&shop).await;
    assert_eq!(
        reasons(&report, "companies"),
        [named("skipped", "stage-not-chosen", 1)]
    );
    assert_eq!(
        reasons(&report, "contacts"),
        [
            named("waiting", "company-not-imported", 1),
            named("skipped", "no-company", 1),
        ]
    );
    assert_eq!(
        reasons(&report, "deals"),
        [
            named("skipped", "closed", 1),
            named("skipped", "not-selected", 2),
        ]
    );
    let sums = &report["counts"];
    assert_eq!((&sums["read"], &sums["created"]), (&json!(9), &json!(2)));
    assert_eq!((&sums["skipped"], &sums["waiting"]), (&json!(5), &json!(1)));
    assert_eq!(report["not-begun"], json!([]));
    // Nor is a later change to a deal that nobody has chosen (S56), nor a property
    // without a mapping row.
    let change = [("amount", "5")];
    shop.sim.edit("deals", &unselected, change).unwrap();
    let later = all(&shop).await;
    let is_told = |(outcome, code, _): &(String, String, u64)| {
        (outcome.as_str(), code.as_str()) == ("skipped", "not-selected")
    };
    assert!(reasons(&later, "deals").iter().any(is_told), "{later}");
    let halo = shop.records().unwrap();
    let contents = halo.contents().await.unwrap();
    assert!(!contents.contains("Ghent") && !contents.contains("Bolt"));
    assert!(!contents.contains("Fleet") && contents.contains("Chosen"));

    // Kinds that are never mentioned are never asked for, whatever is done.
    for arguments in [
        ["import", NAME, "all", "--full"].as_slice(),
        &["preview", NAME, "deals"],
        &["check", NAME, "--online"],
        &["fields", NAME, "contacts"],
        &["why", NAME, "companies", &outside],
    ] {
        shop.result(arguments).await.unwrap();
    }
    let known = ["companies", "contacts", "deals", "products", "quotes"];
    let routes = shop.sim.stats().routes;
    assert!(routes.len() > 5, "{routes:?}");
    for route in routes {
        let parts: Vec<&str> = route.route.split('/').collect();
        let object = { parts.iter() }.position(|part| matches!(*part, "objects" | "properties"));
        let kind = object.and_then(|at| parts[at + 1..].iter().find(|part| !part.starts_with('{')));
        if let Some(kind) = kind {
            let is_known = known.contains(kind) || matches!(*kind, "line_items" | "line items");
            assert!(is_known, "{route:?}");
        }
        for never in ["tickets", "tasks", "notes", "calls", "emails", "files"] {
            assert!(!parts.contains(&never), "{route:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_all_has_one_progress_display_and_one_table_at_its_end() {
    let shop = connected(30).await;
    person(&shop, "cy@nowhere.example", None);
    let ended = shop.halo(&["import", NAME, "all"]).await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let described = shop.result(&["describe", NAME]).await.unwrap();
    let entities = described[0]["entities"].as_array().unwrap().len();
    for (number, entity, rows) in [(1, "companies", 30), (2, "contacts", 1)] {
        let line = format!("{number}/{entities} {entity}: 0 of {rows}");
        assert!(ended.stderr.contains(&line), "{ended:?}");
    }
    let lines: Vec<Vec<&str>> = { ended.stdout.lines() }
        .map(|line| line.split_whitespace().collect())
        .collect();
    let of = |entity: &str| {
        let lines = lines.iter().filter(|line| line.first() == Some(&entity));
        lines.cloned().collect::<Vec<_>>()
    };
    assert_eq!(of("ENTITY").len(), 2, "counts and reasons: {ended:?}");
    assert_eq!(of("companies")[0][..3], ["companies", "30", "30"]);
    assert_eq!(of("all")[0][..3], ["all", "31", "30"]);
    assert_eq!(of("contacts")[1][..3], ["contacts", "skipped", "1"]);
    assert!(ended.stdout.contains("products: passed over."), "{ended:?}");
    // Beyond the overlap of two searches, there is nothing to read.
    shop.sim.advance_clock(Duration::from_secs(60 * 60));
    all(&shop).await;
    let again = shop.halo(&["import", NAME, "all"]).await.unwrap();
    assert!(again.stdout.contains("Nothing has changed"), "{again:?}");
    assert!(!again.stdout.contains("Not imported"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_what_stops_one_entity_is_said_with_its_name_after_what_was_done() {
    let shop = connected(3).await;
    let mut settings = shop.settings(json!({}));
    settings["products"] = json!({ "fields": [{ "property": "price", "field": "baseprice" }] });
    shop.write("settings.json", &settings.to_string()).unwrap();
    let ended = shop.halo(&["import", NAME, "all"]).await.unwrap();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stdout.contains("Not begun: "), "{ended:?}");
    assert!(ended.stdout.contains("deals"), "{ended:?}");
    let told = "error: products: New items need an item group;";
    assert!(ended.stderr.contains(told), "{ended:?}");
    assert_eq!(
        shop.records().unwrap().all("customer").await.unwrap().len(),
        3
    );
    // Nor is it said that nothing has changed.
    let again = shop.halo(&["import", NAME, "all"]).await.unwrap();
    assert!(!again.stdout.contains("Nothing has changed"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn an_interrupted_import_of_all_reports_what_it_did_and_goes_on() {
    let shop = connected(1_000).await;
    person(&shop, "cy@nowhere.example", None);
    shop.sim.set_latency(Duration::from_millis(150));
    let mut command = shop.command(&["import", NAME, "all"]);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let running = command.spawn().unwrap();
    let process = running.id().unwrap().to_string();
    let begun = std::time::Instant::now();
    while shop.sim.stats().calls_of("GET", "/companies") < 3 {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let sent = std::process::Command::new("kill")
        .args(["-INT", &process])
        .status()
        .unwrap();
    assert!(sent.success());
    let ended = running.wait_with_output().await.unwrap();
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (told(&ended.stdout), told(&ended.stderr));
    assert_eq!(ended.status.code(), Some(4), "{stdout}{stderr}");
    assert!(
        stdout.contains("Not begun: contacts, products"),
        "{stdout}{stderr}"
    );
    let again = format!("To go on: halo-host import {NAME} all");
    assert!(stderr.contains(&again), "{stdout}{stderr}");
    shop.sim.set_latency(Duration::ZERO);
    let report = all(&shop).await;
    assert_eq!(counts(of(&report, "contacts")), "skipped 1");
    let customers = shop.records().unwrap().all("customer").await.unwrap();
    assert_eq!(customers.len(), 1_000);
}
