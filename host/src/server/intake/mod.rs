//! Where remotes send their events: `/webhooks/NAME`, with any method and below it any
//! path.
//!
//! The connector NAME says whether a request is genuine and what to answer. What it tells
//! is kept before it is answered. A remote has one address for all accounts of an app, so
//! other connections may name this one with `events-from`: each of them reads the request
//! for itself, with its own secrets and settings, and of what it reads that of its own
//! account is kept. So no setting of one connection decides for another, and no secret of
//! one lets events of another in. What nobody here is connected to is counted and dropped.
//!
//! **Overload** is answered with 503 before memory grows: all bodies together have a
//! limit, and a request that is not done in time is told to come again. It does, and what
//! was kept of it is known.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request as HttpRequest, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Connector;
use crate::connection::Connection;
use crate::connection::webhook::{Received, Request};
use crate::host::Host;
pub(super) use counted::Counted;
use counted::What;
use keeper::{Keeper, Read, accounts_of};

mod counted;
mod keeper;

/// Bytes of one body. Remotes send a hundred events at once, each with a value of up to
/// 64 KiB; longer is nobody's.
const BODY: usize = 8 * 1024 * 1024;
/// Bytes of all bodies that are being looked at.
const BODIES: usize = 64 * 1024 * 1024;
/// Bytes that one permit stands for.
const UNIT: usize = 1_024;
/// Requests that connectors look at, at once; each is short and computes.
const AT_ONCE: usize = 16;
/// How long a request may take in all: remotes give up after five seconds.
const LONGEST: Duration = Duration::from_millis(4_500);
/// How long its body may take: who sends one that does not end holds a connection.
const BODY_WITHIN: Duration = Duration::from_secs(3);
/// When a remote that was refused shall come again.
const AGAIN_S: &str = "5";
/// What a connector may answer with; remotes read nothing of it.
const ANSWER: usize = 16 * 1024;

/// What every request gets.
pub(super) struct Intake {
    host: Arc<Host>,
    keeper: Keeper,
    room: Arc<Semaphore>,
    turns: Semaphore,
    counted: Arc<Counted>,
}

/// The path of each connector.
pub(super) fn router(host: &Arc<Host>, counted: Arc<Counted>) -> Router {
    let intake = Arc::new(Intake {
        host: host.clone(),
        keeper: Keeper::start(host, counted.clone()),
        room: Arc::new(Semaphore::new(BODIES / UNIT)),
        turns: Semaphore::new(AT_ONCE),
        counted,
    });
    Router::new()
        .route("/webhooks/{name}", any(take))
        .route("/webhooks/{name}/{*rest}", any(take_below))
        .with_state(intake)
}

async fn take_below(
    State(intake): State<Arc<Intake>>,
    Path((name, _)): Path<(String, String)>,
    request: HttpRequest,
) -> Response {
    answer(&intake, &name, request).await
}

async fn take(
    State(intake): State<Arc<Intake>>,
    Path(name): Path<String>,
    request: HttpRequest,
) -> Response {
    answer(&intake, &name, request).await
}

async fn answer(intake: &Arc<Intake>, name: &str, request: HttpRequest) -> Response {
    if !intake.host.config.connector.contains_key(name) {
        return plain(StatusCode::NOT_FOUND, "There is no connector of that name.");
    }
    intake.counted.add(name, What::Requests, 1);
    // In a task of its own: a remote that goes away must not leave a half-kept request.
    let work = tokio::spawn({
        let (intake, name) = (intake.clone(), name.to_owned());
        async move { received(&intake, &name, request).await }
    });
    match tokio::time::timeout(LONGEST, work).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(refused))) => {
            intake.counted.add(name, refused.counts_as(), 1);
            refused.response()
        }
        Ok(Err(_)) | Err(_) => {
            intake.counted.add(name, What::Busy, 1);
            Refused::Busy.response()
        }
    }
}

/// Why a request got no further than the host.
enum Refused {
    /// Come again: too much at once, or something that passes.
    Busy,
    TooLarge,
    Broken,
    /// The end of the body did not come.
    Slow,
    /// The connector takes no events.
    NoEvents,
}

impl Refused {
    fn counts_as(&self) -> What {
        match self {
            Refused::Busy => What::Busy,
            Refused::TooLarge | Refused::Broken | Refused::Slow | Refused::NoEvents => {
                What::Refused
            }
        }
    }

    fn response(&self) -> Response {
        match self {
            Refused::Busy => {
                let text = "This host is busy; come again.";
                let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, text);
                let again = HeaderValue::from_static(AGAIN_S);
                response.headers_mut().insert(header::RETRY_AFTER, again);
                response
            }
            Refused::TooLarge => plain(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large."),
            Refused::Broken => plain(StatusCode::BAD_REQUEST, "The body did not come whole."),
            Refused::Slow => plain(StatusCode::REQUEST_TIMEOUT, "The body did not end in time."),
            Refused::NoEvents => plain(StatusCode::NOT_FOUND, "This connector takes no events."),
        }
    }
}

async fn received(intake: &Intake, name: &str, request: HttpRequest) -> Result<Response, Refused> {
    let at = intake.host.clock.now();
    let (parts, mut body) = request.into_parts();
    let read = tokio::time::timeout(BODY_WITHIN, whole(intake, &mut body)).await;
    let (body, _room) = match read.map_err(|_| Refused::Slow)? {
        Ok(whole) => whole,
        Err(refused) => {
            // Who still sends reads no answer, and a connection that is closed with bytes
            // unread is reset and takes the answer with it (RFC 9112, 9.6).
            tokio::spawn(tokio::time::timeout(BODY_WITHIN, pass_over(body)));
            return Err(refused);
        }
    };
    let connection = intake.host.recent(name).await.map_err(|error| {
        tracing::error!(connection = name, %error, "events cannot be taken");
        Refused::Busy
    })?;
    if !connection.takes_events() {
        return Err(Refused::NoEvents);
    }
    let path = parts.uri.path_and_query();
    let headers = parts.headers.iter();
    let request = Request {
        method: parts.method.as_str().to_owned(),
        path: path.map_or("/", |path| path.as_str()).to_owned(),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body,
        received: at,
    };
    let mut received = look(intake, &connection, &request).await?;
    if !(200..300).contains(&received.status) {
        intake.counted.add(name, What::Refused, 1);
        return Ok(response(received));
    }
    let events = std::mem::take(&mut received.events);
    let mut read = vec![Read {
        by: name.to_owned(),
        events,
    }];
    // If one of them fails it comes again, and those who have read it know it then.
    let all = others(intake, name, &request, &mut read).await;
    drop(request);
    if read.iter().any(|read| !read.events.is_empty()) {
        let kept = intake.keeper.keep(name, read).await;
        kept.map_err(|problem| {
            tracing::error!(connection = name, problem, "events could not be kept");
            Refused::Busy
        })?;
    }
    all?;
    Ok(response(received))
}

async fn look(
    intake: &Intake,
    connection: &Connection,
    request: &Request,
) -> Result<Received, Refused> {
    let _turn = intake.turns.acquire().await;
    connection.receive(request).await.map_err(|error| {
        tracing::error!(connection = connection.name, %error, "a request could not be looked at");
        Refused::Busy
    })
}

/// What the connections read in a request that take events from this path. One that does
/// not take it (another secret, not set up) keeps nobody else from theirs.
async fn others(
    intake: &Intake,
    path: &str,
    request: &Request,
    read: &mut Vec<Read>,
) -> Result<(), Refused> {
    let host = &intake.host;
    let takes = |entry: &Connector| {
        entry
            .events_from
            .as_deref()
            .is_some_and(|from| from == path)
    };
    if !host.config.connector.values().any(takes) {
        return Ok(());
    }
    let problem = |name: &str, error: &dyn std::fmt::Display| {
        tracing::error!(connection = name, %error, "events cannot be taken");
        Refused::Busy
    };
    let accounts = accounts_of(host, path).await;
    for name in accounts.map_err(|error| problem(path, &error))?.into_keys() {
        if name == path {
            continue;
        }
        let connection = host.recent(&name).await;
        let connection = connection.map_err(|error| problem(&name, &error))?;
        if !connection.takes_events() {
            continue;
        }
        let received = look(intake, &connection, request).await?;
        if (200..300).contains(&received.status) {
            read.push(Read {
                by: name,
                events: received.events,
            });
        } else {
            intake.counted.add(&name, What::Refused, 1);
            let status = received.status;
            tracing::warn!(
                connection = name,
                status,
                "a request to {path} was not taken"
            );
        }
    }
    Ok(())
}

/// The body, within what one and all may have, and the room that it takes.
async fn whole(
    intake: &Intake,
    body: &mut Body,
) -> Result<(Vec<u8>, Vec<OwnedSemaphorePermit>), Refused> {
    // What is announced as too large is answered before any of it has come.
    if body.size_hint().lower() > BODY as u64 {
        return Err(Refused::TooLarge);
    }
    let (mut bytes, mut room) = (Vec::new(), Vec::new());
    let mut taken = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refused::Broken)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > BODY {
            return Err(Refused::TooLarge);
        }
        // As they come: who announces much and sends little takes no room from others.
        let needed = (bytes.len() + data.len()).div_ceil(UNIT) - taken;
        if let Ok(needed) = u32::try_from(needed) {
            let permit = intake.room.clone().try_acquire_many_owned(needed);
            room.push(permit.map_err(|_| Refused::Busy)?);
            taken += needed as usize;
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, room))
}

/// Reads to the end and keeps nothing.
async fn pass_over(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// A connector's own answer. What is no header, or not its business, is left out.
fn response(received: Received) -> Response {
    let status = StatusCode::from_u16(received.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut body = received.body;
    body.truncate(ANSWER);
    let mut response = (status, body).into_response();
    for (name, value) in received.headers {
        let of_the_connection = [
            header::CONNECTION.as_str(),
            header::CONTENT_LENGTH.as_str(),
            header::TRANSFER_ENCODING.as_str(),
        ];
        let name = HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(&value))
            && !of_the_connection.contains(&name.as_str())
        {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, text).into_response()
}
