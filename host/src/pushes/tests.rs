use super::*;
use crate::connection::Sent;
use crate::engine::CallError;
use crate::store::{OutboxState, RemoteWrite};

const NOW: Timestamp = 1_790_000_000_000;

fn row(sequence: u64, kind: &str) -> OutboxRow {
    OutboxRow {
        sequence,
        connection: "crm".to_owned(),
        kind: kind.to_owned(),
        record: sequence,
        what: "updated".to_owned(),
        fields: vec!["name".to_owned()],
        at: NOW,
        state: OutboxState::Waiting,
        attempts: 0,
        next: 0,
        failure: None,
    }
}

fn after(failure: Failure, row: OutboxRow) -> OutboxRow {
    OutboxRow {
        state: OutboxState::Retry,
        attempts: row.attempts + 1,
        failure: Some(failure),
        ..row
    }
}

fn crash() -> Failure {
    let error = ConnectionError::Call(CallError::Trap("unreachable".to_owned()));
    failure_of_call(&error)
}

fn description() -> Description {
    let json = r#"{"format": 1, "name": "CRM", "version": "1", "entities": [
        {"name": "companies", "label": "C", "kind": "customer", "push": true},
        {"name": "stores", "label": "S", "kind": "customer", "push": true},
        {"name": "items", "label": "I", "kind": "item"},
        {"name": "people", "label": "P", "kind": "user", "push": true}]}"#;
    Description::parse(json).unwrap()
}

fn subject() -> Subject {
    Subject::of(&description(), &row(7, "customer"), None)
}

#[test]
fn kinds_are_pushed_in_the_order_of_the_entities() {
    assert_eq!(kinds(&description()), ["customer", "user"]);
}

#[test]
fn a_batch_is_of_one_kind_and_what_died_comes_alone() {
    let numbers = |due: Vec<OutboxRow>| -> Vec<u64> {
        batch(due).into_iter().map(|row| row.sequence).collect()
    };
    let dead = |sequence| after(crash(), row(sequence, "customer"));
    let late = |sequence| after(unanswered(), row(sequence, "customer"));
    let fresh = |sequence| row(sequence, "customer");
    assert_eq!(numbers(vec![]), [0u64; 0]);
    assert_eq!(numbers(vec![fresh(1), late(2), row(3, "user")]), [1, 2]);
    assert_eq!(numbers(vec![fresh(1), dead(2), fresh(3)]), [1]);
    assert_eq!(numbers(vec![dead(2), fresh(3)]), [2]);
    assert_eq!(numbers((0..300).map(fresh).collect()).len(), 100);
}

#[test]
fn a_failure_comes_again_after_twice_as_long_each_time_up_to_an_hour() {
    let failure = Failure::new("unavailable", "x");
    for (attempts, seconds) in [
        (0, 30),
        (1, 60),
        (2, 120),
        (6, 1_920),
        (7, 3_600),
        (8, 3_600),
        (u32::MAX, 3_600),
    ] {
        let next = next_attempt(attempts, &failure, NOW);
        assert_eq!(next - NOW, seconds * 1_000, "after {attempts}");
    }
}

#[test]
fn a_failure_may_say_when_to_come_again_within_reason() {
    const DAY: u64 = 24 * 3_600 * 1_000;
    for (asked, expected) in [
        ((NOW + 5_000).to_string(), 5_000),
        // Long past: not in the same run again.
        ("1".to_owned(), 1_000),
        (u64::MAX.to_string(), DAY),
        // No time at all.
        ("tomorrow".to_owned(), 30_000),
    ] {
        let failure = Failure::new("busy", "x").with("retry-at", &asked);
        assert_eq!(next_attempt(0, &failure, NOW) - NOW, expected, "{asked}");
    }
}

#[test]
fn s70_a_failed_change_is_always_told_and_a_sent_one_where_the_connector_asks() {
    let told = |row: &OutboxRow, outcome: Outcome| {
        let settled = settled(row, &subject(), outcome, NOW);
        settled.message.map(|message| message.level)
    };
    let sent = |message: Option<&str>| {
        Outcome::Sent(Sent {
            remote: RemoteWrite {
                entity: "companies".to_owned(),
                key: "1".to_owned(),
                title: "Acme".to_owned(),
                address: None,
                effect: "updated".to_owned(),
            },
            changes: Vec::new(),
            message: message.map(str::to_owned),
        })
    };
    let failure = |code: &str| Failure::new(code, "x");
    let fresh = row(7, "customer");
    let tried = after(failure("busy"), fresh.clone());
    for (row, outcome, level) in [
        (&fresh, sent(None), None),
        (&fresh, sent(Some("Acme was updated.")), Some("info")),
        (&fresh, Outcome::Nothing(Some(failure("x"))), None),
        (&fresh, Outcome::Rejected(failure("x")), Some("error")),
        (&tried, Outcome::Rejected(failure("busy")), Some("error")),
        (&fresh, Outcome::Retry(failure("busy")), Some("error")),
        // The same again is no news, another reason is.
        (&tried, Outcome::Retry(failure("busy")), None),
        (&tried, Outcome::Retry(failure("remote")), Some("error")),
    ] {
        let shown = format!("{outcome:?}");
        assert_eq!(told(row, outcome).as_deref(), level, "{shown}");
    }
}

#[test]
fn what_was_not_sent_is_reported_by_its_record_where_it_is_linked_to_nothing() {
    let rejected = Outcome::Rejected(Failure::new("invalid", "x"));
    let report = settled(&row(7, "customer"), &subject(), rejected, NOW).report;
    assert_eq!(
        (report.entity.as_str(), report.key.as_str(), report.record),
        ("companies", "customer:7", Some(7))
    );
}
