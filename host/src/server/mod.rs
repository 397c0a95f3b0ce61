//! What the host does while it serves: it answers the way back of sign-ins, says
//! whether it lives, serves the records API, takes remotes' events and applies them, runs
//! what is due, and sends what changes in Halo.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::admin;
use crate::capability::{Observer, Stop, Unwatched};
use crate::config::ConfigError;
use crate::host::Host;
use crate::retention;

mod api;
pub mod due;
mod intake;
mod listen;
mod metrics;
mod ready;
pub mod receiving;
pub mod sending;
mod sign_in;
mod wakes;

pub use wakes::Wakes;

pub use sign_in::{Outcome, redirect_address, wait_for_other, wait_for_redirect};

/// Batches of events, and of changes, before the others of a connection get their turn: some
/// seconds' work.
const A_TURN: u32 = 10;
/// How often a stop is looked for.
const STEP: Duration = Duration::from_millis(100);

/// All paths, each part from its own file.
pub fn router(host: &Arc<Host>) -> Result<Router, ConfigError> {
    let own = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready::answer))
        .route("/connect/{name}/callback", get(sign_in::callback))
        .with_state(host.clone());
    let counted = Arc::new(intake::Counted::default());
    Ok(own
        .merge(intake::router(host, counted.clone()))
        .merge(metrics::router(host, counted))
        .merge(admin::router(host))
        .merge(api::router(host)?))
}

/// Serves these paths until stopped.
pub async fn serve(
    host: Arc<Host>,
    router: Router,
    listener: TcpListener,
    stop: &Stop,
) -> std::io::Result<()> {
    let due = tokio::spawn(due::run_due(host.clone(), stop.clone()));
    let kept = tokio::spawn(retention::keep(host.clone(), stop.clone()));
    let leaving = async {
        stopped(stop).await;
        host.leave();
    };
    tokio::join!(listen::listen(listener, router, stop), leaving);
    host.jobs.end().await;
    kept.await.map_err(std::io::Error::other)?;
    due.await.map_err(std::io::Error::other)
}

/// Until a stop is asked for.
pub(crate) async fn stopped(stop: &Stop) {
    while !stop.is_asked() {
        tokio::time::sleep(STEP).await;
    }
}

/// Nobody looks at what is done by itself.
fn unwatched(stop: &Stop) -> (Arc<dyn Observer>, Stop) {
    (Arc::new(Unwatched), stop.clone())
}
