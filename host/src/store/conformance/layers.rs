//! Previews: what they write only they see, and it hides what is real.

use super::*;
use crate::store::{Expectation, JournalFilter, ReportFilter, StateWrite};

on_every_store! {
    a_preview_changes_nothing_that_is_real,
    a_preview_sees_its_own_writes_over_what_is_real,
    previews_do_not_see_each_other,
    a_record_that_a_preview_removed_is_gone_for_it_alone,
    a_key_that_a_preview_moved_is_moved_for_it_alone,
    values_are_found_as_the_preview_has_them,
    ids_of_a_preview_meet_no_real_record,
    state_of_a_preview_is_read_over_what_is_real,
    a_dropped_layer_is_forgotten_but_its_report_stays,
    a_report_names_what_its_preview_makes_by_key,
    only_the_layer_of_a_preview_can_be_dropped,
}

async fn a_preview_changes_nothing_that_is_real(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    store
        .register_connection("shop", &["customer".to_owned()])
        .await
        .unwrap();
    let rows = [customer("1", "Acme"), customer("2", "Bolt")];
    store.upsert(&scope, &rows, NOW).await.unwrap();
    let seen = || async {
        let keys = ["1", "2", "3", "4"].map(str::to_owned);
        let filter = JournalFilter {
            limit: 100,
            ..JournalFilter::default()
        };
        format!(
            "{:?} {:?} {:?} {:?} {:?}",
            store.list("customer", None, 0, 100).await.unwrap(),
            store.resolve(&scope, "customer", &keys).await.unwrap(),
            store
                .find(&scope, "customer", "name", &["x".to_owned()])
                .await
                .unwrap(),
            store.outbox("shop", 100).await.unwrap(),
            store.journal(&filter).await.unwrap(),
        )
    };
    let before = seen().await;
    let (_, drafts) = preview(store, "crm").await;
    let rows = [
        customer("1", "X"),
        removal("2"),
        customer("3", "X"),
        Row {
            other_keys: vec!["4".to_owned()],
            ..customer("1", "X")
        },
    ];
    let answers = store.upsert(&drafts, &rows, NOW).await.unwrap();
    let done = [
        Effect::Updated,
        Effect::Removed,
        Effect::Created,
        Effect::Unchanged,
    ];
    assert_eq!(effects(&answers), done);
    assert_eq!(seen().await, before);
    let filter = JournalFilter {
        layer: drafts.layer,
        limit: 100,
        ..JournalFilter::default()
    };
    assert_eq!(store.journal(&filter).await.unwrap().len(), 3);
}

async fn a_preview_sees_its_own_writes_over_what_is_real(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    upsert(
        store,
        &scope,
        row(
            "customer",
            "1",
            &[("name", text("Acme")), ("ref", text("r"))],
        ),
    )
    .await
    .unwrap();
    let (_, drafts) = preview(store, "crm").await;
    assert_eq!(name_of(store, &drafts, 1).await, Some(text("Acme")));
    let same = upsert(store, &drafts, customer("1", "Acme")).await.unwrap();
    assert_eq!(same.effect, Effect::Unchanged);
    let updated = upsert(store, &drafts, customer("1", "Bolt")).await.unwrap();
    assert_eq!(
        (updated.id, updated.revision, updated.effect),
        (1, 2, Effect::Updated)
    );
    let bound = Row {
        id: Some(1),
        ..customer("2", "Bolt")
    };
    assert_eq!(
        upsert(store, &drafts, bound).await.unwrap().effect,
        Effect::Unchanged
    );
    let stored = store
        .resolve(&drafts, "customer", &["2".to_owned()])
        .await
        .unwrap();
    let stored = stored[0].as_ref().unwrap();
    assert_eq!(
        stored.fields,
        fields(&[("name", text("Bolt")), ("ref", text("r"))])
    );
    assert_eq!(stored.keys, ["1", "2"]);
    // What was not touched is read as it is now.
    upsert(store, &scope, customer("5", "Later")).await.unwrap();
    assert_eq!(leads_to(store, &drafts, "5").await, Some(2));
}

async fn previews_do_not_see_each_other(hosts: &Hosts) {
    let store = &*hosts.one;
    let (_, one) = preview(store, "crm").await;
    let (_, two) = preview(store, "crm").await;
    upsert(store, &one, customer("1", "Acme")).await.unwrap();
    assert_eq!(leads_to(store, &two, "1").await, None);
    let found = store
        .find(&two, "customer", "name", &["acme".to_owned()])
        .await
        .unwrap();
    assert_eq!(found, []);
    assert_eq!(
        upsert(store, &two, customer("1", "Acme"))
            .await
            .unwrap()
            .effect,
        Effect::Created
    );
}

async fn a_record_that_a_preview_removed_is_gone_for_it_alone(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let id = upsert(store, &scope, customer("1", "Acme"))
        .await
        .unwrap()
        .id;
    let (_, drafts) = preview(store, "crm").await;
    upsert(store, &drafts, removal("1")).await.unwrap();
    assert_eq!(
        store.read(&drafts, "customer", &[id]).await.unwrap(),
        [None]
    );
    assert_eq!(leads_to(store, &drafts, "1").await, None);
    let found = store
        .find(&drafts, "customer", "name", &["acme".to_owned()])
        .await
        .unwrap();
    assert_eq!(found, []);
    assert_eq!(
        upsert(store, &drafts, removal("1")).await.unwrap_err().code,
        "not-found"
    );
    let site = row(
        "site",
        "s",
        &[("client_id", refers("customer", RecordRef::Id(id)))],
    );
    assert_eq!(
        upsert(store, &drafts, site).await.unwrap_err().code,
        "invalid"
    );
    let anew = upsert(store, &drafts, customer("1", "Acme")).await.unwrap();
    assert!(anew.effect == Effect::Created && anew.id != id);
    assert_eq!(leads_to(store, &drafts, "1").await, Some(anew.id));
    assert_eq!(leads_to(store, &scope, "1").await, Some(id));
}

async fn a_key_that_a_preview_moved_is_moved_for_it_alone(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let rows = [customer("1", "Acme"), customer("2", "Bolt")];
    store.upsert(&scope, &rows, NOW).await.unwrap();
    let (_, drafts) = preview(store, "crm").await;
    let mut moves = Row {
        id: Some(2),
        ..customer("1", "Bolt")
    };
    moves.options.move_keys = true;
    upsert(store, &drafts, moves).await.unwrap();
    // The record that lost the key goes; the key stays where it was moved.
    let gone = Row {
        key: None,
        id: Some(1),
        ..removal("1")
    };
    upsert(store, &drafts, gone).await.unwrap();
    assert_eq!(leads_to(store, &drafts, "1").await, Some(2));
    assert_eq!(leads_to(store, &scope, "1").await, Some(1));
    let stored = store.read(&drafts, "customer", &[2]).await.unwrap();
    assert_eq!(stored[0].as_ref().unwrap().keys, ["1", "2"]);
    let stored = store.read(&scope, "customer", &[1, 2]).await.unwrap();
    assert_eq!(
        stored
            .into_iter()
            .map(|s| s.unwrap().keys.len())
            .collect::<Vec<_>>(),
        [1, 1]
    );
}

async fn values_are_found_as_the_preview_has_them(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let rows = [
        customer("1", "Acme"),
        customer("2", "Acme"),
        customer("3", "Acme"),
    ];
    store.upsert(&scope, &rows, NOW).await.unwrap();
    let (_, drafts) = preview(store, "crm").await;
    upsert(store, &drafts, customer("1", "Bolt")).await.unwrap();
    // Touched, but with the same name: still found, and once.
    upsert(store, &drafts, row("customer", "2", &[("ref", text("r"))]))
        .await
        .unwrap();
    let names = ["acme", "bolt"].map(str::to_owned);
    let found = store
        .find(&drafts, "customer", "name", &names)
        .await
        .unwrap();
    let found: Vec<_> = found
        .into_iter()
        .map(|(asked, stored)| (asked, stored.id))
        .collect();
    assert_eq!(found, [(0, 2), (0, 3), (1, 1)]);
    upsert(store, &drafts, customer("1", "Crow")).await.unwrap();
    let found = store
        .find(&drafts, "customer", "name", &names)
        .await
        .unwrap();
    assert_eq!(found.len(), 2);
    let found = store
        .find(&scope, "customer", "name", &names)
        .await
        .unwrap();
    assert_eq!(found.len(), 3);
}

async fn ids_of_a_preview_meet_no_real_record(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let (_, drafts) = preview(store, "crm").await;
    let drafted = [customer("1", "Draft"), customer("2", "Draft")];
    let drafted = store.upsert(&drafts, &drafted, NOW).await.unwrap();
    let ids: Vec<_> = drafted.iter().flatten().map(|written| written.id).collect();
    // Exact as a number in JSON, and one after the other.
    assert!(ids[0] > 1 << 52 && ids[1] == ids[0] + 1 && ids[1] < 1 << 53);
    assert_eq!(
        upsert(store, &scope, customer("9", "Real"))
            .await
            .unwrap()
            .id,
        1
    );
    assert_eq!(name_of(store, &drafts, 1).await, Some(text("Real")));
}

async fn state_of_a_preview_is_read_over_what_is_real(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let write = |key: &str, value: Option<&str>| StateWrite {
        key: key.to_owned(),
        value: value.map(|value| value.as_bytes().to_vec()),
        expected: Expectation::Anything,
    };
    let writes = ["p/a", "p/b", "p/d"].map(|key| write(key, Some("real")));
    store.state_commit(&scope, &writes).await.unwrap();
    let (run, drafts) = preview(store, "crm").await;
    let writes = [
        write("p/b", None),
        write("p/c", Some("draft")),
        write("p/d", Some("draft")),
    ];
    store.state_commit(&drafts, &writes).await.unwrap();
    let scan = |scope: Scope, after: Option<&'static str>, limit| async move {
        let entries = store.state_scan(&scope, "p/", after, limit).await.unwrap();
        let shown = |value: Vec<u8>| String::from_utf8(value).unwrap();
        let entries = entries
            .into_iter()
            .map(|entry| format!("{} {}", entry.key, shown(entry.value)));
        entries.collect::<Vec<_>>()
    };
    assert_eq!(
        scan(drafts.clone(), None, 10).await,
        ["p/a real", "p/c draft", "p/d draft"]
    );
    assert_eq!(scan(drafts.clone(), Some("p/a"), 1).await, ["p/c draft"]);
    assert_eq!(
        scan(scope.clone(), None, 10).await,
        ["p/a real", "p/b real", "p/d real"]
    );
    let got = store
        .state_get(&drafts, &["p/b".to_owned(), "p/d".to_owned()])
        .await
        .unwrap();
    assert!(got[0].is_none());
    assert_eq!(got[1].as_ref().unwrap().revision, 2);
    // A removed entry is absent, one below is not.
    let absent = |key: &str| StateWrite {
        expected: Expectation::Absent,
        ..write(key, Some("new"))
    };
    store.state_commit(&drafts, &[absent("p/b")]).await.unwrap();
    let answer = store.state_commit(&drafts, &[absent("p/a")]).await;
    assert!(matches!(answer, Err(StoreError::Conflict { key }) if key == "p/a"));
    store.drop_layer(run).await.unwrap();
    assert_eq!(
        scan(drafts, None, 10).await,
        ["p/a real", "p/b real", "p/d real"]
    );
}

async fn a_dropped_layer_is_forgotten_but_its_report_stays(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    upsert(store, &scope, customer("1", "Acme")).await.unwrap();
    let (run, drafts) = preview(store, "crm").await;
    let rows = [customer("1", "Bolt"), customer("2", "New")];
    store.upsert(&drafts, &rows, NOW).await.unwrap();
    let report = [
        written_row("1", "written"),
        written_row("2", "written"),
        written_row("3", "skipped"),
    ];
    store.report(run, &report).await.unwrap();
    let filter = ReportFilter {
        limit: 10,
        ..ReportFilter::default()
    };
    let shown = store.reported(run, &filter).await.unwrap();
    assert_eq!(
        shown[0].changes,
        [change("name", text("Acme"), text("Bolt"))]
    );
    assert_eq!(shown[1].effect, Some(Effect::Created));
    let counts = store.counts(run).await.unwrap();
    store.drop_layer(run).await.unwrap();
    assert_eq!(store.reported(run, &filter).await.unwrap(), shown);
    assert_eq!(store.counts(run).await.unwrap(), counts);
    assert_eq!(name_of(store, &drafts, 1).await, Some(text("Acme")));
    assert_eq!(leads_to(store, &drafts, "2").await, None);
    let journal = JournalFilter {
        layer: run,
        limit: 10,
        ..JournalFilter::default()
    };
    assert_eq!(store.journal(&journal).await.unwrap(), []);
    // Once more does no harm.
    store.drop_layer(run).await.unwrap();
    assert_eq!(store.reported(run, &filter).await.unwrap(), shown);
}

async fn a_report_names_what_its_preview_makes_by_key(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let acme = upsert(store, &scope, customer("1", "Acme")).await.unwrap();
    let (run, drafts) = preview(store, "crm").await;
    upsert(store, &drafts, customer("2", "New")).await.unwrap();
    let site =
        |key: &str, of: RecordRef| row("site", key, &[("client_id", refers("customer", of))]);
    let rows = [
        site("1", RecordRef::Id(acme.id)),
        site("2", RecordRef::Key("2".to_owned())),
    ];
    store.upsert(&drafts, &rows, NOW).await.unwrap();
    let report = ["1", "2"].map(|key| ReportRow {
        kind: "site".to_owned(),
        ..written_row(key, "written")
    });
    store.report(run, &report).await.unwrap();
    let filter = ReportFilter {
        limit: 10,
        ..ReportFilter::default()
    };
    let expected = [RecordRef::Id(acme.id), RecordRef::Key("2".to_owned())]
        .map(|to| vec![change("client_id", Value::None, refers("customer", to))]);
    let shown = async || {
        let rows = store.reported(run, &filter).await.unwrap();
        rows.into_iter().map(|row| row.changes).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, expected);
    store.drop_layer(run).await.unwrap();
    assert_eq!(shown().await, expected);
}

async fn only_the_layer_of_a_preview_can_be_dropped(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    upsert(store, &scope, customer("1", "Acme")).await.unwrap();
    let import = begin(store, "crm", RunMode::Import).await;
    store.drop_layer(import).await.unwrap();
    for run in [0, 999] {
        assert!(matches!(
            store.drop_layer(run).await,
            Err(StoreError::Invalid(_))
        ));
    }
    assert_eq!(store.count("customer").await.unwrap(), 1);
}
