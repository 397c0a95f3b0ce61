//! A hostile or broken component costs one failed call with a named reason: the host
//! lives on, the next honest call works, and the store is as it was before.
//! `tests/hostile` is the component; the name of the entity picks its misdeed.

pub mod cell;

use std::time::{Duration, Instant};

use halo_host::capability::Stop;
use halo_host::engine::limits::CallTime;
use halo_host::runs::failure_of;
use halo_host::store::RunMode;

use crate::shop::program;
use cell::{Cell, NAME};

/// A tenth of the CPU budget of production, so that a loop is soon over.
const STRICT: CallTime = CallTime {
    cpu: Duration::from_secs(1),
    wall: Duration::from_secs(60),
};

/// A misdeed in a real run, in a host of its own.
async fn costs(entity: &str, code: &str, words: &str) {
    let cell = Cell::open().await;
    let failure = cell.commit(entity, RunMode::Import).await;
    check(entity, &failure, code, words);
}

fn check(entity: &str, failure: &(String, String), code: &str, words: &str) {
    assert_eq!(failure.0, code, "{entity}: {failure:?}");
    assert!(failure.1.contains(words), "{entity}: {failure:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_loops_for_ever_is_stopped_after_its_cpu_budget() {
    let cell = Cell::open_with(STRICT).await;
    let begun = Instant::now();
    let failure = cell.commit("loop", RunMode::Import).await;
    check(
        "loop",
        &failure,
        "cpu-budget",
        "more than 1 seconds without an end",
    );
    assert!(begun.elapsed() >= STRICT.cpu);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_does_not_keep_another_connection_waiting() {
    let (looping, other) = (Cell::open().await, Cell::open().await);
    let looping = tokio::spawn(async move { looping.run("loop", RunMode::Import).await });
    other.honest().await;
    other.honest().await;
    assert!(!looping.is_finished(), "the loop was over first");
    // A run that nobody waits for any more ends at its next tick.
    looping.abort();
    assert!(looping.await.unwrap_err().is_cancelled());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_always_has_more_to_do_can_be_stopped() {
    let cell = Cell::open().await;
    let stop = Stop::default();
    let ended = tokio::join!(cell.run_until("endless", &stop), async {
        // Not its first moments: when it has recorded itself as running.
        while cell.host.store.runs(NAME, 1).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        stop.ask();
    });
    assert_eq!(ended.0.unwrap().state, "stopped");
    cell.honest().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_waits_too_long_is_stopped_after_its_wall_budget() {
    let cell = Cell::open_with(CallTime {
        wall: Duration::from_secs(2),
        ..STRICT
    });
    let cell = cell.await;
    let failure = cell.commit("sleep", RunMode::Import).await;
    check("sleep", &failure, "wall-budget", "took more than 2 seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_waits_twenty_seconds_for_its_rate_budget_does_not_fail() {
    // With one second of computing: waiting costs none of it.
    let cell = Cell::open_with(STRICT).await;
    let begun = Instant::now();
    let summary = cell.run("patient", RunMode::Import).await.unwrap();
    let waited = begun.elapsed();
    assert_eq!(summary.state, "done", "{summary:?}");
    assert!(waited >= Duration::from_secs(20), "only {waited:?}");
    assert_eq!(cell.granted.requests(), 5);
    let traffic = cell.connection.grants.http.traffic();
    assert_eq!(
        (traffic.calls["/scarce"], traffic.waits),
        (5, 2),
        "{traffic:?}"
    );
    cell.honest().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_eats_memory_is_stopped_at_its_limit() {
    costs("memory", "memory-limit", "more than 128 MB").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_recurses_for_ever_runs_out_of_stack() {
    costs("stack", "trap", "call stack exhausted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_panics_crashes_alone() {
    costs("trap", "trap", "unreachable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_opens_handles_without_end_is_stopped() {
    costs("handles", "handle-limit", "more than 1000 handles").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_header_ends_the_call() {
    costs("huge-header", "header-limit", "more than 64 kB").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_headers_ends_the_call() {
    costs("endless-headers", "header-limit", "more than 64 kB").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_string_that_is_too_long_to_copy_ends_the_call() {
    costs("huge-string", "trap", "fuel allocated for hostcalls").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terabyte_of_randomness_is_not_given() {
    costs("huge-random", "trap", "exceeds limit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_to_a_forbidden_host_is_denied_and_never_leaves() {
    let cell = Cell::open().await;
    let failure = cell.commit("forbidden", RunMode::Import).await;
    check("forbidden", &failure, "denied", "HttpRequestDenied");
    // One that says nothing of it gets no further.
    let summary = cell
        .run("forbidden-and-mute", RunMode::Import)
        .await
        .unwrap();
    assert_eq!(summary.state, "done");
    assert_eq!((cell.granted.requests(), cell.forbidden.requests()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_in_a_preview_is_denied_and_never_leaves() {
    let cell = Cell::open().await;
    let failure = cell.commit("write", RunMode::Preview).await;
    check("write", &failure, "denied", "HttpRequestDenied");
    assert_eq!(cell.granted.requests(), 0);
    // In an import it is what the connector is for.
    assert_eq!(
        cell.run("write", RunMode::Import).await.unwrap().state,
        "done"
    );
    assert_eq!(cell.granted.requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_answers_that_are_too_large_fail_alone() {
    let cell = Cell::open().await;
    for (entity, words) in [
        ("many-headers", "HttpRequestHeaderSectionSize"),
        ("big-request", "HttpRequestBodySize"),
        ("big-answer", "HttpResponseBodySize"),
    ] {
        let failure = cell.commit(entity, RunMode::Import).await;
        check(entity, &failure, "limit", words);
    }
    // Only the answer that is too large was asked for.
    assert_eq!(cell.granted.requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_answers_than_a_call_may_hold_are_refused() {
    let cell = Cell::open().await;
    let failure = cell.commit("many-requests", RunMode::Import).await;
    check("many-requests", &failure, "limit", "ConnectionLimitReached");
    assert!(cell.granted.requests() <= 16, "{}", cell.granted.requests());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_capability_takes_in_one_call_is_refused_by_name() {
    let cell = Cell::open().await;
    for (entity, code, words) in [
        ("big-read", "limit", "At most 1000 in one call, not 1001"),
        ("big-resolve", "limit", "At most 1000 in one call, not 1001"),
        ("big-find", "limit", "At most 1000 in one call, not 1001"),
        ("big-batch", "limit", "At most 1000 in one call, not 1001"),
        ("big-report", "limit", "At most 1000 in one call, not 1001"),
        ("big-get", "limit", "At most 1000 in one call, not 1001"),
        ("big-scan", "scanned", "1000 entries"),
        ("big-commit", "limit", "At most 5000 writes"),
        ("long-state-key", "limit", "1 to 500 bytes"),
        ("big-state-value", "limit", "at most 1048576 bytes"),
        ("big-secret", "limit", "at most 65536 bytes"),
        ("short-cadence", "invalid", "at least 60 seconds"),
        ("long-task-name", "invalid", "1 to 200 characters"),
        ("many-tasks", "limit", "At most 100 tasks"),
    ] {
        let failure = cell.commit(entity, RunMode::Import).await;
        check(entity, &failure, code, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_question_with_a_huge_answer_is_refused() {
    costs("hoard", "limit", "ask in smaller parts").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_granted_is_denied_by_name() {
    let cell = Cell::open().await;
    for (entity, words) in [
        ("foreign-kind", "kind \"user\""),
        ("foreign-read", "kind \"user\""),
        ("granted-secret", "comes from the configuration"),
    ] {
        let failure = cell.commit(entity, RunMode::Import).await;
        check(entity, &failure, "denied", words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_only_looks_cannot_write() {
    let cell = Cell::open().await;
    cell.honest().await;
    let before = cell.contents().await;
    let problems = cell.connection.check_settings("{}", true).await.unwrap();
    let codes: Vec<_> = problems
        .iter()
        .map(|p| (p.path.as_str(), p.code.as_str()))
        .collect();
    assert_eq!(
        codes,
        [
            ("/records", "dry-run"),
            ("/state", "dry-run"),
            ("/http", "denied")
        ]
    );
    assert_eq!(cell.contents().await, before);
    assert_eq!(cell.granted.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_not_there_is_named() {
    let cell = Cell::open().await;
    let failure = failure_of(&cell.connection.status().await.unwrap_err());
    check(
        "status",
        &(failure.code, failure.message),
        "missing-export",
        "\"connect\"",
    );
    cell.honest().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_command_line_a_misdeed_is_one_failed_command() {
    let cell = Cell::open().await;
    let run = async |entity: &str| {
        let arguments = ["import", NAME, entity];
        program().run(cell.folder.path(), &arguments).await.unwrap()
    };
    let crashed = run("trap").await;
    assert_eq!(crashed.code, Some(1), "{crashed:?}");
    assert!(
        crashed.stderr.contains("error: The connector crashed"),
        "{crashed:?}"
    );
    let denied = run("forbidden").await;
    assert_eq!(denied.code, Some(3), "{denied:?}");
    // Whom it wanted to reach is told by the host, whatever the connector says.
    assert!(
        denied.stderr.contains(&cell.forbidden.address),
        "{denied:?}"
    );
    let honest = run("honest").await;
    assert_eq!(honest.code, Some(0), "{honest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_line_of_a_component_is_one_line_and_no_dump() {
    let cell = Cell::open().await;
    let arguments = ["import", NAME, "long-log-line"];
    let ended = program().run(cell.folder.path(), &arguments).await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<_> = ended
        .stderr
        .lines()
        .filter(|line| line.contains("connector"))
        .collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in lines {
        assert!(line.len() < 2_500, "{} bytes", line.len());
    }
    assert!(
        !ended
            .stderr
            .lines()
            .any(|line| line.starts_with("ERROR forged")),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_lines_is_cut_off() {
    let cell = Cell::open().await;
    let arguments = ["import", NAME, "many-log-lines"];
    let ended = program().run(cell.folder.path(), &arguments).await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stderr.matches(" line ").count(), 1_000);
    assert!(
        ended
            .stderr
            .contains("further lines of this call are left out")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_is_a_dump_is_cut_to_a_sentence() {
    let cell = Cell::open().await;
    let (code, message) = cell.commit("long-failure", RunMode::Import).await;
    assert_eq!((code.as_str(), message.len()), ("remote", 4_000));
}
