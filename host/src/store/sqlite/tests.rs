//! What is SQLite's own: the file, its rights, and what happens when it is not one.
//! What every store must do is in `store/conformance.rs`.

use std::path::{Path, PathBuf};

use super::SqliteStore;
use crate::model::{Row, RowOptions, Value};
use crate::schema::INDEXED;
use crate::store::{NewEvent, Scope, Store, StoreError};

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("halo.db");
    (folder, path)
}

fn scope() -> Scope {
    Scope {
        connection: "crm".to_owned(),
        layer: 0,
        run: None,
        cause: "test".to_owned(),
        lane: None,
    }
}

fn customer(key: &str) -> Row {
    Row {
        kind: "customer".to_owned(),
        key: Some(key.to_owned()),
        id: None,
        other_keys: Vec::new(),
        expected: None,
        fields: [("website".to_owned(), Value::Text("Acme.test".to_owned()))].into(),
        options: RowOptions {
            may_create: true,
            ..RowOptions::default()
        },
    }
}

fn told(path: &Path) -> String {
    SqliteStore::open(path, INDEXED).unwrap_err().to_string()
}

#[tokio::test]
async fn what_was_answered_is_there_when_the_file_is_opened_again() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path, INDEXED).unwrap();
    store.upsert(&scope(), &[customer("1")], 1).await.unwrap();
    drop(store);
    let store = SqliteStore::open(&path, INDEXED).unwrap();
    assert_eq!(store.count("customer").await.unwrap(), 1);
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_in_one_clear_sentence() {
    let (_folder, path) = place();
    for garbage in [&b"no database"[..], &[b'x'; 10_000]] {
        std::fs::write(&path, garbage).unwrap();
        let told = told(&path);
        assert!(told.contains("is damaged or is not a store"), "{told}");
        // And is left as it was.
        assert_eq!(std::fs::read(&path).unwrap(), garbage);
    }
}

#[tokio::test]
async fn a_database_of_another_program_is_refused() {
    let (_folder, path) = place();
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE theirs (a); PRAGMA user_version = 1;")
        .unwrap();
    drop(other);
    let told = told(&path);
    assert!(
        told.contains("it is a database of another program"),
        "{told}"
    );
}

#[tokio::test]
async fn a_damaged_page_shows_when_the_file_is_opened() {
    let (_folder, path) = place();
    drop(SqliteStore::open(&path, INDEXED).unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096..].fill(0xab);
    std::fs::write(&path, bytes).unwrap();
    let error = SqliteStore::open(&path, INDEXED).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_refused() {
    let (_folder, path) = place();
    drop(SqliteStore::open(&path, INDEXED).unwrap());
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let error = SqliteStore::open(&path, INDEXED).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Newer {
                found: 99,
                known: 6,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_of_an_older_program_is_brought_up_to_date_and_keeps_what_it_has() {
    let (_folder, path) = place();
    let older = rusqlite::Connection::open(&path).unwrap();
    older.execute_batch(include_str!("schema-1.sql")).unwrap();
    older
        .execute_batch(
            "INSERT INTO record VALUES (0, 'customer', 1, 1, '{}');
             INSERT INTO outbox VALUES (7, 'crm', 'customer', 1, 'created', '[]', 5);
             PRAGMA application_id = 0x48616c6f;
             PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(older);
    let store = SqliteStore::open(&path, INDEXED).unwrap();
    assert_eq!(store.count("customer").await.unwrap(), 1);
    assert_eq!(store.tallies("crm").await.unwrap(), []);
    // What nobody was told of then is due now.
    let due = store.outbox_due("crm", &[], 0, 9).await.unwrap();
    assert_eq!((due.len(), due[0].sequence, due[0].attempts), (1, 7, 0));
}

#[tokio::test]
async fn a_place_where_no_file_can_be_is_named() {
    let (folder, _) = place();
    for path in [
        folder.path().to_owned(),
        folder.path().join("none").join("halo.db"),
    ] {
        let told = told(&path);
        assert!(
            told.contains(&format!("{} cannot be used", path.display())),
            "{told}"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = place();
    let store = SqliteStore::open(&path, INDEXED).unwrap();
    store.upsert(&scope(), &[customer("1")], 1).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .flatten()
        .collect();
    assert!(files.len() > 1, "no side files");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
}

#[tokio::test]
async fn many_can_open_a_fresh_file_at_once() {
    // Several times, as it takes luck to meet at the switch to the log.
    for _ in 0..20 {
        let (_folder, path) = place();
        let start = std::sync::Barrier::new(12);
        std::thread::scope(|threads| {
            for _ in 0..12 {
                threads.spawn(|| {
                    start.wait();
                    SqliteStore::open(&path, INDEXED).unwrap();
                });
            }
        });
    }
}

#[tokio::test]
async fn a_program_that_looks_up_by_other_fields_indexes_anew() {
    const OTHER: &[(&str, &[&str])] = &[("customer", &["website"])];
    let (_folder, path) = place();
    let store = SqliteStore::open(&path, INDEXED).unwrap();
    store.upsert(&scope(), &[customer("1")], 1).await.unwrap();
    drop(store);
    let store = SqliteStore::open(&path, OTHER).unwrap();
    let values = ["acme.TEST".to_owned()];
    let found = store
        .find(&scope(), "customer", "website", &values)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn a_full_disk_fails_the_operation_and_leaves_nothing_half_written() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path, INDEXED).unwrap();
    store.upsert(&scope(), &[customer("1")], 1).await.unwrap();
    let limit = |db: &rusqlite::Transaction<'_>, pages: i64| {
        db.pragma_update(None, "max_page_count", pages)?;
        Ok(())
    };
    store.write(move |db| limit(db, 1)).await.unwrap();
    let rows: Vec<Row> = (2..2_000).map(|n| customer(&n.to_string())).collect();
    let answer = store.upsert(&scope(), &rows, 1).await;
    assert!(matches!(answer, Err(StoreError::Full { .. })), "{answer:?}");
    assert_eq!(store.count("customer").await.unwrap(), 1);
    store.write(move |db| limit(db, 1_000_000)).await.unwrap();
    store.upsert(&scope(), &rows, 1).await.unwrap();
    assert_eq!(store.count("customer").await.unwrap(), 1_999);
}

#[tokio::test]
async fn work_goes_on_when_its_caller_is_dropped() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path, INDEXED).unwrap();
    let rows: Vec<Row> = (0..500).map(|n| customer(&n.to_string())).collect();
    let scope = scope();
    let mut call = store.upsert(&scope, &rows, 1);
    assert!(
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(call.as_mut().poll(context).is_pending())
        })
        .await
    );
    drop(call);
    // What is asked of the writer afterwards comes after it.
    store.meta_set("crm", "after", Some("1")).await.unwrap();
    assert_eq!(store.count("customer").await.unwrap(), 500);
}

#[tokio::test]
async fn an_event_that_was_answered_is_in_the_files_as_a_kill_leaves_them() {
    let (folder, path) = place();
    let store = SqliteStore::open(&path, INDEXED).unwrap();
    let event = NewEvent {
        connection: "crm".to_owned(),
        account: "7".to_owned(),
        object: "deal/1".to_owned(),
        dedupe: "a".to_owned(),
        payload: b"a".to_vec(),
    };
    store.inbox_add(vec![event], 1).await.unwrap();
    // Without the index of the log: that is memory, and made anew from the log.
    let killed = folder.path().join("killed.db");
    for end in ["", "-wal"] {
        let file = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        std::fs::copy(file(&path), file(&killed)).unwrap();
    }
    let again = SqliteStore::open(&killed, INDEXED).unwrap();
    assert_eq!(again.inbox_due("crm", 1, 10).await.unwrap().len(), 1);
}

#[test]
fn each_commit_is_synced_before_it_is_answered() {
    let (_folder, path) = place();
    let writer = super::open::writer(&path, INDEXED).unwrap();
    let pragma = |name: &str| {
        writer
            .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
            .unwrap()
    };
    // FULL. With a write-ahead log, NORMAL would lose what a power cut comes after.
    assert_eq!(pragma("synchronous"), rusqlite::types::Value::Integer(2));
    assert_eq!(
        pragma("journal_mode"),
        rusqlite::types::Value::Text("wal".to_owned())
    );
}
