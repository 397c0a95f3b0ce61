//! Counting changes for the brake: exact, in one transaction with the rows, and
//! durable.

use super::*;
use crate::store::{Allowance, JournalFilter, Tally};

on_every_store! {
    rows_within_the_allowance_are_written_and_counted,
    a_call_that_goes_beyond_the_allowance_writes_nothing_at_all,
    a_record_counts_once_however_often_it_is_changed,
    new_records_and_mere_links_do_not_count,
    a_record_of_before_counts_even_if_the_connection_had_made_it,
    removals_count,
    kinds_are_counted_apart,
    two_hosts_share_one_count,
    what_a_preview_writes_is_not_counted,
    a_tally_without_a_limit_only_counts,
    a_closed_tally_is_forgotten,
    tallies_are_of_their_connection_and_subject,
    only_who_holds_the_lane_sets_tallies,
    records_that_a_connection_is_linked_to_count_once,
    a_run_knows_how_many_records_it_changed,
}

const SUBJECT: &str = "companies";

/// A tally of customers that begins with this run.
fn tally(since: RunId) -> Tally {
    Tally {
        subject: SUBJECT.to_owned(),
        kind: "customer".to_owned(),
        since,
        base: 100,
        confirms: Some(3),
        allowed: 7,
        changed: 0,
        wanted: 0,
    }
}

fn allowance(limit: u64) -> Allowance {
    Allowance {
        subject: SUBJECT.to_owned(),
        limits: [("customer".to_owned(), limit)].into(),
    }
}

/// Ten customers that were there before, and the scope of a run with an open tally.
async fn ten(store: &dyn Store) -> Scope {
    let rows: Vec<Row> = (0..10).map(|n| customer(&n.to_string(), "Old")).collect();
    store.upsert(&real("crm"), &rows, NOW).await.unwrap();
    let run = begin(store, "crm", RunMode::Import).await;
    let scope = Scope {
        run: Some(run),
        ..real("crm")
    };
    store.tally_open(&scope, &[tally(run)]).await.unwrap();
    scope
}

/// Changes customers with these keys; or what the tally says.
async fn change_all(
    store: &dyn Store,
    scope: &Scope,
    limit: u64,
    rows: &[Row],
) -> std::result::Result<Vec<Effect>, Tally> {
    let allowance = allowance(limit);
    match store
        .upsert_within(scope, rows, Some(&allowance), NOW)
        .await
    {
        Ok(answers) => Ok(effects(&answers)),
        Err(StoreError::Braked(tally)) => Err(*tally),
        Err(error) => panic!("{error}"),
    }
}

fn rows(keys: std::ops::Range<u64>, name: &str) -> Vec<Row> {
    keys.map(|n| customer(&n.to_string(), name)).collect()
}

/// `changed` and `wanted` of the one tally.
async fn counted(store: &dyn Store) -> (u64, u64) {
    let tallies = store.tallies("crm").await.unwrap();
    assert_eq!(tallies.len(), 1, "{tallies:?}");
    (tallies[0].changed, tallies[0].wanted)
}

async fn rows_within_the_allowance_are_written_and_counted(hosts: &Hosts) {
    let store = &*hosts.one;
    let scope = ten(store).await;
    let written = change_all(store, &scope, 4, &rows(0..4, "New")).await;
    assert_eq!(written, Ok(vec![Effect::Updated; 4]));
    let expected = Tally {
        changed: 4,
        ..tally(scope.run.unwrap())
    };
    assert_eq!(hosts.two.tallies("crm").await.unwrap(), [expected]);
}

async fn a_call_that_goes_beyond_the_allowance_writes_nothing_at_all(hosts: &Hosts) {
    let store = &*hosts.one;
    store
        .register_connection("shop", &["customer".to_owned()])
        .await
        .unwrap();
    let scope = ten(store).await;
    change_all(store, &scope, 4, &rows(0..2, "New"))
        .await
        .unwrap();
    let all = JournalFilter {
        limit: 100,
        ..JournalFilter::default()
    };
    let seen = || async {
        format!(
            "{:?} {:?} {:?} {:?}",
            store.list("customer", None, 0, 100).await.unwrap(),
            store.journal(&all).await.unwrap(),
            store.outbox("shop", 100).await.unwrap(),
            leads_to(store, &scope, "11").await,
        )
    };
    let before = seen().await;
    // With a new record and a row that fails among them.
    let mut call = rows(2..5, "New");
    call.insert(0, customer("11", "Made"));
    call.push(customer("", "Bad"));
    let refused = change_all(store, &scope, 4, &call).await.unwrap_err();
    assert_eq!((refused.changed, refused.wanted, refused.base), (2, 5, 100));
    assert_eq!(seen().await, before);
    assert_eq!(counted(&*hosts.two).await, (2, 5));
    // What fits, still fits; what was wanted is not forgotten by that.
    change_all(store, &scope, 4, &rows(2..4, "New"))
        .await
        .unwrap();
    assert_eq!(counted(store).await, (4, 5));
    // Nothing to change is never too much, also where the limit was lowered.
    let unchanged = change_all(store, &scope, 1, &rows(2..4, "New")).await;
    assert_eq!(unchanged, Ok(vec![Effect::Unchanged; 2]));
    let one_more = change_all(store, &scope, 4, &rows(4..5, "New")).await;
    assert_eq!(one_more.unwrap_err().wanted, 5);
}

async fn a_record_counts_once_however_often_it_is_changed(hosts: &Hosts) {
    let store = &*hosts.one;
    let scope = ten(store).await;
    let again = [customer("1", "A"), customer("1", "B")];
    change_all(store, &scope, 1, &again).await.unwrap();
    // Also by a later run of the same import.
    let later = Scope {
        run: Some(begin(store, "crm", RunMode::Import).await),
        ..scope
    };
    change_all(store, &later, 1, &[customer("1", "C")])
        .await
        .unwrap();
    assert_eq!(counted(store).await, (1, 0));
}

async fn new_records_and_mere_links_do_not_count(hosts: &Hosts) {
    let store = &*hosts.one;
    let scope = ten(store).await;
    let link = Row {
        id: Some(1),
        ..customer("91", "Old")
    };
    let rows = [customer("90", "A"), customer("90", "B"), link];
    let written = change_all(store, &scope, 0, &rows).await;
    let done = [Effect::Created, Effect::Updated, Effect::Unchanged];
    assert_eq!(written, Ok(done.to_vec()));
    let later = change_all(store, &scope, 0, &[customer("90", "C")]).await;
    assert_eq!(later, Ok(vec![Effect::Updated]));
    assert_eq!(counted(store).await, (0, 0));
}

async fn a_record_of_before_counts_even_if_the_connection_had_made_it(hosts: &Hosts) {
    let store = &*hosts.one;
    let made = Scope {
        run: Some(begin(store, "crm", RunMode::Import).await),
        ..real("crm")
    };
    upsert(store, &made, customer("90", "Old")).await.unwrap();
    let scope = ten(store).await;
    // Nor does it help that someone else has made it since.
    upsert(store, &real("shop"), customer("7", "Theirs"))
        .await
        .unwrap();
    let theirs = Row {
        id: leads_to(store, &real("shop"), "7").await,
        ..customer("97", "Ours")
    };
    let rows = [customer("90", "New"), theirs];
    let refused = change_all(store, &scope, 1, &rows).await.unwrap_err();
    assert_eq!(refused.wanted, 2);
}

async fn removals_count(hosts: &Hosts) {
    let store = &*hosts.one;
    let scope = ten(store).await;
    let gone = [removal("1"), removal("2")];
    let refused = change_all(store, &scope, 1, &gone).await;
    assert_eq!(refused.unwrap_err().wanted, 2);
    assert_eq!(store.count("customer").await.unwrap(), 10);
    change_all(store, &scope, 1, &gone[..1]).await.unwrap();
    assert_eq!(counted(store).await, (1, 2));
}

async fn kinds_are_counted_apart(hosts: &Hosts) {
    let store = &*hosts.one;
    let scope = ten(store).await;
    let site = |name: &str| row("site", "1", &[("name", text(name))]);
    upsert(store, &real("crm"), site("Main")).await.unwrap();
    let sites = Tally {
        kind: "site".to_owned(),
        ..tally(scope.run.unwrap())
    };
    store.tally_open(&scope, &[sites]).await.unwrap();
    let mut call = rows(0..3, "New");
    call.push(site("Branch"));
    change_all(store, &scope, 3, &call).await.unwrap();
    // A kind without a tally is not counted.
    let top = |name: &str| row("top-level", "1", &[("name", text(name))]);
    upsert(store, &real("crm"), top("All")).await.unwrap();
    change_all(store, &scope, 3, &[top("Everything")])
        .await
        .unwrap();
    let tallies = store.tallies("crm").await.unwrap();
    let told: Vec<_> = tallies
        .iter()
        .map(|tally| (tally.kind.as_str(), tally.changed))
        .collect();
    assert_eq!(told, [("customer", 3), ("site", 1)]);
}

async fn two_hosts_share_one_count(hosts: &Hosts) {
    let scope = ten(&*hosts.one).await;
    let send = |store: Arc<dyn Store>, keys: std::ops::Range<u64>| {
        let scope = scope.clone();
        tokio::spawn(async move {
            let mut written = 0;
            for row in rows(keys, "New") {
                written += usize::from(change_all(&*store, &scope, 6, &[row]).await.is_ok());
            }
            written
        })
    };
    let (one, two) = (
        send(hosts.one.clone(), 0..5),
        send(hosts.two.clone(), 5..10),
    );
    assert_eq!(one.await.unwrap() + two.await.unwrap(), 6);
    assert_eq!(counted(&*hosts.one).await, (6, 7));
}

async fn what_a_preview_writes_is_not_counted(hosts: &Hosts) {
    let store = &*hosts.one;
    ten(store).await;
    let (_, drafts) = preview(store, "crm").await;
    change_all(store, &drafts, 0, &rows(0..10, "New"))
        .await
        .unwrap();
    assert_eq!(counted(store).await, (0, 0));
}

async fn a_tally_without_a_limit_only_counts(hosts: &Hosts) {
    let store = &*hosts.one;
    let scope = ten(store).await;
    let unlimited = Allowance {
        limits: Default::default(),
        ..allowance(0)
    };
    let rows = rows(0..10, "New");
    store
        .upsert_within(&scope, &rows, Some(&unlimited), NOW)
        .await
        .unwrap();
    assert_eq!(counted(store).await, (10, 0));
}

async fn a_closed_tally_is_forgotten(hosts: &Hosts) {
    let store = &*hosts.one;
    let scope = ten(store).await;
    change_all(store, &scope, 4, &rows(0..4, "New"))
        .await
        .unwrap();
    store.tally_close(&scope, SUBJECT).await.unwrap();
    assert_eq!(store.tallies("crm").await.unwrap(), []);
    let anew = tally(begin(store, "crm", RunMode::Import).await);
    store.tally_open(&scope, &[anew]).await.unwrap();
    // The same records count again.
    change_all(store, &scope, 4, &rows(0..4, "Newer"))
        .await
        .unwrap();
    assert_eq!(counted(store).await, (4, 0));
}

async fn tallies_are_of_their_connection_and_subject(hosts: &Hosts) {
    let store = &*hosts.one;
    let scope = ten(store).await;
    let contacts = Tally {
        subject: "contacts".to_owned(),
        ..tally(scope.run.unwrap())
    };
    store.tally_open(&scope, &[contacts]).await.unwrap();
    store
        .tally_open(&real("shop"), &[tally(scope.run.unwrap())])
        .await
        .unwrap();
    change_all(store, &scope, 4, &rows(0..4, "New"))
        .await
        .unwrap();
    store.tally_close(&real("shop"), SUBJECT).await.unwrap();
    let tallies = store.tallies("crm").await.unwrap();
    let told: Vec<_> = tallies
        .iter()
        .map(|tally| (tally.subject.as_str(), tally.changed))
        .collect();
    assert_eq!(told, [("companies", 4), ("contacts", 0)]);
    assert_eq!(store.tallies("shop").await.unwrap(), []);
}

async fn only_who_holds_the_lane_sets_tallies(hosts: &Hosts) {
    let store = &*hosts.one;
    let scope = ten(store).await;
    let old = lane(store, "crm", NOW).await;
    let late = Scope {
        lane: Some(old),
        ..scope.clone()
    };
    lane(store, "crm", NOW + 10_000).await;
    assert!(is_fenced(store.tally_open(&late, &[tally(1)]).await));
    assert!(is_fenced(store.tally_close(&late, SUBJECT).await));
    assert_eq!(counted(store).await, (0, 0));
}

async fn records_that_a_connection_is_linked_to_count_once(hosts: &Hosts) {
    let store = &*hosts.one;
    ten(store).await;
    upsert(store, &real("shop"), customer("1", "Theirs"))
        .await
        .unwrap();
    let second_key = Row {
        other_keys: vec!["1-old".to_owned()],
        ..customer("1", "Old")
    };
    upsert(store, &real("crm"), second_key).await.unwrap();
    let (_, drafts) = preview(store, "crm").await;
    upsert(store, &drafts, customer("90", "Draft"))
        .await
        .unwrap();
    upsert(store, &real("crm"), removal("2")).await.unwrap();
    for (connection, kind, linked) in [
        ("crm", "customer", 9),
        ("shop", "customer", 1),
        ("crm", "site", 0),
    ] {
        assert_eq!(store.linked(connection, kind).await.unwrap(), linked);
    }
}

async fn a_run_knows_how_many_records_it_changed(hosts: &Hosts) {
    let store = &*hosts.one;
    let scope = ten(store).await;
    let (run, drafts) = preview(store, "crm").await;
    let rows = [
        customer("1", "A"),
        customer("1", "B"),
        removal("2"),
        customer("3", "Old"),
        customer("90", "Made"),
        customer("90", "Made otherwise"),
    ];
    for (run, scope) in [(run, &drafts), (scope.run.unwrap(), &scope)] {
        store.upsert(scope, &rows, NOW).await.unwrap();
        let changed = store.changed(run).await.unwrap();
        assert_eq!(changed, [("customer".to_owned(), 2)].into());
    }
    store.drop_layer(run).await.unwrap();
    assert!(store.changed(run).await.unwrap().is_empty());
}
