//! A connector's own state, and its secrets.

use super::*;
use crate::store::{Expectation, StateWrite};

on_every_store! {
    state_is_written_all_or_nothing,
    expectations_see_the_writes_before_them,
    a_revision_never_goes_back_even_over_a_removal,
    state_is_scanned_by_prefix_in_byte_order,
    connections_do_not_see_each_others_state,
    of_two_refreshes_of_a_secret_one_wins,
    the_revision_of_a_secret_counts_on_over_its_removal,
}

fn write(key: &str, value: &str, expected: Expectation) -> StateWrite {
    StateWrite {
        key: key.to_owned(),
        value: Some(value.as_bytes().to_vec()),
        expected,
    }
}

fn remove(key: &str) -> StateWrite {
    StateWrite {
        value: None,
        ..write(key, "", Expectation::Anything)
    }
}

async fn revision(store: &dyn Store, key: &str) -> Option<u64> {
    let found = store
        .state_get(&real("crm"), &[key.to_owned()])
        .await
        .unwrap();
    found[0].as_ref().map(|entry| entry.revision)
}

async fn state_is_written_all_or_nothing(hosts: &Hosts) {
    use Expectation::{Absent, Anything, At};
    let (store, scope) = (&*hosts.one, real("crm"));
    let writes = [write("a", "1", Absent), write("b", "1", Anything)];
    store.state_commit(&scope, &writes).await.unwrap();
    for refused in [
        write("b", "2", Absent),
        write("b", "2", At(2)),
        write("c", "2", At(1)),
    ] {
        let key = refused.key.clone();
        let answer = store
            .state_commit(&scope, &[write("a", "2", At(1)), refused])
            .await;
        assert!(matches!(answer, Err(StoreError::Conflict { key: named }) if named == key));
        assert_eq!(revision(store, "a").await, Some(1));
    }
    store
        .state_commit(&scope, &[write("a", "2", At(1)), remove("b")])
        .await
        .unwrap();
    let got = store
        .state_get(&scope, &["b".to_owned(), "a".to_owned()])
        .await
        .unwrap();
    assert_eq!(got[0], None);
    let entry = got[1].as_ref().unwrap();
    assert_eq!(
        (entry.key.as_str(), entry.revision, &entry.value[..]),
        ("a", 2, &b"2"[..])
    );
}

async fn expectations_see_the_writes_before_them(hosts: &Hosts) {
    use Expectation::{Absent, At};
    let (store, scope) = (&*hosts.one, real("crm"));
    let writes = [
        write("a", "1", Absent),
        write("a", "2", At(1)),
        remove("a"),
        write("a", "3", Absent),
    ];
    store.state_commit(&scope, &writes).await.unwrap();
    let got = store.state_get(&scope, &["a".to_owned()]).await.unwrap();
    assert_eq!(got[0].as_ref().unwrap().value, b"3");
}

async fn a_revision_never_goes_back_even_over_a_removal(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    for _ in 0..3 {
        store
            .state_commit(&scope, &[write("a", "x", Expectation::Anything)])
            .await
            .unwrap();
    }
    let before = revision(store, "a").await.unwrap();
    // Also when an entry with fewer changes is removed after it.
    let writes = [
        write("b", "x", Expectation::Anything),
        remove("a"),
        remove("b"),
    ];
    store.state_commit(&scope, &writes).await.unwrap();
    store
        .state_commit(&scope, &[write("a", "y", Expectation::Absent)])
        .await
        .unwrap();
    assert!(revision(store, "a").await.unwrap() > before);
    let stale = store
        .state_commit(&scope, &[write("a", "z", Expectation::At(before))])
        .await;
    assert!(matches!(stale, Err(StoreError::Conflict { .. })));
    // Removing what is not there is no error.
    store.state_commit(&scope, &[remove("none")]).await.unwrap();
}

async fn state_is_scanned_by_prefix_in_byte_order(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let keys = ["p", "p/", "p/B", "p/a", "p/é", "p/\u{10ffff}", "p0", "q"];
    let writes = keys.map(|key| write(key, "x", Expectation::Anything));
    store.state_commit(&scope, &writes).await.unwrap();
    for (prefix, after, limit, expected) in [
        ("p/", None, 10, &keys[1..6]),
        ("p/", None, 2, &keys[1..3]),
        ("p/", Some("p/B"), 2, &keys[3..5]),
        ("p/", Some("p/AAA"), 1, &keys[2..3]),
        ("p/", Some("a"), 1, &keys[1..2]),
        ("p/", Some("z"), 10, &[]),
        ("", None, 100, &keys[..]),
        ("p", None, 0, &[]),
        ("x", None, 10, &[]),
    ] {
        let found = store
            .state_scan(&scope, prefix, after, limit)
            .await
            .unwrap();
        let found: Vec<&str> = found.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(found, expected, "{prefix:?} after {after:?}");
    }
}

async fn connections_do_not_see_each_others_state(hosts: &Hosts) {
    let store = &*hosts.one;
    store
        .state_commit(&real("crm"), &[write("a", "1", Expectation::Absent)])
        .await
        .unwrap();
    assert_eq!(
        store
            .state_get(&real("shop"), &["a".to_owned()])
            .await
            .unwrap(),
        [None]
    );
    assert_eq!(
        store.state_scan(&real("shop"), "", None, 10).await.unwrap(),
        []
    );
    store
        .state_commit(&real("shop"), &[write("a", "2", Expectation::Absent)])
        .await
        .unwrap();
}

async fn of_two_refreshes_of_a_secret_one_wins(hosts: &Hosts) {
    let set = |store: &Arc<dyn Store>, value: &'static [u8]| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .secret_set("crm", "token", Some(value), Expectation::At(1))
                .await
        })
    };
    let first = hosts
        .one
        .secret_set("crm", "token", Some(b"0"), Expectation::Absent)
        .await;
    assert_eq!(first.unwrap(), 1);
    let (one, two) = (set(&hosts.one, b"1"), set(&hosts.two, b"2"));
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    assert_ne!(one.is_ok(), two.is_ok());
    let lost = [&one, &two]
        .into_iter()
        .find_map(|answer| answer.as_ref().err())
        .unwrap();
    assert!(matches!(lost, StoreError::Conflict { key } if key == "token"));
    let winner: &[u8] = if one.is_ok() { b"1" } else { b"2" };
    let secret = hosts.two.secret_get("crm", "token").await.unwrap().unwrap();
    assert_eq!((&secret.sealed[..], secret.revision), (winner, 2));
    assert_eq!(hosts.two.secret_get("shop", "token").await.unwrap(), None);
}

async fn the_revision_of_a_secret_counts_on_over_its_removal(hosts: &Hosts) {
    use Expectation::{Absent, Anything, At};
    let store = &*hosts.one;
    assert_eq!(
        store
            .secret_set("crm", "t", Some(b"a"), Anything)
            .await
            .unwrap(),
        1
    );
    assert_eq!(store.secret_set("crm", "t", None, At(1)).await.unwrap(), 2);
    assert_eq!(store.secret_get("crm", "t").await.unwrap(), None);
    assert!(
        store
            .secret_set("crm", "t", Some(b"b"), At(2))
            .await
            .is_err()
    );
    assert_eq!(
        store
            .secret_set("crm", "t", Some(b"b"), Absent)
            .await
            .unwrap(),
        3
    );
    assert!(
        store
            .secret_set("crm", "t", Some(b"c"), Absent)
            .await
            .is_err()
    );
    assert_eq!(
        store
            .secret_get("crm", "t")
            .await
            .unwrap()
            .unwrap()
            .revision,
        3
    );
}
