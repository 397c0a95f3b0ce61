//! The lane of a connection is shared: a long import keeps neither HubSpot's events nor Halo's
//! changes waiting, and neither of them keeps it.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use halo_host::capability::{Stop, Unwatched};
use halo_host::clock::Clock;
use halo_host::connection::Selection;
use halo_host::engine::limits::WALL_BUDGET;
use halo_host::events;
use halo_host::host::Host;
use halo_host::runs::{self, RunRequest, Summary};
use halo_host::store::{InboxState, NewEvent, Run, RunMode, Store as _};
use halo_tests::hubspot_sim::{FaultKind, FaultRule};
use halo_tests::kit::{Halo, NAME, Workshop};
use serde_json::{Value, json};

use crate::hostile::cell;
use crate::shop::{counts, unconnected};

/// A page of companies takes so long, so that imports of some pages have several slices.
const PAGE_MS: u64 = 1_200;
/// The connector ends a slice when less than two minutes are left of its call.
const SHORT_SLICE: Duration = Duration::from_millis(120_500);

/// A connected shop in which deals and products are live, and companies go back.
async fn shop(companies: usize) -> Workshop {
    let shop = unconnected(companies).await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFSeats", "integer")
        .await
        .unwrap();
    let mut settings = shop.settings(json!({
        "fields": [{ "property": "numberofemployees", "field": "CFSeats", "sync-back": true }],
    }));
    settings["products"] = json!({ "item-group": 1 });
    settings["sync-back"] = json!({ "companies": "on-update" });
    let target = format!("{}/webhooks/{NAME}", shop.address().unwrap());
    settings["webhooks"] = json!({ "public-url": target, "deals": true, "items": true });
    shop.write("settings.json", &settings.to_string()).unwrap();
    shop.connect().await.unwrap();
    shop
}

/// The first company, imported: HubSpot's and Halo's id.
async fn first(shop: &Workshop) -> (String, u64) {
    let all = shop.sim.snapshot("companies").unwrap();
    let company = all[0]["id"].as_str().unwrap().to_owned();
    let select = ["import", NAME, "companies", "--select", &company];
    shop.result(&select).await.unwrap();
    let customer = shop.records().unwrap().linked("customer", &company).await;
    (company, customer.unwrap().unwrap())
}

fn slow_pages(shop: &Workshop, ms: u64) {
    let page = FaultRule::once(FaultKind::Latency(ms)).on_method("GET");
    shop.sim.fail(page.on_path("/companies").times(0));
}

fn seats(shop: &Workshop, company: &str) -> String {
    let all = shop.sim.snapshot("companies").unwrap();
    let own = all.iter().find(|row| row["id"] == company).unwrap();
    let seats = &own["properties"]["numberofemployees"];
    seats.as_str().unwrap_or_default().to_owned()
}

/// Waits until it holds; a test that never gets there says what it waited for.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds().await {
        assert!(begun.elapsed().as_secs() < 120, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn runs_of(halo: &Halo, mode: RunMode) -> Vec<Run> {
    let mut runs = halo.store.runs(NAME, u32::MAX).await.unwrap();
    runs.retain(|run| run.mode == mode);
    runs
}

/// Companies' side of Halo.
async fn customers(halo: &Halo) -> Vec<String> {
    let contents = halo.contents().await.unwrap();
    let of = |line: &&str| line.starts_with("customer ") || line.starts_with("site ");
    contents.lines().filter(of).map(str::to_owned).collect()
}

/// What happens on both sides meanwhile.
async fn meanwhile(shop: &Workshop, customer: u64) -> [String; 2] {
    let deal = [("dealname", "Chairs"), ("dealstage", "qualifiedtobuy")];
    let deal = shop.sim.create("deals", deal).unwrap();
    let product = shop.sim.create("products", [("name", "Chair")]).unwrap();
    let halo = shop.records().unwrap();
    let edit = [("CFSeats", "41")];
    halo.edit("customer", customer, &edit).await.unwrap();
    [deal, product]
}

#[tokio::test(flavor = "multi_thread")]
async fn s41_s57_events_and_edits_do_not_wait_for_a_long_import_which_ends_as_without_them() {
    const COMPANIES: usize = 2_500;
    let shop = shop(COMPANIES).await;
    let (company, customer) = first(&shop).await;
    shop.subscribe().await.unwrap();
    let _serving = shop.serve().await.unwrap();
    slow_pages(&shop, PAGE_MS);
    let import = shop
        .command(&["--json", "import", NAME, "companies"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let halo = shop.records().unwrap();
    let imports = async || runs_of(&halo, RunMode::Import).await;
    until("the import", async || imports().await.len() == 2).await;
    let [deal, product] = meanwhile(&shop, customer).await;
    for (kind, id) in [("ticket", &deal), ("item", &product)] {
        until(kind, async || {
            let there = halo.linked(kind, id).await.unwrap().is_some();
            let state = imports().await[0].state.clone();
            assert_eq!(state, "running", "a {kind} has waited for the import");
            there
        })
        .await;
    }
    until("the edit", async || {
        let sent = seats(&shop, &company) == "41";
        let state = imports().await[0].state.clone();
        assert_eq!(state, "running", "the edit has waited for the import");
        sent
    })
    .await;
    shop.sim.clear_faults();
    let output = import.wait_with_output().await.unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (document["summary"]["state"].as_str(), counts(&document)),
        (
            Some("done"),
            format!("created {}, unchanged 1", COMPANIES - 1)
        )
    );
    assert_eq!(document["not-imported"], json!([]));
    shop.caught_up().await.unwrap();
    // Each batch is a run of its own, and nothing echoes.
    for mode in [RunMode::Events, RunMode::Push] {
        let runs = runs_of(&halo, mode).await;
        assert!(!runs.is_empty());
        assert!(runs.iter().all(|run| run.state == "done"), "{runs:?}");
    }
    assert_eq!(halo.outbox().await.unwrap(), []);
    assert_eq!(shop.sim.stats().changes.len(), 1, "{:?}", shop.sim.stats());

    let alone = self::shop(COMPANIES).await;
    let (_, customer) = first(&alone).await;
    let result = alone.result(&["import", NAME, "companies"]).await.unwrap();
    assert_eq!(counts(&result[0]), counts(&document));
    meanwhile(&alone, customer).await;
    let alone = alone.records().unwrap();
    assert_eq!(customers(&halo).await, customers(&alone).await);
}

/// The library in this process, with slices of half a second.
async fn in_short_slices(shop: &Workshop) -> Host {
    let mut host = shop.host(Clock::default()).await.unwrap();
    assert!(SHORT_SLICE < WALL_BUDGET);
    host.call_time.wall = SHORT_SLICE;
    host
}

async fn run(host: &Host, mode: RunMode, stop: &Stop) -> Summary {
    let connection = host.connection(NAME).await.unwrap();
    let request = RunRequest {
        entity: "companies".to_owned(),
        selection: Selection::Everything,
        full: false,
        mode,
        confirms: None,
    };
    let run = runs::run(&connection, &request, Arc::new(Unwatched), stop.clone());
    run.await.unwrap()
}

/// An event of a new deal, as the connector keeps it.
async fn new_deal(shop: &Workshop, host: &Host) -> String {
    let deal = [("dealname", "Chairs"), ("dealstage", "qualifiedtobuy")];
    let deal = shop.sim.create("deals", deal).unwrap();
    let connection = host.connection(NAME).await.unwrap();
    let told = json!({
        "object": { "type": "deal", "id": deal },
        "what": { "kind": "created" },
        "occurred-at": 1,
    });
    let event = NewEvent {
        connection: NAME.to_owned(),
        account: connection.account().await.unwrap().unwrap(),
        object: format!("deal/{deal}"),
        dedupe: deal.clone(),
        payload: told.to_string().into_bytes(),
    };
    let now = host.clock.now();
    host.store.inbox_add(vec![event], now).await.unwrap();
    deal
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_fail_between_two_slices_do_not_end_the_import_and_come_again_later() {
    let shop = shop(600).await;
    let host = in_short_slices(&shop).await;
    let deal = new_deal(&shop, &host).await;
    let refused = FaultKind::Status {
        status: 403,
        body: None,
        after: false,
        retry_after: None,
    };
    shop.sim
        .fail(FaultRule::once(refused).on_path("/deals").times(0));
    slow_pages(&shop, 600);
    let summary = run(&host, RunMode::Import, &Stop::default()).await;
    assert_eq!((summary.state, summary.counts.created), ("done", 600));
    let halo = shop.records().unwrap();
    assert_eq!(runs_of(&halo, RunMode::Events).await.len(), 1);
    let waiting = host.store.inbox(NAME, &[], 10).await.unwrap();
    assert_eq!(
        (waiting[0].state, waiting[0].attempts),
        (InboxState::Retry, 1)
    );
    shop.sim.clear_faults();
    host.clock.advance(Duration::from_secs(31));
    let connection = host.connection(NAME).await.unwrap();
    let again = events::run(&connection, Arc::new(Unwatched), Stop::default()).await;
    assert_eq!(again.unwrap().unwrap().state, "done");
    assert!(halo.linked("ticket", &deal).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_gives_nobody_a_share_and_its_import_does() {
    let shop = shop(600).await;
    let (company, customer) = first(&shop).await;
    let host = in_short_slices(&shop).await;
    let deal = new_deal(&shop, &host).await;
    let halo = shop.records().unwrap();
    halo.edit("customer", customer, &[("CFSeats", "41")])
        .await
        .unwrap();
    slow_pages(&shop, 600);
    let summary = run(&host, RunMode::Preview, &Stop::default()).await;
    assert_eq!((summary.state, summary.counts.created), ("done", 599));
    assert_eq!(halo.linked("ticket", &deal).await.unwrap(), None);
    assert_ne!(seats(&shop, &company), "41");
    let summary = run(&host, RunMode::Import, &Stop::default()).await;
    assert_eq!((summary.state, summary.counts.created), ("done", 599));
    assert!(halo.linked("ticket", &deal).await.unwrap().is_some());
    assert_eq!(seats(&shop, &company), "41");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_import_waits_others_have_its_lane_and_a_stop_ends_it() {
    let shop = shop(1).await;
    let (company, customer) = first(&shop).await;
    let host = Arc::new(shop.host(Clock::default()).await.unwrap());
    let deal = new_deal(&shop, &host).await;
    let halo = shop.records().unwrap();
    halo.edit("customer", customer, &[("CFSeats", "41")])
        .await
        .unwrap();
    // Longer than the connector waits within a call, and shorter than a run waits.
    let limited = FaultKind::RateLimited {
        policy: "TEN_SECONDLY_ROLLING".to_owned(),
        retry_after: Some(28),
    };
    let limited = FaultRule::once(limited).on_method("GET");
    shop.sim.fail(limited.on_path("/companies"));
    let stop = Stop::default();
    let import = {
        let (host, stop) = (host.clone(), stop.clone());
        tokio::spawn(async move { run(&host, RunMode::Import, &stop).await })
    };
    until("the ticket", async || {
        assert!(
            !import.is_finished(),
            "the ticket has waited for the import"
        );
        halo.linked("ticket", &deal).await.unwrap().is_some()
    })
    .await;
    until("the edit", async || {
        assert!(!import.is_finished(), "the edit has waited for the import");
        seats(&shop, &company) == "41"
    })
    .await;
    stop.ask();
    assert_eq!(import.await.unwrap().state, "stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_fail_pause_and_events_of_who_takes_none_are_left_alone() {
    let cell = cell::Cell::open().await;
    let host = &cell.host;
    let event = NewEvent {
        connection: cell::NAME.to_owned(),
        account: "1".to_owned(),
        object: "1".to_owned(),
        dedupe: "1".to_owned(),
        payload: Vec::new(),
    };
    let now = host.clock.now();
    host.store.inbox_add(vec![event], now).await.unwrap();
    crate::sending::customer(host, "Fail").await;
    let stop = Stop::default();
    let attempts = async || host.store.outbox(cell::NAME, 10).await.unwrap()[0].attempts;
    let meanwhile = async {
        until("the first attempt", async || attempts().await == 1).await;
        host.clock.advance(Duration::from_secs(31));
        until("the second attempt", async || attempts().await == 2).await;
        stop.ask();
    };
    let (summary, ()) = tokio::join!(cell.run_until("endless", &stop), meanwhile);
    assert_eq!(summary.unwrap().state, "stopped");
    let runs = host.store.runs(cell::NAME, 100).await.unwrap();
    let of = |mode| runs.iter().filter(|run| run.mode == mode).count();
    assert_eq!((of(RunMode::Push), of(RunMode::Events)), (2, 0), "{runs:?}");
    let inbox = host.store.inbox(cell::NAME, &[], 10).await.unwrap();
    assert_eq!(inbox[0].state, InboxState::Waiting);
}
