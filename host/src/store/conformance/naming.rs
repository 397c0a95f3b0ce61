//! How a row names its record: by key, by id, or by both.

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
