//! Looking records up by value, and listing them.

use super::*;

on_every_store! {
    values_are_found_without_regard_to_case_and_spaces,
    candidates_come_by_value_and_then_by_id,
    a_value_is_found_only_while_a_record_has_it,
    references_are_found_by_the_id_of_their_record,
    a_field_that_is_not_indexed_is_refused,
    a_list_goes_on_after_an_id_and_searches_text,
}

async fn found(store: &dyn Store, scope: &Scope, values: &[&str]) -> Vec<(usize, RecordId)> {
    let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let found = store
        .find(scope, "customer", "name", &values)
        .await
        .unwrap();
    found
        .into_iter()
        .map(|(asked, stored)| (asked, stored.id))
        .collect()
}

async fn values_are_found_without_regard_to_case_and_spaces(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    upsert(store, &scope, customer("1", "  Straße\t& Söhne "))
        .await
        .unwrap();
    assert_eq!(found(store, &scope, &["STRASSE &  SÖHNE"]).await, [(0, 1)]);
    assert_eq!(found(store, &scope, &["Strasse", "", "%"]).await, []);
}

async fn candidates_come_by_value_and_then_by_id(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let rows = [("1", "Bolt"), ("2", "Acme"), ("3", "BOLT")].map(|(key, name)| customer(key, name));
    store.upsert(&scope, &rows, NOW).await.unwrap();
    let asked = ["acme", "none", "bolt", "Acme"];
    assert_eq!(
        found(store, &scope, &asked).await,
        [(0, 2), (2, 1), (2, 3), (3, 2)]
    );
    let whole = store
        .find(&scope, "customer", "name", &["acme".to_owned()])
        .await
        .unwrap();
    assert_eq!(whole[0].1.keys, ["2"]);
    assert_eq!(whole[0].1.fields["name"], text("Acme"));
}

async fn a_value_is_found_only_while_a_record_has_it(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    upsert(store, &scope, customer("1", "Acme")).await.unwrap();
    upsert(store, &scope, customer("1", "Bolt")).await.unwrap();
    assert_eq!(found(store, &scope, &["acme", "bolt"]).await, [(1, 1)]);
    upsert(
        store,
        &scope,
        row("customer", "1", &[("domain", text("x.test"))]),
    )
    .await
    .unwrap();
    assert_eq!(found(store, &scope, &["bolt"]).await, [(0, 1)]);
    upsert(store, &scope, removal("1")).await.unwrap();
    assert_eq!(found(store, &scope, &["bolt"]).await, []);
}

async fn references_are_found_by_the_id_of_their_record(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    for key in ["1", "2"] {
        let to = RecordRef::Key(key.to_owned());
        let site = row(
            "site",
            key,
            &[
                ("name", text("Main")),
                ("client_id", refers("customer", to)),
            ],
        );
        let page = [customer(key, "Acme"), site];
        assert_eq!(
            effects(&store.upsert(&scope, &page, NOW).await.unwrap()).len(),
            2
        );
    }
    let sites = store
        .find(&scope, "site", "client_id", &["2".to_owned()])
        .await
        .unwrap();
    assert_eq!(
        sites.iter().map(|(_, site)| site.id).collect::<Vec<_>>(),
        [2]
    );
}

async fn a_field_that_is_not_indexed_is_refused(hosts: &Hosts) {
    for (kind, field) in [("customer", "website"), ("dragon", "name")] {
        let answer = hosts
            .one
            .find(&real("crm"), kind, field, &["x".to_owned()])
            .await;
        assert!(
            matches!(answer, Err(StoreError::Invalid(_))),
            "{kind} {field}: {answer:?}"
        );
    }
}

async fn a_list_goes_on_after_an_id_and_searches_text(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let rows =
        [("1", "Acme"), ("2", "Bolt"), ("3", "ACME  Two")].map(|(key, name)| customer(key, name));
    store.upsert(&scope, &rows, NOW).await.unwrap();
    let (_, drafts) = preview(store, "crm").await;
    upsert(store, &drafts, customer("4", "Acme Draft"))
        .await
        .unwrap();
    for (search, after, limit, expected) in [
        (None, 0, 10, &[1, 2, 3][..]),
        (None, 1, 1, &[2]),
        (Some(" "), 0, 10, &[1, 2, 3]),
        (Some("cme"), 0, 10, &[1, 3]),
        (Some("acme two"), 0, 10, &[3]),
        (Some("%"), 0, 10, &[]),
        (Some("acme"), 1, 10, &[3]),
    ] {
        let listed = store.list("customer", search, after, limit).await.unwrap();
        let ids: Vec<RecordId> = listed.iter().map(|stored| stored.id).collect();
        assert_eq!(ids, expected, "{search:?} after {after}");
    }
    // The id in a reference is no text: nobody searches for it.
    let site = row(
        "site",
        "s",
        &[("client_id", refers("customer", RecordRef::Id(2)))],
    );
    upsert(store, &scope, site).await.unwrap();
    assert_eq!(store.list("site", Some("2"), 0, 10).await.unwrap(), []);
    assert_eq!(store.count("customer").await.unwrap(), 3);
}
