//! Tasks that connectors have set: each is called when it is due, slice by slice.
//! A task is never lost: what could not be finished stays due or is put off.

use std::sync::Arc;
use std::time::Duration;

use crate::capability::{Stop, Unwatched};
use crate::connection::{Connection, ConnectionError, Slice};
use crate::host::Host;
use crate::lanes::LaneError;
use crate::model::Timestamp;
use crate::schedule::{self, Due};
use crate::server::receiving::Receiving;
use crate::server::sending::Sending;
use crate::store::{Store, StoreError, Task};

/// How often due tasks and changes are looked for; cadences are at least a minute, and
/// a change is to arrive while the person who made it still looks.
const LOOK: Duration = Duration::from_secs(1);
/// How long a task that failed and has no cadence is put off: soon enough to be
/// seen, seldom enough for the remote.
const PUT_OFF_MS: u64 = 5 * 60 * 1_000;

/// Runs what is due until stopped; connectors do not wait for each other.
pub async fn run_due(host: Arc<Host>, stop: Stop) {
    let mut lines = tokio::task::JoinSet::new();
    for name in host.config.connector.keys().cloned() {
        lines.spawn(line(host.clone(), name, stop.clone()));
    }
    lines.join_all().await;
}

async fn line(host: Arc<Host>, name: String, stop: Stop) {
    let (mut sending, mut receiving) = (Sending::default(), Receiving::default());
    while !stop.is_asked() {
        if let Err(error) = run_due_of(&host, &name, &stop).await {
            tracing::error!(connection = name, %error, "due tasks could not be run");
        }
        if let Err(error) = imports(&host, &name, &stop).await {
            tracing::error!(connection = name, %error, "scheduled imports could not be run");
        }
        let mut more = false;
        match receiving.turn(&host, &name, &stop).await {
            Ok(has_applied) => more |= has_applied,
            Err(error) => {
                tracing::error!(connection = name, %error, "events could not be applied");
            }
        }
        match sending.turn(&host, &name, &stop).await {
            Ok(has_sent) => more |= has_sent,
            Err(error) => tracing::error!(connection = name, %error, "changes could not be sent"),
        }
        if more {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = host.wakes.woken(&name) => {}
        }
    }
}

/// Runs the imports that are due by the schedule of the configuration.
async fn imports(
    host: &Host,
    name: &str,
    stop: &Stop,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let entry = host.config.connector.get(name);
    let Some(when) = entry.and_then(|entry| entry.schedule.as_ref()) else {
        return Ok(());
    };
    let connection = host.recent(name).await?;
    let observer = Arc::new(Unwatched);
    schedule::run_due(
        &connection,
        Some(when),
        Due::Scheduled,
        observer,
        stop.clone(),
    )
    .await?;
    Ok(())
}

/// Runs what is due now for one connector, each task once.
pub async fn run_due_of(
    host: &Host,
    name: &str,
    stop: &Stop,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let now = host.clock.now();
    let tasks = host.store.tasks(name).await?;
    let due: Vec<Task> = tasks.into_iter().filter(|task| task.due <= now).collect();
    if due.is_empty() {
        return Ok(());
    }
    let connection = host.connection(name).await?;
    for task in due {
        let ended = run_task(&connection, &task, stop).await;
        let after = after(&task, &ended, host.clock.now());
        settle(&*host.store, &task, after).await?;
        match ended {
            Ok(Slice::Blocked(failure)) => {
                tracing::error!(connection = name, task = task.name, %failure, "a task waits for a person");
            }
            Ok(_) | Err(ConnectionError::Lane(LaneError::Busy { .. })) => {}
            Err(error) => {
                tracing::error!(connection = name, task = task.name, %error, "a task failed");
            }
        }
    }
    Ok(())
}

async fn run_task(
    connection: &Connection,
    task: &Task,
    stop: &Stop,
) -> Result<Slice, ConnectionError> {
    let held = connection.take_lane().await?;
    let mut ended = Ok(Slice::More);
    while matches!(ended, Ok(Slice::More)) && !stop.is_asked() {
        ended = connection
            .run_task(&task.name, task.due, &held.lane, stop.clone())
            .await;
    }
    held.release().await?;
    ended
}

/// What becomes of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// It has run: its next time, or its end.
    Ran(Timestamp),
    /// It is due again at this time.
    At(Timestamp),
    /// It stays due.
    StaysDue,
}

fn after(task: &Task, ended: &Result<Slice, ConnectionError>, now: Timestamp) -> After {
    match ended {
        Ok(Slice::Done) => After::Ran(now),
        Ok(Slice::WaitUntil(at)) => After::At(*at),
        // A shutdown: the next start goes on.
        Ok(Slice::More | Slice::Stopped) => After::StaysDue,
        // An import is going on.
        Err(ConnectionError::Lane(LaneError::Busy { .. })) => After::StaysDue,
        // A task that fails must not run in a loop, and must not be lost.
        Ok(Slice::Blocked(_)) | Err(_) if task.every.is_some() => After::Ran(now),
        Ok(Slice::Blocked(_)) | Err(_) => After::At(now.saturating_add(PUT_OFF_MS)),
    }
}

async fn settle(store: &dyn Store, task: &Task, after: After) -> Result<(), StoreError> {
    match after {
        After::Ran(now) => {
            store
                .task_ran(&task.connection, &task.name, task.due, now)
                .await
        }
        After::At(due) => {
            let tasks = store.tasks(&task.connection).await?;
            // The connector may have set or cancelled it in that very call.
            if !tasks.contains(task) {
                return Ok(());
            }
            store
                .task_set(&Task {
                    due,
                    ..task.clone()
                })
                .await
        }
        After::StaysDue => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Failure;

    #[test]
    fn a_task_is_called_again_exactly_when_it_has_not_been_done() {
        let task = |every| Task {
            connection: "crm".to_owned(),
            name: "sweep".to_owned(),
            due: 10,
            every,
        };
        let busy = || {
            Err(ConnectionError::Lane(LaneError::Busy {
                connection: "crm".to_owned(),
                holder: "process 1".to_owned(),
            }))
        };
        let blocked = || Ok(Slice::Blocked(Failure::new("settings", "x")));
        for (every, ended, expected) in [
            (None, Ok(Slice::Done), After::Ran(20)),
            (Some(60), Ok(Slice::Done), After::Ran(20)),
            (None, Ok(Slice::WaitUntil(99)), After::At(99)),
            (Some(60), Ok(Slice::WaitUntil(99)), After::At(99)),
            (None, Ok(Slice::More), After::StaysDue),
            (None, Ok(Slice::Stopped), After::StaysDue),
            (None, busy(), After::StaysDue),
            (Some(60), busy(), After::StaysDue),
            (Some(60), blocked(), After::Ran(20)),
            (None, blocked(), After::At(20 + PUT_OFF_MS)),
        ] {
            let told = format!("{every:?} {ended:?}");
            assert_eq!(after(&task(every), &ended, 20), expected, "{told}");
        }
    }
}
