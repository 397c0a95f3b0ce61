//! The export `actions`: what a connector can do besides, listed and run by name.

use super::{Connection, ConnectionError, Result};
use crate::capability::Effects;
use crate::contract::exports::halo::integration::actions as contract;
use crate::engine::{Call, CallError};
use crate::store::Lane;

/// The action that forgets an object, where a connector has it (`wit/connector.wit`).
const FORGET: &str = "forget";

/// Something that a connector can be asked to do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it does.
    pub help: String,
    /// Whether it changes nothing.
    pub read_only: bool,
    /// JSON Schema of what it wants to be told, as the connector gave it.
    pub input_schema: String,
}

impl Connection {
    /// What the connector can be asked to do; nothing, where it has no such export.
    pub async fn actions(&self) -> Result<Vec<Action>> {
        if self.loaded.exports.actions.is_none() {
            return Ok(Vec::new());
        }
        let mut call = self.look("actions").await?;
        let export = self.actions_export(&mut call)?;
        let budget = call.budget.clone();
        let answer = budget.watch(export.call_available(&mut call.store)).await;
        let actions = call.explain(answer)?;
        let action = |action: contract::Action| Action {
            name: action.name,
            label: action.label,
            help: action.help,
            read_only: action.read_only,
            input_schema: action.input_schema,
        };
        Ok(actions.into_iter().map(action).collect())
    }

    /// Has the connector forget the values of an object that its state holds; answers in how
    /// many places it had any, or nothing, where it keeps none or cannot be told.
    pub async fn forget(&self, entity: &str, key: &str) -> Result<Option<u64>> {
        let actions = self.actions().await?;
        if actions.iter().all(|action| action.name != FORGET) {
            return Ok(None);
        }
        let input = serde_json::json!({ "entity": entity, "key": key });
        let answer = self.act(FORGET, &input.to_string()).await?;
        Ok(answer["forgotten"].as_u64())
    }

    /// Runs an action; one that says it changes nothing gets nothing to change.
    pub async fn act(&self, name: &str, input: &str) -> Result<serde_json::Value> {
        let actions = self.actions().await?;
        let Some(action) = actions.iter().find(|action| action.name == name) else {
            let known: Vec<&str> = actions.iter().map(|action| action.name.as_str()).collect();
            return Err(ConnectionError::Asked(format!(
                "{} has no action {name:?}; it has {}.",
                self.name,
                if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                }
            )));
        };
        let answer = if action.read_only {
            let call = self.look(&cause(name)).await?;
            self.run_action(call, name, input).await?
        } else {
            let held = self.take_lane().await?;
            let answer = self.act_in_lane(name, input, &held.lane).await;
            held.release().await?;
            answer?
        };
        serde_json::from_str(&answer).map_err(|error| {
            ConnectionError::Asked(format!(
                "The action {name} of {} did not answer with JSON: {error}.",
                self.name
            ))
        })
    }

    async fn act_in_lane(&self, name: &str, input: &str, lane: &Lane) -> Result<String> {
        let scope = self.scope(&cause(name), Some(lane));
        let call = self.call(scope, Effects::Real, None).await?;
        self.run_action(call, name, input).await
    }

    async fn run_action(&self, mut call: Call, name: &str, input: &str) -> Result<String> {
        let export = self.actions_export(&mut call)?;
        let budget = call.budget.clone();
        let answer = budget
            .watch(export.call_run(&mut call.store, name, input))
            .await;
        Ok(call.explain(answer)??)
    }

    fn actions_export(&self, call: &mut Call) -> Result<contract::Guest> {
        let indices = self.loaded.exports.actions.as_ref();
        let indices = indices.ok_or(CallError::Missing("actions"))?;
        let export = indices.load(&mut call.store, &call.instance);
        Ok(call.explain(Ok(export))?)
    }
}

/// What journals name it by.
fn cause(name: &str) -> String {
    format!("action {name}")
}
