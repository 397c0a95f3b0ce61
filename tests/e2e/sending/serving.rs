//! A host that serves sends by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use halo_host::capability::Stop;
use halo_host::clock::Clock;
use halo_host::server::sending::Sending;
use halo_host::store::OutboxState;

use super::{customer, outbox, write};
use crate::hostile::cell::{Cell, NAME, open_host};

/// Waits until it holds; a test that never gets there says what it waited for.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    const PATIENCE: Duration = Duration::from_secs(60);
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_sent_soon_and_not_while_an_import_has_the_lane() {
    let cell = Cell::open().await;
    let host = Arc::new(open_host(cell.folder.path(), Clock::default()).await);
    let stop = Stop::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let serving = {
        let (host, stop) = (host.clone(), stop.clone());
        let router = halo_host::server::router(&host).unwrap();
        tokio::spawn(async move { halo_host::server::serve(host, router, listener, &stop).await })
    };
    let id = customer(&cell.host, "Acme").await;
    until("the first customer", async || {
        cell.granted.objects().len() == 1
    })
    .await;
    until("an empty outbox", async || {
        outbox(&cell.host).await.is_empty()
    })
    .await;
    // It holds nothing while there is nothing to do, and waits for who holds it now.
    until("the lane", async || {
        cell.connection.take_lane().await.is_ok()
    })
    .await;
    let held = loop {
        if let Ok(held) = cell.connection.take_lane().await {
            break held;
        }
    };
    write(&cell.host, "customer", Some(id), &[("website", "w")]).await;
    let runs = cell.host.store.runs(NAME, 100).await.unwrap().len();
    // More than one look of the host.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(cell.granted.objects().len(), 1);
    assert_eq!(cell.host.store.runs(NAME, 100).await.unwrap().len(), runs);
    held.release().await.unwrap();
    until("the edit", async || cell.granted.objects().len() == 2).await;
    stop.ask();
    serving.await.unwrap().unwrap();
    // Nothing is sent any more, and nothing is lost.
    customer(&cell.host, "Bolt").await;
    assert_eq!(outbox(&cell.host).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failed_call_it_waits_longer_each_time_and_then_goes_on() {
    let cell = Cell::open().await;
    let (host, stop) = (&cell.host, Stop::default());
    let id = customer(host, "Fail").await;
    let mut sending = Sending::default();
    let mut attempts = Vec::new();
    // A look every ten seconds.
    for _ in 0..20 {
        sending.turn(host, NAME, &stop).await.unwrap();
        attempts.push(outbox(host).await[0].attempts);
        host.clock.advance(Duration::from_secs(10));
    }
    // After 30, 60 and 120 seconds.
    let tried = |look: usize| attempts[look];
    assert_eq!(
        (tried(0), tried(2), tried(3), tried(8), tried(9)),
        (1, 1, 2, 2, 3),
        "{attempts:?}"
    );
    assert_eq!(attempts.last(), Some(&3), "{attempts:?}");
    write(host, "customer", Some(id), &[("name", "Mended")]).await;
    assert_eq!(outbox(host).await[0].state, OutboxState::Waiting);
    host.clock.advance(Duration::from_secs(120));
    sending.turn(host, NAME, &stop).await.unwrap();
    assert_eq!(outbox(host).await, []);
}
