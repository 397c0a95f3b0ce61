//! The remote's events: kept once, due until done, and forgotten after a while.

use super::*;
use crate::store::{Applied, InboxRow, InboxState, NewEvent, Sorted, Stale, Step};

on_every_store! {
    an_event_is_kept_once_for_each_connection,
    events_are_due_oldest_first_until_they_are_done,
    a_failed_event_is_due_again_at_its_time_and_a_rejected_one_when_a_person_says_so,
    who_has_lost_the_lane_settles_no_event,
    only_events_that_are_done_are_forgotten,
}

fn event(connection: &str, dedupe: &str) -> NewEvent {
    NewEvent {
        connection: connection.to_owned(),
        account: "7".to_owned(),
        object: "deal/1".to_owned(),
        dedupe: dedupe.to_owned(),
        payload: dedupe.as_bytes().to_vec(),
    }
}

async fn due(store: &dyn Store, now: Timestamp) -> Vec<InboxRow> {
    store.inbox_due("crm", now, 100).await.unwrap()
}

fn names(rows: &[InboxRow]) -> Vec<&str> {
    rows.iter().map(|row| row.dedupe.as_str()).collect()
}

async fn kept(store: &dyn Store, dedupes: &[&str]) -> Vec<InboxRow> {
    let events: Vec<NewEvent> = dedupes.iter().map(|name| event("crm", name)).collect();
    store.inbox_add(events, NOW).await.unwrap();
    due(store, NOW).await
}

async fn an_event_is_kept_once_for_each_connection(hosts: &Hosts) {
    let store = &*hosts.one;
    let events = [
        event("crm", "a"),
        event("crm", "b"),
        event("crm", "a"),
        event("shop", "a"),
    ];
    assert!(!store.inbox_has_due("crm", NOW).await.unwrap());
    for later in 0..2 {
        store.inbox_add(events.to_vec(), NOW + later).await.unwrap();
        // Each host sees it, whichever has kept it.
        assert!(hosts.two.inbox_has_due("crm", NOW).await.unwrap());
    }
    let rows = due(store, NOW).await;
    let sorted = store.inbox_sorted().await.unwrap();
    assert_eq!(sorted["crm"], Sorted { new: 2, known: 4 });
    assert_eq!(sorted["shop"], Sorted { new: 1, known: 1 });
    assert!(!store.inbox_sort().await.unwrap());
    assert_eq!(names(&rows), ["a", "b"]);
    assert_eq!((rows[0].account.as_str(), rows[0].received), ("7", NOW));
    assert_eq!(rows[0].payload, b"a");
    // Also when it is done: the same one again is known.
    let done = [(rows[0].sequence, Applied::Done)];
    store.inbox_settle(&real("crm"), &done).await.unwrap();
    store.inbox_add(events.to_vec(), NOW + 2).await.unwrap();
    assert!(hosts.two.inbox_sort().await.unwrap());
    assert_eq!(hosts.two.inbox_sorted().await.unwrap()["crm"].new, 0);
    assert_eq!(names(&due(store, NOW).await), ["b"]);
}

async fn events_are_due_oldest_first_until_they_are_done(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = kept(store, &["a", "b", "c"]).await;
    let why = Failure::new("off", "It is switched off.");
    let done = [
        (rows[1].sequence, Applied::Done),
        (rows[0].sequence, Applied::Ignored(why.clone())),
    ];
    store.inbox_settle(&real("crm"), &done).await.unwrap();
    assert_eq!(names(&due(store, NOW).await), ["c"]);
    let counts = store.inbox_counts("crm").await.unwrap();
    assert_eq!((counts.waiting, counts.applied, counts.ignored), (1, 1, 1));
    assert_eq!((counts.last, counts.oldest), (Some(NOW), Some(NOW)));
    let ignored = store
        .inbox("crm", &[InboxState::Ignored], 10)
        .await
        .unwrap();
    assert_eq!(names(&ignored), ["a"]);
    assert_eq!(ignored[0].failure, Some(why));
    assert_eq!(ignored[0].payload, b"");
    let all = store.inbox("crm", &[], 2).await.unwrap();
    assert_eq!(names(&all), ["c", "b"]);
}

async fn a_failed_event_is_due_again_at_its_time_and_a_rejected_one_when_a_person_says_so(
    hosts: &Hosts,
) {
    let store = &*hosts.one;
    let rows = kept(store, &["a", "b"]).await;
    let failure = Failure::new("unavailable", "x");
    let tried = [
        (
            rows[0].sequence,
            Applied::Retry {
                failure: failure.clone(),
                next: NOW + 50,
            },
        ),
        (rows[1].sequence, Applied::Rejected(failure.clone())),
    ];
    store.inbox_settle(&real("crm"), &tried).await.unwrap();
    assert_eq!(names(&due(store, NOW + 49).await), [""; 0]);
    // The clock was set back by a year: nothing waits until then.
    let year = 365 * 24 * 60 * 60 * 1_000;
    assert_eq!(names(&due(store, NOW - year).await), ["a"]);
    let later = due(store, NOW + 50).await;
    assert_eq!(names(&later), ["a"]);
    assert_eq!(
        (later[0].attempts, later[0].failure.as_ref()),
        (1, Some(&failure))
    );
    assert_eq!(store.inbox_retry("crm", None).await.unwrap(), 2);
    assert_eq!(names(&due(store, NOW).await), ["a", "b"]);
    assert!(store.inbox_drop("crm", rows[0].sequence).await.unwrap());
    assert!(!store.inbox_drop("crm", rows[0].sequence).await.unwrap());
    assert_eq!(names(&due(store, NOW).await), ["b"]);
}

async fn who_has_lost_the_lane_settles_no_event(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = kept(store, &["a"]).await;
    let lost = lane(store, "crm", NOW).await;
    lane(store, "crm", NOW + 5_000).await;
    let scope = Scope {
        lane: Some(lost),
        ..real("crm")
    };
    let done = [(rows[0].sequence, Applied::Done)];
    assert!(is_fenced(store.inbox_settle(&scope, &done).await));
    assert_eq!(names(&due(store, NOW).await), ["a"]);
}

async fn only_events_that_are_done_are_forgotten(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = kept(store, &["a", "b", "c", "d"]).await;
    let failure = Failure::new("remote", "x");
    let done = [
        (rows[0].sequence, Applied::Done),
        (rows[1].sequence, Applied::Ignored(failure.clone())),
        (rows[2].sequence, Applied::Rejected(failure)),
    ];
    store.inbox_settle(&real("crm"), &done).await.unwrap();
    let prune = |before, limit| {
        let step = Step {
            before,
            after: 0,
            limit,
            dry_run: false,
        };
        store.prune(Stale::Events, step)
    };
    assert_eq!(prune(NOW, 100).await.unwrap().gone, 0);
    let dry = Step {
        before: NOW + 1,
        after: 0,
        limit: 1,
        dry_run: true,
    };
    let mut counted = store.prune(Stale::Events, dry).await.unwrap();
    if let Some(after) = counted.next {
        let rest = Step { after, ..dry };
        counted.gone += store.prune(Stale::Events, rest).await.unwrap().gone;
    }
    assert_eq!(counted.gone, 2);
    assert_eq!(prune(NOW + 1, 1).await.unwrap().gone, 1);
    assert_eq!(prune(NOW + 1, 100).await.unwrap().gone, 1);
    let left = store.inbox("crm", &[], 10).await.unwrap();
    assert_eq!(names(&left), ["d", "c"]);
}
