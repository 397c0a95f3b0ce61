//! Runs the imports that are due. When each is due next is kept in the store, so that a
//! restart forgets nothing and two processes do not run the same.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Schedule, Wanted, wanted};
use crate::capability::{Observer, Stop};
use crate::connection::{Connection, ConnectionError, Selection};
use crate::lanes::LaneError;
use crate::model::Timestamp;
use crate::runs::{self, RunRequest, Summary, failure_of};
use crate::store::RunMode;

type Result<T> = std::result::Result<T, ConnectionError>;

/// Under which name the store keeps when somebody else's scheduler asked last.
const ASKED: &str = "schedule-asked";

fn place(entity: &str) -> String {
    format!("schedule-{entity}")
}

/// When an entity is due next, and under which schedule that was reckoned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    next: Timestamp,
    print: String,
}

/// Who asks for what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The host, by the schedule of the configuration.
    Scheduled,
    /// A scheduler of somebody else's: without a schedule in the configuration, that it
    /// asks is what makes the imports due.
    Asked,
}

/// How the scheduled import of an entity stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Next {
    /// The entity.
    pub entity: String,
    /// When it is due; nothing where no schedule says so.
    pub at: Option<Timestamp>,
}

/// What is scheduled, and a warning where nothing will start it.
pub async fn next_runs(
    connection: &Connection,
    schedule: Option<&Schedule>,
) -> Result<(Wanted, Vec<Next>, Option<String>)> {
    let (_, settings) = connection.settings().await?;
    let wanted = wanted(&connection.description, &settings);
    let mut next = Vec::new();
    if !wanted.enabled {
        let warning = schedule.map(|_| {
            "the configuration has a schedule, and the settings do not enable it".to_owned()
        });
        return Ok((wanted, next, warning));
    }
    for entity in &wanted.entities {
        let kept = kept(connection, entity).await?;
        let at = match schedule {
            Some(schedule) => {
                let print = schedule.print(entity);
                let kept = kept.filter(|kept| kept.print == print);
                let times = schedule.of(entity).map_err(ConnectionError::Asked)?;
                // As it will be reckoned by the host that serves.
                let new = times.and_then(|times| times.after(connection.now()).ok());
                kept.map(|kept| kept.next).or(new)
            }
            None => None,
        };
        next.push(Next {
            entity: entity.clone(),
            at,
        });
    }
    let asked = connection
        .store()
        .meta_get(&connection.name, ASKED)
        .await?
        .is_some();
    let warning = (schedule.is_none() && !asked).then(|| {
        format!(
            "scheduled imports are enabled, but nothing will start them: give the configuration [connector.{name}.schedule], or have a scheduler call halo-host run-due {name}",
            name = connection.name
        )
    });
    Ok((wanted, next, warning))
}

/// Runs what is due, one entity after the other; answers what came of each.
pub async fn run_due(
    connection: &Connection,
    schedule: Option<&Schedule>,
    due: Due,
    observer: Arc<dyn Observer>,
    stop: Stop,
) -> Result<Vec<Summary>> {
    let (_, settings) = connection.settings().await?;
    let wanted = wanted(&connection.description, &settings);
    let mut done = Vec::new();
    if due == Due::Asked {
        let now = connection.now().to_string();
        let store = connection.store();
        store.meta_set(&connection.name, ASKED, Some(&now)).await?;
    }
    if !wanted.enabled {
        return Ok(done);
    }
    for entity in &wanted.entities {
        if stop.is_asked() {
            break;
        }
        let summary = match (schedule, due) {
            (Some(schedule), _) => {
                by_schedule(connection, schedule, entity, (&observer, &stop)).await?
            }
            (None, Due::Scheduled) => None,
            (None, Due::Asked) => Some(import(connection, entity, &observer, &stop).await?),
        };
        done.extend(summary);
    }
    Ok(done)
}

async fn kept(connection: &Connection, entity: &str) -> Result<Option<Kept>> {
    let store = connection.store();
    let text = store.meta_get(&connection.name, &place(entity)).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

async fn keep(connection: &Connection, entity: &str, kept: &Kept) -> Result<()> {
    let text = serde_json::to_string(kept).unwrap_or_default();
    let store = connection.store();
    store
        .meta_set(&connection.name, &place(entity), Some(&text))
        .await?;
    Ok(())
}

async fn by_schedule(
    connection: &Connection,
    schedule: &Schedule,
    entity: &str,
    (observer, stop): (&Arc<dyn Observer>, &Stop),
) -> Result<Option<Summary>> {
    let asked = |detail: String| ConnectionError::Asked(detail);
    let Some(times) = schedule.of(entity).map_err(asked)? else {
        return Ok(None);
    };
    let (now, print) = (connection.now(), schedule.print(entity));
    let known = kept(connection, entity).await?;
    let next = match &known {
        Some(kept) if kept.print == print => kept.next,
        // New, or changed: from now on.
        _ => {
            let next = times.after(now).map_err(asked)?;
            keep(
                connection,
                entity,
                &Kept {
                    next,
                    print: print.clone(),
                },
            )
            .await?;
            next
        }
    };
    if next > now {
        return Ok(None);
    }
    let ended = import(connection, entity, observer, stop).await;
    // An import that is going on is this one's, or it is tried again when that is over.
    if let Err(ConnectionError::Lane(LaneError::Busy { .. })) = ended {
        return Ok(None);
    }
    // A stop is no end: the next start goes on.
    if !matches!(&ended, Ok(summary) if summary.state == "stopped") {
        let mut next = times.after(connection.now()).map_err(asked)?;
        if let Ok(Summary {
            retry_at: Some(at), ..
        }) = &ended
        {
            next = next.min(*at);
        }
        keep(connection, entity, &Kept { next, print }).await?;
    }
    match ended {
        Ok(summary) => Ok(Some(summary)),
        // It is recorded with its run; the other entities have theirs.
        Err(error) if !matches!(error, ConnectionError::Store(_)) => {
            let failure = failure_of(&error);
            tracing::error!(connection = connection.name, entity, %failure, "a scheduled import failed");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn import(
    connection: &Connection,
    entity: &str,
    observer: &Arc<dyn Observer>,
    stop: &Stop,
) -> Result<Summary> {
    let request = RunRequest {
        entity: entity.to_owned(),
        selection: Selection::Everything,
        full: false,
        mode: RunMode::Import,
        confirms: None,
    };
    runs::run(connection, &request, observer.clone(), stop.clone()).await
}
