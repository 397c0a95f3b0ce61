//! What a write leaves behind: the journal, and the outbox of everyone else.

use super::*;
use crate::store::{JournalEntry, JournalFilter, OutboxRow};

on_every_store! {
    the_journal_has_each_change_from_and_to,
    a_row_without_an_effect_leaves_no_trace,
    journal_lines_are_filtered_and_come_newest_first,
    a_change_is_told_to_everyone_but_its_writer,
    only_kinds_that_a_connection_pushes_are_told_to_it,
    several_changes_of_a_record_are_told_as_one,
    an_edit_by_a_person_is_told_to_all,
}

async fn journal(store: &dyn Store, filter: JournalFilter) -> Vec<JournalEntry> {
    let filter = JournalFilter {
        limit: filter.limit.max(1),
        ..filter
    };
    store.journal(&filter).await.unwrap()
}

fn all() -> JournalFilter {
    JournalFilter {
        limit: 100,
        ..JournalFilter::default()
    }
}

async fn the_journal_has_each_change_from_and_to(hosts: &Hosts) {
    let store = &*hosts.one;
    let scope = Scope {
        run: Some(7),
        cause: "import companies".to_owned(),
        ..real("crm")
    };
    let both = |name: &str| row("customer", "1", &[("name", text(name)), ("ref", text("r"))]);
    let id = upsert(store, &scope, both("Acme")).await.unwrap().id;
    upsert(store, &scope, both("Bolt")).await.unwrap();
    upsert(
        store,
        &scope,
        Row {
            key: None,
            id: Some(id),
            ..removal("")
        },
    )
    .await
    .unwrap();
    let lines = journal(store, all()).await;
    let shown: Vec<_> = lines
        .iter()
        .map(|line| (line.effect, line.key.as_deref()))
        .collect();
    let key = Some("1");
    assert_eq!(
        shown,
        [
            (Effect::Removed, None),
            (Effect::Updated, key),
            (Effect::Created, key)
        ]
    );
    assert_eq!(
        lines[2].changes,
        [
            change("name", Value::None, text("Acme")),
            change("ref", Value::None, text("r")),
        ]
    );
    assert_eq!(
        lines[1].changes,
        [change("name", text("Acme"), text("Bolt"))]
    );
    assert_eq!(
        lines[0].changes,
        [
            change("name", text("Bolt"), Value::None),
            change("ref", text("r"), Value::None),
        ]
    );
    let line = &lines[1];
    assert_eq!(
        (line.at, line.connection.as_str(), line.run),
        (NOW, "crm", Some(7))
    );
    assert_eq!(
        (line.cause.as_str(), line.kind.as_str(), line.record),
        ("import companies", "customer", id)
    );
}

async fn a_row_without_an_effect_leaves_no_trace(hosts: &Hosts) {
    let store = &*hosts.one;
    store
        .register_connection("shop", &["customer".to_owned()])
        .await
        .unwrap();
    upsert(store, &real("crm"), customer("1", "Acme"))
        .await
        .unwrap();
    let before = store.outbox("shop", 10).await.unwrap();
    upsert(store, &real("crm"), customer("1", "Acme"))
        .await
        .unwrap();
    upsert(
        store,
        &real("crm"),
        Row {
            id: Some(1),
            ..customer("2", "Acme")
        },
    )
    .await
    .unwrap();
    assert_eq!(journal(store, all()).await.len(), 1);
    assert_eq!(store.outbox("shop", 10).await.unwrap(), before);
}

async fn journal_lines_are_filtered_and_come_newest_first(hosts: &Hosts) {
    let store = &*hosts.one;
    let in_run = |connection: &str, run| Scope {
        run: Some(run),
        ..real(connection)
    };
    upsert(store, &in_run("crm", 1), customer("1", "Acme"))
        .await
        .unwrap();
    upsert(store, &in_run("crm", 2), customer("2", "Bolt"))
        .await
        .unwrap();
    upsert(store, &in_run("crm", 2), customer("1", "Acme Ltd"))
        .await
        .unwrap();
    upsert(store, &real("shop"), row("site", "1", &[]))
        .await
        .unwrap();
    let lines = journal(store, all()).await;
    let order: Vec<u64> = lines.iter().map(|line| line.sequence).collect();
    assert!(order.is_sorted_by(|newer, older| newer > older));
    for (filter, expected) in [
        (all(), 4),
        (JournalFilter { limit: 2, ..all() }, 2),
        (
            JournalFilter {
                connection: Some("crm".to_owned()),
                ..all()
            },
            3,
        ),
        (
            JournalFilter {
                connection: Some(String::new()),
                ..all()
            },
            0,
        ),
        (
            JournalFilter {
                run: Some(2),
                ..all()
            },
            2,
        ),
        (
            JournalFilter {
                record: Some(("customer".to_owned(), 1)),
                ..all()
            },
            2,
        ),
        (
            JournalFilter {
                record: Some(("customer".to_owned(), 1)),
                run: Some(2),
                ..all()
            },
            1,
        ),
        (
            JournalFilter {
                before: Some(order[1]),
                ..all()
            },
            2,
        ),
        (JournalFilter { layer: 5, ..all() }, 0),
    ] {
        assert_eq!(
            journal(store, filter.clone()).await.len(),
            expected,
            "{filter:?}"
        );
    }
}

async fn told(store: &dyn Store, connection: &str) -> Vec<OutboxRow> {
    store.outbox(connection, 100).await.unwrap()
}

async fn a_change_is_told_to_everyone_but_its_writer(hosts: &Hosts) {
    let store = &*hosts.one;
    for connection in ["crm", "shop", "erp"] {
        store
            .register_connection(connection, &["customer".to_owned()])
            .await
            .unwrap();
    }
    let id = upsert(store, &real("crm"), customer("1", "Acme"))
        .await
        .unwrap()
        .id;
    assert_eq!(told(store, "crm").await, []);
    for connection in ["shop", "erp"] {
        let rows = told(store, connection).await;
        assert_eq!(rows.len(), 1);
        let row = &rows[0];
        assert_eq!(
            (row.connection.as_str(), row.kind.as_str(), row.record),
            (connection, "customer", id)
        );
        assert_eq!((row.what.as_str(), row.at), ("created", NOW));
        assert_eq!(row.fields, ["name"]);
    }
}

async fn only_kinds_that_a_connection_pushes_are_told_to_it(hosts: &Hosts) {
    let store = &*hosts.one;
    store
        .register_connection("shop", &["site".to_owned()])
        .await
        .unwrap();
    upsert(store, &real("crm"), customer("1", "Acme"))
        .await
        .unwrap();
    assert_eq!(told(store, "shop").await, []);
    store
        .register_connection("shop", &["customer".to_owned()])
        .await
        .unwrap();
    upsert(store, &real("crm"), customer("2", "Bolt"))
        .await
        .unwrap();
    upsert(store, &real("crm"), row("site", "1", &[]))
        .await
        .unwrap();
    assert_eq!(told(store, "shop").await.len(), 1);
    // What waits already stays.
    store.register_connection("shop", &[]).await.unwrap();
    upsert(store, &real("crm"), customer("3", "Crow"))
        .await
        .unwrap();
    assert_eq!(told(store, "shop").await.len(), 1);
}

async fn several_changes_of_a_record_are_told_as_one(hosts: &Hosts) {
    let store = &*hosts.one;
    upsert(store, &real("crm"), customer("1", "Acme"))
        .await
        .unwrap();
    store
        .register_connection("shop", &["customer".to_owned()])
        .await
        .unwrap();
    let update = |field: &str, value: Value| row("customer", "1", &[(field, value)]);
    let mut numbers = Vec::new();
    for (n, (row, what, fields)) in [
        (update("website", text("w")), "updated", &["website"][..]),
        (
            update("domain", text("d")),
            "updated",
            &["domain", "website"],
        ),
        (
            update("inactive", text("true")),
            "inactive",
            &["domain", "inactive", "website"],
        ),
        (
            update("name", text("n")),
            "inactive",
            &["domain", "inactive", "name", "website"],
        ),
        (
            update("inactive", text("false")),
            "active",
            &["domain", "inactive", "name", "website"],
        ),
        (removal("1"), "deleted", &[]),
    ]
    .into_iter()
    .enumerate()
    {
        store
            .upsert(&real("crm"), &[row], NOW + n as u64)
            .await
            .unwrap();
        let rows = told(store, "shop").await;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].what.as_str(), rows[0].at), (what, NOW));
        assert_eq!(rows[0].fields, fields);
        numbers.push(rows[0].sequence);
    }
    // A new number each time: who holds the old one does not know the change.
    assert!(numbers.is_sorted_by(|older, newer| older < newer));
    // Oldest first, by the first change of each.
    store
        .upsert(&real("crm"), &[customer("2", "Bolt")], NOW - 1)
        .await
        .unwrap();
    let records: Vec<_> = told(store, "shop")
        .await
        .iter()
        .map(|row| row.record)
        .collect();
    assert_eq!(records, [2, 1]);
    assert_eq!(store.outbox("shop", 1).await.unwrap().len(), 1);
}

async fn an_edit_by_a_person_is_told_to_all(hosts: &Hosts) {
    let store = &*hosts.one;
    upsert(store, &real("crm"), customer("1", "Acme"))
        .await
        .unwrap();
    for connection in ["crm", "shop"] {
        store
            .register_connection(connection, &["customer".to_owned()])
            .await
            .unwrap();
    }
    let edit = Row {
        key: None,
        id: Some(1),
        ..customer("", "Edited")
    };
    upsert(store, &real(""), edit).await.unwrap();
    for connection in ["crm", "shop"] {
        assert_eq!(told(store, connection).await[0].what, "updated");
    }
}
