//! Imports and previews that people have started at the page: one at a time for each
//! connector, watched while they run. They go on when the browser is closed, and end with
//! their page when the host is stopped or put together anew.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::capability::{Observer, Progress, Stop};
use crate::connection::{Connection, ConnectionError};
use crate::deviations::{Deviation, deviations};
use crate::host::Host;
use crate::model::RunId;
use crate::runs::{self, RunRequest, Summary};

/// How often a stop of the host is looked for.
const STEP: Duration = Duration::from_millis(100);

/// How far a job is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// Its run, once it has begun.
    pub(super) run: Option<RunId>,
    /// How far that is.
    pub(super) progress: Option<Progress>,
    /// The last thing that was noted.
    pub(super) note: Option<String>,
    /// How it ended; the sentence of an error.
    pub(super) ended: Option<Result<(), String>>,
    /// Of an import that confirmed a preview: what it did otherwise.
    pub(super) deviations: Option<Vec<Deviation>>,
}

/// One run that somebody has started.
#[derive(Debug)]
pub(crate) struct Job {
    standing: watch::Sender<Standing>,
    stop: Stop,
}

impl Job {
    /// How it stands now.
    pub(super) fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// Asks it to finish its page and stop.
    pub(super) fn stop(&self) {
        self.stop.ask();
    }

    /// Waits until it has begun, or has ended before it could.
    pub(super) async fn begun(&self) -> Standing {
        let mut watcher = self.standing.subscribe();
        let begun = watcher.wait_for(|standing| standing.run.is_some() || standing.ended.is_some());
        // Its sender lives as long as this.
        begun
            .await
            .map_or_else(|_| Standing::default(), |standing| standing.clone())
    }
}

impl Observer for Job {
    fn begun(&self, run: RunId) {
        self.standing
            .send_modify(|standing| standing.run = Some(run));
    }

    fn progress(&self, progress: Progress) {
        self.standing.send_modify(|standing| {
            standing.progress = Some(progress);
            standing.note = None;
        });
    }

    fn note(&self, line: &str) {
        self.standing
            .send_modify(|standing| standing.note = Some(line.to_owned()));
    }
}

/// The last job of each connector.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Mutex<BTreeMap<String, Arc<Job>>>);

impl Jobs {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Job>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job of this run, if it is known here.
    pub(super) fn of(&self, connection: &str, run: RunId) -> Option<Arc<Job>> {
        let job = self.all().get(connection).cloned();
        job.filter(|job| job.standing.borrow().run == Some(run))
    }

    /// Starts one, unless one of that connector is under way: that one is answered then.
    pub(super) fn start(
        &self,
        host: &Arc<Host>,
        connection: Arc<Connection>,
        request: RunRequest,
    ) -> Result<Arc<Job>, Arc<Job>> {
        let mut all = self.all();
        let under_way = all.get(&connection.name);
        if let Some(job) = under_way.filter(|job| job.standing.borrow().ended.is_none()) {
            return Err(job.clone());
        }
        let job = Arc::new(Job {
            standing: watch::Sender::default(),
            stop: Stop::default(),
        });
        all.insert(connection.name.clone(), job.clone());
        let work = tokio::spawn(work(host.clone(), connection, request, job.clone()));
        let watched = job.clone();
        tokio::spawn(async move {
            // However it ends: nobody may wait for it for ever.
            if work.await.is_err() {
                let ended = Some(Err("It was interrupted; see the log.".to_owned()));
                watched
                    .standing
                    .send_modify(|standing| standing.ended = ended);
            }
        });
        Ok(job)
    }

    /// Asks all to stop, and waits until they have.
    pub(crate) async fn end(&self) {
        let all: Vec<Arc<Job>> = self.all().values().cloned().collect();
        for job in &all {
            job.stop();
        }
        for job in &all {
            let mut watcher = job.standing.subscribe();
            let _ = watcher.wait_for(|standing| standing.ended.is_some()).await;
        }
    }
}

async fn work(host: Arc<Host>, connection: Arc<Connection>, request: RunRequest, job: Arc<Job>) {
    let run = runs::run(&connection, &request, job.clone(), job.stop.clone());
    tokio::pin!(run);
    let ended = loop {
        tokio::select! {
            ended = &mut run => break ended,
            () = tokio::time::sleep(STEP) => {
                if host.is_leaving() {
                    job.stop();
                }
            }
        }
    };
    let different = match &ended {
        Ok(summary) => different(&connection, &request, summary).await,
        Err(_) => Ok(None),
    };
    let (ended, deviations) = match (ended, different) {
        (Ok(_), Ok(deviations)) => (Ok(()), deviations),
        (Err(error), _) | (_, Err(error)) => (Err(error.to_string()), None),
    };
    job.standing.send_modify(|standing| {
        standing.deviations = deviations;
        standing.ended = Some(ended);
    });
}

/// Of a preview that was confirmed: what was done otherwise; and its layer is not needed
/// any more.
async fn different(
    connection: &Connection,
    request: &RunRequest,
    summary: &Summary,
) -> Result<Option<Vec<Deviation>>, ConnectionError> {
    let Some(preview) = request.confirms.filter(|_| summary.state == "done") else {
        return Ok(None);
    };
    let different = deviations(connection, preview).await?;
    connection.store().drop_layer(preview).await?;
    Ok(Some(different))
}
