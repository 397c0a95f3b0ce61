//! The export `webhook`: a request of the remote looked at, and stored events applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Connection, Result};
use crate::capability::{Effects, Observer, Stop};
use crate::contract::exports::halo::integration::webhook as contract;
use crate::engine::CallError;
use crate::model::{Failure, RunId, Timestamp};
use crate::store::{InboxRow, Lane, Scope};

/// A request as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `POST`.
    pub method: String,
    /// Path and query, as received.
    pub path: String,
    /// Names and values, as received.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, as received.
    pub body: Vec<u8>,
    /// When.
    pub received: Timestamp,
}

/// An event that a request has told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The remote's id of the account.
    pub account: String,
    /// Events with the same key concern the same object.
    pub object: String,
    /// Two events with the same value are the same event.
    pub dedupe: String,
    /// What the connector has made of it.
    pub payload: Vec<u8>,
}

/// What a connector made of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The status to answer, once the events are kept.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Its body.
    pub body: Vec<u8>,
    /// What to keep.
    pub events: Vec<Event>,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Acted on.
    Applied,
    /// Nothing to do, and why.
    Ignored(Failure),
    /// To be applied again.
    Retry(Failure),
    /// A person must act.
    Rejected(Failure),
}

/// What applying works for.
pub struct EventContext<'a> {
    /// The run.
    pub run: RunId,
    /// The lane it holds.
    pub lane: &'a Lane,
    /// Who looks.
    pub observer: Arc<dyn Observer>,
    /// Who may stop it.
    pub stop: Stop,
}

/// Why events are applied, in the journal.
pub const CAUSE: &str = "webhook";

impl Connection {
    /// Whether the connector takes events at all.
    pub fn takes_events(&self) -> bool {
        self.loaded.exports.webhook.is_some()
    }

    /// Has a request looked at. Holds no lane: the call may write nothing.
    pub async fn receive(&self, request: &Request) -> Result<Received> {
        let mut call = self.look(CAUSE).await?;
        let indices = self.loaded.exports.webhook.as_ref();
        let indices = indices.ok_or(CallError::Missing(CAUSE))?;
        let export = indices.load(&mut call.store, &call.instance);
        let export = call.explain(Ok(export))?;
        let request = contract::Request {
            method: request.method.clone(),
            path: request.path.clone(),
            headers: request.headers.iter().map(header_out).collect(),
            body: request.body.clone(),
            received: request.received,
        };
        let budget = call.budget.clone();
        let answer = budget
            .watch(export.call_receive(&mut call.store, &request))
            .await;
        let received = call.explain(answer)?;
        let headers = received.response.headers.into_iter();
        Ok(Received {
            status: received.response.status,
            headers: headers.map(|header| (header.name, header.value)).collect(),
            body: received.response.body,
            events: received.events.into_iter().map(event_in).collect(),
        })
    }

    /// Hands stored events over. The first answer to each counts, and answers to what
    /// was not asked are passed over.
    pub async fn apply(
        &self,
        rows: &[InboxRow],
        context: &EventContext<'_>,
    ) -> Result<BTreeMap<u64, Outcome>> {
        let scope = Scope {
            connection: self.name.clone(),
            layer: 0,
            run: Some(context.run),
            cause: CAUSE.to_owned(),
            lane: Some(context.lane.clone()),
        };
        let watch = (context.observer.clone(), context.stop.clone());
        let mut call = self.call(scope, Effects::Real, Some(watch)).await?;
        let indices = self.loaded.exports.webhook.as_ref();
        let indices = indices.ok_or(CallError::Missing(CAUSE))?;
        let export = indices.load(&mut call.store, &call.instance);
        let export = call.explain(Ok(export))?;
        let stored: Vec<contract::StoredEvent> = rows.iter().map(event_out).collect();
        let budget = call.budget.clone();
        let answer = budget
            .watch(export.call_apply(&mut call.store, &stored))
            .await;
        let mut outcomes = BTreeMap::new();
        for answer in call.explain(answer)?? {
            if rows.iter().any(|row| row.sequence == answer.sequence) {
                outcomes
                    .entry(answer.sequence)
                    .or_insert_with(|| outcome_in(answer.outcome));
            }
        }
        Ok(outcomes)
    }
}

fn header_out((name, value): &(String, Vec<u8>)) -> contract::Header {
    contract::Header {
        name: name.clone(),
        value: value.clone(),
    }
}

fn event_in(event: contract::Event) -> Event {
    Event {
        account: event.account,
        object: event.object,
        dedupe: event.dedupe,
        payload: event.payload,
    }
}

fn event_out(row: &InboxRow) -> contract::StoredEvent {
    contract::StoredEvent {
        sequence: row.sequence,
        received: row.received,
        event: contract::Event {
            account: row.account.clone(),
            object: row.object.clone(),
            dedupe: row.dedupe.clone(),
            payload: row.payload.clone(),
        },
    }
}

fn outcome_in(outcome: contract::Outcome) -> Outcome {
    match outcome {
        contract::Outcome::Applied => Outcome::Applied,
        contract::Outcome::Ignored(failure) => Outcome::Ignored(failure.into()),
        contract::Outcome::Retry(failure) => Outcome::Retry(failure.into()),
        contract::Outcome::Rejected(failure) => Outcome::Rejected(failure.into()),
    }
}
