use super::*;
use crate::model::{Fields, Row, RowOptions};
use crate::schema;
use crate::store::sqlite::SqliteStore;
use crate::store::{NewRun, ReportRow};

const NOW: u64 = 1_790_000_000_000;

/// A site, and a user at it, as a run that imports users makes them; answers the run.
async fn run(store: &Arc<dyn Store>, mode: RunMode, site: &str) -> RunId {
    let run = NewRun {
        connection: "crm".to_owned(),
        entity: "contacts".to_owned(),
        mode,
        arguments: "{}".to_owned(),
        at: NOW,
    };
    let run = store.run_begin(&run).await.unwrap();
    let scope = Scope {
        connection: "crm".to_owned(),
        layer: if mode == RunMode::Preview { run } else { 0 },
        run: Some(run),
        cause: "test".to_owned(),
        lane: None,
    };
    let row = |kind: &str, key: &str, field: &str, value: Value| Row {
        kind: kind.to_owned(),
        key: Some(key.to_owned()),
        id: None,
        other_keys: Vec::new(),
        expected: None,
        fields: Fields::from([(field.to_owned(), value)]),
        options: RowOptions {
            may_create: true,
            ..RowOptions::default()
        },
    };
    let at = Value::Reference {
        kind: "site".to_owned(),
        to: RecordRef::Key(site.to_owned()),
    };
    let rows = [
        row("site", site, "name", Value::Text("Main".to_owned())),
        row("user", "7", "site_id", at),
    ];
    store.upsert(&scope, &rows, NOW).await.unwrap();
    let reported = ReportRow {
        entity: "contacts".to_owned(),
        key: "7".to_owned(),
        title: "Ada".to_owned(),
        address: None,
        facets: Vec::new(),
        outcome: "written".to_owned(),
        reason: None,
        kind: "user".to_owned(),
        record: None,
        parts: Vec::new(),
    };
    store.report(run, &[reported]).await.unwrap();
    run
}

/// What the import of a preview did otherwise, when it is asked for before the layer
/// is dropped and after.
async fn deviations_of(shown: &str, done: &str) -> Vec<Deviation> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("halo.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, schema::INDEXED).unwrap());
    let preview = run(&store, RunMode::Preview, shown).await;
    let import = run(&store, RunMode::Import, done).await;
    let found = async || between(&store, "crm", preview, vec![import]).await.unwrap();
    let before = found().await;
    store.drop_layer(preview).await.unwrap();
    assert_eq!(found().await, before);
    before
}

#[tokio::test]
async fn a_record_that_the_preview_made_is_the_one_that_the_import_made_under_its_key() {
    assert_eq!(deviations_of("1/first", "1/first").await, []);
}

#[tokio::test]
async fn another_record_than_the_one_that_the_preview_made_is_a_deviation() {
    let found = deviations_of("1/first", "2/first").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].shown.contains("site of key 1/first"), "{found:?}");
}
