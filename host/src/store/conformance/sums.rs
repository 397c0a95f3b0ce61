//! The sums of a run that has ended are those of its report, whatever comes after its end.

use super::runs::one_of_each;
use super::*;
use crate::deviations::outcome_of;
use crate::store::{
    Counts, OutboxState, RemoteWrite, ReportFilter, ReportPart, Settled, Stale, Step, Subject,
    Verdict,
};

on_every_store! {
    the_end_of_a_run_changes_nothing_of_its_sums,
    what_is_reported_after_the_end_counts,
    what_is_written_after_the_end_counts,
    what_is_settled_after_the_end_counts,
    a_run_that_goes_on_and_ends_again_has_the_sums_of_both,
    what_is_forgotten_still_counts_as_what_it_was,
    the_sums_of_a_preview_outlive_its_layer,
    a_run_of_which_some_rows_are_gone_counts_the_others,
}

/// Counted from the rows, one by one.
async fn counted(store: &dyn Store, run: RunId) -> Counts {
    let all = ReportFilter {
        limit: 1_000,
        ..ReportFilter::default()
    };
    let mut counts = Counts::default();
    for row in store.reported(run, &all).await.unwrap() {
        counts.read += 1;
        *match outcome_of(&row) {
            "created" => &mut counts.created,
            "updated" | "removed" => &mut counts.updated,
            "unchanged" => &mut counts.unchanged,
            "skipped" => &mut counts.skipped,
            "waiting" => &mut counts.waiting,
            "conflict" => &mut counts.conflict,
            "failed" => &mut counts.failed,
            "nothing" => &mut counts.nothing,
            other => panic!("{other}"),
        } += 1;
    }
    counts
}

/// The sums, which are those of the rows, also for another host.
async fn sums(hosts: &Hosts, run: RunId) -> Counts {
    let sums = hosts.one.counts(run).await.unwrap();
    assert_eq!(sums, counted(&*hosts.one, run).await);
    assert_eq!(sums, hosts.two.counts(run).await.unwrap());
    sums
}

async fn end(store: &dyn Store, run: RunId, state: &str) {
    store.run_end(run, state, None, NOW).await.unwrap();
}

fn in_run(run: RunId) -> Scope {
    Scope {
        run: Some(run),
        ..real("crm")
    }
}

async fn the_end_of_a_run_changes_nothing_of_its_sums(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = one_of_each(store).await;
    let before = sums(hosts, run).await;
    assert_eq!(before.read, 9);
    for state in ["done", "failed"] {
        end(store, run, state).await;
        assert_eq!(sums(hosts, run).await, before, "{state}");
    }
    let empty = begin(store, "crm", RunMode::Events).await;
    end(store, empty, "done").await;
    assert_eq!(sums(hosts, empty).await, Counts::default());
}

async fn what_is_reported_after_the_end_counts(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = one_of_each(store).await;
    end(store, run, "done").await;
    let rows = [written_row("9", "skipped"), written_row("10", "failed")];
    store.report(run, &rows).await.unwrap();
    let now = sums(hosts, run).await;
    assert_eq!((now.read, now.skipped, now.failed), (10, 2, 1));
    end(store, run, "done").await;
    assert_eq!(sums(hosts, run).await, now);
}

async fn what_is_written_after_the_end_counts(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = begin(store, "crm", RunMode::Import).await;
    store
        .report(run, &[written_row("1", "written")])
        .await
        .unwrap();
    end(store, run, "done").await;
    assert_eq!(sums(hosts, run).await.unchanged, 1);
    upsert(store, &in_run(run), customer("1", "Acme"))
        .await
        .unwrap();
    assert_eq!(sums(hosts, run).await.created, 1);
}

async fn what_is_settled_after_the_end_counts(hosts: &Hosts) {
    let store = &*hosts.one;
    store
        .register_connection("shop", &["customer".to_owned()])
        .await
        .unwrap();
    upsert(store, &real("crm"), customer("1", "Acme"))
        .await
        .unwrap();
    let due = store.outbox("shop", 1).await.unwrap().remove(0);
    assert_eq!(due.state, OutboxState::Waiting);
    let run = begin(store, "shop", RunMode::Push).await;
    end(store, run, "done").await;
    let remote = RemoteWrite {
        entity: "companies".to_owned(),
        key: "r1".to_owned(),
        title: "Acme".to_owned(),
        address: None,
        effect: "created".to_owned(),
    };
    let settled = Settled {
        sequence: due.sequence,
        kind: due.kind,
        record: due.record,
        verdict: Verdict::Sent(remote, Vec::new()),
        report: written_row("r1", "created"),
        message: None,
    };
    let scope = Scope {
        run: Some(run),
        ..real("shop")
    };
    store.outbox_settle(&scope, &[settled], NOW).await.unwrap();
    assert_eq!(sums(hosts, run).await.created, 1);
}

async fn a_run_that_goes_on_and_ends_again_has_the_sums_of_both(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = one_of_each(store).await;
    end(store, run, "stopped").await;
    end(store, run, "running").await;
    assert_eq!(sums(hosts, run).await.read, 9);
    upsert(store, &in_run(run), customer("10", "Next"))
        .await
        .unwrap();
    store
        .report(run, &[written_row("10", "written")])
        .await
        .unwrap();
    let both = sums(hosts, run).await;
    assert_eq!((both.read, both.created), (10, 2));
    end(store, run, "done").await;
    assert_eq!(sums(hosts, run).await, both);
}

async fn what_is_forgotten_still_counts_as_what_it_was(hosts: &Hosts) {
    let store = &*hosts.one;
    let site = |name: &str| row("site", "line", &[("name", text(name))]);
    upsert(store, &real("crm"), site("a")).await.unwrap();
    let run = begin(store, "crm", RunMode::Import).await;
    upsert(store, &in_run(run), site("b")).await.unwrap();
    upsert(store, &in_run(run), customer("2", "Acme"))
        .await
        .unwrap();
    // Of the first only its part was changed.
    let with_part = ReportRow {
        parts: vec![ReportPart {
            kind: "site".to_owned(),
            key: "line".to_owned(),
            title: "Line".to_owned(),
        }],
        ..written_row("1", "written")
    };
    let rows = [with_part, written_row("2", "written")];
    store.report(run, &rows).await.unwrap();
    end(store, run, "done").await;
    let before = sums(hosts, run).await;
    assert_eq!((before.created, before.updated), (1, 1));
    for key in ["1", "2"] {
        let subject = Subject {
            connection: "crm".to_owned(),
            entity: "companies".to_owned(),
            key: key.to_owned(),
            kind: "customer".to_owned(),
        };
        store.forget(&subject).await.unwrap();
        assert_eq!(sums(hosts, run).await, before, "{key}");
    }
    // Counted anew, too.
    end(store, run, "done").await;
    assert_eq!(sums(hosts, run).await, before);
}

async fn the_sums_of_a_preview_outlive_its_layer(hosts: &Hosts) {
    let store = &*hosts.one;
    upsert(store, &real("crm"), customer("1", "Acme"))
        .await
        .unwrap();
    let (run, drafts) = preview(store, "crm").await;
    let rows = [customer("1", "Bolt"), customer("2", "New"), removal("1")];
    store.upsert(&drafts, &rows, NOW).await.unwrap();
    let rows = ["1", "2", "3"].map(|key| written_row(key, "written"));
    store.report(run, &rows).await.unwrap();
    end(store, run, "done").await;
    let before = sums(hosts, run).await;
    assert_eq!(
        (before.created, before.updated, before.unchanged),
        (1, 1, 1)
    );
    store.drop_layer(run).await.unwrap();
    assert_eq!(sums(hosts, run).await, before);
    end(store, run, "done").await;
    assert_eq!(sums(hosts, run).await, before);
}

async fn a_run_of_which_some_rows_are_gone_counts_the_others(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = one_of_each(store).await;
    end(store, run, "done").await;
    // The last one of its kind stays, so there must be another.
    begin(store, "crm", RunMode::Import).await;
    let step = Step {
        before: NOW + 1,
        after: 0,
        limit: 4,
        dry_run: false,
    };
    store.prune(Stale::Runs, step).await.unwrap();
    assert_eq!(sums(hosts, run).await.read, 5);
}
