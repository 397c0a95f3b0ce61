//! Imports that run by themselves (S63 to S65, A17): the settings say which, the
//! configuration or somebody else's scheduler says when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use halo_host::capability::{Stop, Unwatched};
use halo_host::clock::Clock;
use halo_host::host::Host;
use halo_host::runs::Summary;
use halo_host::schedule::{self, Due};
use halo_host::server::due;
use halo_host::store::{Run, RunMode, Store as _};
use halo_tests::kit::{NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::{connected, empty};

const HOUR: Duration = Duration::from_secs(3_600);
/// For what comes by itself on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Settings with this schedule, and these members of other sections.
fn apply(shop: &Workshop, schedule: Value, more: &Value) {
    let mut settings = shop.settings(json!({}));
    settings["schedule"] = schedule;
    for (section, members) in more.as_object().into_iter().flatten() {
        for (name, value) in members.as_object().unwrap() {
            settings[section][name] = value.clone();
        }
    }
    shop.write("settings.json", &settings.to_string()).unwrap();
}

/// The configuration says: every hour.
fn hourly(shop: &Workshop) {
    let path = shop.folder().join("halo.toml");
    let mut text = std::fs::read_to_string(path).unwrap();
    text.push_str(&format!("\n[connector.{NAME}.schedule]\nevery = \"1h\"\n"));
    shop.write("halo.toml", &text).unwrap();
}

/// What a host that serves does when it looks at its schedule.
async fn look(host: &Host) -> Vec<Summary> {
    let connection = host.connection(NAME).await.unwrap();
    let when = host.config.connector[NAME].schedule.as_ref();
    let (observer, stop) = (Arc::new(Unwatched), Stop::default());
    let ran = schedule::run_due(&connection, when, Due::Scheduled, observer, stop);
    ran.await.unwrap()
}

fn entities(ran: &[Summary]) -> Vec<&str> {
    ran.iter().map(|summary| summary.entity.as_str()).collect()
}

/// All imports so far, oldest first.
async fn imports(shop: &Workshop) -> Vec<Run> {
    let halo = shop.records().unwrap();
    let mut runs = halo.store.runs(NAME, u32::MAX).await.unwrap();
    runs.retain(|run| run.mode == RunMode::Import);
    runs.reverse();
    runs
}

async fn count(shop: &Workshop, kind: &str) -> usize {
    shop.records().unwrap().all(kind).await.unwrap().len()
}

async fn status(shop: &Workshop) -> Value {
    shop.result(&["status", NAME]).await.unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn s63_a_due_time_passes_and_the_import_runs_with_no_person_present() {
    let shop = connected(2).await;
    hourly(&shop);
    apply(
        &shop,
        json!({ "enabled": true, "entities": ["companies"] }),
        &json!({}),
    );
    let clock = Clock::default();
    let host = Arc::new(shop.host(clock.clone()).await.unwrap());
    let stop = Stop::default();
    let serving = tokio::spawn(due::run_due(host.clone(), stop.clone()));
    let started = Instant::now();
    let key = format!("schedule-{}", "companies");
    while host.store.meta_get(NAME, &key).await.unwrap().is_none() {
        assert!(started.elapsed() < PATIENCE, "nothing is scheduled");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(count(&shop, "customer").await, 0, "nothing is due yet");
    clock.advance(HOUR);
    while imports(&shop).await.iter().all(|run| run.state != "done") {
        assert!(started.elapsed() < PATIENCE, "no import came by itself");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.ask();
    serving.await.unwrap();
    assert_eq!(count(&shop, "customer").await, 2);
    assert_eq!(imports(&shop).await.len(), 1, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn s63_disabled_no_time_makes_it_run() {
    let shop = connected(2).await;
    hourly(&shop);
    let clock = Clock::default();
    let host = shop.host(clock.clone()).await.unwrap();
    for schedule in [
        json!({}),
        json!({ "enabled": false, "entities": ["companies"] }),
    ] {
        apply(&shop, schedule, &json!({}));
        for _ in 0..3 {
            assert!(look(&host).await.is_empty());
            clock.advance(HOUR * 2);
        }
        let asked = shop.result(&["run-due", NAME]).await.unwrap();
        assert_eq!(asked[0]["runs"], json!([]));
    }
    assert_eq!(shop.sim.stats().calls, 0);
    let status = status(&shop).await;
    let warning = status["warning"].as_str().unwrap();
    assert!(warning.contains("do not enable it"), "{warning}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s64_only_what_is_chosen_is_read_in_the_order_of_imports() {
    let shop = empty().await;
    hourly(&shop);
    let acme = shop.sim.create_company([("name", "Acme")]).unwrap();
    let ada = [("email", "ada@example.com"), ("firstname", "Ada")];
    let ada = shop.sim.create("contacts", ada).unwrap();
    let to = ("companies", acme.as_str());
    shop.sim.link(("contacts", &ada), to, true).unwrap();
    apply(
        &shop,
        json!({ "enabled": true, "entities": ["contacts"] }),
        &json!({}),
    );
    let clock = Clock::default();
    let host = shop.host(clock.clone()).await.unwrap();
    assert!(look(&host).await.is_empty());
    clock.advance(HOUR);
    shop.sim.reset_stats();
    assert_eq!(entities(&look(&host).await), ["contacts"]);
    let stats = shop.sim.stats();
    let searched = |object: &str| stats.calls_of("POST", &format!("/{object}/search"));
    for other in ["companies", "products", "deals", "quotes"] {
        assert_eq!(searched(other), 0, "{other}: {:?}", stats.routes);
    }
    let listed = stats.calls_of("GET", "/contacts") + searched("contacts");
    assert!(listed > 0, "{:?}", stats.routes);
    assert_eq!(count(&shop, "user").await, 0, "its company is not in Halo");
    // Whatever the order of the list: so the contact finds its company.
    let entities_of = json!(["contacts", "companies"]);
    apply(
        &shop,
        json!({ "enabled": true, "entities": entities_of }),
        &json!({}),
    );
    assert!(look(&host).await.is_empty(), "companies are due in an hour");
    clock.advance(HOUR);
    assert_eq!(entities(&look(&host).await), ["companies", "contacts"]);
    let halo = shop.records().unwrap();
    assert!(halo.linked("user", &ada).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn s65_enabled_without_a_schedule_status_warns_until_a_scheduler_has_asked() {
    let shop = connected(1).await;
    apply(
        &shop,
        json!({ "enabled": true, "entities": ["companies", "products"] }),
        &json!({}),
    );
    let before = status(&shop).await;
    let warning = before["warning"].as_str().unwrap();
    assert!(warning.contains("nothing will start them"), "{warning}");
    assert_eq!(before["schedule"][0]["at"], Value::Null);
    // What was never set up is passed over and makes no start fail.
    let asked = shop.result(&["run-due", NAME]).await.unwrap();
    assert_eq!(
        asked[0]["runs"][0]["counts"]["created"],
        json!(1),
        "{asked:?}"
    );
    assert_eq!(asked[0]["runs"][1]["failure"]["code"], json!("not-set-up"));
    let after = status(&shop).await;
    assert_eq!(after["warning"], Value::Null);
    assert_eq!(after["schedule"][0]["last"]["state"], json!("done"));
    assert_eq!(after["schedule"][1]["last-error"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn s65_status_shows_last_run_next_run_and_last_error() {
    let shop = connected(1).await;
    hourly(&shop);
    apply(
        &shop,
        json!({ "enabled": true, "entities": ["companies"] }),
        &json!({}),
    );
    let clock = Clock::default();
    let host = shop.host(clock.clone()).await.unwrap();
    look(&host).await;
    clock.advance(HOUR);
    // A slip of somebody's hand.
    let unset = json!({ "companies": { "top-levle": 1 } });
    apply(
        &shop,
        json!({ "enabled": true, "entities": ["companies"] }),
        &unset,
    );
    let failed = look(&host).await;
    assert_eq!(failed.len(), 1);
    let failure = failed[0].failure.as_ref().unwrap();
    apply(
        &shop,
        json!({ "enabled": true, "entities": ["companies"] }),
        &json!({}),
    );
    clock.advance(HOUR);
    assert_eq!(look(&host).await[0].state, "done");
    let status = status(&shop).await;
    let of = &status["schedule"][0];
    assert_eq!(of["entity"], json!("companies"));
    assert_eq!(of["last"]["id"], json!(2));
    assert_eq!(of["last"]["state"], json!("done"));
    assert_eq!(of["last-error"]["id"], json!(1));
    assert_eq!(of["last-error"]["failure"]["code"], json!(failure.code));
    assert!(of["at"].as_u64().is_some(), "{of}");
    assert_eq!(status["warning"], Value::Null);
    let told = shop.halo(&["status", NAME]).await.unwrap().stdout;
    for said in [
        "next import of companies: at",
        "last import: run 2",
        "last error: run 1",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s65_two_overlapping_starts_give_one_run() {
    let shop = connected(1).await;
    apply(
        &shop,
        json!({ "enabled": true, "entities": ["companies", "contacts"] }),
        &json!({}),
    );
    // Both see that it is due, and one of them waits for the other's lane.
    let starts = [shop.halo(&["run-due", NAME]), shop.halo(&["run-due", NAME])];
    let [one, two] = starts;
    let (one, two) = tokio::join!(one, two);
    for ended in [one.unwrap(), two.unwrap()] {
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let ran: Vec<String> = { imports(&shop).await }
        .into_iter()
        .map(|run| run.entity)
        .collect();
    assert_eq!(ran, ["companies", "contacts"]);
    // The next start is another one.
    shop.result(&["run-due", NAME]).await.unwrap();
    assert_eq!(imports(&shop).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn s65_two_hosts_with_one_schedule_give_one_run() {
    let shop = connected(1).await;
    hourly(&shop);
    apply(
        &shop,
        json!({ "enabled": true, "entities": ["companies"] }),
        &json!({}),
    );
    let clock = Clock::default();
    let one = shop.host(clock.clone()).await.unwrap();
    let two = shop.host(clock.clone()).await.unwrap();
    look(&one).await;
    for hours in 1..=5 {
        clock.advance(HOUR);
        tokio::join!(look(&one), look(&two));
        assert_eq!(imports(&shop).await.len(), hours);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s63_what_was_missed_runs_once_after_a_restart_and_a_clock_set_back_stalls_nothing() {
    let shop = connected(1).await;
    hourly(&shop);
    apply(
        &shop,
        json!({ "enabled": true, "entities": ["companies"] }),
        &json!({}),
    );
    look(&shop.host(Clock::default()).await.unwrap()).await;
    let clock = Clock::default();
    clock.advance(HOUR * 24 * 365);
    let host = shop.host(clock.clone()).await.unwrap();
    assert_eq!(entities(&look(&host).await), ["companies"]);
    assert!(
        look(&host).await.is_empty(),
        "once, however often it was missed"
    );
    clock.advance(HOUR);
    assert_eq!(entities(&look(&host).await), ["companies"]);
    drop(host);
    // The year was a mistake, and somebody has corrected it.
    let clock = Clock::default();
    let host = shop.host(clock.clone()).await.unwrap();
    assert!(look(&host).await.is_empty());
    clock.advance(HOUR);
    assert_eq!(entities(&look(&host).await), ["companies"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s63_near_live_brings_changes_within_a_minute_and_says_what_that_costs() {
    let shop = empty().await;
    let path = shop.folder().join("halo.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let text = format!("{text}\n[connector.{NAME}.schedule]\nnear-live = true\n");
    shop.write("halo.toml", &text).unwrap();
    let schedule = json!({ "enabled": true, "entities": ["companies", "deals"] });
    apply(&shop, schedule, &json!({}));
    let acme = shop.sim.create_company([("name", "Acme")]).unwrap();
    let cost = async |shop: &Workshop| {
        let status = status(shop).await;
        let checked = shop.result(&["check", NAME]).await.unwrap().remove(0);
        assert_eq!(checked["near-live"], status["near-live"]);
        let problems = checked["problems"].as_array().unwrap();
        let of_webhooks = problems.iter().filter(|it| it["path"] == "/webhooks");
        assert_eq!(of_webhooks.count(), 0, "it asks for no webhooks");
        status["near-live"]["calls-per-hour"].as_u64().unwrap()
    };
    assert_eq!(cost(&shop).await, 120, "one call for each is the least");
    let clock = Clock::default();
    let host = shop.host(clock.clone()).await.unwrap();
    let minute = Duration::from_secs(60);
    look(&host).await;
    for _ in 0..2 {
        clock.advance(minute);
        shop.sim.advance_clock(minute);
        assert_eq!(entities(&look(&host).await), ["companies", "deals"]);
    }
    let halo = shop.records().unwrap();
    let customer = halo.linked("customer", &acme).await.unwrap();
    assert!(customer.is_some());
    // What came is read again for ten minutes, as HubSpot's search may be late.
    shop.sim.advance_clock(minute * 20);
    for _ in 0..2 {
        clock.advance(minute);
        shop.sim.reset_stats();
        assert_eq!(look(&host).await.len(), 2);
    }
    let calls = shop.sim.stats().calls;
    assert_eq!(cost(&shop).await, calls * 60, "{calls} calls each minute");
    for command in ["status", "check"] {
        let told = shop.halo(&[command, NAME]).await.unwrap().stdout;
        let said = format!(
            "near-live: companies, deals imported each minute; while nothing changes, that is about {} calls an hour",
            calls * 60
        );
        assert!(told.contains(&said), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_a_scheduled_run_of_deals_changes_tickets_and_makes_new_ones_only_where_settings_say_so()
 {
    let shop = empty().await;
    hourly(&shop);
    let deal = |name| {
        let properties = [("dealname", name), ("dealstage", "qualifiedtobuy")];
        shop.sim.create("deals", properties).unwrap()
    };
    let fleet = deal("Fleet");
    let select = ["import", NAME, "deals", "--select", &fleet];
    shop.result(&select).await.unwrap();
    let other = deal("Other");
    let renamed = [("dealname", "Fleet 2")];
    shop.sim.edit("deals", &fleet, renamed).unwrap();
    let schedule = json!({ "enabled": true, "entities": ["deals"] });
    apply(&shop, schedule.clone(), &json!({}));
    let clock = Clock::default();
    let host = shop.host(clock.clone()).await.unwrap();
    look(&host).await;
    clock.advance(HOUR);
    assert_eq!(entities(&look(&host).await), ["deals"]);
    let halo = shop.records().unwrap();
    let ticket = halo.linked("ticket", &fleet).await.unwrap().unwrap();
    assert_eq!(
        halo.field("ticket", ticket, "summary").await.unwrap(),
        "Fleet 2"
    );
    assert_eq!(halo.linked("ticket", &other).await.unwrap(), None);
    apply(&shop, schedule, &json!({ "deals": { "create": true } }));
    clock.advance(HOUR);
    assert_eq!(look(&host).await[0].counts.created, 1);
    assert!(halo.linked("ticket", &other).await.unwrap().is_some());
}
