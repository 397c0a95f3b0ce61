//! The brake: an import that would change too many customers stops before it does, and
//! goes on when a person has confirmed a preview.

use std::time::{Duration, Instant};

use halo_host::model::Effect;
use halo_host::store::{JournalFilter, RunMode, Store as _};
use halo_tests::hubspot_sim::{FaultKind, FaultRule};
use halo_tests::kit::{Ended, Workshop};
use serde_json::{Value, json};

use crate::hostile::cell::{Cell, NAME as HOSTILE};
use crate::shop::{counts, empty, import};

const IMPORT: [&str; 3] = ["import", "hubspot", "companies"];

/// Makes companies; those for which `has_city` says so have a city. Answers the ids.
fn companies(shop: &Workshop, count: usize, has_city: impl Fn(usize) -> bool) -> Vec<String> {
    let make = |number| {
        let name = format!("Company {number}");
        let mut properties = vec![("name", name.as_str())];
        if has_city(number) {
            properties.push(("city", "Ghent"));
        }
        shop.sim.create_company(properties).unwrap()
    };
    (0..count).map(make).collect()
}

/// A mapping row that fills the city of every customer whose company has one.
async fn map_the_city(shop: &Workshop) {
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFCity", "text")
        .await
        .unwrap();
    shop.apply(json!({ "fields": [{ "property": "city", "field": "CFCity" }] }))
        .unwrap();
}

/// An account with so many companies, all imported, and then that mapping row.
async fn mapped(count: usize, has_city: impl Fn(usize) -> bool) -> Workshop {
    let shop = empty().await;
    companies(&shop, count, has_city);
    assert_eq!(counts(&import(&shop).await), format!("created {count}"));
    map_the_city(&shop).await;
    shop
}

/// With another brake in the configuration.
fn set_brake(shop: &Workshop, brake: &str) {
    let path = shop.folder().join("halo.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("brake"));
    let lines: Vec<&str> = lines.collect();
    let brake = format!("settings-file = \"settings.json\"\nbrake = {brake}");
    let text = lines
        .join("\n")
        .replace("settings-file = \"settings.json\"", &brake);
    shop.write("halo.toml", &text).unwrap();
}

/// Customers that were changed, however often.
async fn changed(shop: &Workshop) -> usize {
    let filter = JournalFilter {
        limit: u32::MAX,
        ..JournalFilter::default()
    };
    let lines = shop.records().unwrap().store.journal(&filter).await;
    let changed: std::collections::BTreeSet<u64> = lines
        .unwrap()
        .into_iter()
        .filter(|line| line.kind == "customer" && line.effect == Effect::Updated)
        .map(|line| line.record)
        .collect();
    changed.len()
}

/// The import is refused with the code, the exit code and this part of the sentence.
async fn refused(shop: &Workshop, arguments: &[&str], words: &str) -> Ended {
    let mut with_json = vec!["--json"];
    with_json.extend(arguments);
    let ended = shop.halo(&with_json).await.unwrap();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let summary = &ended.json().unwrap()[0]["summary"];
    assert_eq!(summary["state"], "blocked", "{summary}");
    assert_eq!(summary["failure"]["code"], "brake", "{summary}");
    for words in [
        words,
        "`halo-host preview hubspot companies`",
        "`halo-host import hubspot companies --preview ID`",
    ] {
        assert!(ended.stderr.contains(words), "{words} in {ended:?}");
    }
    ended
}

/// Previews, checks what the preview asks, and confirms it.
async fn confirm(shop: &Workshop, changes: u64) -> Value {
    let shown = shop.result(&["preview", "hubspot", "companies"]).await;
    let summary = shown.unwrap()[0]["summary"].clone();
    assert_eq!(summary["brake"]["changes"], changes, "{summary}");
    let run = summary["run"].to_string();
    let import = ["import", "hubspot", "companies", "--preview", &run];
    let done = shop.result(&import).await.unwrap().remove(0);
    assert_eq!(done["deviations"], json!([]));
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_would_change_everybody_stops_until_a_preview_is_confirmed() {
    let shop = mapped(100, |_| true).await;
    let words = "at least 100 of 100 records of kind customer, more than 20 %, and was stopped; 0 have been changed";
    let first = refused(&shop, &IMPORT, words).await;
    assert_eq!(changed(&shop).await, 0);
    // Again and again, at once, and HubSpot is not asked.
    shop.sim.reset_stats();
    for arguments in [&IMPORT[..], &["import", "hubspot", "companies", "--full"]] {
        let again = refused(&shop, arguments, words).await;
        assert!(first.stderr.ends_with(&again.stderr), "{again:?}");
    }
    assert_eq!(shop.sim.stats().calls, 0);
    let status = shop.halo(&["status"]).await.unwrap();
    assert!(
        status.stdout.contains("companies is braked: The import"),
        "{status:?}"
    );
    let status = shop.result(&["status"]).await.unwrap();
    assert_eq!(status[0]["braked"]["companies"]["code"], "brake");

    let shown = shop.halo(&["preview", "hubspot", "companies"]).await;
    let shown = shown.unwrap();
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(
        shown
            .stdout
            .contains("This would change 100 of 100 records of kind customer, more than 20 %"),
        "{shown:?}"
    );
    // Having looked is not having confirmed.
    refused(&shop, &IMPORT, words).await;
    assert_eq!(counts(&confirm(&shop, 100).await), "updated 100");
    assert_eq!(changed(&shop).await, 100);
    let status = shop.result(&["status"]).await.unwrap();
    assert_eq!(status[0]["braked"], json!({}));
    import(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_whole_calls_that_the_share_allows_are_written() {
    // 20 % of 250 are 50. HubSpot's pages hold 100, of which 40 change.
    let shop = mapped(250, |number| number % 100 < 40).await;
    refused(&shop, &IMPORT, "at least 80 of 250 records").await;
    assert_eq!(changed(&shop).await, 40);
    refused(&shop, &IMPORT, "40 have been changed").await;
    assert_eq!(changed(&shop).await, 40);
    // What is left goes in, the page that was refused included.
    let done = confirm(&shop, 80).await;
    assert_eq!(counts(&done), "updated 80, unchanged 70");
    assert_eq!(changed(&shop).await, 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interruption_does_not_loosen_the_brake() {
    let daily = FaultKind::RateLimited {
        policy: "DAILY".to_owned(),
        retry_after: None,
    };
    for kills in [true, false] {
        // 30 of each page; the share allows 50.
        let shop = mapped(250, |number| number % 100 < 30).await;
        // The first such call reads the properties.
        let second_page = FaultRule::once(if kills {
            FaultKind::Latency(60_000)
        } else {
            daily.clone()
        });
        let listed = second_page.on_method("GET").on_path("/companies").nth(3);
        shop.sim.fail(listed.times(0));
        if kills {
            let mut running = shop.command(&IMPORT).spawn().unwrap();
            let begun = Instant::now();
            while changed(&shop).await < 30 {
                assert!(begun.elapsed() < Duration::from_secs(60), "it never came");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            running.kill().await.unwrap();
        } else {
            let waits = shop.halo(&IMPORT).await.unwrap();
            assert_eq!(waits.code, Some(5), "{waits:?}");
        }
        assert_eq!(changed(&shop).await, 30);
        shop.sim.clear_faults();
        refused(&shop, &IMPORT, "at least 60 of 250 records").await;
        assert_eq!(changed(&shop).await, 30, "kills: {kills}");
        let done = confirm(&shop, 60).await;
        assert_eq!(counts(&done), "updated 60, unchanged 90");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_import_over_customers_of_the_same_names_is_braked() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    for number in 0..60 {
        let name = format!("Company {number}");
        halo.add("customer", &[("name", &name)]).await.unwrap();
        let properties = [("name", name.as_str()), ("phone", "+32 9 000 00 00")];
        shop.sim.create_company(properties).unwrap();
    }
    refused(&shop, &IMPORT, "at least 60 of 60 records").await;
    assert_eq!(changed(&shop).await, 0);
    assert_eq!(counts(&confirm(&shop, 60).await), "updated 60");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_new_customers_are_never_too_many() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    for number in 0..60 {
        let name = format!("Company {number}");
        halo.add("customer", &[("name", &name)]).await.unwrap();
    }
    companies(&shop, 120, |_| false);
    assert_eq!(counts(&import(&shop).await), "created 60, unchanged 60");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_changes_a_day_are_never_asked_about() {
    let shop = empty().await;
    let ids = companies(&shop, 100, |_| false);
    import(&shop).await;
    for day in 0..5 {
        for id in &ids[day * 10..day * 10 + 20] {
            let phone = format!("+32 9 000 00 0{day}");
            let edited = shop.sim.edit("companies", id, [("phone", phone.as_str())]);
            edited.unwrap();
        }
        let done = import(&shop).await;
        assert!(counts(&done).starts_with("updated 20"), "day {day}: {done}");
        assert_eq!(done["summary"]["brake"], Value::Null);
    }
    assert_eq!(changed(&shop).await, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_customers_all_may_change_and_of_fifty_one_a_fifth() {
    let shop = mapped(50, |_| true).await;
    assert_eq!(counts(&import(&shop).await), "updated 50");
    let shop = mapped(51, |_| true).await;
    refused(&shop, &IMPORT, "at least 51 of 51 records").await;
    let shop = mapped(51, |number| number < 10).await;
    assert_eq!(counts(&import(&shop).await), "updated 10, unchanged 41");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_a_person_names_are_confirmed_and_confirm_no_others() {
    let shop = empty().await;
    let ids = companies(&shop, 100, |_| true);
    import(&shop).await;
    map_the_city(&shop).await;
    let select = ids[..30].join(",");
    let named = ["import", "hubspot", "companies", "--select", &select];
    let done = shop.result(&named).await.unwrap();
    assert_eq!(counts(&done[0]), "updated 30");
    refused(&shop, &IMPORT, "at least 70 of 100 records").await;
    // Also while the import of all is refused, and without taking that back.
    let select = ids[30..60].join(",");
    let named = ["import", "hubspot", "companies", "--select", &select];
    assert_eq!(counts(&shop.result(&named).await.unwrap()[0]), "updated 30");
    refused(&shop, &IMPORT, "at least 70 of 100 records").await;
    assert_eq!(changed(&shop).await, 60);
    let done = confirm(&shop, 40).await;
    assert_eq!(counts(&done), "updated 40, unchanged 60");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_confirms_what_it_showed_and_not_what_came_after() {
    let shop = empty().await;
    let ids = companies(&shop, 100, |_| false);
    import(&shop).await;
    let preview = async || {
        let shown = shop.result(&["preview", "hubspot", "companies"]).await;
        shown.unwrap()[0]["summary"]["run"].to_string()
    };
    shop.sim
        .edit("companies", &ids[0], [("phone", "+32 9 000 00 00")])
        .unwrap();
    let little = preview().await;
    for id in &ids {
        shop.sim
            .edit("companies", id, [("phone", "+32 9 111 11 11")])
            .unwrap();
    }
    let confirmed = |run: String| {
        ["import", "hubspot", "companies", "--preview"]
            .map(str::to_owned)
            .into_iter()
            .chain([run])
            .collect::<Vec<_>>()
    };
    let little = confirmed(little);
    let little: Vec<&str> = little.iter().map(String::as_str).collect();
    let words = format!("more than preview {} showed", little[4]);
    for _ in 0..2 {
        refused(&shop, &little, &words).await;
        assert_eq!(changed(&shop).await, 0);
    }
    refused(&shop, &IMPORT, &words).await;
    assert_eq!(counts(&confirm(&shop, 100).await), "updated 100");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_share_is_the_administrators() {
    let shop = mapped(100, |number| number < 30).await;
    set_brake(&shop, "{ shares = 30 }");
    let wrong = shop.halo(&IMPORT).await.unwrap();
    assert_eq!(wrong.code, Some(3), "{wrong:?}");
    assert!(wrong.stderr.contains("Did you mean `share`?"), "{wrong:?}");
    set_brake(&shop, "{ share = 29 }");
    refused(
        &shop,
        &IMPORT,
        "at least 30 of 100 records of kind customer, more than 29 %",
    )
    .await;
    // A share that allows it is an answer too.
    set_brake(&shop, "{ share = 30 }");
    assert_eq!(counts(&import(&shop).await), "updated 30, unchanged 70");

    let shop = mapped(100, |_| true).await;
    refused(&shop, &IMPORT, "at least 100 of 100").await;
    set_brake(&shop, "{ share = 100 }");
    assert_eq!(counts(&import(&shop).await), "updated 100");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_that_ignores_the_brake_changes_no_more_and_remembers_nothing() {
    let cell = Cell::open().await;
    let made = cell.run("crowd", RunMode::Import).await.unwrap();
    assert_eq!(made.state, "done");
    let overwritten = async || {
        let customers = cell.host.store.list("customer", None, 0, u32::MAX).await;
        format!("{:?}", customers.unwrap())
            .matches("Overwritten")
            .count()
    };
    // Nothing of a call that is too large; one by one up to the share, which each
    // entity has anew.
    for (entity, expected) in [
        ("brakeless-batch", 0),
        ("brakeless", 20),
        ("brakeless-more", 40),
        ("brakeless-crash", 60),
    ] {
        for attempt in 0..3 {
            let ended = cell.run(entity, RunMode::Import).await.unwrap();
            let failure = ended.failure.unwrap();
            assert_eq!((ended.state, failure.code.as_str()), ("blocked", "brake"));
            assert_eq!(
                overwritten().await,
                expected,
                "{entity}, attempt {attempt}: {failure}"
            );
            assert!(!cell.contents().await.contains("everybody"), "{entity}");
        }
        let runs = cell.host.store.runs(HOSTILE, 1).await.unwrap();
        assert_eq!(runs[0].state, "blocked");
    }
    // In a preview it may show all that it would do.
    let shown = cell.run("brakeless", RunMode::Preview).await.unwrap();
    let question = shown.brake.unwrap();
    assert_eq!((question.changes, question.of), (40, 100));
}
