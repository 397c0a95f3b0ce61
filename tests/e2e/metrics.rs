//! What `/metrics` says of an import is what HubSpot has counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use halo_host::capability::{Stop, Unwatched};
use halo_host::clock::Clock;
use halo_host::connection::Selection;
use halo_host::host::Host;
use halo_host::runs::{self, RunRequest};
use halo_host::server;
use halo_host::store::RunMode;
use halo_tests::hubspot_sim::{FaultKind, FaultRule};
use halo_tests::kit::{Browser, NAME};

use crate::shop::connected;

/// The lines of `/metrics` with their values; each name has its HELP and its TYPE before.
async fn metrics(address: &str) -> BTreeMap<String, f64> {
    let (status, text) = Browser::default()
        .open(&format!("http://{address}/metrics"))
        .await
        .unwrap();
    assert_eq!(status, 200, "{text}");
    let mut values = BTreeMap::new();
    let mut family = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            family = rest.split(' ').next().unwrap();
        } else if !line.starts_with('#') {
            assert!(line.starts_with(family), "{line} after {family}");
            let (name, value) = line.rsplit_once(' ').unwrap();
            values.insert(name.to_owned(), value.parse().unwrap());
        }
    }
    values
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_measured_of_an_import_is_what_hubspot_has_counted() {
    let shop = connected(250).await;
    let limited = FaultKind::RateLimited {
        policy: "TEN_SECONDLY_ROLLING".to_owned(),
        retry_after: Some(1),
    };
    let limited = FaultRule::once(limited).on_method("GET").nth(2);
    shop.sim.fail(limited.on_path("/companies"));
    let away = FaultRule::once(FaultKind::HtmlError(502)).on_method("GET");
    shop.sim.fail(away.on_path("/companies").nth(3));
    let reset = FaultRule::once(FaultKind::ResetBefore).on_method("GET");
    shop.sim.fail(reset.on_path("/companies").nth(4));

    let host: Arc<Host> = Arc::new(shop.host(Clock::default()).await.unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = Stop::default();
    let serving = {
        let (host, stop) = (host.clone(), stop.clone());
        let router = server::router(&host).unwrap();
        tokio::spawn(async move { server::serve(host, router, listener, &stop).await })
    };
    let of = |name: &str, more: &str| format!("{name}{{connection=\"{NAME}\"{more}}}");
    let before = metrics(&address).await;
    assert_eq!(before[&of("halo_http_requests_total", "")], 0.0);

    let connection = host.connection(NAME).await.unwrap();
    let request = RunRequest {
        entity: "companies".to_owned(),
        selection: Selection::Everything,
        full: false,
        mode: RunMode::Import,
        confirms: None,
    };
    let watch = (Arc::new(Unwatched), stop.clone());
    let summary = runs::run(&connection, &request, watch.0, watch.1).await;
    assert_eq!(summary.unwrap().state, "done");

    let after = metrics(&address).await;
    let stats = shop.sim.stats();
    let count = |number: u64| f64::from(u32::try_from(number).unwrap());
    assert_eq!(
        after[&of("halo_http_requests_total", "")],
        count(stats.calls),
        "{stats:?}"
    );
    let of_class = |from: u16| {
        let own = stats.statuses.range(from..from + 100);
        count(own.map(|(_, count)| count).sum())
    };
    for (class, expected) in [("2xx", of_class(200)), ("429", 1.0), ("5xx", of_class(500))] {
        let name = of("halo_http_responses_total", &format!(",status=\"{class}\""));
        assert_eq!(after[&name], expected, "{class}: {stats:?}");
    }
    assert_eq!(
        (stats.rate_limited, stats.statuses.get(&502)),
        (1, Some(&1))
    );
    // The reset is a request without an answer.
    let answered: f64 = after
        .iter()
        .filter(|(name, _)| name.starts_with("halo_http_responses_total"))
        .map(|(_, count)| count)
        .sum();
    assert_eq!(answered, count(stats.calls) - 1.0);

    let call = |part: &str, more: &str| {
        let name = format!("halo_call_duration_seconds_{part}");
        after[&of(&name, &format!(",call=\"import\"{more}"))]
    };
    assert!(call("count", "") >= 1.0);
    assert_eq!(call("bucket", ",le=\"+Inf\""), call("count", ""));
    // At least the second that the answer with 429 has asked for.
    assert!(call("sum", "") > 1.0, "{after:?}");
    let memory = after[&of("halo_instance_memory_max_bytes", "")];
    assert!((1e6..128e6 * 1.05).contains(&memory), "{memory}");
    #[cfg(target_os = "linux")]
    assert!(after["process_resident_memory_bytes"] > memory / 2.0);
    stop.ask();
    serving.await.unwrap().unwrap();
}
