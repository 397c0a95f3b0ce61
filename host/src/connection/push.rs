//! The export `push`: changes in Halo handed over, and what became of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Connection, Result};
use crate::capability::{Effects, Observer, Refusals, Stop};
use crate::contract::exports::halo::integration::push as contract;
use crate::engine::CallError;
use crate::model::{Failure, FieldChange, RecordId, RunId, Value};
use crate::store::{Lane, RemoteWrite, Scope};

/// One record that has changed in Halo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Names it in the answer.
    pub sequence: u64,
    /// Kind of the record.
    pub kind: String,
    /// The record.
    pub record: RecordId,
    /// Its revision now; 0 when it is gone.
    pub revision: u64,
    /// `created`, `updated`, `inactive`, `active` or `deleted`.
    pub what: String,
    /// The fields that changed.
    pub fields: Vec<String>,
}

/// What was written at the remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The object there.
    pub remote: RemoteWrite,
    /// From what to what.
    pub changes: Vec<FieldChange>,
    /// What to tell people, if anything.
    pub message: Option<String>,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Written at the remote.
    Sent(Sent),
    /// There was nothing to write.
    Nothing(Option<Failure>),
    /// To be sent again.
    Retry(Failure),
    /// A person must act.
    Rejected(Failure),
}

/// What a push works for.
pub struct PushContext<'a> {
    /// The run.
    pub run: RunId,
    /// The lane it holds.
    pub lane: &'a Lane,
    /// Who looks.
    pub observer: Arc<dyn Observer>,
    /// Who may stop it.
    pub stop: Stop,
    /// For one that shows what it would send and sends nothing: where it is noted.
    pub refusals: Option<Refusals>,
}

/// Why changes are handed over, in the journal.
pub const CAUSE: &str = "push";

impl Connection {
    /// Whether the connector can be handed changes at all.
    pub fn can_push(&self) -> bool {
        self.loaded.exports.push.is_some()
    }

    /// Hands changes over. The first answer to each counts, and answers to what was
    /// not asked are passed over.
    pub async fn push(
        &self,
        changes: &[Change],
        context: &PushContext<'_>,
    ) -> Result<BTreeMap<u64, Outcome>> {
        let is_dry = context.refusals.is_some();
        let scope = Scope {
            connection: self.name.clone(),
            layer: if is_dry { context.run } else { 0 },
            run: Some(context.run),
            cause: CAUSE.to_owned(),
            lane: Some(context.lane.clone()),
        };
        let effects = if is_dry {
            Effects::Preview
        } else {
            Effects::Real
        };
        let watch = (context.observer.clone(), context.stop.clone());
        let mut call = self.call(scope, effects, Some(watch)).await?;
        if let Some(refusals) = &context.refusals {
            call.store.data_mut().note_refusals(refusals.clone());
        }
        let indices = self.loaded.exports.push.as_ref();
        let indices = indices.ok_or(CallError::Missing(CAUSE))?;
        let export = indices.load(&mut call.store, &call.instance);
        let export = call.explain(Ok(export))?;
        let handed: Vec<contract::Change> = changes.iter().map(change_out).collect();
        let budget = call.budget.clone();
        let answer = budget
            .watch(export.call_push(&mut call.store, &handed))
            .await;
        let mut outcomes = BTreeMap::new();
        for answer in call.explain(answer)?? {
            if changes
                .iter()
                .any(|known| known.sequence == answer.sequence)
            {
                outcomes
                    .entry(answer.sequence)
                    .or_insert_with(|| outcome_in(answer.outcome));
            }
        }
        Ok(outcomes)
    }
}

fn change_out(change: &Change) -> contract::Change {
    contract::Change {
        sequence: change.sequence,
        kind: change.kind.clone(),
        record: change.record,
        revision: change.revision,
        what: change.what.clone(),
        fields: change.fields.clone(),
        into: None,
    }
}

fn outcome_in(outcome: contract::Outcome) -> Outcome {
    match outcome {
        contract::Outcome::Sent(sent) => Outcome::Sent(sent_in(sent)),
        contract::Outcome::Nothing(reason) => Outcome::Nothing(reason.map(Failure::from)),
        contract::Outcome::Retry(failure) => Outcome::Retry(failure.into()),
        contract::Outcome::Rejected(failure) => Outcome::Rejected(failure.into()),
    }
}

/// Characters of a name or a sentence that is kept for people.
const TEXT_LIMIT: usize = 1_000;

fn sent_in(sent: contract::Sent) -> Sent {
    let short = |text: String| text.chars().take(TEXT_LIMIT).collect::<String>();
    let value = |text: String| match text.is_empty() {
        true => Value::None,
        false => Value::Text(text),
    };
    Sent {
        remote: RemoteWrite {
            entity: short(sent.object.entity),
            key: short(sent.object.key),
            title: short(sent.object.title),
            address: sent.object.address.map(short),
            effect: match sent.effect.as_str() {
                known @ ("created" | "archived" | "linked") => known.to_owned(),
                // Whatever it was, something was written.
                _ => "updated".to_owned(),
            },
        },
        changes: sent
            .changes
            .into_iter()
            .map(|change| FieldChange {
                field: change.field,
                from: value(change.before),
                to: value(change.after),
            })
            .collect(),
        message: sent.message.map(short),
    }
}
