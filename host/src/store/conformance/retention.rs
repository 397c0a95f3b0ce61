//! What is old goes, what is open or last stays; and what somebody wants to be forgotten
//! leaves only that something was there.

use super::*;
use crate::store::{FORGOTTEN, JournalFilter, Pruned, ReportFilter, Stale, Step, Subject};

on_every_store! {
    old_runs_go_with_their_reports_and_the_last_of_each_kind_stays,
    lines_of_the_journal_go_after_their_run_and_the_last_of_a_record_stays,
    the_layers_of_old_previews_go_and_their_reports_stay,
    what_is_forgotten_leaves_that_it_was_there,
}

/// All steps, three rows at a time; what went.
async fn prune(store: &dyn Store, what: Stale, before: Timestamp, dry_run: bool) -> u64 {
    let (mut after, mut gone) = (0, 0);
    for _ in 0..100 {
        let step = Step {
            before,
            after,
            limit: 3,
            dry_run,
        };
        let Pruned { gone: more, next } = store.prune(what, step).await.unwrap();
        gone += more;
        match next {
            Some(next) => after = next,
            None => return gone,
        }
    }
    panic!("it does not end");
}

async fn reported(store: &dyn Store, run: RunId) -> usize {
    let filter = ReportFilter {
        limit: 100,
        ..ReportFilter::default()
    };
    store.reported(run, &filter).await.unwrap().len()
}

async fn old_runs_go_with_their_reports_and_the_last_of_each_kind_stays(hosts: &Hosts) {
    let store = &*hosts.one;
    let mut runs = Vec::new();
    for _ in 0..4 {
        let run = begin(store, "crm", RunMode::Import).await;
        let rows: Vec<ReportRow> = (0..2)
            .map(|n| written_row(&n.to_string(), "written"))
            .collect();
        store.report(run, &rows).await.unwrap();
        store.run_end(run, "done", None, NOW).await.unwrap();
        runs.push(run);
    }
    let failure = Failure::new("x", "y");
    store
        .run_end(runs[1], "failed", Some(&failure), NOW)
        .await
        .unwrap();
    let shop = begin(store, "shop", RunMode::Import).await;
    let preview = begin(store, "crm", RunMode::Preview).await;
    let latest: Vec<RunId> = { store.latest_runs("crm").await.unwrap() }
        .iter()
        .map(|run| run.id)
        .collect();
    assert_eq!(latest, [preview, runs[3], runs[1]]);
    assert_eq!(prune(store, Stale::Runs, NOW, false).await, 0, "not old");
    assert_eq!(prune(store, Stale::Runs, NOW + 1, true).await, 2);
    assert_eq!(reported(store, runs[0]).await, 2, "only counted");
    assert_eq!(prune(store, Stale::Runs, NOW + 1, false).await, 2);
    for (run, stays) in [
        (runs[0], false),
        (runs[1], true),
        (runs[2], false),
        (runs[3], true),
    ] {
        assert_eq!(store.run(run).await.unwrap().is_some(), stays);
        assert_eq!(reported(store, run).await, if stays { 2 } else { 0 });
    }
    assert!(store.run(shop).await.unwrap().is_some());
}

async fn lines(store: &dyn Store, id: RecordId) -> Vec<Value> {
    let filter = JournalFilter {
        record: Some(("customer".to_owned(), id)),
        limit: 100,
        ..JournalFilter::default()
    };
    let entries = store.journal(&filter).await.unwrap();
    let changes = entries.into_iter().flat_map(|entry| entry.changes);
    changes.map(|change| change.to).collect()
}

async fn lines_of_the_journal_go_after_their_run_and_the_last_of_a_record_stays(hosts: &Hosts) {
    let store = &*hosts.one;
    let run = begin(store, "crm", RunMode::Import).await;
    let in_run = Scope {
        run: Some(run),
        ..real("crm")
    };
    let acme = upsert(store, &in_run, customer("1", "a")).await.unwrap().id;
    for name in ["b", "c", "d", "e"] {
        upsert(store, &real("crm"), customer("1", name))
            .await
            .unwrap();
    }
    assert_eq!(prune(store, Stale::Journal, NOW, false).await, 0, "not old");
    assert_eq!(prune(store, Stale::Journal, NOW + 1, true).await, 3);
    assert_eq!(prune(store, Stale::Journal, NOW + 1, false).await, 3);
    assert_eq!(lines(store, acme).await, [text("e"), text("a")]);
    // Once the run is gone, so is its line.
    begin(store, "crm", RunMode::Import).await;
    assert_eq!(prune(store, Stale::Runs, NOW + 1, false).await, 1);
    assert_eq!(prune(store, Stale::Journal, NOW + 1, false).await, 1);
    assert_eq!(lines(store, acme).await, [text("e")]);
}

async fn the_layers_of_old_previews_go_and_their_reports_stay(hosts: &Hosts) {
    let store = &*hosts.one;
    let mut scopes = Vec::new();
    for _ in 0..2 {
        let (run, scope) = preview(store, "crm").await;
        upsert(store, &scope, customer("1", "a")).await.unwrap();
        store
            .report(run, &[written_row("1", "written")])
            .await
            .unwrap();
        scopes.push(scope);
    }
    assert_eq!(prune(store, Stale::Layers, NOW, false).await, 0);
    assert_eq!(prune(store, Stale::Layers, NOW + 1, true).await, 2);
    assert_eq!(prune(store, Stale::Layers, NOW + 1, false).await, 2);
    assert_eq!(prune(store, Stale::Layers, NOW + 1, false).await, 0);
    for scope in &scopes {
        assert_eq!(leads_to(store, scope, "1").await, None);
        assert_eq!(reported(store, scope.layer).await, 1);
    }
}

async fn what_is_forgotten_leaves_that_it_was_there(hosts: &Hosts) {
    let store = &*hosts.one;
    let (previewed, layer) = preview(store, "crm").await;
    upsert(store, &layer, customer("1", "Secret"))
        .await
        .unwrap();
    let run = begin(store, "crm", RunMode::Import).await;
    let scope = Scope {
        run: Some(run),
        ..real("crm")
    };
    let one = upsert(store, &scope, customer("1", "Secret"))
        .await
        .unwrap()
        .id;
    let two = upsert(store, &scope, customer("2", "Other"))
        .await
        .unwrap()
        .id;
    for run in [previewed, run] {
        let rows = ["1", "2"].map(|key| ReportRow {
            title: "Secret".to_owned(),
            reason: Some(Failure::new("x", "Secret").with("value", "Secret")),
            ..written_row(key, "written")
        });
        store.report(run, &rows).await.unwrap();
    }
    let subject = Subject {
        connection: "crm".to_owned(),
        entity: "companies".to_owned(),
        key: "1".to_owned(),
        kind: "customer".to_owned(),
    };
    let forgotten = store.forget(&subject).await.unwrap();
    assert_eq!(
        (forgotten.journal, forgotten.reports, forgotten.previews),
        (1, 2, 1)
    );
    assert_eq!(lines(store, one).await, [text(FORGOTTEN)]);
    assert_eq!(lines(store, two).await, [text("Other")]);
    for run in [previewed, run] {
        let filter = ReportFilter {
            limit: 10,
            ..ReportFilter::default()
        };
        let rows = store.reported(run, &filter).await.unwrap();
        let told = format!("{:?}", rows[0]);
        assert!(!told.contains("Secret"), "{told}");
        assert_eq!(rows[0].effect, Some(Effect::Created), "that it was there");
        assert_eq!(rows[1].row.title, "Secret");
    }
    // Again, there is nothing more to do, and it does no harm.
    store.forget(&subject).await.unwrap();
    let name = name_of(store, &real("crm"), one).await;
    assert_eq!(name, Some(text("Secret")), "the record is Halo's");
}
