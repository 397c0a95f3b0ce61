//! Rows: how they name their record, what they change, and what is refused.

use super::*;

on_every_store! {
    the_same_row_again_makes_no_second_record,
    two_hosts_that_send_the_same_rows_at_once_make_each_record_once,
    a_row_is_found_as_the_table_of_the_contract_says,
    a_key_is_unique_within_its_connection_and_kind,
    a_taken_key_fails_the_row_or_is_moved,
    several_keys_may_lead_to_one_record,
    a_new_key_for_an_unchanged_record_leaves_its_revision,
    only_a_person_may_make_a_record_without_a_key,
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

async fn the_same_row_again_makes_no_second_record(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let first = upsert(store, &scope, customer("1", "Acme")).await.unwrap();
    assert_eq!((first.effect, first.revision), (Effect::Created, 1));
    for host in [&hosts.one, &hosts.two] {
        let again = upsert(&**host, &scope, customer("1", "Acme"))
            .await
            .unwrap();
        assert_eq!(
            (again.id, again.effect, again.revision),
            (first.id, Effect::Unchanged, 1)
        );
    }
    let twice = [customer("2", "Bolt"), customer("2", "Bolt")];
    let answers = store.upsert(&scope, &twice, NOW).await.unwrap();
    assert_eq!(effects(&answers), [Effect::Created, Effect::Unchanged]);
    assert_eq!(store.count("customer").await.unwrap(), 2);
}

async fn two_hosts_that_send_the_same_rows_at_once_make_each_record_once(hosts: &Hosts) {
    let rows: Vec<Row> = (0..100).map(|n| customer(&n.to_string(), "Acme")).collect();
    let send = |store: Arc<dyn Store>| {
        let rows = rows.clone();
        tokio::spawn(async move {
            let mut made = 0;
            for page in rows.chunks(10) {
                let answers = store.upsert(&real("crm"), page, NOW).await.unwrap();
                let effects = effects(&answers);
                assert_eq!(effects.len(), page.len());
                made += effects
                    .iter()
                    .filter(|effect| **effect == Effect::Created)
                    .count();
            }
            made
        })
    };
    let (one, two) = (send(hosts.one.clone()), send(hosts.two.clone()));
    assert_eq!(one.await.unwrap() + two.await.unwrap(), 100);
    assert_eq!(hosts.one.count("customer").await.unwrap(), 100);
}

async fn a_row_is_found_as_the_table_of_the_contract_says(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let acme = upsert(store, &scope, customer("1", "Acme"))
        .await
        .unwrap()
        .id;
    let bolt = upsert(store, &scope, customer("2", "Bolt"))
        .await
        .unwrap()
        .id;
    let named = |key: Option<&str>, id: Option<RecordId>| Row {
        key: key.map(str::to_owned),
        id,
        ..customer("", "Named")
    };
    let no = RowOptions::default();
    for (row, expected) in [
        (named(Some("1"), None), Ok(acme)),
        (named(Some("1"), Some(acme)), Ok(acme)),
        (named(Some("1"), Some(bolt)), Err("key-taken")),
        (named(None, Some(bolt)), Ok(bolt)),
        (named(Some("3"), Some(bolt)), Ok(bolt)),
        (named(Some("3"), None), Ok(bolt)),
        (named(Some("4"), Some(99)), Err("not-found")),
        (named(Some(""), None), Err("invalid")),
        (
            Row {
                options: no,
                ..named(Some("5"), None)
            },
            Err("not-found"),
        ),
        (
            Row {
                options: no,
                ..named(None, None)
            },
            Err("not-found"),
        ),
    ] {
        let told = format!("{row:?}");
        let answer = upsert(store, &scope, row).await;
        let answer = answer
            .map(|written| written.id)
            .map_err(|failure| failure.code);
        assert_eq!(answer, expected.map_err(str::to_owned), "{told}");
    }
    assert_eq!(store.count("customer").await.unwrap(), 2);
    assert_eq!(leads_to(store, &scope, "4").await, None);
}

async fn a_key_is_unique_within_its_connection_and_kind(hosts: &Hosts) {
    let store = &*hosts.one;
    upsert(store, &real("crm"), customer("1", "Acme"))
        .await
        .unwrap();
    let other = upsert(store, &real("shop"), customer("1", "Acme"))
        .await
        .unwrap();
    assert_eq!(other.effect, Effect::Created);
    let top = row("top-level", "1", &[("name", text("All"))]);
    assert_eq!(upsert(store, &real("crm"), top).await.unwrap().id, 1);
    let stored = store
        .read(&real("shop"), "customer", &[1, other.id])
        .await
        .unwrap();
    let keys: Vec<_> = stored
        .into_iter()
        .map(|stored| stored.unwrap().keys)
        .collect();
    assert_eq!(keys, [vec![], vec!["1".to_owned()]]);
}

async fn a_taken_key_fails_the_row_or_is_moved(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let acme = upsert(store, &scope, customer("1", "Acme"))
        .await
        .unwrap()
        .id;
    let bolt = upsert(store, &scope, customer("2", "Bolt"))
        .await
        .unwrap()
        .id;
    for row in [
        Row {
            id: Some(bolt),
            ..customer("1", "Bolt")
        },
        Row {
            other_keys: vec!["1".to_owned()],
            ..customer("2", "Changed")
        },
        Row {
            other_keys: vec!["1".to_owned()],
            ..customer("3", "New")
        },
    ] {
        let failure = upsert(store, &scope, row).await.unwrap_err();
        assert_eq!(failure.code, "key-taken");
        assert_eq!(failure.attributes["record"], acme.to_string());
    }
    assert_eq!(name_of(store, &scope, bolt).await, Some(text("Bolt")));
    assert_eq!(leads_to(store, &scope, "3").await, None);

    let mut moves = Row {
        id: Some(bolt),
        ..customer("1", "Bolt")
    };
    moves.options.move_keys = true;
    let moved = upsert(store, &scope, moves).await.unwrap();
    assert_eq!((moved.id, moved.effect), (bolt, Effect::Unchanged));
    assert_eq!(leads_to(store, &scope, "1").await, Some(bolt));
    let stored = store.read(&scope, "customer", &[acme, bolt]).await.unwrap();
    let keys: Vec<_> = stored
        .into_iter()
        .map(|stored| stored.unwrap().keys)
        .collect();
    assert_eq!(keys, [vec![], vec!["1".to_owned(), "2".to_owned()]]);
}

async fn several_keys_may_lead_to_one_record(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let merged = Row {
        other_keys: vec!["9".to_owned(), "1".to_owned(), "9".to_owned()],
        ..customer("5", "Acme")
    };
    let id = upsert(store, &scope, merged).await.unwrap().id;
    for key in ["1", "5", "9"] {
        assert_eq!(leads_to(store, &scope, key).await, Some(id), "{key}");
    }
    let stored = store.read(&scope, "customer", &[id]).await.unwrap();
    assert_eq!(stored[0].as_ref().unwrap().keys, ["1", "5", "9"]);
}

async fn a_new_key_for_an_unchanged_record_leaves_its_revision(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let id = upsert(store, &scope, customer("1", "Acme"))
        .await
        .unwrap()
        .id;
    let bound = upsert(
        store,
        &scope,
        Row {
            id: Some(id),
            ..customer("2", "Acme")
        },
    )
    .await;
    let unchanged = Written {
        id,
        revision: 1,
        effect: Effect::Unchanged,
    };
    assert_eq!(bound, Ok(unchanged));
    assert_eq!(leads_to(store, &scope, "2").await, Some(id));
}

async fn only_a_person_may_make_a_record_without_a_key(hosts: &Hosts) {
    let store = &*hosts.one;
    let keyless = Row {
        key: None,
        ..customer("", "Acme")
    };
    let failure = upsert(store, &real("crm"), keyless.clone())
        .await
        .unwrap_err();
    assert_eq!(failure.code, "invalid");
    let made = upsert(store, &real(""), keyless).await.unwrap();
    assert_eq!(made.effect, Effect::Created);
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
