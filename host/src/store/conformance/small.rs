//! The small things: tasks, settings, values of a connection, added fields.

use super::*;
use crate::store::{CustomField, Task};

on_every_store! {
    a_task_with_a_cadence_comes_again_and_one_without_ends,
    a_task_that_was_set_anew_while_it_ran_stays_as_set,
    tasks_come_by_time_and_can_be_cancelled,
    settings_keep_every_version,
    settings_are_read_one_version_or_a_few_at_a_time,
    settings_that_were_changed_meanwhile_are_a_conflict,
    a_value_of_a_connection_is_set_and_removed,
    an_added_field_is_replaced_and_removed,
}

fn task(name: &str, due: Timestamp, every: Option<u32>) -> Task {
    Task {
        connection: "crm".to_owned(),
        name: name.to_owned(),
        due,
        every,
    }
}

async fn a_task_with_a_cadence_comes_again_and_one_without_ends(hosts: &Hosts) {
    let store = &*hosts.one;
    store
        .task_set(&task("hourly", NOW, Some(3_600)))
        .await
        .unwrap();
    store.task_set(&task("once", NOW, None)).await.unwrap();
    // Three hours late: the missed calls are made once, and the beat is kept.
    let now = NOW + 3 * 3_600_000 + 5;
    for name in ["hourly", "once", "unknown"] {
        store.task_ran("crm", name, NOW, now).await.unwrap();
    }
    let due = NOW + 4 * 3_600_000;
    assert_eq!(
        store.tasks("crm").await.unwrap(),
        [task("hourly", due, Some(3_600))]
    );
}

async fn a_task_that_was_set_anew_while_it_ran_stays_as_set(hosts: &Hosts) {
    let store = &*hosts.one;
    for every in [Some(60), None] {
        let anew = task("t", NOW + 99, every);
        store.task_set(&task("t", NOW, every)).await.unwrap();
        store.task_set(&anew).await.unwrap();
        store.task_ran("crm", "t", NOW, NOW + 1).await.unwrap();
        assert_eq!(store.tasks("crm").await.unwrap(), [anew]);
    }
}

async fn tasks_come_by_time_and_can_be_cancelled(hosts: &Hosts) {
    let store = &*hosts.one;
    let set = [
        task("a", NOW + 2, None),
        task("b", NOW + 1, Some(60)),
        task("c", NOW + 3, None),
    ];
    for task in &set {
        store.task_set(task).await.unwrap();
    }
    store.task_cancel("crm", "c").await.unwrap();
    store.task_cancel("crm", "c").await.unwrap();
    store.task_cancel("shop", "a").await.unwrap();
    assert_eq!(
        store.tasks("crm").await.unwrap(),
        [set[1].clone(), set[0].clone()]
    );
    assert_eq!(store.tasks("shop").await.unwrap(), []);
}

async fn settings_keep_every_version(hosts: &Hosts) {
    let store = &*hosts.one;
    assert_eq!(store.settings("crm").await.unwrap(), None);
    let put = |json: &'static str, at| store.settings_put("crm", json, "ann", at, None);
    assert_eq!(put("{\"a\":1}", NOW).await.unwrap(), 1);
    assert_eq!(put("{\"a\":2}", NOW + 1).await.unwrap(), 2);
    // The same document is no new version; an earlier one is.
    assert_eq!(put("{\"a\":2}", NOW + 2).await.unwrap(), 2);
    assert_eq!(put("{\"a\":1}", NOW + 3).await.unwrap(), 3);
    let history = store.settings_history("crm", None, 9).await.unwrap();
    let shown: Vec<_> = history
        .iter()
        .map(|v| (v.revision, v.json.as_str(), v.at))
        .collect();
    assert_eq!(
        shown,
        [
            (3, "{\"a\":1}", NOW + 3),
            (2, "{\"a\":2}", NOW + 1),
            (1, "{\"a\":1}", NOW)
        ]
    );
    assert_eq!(history[0].author, "ann");
    assert_eq!(
        store.settings("crm").await.unwrap().as_ref(),
        history.first()
    );
    assert_eq!(store.settings_history("shop", None, 9).await.unwrap(), []);
}

async fn settings_are_read_one_version_or_a_few_at_a_time(hosts: &Hosts) {
    let store = &*hosts.one;
    for at in 1..=5 {
        let json = format!("{{\"a\":{at}}}");
        let put = store.settings_put("crm", &json, "ann", NOW + at, None);
        assert_eq!(put.await.unwrap(), at);
    }
    let revisions = |before, limit| async move {
        let history = store.settings_history("crm", before, limit).await.unwrap();
        history.iter().map(|v| v.revision).collect::<Vec<_>>()
    };
    assert_eq!(revisions(None, 2).await, [5, 4]);
    assert_eq!(revisions(Some(4), 2).await, [3, 2]);
    assert_eq!(revisions(Some(2), 2).await, [1]);
    assert_eq!(revisions(Some(1), 2).await, [0; 0]);
    assert_eq!(revisions(Some(u64::MAX), 9).await, [5, 4, 3, 2, 1]);
    let third = store.settings_at("crm", 3).await.unwrap().unwrap();
    assert_eq!(
        (third.revision, third.json.as_str(), third.author.as_str()),
        (3, "{\"a\":3}", "ann")
    );
    for (connection, revision) in [("crm", 0), ("crm", 6), ("shop", 3)] {
        let found = store.settings_at(connection, revision).await.unwrap();
        assert_eq!(found, None, "{connection} {revision}");
    }
}

async fn settings_that_were_changed_meanwhile_are_a_conflict(hosts: &Hosts) {
    let put =
        |json: &'static str, expected| hosts.one.settings_put("crm", json, "ann", NOW, expected);
    assert!(matches!(
        put("{}", Some(1)).await,
        Err(StoreError::Conflict { .. })
    ));
    assert_eq!(put("{}", Some(0)).await.unwrap(), 1);
    assert!(matches!(
        put("[]", Some(0)).await,
        Err(StoreError::Conflict { .. })
    ));
    assert_eq!(put("[]", Some(1)).await.unwrap(), 2);
}

async fn a_value_of_a_connection_is_set_and_removed(hosts: &Hosts) {
    let store = &*hosts.one;
    let get = || async { hosts.two.meta_get("crm", "version").await.unwrap() };
    assert_eq!(get().await, None);
    for value in [Some("1"), Some("2"), None, None] {
        store.meta_set("crm", "version", value).await.unwrap();
        assert_eq!(get().await.as_deref(), value);
        assert_eq!(store.meta_get("shop", "version").await.unwrap(), None);
    }
}

async fn an_added_field_is_replaced_and_removed(hosts: &Hosts) {
    let store = &*hosts.one;
    let field = |kind: &str, label: &str| CustomField {
        kind: kind.to_owned(),
        name: "CFSize".to_owned(),
        label: label.to_owned(),
        type_name: "choice".to_owned(),
        attributes: [("max-length".to_owned(), "9".to_owned())].into(),
        choices: vec![("1".to_owned(), "One".to_owned())],
    };
    for added in [
        field("user", "Size"),
        field("customer", "Size"),
        field("customer", "Big"),
    ] {
        store.put_custom_field(&added).await.unwrap();
    }
    let both = [field("customer", "Big"), field("user", "Size")];
    assert_eq!(store.custom_fields().await.unwrap(), both);
    assert!(
        store
            .remove_custom_field("customer", "CFSize")
            .await
            .unwrap()
    );
    assert!(
        !store
            .remove_custom_field("customer", "CFSize")
            .await
            .unwrap()
    );
    assert_eq!(store.custom_fields().await.unwrap(), both[1..]);
}
