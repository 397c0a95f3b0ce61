//! What a row changes, what it may refer to, and what is refused.

use super::*;

on_every_store! {
    fields_that_are_not_named_stay_and_none_clears,
    empty_values_are_nothing_and_the_order_of_choices_means_nothing,
    a_stale_revision_is_a_conflict,
    a_failed_row_leaves_no_trace_and_the_others_stand,
    a_reference_may_name_a_key_that_an_earlier_row_binds,
    a_reference_that_leads_nowhere_fails_its_row_and_names_the_field,
    a_removed_record_takes_its_keys_along_and_its_id_never_comes_back,
    records_are_answered_in_the_order_asked,
    numbers_beyond_what_a_store_can_keep_name_nothing,
}

async fn fields_that_are_not_named_stay_and_none_clears(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let all = [("name", text("Acme")), ("domain", text("acme.test"))];
    let id = upsert(store, &scope, row("customer", "1", &all))
        .await
        .unwrap()
        .id;
    let updated = upsert(store, &scope, customer("1", "Acme Ltd"))
        .await
        .unwrap();
    assert_eq!((updated.effect, updated.revision), (Effect::Updated, 2));
    let cleared = row(
        "customer",
        "1",
        &[("domain", Value::None), ("ref", Value::None)],
    );
    assert_eq!(
        upsert(store, &scope, cleared.clone())
            .await
            .unwrap()
            .revision,
        3
    );
    assert_eq!(
        upsert(store, &scope, cleared).await.unwrap().effect,
        Effect::Unchanged
    );
    let stored = store.read(&scope, "customer", &[id]).await.unwrap();
    let stored = stored[0].as_ref().unwrap();
    assert_eq!(stored.fields, fields(&[("name", text("Acme Ltd"))]));
    assert_eq!(stored.revision, 3);
}

async fn empty_values_are_nothing_and_the_order_of_choices_means_nothing(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let many = |values: &[&str]| Value::Many(values.iter().map(|v| (*v).to_owned()).collect());
    let made = [
        ("name", text("")),
        ("CFNone", many(&[])),
        ("CFTags", many(&["b", "a", "b"])),
    ];
    let id = upsert(store, &scope, row("customer", "1", &made))
        .await
        .unwrap()
        .id;
    let stored = store.read(&scope, "customer", &[id]).await.unwrap();
    let stored = stored[0].as_ref().unwrap();
    assert_eq!(stored.fields, fields(&[("CFTags", many(&["a", "b"]))]));
    let again = row("customer", "1", &[("CFTags", many(&["a", "b"]))]);
    assert_eq!(
        upsert(store, &scope, again).await.unwrap().effect,
        Effect::Unchanged
    );
}

async fn a_stale_revision_is_a_conflict(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let expecting = |revision, name: &str| Row {
        expected: Some(revision),
        ..customer("1", name)
    };
    let failure = upsert(store, &scope, expecting(1, "Acme"))
        .await
        .unwrap_err();
    assert_eq!(
        (failure.code.as_str(), &*failure.attributes["revision"]),
        ("conflict", "0")
    );
    upsert(store, &scope, customer("1", "Acme")).await.unwrap();
    assert_eq!(
        upsert(store, &scope, expecting(1, "Bolt"))
            .await
            .unwrap()
            .revision,
        2
    );
    for mut stale in [
        expecting(1, "Crow"),
        expecting(1, "Bolt"),
        expecting(3, "Crow"),
    ] {
        for remove in [false, true] {
            stale.options.remove = remove;
            let failure = upsert(store, &scope, stale.clone()).await.unwrap_err();
            assert_eq!(
                (failure.code.as_str(), &*failure.attributes["revision"]),
                ("conflict", "2")
            );
        }
    }
    assert_eq!(name_of(store, &scope, 1).await, Some(text("Bolt")));
}

async fn a_failed_row_leaves_no_trace_and_the_others_stand(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    store
        .register_connection("shop", &["customer".to_owned()])
        .await
        .unwrap();
    let lost = [
        ("name", text("Bad")),
        ("toplevel_id", refers("top-level", RecordRef::Id(77))),
    ];
    let rows = [
        customer("1", "Acme"),
        Row {
            other_keys: vec!["22".to_owned()],
            ..row("customer", "2", &lost)
        },
        customer("3", "Crow"),
    ];
    let answers = store.upsert(&scope, &rows, NOW).await.unwrap();
    assert_eq!(
        answers
            .iter()
            .map(|answer| answer.is_ok())
            .collect::<Vec<_>>(),
        [true, false, true]
    );
    assert_eq!(store.count("customer").await.unwrap(), 2);
    for key in ["2", "22"] {
        assert_eq!(leads_to(store, &scope, key).await, None);
    }
    let found = store
        .find(&scope, "customer", "name", &["bad".to_owned()])
        .await
        .unwrap();
    assert_eq!(found, []);
    assert_eq!(store.outbox("shop", 10).await.unwrap().len(), 2);
}

async fn a_reference_may_name_a_key_that_an_earlier_row_binds(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    upsert(store, &scope, customer("8", "Other")).await.unwrap();
    let of = |to| {
        row(
            "site",
            "9/main",
            &[
                ("name", text("Main")),
                ("client_id", refers("customer", to)),
            ],
        )
    };
    let page = [customer("9", "Acme"), of(RecordRef::Key("9".to_owned()))];
    let answers = store.upsert(&scope, &page, NOW).await.unwrap();
    assert_eq!(effects(&answers), [Effect::Created, Effect::Created]);
    let id = answers[0].as_ref().unwrap().id;
    let stored = store
        .resolve(&scope, "site", &["9/main".to_owned()])
        .await
        .unwrap();
    let stored = stored[0].as_ref().unwrap();
    assert_eq!(
        stored.fields["client_id"],
        refers("customer", RecordRef::Id(id))
    );
    let again = upsert(store, &scope, of(RecordRef::Id(id))).await.unwrap();
    assert_eq!(again.effect, Effect::Unchanged);
}

async fn a_reference_that_leads_nowhere_fails_its_row_and_names_the_field(hosts: &Hosts) {
    let store = &*hosts.one;
    // Keys of another connection or another kind lead nowhere here.
    upsert(store, &real("shop"), customer("1", "Acme"))
        .await
        .unwrap();
    upsert(store, &real("crm"), row("top-level", "1", &[]))
        .await
        .unwrap();
    for to in [RecordRef::Key("1".to_owned()), RecordRef::Id(2)] {
        let site = row("site", "s", &[("client_id", refers("customer", to))]);
        let failure = upsert(store, &real("crm"), site).await.unwrap_err();
        assert_eq!(
            (failure.code.as_str(), &*failure.attributes["field"]),
            ("invalid", "client_id")
        );
    }
    assert_eq!(store.count("site").await.unwrap(), 0);
}

async fn a_removed_record_takes_its_keys_along_and_its_id_never_comes_back(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let id = upsert(store, &scope, customer("1", "Acme"))
        .await
        .unwrap()
        .id;
    upsert(
        store,
        &real("shop"),
        Row {
            id: Some(id),
            ..customer("a", "Acme")
        },
    )
    .await
    .unwrap();
    let gone = upsert(store, &scope, removal("1")).await.unwrap();
    assert_eq!(
        (gone.id, gone.effect, gone.revision),
        (id, Effect::Removed, 2)
    );
    assert_eq!(store.read(&scope, "customer", &[id]).await.unwrap(), [None]);
    assert_eq!(leads_to(store, &scope, "1").await, None);
    assert_eq!(leads_to(store, &real("shop"), "a").await, None);
    assert_eq!(store.count("customer").await.unwrap(), 0);
    let again = upsert(store, &scope, removal("1")).await.unwrap_err();
    assert_eq!(again.code, "not-found");
    // Also when it may create: a removal never makes a record.
    let mut odd = removal("1");
    odd.options.may_create = true;
    assert_eq!(
        upsert(store, &scope, odd).await.unwrap_err().code,
        "not-found"
    );
    let new = upsert(store, &scope, customer("1", "Acme")).await.unwrap();
    assert!(new.id > id && new.effect == Effect::Created);
}

async fn records_are_answered_in_the_order_asked(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let rows = [customer("1", "Acme"), customer("2", "Bolt")];
    store.upsert(&scope, &rows, NOW).await.unwrap();
    let ids = |found: Vec<Option<super::super::Stored>>| -> Vec<Option<u64>> {
        found
            .into_iter()
            .map(|stored| stored.map(|stored| stored.id))
            .collect()
    };
    let read = store.read(&scope, "customer", &[2, 9, 1, 2]).await.unwrap();
    assert_eq!(ids(read), [Some(2), None, Some(1), Some(2)]);
    let keys = ["2", "9", "1"].map(str::to_owned);
    let resolved = store.resolve(&scope, "customer", &keys).await.unwrap();
    assert_eq!(ids(resolved), [Some(2), None, Some(1)]);
}

async fn numbers_beyond_what_a_store_can_keep_name_nothing(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    for id in [0, i64::MAX as u64, u64::MAX] {
        assert_eq!(store.read(&scope, "customer", &[id]).await.unwrap(), [None]);
        let failure = upsert(
            store,
            &scope,
            Row {
                id: Some(id),
                ..customer("1", "Acme")
            },
        )
        .await;
        assert_eq!(failure.unwrap_err().code, "not-found");
    }
}
