//! A push that would archive too much stops and waits for a person.

use super::{customer, outbox, push, push_with, write};
use crate::hostile::cell::Cell;

#[tokio::test(flavor = "multi_thread")]
async fn more_archives_than_the_brake_allows_wait_until_a_person_lets_them_go() {
    let cell = Cell::open().await;
    let host = &cell.host;
    let mut ids = Vec::new();
    for number in 0..100 {
        ids.push(customer(host, &format!("Customer {number}")).await);
    }
    assert_eq!(push(&cell).await.counts.created, 100);
    // Half of them are made inactive, the others removed; one is renamed.
    for (n, id) in ids.iter().enumerate() {
        let fields: &[(&str, &str)] = match n {
            99 => &[("name", "Renamed")],
            n if n % 2 == 0 => &[("inactive", "true")],
            _ => &[],
        };
        write(host, "customer", Some(*id), fields).await;
    }
    let counts = push(&cell).await.counts;
    assert_eq!(
        (counts.archived, counts.updated, counts.rejected),
        (20, 1, 79)
    );
    let held = outbox(host).await;
    let failure = held[0].failure.clone().unwrap();
    assert_eq!((held.len(), failure.code.as_str()), (79, "brake"));
    assert!(
        failure.message.contains("outbox hostile retry all"),
        "{failure}"
    );
    assert_eq!(push_with(&cell.connection).await, None);
    // One more today is one too many, too.
    let more = customer(host, "One more").await;
    push(&cell).await;
    write(host, "customer", Some(more), &[("inactive", "true")]).await;
    assert_eq!(push(&cell).await.counts.rejected, 1);
    host.store
        .outbox_retry(crate::hostile::cell::NAME, None)
        .await
        .unwrap();
    assert_eq!(push(&cell).await.counts.archived, 80);
    assert_eq!(outbox(host).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_would_archive_nothing_are_not_held() {
    let cell = Cell::open().await;
    let host = &cell.host;
    let mut ids = Vec::new();
    for number in 0..60 {
        ids.push(customer(host, &format!("Nothing {number}")).await);
    }
    push(&cell).await;
    for id in ids {
        write(host, "customer", Some(id), &[("inactive", "true")]).await;
    }
    assert_eq!(push(&cell).await.counts.nothing, 60);
    assert_eq!(outbox(host).await, []);
}
