//! The newest of what a connection has, beside others that have more.

use super::*;
use crate::store::{Applied, InboxState, JournalFilter, NewEvent};

on_every_store! {
    the_last_runs_are_those_of_each_entity_and_mode_of_one_connection,
    the_newest_lines_of_all_who_write_come_as_they_were_written,
    the_newest_events_come_whatever_became_of_them,
}

async fn the_last_runs_are_those_of_each_entity_and_mode_of_one_connection(hosts: &Hosts) {
    let store = &*hosts.one;
    let why = Failure::new("x", "y");
    let mut ids = Vec::new();
    for (connection, entity, mode, failed) in [
        ("crm", "deals", RunMode::Import, true),
        ("crm", "companies", RunMode::Import, false),
        ("crm", "deals", RunMode::Import, true),
        ("crm", "deals", RunMode::Preview, false),
        ("crm", "deals", RunMode::Import, false),
        ("crm", "companies", RunMode::Import, true),
        ("shop", "deals", RunMode::Import, true),
        ("crm", "events", RunMode::Events, false),
        ("crm", "events", RunMode::Events, false),
    ] {
        let new = NewRun {
            connection: connection.to_owned(),
            entity: entity.to_owned(),
            mode,
            arguments: "{}".to_owned(),
            at: NOW,
        };
        let run = store.run_begin(&new).await.unwrap();
        let failure = failed.then_some(&why);
        store.run_end(run, "done", failure, NOW).await.unwrap();
        ids.push(run);
    }
    let latest = async |connection: &str| {
        let latest = store.latest_runs(connection).await.unwrap();
        latest.iter().map(|run| run.id).collect::<Vec<_>>()
    };
    let expected = [ids[8], ids[5], ids[4], ids[3], ids[2]];
    assert_eq!(latest("crm").await, expected);
    assert_eq!(latest("shop").await, [ids[6]]);
    assert_eq!(latest("none").await, [0; 0]);
}

async fn the_newest_lines_of_all_who_write_come_as_they_were_written(hosts: &Hosts) {
    let store = &*hosts.one;
    let people = Scope {
        cause: "ann".to_owned(),
        ..real("")
    };
    let (_, drafts) = preview(store, "crm").await;
    let order = ["crm", "", "shop", "crm", "crm", "", "shop", "crm"];
    for (n, who) in order.iter().enumerate() {
        let scope = if who.is_empty() {
            people.clone()
        } else {
            real(who)
        };
        let row = customer(&format!("{who}{n}"), "a");
        upsert(store, &scope, row).await.unwrap();
        // What a preview would write is not among them.
        let row = customer(&n.to_string(), "draft");
        upsert(store, &drafts, row).await.unwrap();
    }
    let mut told = Vec::new();
    let mut filter = JournalFilter {
        limit: 3,
        ..JournalFilter::default()
    };
    loop {
        let lines = store.journal(&filter).await.unwrap();
        let Some(last) = lines.last() else { break };
        filter.before = Some(last.sequence);
        told.extend(lines.into_iter().map(|line| line.connection));
    }
    assert_eq!(told, order.iter().rev().copied().collect::<Vec<_>>());
    filter.before = None;
    filter.connection = Some("shop".to_owned());
    let lines = store.journal(&filter).await.unwrap();
    let keys: Vec<_> = lines
        .iter()
        .filter_map(|line| line.key.as_deref())
        .collect();
    assert_eq!(keys, ["shop6", "shop2"]);
}

async fn the_newest_events_come_whatever_became_of_them(hosts: &Hosts) {
    let store = &*hosts.one;
    let event = |connection: &str, n: u64| NewEvent {
        connection: connection.to_owned(),
        account: "7".to_owned(),
        object: format!("deal/{n}"),
        dedupe: n.to_string(),
        payload: b"x".to_vec(),
    };
    let events = (1..=6).flat_map(|n| [event("crm", n), event("shop", n)]);
    store.inbox_add(events.collect(), NOW).await.unwrap();
    let all = store.inbox("crm", &[], 9).await.unwrap();
    let number = |n: usize| all[all.len() - n].sequence;
    let failure = Failure::new("x", "y");
    let retry = Applied::Retry {
        failure: failure.clone(),
        next: NOW + 9,
    };
    let settled = [
        (number(1), Applied::Done),
        (number(2), retry.clone()),
        (number(3), Applied::Rejected(failure.clone())),
        (number(5), Applied::Ignored(failure)),
        (number(6), retry),
    ];
    store.inbox_settle(&real("crm"), &settled).await.unwrap();
    for (states, limit, expected) in [
        (&[][..], 9, &["6", "5", "4", "3", "2", "1"][..]),
        (&[], 3, &["6", "5", "4"]),
        (&[InboxState::Retry], 9, &["6", "2"]),
        (&[InboxState::Applied, InboxState::Rejected], 9, &["3", "1"]),
        (&[InboxState::Waiting, InboxState::Ignored], 1, &["5"]),
    ] {
        let found = store.inbox("crm", states, limit).await.unwrap();
        let found: Vec<&str> = found.iter().map(|row| row.dedupe.as_str()).collect();
        assert_eq!(found, expected, "{states:?} {limit}");
    }
}
