//! The brake over one run: what it knows as the run begins, and what it asks when a
//! preview has ended. `brake.rs` decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::brake::{Brake, Confirmed, Question};
use crate::connection::{Connection, ConnectionError, Selection};
use crate::model::{Failure, RunId};
use crate::runs::{self, RunRequest};
use crate::store::{Allowance, Lane, RunMode, Scope, Store, StoreError, Tally};

/// Counts the changes of one run and says how many there may be.
#[derive(Debug)]
pub struct Watch {
    brake: Brake,
    entity: String,
    scope: Scope,
    allowance: Allowance,
}

impl Watch {
    /// Goes on with the count of the runs before, or begins anew; or the failure, when
    /// the import was refused and nobody has confirmed it since.
    pub async fn start(
        connection: &Connection,
        request: &RunRequest,
        run: RunId,
        lane: &Lane,
    ) -> Result<Result<Watch, Failure>, ConnectionError> {
        let brake = connection.grants.brake;
        let confirmed = confirmed(connection, request).await?;
        let tallies = tallies(connection, request, run, &confirmed).await?;
        if let Some(tally) = tallies.iter().find(|tally| brake.is_pulled(tally)) {
            let failure = brake.refusal(&connection.name, &request.entity, tally);
            return Ok(Err(failure));
        }
        let scope = Scope {
            connection: connection.name.clone(),
            layer: 0,
            run: Some(run),
            cause: format!("import {}", request.entity),
            lane: Some(lane.clone()),
        };
        connection.store().tally_open(&scope, &tallies).await?;
        Ok(Ok(Watch {
            allowance: brake.allowance(&subject(request), &tallies),
            entity: request.entity.clone(),
            brake,
            scope,
        }))
    }

    /// How far a call may go.
    pub fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    /// Why a call was refused.
    pub fn refusal(&self, tally: &Tally) -> Failure {
        let connection = &self.scope.connection;
        self.brake.refusal(connection, &self.entity, tally)
    }

    /// The import is done; the next one counts from nothing.
    pub async fn close(&self, store: &Arc<dyn Store>) -> Result<(), StoreError> {
        let subject = &self.allowance.subject;
        store.tally_close(&self.scope, subject).await
    }
}

/// What to ask a person who looks at a preview.
pub async fn question(
    connection: &Connection,
    request: &RunRequest,
    preview: RunId,
) -> Result<Option<Question>, ConnectionError> {
    if request.selection != Selection::Everything {
        return Ok(None);
    }
    let nothing = Confirmed::default();
    let tallies = tallies(connection, request, preview, &nothing).await?;
    let shown = connection.store().changed(preview).await?;
    Ok(connection.grants.brake.question(&tallies, &shown))
}

/// Imports that wait for a person to confirm them: the entity, and why.
pub async fn refused(connection: &Connection) -> Result<BTreeMap<String, Failure>, StoreError> {
    let brake = connection.grants.brake;
    let mut refused = BTreeMap::new();
    for tally in connection.store().tallies(&connection.name).await? {
        // Not the rows that a person has named: those are asked for anew each time.
        let is_entity = connection.description.entity(&tally.subject).is_ok();
        if is_entity && brake.is_pulled(&tally) {
            let failure = brake.refusal(&connection.name, &tally.subject, &tally);
            refused.insert(tally.subject, failure);
        }
    }
    Ok(refused)
}

/// What the tallies of a request are named.
fn subject(request: &RunRequest) -> String {
    match request.selection {
        Selection::Everything => request.entity.clone(),
        Selection::Keys(_) => format!("selection of {}", request.entity),
    }
}

/// The tallies that a run begins with, one for each kind that the connection may use.
async fn tallies(
    connection: &Connection,
    request: &RunRequest,
    run: RunId,
    confirmed: &Confirmed,
) -> Result<Vec<Tally>, ConnectionError> {
    let (store, brake) = (connection.store(), connection.grants.brake);
    let subject = subject(request);
    let kept = match request.selection {
        Selection::Everything => store.tallies(&connection.name).await?,
        // Named anew each time.
        Selection::Keys(_) => Vec::new(),
    };
    let mut tallies = Vec::new();
    for kind in &connection.grants.kinds {
        let linked = store.linked(&connection.name, kind).await?;
        let fresh = Tally {
            subject: subject.clone(),
            kind: kind.clone(),
            since: run,
            base: brake.base(linked, store.count(kind).await?),
            confirms: None,
            allowed: 0,
            changed: 0,
            wanted: 0,
        };
        let before = kept
            .iter()
            .find(|tally| tally.subject == subject && tally.kind == *kind);
        tallies.push(brake.open(before, fresh, confirmed));
    }
    Ok(tallies)
}

/// What a person has confirmed with this request.
async fn confirmed(
    connection: &Connection,
    request: &RunRequest,
) -> Result<Confirmed, ConnectionError> {
    let store = connection.store();
    let mut confirmed = Confirmed {
        named: match &request.selection {
            Selection::Everything => 0,
            Selection::Keys(keys) => keys.len() as u64,
        },
        ..Confirmed::default()
    };
    if let Some(preview) = request.confirms
        && is_open(connection, request, preview).await?
    {
        confirmed.preview = Some(preview);
        confirmed.shown = store.changed(preview).await?;
    }
    Ok(confirmed)
}

/// Whether a preview can be confirmed: it is of this import, and was not imported yet.
async fn is_open(
    connection: &Connection,
    request: &RunRequest,
    preview: RunId,
) -> Result<bool, StoreError> {
    let shown = connection.store().run(preview).await?;
    let is_shown = shown.is_some_and(|run| {
        run.connection == connection.name
            && run.entity == request.entity
            && run.mode == RunMode::Preview
            && run.state == "done"
    });
    Ok(is_shown && runs::imported_by(connection, preview).await?.is_none())
}
