//! Runs, and the report of what became of each remote row.

use super::*;
use crate::store::{Counts, ReportFilter, ReportPart};

on_every_store! {
    a_run_is_recorded_from_its_start_to_its_end,
    runs_of_a_connection_come_newest_first,
    a_later_report_of_a_row_replaces_the_earlier,
    report_rows_come_shorter_keys_first,
    a_report_row_shows_what_was_written_for_its_key,
    a_row_that_is_read_again_in_a_run_still_counts_as_written,
    several_writes_of_a_record_are_shown_as_one,
    a_row_shows_what_was_written_for_its_parts,
    report_rows_are_filtered_by_what_they_came_to,
    what_the_runs_said_of_a_row_comes_newest_first,
    the_sums_of_a_run_add_up_to_the_rows_read,
    a_report_for_no_run_is_refused,
}

async fn a_run_is_recorded_from_its_start_to_its_end(hosts: &Hosts) {
    let store = &*hosts.one;
    let id = begin(store, "crm", RunMode::Import).await;
    assert!(id > 0);
    let run = hosts.two.run(id).await.unwrap().unwrap();
    assert_eq!(
        (run.state.as_str(), run.started, run.ended),
        ("running", NOW, None)
    );
    assert_eq!(
        (run.connection.as_str(), run.entity.as_str(), run.mode),
        ("crm", "companies", RunMode::Import)
    );
    let why = Failure::new("sign-in-again", "Connect again.").with("x", 1);
    store
        .run_end(id, "blocked", Some(&why), NOW + 5)
        .await
        .unwrap();
    let run = store.run(id).await.unwrap().unwrap();
    assert_eq!(
        (run.state.as_str(), run.ended, run.failure),
        ("blocked", Some(NOW + 5), Some(why))
    );
    assert_eq!(store.run(id + 1).await.unwrap(), None);
    assert!(store.run_end(id + 1, "done", None, NOW).await.is_err());
}

async fn runs_of_a_connection_come_newest_first(hosts: &Hosts) {
    let store = &*hosts.one;
    let one = begin(store, "crm", RunMode::Preview).await;
    begin(store, "shop", RunMode::Import).await;
    let two = begin(store, "crm", RunMode::Import).await;
    let ids = |limit| async move {
        let runs = store.runs("crm", limit).await.unwrap();
        runs.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(10).await, [two, one]);
    assert_eq!(ids(1).await, [two]);
    assert_eq!(
        store.run(one).await.unwrap().unwrap().mode,
        RunMode::Preview
    );
}

fn everything() -> ReportFilter {
    ReportFilter {
        limit: 100,
        ..ReportFilter::default()
    }
}

async fn keys(store: &dyn Store, run: RunId, filter: ReportFilter) -> Vec<String> {
    let rows = store.reported(run, &filter).await.unwrap();
    rows.into_iter().map(|row| row.row.key).collect()
}

async fn a_later_report_of_a_row_replaces_the_earlier(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = begin(store, "crm", RunMode::Import).await;
    let mut full = written_row("1", "conflict");
    full.address = Some("https://crm.test/1".to_owned());
    full.facets = vec![
        ("stage".to_owned(), "won".to_owned()),
        ("stage".to_owned(), "lost".to_owned()),
    ];
    full.reason = Some(Failure::new("conflict", "Both changed.").with("field", "name"));
    full.record = Some(7);
    store
        .report(run, &[written_row("1", "failed"), full.clone()])
        .await
        .unwrap();
    store
        .report(run, std::slice::from_ref(&full))
        .await
        .unwrap();
    let rows = store.reported(run, &everything()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0].row, rows[0].effect, rows[0].changes.len()),
        (&full, None, 0)
    );
    let other = begin(store, "crm", RunMode::Import).await;
    assert_eq!(keys(store, other, everything()).await, [""; 0]);
}

async fn report_rows_come_shorter_keys_first(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = begin(store, "crm", RunMode::Import).await;
    let rows = ["10", "9", "é", "100", "1", "b\0c", ""].map(|key| written_row(key, "skipped"));
    store.report(run, &rows).await.unwrap();
    let order = ["", "1", "9", "10", "é", "100", "b\0c"];
    assert_eq!(keys(store, run, everything()).await, order);
    for (n, key) in order.iter().enumerate() {
        let after = ReportFilter {
            after: Some((*key).to_owned()),
            limit: 2,
            ..everything()
        };
        let rest = &order[n + 1..];
        assert_eq!(keys(store, run, after).await, rest[..rest.len().min(2)]);
    }
}

async fn a_report_row_shows_what_was_written_for_its_key(hosts: &Hosts) {
    let store = &*hosts.one;
    upsert(store, &real("crm"), customer("1", "Acme"))
        .await
        .unwrap();
    let run = begin(store, "crm", RunMode::Import).await;
    let scope = Scope {
        run: Some(run),
        ..real("crm")
    };
    let site = row(
        "site",
        "1",
        &[
            ("name", text("Main")),
            ("client_id", refers("customer", RecordRef::Id(1))),
        ],
    );
    store
        .upsert(&scope, &[customer("1", "Bolt"), site], NOW)
        .await
        .unwrap();
    // Another run and another key are not its business.
    upsert(store, &real("crm"), customer("1", "Later"))
        .await
        .unwrap();
    upsert(store, &scope, customer("2", "Other")).await.unwrap();
    store
        .report(
            run,
            &[written_row("1", "written"), written_row("3", "written")],
        )
        .await
        .unwrap();
    let rows = store.reported(run, &everything()).await.unwrap();
    assert_eq!(rows[0].effect, Some(Effect::Updated));
    assert_eq!(
        rows[0].changes,
        [change("name", text("Acme"), text("Bolt"))]
    );
    assert_eq!((rows[1].effect, rows[1].changes.len()), (None, 0));
}

async fn a_row_that_is_read_again_in_a_run_still_counts_as_written(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = begin(store, "crm", RunMode::Import).await;
    let scope = Scope {
        run: Some(run),
        ..real("crm")
    };
    upsert(store, &scope, customer("1", "Acme")).await.unwrap();
    for outcome in ["written", "unchanged"] {
        let rows = [written_row("1", outcome), written_row("2", "unchanged")];
        store.report(run, &rows).await.unwrap();
        let counts = store.counts(run).await.unwrap();
        assert_eq!((counts.created, counts.unchanged), (1, 1), "{outcome}");
        for (word, key) in [("created", "1"), ("unchanged", "2")] {
            let filter = ReportFilter {
                outcomes: vec![word.to_owned()],
                ..everything()
            };
            assert_eq!(keys(store, run, filter).await, [key], "{outcome}");
        }
    }
}

async fn several_writes_of_a_record_are_shown_as_one(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = begin(store, "crm", RunMode::Import).await;
    let scope = Scope {
        run: Some(run),
        ..real("crm")
    };
    let more = row(
        "customer",
        "1",
        &[("ref", text("r")), ("name", text("Bolt"))],
    );
    let back = row("customer", "1", &[("ref", Value::None)]);
    let rows = [customer("1", "Acme"), more, back, removal("1")];
    store.upsert(&scope, &rows[..3], NOW).await.unwrap();
    store
        .report(run, &[written_row("1", "written")])
        .await
        .unwrap();
    let shown = store.reported(run, &everything()).await.unwrap().remove(0);
    assert_eq!(shown.effect, Some(Effect::Created));
    assert_eq!(shown.changes, [change("name", Value::None, text("Bolt"))]);
    assert_eq!(store.counts(run).await.unwrap().created, 1);
    // Made and removed again: nothing is left of its fields.
    store.upsert(&scope, &rows[3..], NOW).await.unwrap();
    let shown = store.reported(run, &everything()).await.unwrap().remove(0);
    assert_eq!(
        (shown.effect, shown.changes.len()),
        (Some(Effect::Created), 0)
    );
    assert_eq!(store.counts(run).await.unwrap().created, 1);
}

async fn a_row_shows_what_was_written_for_its_parts(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = ["a", "b", "c"].map(|key| row("site", key, &[("name", text(key))]));
    store.upsert(&real("crm"), &rows, NOW).await.unwrap();
    let run = begin(store, "crm", RunMode::Import).await;
    let scope = Scope {
        run: Some(run),
        ..real("crm")
    };
    let removed = Row {
        kind: "site".to_owned(),
        ..removal("b")
    };
    let rows = [
        row("site", "a", &[("name", text("A"))]),
        removed,
        row("site", "d", &[("name", text("d"))]),
    ];
    store.upsert(&scope, &rows, NOW).await.unwrap();
    let part = |key: &str| ReportPart {
        kind: "site".to_owned(),
        key: key.to_owned(),
        title: format!("Line {key}"),
    };
    let with_parts = ReportRow {
        parts: ["a", "b", "c", "d"].map(part).to_vec(),
        ..written_row("1", "written")
    };
    let unchanged = ReportRow {
        parts: vec![part("c")],
        ..written_row("2", "written")
    };
    store.report(run, &[with_parts, unchanged]).await.unwrap();
    // Read again, as it was: what was written stays known.
    let again = written_row("1", "unchanged");
    store.report(run, &[again]).await.unwrap();
    let found = store.reported(run, &everything()).await.unwrap();
    assert_eq!(found[0].effect, Some(Effect::Updated));
    assert_eq!(
        found[0].changes,
        [
            change("Line a: name", text("a"), text("A")),
            change("Line b", Value::None, text("removed")),
            change("Line d", Value::None, text("added")),
        ]
    );
    assert_eq!((found[1].effect, found[1].changes.len()), (None, 0));
    let counts = store.counts(run).await.unwrap();
    assert_eq!((counts.updated, counts.unchanged), (1, 1));
}

/// A run with one row of each outcome and effect.
pub(super) async fn one_of_each(store: &dyn Store) -> RunId {
    store
        .upsert(
            &real("crm"),
            &[
                customer("2", "Acme"),
                customer("3", "Acme"),
                customer("4", "Acme"),
            ],
            NOW,
        )
        .await
        .unwrap();
    let run = begin(store, "crm", RunMode::Import).await;
    let scope = Scope {
        run: Some(run),
        ..real("crm")
    };
    let rows = [
        customer("1", "New"),
        customer("2", "Bolt"),
        customer("3", "Acme"),
        removal("4"),
    ];
    store.upsert(&scope, &rows, NOW).await.unwrap();
    let outcomes = [
        "written",
        "written",
        "written",
        "written",
        "unchanged",
        "skipped",
        "waiting",
        "conflict",
        "failed",
    ];
    let rows: Vec<ReportRow> = outcomes
        .iter()
        .enumerate()
        .map(|(n, outcome)| ReportRow {
            // Of a row that did not go in it is the reason, and no note.
            reason: matches!(n, 1 | 4 | 8).then(|| Failure::new("field-refused", "Why.")),
            ..written_row(&(n + 1).to_string(), outcome)
        })
        .collect();
    store.report(run, &rows).await.unwrap();
    run
}

async fn report_rows_are_filtered_by_what_they_came_to(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = one_of_each(store).await;
    for (outcomes, expected) in [
        (&["created"][..], &["1"][..]),
        (&["updated"], &["2"]),
        (&["removed"], &["4"]),
        (&["unchanged"], &["3", "5"]),
        (&["written"], &["1", "2", "3", "4"]),
        (&["failed", "skipped"], &["6", "9"]),
        (&["noted"], &["2", "5"]),
        (&["noted", "failed"], &["2", "5", "9"]),
        (&["other"], &[]),
    ] {
        let outcomes: Vec<String> = outcomes
            .iter()
            .map(|outcome| (*outcome).to_owned())
            .collect();
        let filter = ReportFilter {
            outcomes,
            ..everything()
        };
        assert_eq!(
            keys(store, run, filter.clone()).await,
            expected,
            "{filter:?}"
        );
    }
}

async fn what_the_runs_said_of_a_row_comes_newest_first(hosts: &Hosts) {
    let store = &*hosts.one;
    let mut runs = Vec::new();
    for (outcome, name) in [("written", "Acme"), ("skipped", ""), ("written", "Bolt")] {
        let run = begin(store, "crm", RunMode::Import).await;
        let scope = Scope {
            run: Some(run),
            ..real("crm")
        };
        if !name.is_empty() {
            upsert(store, &scope, customer("1", name)).await.unwrap();
        }
        let other_entity = ReportRow {
            entity: "contacts".to_owned(),
            ..written_row("1", "failed")
        };
        let rows = [
            written_row("1", outcome),
            written_row("11", "failed"),
            other_entity,
        ];
        store.report(run, &rows).await.unwrap();
        runs.push(run);
    }
    let elsewhere = begin(store, "shop", RunMode::Import).await;
    store
        .report(elsewhere, &[written_row("1", "failed")])
        .await
        .unwrap();
    // One that did not read it.
    begin(store, "crm", RunMode::Import).await;

    let history = |key: &'static str, limit| async move {
        let history = store.report_history("crm", "companies", key, limit);
        history.await.unwrap()
    };
    let told: Vec<_> = history("1", 10)
        .await
        .into_iter()
        .map(|(run, row)| (run.id, row.row.outcome, row.effect))
        .collect();
    assert_eq!(
        told,
        [
            (runs[2], "written".to_owned(), Some(Effect::Updated)),
            (runs[1], "skipped".to_owned(), None),
            (runs[0], "written".to_owned(), Some(Effect::Created)),
        ]
    );
    let newest = history("1", 1).await.remove(0);
    assert_eq!(
        (newest.0.id, newest.0.connection.as_str(), newest.0.started),
        (runs[2], "crm", NOW)
    );
    assert_eq!(
        newest.1.changes,
        [change("name", text("Acme"), text("Bolt"))]
    );
    assert_eq!(history("2", 10).await.len(), 0);
}

async fn the_sums_of_a_run_add_up_to_the_rows_read(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = one_of_each(store).await;
    let expected = Counts {
        read: 9,
        created: 1,
        // A removal changes something, too.
        updated: 2,
        unchanged: 2,
        skipped: 1,
        waiting: 1,
        conflict: 1,
        failed: 1,
        ..Counts::default()
    };
    assert_eq!(store.counts(run).await.unwrap(), expected);
    assert_eq!(store.counts(run + 1).await.unwrap(), Counts::default());
}

async fn a_report_for_no_run_is_refused(hosts: &Hosts) {
    let answer = hosts.one.report(5, &[written_row("1", "failed")]).await;
    assert!(matches!(answer, Err(StoreError::Invalid(_))));
}
