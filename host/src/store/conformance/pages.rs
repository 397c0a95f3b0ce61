//! Leafing through what is real: filters, order, parts and times.

use super::*;
use crate::store::PageFilter;

on_every_store! {
    a_page_is_a_part_of_what_passes_the_filter,
    a_page_tells_when_its_records_were_made_and_changed,
    nothing_of_a_preview_is_on_a_page,
}

fn of(kind: &str) -> PageFilter {
    PageFilter {
        kind: kind.to_owned(),
        limit: 100,
        ..PageFilter::default()
    }
}

/// The total, and the ids of the page.
async fn seen(store: &dyn Store, filter: PageFilter) -> (u64, Vec<RecordId>) {
    let page = store.page(&filter).await.unwrap();
    let ids = page.records.iter().map(|dated| dated.record.id).collect();
    (page.total, ids)
}

/// Customers Bolt, acme, Crow (inactive), each with a site of the same id.
async fn three(store: &dyn Store) {
    let scope = real("crm");
    for (key, name) in [("1", "Bolt"), ("2", "acme"), ("3", "Crow")] {
        upsert(store, &scope, customer(key, name)).await.unwrap();
        let client = refers("customer", RecordRef::Key(key.to_owned()));
        let site = [("name", text("Main")), ("client_id", client)];
        upsert(store, &scope, row("site", key, &site))
            .await
            .unwrap();
    }
    let inactive = row("customer", "3", &[("inactive", text("true"))]);
    let written = store.upsert(&scope, &[inactive], NOW + 50).await.unwrap();
    assert_eq!(effects(&written), [Effect::Updated]);
}

async fn a_page_is_a_part_of_what_passes_the_filter(hosts: &Hosts) {
    let store = &*hosts.one;
    three(store).await;
    let customers = || of("customer");
    let by_name = || PageFilter {
        order: Some("name".to_owned()),
        ..customers()
    };
    for (filter, total, ids) in [
        (customers(), 3, &[1, 2, 3][..]),
        (
            PageFilter {
                offset: 1,
                limit: 1,
                ..customers()
            },
            3,
            &[2],
        ),
        (
            PageFilter {
                offset: 3,
                ..customers()
            },
            3,
            &[],
        ),
        (
            PageFilter {
                descending: true,
                ..customers()
            },
            3,
            &[3, 2, 1],
        ),
        (by_name(), 3, &[2, 1, 3]),
        (
            PageFilter {
                descending: true,
                ..by_name()
            },
            3,
            &[3, 1, 2],
        ),
        (
            PageFilter {
                active: Some(true),
                ..customers()
            },
            2,
            &[1, 2],
        ),
        (
            PageFilter {
                active: Some(false),
                ..customers()
            },
            1,
            &[3],
        ),
        (
            PageFilter {
                ids: Some(vec![3, 9, 1]),
                ..customers()
            },
            2,
            &[1, 3],
        ),
        (
            PageFilter {
                ids: Some(vec![]),
                ..customers()
            },
            0,
            &[],
        ),
        (
            PageFilter {
                search: Some(" ACM".to_owned()),
                ..customers()
            },
            1,
            &[2],
        ),
        (
            PageFilter {
                search: Some(String::new()),
                ..customers()
            },
            3,
            &[1, 2, 3],
        ),
        (
            PageFilter {
                changed_from: Some(NOW + 1),
                ..customers()
            },
            1,
            &[3],
        ),
        (
            PageFilter {
                changed_to: Some(NOW),
                ..customers()
            },
            2,
            &[1, 2],
        ),
        (
            PageFilter {
                refers: vec![("client_id".to_owned(), vec![2, 3])],
                ..of("site")
            },
            2,
            &[2, 3],
        ),
        (of("user"), 0, &[]),
    ] {
        assert_eq!(
            seen(store, filter.clone()).await,
            (total, ids.to_vec()),
            "{filter:?}"
        );
    }
}

async fn a_page_tells_when_its_records_were_made_and_changed(hosts: &Hosts) {
    let store = &*hosts.one;
    three(store).await;
    let page = store.page(&of("customer")).await.unwrap();
    let times: Vec<_> = page
        .records
        .iter()
        .map(|dated| (dated.created, dated.changed))
        .collect();
    assert_eq!(
        times,
        [
            (Some(NOW), Some(NOW)),
            (Some(NOW), Some(NOW)),
            (Some(NOW), Some(NOW + 50)),
        ]
    );
}

async fn nothing_of_a_preview_is_on_a_page(hosts: &Hosts) {
    let store = &*hosts.one;
    three(store).await;
    let (_, scope) = preview(store, "crm").await;
    upsert(store, &scope, customer("9", "Dove")).await.unwrap();
    let renamed = row("customer", "1", &[("name", text("Bolted"))]);
    store.upsert(&scope, &[renamed], NOW + 99).await.unwrap();
    let page = store.page(&of("customer")).await.unwrap();
    assert_eq!((page.total, page.records.len()), (3, 3));
    assert_eq!(page.records[0].record.fields["name"], text("Bolt"));
    assert_eq!(page.records[0].changed, Some(NOW));
}
