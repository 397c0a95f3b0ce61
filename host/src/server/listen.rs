//! Accepts connections and answers their requests. What a stranger can hold is bounded:
//! how many connections there are, how long their headers may take and how long they are.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower_service::Service as _;

use super::{STEP, stopped};
use crate::capability::Stop;

/// Connections at once; more wait in the system's queue.
const CONNECTIONS: usize = 1_024;
/// How long the headers of a request may take, and an idle connection may last.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of all headers of a request.
const HEADERS: usize = 32 * 1024;
/// How long requests that are being answered are waited for at a stop.
const GRACE: Duration = Duration::from_secs(10);
/// How long who has just come may take to begin at a stop: a delivery that is cut off
/// comes again later, and may be the remote's last try.
const FIRST_WITHIN: Duration = Duration::from_secs(1);
/// After a failed accept: most often too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until stopped; what is being answered then is answered.
pub(super) async fn listen(listener: TcpListener, router: Router, stop: &Stop) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stopped(stop) => break,
            accepted = accept(&listener, &room) => accepted,
        };
        while open.try_join_next().is_some() {}
        if let Some((stream, place)) = accepted {
            let (router, stop) = (router.clone(), stop.clone());
            open.spawn(async move {
                answer(stream, router, &stop).await;
                drop(place);
            });
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, open.join_all()).await;
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    // Never closed, so never refused.
    let place = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

async fn answer(stream: TcpStream, router: Router, stop: &Stop) {
    let begun = Arc::new(AtomicBool::new(false));
    let begins = begun.clone();
    let service =
        hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            begins.store(true, Ordering::Relaxed);
            let mut router = router.clone();
            let request: Request = request.map(Body::new);
            async move {
                Ok::<_, Infallible>(
                    router
                        .call(request)
                        .await
                        .unwrap_or_else(|never| match never {}),
                )
            }
        });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // A connection that breaks is the other side's business.
        _ = connection.as_mut() => return,
        () = stopped(stop) => {}
    }
    let first = tokio::time::timeout(FIRST_WITHIN, async {
        while !begun.load(Ordering::Relaxed) {
            tokio::time::sleep(STEP).await;
        }
    });
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = first => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
