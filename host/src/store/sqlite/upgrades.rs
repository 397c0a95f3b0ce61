//! A file of the version before, with what that left in it.

use std::path::Path;

use super::SqliteStore;
use crate::model::RunId;
use crate::schema::INDEXED;
use crate::store::{Counts, JournalFilter, Store};

/// As version 5 has left it: a run that is done, one that goes on, and events.
fn of_version_5(path: &Path) {
    let older = rusqlite::Connection::open(path).unwrap();
    for script in [
        include_str!("schema-1.sql"),
        include_str!("schema-2.sql"),
        include_str!("schema-3.sql"),
        include_str!("schema-4.sql"),
        include_str!("schema-5.sql"),
    ] {
        older.execute_batch(script).unwrap();
    }
    older
        .execute_batch(
            "INSERT INTO run (id, connection, entity, mode, arguments, started, ended, state)
                VALUES (1, 'crm', 'companies', 'import', '{}', 1, 2, 'done'),
                       (2, 'crm', 'companies', 'import', '{}', 3, NULL, 'running');
             UPDATE run SET failure = '{\"code\":\"x\",\"message\":\"y\"}' WHERE id = 1;
             INSERT INTO report (run, key_length, key, entity, title, facets, outcome, kind)
                VALUES (1, 1, 'a', 'companies', 'A', '[]', 'written', 'customer'),
                       (1, 1, 'b', 'companies', 'B', '[]', 'failed', 'customer'),
                       (2, 1, 'a', 'companies', 'A', '[]', 'skipped', 'customer');
             INSERT INTO journal
                (layer, at, connection, run, cause, kind, record, key, effect, changes)
                VALUES (0, 1, 'crm', 1, 'import', 'customer', 1, 'a', 'created', '[]'),
                       (0, 2, 'shop', NULL, 'x', 'customer', 1, NULL, 'updated', '[]'),
                       (0, 3, '', NULL, 'edit', 'customer', 1, NULL, 'updated', '[]'),
                       (7, 4, 'crm', 7, 'preview', 'customer', 2, 'b', 'created', '[]');
             INSERT INTO inbox (connection, account, object, dedupe, payload, received, state)
                VALUES ('crm', '7', 'deal/1', '1', x'', 1, 'applied'),
                       ('crm', '7', 'deal/2', '2', x'00', 2, 'rejected'),
                       ('shop', '7', 'deal/3', '3', x'00', 3, 'waiting'),
                       ('crm', '7', 'deal/4', '4', x'00', 4, 'retry'),
                       ('crm', '7', 'deal/5', '5', x'00', 5, 'waiting'),
                       ('crm', '7', 'deal/6', '6', x'', 6, 'ignored');
             PRAGMA application_id = 0x48616c6f;
             PRAGMA user_version = 5;",
        )
        .unwrap();
}

fn read(created: u64, failed: u64, skipped: u64) -> Counts {
    Counts {
        read: created + failed + skipped,
        created,
        failed,
        skipped,
        ..Counts::default()
    }
}

async fn lines(store: &SqliteStore, filter: JournalFilter) -> Vec<u64> {
    let filter = JournalFilter { limit: 9, ..filter };
    let lines = store.journal(&filter).await.unwrap();
    lines.into_iter().map(|line| line.sequence).collect()
}

#[tokio::test]
async fn a_store_of_version_5_shows_the_same_with_version_6() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("halo.db");
    of_version_5(&path);
    let store = SqliteStore::open(&path, INDEXED).unwrap();
    // Nothing was kept for runs of then: they are counted.
    assert_eq!(store.counts(1).await.unwrap(), read(1, 1, 0));
    assert_eq!(store.counts(2).await.unwrap(), read(0, 0, 1));
    let latest = store.latest_runs("crm").await.unwrap();
    let latest: Vec<RunId> = latest.into_iter().map(|run| run.id).collect();
    assert_eq!(latest, [2, 1]);
    assert_eq!(lines(&store, JournalFilter::default()).await, [3, 2, 1]);
    for (connection, expected) in [("crm", 1), ("shop", 2), ("", 3)] {
        let filter = JournalFilter {
            connection: Some(connection.to_owned()),
            ..JournalFilter::default()
        };
        assert_eq!(lines(&store, filter).await, [expected], "{connection}");
    }
    let of_preview = JournalFilter {
        layer: 7,
        ..JournalFilter::default()
    };
    assert_eq!(lines(&store, of_preview).await, [4]);
    let newest = store.inbox("crm", &[], 4).await.unwrap();
    let newest: Vec<&str> = newest.iter().map(|row| row.dedupe.as_str()).collect();
    assert_eq!(newest, ["6", "5", "4", "2"]);
    // From now on they are kept.
    store.run_end(2, "done", None, 9).await.unwrap();
    assert_eq!(store.counts(2).await.unwrap(), read(0, 0, 1));
}

#[tokio::test]
async fn the_sums_of_a_run_that_has_ended_are_read_and_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("halo.db");
    of_version_5(&path);
    let store = SqliteStore::open(&path, INDEXED).unwrap();
    store.run_end(1, "done", None, 9).await.unwrap();
    // Behind its back, so that who counts sees nothing.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("DELETE FROM report").unwrap();
    assert_eq!(store.counts(1).await.unwrap(), read(1, 1, 0));
    assert_eq!(store.counts(2).await.unwrap(), Counts::default());
}
