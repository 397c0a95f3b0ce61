//! Runs: an import or its preview, driven slice by slice until it is done. A run
//! is recorded from its first moment, so that a killed one can be told from one
//! that never was.

use std::sync::Arc;
use std::time::Duration;

use crate::capability::{Observer, Stop};
use crate::connection::{Connection, ConnectionError, Selection, Slice, SliceContext};
use crate::model::{Failure, RunId, Timestamp};
use crate::store::{Counts, NewRun, ReportFilter, ReportedRow, RunMode};

/// A pause up to this long is waited for within the run, as a person would sit out;
/// for a longer one the run ends as `waiting` and says when to go on. A remote that
/// cannot be reached asks for a longer one, so that a run never hangs on it.
const WAIT_WITHIN_RUN: Duration = Duration::from_secs(30);
/// How often a waiting run looks whether it shall stop.
const WAIT_STEP: Duration = Duration::from_millis(200);

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRequest {
    /// Which entity.
    pub entity: String,
    /// Which rows.
    pub selection: Selection,
    /// Everything, not only what changed.
    pub full: bool,
    /// Import or preview.
    pub mode: RunMode,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Its number.
    pub run: RunId,
    /// The entity.
    pub entity: String,
    /// Import or preview.
    pub mode: RunMode,
    /// `done`, `stopped`, `waiting`, `blocked`.
    pub state: &'static str,
    /// Why, for the last two.
    pub failure: Option<Failure>,
    /// When to go on, for `waiting`.
    pub retry_at: Option<Timestamp>,
    /// What became of the rows.
    pub counts: Counts,
}

/// Runs a request to its end, to a stop or to a wall.
pub async fn run(
    connection: &Connection,
    request: &RunRequest,
    observer: Arc<dyn Observer>,
    stop: Stop,
) -> Result<Summary, ConnectionError> {
    let entity = connection
        .description
        .entity(&request.entity)
        .map_err(ConnectionError::Asked)?;
    if !entity.import {
        return Err(ConnectionError::Asked(format!(
            "{} cannot be imported with this connector.",
            entity.label
        )));
    }
    let held = connection.take_lane().await?;
    let store = connection.store();
    let arguments = serde_json::json!({ "selection": request.selection, "full": request.full });
    let run = store
        .run_begin(&NewRun {
            connection: connection.name.clone(),
            entity: request.entity.clone(),
            mode: request.mode,
            arguments: arguments.to_string(),
            at: connection.now(),
        })
        .await?;
    let context = SliceContext {
        run,
        preview: request.mode == RunMode::Preview,
        lane: &held.lane,
        observer,
        stop,
    };
    let ended = drive(connection, request, &context).await;
    let (state, failure) = match &ended {
        Ok(ended) => (ended.state(), ended.failure()),
        Err(error) => ("failed", Some(failure_of(error))),
    };
    store
        .run_end(run, state, failure.as_ref(), connection.now())
        .await?;
    held.release().await?;
    let ended = ended?;
    Ok(Summary {
        run,
        entity: request.entity.clone(),
        mode: request.mode,
        state,
        failure,
        retry_at: match ended {
            Ended::Waiting(at) => Some(at),
            _ => None,
        },
        counts: store.counts(run).await?,
    })
}

enum Ended {
    Done,
    Stopped,
    Waiting(Timestamp),
    Blocked(Failure),
}

impl Ended {
    fn state(&self) -> &'static str {
        match self {
            Ended::Done => "done",
            Ended::Stopped => "stopped",
            Ended::Waiting(_) => "waiting",
            Ended::Blocked(_) => "blocked",
        }
    }

    fn failure(&self) -> Option<Failure> {
        match self {
            Ended::Blocked(failure) => Some(failure.clone()),
            Ended::Waiting(at) => Some(
                Failure::new(
                    "unavailable",
                    format!(
                        "The remote asks to wait until {}; run the same command then.",
                        show_time(*at)
                    ),
                )
                .with("retry-at", at),
            ),
            Ended::Done | Ended::Stopped => None,
        }
    }
}

async fn drive(
    connection: &Connection,
    request: &RunRequest,
    context: &SliceContext<'_>,
) -> Result<Ended, ConnectionError> {
    loop {
        let slice = connection
            .import_slice(&request.entity, &request.selection, request.full, context)
            .await?;
        match slice {
            Slice::Done => return Ok(Ended::Done),
            Slice::Stopped => return Ok(Ended::Stopped),
            Slice::Blocked(failure) => return Ok(Ended::Blocked(failure)),
            Slice::More if context.stop.is_asked() => return Ok(Ended::Stopped),
            Slice::More => {}
            Slice::WaitUntil(at) => {
                let wait = Duration::from_millis(at.saturating_sub(connection.now()));
                if wait > WAIT_WITHIN_RUN {
                    return Ok(Ended::Waiting(at));
                }
                context
                    .observer
                    .note(&format!("Waiting until {}.", show_time(at)));
                while connection.now() < at {
                    if context.stop.is_asked() {
                        return Ok(Ended::Stopped);
                    }
                    tokio::time::sleep(WAIT_STEP).await;
                }
            }
        }
    }
}

/// An error as it is recorded with the run.
pub fn failure_of(error: &ConnectionError) -> Failure {
    match error {
        ConnectionError::Failed(failure) => failure.clone(),
        ConnectionError::Call(error) => Failure::new(error.code(), error.to_string()),
        ConnectionError::Lane(error) => Failure::new("busy", error.to_string()),
        ConnectionError::Store(error) => Failure::new("store", error.to_string()),
        ConnectionError::Asked(message) => Failure::new("invalid", message.clone()),
    }
}

/// A time for people, to the second, UTC.
pub fn show_time(at: Timestamp) -> String {
    let millisecond = i64::try_from(at).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_millisecond(millisecond) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => at.to_string(),
    }
}

/// A difference between what a preview showed and what its import did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Deviation {
    /// The remote row.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// What the preview showed.
    pub shown: String,
    /// What happened.
    pub done: String,
}

/// What an import did otherwise than its preview showed, because the remote (or
/// Halo) changed in between.
pub async fn deviations(
    connection: &Connection,
    preview: RunId,
    import: RunId,
) -> Result<Vec<Deviation>, ConnectionError> {
    let store = connection.store();
    let mut deviations = Vec::new();
    let mut shown = Pages::new(store.clone(), preview);
    let mut done = Pages::new(store.clone(), import);
    let (mut left, mut right) = (shown.next().await?, done.next().await?);
    // Both come in the order of their keys.
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(deviations),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(left), Some(right)) => order_of(left).cmp(&order_of(right)),
        };
        let (before, after) = match order {
            std::cmp::Ordering::Less => (left.take(), None),
            std::cmp::Ordering::Greater => (None, right.take()),
            std::cmp::Ordering::Equal => (left.take(), right.take()),
        };
        if left.is_none() && order != std::cmp::Ordering::Greater {
            left = shown.next().await?;
        }
        if right.is_none() && order != std::cmp::Ordering::Less {
            right = done.next().await?;
        }
        let told = |row: &Option<ReportedRow>| row.as_ref().map_or("not there".to_owned(), told_of);
        let (shown, done) = (told(&before), told(&after));
        if shown != done
            && let Some(row) = after.or(before)
        {
            deviations.push(Deviation {
                key: row.row.key,
                title: row.row.title,
                shown,
                done,
            });
        }
    }
}

fn order_of(row: &ReportedRow) -> (usize, &str) {
    (row.row.key.len(), &row.row.key)
}

/// What a row came to, in one word: its effect if something was written, else
/// its outcome.
pub fn outcome_of(row: &ReportedRow) -> &str {
    use crate::model::Effect;
    match (row.row.outcome.as_str(), row.effect) {
        // Read twice in one run: written once, then found unchanged.
        ("written" | "unchanged", Some(effect)) => match effect {
            Effect::Created => "created",
            Effect::Updated => "updated",
            Effect::Removed => "removed",
            Effect::Unchanged => "unchanged",
        },
        ("written", None) => "unchanged",
        (outcome, _) => outcome,
    }
}

/// What a row came to, with the values: equal exactly when a preview was right.
fn told_of(row: &ReportedRow) -> String {
    let mut told = outcome_of(row).to_owned();
    for change in &row.changes {
        told.push_str(&format!(
            "; {}: {} → {}",
            change.field,
            change.from.display(),
            change.to.display()
        ));
    }
    told
}

/// Report rows of a run, page by page, so that memory does not grow with them.
struct Pages {
    store: Arc<dyn crate::store::Store>,
    run: RunId,
    page: std::vec::IntoIter<ReportedRow>,
    after: Option<String>,
    ended: bool,
}

impl Pages {
    const SIZE: u32 = 500;

    fn new(store: Arc<dyn crate::store::Store>, run: RunId) -> Pages {
        Pages {
            store,
            run,
            page: Vec::new().into_iter(),
            after: None,
            ended: false,
        }
    }

    async fn next(&mut self) -> Result<Option<ReportedRow>, ConnectionError> {
        loop {
            if let Some(row) = self.page.next() {
                return Ok(Some(row));
            }
            if self.ended {
                return Ok(None);
            }
            let filter = ReportFilter {
                after: self.after.take(),
                limit: Pages::SIZE,
                ..ReportFilter::default()
            };
            let page = self.store.reported(self.run, &filter).await?;
            self.ended = page.len() < Pages::SIZE as usize;
            self.after = page.last().map(|row| row.row.key.clone());
            self.page = page.into_iter();
        }
    }
}
