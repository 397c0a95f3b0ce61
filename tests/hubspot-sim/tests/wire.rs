//! Over sockets: faults, control calls, limits under concurrency.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use serde_json::{Value, json};

use crate::hubspot_sim::{FaultKind, FaultRule, Sim, SimOptions};

/// One HTTP/1.1 exchange over a socket: status line and body, or how it failed.
pub(super) async fn http(
    base: &str,
    method: &str,
    target: &str,
    token: &str,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let address = base.trim_start_matches("http://").to_owned();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: sim\r\nauthorization: Bearer {token}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let exchange = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    });
    let answer = exchange.await.unwrap()?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    Ok((
        status,
        text.split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
            .unwrap_or_default(),
    ))
}

#[tokio::test]
async fn faults_happen_before_or_after_the_work() {
    let sim = Sim::start(SimOptions::default()).await.unwrap();
    let (base, token) = (
        sim.base_url().to_owned(),
        sim.private_app_token().to_owned(),
    );
    let create = async |name: &str| {
        let body = json!({"properties": {"name": name}}).to_string();
        http(
            &base,
            "POST",
            "/crm/objects/2026-09/companies",
            &token,
            &body,
        )
        .await
    };
    let count = || sim.stats().objects["companies"].active;

    sim.fail(FaultRule::once(FaultKind::ResetBefore));
    assert_eq!(
        create("a").await.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionReset
    );
    assert_eq!(count(), 0);
    sim.fail(FaultRule::once(FaultKind::ResetAfter));
    assert_eq!(
        create("b").await.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionReset
    );
    assert_eq!(count(), 1);
    sim.fail(FaultRule::once(FaultKind::TruncatedBody));
    let (status, body) = create("c").await.unwrap();
    assert!(
        status == 201 && body.starts_with("{\"id\"") && !body.ends_with('}'),
        "{body}"
    );
    assert_eq!(count(), 2);
    sim.fail(FaultRule::once(FaultKind::HtmlError(502)));
    let (status, body) = create("d").await.unwrap();
    assert!(status == 502 && body.starts_with("<html>"));
    sim.fail(FaultRule::once(FaultKind::RateLimited {
        policy: "DAILY".into(),
        retry_after: Some(7),
    }));
    assert!(
        create("e")
            .await
            .unwrap()
            .1
            .contains("\"policyName\":\"DAILY\"")
    );
    sim.fail(FaultRule::once(FaultKind::ExpiredToken));
    assert_eq!(create("f").await.unwrap().0, 401);
    assert_eq!(create("g").await.unwrap().0, 201);
    assert_eq!(
        (
            count(),
            sim.stats().faults,
            sim.stats().calls,
            sim.stats().writes
        ),
        (3, 6, 7, 7)
    );
    sim.shutdown().await;
}

#[tokio::test]
async fn the_control_calls_work_over_http_and_are_not_counted() {
    let sim = Sim::start(SimOptions {
        companies: 3,
        ..SimOptions::default()
    })
    .await
    .unwrap();
    let base = sim.base_url().to_owned();
    let post = async |verb: &str, body: Value| {
        let (status, text) = http(
            &base,
            "POST",
            &format!("/_sim/{verb}"),
            "",
            &body.to_string(),
        )
        .await
        .unwrap();
        (status, serde_json::from_str::<Value>(&text).unwrap())
    };
    let (_, made) = post(
        "create",
        json!({"object_type": "companies", "properties": {"name": "New"}}),
    )
    .await;
    let id = made["id"].clone();
    assert_eq!(
        post(
            "edit",
            json!({"object_type": "companies", "id": id, "properties": {"city": "Ghent"}})
        )
        .await
        .1,
        json!({"changed": true})
    );
    assert_eq!(
        post("archive", json!({"object_type": "companies", "id": id}))
            .await
            .0,
        200
    );
    assert_eq!(
        post("restore", json!({"object_type": "companies", "id": id}))
            .await
            .0,
        200
    );
    assert_eq!(
        post("faults", json!({"kind": "reset_after", "nth": 3}))
            .await
            .1,
        json!({"id": 1})
    );
    assert_eq!(post("clock", json!({"advance_ms": 1000})).await.0, 200);
    assert_eq!(post("revoke", json!({})).await.0, 200);
    let (status, body) = post(
        "edit",
        json!({"object_type": "companies", "id": 5, "properties": {}}),
    )
    .await;
    assert_eq!(
        (status, body),
        (
            400,
            json!({"error": "There is no company 5 that is not archived."})
        )
    );
    assert_eq!(post("archiv", json!({})).await.0, 400);
    let (_, stats) = http(&base, "GET", "/_sim/stats", "", "").await.unwrap();
    let stats: Value = serde_json::from_str(&stats).unwrap();
    assert_eq!(
        (&stats["calls"], &stats["objects"]["companies"]["active"]),
        (&json!(0), &json!(4))
    );
    sim.shutdown().await;
}

#[tokio::test]
async fn calls_wait_side_by_side_and_the_limit_holds() {
    let options = SimOptions {
        limit_per_10s: Some(3),
        latency: Duration::from_millis(200),
        companies: 1,
        ..SimOptions::default()
    };
    let sim = Sim::start(options).await.unwrap();
    let (base, token) = (
        sim.base_url().to_owned(),
        sim.private_app_token().to_owned(),
    );
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (base, token) = (base.clone(), token.clone());
        calls.spawn(async move {
            http(&base, "GET", "/crm/v3/objects/companies", &token, "")
                .await
                .unwrap()
                .0
        });
    }
    let mut statuses = calls.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 429]);
    let stats = sim.stats();
    assert_eq!((stats.rate_limited, stats.peak_in_flight), (1, 4));
    sim.advance_clock(Duration::from_secs(10));
    assert_eq!(
        http(&base, "GET", "/crm/v3/objects/companies", &token, "")
            .await
            .unwrap()
            .0,
        200
    );
    sim.shutdown().await;
}

#[tokio::test]
async fn reads_and_writes_are_told_apart_for_each_object_type() {
    let sim = Sim::start(SimOptions {
        companies: 2,
        ..SimOptions::default()
    })
    .await
    .unwrap();
    let (base, token) = (
        sim.base_url().to_owned(),
        sim.private_app_token().to_owned(),
    );
    let call = async |method: &str, target: &str, body: &str| {
        http(&base, method, target, &token, body).await.unwrap().0
    };
    let companies = "/crm/objects/2026-09/companies";
    assert_eq!(call("GET", companies, "").await, 200);
    assert_eq!(
        call("POST", &format!("{companies}/search"), "{}").await,
        200
    );
    let read = format!("{companies}/batch/read");
    assert_eq!(call("POST", &read, r#"{"inputs": []}"#).await, 200);
    let stats = sim.stats();
    assert_eq!((stats.reads, stats.writes), (3, 0));
    let contact = r#"{"properties": {"email": "a@b.example"}}"#;
    assert_eq!(call("POST", "/crm/v3/objects/contacts", contact).await, 201);
    assert_eq!(call("PUT", "/no/such/path", "").await, 404);
    let stats = sim.stats();
    assert_eq!((stats.reads, stats.writes), (3, 2));
    let of = |name: &str| (stats.objects[name].reads, stats.objects[name].writes);
    assert_eq!((of("companies"), of("contacts")), ((3, 0), (0, 1)));
    sim.reset_stats();
    assert_eq!(sim.stats().calls, 0);
    sim.shutdown().await;
}
