//! What must hold for every store. The tests know only the trait and get two hosts
//! on the same data; an implementation joins by one more module in
//! [`on_every_store`] and a function that opens a fresh pair.

use std::any::Any;
use std::sync::Arc;

use super::sqlite::SqliteStore;
use super::{Lane, LaneAnswer, NewRun, ReportRow, Result, RunMode, Scope, Store, StoreError};
use crate::model::{
    Effect, Failure, FieldChange, Fields, RecordId, RecordRef, Row, RowOptions, RunId, Timestamp,
    Value, Written,
};
use crate::schema;

/// Names each test once, and runs it on a fresh store of every implementation.
macro_rules! on_every_store {
    ($($test:ident,)*) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(&crate::store::conformance::sqlite()).await;
                }
            )*
        }
    };
}

mod changes;
mod finding;
mod inbox;
mod lanes;
mod large;
mod latest;
mod layers;
mod naming;
mod pages;
mod records;
mod retention;
mod runs;
mod sending;
mod small;
mod state;
mod sums;
mod tallies;

/// Two hosts on the same data.
struct Hosts {
    one: Arc<dyn Store>,
    two: Arc<dyn Store>,
    /// What the data lives in.
    _place: Box<dyn Any + Send + Sync>,
}

fn sqlite() -> Hosts {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("halo.db");
    let open = || Arc::new(SqliteStore::open(&path, schema::INDEXED).unwrap());
    Hosts {
        one: open(),
        two: open(),
        _place: Box::new(folder),
    }
}

/// A time; tests own the clock.
const NOW: Timestamp = 1_790_000_000_000;

/// The scope of a connection in what is real.
fn real(connection: &str) -> Scope {
    Scope {
        connection: connection.to_owned(),
        layer: 0,
        run: None,
        cause: "test".to_owned(),
        lane: None,
    }
}

/// A preview of a connection that has begun, and its scope.
async fn preview(store: &dyn Store, connection: &str) -> (RunId, Scope) {
    let run = begin(store, connection, RunMode::Preview).await;
    let scope = Scope {
        layer: run,
        run: Some(run),
        ..real(connection)
    };
    (run, scope)
}

async fn begin(store: &dyn Store, connection: &str, mode: RunMode) -> RunId {
    let run = NewRun {
        connection: connection.to_owned(),
        entity: "companies".to_owned(),
        mode,
        arguments: "{}".to_owned(),
        at: NOW,
    };
    store.run_begin(&run).await.unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn refers(kind: &str, to: RecordRef) -> Value {
    Value::Reference {
        kind: kind.to_owned(),
        to,
    }
}

fn fields(fields: &[(&str, Value)]) -> Fields {
    fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

/// A customer's row that is named by key and may make one.
fn customer(key: &str, name: &str) -> Row {
    row("customer", key, &[("name", text(name))])
}

fn row(kind: &str, key: &str, values: &[(&str, Value)]) -> Row {
    Row {
        kind: kind.to_owned(),
        key: Some(key.to_owned()),
        id: None,
        other_keys: Vec::new(),
        expected: None,
        fields: fields(values),
        options: RowOptions {
            may_create: true,
            ..RowOptions::default()
        },
    }
}

/// The row that removes a customer by key.
fn removal(key: &str) -> Row {
    Row {
        fields: Fields::new(),
        options: RowOptions {
            remove: true,
            ..RowOptions::default()
        },
        ..customer(key, "")
    }
}

/// One row, written.
async fn upsert(
    store: &dyn Store,
    scope: &Scope,
    row: Row,
) -> std::result::Result<Written, Failure> {
    let mut answers = store.upsert(scope, &[row], NOW).await.unwrap();
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

/// The id that a key leads to.
async fn leads_to(store: &dyn Store, scope: &Scope, key: &str) -> Option<RecordId> {
    let found = store
        .resolve(scope, "customer", &[key.to_owned()])
        .await
        .unwrap();
    found.into_iter().next().flatten().map(|stored| stored.id)
}

/// The name of a customer.
async fn name_of(store: &dyn Store, scope: &Scope, id: RecordId) -> Option<Value> {
    let found = store.read(scope, "customer", &[id]).await.unwrap();
    let stored = found.into_iter().next().flatten()?;
    stored.fields.get("name").cloned()
}

fn change(field: &str, from: Value, to: Value) -> FieldChange {
    FieldChange {
        field: field.to_owned(),
        from,
        to,
    }
}

fn written_row(key: &str, outcome: &str) -> ReportRow {
    ReportRow {
        entity: "companies".to_owned(),
        key: key.to_owned(),
        title: format!("Company {key}"),
        address: None,
        facets: Vec::new(),
        outcome: outcome.to_owned(),
        reason: None,
        kind: "customer".to_owned(),
        record: None,
        parts: Vec::new(),
    }
}

async fn lane(store: &dyn Store, connection: &str, now: Timestamp) -> Lane {
    match store
        .acquire_lane(connection, "test", now, 1_000)
        .await
        .unwrap()
    {
        LaneAnswer::Granted(lane) => lane,
        LaneAnswer::Held { holder, .. } => panic!("held by {holder}"),
    }
}

fn is_fenced<T>(answer: Result<T>) -> bool {
    matches!(answer, Err(StoreError::Fenced))
}

fn effects(answers: &[std::result::Result<Written, Failure>]) -> Vec<Effect> {
    answers
        .iter()
        .flatten()
        .map(|written| written.effect)
        .collect()
}
