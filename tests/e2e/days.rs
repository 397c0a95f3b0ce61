//! A host that serves for hours of a test's clock, while people edit on both sides, HubSpot
//! tells of it, imports run by schedule, tokens run out and calls fail: at the end both
//! sides agree, and the host holds no more memory and files than at the beginning.
//!
//! `HALO_HOURS=72 cargo test -p halo-tests --test e2e days` plays so many hours; a failure
//! names its seed, and `HALO_SEED=…` plays that again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use halo_host::capability::Stop;
use halo_host::clock::Clock;
use halo_host::host::Host;
use halo_host::store::Store as _;
use halo_tests::hubspot_sim::{FaultKind, FaultRule};
use halo_tests::kit::{Halo, NAME, Workshop, delivered};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::shop::unconnected;

/// Hours in each test run.
const HOURS: u64 = 6;
/// For what comes by itself on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(50);

/// What both sides have of an object: type, property, kind and field.
const SHARED: [(&str, &str, &str, &str); 3] = [
    ("companies", "numberofemployees", "customer", "CFSeats"),
    ("products", "price", "item", "baseprice"),
    ("deals", "amount", "ticket", "oppvalue"),
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

fn apply(shop: &Workshop) {
    let mut settings = shop.settings(json!({
        "fields": [{ "property": "numberofemployees", "field": "CFSeats", "sync-back": true }],
    }));
    settings["products"] = json!({
        "item-group": 1,
        "fields": [{ "property": "price", "field": "baseprice", "direction": "bidirectional" }],
    });
    settings["sync-back"] = json!({ "companies": "on-update", "products": "on-update" });
    settings["schedule"] = json!({ "enabled": true });
    let address = shop.address().unwrap();
    settings["webhooks"] = json!({
        "public-url": format!("{address}/webhooks/{NAME}"),
        "companies": true, "items": true, "deals": true,
    });
    shop.write("settings.json", &settings.to_string()).unwrap();
    let path = shop.folder().join("halo.toml");
    let mut text = std::fs::read_to_string(path).unwrap();
    text.push_str(&format!("\n[connector.{NAME}.schedule]\nevery = \"1h\"\n"));
    shop.write("halo.toml", &text).unwrap();
}

/// The people on both sides.
struct People {
    rng: StdRng,
    /// Every value is a new one, so that it is known whose it is.
    last: u64,
}

impl People {
    fn value(&mut self) -> String {
        self.last += 1;
        self.last.to_string()
    }

    fn some(&mut self, shop: &Workshop, objects: &str) -> Option<String> {
        let all = shop.sim.snapshot(objects).unwrap();
        let live: Vec<&Value> = all.iter().filter(|row| row["archived"] != true).collect();
        let one = live.choose(&mut self.rng)?;
        Some(one["id"].as_str().unwrap().to_owned())
    }

    /// An edit on one of the sides.
    async fn edit(&mut self, shop: &Workshop, halo: &Halo) {
        let value = self.value();
        match self.rng.random_range(0..9) {
            0 => {
                let name = format!("Company {value}");
                shop.sim.create_company([("name", name.as_str())]).unwrap();
            }
            1 => {
                let name = format!("Product {value}");
                let properties = [("name", name.as_str()), ("price", value.as_str())];
                shop.sim.create("products", properties).unwrap();
            }
            2 => {
                let name = format!("Deal {value}");
                let properties = [("dealname", name.as_str()), ("dealstage", "qualifiedtobuy")];
                shop.sim.create("deals", properties).unwrap();
            }
            3 => {
                if let Some(deal) = self.some(shop, "deals") {
                    shop.sim.archive("deals", &deal).unwrap();
                }
            }
            side => {
                let (objects, property, kind, field) = *SHARED.choose(&mut self.rng).unwrap();
                let Some(id) = self.some(shop, objects) else {
                    return;
                };
                let record = halo.linked(kind, &id).await.unwrap();
                match record {
                    Some(record) if side < 6 && kind != "ticket" => {
                        halo.edit(kind, record, &[(field, &value)]).await.unwrap();
                    }
                    _ => {
                        let values = [(property, value.as_str())];
                        shop.sim.edit(objects, &id, values).unwrap();
                    }
                }
            }
        }
    }

    /// Something goes wrong in the next hour.
    fn trouble(&mut self, shop: &Workshop) {
        let kind = match self.rng.random_range(0..6) {
            0 => FaultKind::ResetAfter,
            1 => FaultKind::ResetBefore,
            2 => FaultKind::HtmlError(503),
            3 => FaultKind::ExpiredToken,
            4 => FaultKind::TruncatedBody,
            _ => FaultKind::RateLimited {
                policy: "SECONDLY".to_owned(),
                retry_after: None,
            },
        };
        let nth = self.rng.random_range(1..8);
        shop.sim.fail(FaultRule::once(kind).nth(nth));
    }
}

/// Waits until nobody has anything left to do: no delivery, no event, no change, no import.
/// What is put off is due when the test's clock has gone on.
async fn quiet(shop: &Workshop, host: &Host, halo: &Halo) {
    let started = Instant::now();
    loop {
        delivered(&shop.sim).await.unwrap();
        let now = host.clock.now();
        let inbox = host.store.inbox_due(NAME, now, 1).await.unwrap();
        let outbox = host.store.outbox_due(NAME, &[], now, 1).await.unwrap();
        let mut due = false;
        for entity in ["companies", "contacts", "products", "deals", "quotes"] {
            let name = format!("schedule-{entity}");
            let kept: Value = match host.store.meta_get(NAME, &name).await.unwrap() {
                Some(kept) => serde_json::from_str(&kept).unwrap(),
                None => Value::Null,
            };
            due |= kept["next"].as_u64().is_none_or(|next| next <= now);
        }
        if inbox.is_empty() && outbox.is_empty() && !due {
            return;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "not quiet: {inbox:?} {outbox:?} {due} {:?}",
            halo.store.runs(NAME, 3).await
        );
        tokio::time::sleep(LOOK).await;
    }
}

/// Kilobytes in memory, and open files, of this process: host and simulated HubSpot.
fn held() -> (u64, usize) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let memory = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    (memory.unwrap_or_default(), files)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_hours_of_edits_and_faults_both_sides_agree_and_nothing_has_piled_up() {
    let seed = number("HALO_SEED").unwrap_or_else(rand::random);
    println!("HALO_SEED={seed}");
    let hours = number("HALO_HOURS").unwrap_or(HOURS);
    let shop = unconnected(5).await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFSeats", "integer")
        .await
        .unwrap();
    apply(&shop);
    shop.connect().await.unwrap();
    shop.sim.webhook_options(|options| {
        options.retry_ms = 100;
        options.duplicates = 3;
        options.shuffle = true;
    });
    shop.subscribe().await.unwrap();
    let clock = Clock::default();
    let host = Arc::new(shop.host(clock.clone()).await.unwrap());
    let stop = Stop::default();
    let listener = tokio::net::TcpListener::bind(host.config.server.listen);
    let listener = listener.await.unwrap();
    let router = halo_host::server::router(&host).unwrap();
    let serving = {
        let (host, stop) = (host.clone(), stop.clone());
        tokio::spawn(async move { halo_host::server::serve(host, router, listener, &stop).await })
    };
    let mut people = People {
        rng: StdRng::seed_from_u64(seed),
        last: 0,
    };
    let mut before = None;
    for hour in 0..hours {
        if people.rng.random_bool(0.5) {
            people.trouble(&shop);
        }
        for _ in 0..people.rng.random_range(1..6) {
            people.edit(&shop, &halo).await;
        }
        shop.sim.advance_clock(Duration::from_secs(3_600));
        clock.advance(Duration::from_secs(3_600));
        quiet(&shop, &host, &halo).await;
        // When caches are warm.
        if hour == hours.min(12) / 2 {
            before = Some(held());
        }
    }
    let after = held();
    shop.sim.clear_faults();
    // What was put off, twice, as one side may have waited for the other.
    for _ in 0..3 {
        shop.sim.advance_clock(Duration::from_secs(3_700));
        clock.advance(Duration::from_secs(3_700));
        quiet(&shop, &host, &halo).await;
    }
    let counts = host.store.inbox_counts(NAME).await.unwrap();
    assert_eq!((counts.retry, counts.rejected), (0, 0), "{counts:?}");
    assert!(halo.outbox().await.unwrap().is_empty());
    let mut compared = 0;
    for (objects, property, kind, field) in SHARED {
        for object in shop.sim.snapshot(objects).unwrap() {
            let id = object["id"].as_str().unwrap();
            let is_gone = object["archived"] == true;
            let Some(record) = halo.linked(kind, id).await.unwrap() else {
                assert!(is_gone, "{objects} {id} is not in Halo");
                continue;
            };
            compared += 1;
            let theirs = object["properties"][property].as_str().unwrap_or_default();
            let ours = halo.field(kind, record, field).await.unwrap();
            if !is_gone {
                assert_eq!(ours, theirs, "{objects} {id}, {kind} {record}");
            }
            if kind == "ticket" {
                let closed = halo.field(kind, record, "hasbeenclosed").await.unwrap();
                assert_eq!(closed == "true", is_gone, "deal {id}, ticket {record}");
            }
        }
    }
    assert!(compared > 5, "{compared}");
    // Nothing echoes.
    let contents = halo.contents().await.unwrap();
    let writes = shop.sim.stats().writes;
    shop.sim.advance_clock(Duration::from_secs(3_700));
    clock.advance(Duration::from_secs(3_700));
    quiet(&shop, &host, &halo).await;
    assert_eq!(halo.contents().await.unwrap(), contents);
    assert_eq!(shop.sim.stats().writes, writes);
    stop.ask();
    serving.await.unwrap().unwrap();
    let (memory, files) = before.unwrap();
    println!(
        "{hours} hours: memory {memory} kB and then {} kB, files {files} and then {}",
        after.0, after.1
    );
    // Journal, reports and HubSpot's own side grow on disk and, in the simulated one, in
    // memory; half as much again is far from what a leak of an hour's work would be.
    if hours >= 24 {
        assert!(
            after.0 < memory + memory / 2,
            "{memory} kB, then {} kB",
            after.0
        );
    }
    assert!(after.1 <= files + 20, "{files} files, then {}", after.1);
}
