//! Tasks that connectors have set: each is called when it is due, slice by slice,
//! and its next time is noted when it is done.

use std::sync::Arc;
use std::time::Duration;

use crate::capability::Stop;
use crate::connection::{Connection, ConnectionError, Slice};
use crate::host::Host;
use crate::store::Task;

/// How often due tasks are looked for; cadences are at least a minute.
const LOOK: Duration = Duration::from_secs(1);

/// Runs what is due until stopped. A failure is logged and tried again at the
/// task's next time.
pub async fn run_due(host: Arc<Host>, stop: Stop) {
    while !stop.is_asked() {
        for name in host.config.connector.keys() {
            if let Err(error) = run_due_of(&host, name, &stop).await {
                tracing::error!(connection = name, %error, "a due task failed");
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn run_due_of(
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
        // Also after a failure: a task that fails must not run in a loop.
        let now = host.clock.now();
        host.store.task_ran(name, &task.name, task.due, now).await?;
        ended?;
    }
    Ok(())
}

async fn run_task(
    connection: &Connection,
    task: &Task,
    stop: &Stop,
) -> Result<(), ConnectionError> {
    let held = connection.take_lane().await?;
    let mut ended = Ok(Slice::More);
    while matches!(ended, Ok(Slice::More)) && !stop.is_asked() {
        ended = connection
            .run_task(&task.name, task.due, &held.lane, stop.clone())
            .await;
    }
    held.release().await?;
    match ended? {
        Slice::Blocked(failure) => Err(ConnectionError::Failed(failure)),
        _ => Ok(()),
    }
}
