//! Runs: an import or its preview, driven slice by slice until it is done. A run
//! is recorded from its first moment, so that a killed one can be told from one
//! that never was.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::brake::Question;
use crate::capability::{Observer, Stop};
use crate::connection::{Connection, ConnectionError, Selection, Slice, SliceContext};
use crate::model::{Failure, RunId, Timestamp};
use crate::share::Others;
use crate::store::{Counts, Lane, NewRun, Run, RunMode, StoreError};
use crate::watch::{self, Watch};

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
    /// For an import: the preview that it confirms.
    pub confirms: Option<RunId>,
}

impl RunRequest {
    /// What is recorded with the run.
    fn arguments(&self) -> Arguments {
        Arguments {
            selection: self.selection.clone(),
            full: self.full,
            confirms: self.confirms,
        }
    }
}

/// What a run was asked for, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    /// Which rows.
    pub selection: Selection,
    /// Everything, not only what changed.
    pub full: bool,
    /// The preview that it confirms.
    #[serde(default)]
    pub confirms: Option<RunId>,
}

impl Arguments {
    /// Of a recorded run; nothing when a newer program wrote something else.
    pub fn of(run: &Run) -> Option<Arguments> {
        serde_json::from_str(&run.arguments).ok()
    }
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
    /// Of a preview: that it shows more than an import may change unasked.
    pub brake: Option<Question>,
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
    let summary = run_under(connection, request, &held.lane, (observer, stop)).await;
    // Also after a failure, which may be the store's own: that one counts.
    let released = held.release().await;
    let summary = summary?;
    released?;
    Ok(summary)
}

/// The same under a lane that is held already, for who must look at something, run and
/// note that it ran before another may.
pub(crate) async fn run_under(
    connection: &Connection,
    request: &RunRequest,
    lane: &Lane,
    (observer, stop): (Arc<dyn Observer>, Stop),
) -> Result<Summary, ConnectionError> {
    let store = connection.store();
    let arguments = serde_json::to_string(&request.arguments()).unwrap_or_default();
    let run = store
        .run_begin(&NewRun {
            connection: connection.name.clone(),
            entity: request.entity.clone(),
            mode: request.mode,
            arguments,
            at: connection.now(),
        })
        .await?;
    observer.begun(run);
    let mut context = SliceContext {
        run,
        preview: request.mode == RunMode::Preview,
        lane,
        observer,
        stop,
        watch: None,
    };
    let ended = watched(connection, request, &mut context).await;
    let (state, failure) = match &ended {
        Ok(ended) => (ended.state(), ended.failure()),
        Err(error) => ("failed", Some(failure_of(error))),
    };
    store
        .run_end(run, state, failure.as_ref(), connection.now())
        .await?;
    let ended = ended?;
    let brake = match (request.mode, &ended) {
        (RunMode::Preview, Ended::Done) => watch::question(connection, request, run).await?,
        _ => None,
    };
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
        brake,
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
                        "The connector asks to wait until {}; run the same command then.",
                        show_time(*at)
                    ),
                )
                .with("retry-at", at),
            ),
            Ended::Done | Ended::Stopped => None,
        }
    }
}

/// Drives an import under the brake; a preview changes nothing.
async fn watched(
    connection: &Connection,
    request: &RunRequest,
    context: &mut SliceContext<'_>,
) -> Result<Ended, ConnectionError> {
    if context.preview {
        return drive(connection, request, context).await;
    }
    let watch = match Watch::start(connection, request, context.run, context.lane).await? {
        Ok(watch) => Arc::new(watch),
        Err(failure) => return Ok(Ended::Blocked(failure)),
    };
    context.watch = Some(watch.clone());
    let ended = drive(connection, request, context).await;
    if matches!(ended, Ok(Ended::Done)) {
        watch.close(connection.store()).await?;
    }
    ended
}

async fn drive(
    connection: &Connection,
    request: &RunRequest,
    context: &SliceContext<'_>,
) -> Result<Ended, ConnectionError> {
    let shares = || Others::of(connection, context.lane, context.stop.clone());
    let mut others = (!context.preview).then(shares);
    loop {
        let begun = Instant::now();
        let slice = connection.import_slice(request, context).await?;
        if let Some(others) = &mut others {
            others.import_has_had(begun.elapsed());
        }
        match slice {
            Slice::Done => return Ok(Ended::Done),
            Slice::Stopped => return Ok(Ended::Stopped),
            Slice::Blocked(failure) => return Ok(Ended::Blocked(failure)),
            Slice::More => {
                if let Some(others) = &mut others {
                    others.turn().await;
                }
            }
            Slice::WaitUntil(at) => {
                let wait = Duration::from_millis(at.saturating_sub(connection.now()));
                if wait > WAIT_WITHIN_RUN {
                    return Ok(Ended::Waiting(at));
                }
                wait_until(at, connection, context, others.as_mut()).await;
            }
        }
        if context.stop.is_asked() {
            return Ok(Ended::Stopped);
        }
    }
}

/// Waits within the run, until it is asked to stop. Meanwhile others may have the lane.
async fn wait_until(
    at: Timestamp,
    connection: &Connection,
    context: &SliceContext<'_>,
    mut others: Option<&mut Others<'_>>,
) {
    let line = format!("Waiting until {}.", show_time(at));
    context.observer.note(&line);
    // By both clocks: the one that the connector knows may be set back.
    let started = Instant::now();
    while connection.now() < at && started.elapsed() < WAIT_WITHIN_RUN {
        if context.stop.is_asked() {
            return;
        }
        if let Some(others) = &mut others {
            others.turn().await;
            others.import_has_had(WAIT_STEP);
        }
        tokio::time::sleep(WAIT_STEP).await;
    }
}

/// The run that has imported all that a preview showed; one that was stopped or killed
/// on the way has not.
pub async fn imported_by(
    connection: &Connection,
    preview: RunId,
) -> Result<Option<RunId>, StoreError> {
    let runs = connection.store().runs(&connection.name, u32::MAX).await?;
    let imported = |run: &&Run| {
        run.mode == RunMode::Import
            && run.state == "done"
            && Arguments::of(run).is_some_and(|arguments| arguments.confirms == Some(preview))
    };
    Ok(runs.iter().find(imported).map(|run| run.id))
}

/// Why a preview cannot be confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unconfirmed {
    /// There is none of that number and entity.
    Missing,
    /// It did not finish.
    Unfinished,
    /// It was imported already, by this run: again it would import what has changed since,
    /// which it does not show.
    Imported(RunId),
}

/// The arguments that a preview was made with, for the import that confirms it.
pub async fn confirmed(
    connection: &Connection,
    entity: &str,
    preview: RunId,
) -> Result<std::result::Result<Arguments, Unconfirmed>, StoreError> {
    let run = connection.store().run(preview).await?.filter(|run| {
        run.mode == RunMode::Preview && run.connection == connection.name && run.entity == entity
    });
    let Some(run) = run else {
        return Ok(Err(Unconfirmed::Missing));
    };
    if run.state != "done" {
        return Ok(Err(Unconfirmed::Unfinished));
    }
    if let Some(by) = imported_by(connection, preview).await? {
        connection.store().drop_layer(preview).await?;
        return Ok(Err(Unconfirmed::Imported(by)));
    }
    Ok(Arguments::of(&run).ok_or(Unconfirmed::Missing))
}

/// The code of an entity whose settings are not filled in yet. Whoever wants all does not
/// want for what was never set up.
pub const NOT_SET_UP: &str = "not-set-up";

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
