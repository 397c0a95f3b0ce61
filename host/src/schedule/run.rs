//! Runs the imports that are due. When each is due next is kept in the store, so that a
//! restart forgets nothing. Two processes may both see that something is due: the lane
//! lets one of them run it and note that, and the other then finds it done.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::near_live::{calls, measured};
use super::{Schedule, Wanted, wanted};
use crate::capability::{Observer, Stop};
use crate::connection::{Connection, ConnectionError, Selection};
use crate::lanes::{Held, LaneError};
use crate::model::Timestamp;
use crate::runs::{self, NOT_SET_UP, RunRequest, Summary, failure_of};
use crate::store::{Lane, Run, RunMode};

type Result<T> = std::result::Result<T, ConnectionError>;

/// Under which name the store keeps when somebody else's scheduler asked last.
const ASKED: &str = "schedule-asked";
/// And when what was asked for last was done.
const ASKED_DONE: &str = "schedule-asked-done";
/// A scheduler that has not asked for so long will not: the slowest ones ask weekly.
const ASKED_LATELY_MS: u64 = 8 * 24 * 60 * 60 * 1_000;

/// How long a start that was asked for waits for the lane: changes and events hold it for
/// seconds, and the next start of a daily scheduler is a day away.
const LANE_PATIENCE: Duration = Duration::from_secs(60);
const LANE_STEP: Duration = Duration::from_millis(250);

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
    /// A scheduler of somebody else's, at this time: without a schedule in the
    /// configuration, that it asks is what makes the imports due.
    Asked(Timestamp),
}

/// How the scheduled import of an entity stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Next {
    /// The entity.
    pub entity: String,
    /// When it is due; nothing where no schedule says so.
    pub at: Option<Timestamp>,
    /// Its last import, whoever has started it.
    pub last: Option<Run>,
    /// The last one that did not end well.
    pub last_error: Option<Run>,
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
    let store = connection.store();
    let latest = store.latest_runs(&connection.name).await?;
    for entity in &wanted.entities {
        let mut imports = latest
            .iter()
            .filter(|run| run.mode == RunMode::Import && run.entity == *entity);
        let last = imports.clone().next().cloned();
        let last_error = imports.find(|run| is_error(run)).cloned();
        let times = schedule.map(|schedule| schedule.of(entity)).transpose();
        let times = times.map_err(ConnectionError::Asked)?.flatten();
        let at = match (schedule, times) {
            (Some(schedule), Some(times)) => {
                let kept = kept(connection, entity).await?;
                let reckoned = times.after(connection.now());
                let reckoned = reckoned.map_err(ConnectionError::Asked)?;
                Some(due_at(kept.as_ref(), &schedule.print(entity), reckoned).0)
            }
            _ => None,
        };
        next.push(Next {
            entity: entity.clone(),
            at,
            last,
            last_error,
        });
    }
    let asked = store.meta_get(&connection.name, ASKED).await?;
    let asked: Option<Timestamp> = asked.and_then(|at| at.parse().ok());
    let lately = connection.now().saturating_sub(ASKED_LATELY_MS);
    let starts = schedule.is_some() || asked.is_some_and(|at| at >= lately);
    let warning = (!starts).then(|| {
        format!(
            "scheduled imports are enabled, but nothing will start them: give the configuration [connector.{name}.schedule], or have a scheduler call halo-host run-due {name}",
            name = connection.name
        )
    });
    Ok((wanted, next, warning))
}

/// Whether a person should know: what was never set up is no error.
fn is_error(run: &Run) -> bool {
    let failure = run.failure.as_ref();
    failure.is_some_and(|failure| failure.code != NOT_SET_UP)
}

/// When an entity is due, and whether that was reckoned now: `reckoned` counts where
/// nothing is kept, where the schedule was changed, and where what is kept is later than
/// any next time can be, as after a clock that was set back.
fn due_at(kept: Option<&Kept>, print: &str, reckoned: Timestamp) -> (Timestamp, bool) {
    match kept {
        Some(kept) if kept.print == print && kept.next <= reckoned => (kept.next, false),
        _ => (reckoned, true),
    }
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
    if let Due::Asked(asked) = due {
        let store = connection.store();
        let at = asked.to_string();
        store.meta_set(&connection.name, ASKED, Some(&at)).await?;
    }
    if !wanted.enabled {
        return Ok(done);
    }
    let look = (observer, stop);
    match (schedule, due) {
        (Some(schedule), _) => {
            for entity in &wanted.entities {
                if look.1.is_asked() {
                    break;
                }
                done.extend(by_schedule(connection, schedule, entity, &look).await?);
            }
        }
        (None, Due::Scheduled) => {}
        (None, Due::Asked(asked)) => {
            let held = patiently(connection, &look.1).await?;
            let ended = as_asked(connection, &wanted.entities, asked, (&held.lane, &look)).await;
            let released = held.release().await;
            done = ended?;
            released.map_err(ConnectionError::Store)?;
        }
    }
    Ok(done)
}

type Look = (Arc<dyn Observer>, Stop);

/// The lane, which somebody may have for a moment.
async fn patiently(connection: &Connection, stop: &Stop) -> Result<Held> {
    let started = std::time::Instant::now();
    loop {
        match connection.take_lane().await {
            Err(ConnectionError::Lane(LaneError::Busy { .. }))
                if started.elapsed() < LANE_PATIENCE && !stop.is_asked() =>
            {
                tokio::time::sleep(LANE_STEP).await;
            }
            answer => return answer,
        }
    }
}

/// All entities under one lane, so that a start that overlaps with this one finds all done.
async fn as_asked(
    connection: &Connection,
    entities: &[String],
    asked: Timestamp,
    (lane, look): (&Lane, &Look),
) -> Result<Vec<Summary>> {
    let store = connection.store();
    let ended = store.meta_get(&connection.name, ASKED_DONE).await?;
    let ended: Option<Timestamp> = ended.and_then(|at| at.parse().ok());
    // The second half is for a clock that was set back.
    if ended.is_some_and(|at| at >= asked && at <= connection.now()) {
        return Ok(Vec::new());
    }
    let mut done = Vec::new();
    for entity in entities {
        if look.1.is_asked() {
            return Ok(done);
        }
        let summary = import(connection, entity, lane, look).await;
        done.extend(told(connection, entity, summary)?);
    }
    let now = connection.now().to_string();
    store
        .meta_set(&connection.name, ASKED_DONE, Some(&now))
        .await?;
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
    look: &Look,
) -> Result<Option<Summary>> {
    let asked = |detail: String| ConnectionError::Asked(detail);
    let Some(times) = schedule.of(entity).map_err(asked)? else {
        return Ok(None);
    };
    let print = schedule.print(entity);
    let now = connection.now();
    let reckoned = times.after(now).map_err(asked)?;
    let known = kept(connection, entity).await?;
    let (next, is_new) = due_at(known.as_ref(), &print, reckoned);
    if is_new {
        let kept = Kept { next, print };
        keep(connection, entity, &kept).await?;
        return Ok(None);
    }
    if next > now {
        return Ok(None);
    }
    let held = match connection.take_lane().await {
        // An import that is going on is this one's, or it is tried again when that is over.
        Err(ConnectionError::Lane(LaneError::Busy { .. })) => return Ok(None),
        held => held?,
    };
    let ended = when_still_due(connection, (entity, &times), known, (&held.lane, look)).await;
    let released = held.release().await;
    let ended = ended?;
    released.map_err(ConnectionError::Store)?;
    Ok(ended)
}

/// Runs it, unless another process has between the look and the lane, and notes the next
/// time before the lane is given back.
async fn when_still_due(
    connection: &Connection,
    (entity, times): (&str, &super::Times),
    known: Option<Kept>,
    (lane, look): (&Lane, &Look),
) -> Result<Option<Summary>> {
    if kept(connection, entity).await? != known {
        return Ok(None);
    }
    let ended = import(connection, entity, lane, look).await;
    // A stop is no end: the next start goes on.
    let stopped = matches!(&ended, Ok(summary) if summary.state == "stopped");
    if let (false, Some(known)) = (stopped, known) {
        let next = times.after(connection.now());
        let mut next = next.map_err(ConnectionError::Asked)?;
        if let Ok(Summary {
            retry_at: Some(at), ..
        }) = &ended
        {
            next = next.min(*at);
        }
        keep(connection, entity, &Kept { next, ..known }).await?;
    }
    told(connection, entity, ended)
}

/// A failure is recorded with its run, and the other entities have theirs; without the
/// store, there is nothing to go on with.
fn told(connection: &Connection, entity: &str, ended: Result<Summary>) -> Result<Option<Summary>> {
    match ended {
        Ok(summary) => Ok(Some(summary)),
        Err(error @ ConnectionError::Store(_)) => Err(error),
        Err(error) => {
            let failure = failure_of(&error);
            tracing::error!(connection = connection.name, entity, %failure, "a scheduled import failed");
            Ok(None)
        }
    }
}

async fn import(
    connection: &Connection,
    entity: &str,
    lane: &Lane,
    look: &Look,
) -> Result<Summary> {
    let request = RunRequest {
        entity: entity.to_owned(),
        selection: Selection::Everything,
        full: false,
        mode: RunMode::Import,
        confirms: None,
    };
    let before = calls(connection);
    let summary = runs::run_under(connection, &request, lane, look.clone()).await?;
    let cost = calls(connection).saturating_sub(before);
    measured(connection, &summary, cost).await?;
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_counts_unless_the_schedule_or_the_clock_was_changed() {
        let kept = |next| Kept {
            next,
            print: "1h".to_owned(),
        };
        for (known, print, expected) in [
            (None, "1h", (500, true)),
            (Some(kept(200)), "1h", (200, false)),
            (Some(kept(500)), "1h", (500, false)),
            (Some(kept(200)), "2h", (500, true)),
            // The clock was set back: nothing may wait for the old time.
            (Some(kept(9_000_000)), "1h", (500, true)),
        ] {
            assert_eq!(due_at(known.as_ref(), print, 500), expected, "{known:?}");
        }
    }
}
