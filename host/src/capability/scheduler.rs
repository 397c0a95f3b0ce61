//! Calls that a connector wants later; durable, so they survive restarts.

use super::{Effects, Guest, convert};
use crate::contract::halo::integration::scheduler::{Host, Timing};
use crate::contract::halo::integration::types;
use crate::model::Failure;
use crate::store::Task;

/// Shortest cadence, in seconds: below a minute a task is a loop.
const SHORTEST_CADENCE: u32 = 60;
/// Tasks of one connection: one per entity and a few for housekeeping.
const TASK_LIMIT: usize = 100;
/// Characters of a task's name.
const NAME_LIMIT: usize = 200;

impl Host for Guest {
    async fn set(
        &mut self,
        name: String,
        timing: Timing,
    ) -> wasmtime::Result<Result<(), types::Failure>> {
        let invalid = |message: String| Ok(Err(Failure::new("invalid", message).into()));
        if name.is_empty() || name.chars().count() > NAME_LIMIT {
            return invalid(format!("A task's name has 1 to {NAME_LIMIT} characters."));
        }
        if timing.every.is_some_and(|every| every < SHORTEST_CADENCE) {
            return invalid(format!("A cadence is at least {SHORTEST_CADENCE} seconds."));
        }
        let due = match (timing.at, timing.every) {
            (Some(at), _) => at,
            (None, Some(every)) => self.now().saturating_add(u64::from(every) * 1_000),
            (None, None) => return invalid("A task needs a time or a cadence.".to_owned()),
        };
        if self.effects != Effects::Real {
            return Ok(Ok(()));
        }
        let connection = self.grants.connection.clone();
        let tasks = self.store().tasks(&connection).await?;
        if tasks.len() >= TASK_LIMIT && !tasks.iter().any(|task| task.name == name) {
            return Ok(Err(Failure::new(
                "limit",
                format!("At most {TASK_LIMIT} tasks at a time."),
            )
            .into()));
        }
        let task = Task {
            connection,
            name,
            due,
            every: timing.every,
        };
        convert::store_answer(self.store().task_set(&task).await)
    }

    async fn cancel(&mut self, name: String) -> wasmtime::Result<Result<(), types::Failure>> {
        if self.effects != Effects::Real {
            return Ok(Ok(()));
        }
        let connection = &self.grants.connection;
        convert::store_answer(self.store().task_cancel(connection, &name).await)
    }
}
