//! The commands `push`, `outbox` and `messages`, and what others show of a push.

use halo_tests::kit::Ended;

use super::customer;
use crate::hostile::cell::{Cell, NAME};
use crate::shop::program;

async fn run(cell: &Cell, arguments: &[&str]) -> Ended {
    program().run(cell.folder.path(), arguments).await.unwrap()
}

/// The text of a command that ends well.
async fn told(cell: &Cell, arguments: &[&str]) -> String {
    let ended = run(cell, arguments).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout
}

fn assert_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s70_what_is_sent_and_what_is_not_can_be_read() {
    let cell = Cell::open().await;
    let nothing = told(&cell, &["push", NAME]).await;
    assert_all(
        &nothing,
        &["Nothing has changed in Halo that was not sent."],
    );
    for name in ["Acme", "Tell Bolt", "Retry Crow", "Reject Dove"] {
        customer(&cell.host, name).await;
    }
    let dry = told(&cell, &["push", NAME, "--dry-run"]).await;
    assert_all(
        &dry,
        &[
            "customer 1 \"Acme\", created:",
            "POST /objects/customer-1",
            "\"created\": \"Acme\"",
            "would be rejected: The remote refuses this name.",
            "Nothing was sent.",
        ],
    );
    assert_eq!(cell.granted.requests(), 0);
    let pushed = told(&cell, &["push", NAME]).await;
    assert_all(
        &pushed,
        &[
            "4 changes: 2 created, 1 retry, 1 rejected.",
            "title: Acme",
            "The remote is away.",
            "The remote refuses this name.",
            "1 rejected waits for a person.",
            "halo-host outbox hostile",
        ],
    );
    let messages = told(&cell, &["messages", NAME]).await;
    let lines: Vec<&str> = messages.lines().collect();
    assert_eq!(lines.len(), 4, "{messages}");
    assert_all(
        &messages,
        &[
            "info  customer 2 \"Tell Bolt\": Tell Bolt was created.",
            "    https://remote.test/customer-2",
            "error  customer 3 \"Retry Crow\": Not sent, and tried again at ",
            "error  customer 4 \"Reject Dove\": Not sent, and waits for a person: The remote refuses",
        ],
    );
    let journal = told(&cell, &["journal", "--record", "customer:1"]).await;
    assert_all(
        &journal,
        &[
            "customer 1 created at the remote, honest customer-1 by hostile, run 2: push",
            "https://remote.test/customer-1",
            "title: (empty) → Acme",
        ],
    );
    let why = told(&cell, &["why", NAME, "honest", "customer-1"]).await;
    assert_all(
        &why,
        &[
            "Linked to customer 1",
            "Last in step: run 2, push",
            "created at the remote",
        ],
    );
    let report = told(&cell, &["report", NAME, "2", "--outcome", "rejected"]).await;
    assert_all(&report, &["push of changes", "Reject Dove"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_tries_again_or_gives_up_by_the_numbers_of_the_list() {
    let cell = Cell::open().await;
    let empty = told(&cell, &["outbox", NAME]).await;
    assert_all(&empty, &["Nothing has changed in Halo that was not sent."]);
    for name in ["Retry Crow", "Reject Dove"] {
        customer(&cell.host, name).await;
    }
    told(&cell, &["push", NAME]).await;
    let later = told(&cell, &["push", NAME]).await;
    assert_all(
        &later,
        &["Nothing is due now.", "1 change tried again, the next at "],
    );
    let list = told(&cell, &["outbox", NAME]).await;
    assert_all(
        &list,
        &[
            "customer 1",
            "Retry Crow",
            "retry",
            "rejected",
            "The remote is away.",
            "drop ID",
        ],
    );
    let listed = run(&cell, &["outbox", NAME, "--json"])
        .await
        .json()
        .unwrap();
    let rows = listed[0].as_array().unwrap();
    assert_eq!(
        (&rows[1]["state"], &rows[1]["attempts"], &rows[1]["title"]),
        (&"rejected".into(), &1.into(), &"Reject Dove".into())
    );
    let number = rows[1]["sequence"].to_string();
    for (arguments, words) in [
        (
            &["retry", "99"][..],
            "There is no change 99 in the outbox of hostile",
        ),
        (
            &["retry", "some"],
            "\"some\" is no change; write its number",
        ),
        (&["drop", "99"], "There is no change 99"),
    ] {
        let ended = run(&cell, &[&["outbox", NAME], arguments].concat()).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_all(&ended.stderr, &[words]);
    }
    assert_all(
        &told(&cell, &["outbox", NAME, "retry", &number]).await,
        &["Due now: 1."],
    );
    assert_all(
        &told(&cell, &["outbox", NAME, "retry", "all"]).await,
        &["Due now: 1."],
    );
    let again = run(&cell, &["push", NAME, "--json"]).await.json().unwrap();
    let counts = &again[0]["summary"]["counts"];
    assert_eq!(
        (&counts["retry"], &counts["rejected"]),
        (&1.into(), &1.into())
    );
    assert_eq!(again[0]["outbox"]["rejected"], 1);
    assert_all(
        &told(&cell, &["outbox", NAME, "drop", &number]).await,
        &["Dropped."],
    );
    let listed = run(&cell, &["outbox", NAME, "--json"])
        .await
        .json()
        .unwrap();
    assert_eq!(listed[0].as_array().unwrap().len(), 1);
    let unknown = run(&cell, &["outbox", "nobody"]).await;
    assert_eq!(unknown.code, Some(3), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_ends_the_command_with_its_sentence() {
    let cell = Cell::open().await;
    customer(&cell.host, "Fail").await;
    let failed = run(&cell, &["push", NAME]).await;
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert_all(&failed.stderr, &["error: The remote has no such account."]);
    assert_all(&failed.stdout, &["1 change: 1 retry.", "tried again"]);
}
