//! Halo's changes on their way out: order, retries, rejections, dry runs, and a host that
//! sends by itself. The connector is that of `tests/hostile`, where the name of a record
//! says what becomes of its change.

mod braked;
mod commands;
mod serving;

use std::sync::Arc;
use std::time::Duration;

use halo_host::capability::{Stop, Unwatched};
use halo_host::connection::Connection;
use halo_host::host::Host;
use halo_host::model::{Fields, Row, RowOptions, Value};
use halo_host::pushes;
use halo_host::runs::{Summary, failure_of};
use halo_host::store::{JournalFilter, OutboxRow, OutboxState, Scope};

use crate::hostile::cell::{Cell, NAME};

/// A record as a person in Halo makes or edits it; answers its id.
async fn write(host: &Host, kind: &str, id: Option<u64>, fields: &[(&str, &str)]) -> u64 {
    let value = |text: &str| Value::Text(text.to_owned());
    let fields: Fields = fields
        .iter()
        .map(|(name, text)| ((*name).to_owned(), value(text)))
        .collect();
    let row = Row {
        kind: kind.to_owned(),
        key: None,
        id,
        other_keys: Vec::new(),
        expected: None,
        options: RowOptions {
            may_create: id.is_none(),
            remove: fields.is_empty(),
            ..RowOptions::default()
        },
        fields,
    };
    let scope = Scope {
        connection: String::new(),
        layer: 0,
        run: None,
        cause: "edit".to_owned(),
        lane: None,
    };
    let written = host.store.upsert(&scope, &[row], host.clock.now()).await;
    written.unwrap().remove(0).unwrap().id
}

pub async fn customer(host: &Host, name: &str) -> u64 {
    write(host, "customer", None, &[("name", name)]).await
}

async fn push_with(connection: &Connection) -> Option<Summary> {
    let pushed = pushes::run(connection, Arc::new(Unwatched), Stop::default()).await;
    pushed.unwrap_or_else(|error| panic!("{:?}", failure_of(&error)))
}

async fn push(cell: &Cell) -> Summary {
    push_with(&cell.connection).await.expect("something is due")
}

async fn outbox(host: &Host) -> Vec<OutboxRow> {
    host.store.outbox(NAME, 1_000).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_refer_to_is_sent_first_and_is_in_the_journal() {
    let cell = Cell::open().await;
    write(&cell.host, "site", None, &[("name", "Main")]).await;
    let acme = customer(&cell.host, "Acme").await;
    let summary = push(&cell).await;
    assert_eq!(
        (summary.state, summary.counts.read, summary.counts.created),
        ("done", 2, 2)
    );
    assert_eq!(
        cell.granted.objects(),
        [
            "customer-1 {\"created\":\"Acme\",\"revision\":1}",
            "site-1 {\"created\":\"Main\",\"revision\":1}"
        ]
    );
    // What the connector has written on that occasion is not sent to it again.
    assert_eq!(outbox(&cell.host).await, []);
    assert_eq!(push_with(&cell.connection).await, None);
    let filter = JournalFilter {
        record: Some(("customer".to_owned(), acme)),
        limit: 1,
        ..JournalFilter::default()
    };
    let line = cell.host.store.journal(&filter).await.unwrap().remove(0);
    let remote = line.remote.unwrap();
    assert_eq!(
        (
            line.cause.as_str(),
            remote.effect.as_str(),
            remote.key.as_str()
        ),
        ("push", "created", "customer-1")
    );
    assert_eq!(line.changes[0].to, Value::Text("Acme".to_owned()));
    // An edit, a switch and a removal later.
    for (fields, told) in [
        (
            &[("website", "w")][..],
            "{\"updated\":\"Acme\",\"revision\":3}",
        ),
        (
            &[("inactive", "true")],
            "{\"archived\":\"Acme\",\"revision\":4}",
        ),
        (&[], "{\"archived\":\"\",\"revision\":0}"),
    ] {
        write(&cell.host, "customer", Some(acme), fields).await;
        push(&cell).await;
        let last = cell.granted.objects().pop().unwrap();
        assert_eq!(last, format!("customer-1 {told}"));
    }
    assert_eq!(cell.granted.requests(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_is_applied_and_what_has_none_stays() {
    let cell = Cell::open().await;
    for name in [
        "Good", "Retry", "Later", "Reject", "Nothing", "Mute", "Twice",
    ] {
        customer(&cell.host, name).await;
    }
    let before = cell.host.clock.now();
    let summary = push(&cell).await;
    let counts = summary.counts;
    // The one without an answer was handed over once more, alone.
    assert_eq!(
        (summary.state, summary.failure.map(|failure| failure.code)),
        ("failed", Some("internal".to_owned()))
    );
    assert_eq!(
        (
            counts.created,
            counts.retry,
            counts.rejected,
            counts.nothing
        ),
        (1, 3, 2, 1)
    );
    assert_eq!(counts.read, 7);
    let left: Vec<_> = outbox(&cell.host)
        .await
        .into_iter()
        .map(|row| {
            let seconds = row.next.saturating_sub(before) / 1_000;
            (row.record, row.state, row.attempts, seconds / 10 * 10)
        })
        .collect();
    assert_eq!(
        left,
        [
            (2, OutboxState::Retry, 1, 30),
            // `retry-at` has whole seconds.
            (3, OutboxState::Retry, 1, left[1].3),
            (4, OutboxState::Rejected, 1, 0),
            (6, OutboxState::Retry, 1, 30),
            (7, OutboxState::Rejected, 1, 0),
        ]
    );
    assert!((590..=600).contains(&left[1].3), "{left:?}");
    // Nothing is due before its time, and then again with twice the pause.
    assert_eq!(push_with(&cell.connection).await, None);
    cell.host.clock.advance(Duration::from_secs(31));
    push(&cell).await;
    let row = outbox(&cell.host).await.remove(0);
    let pause = row.next - cell.host.clock.now();
    assert_eq!((row.record, row.attempts), (2, 2));
    assert!((50_000..=60_000).contains(&pause), "{pause}");
    assert_eq!(cell.granted.objects().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_change_is_sent_when_its_record_is_corrected() {
    let cell = Cell::open().await;
    let id = customer(&cell.host, "Reject").await;
    assert_eq!(push(&cell).await.counts.rejected, 1);
    assert_eq!(push_with(&cell.connection).await, None);
    write(&cell.host, "customer", Some(id), &[("name", "Corrected")]).await;
    assert_eq!(push(&cell).await.counts.created, 1);
    assert_eq!(outbox(&cell.host).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_kills_its_call_does_not_hold_up_the_others_for_ever() {
    let cell = Cell::open().await;
    for name in ["One", "Trap", "Two"] {
        customer(&cell.host, name).await;
    }
    let summary = push(&cell).await;
    let failure = summary.failure.unwrap();
    assert_eq!((summary.state, failure.code.as_str()), ("failed", "trap"));
    assert_eq!((summary.counts.read, summary.counts.retry), (3, 3));
    // Each alone: the first is sent, the second dies again, the third has its turn.
    cell.host.clock.advance(Duration::from_secs(31));
    let summary = push(&cell).await;
    assert_eq!((summary.counts.created, summary.counts.retry), (1, 1));
    assert_eq!(push(&cell).await.counts.created, 1);
    let left = outbox(&cell.host).await;
    assert_eq!((left.len(), left[0].record), (1, 2));
    cell.honest().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_whole_call_fails_all_of_its_changes_are_tried_again() {
    let cell = Cell::open().await;
    for name in ["One", "Fail"] {
        customer(&cell.host, name).await;
    }
    let summary = push(&cell).await;
    let failure = summary.failure.unwrap();
    assert_eq!((summary.state, failure.code.as_str()), ("failed", "remote"));
    let states: Vec<_> = outbox(&cell.host)
        .await
        .into_iter()
        .map(|row| (row.state, row.failure.unwrap().code))
        .collect();
    assert_eq!(states, vec![(OutboxState::Retry, "remote".to_owned()); 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changes_go_out_in_batches_and_each_once() {
    let cell = Cell::open().await;
    for number in 0..120 {
        customer(&cell.host, &format!("Nothing {number}")).await;
    }
    let sent = customer(&cell.host, "Sent").await;
    // Two at once: one has the lane, the other finds it taken or nothing left.
    let (one, other) = tokio::join!(
        pushes::run(&cell.connection, Arc::new(Unwatched), Stop::default()),
        pushes::run(&cell.connection, Arc::new(Unwatched), Stop::default()),
    );
    let ran = [one, other].into_iter().flatten().flatten();
    let read: u64 = ran.map(|summary| summary.counts.read).sum();
    assert_eq!(read, 121);
    assert_eq!(cell.granted.objects().len(), 1, "customer {sent} alone");
    assert_eq!(outbox(&cell.host).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_in_a_run_makes_nothing_come_twice_in_it() {
    let cell = Cell::open().await;
    let host = &cell.host;
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    host.clock.advance(year);
    // More than a batch that takes its time, and then what fails.
    for number in 0..100 {
        customer(host, &format!("Sent {number}")).await;
    }
    customer(host, "Retry").await;
    let set_back = async {
        while cell.granted.objects().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The offset of a clock goes round.
        let year = u64::try_from(year.as_millis()).unwrap();
        host.clock
            .advance(Duration::from_millis(year.wrapping_neg()));
    };
    let run = pushes::run(&cell.connection, Arc::new(Unwatched), Stop::default());
    let run = tokio::time::timeout(Duration::from_secs(60), run);
    let (run, ()) = tokio::join!(run, set_back);
    let summary = run.expect("it goes on and on").unwrap().unwrap();
    assert_eq!((summary.state, summary.counts.read), ("done", 101));
    assert_eq!(outbox(host).await[0].attempts, 1);
    host.clock.advance(Duration::from_secs(31));
    push(&cell).await;
    assert_eq!(outbox(host).await[0].attempts, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_the_first_write_of_each_change_and_sends_and_settles_nothing() {
    let cell = Cell::open().await;
    for name in ["Acme", "Bolt", "Nothing", "Reject"] {
        customer(&cell.host, name).await;
    }
    let before = (cell.contents().await, outbox(&cell.host).await);
    let shown = pushes::dry_run(&cell.connection, 3, &Stop::default()).await;
    let shown = shown.unwrap();
    let told: Vec<_> = shown
        .changes
        .iter()
        .map(|change| {
            let requests = change.requests.iter();
            let requests = requests
                .map(|request| format!("{} {} {}", request.method, request.path, request.body));
            let requests: Vec<String> = requests.collect();
            (change.title.as_str(), requests.join(", "), change.outcome)
        })
        .collect();
    let post = |object: &str, name: &str| {
        format!("POST /objects/{object} {{\"created\":\"{name}\",\"revision\":1}}")
    };
    assert_eq!(
        told,
        [
            ("Acme", post("customer-1", "Acme"), None),
            ("Bolt", post("customer-2", "Bolt"), None),
            ("Nothing", String::new(), Some("nothing")),
        ]
    );
    assert!(shown.more);
    assert_eq!(cell.granted.requests(), 0);
    assert_eq!((cell.contents().await, outbox(&cell.host).await), before);
    // And the lane is free again.
    assert_eq!(push(&cell).await.counts.created, 2);
}
