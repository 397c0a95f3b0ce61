//! The outbox as it is worked off: what is due, what an attempt leaves behind, what a
//! later change and a person make of it, and the messages.

use super::*;
use crate::store::{
    JournalFilter, MESSAGES_KEPT, NewMessage, OutboxRow, OutboxState, RemoteWrite, ReportFilter,
    Settled, Verdict,
};

on_every_store! {
    due_rows_come_by_kind_and_then_oldest_first,
    a_row_that_was_sent_leaves_and_is_in_the_journal,
    a_row_that_was_nothing_leaves_without_a_trace_in_the_journal,
    a_row_that_a_later_change_has_joined_stays,
    a_failed_attempt_is_kept_and_due_again_at_its_time,
    a_rejected_row_is_not_due_until_its_record_changes_again,
    a_person_makes_rows_due_and_drops_them,
    who_has_lost_the_lane_settles_nothing,
    what_was_written_at_the_remote_counts_for_no_import,
    archives_are_counted_by_record_kind_and_time,
    a_change_that_the_brake_held_keeps_that_reason_when_a_person_lets_it_go,
    messages_come_newest_first_and_the_oldest_are_forgotten,
}

/// Customers and a site that `shop` has not been told of, by names; in the order in
/// which they were written.
async fn changed(store: &dyn Store, names: &[&str]) -> Vec<OutboxRow> {
    let kinds = ["customer", "site"].map(str::to_owned);
    store.register_connection("shop", &kinds).await.unwrap();
    for (n, name) in names.iter().enumerate() {
        let row = customer(name, name);
        let at = NOW + n as u64;
        store.upsert(&real("crm"), &[row], at).await.unwrap();
    }
    store.outbox("shop", 100).await.unwrap()
}

/// In a run of `shop`.
async fn pushing(store: &dyn Store) -> Scope {
    Scope {
        run: Some(begin(store, "shop", RunMode::Push).await),
        cause: "push".to_owned(),
        ..real("shop")
    }
}

fn settled(row: &OutboxRow, verdict: Verdict) -> Settled {
    let word = match &verdict {
        Verdict::Sent(remote, _) => remote.effect.as_str(),
        Verdict::Nothing => "nothing",
        Verdict::Retry { .. } => "retry",
        Verdict::Rejected(_) => "rejected",
    };
    let key = match &verdict {
        Verdict::Sent(remote, _) => remote.key.clone(),
        _ => format!("{}:{}", row.kind, row.record),
    };
    Settled {
        sequence: row.sequence,
        kind: row.kind.clone(),
        record: row.record,
        report: ReportRow {
            record: Some(row.record),
            ..written_row(&key, word)
        },
        verdict,
        message: None,
    }
}

fn sent(effect: &str) -> Verdict {
    let remote = RemoteWrite {
        entity: "companies".to_owned(),
        key: "r1".to_owned(),
        title: "Acme".to_owned(),
        address: Some("https://remote.test/r1".to_owned()),
        effect: effect.to_owned(),
    };
    Verdict::Sent(remote, vec![change("title", Value::None, text("Acme"))])
}

fn retry(next: Timestamp) -> Verdict {
    Verdict::Retry {
        failure: Failure::new("unavailable", "Later."),
        next,
    }
}

fn rejected() -> Verdict {
    Verdict::Rejected(Failure::new("invalid", "No."))
}

async fn settle(store: &dyn Store, scope: &Scope, row: &OutboxRow, verdict: Verdict) {
    let settled = [settled(row, verdict)];
    store.outbox_settle(scope, &settled, NOW).await.unwrap();
}

async fn due(store: &dyn Store, now: Timestamp) -> Vec<(String, RecordId)> {
    let kinds = ["customer", "site"].map(str::to_owned);
    let rows = store.outbox_due("shop", &kinds, now, 100).await.unwrap();
    rows.into_iter().map(|row| (row.kind, row.record)).collect()
}

async fn left(store: &dyn Store) -> Vec<(RecordId, OutboxState, u32)> {
    let rows = store.outbox("shop", 100).await.unwrap();
    rows.into_iter()
        .map(|row| (row.record, row.state, row.attempts))
        .collect()
}

async fn due_rows_come_by_kind_and_then_oldest_first(hosts: &Hosts) {
    let store = &*hosts.one;
    changed(store, &[]).await;
    for (kind, key, at) in [
        ("site", "s1", NOW - 9),
        ("customer", "c2", NOW + 2),
        ("customer", "c1", NOW + 1),
    ] {
        store
            .upsert(&real("crm"), &[row(kind, key, &[])], at)
            .await
            .unwrap();
    }
    let order = async |kinds: &[&str], limit| {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let rows = store.outbox_due("shop", &kinds, NOW, limit).await.unwrap();
        rows.into_iter()
            .map(|row| format!("{} {}", row.kind, row.record))
            .collect::<Vec<_>>()
    };
    let by_kind = ["customer 2", "customer 1", "site 1"];
    assert_eq!(order(&["customer", "site"], 9).await, by_kind);
    assert_eq!(order(&["customer"], 9).await, by_kind);
    assert_eq!(order(&["site"], 2).await, ["site 1", "customer 2"]);
    assert_eq!(order(&[], 9).await, ["site 1", "customer 2", "customer 1"]);
}

async fn a_row_that_was_sent_leaves_and_is_in_the_journal(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = changed(store, &["Acme", "Bolt"]).await;
    let scope = pushing(store).await;
    settle(store, &scope, &rows[0], sent("linked")).await;
    assert_eq!(left(store).await, [(2, OutboxState::Waiting, 0)]);
    let filter = JournalFilter {
        run: scope.run,
        limit: 9,
        ..JournalFilter::default()
    };
    let lines = store.journal(&filter).await.unwrap();
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!(
        (line.connection.as_str(), line.cause.as_str(), line.record),
        ("shop", "push", 1)
    );
    assert_eq!(
        (line.key.as_deref(), line.effect),
        (Some("r1"), Effect::Unchanged)
    );
    let Verdict::Sent(remote, changes) = sent("linked") else {
        unreachable!()
    };
    assert_eq!((&line.remote, &line.changes), (&Some(remote), &changes));
    // The report of the run shows the same, and counts it.
    let run = scope.run.unwrap();
    let all = ReportFilter {
        limit: 9,
        ..ReportFilter::default()
    };
    let reported = store.reported(run, &all).await.unwrap();
    assert_eq!(
        (reported[0].row.outcome.as_str(), &reported[0].changes),
        ("linked", &changes)
    );
    let counts = store.counts(run).await.unwrap();
    assert_eq!((counts.read, counts.linked), (1, 1));
    // Nobody is told of what was written elsewhere.
    assert_eq!(left(store).await.len(), 1);
}

async fn a_row_that_was_nothing_leaves_without_a_trace_in_the_journal(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = changed(store, &["Acme"]).await;
    let scope = pushing(store).await;
    settle(store, &scope, &rows[0], Verdict::Nothing).await;
    assert_eq!(left(store).await, []);
    let filter = JournalFilter {
        run: scope.run,
        limit: 9,
        ..JournalFilter::default()
    };
    assert_eq!(store.journal(&filter).await.unwrap(), []);
    assert_eq!(store.counts(scope.run.unwrap()).await.unwrap().nothing, 1);
}

async fn a_row_that_a_later_change_has_joined_stays(hosts: &Hosts) {
    let (store, other) = (&*hosts.one, &*hosts.two);
    for verdict in [
        sent("created"),
        Verdict::Nothing,
        retry(NOW + 9),
        rejected(),
    ] {
        let rows = changed(store, &["Acme"]).await;
        let scope = pushing(store).await;
        let edit = row(
            "customer",
            "Acme",
            &[("website", text(&format!("{rows:?}")))],
        );
        upsert(other, &real("crm"), edit).await.unwrap();
        settle(store, &scope, &rows[0], verdict).await;
        // As that change has left it: due at once, and never tried.
        assert_eq!(left(store).await, [(1, OutboxState::Waiting, 0)]);
        assert_eq!(due(store, 0).await.len(), 1);
    }
}

async fn a_failed_attempt_is_kept_and_due_again_at_its_time(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = changed(store, &["Acme", "Bolt"]).await;
    let scope = pushing(store).await;
    settle(store, &scope, &rows[0], retry(NOW + 30)).await;
    settle(store, &scope, &rows[0], retry(NOW + 60)).await;
    let kept = store.outbox("shop", 1).await.unwrap().remove(0);
    assert_eq!(
        (kept.state, kept.attempts, kept.next),
        (OutboxState::Retry, 2, NOW + 60)
    );
    assert_eq!(kept.failure.unwrap().message, "Later.");
    assert_eq!(due(store, NOW + 59).await, [("customer".to_owned(), 2)]);
    assert_eq!(due(store, NOW + 60).await.len(), 2);
    // The clock was set back by a year: nothing waits until then.
    let year = 365 * 24 * 60 * 60 * 1_000;
    assert_eq!(due(store, NOW - year).await.len(), 2);
}

async fn a_rejected_row_is_not_due_until_its_record_changes_again(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = changed(store, &["Acme"]).await;
    let scope = pushing(store).await;
    settle(store, &scope, &rows[0], rejected()).await;
    assert_eq!(due(store, Timestamp::MAX).await, []);
    assert_eq!(left(store).await, [(1, OutboxState::Rejected, 1)]);
    let edit = row("customer", "Acme", &[("website", text("w"))]);
    upsert(store, &real("crm"), edit).await.unwrap();
    assert_eq!(due(store, NOW).await.len(), 1);
    let kept = store.outbox("shop", 1).await.unwrap().remove(0);
    // It is still the same news: nobody has been told of the record.
    assert_eq!(kept.what, "created");
    assert_eq!(
        (kept.state, kept.attempts, kept.failure),
        (OutboxState::Waiting, 0, None)
    );
}

async fn a_person_makes_rows_due_and_drops_them(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = changed(store, &["Acme", "Bolt", "Crow"]).await;
    let scope = pushing(store).await;
    settle(store, &scope, &rows[0], rejected()).await;
    settle(store, &scope, &rows[1], retry(NOW + 60)).await;
    let number = |row: &OutboxRow| Some(row.sequence);
    for (connection, sequence, made_due) in [
        ("shop", number(&rows[0]), 1),
        ("shop", Some(9_999), 0),
        // Of somebody else.
        ("crm", number(&rows[1]), 0),
        ("shop", None, 1),
        ("shop", None, 0),
    ] {
        let answer = store.outbox_retry(connection, sequence).await.unwrap();
        assert_eq!(answer, made_due, "{connection} {sequence:?}");
    }
    assert_eq!(due(store, 0).await.len(), 3);
    for (connection, row, dropped) in [("crm", 0, false), ("shop", 0, true), ("shop", 0, false)] {
        let answer = store.outbox_drop(connection, rows[row].sequence).await;
        assert_eq!(answer.unwrap(), dropped);
    }
    assert_eq!(left(store).await.len(), 2);
}

async fn who_has_lost_the_lane_settles_nothing(hosts: &Hosts) {
    let (store, other) = (&*hosts.one, &*hosts.two);
    let rows = changed(store, &["Acme"]).await;
    let late = Scope {
        lane: Some(lane(store, "shop", NOW).await),
        ..pushing(store).await
    };
    lane(other, "shop", NOW + 5_000).await;
    let settled = [settled(&rows[0], sent("created"))];
    assert!(is_fenced(store.outbox_settle(&late, &settled, NOW).await));
    assert_eq!(left(store).await, [(1, OutboxState::Waiting, 0)]);
    assert_eq!(store.counts(late.run.unwrap()).await.unwrap().read, 0);
}

async fn what_was_written_at_the_remote_counts_for_no_import(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = changed(store, &["Acme"]).await;
    let scope = pushing(store).await;
    settle(store, &scope, &rows[0], sent("updated")).await;
    assert!(store.changed(scope.run.unwrap()).await.unwrap().is_empty());
}

async fn archives_are_counted_by_record_kind_and_time(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = changed(store, &["Acme", "Bolt", "Crow"]).await;
    let scope = pushing(store).await;
    for (row, verdict) in [
        (0, sent("archived")),
        (0, sent("archived")),
        (1, sent("updated")),
        (1, sent("archived")),
    ] {
        settle(store, &scope, &rows[row], verdict).await;
    }
    upsert(store, &real("crm"), removal("Crow")).await.unwrap();
    let counted = async |connection: &str, kind: &str, since| {
        let archives = store.archives(connection, kind, since).await.unwrap();
        (archives.archived, archives.untold)
    };
    assert_eq!(counted("shop", "customer", NOW).await, (2, 1));
    assert_eq!(counted("shop", "customer", NOW + 1).await, (0, 1));
    assert_eq!(counted("shop", "site", NOW).await, (0, 0));
    assert_eq!(counted("crm", "customer", NOW).await, (0, 0));
}

async fn a_change_that_the_brake_held_keeps_that_reason_when_a_person_lets_it_go(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = changed(store, &["Acme", "Bolt"]).await;
    let scope = pushing(store).await;
    let held = Verdict::Rejected(Failure::new("brake", "Too many."));
    settle(store, &scope, &rows[0], held).await;
    settle(store, &scope, &rows[1], rejected()).await;
    store.outbox_retry("shop", None).await.unwrap();
    let codes: Vec<_> = store
        .outbox("shop", 9)
        .await
        .unwrap()
        .into_iter()
        .map(|row| (row.state, row.failure.map(|failure| failure.code)))
        .collect();
    let waiting = OutboxState::Waiting;
    assert_eq!(
        codes,
        [(waiting, Some("brake".to_owned())), (waiting, None)]
    );
}

async fn messages_come_newest_first_and_the_oldest_are_forgotten(hosts: &Hosts) {
    let store = &*hosts.one;
    let rows = changed(store, &["Acme"]).await;
    let scope = real("shop");
    let message = |number: u32| Settled {
        message: Some(NewMessage {
            level: "info".to_owned(),
            text: format!("Message {number}."),
            title: "Acme".to_owned(),
            address: None,
        }),
        ..settled(&rows[0], Verdict::Nothing)
    };
    let many: Vec<Settled> = (0..MESSAGES_KEPT + 5).map(message).collect();
    store.outbox_settle(&scope, &many, NOW).await.unwrap();
    let newest = store.messages("shop", 2).await.unwrap();
    let texts: Vec<&str> = newest.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["Message 10004.", "Message 10003."]);
    assert_eq!(
        (newest[0].at, newest[0].kind.as_str(), newest[0].record),
        (NOW, "customer", 1)
    );
    let all = store.messages("shop", u32::MAX).await.unwrap();
    assert_eq!(all.len(), MESSAGES_KEPT as usize);
    assert_eq!(store.messages("crm", 9).await.unwrap(), []);
}
