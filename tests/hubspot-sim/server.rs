//! Carries requests to the account, and adds what a network adds: latency,
//! faults, resets.
//!
//! The work of a call is done when it arrives; the answer waits. So a client that
//! gives up during the wait has lost the answer and not undone the work, as with
//! the real HubSpot.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::account::Account;
use super::control;
use super::faults::FaultKind;
use super::limits::Policy;
use super::oauth::expired;
use super::reply::{Body, Reply, error, invalid};
use super::request::{Request, pairs};
use super::route::resolve;
use super::stats::Effect;
use super::writes::Writer;

/// The largest request body that is read.
const MAX_BODY: usize = 10 * 1024 * 1024;
/// How long a shutdown waits for answers that are under way.
const GRACE: Duration = Duration::from_secs(2);

/// The account as the server and the handle share it.
#[derive(Debug, Clone)]
pub struct Shared(Arc<Mutex<Account>>);

impl Shared {
    /// Shares an account.
    pub fn new(account: Account) -> Self {
        Self(Arc::new(Mutex::new(account)))
    }

    /// The account. A test that panicked while holding it does not stop the others.
    pub fn lock(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a connection ends without an answer.
#[derive(Debug)]
struct Reset;

impl std::fmt::Display for Reset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is reset on purpose")
    }
}

impl std::error::Error for Reset {}

/// An answer's body: whole, or breaking off half-way.
#[derive(Debug)]
struct SimBody {
    data: Bytes,
    truncate: bool,
    sent: bool,
    flushed: bool,
}

impl HttpBody for SimBody {
    type Data = Bytes;
    type Error = Reset;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Reset>>> {
        if !self.sent {
            self.sent = true;
            let half = if self.truncate {
                self.data.len() / 2
            } else {
                self.data.len()
            };
            let part = self.data.slice(..half);
            return Poll::Ready(
                (!part.is_empty() || self.truncate).then_some(Ok(Frame::data(part))),
            );
        }
        if !self.truncate {
            return Poll::Ready(None);
        }
        if !self.flushed {
            // One more turn, so that the first half is on its way before the break.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Reset)))
    }

    fn is_end_stream(&self) -> bool {
        !self.truncate && (self.sent || self.data.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.len() as u64)
    }
}

/// Serves until `stop` changes or its sender is gone, then finishes what is under way.
pub async fn serve(listener: TcpListener, shared: Shared, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, shared.clone(), stop.clone()));
                }
                while connections.try_join_next().is_some() {}
            }
            _ = stop.changed() => break,
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, all).await;
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, shared: Shared, mut stop: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let asked = reset.clone();
    let service = service_fn(move |request| {
        let (shared, asked) = (shared.clone(), asked.clone());
        let answered: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async move {
            let answer = respond(shared, request).await;
            asked.fetch_or(answer.is_err(), Ordering::Relaxed);
            answer
        });
        answered
    });
    let mut conn = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = {
        let mut done = pin!(std::future::poll_fn(|cx| conn.poll_without_shutdown(cx)));
        tokio::select! {
            _ = &mut done => true,
            _ = stop.changed() => false,
        }
    };
    if !ended {
        Pin::new(&mut conn).graceful_shutdown();
        let _ = std::future::poll_fn(|cx| conn.poll_without_shutdown(cx)).await;
    }
    let stream = conn.into_parts().io.into_inner();
    if reset.load(Ordering::Relaxed) {
        // No linger: the peer sees a reset, not an orderly end. A truncated body ends
        // in order, or the reset could overtake the half that was sent.
        let _ = stream.set_zero_linger();
    }
}

/// Counts a call as ended when it ends, however that is.
struct InFlight(Shared);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.lock().counters.leave();
    }
}

async fn respond(
    shared: Shared,
    incoming: hyper::Request<Incoming>,
) -> Result<Response<SimBody>, Reset> {
    let request = match read(incoming).await {
        Ok(request) => request,
        Err(reply) => return Ok(write(reply, false)),
    };
    if request.path.starts_with("/_sim/") {
        return Ok(write(control::answer(&mut shared.lock(), &request), false));
    }
    let route = resolve(&request.method, &request.path);
    let (plan, latency) = {
        let mut account = shared.lock();
        let (pattern, effect) = route
            .as_ref()
            .map_or(("(not served)", Effect::of(&request.method)), |route| {
                (route.pattern.as_str(), route.effect)
            });
        account.counters.arrive(&request.method, pattern, effect);
        let struck = account.faults.strike(&request.method, &request.path);
        if !struck.is_empty() {
            account.counters.faulted();
        }
        (
            Plan::of(struck, account.clock.now_ms()),
            account.options.latency,
        )
    };
    let _in_flight = InFlight(shared.clone());
    let reply = if plan.work {
        let mut account = shared.lock();
        // What has changed before was done by a person, and what changes now by the app.
        account.collect(Writer::User);
        let reply = account.answer(&request, route.as_ref());
        account.collect(Writer::App);
        plan.instead.unwrap_or(reply)
    } else {
        plan.instead.unwrap_or_else(Reply::empty)
    };
    let wait = latency + plan.latency;
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    if plan.reset {
        return Err(Reset);
    }
    let mut reply = reply;
    let mut account = shared.lock();
    account.stamp(&mut reply);
    account.counters.answered(reply.status);
    Ok(write(reply, plan.truncate))
}

/// What the faults that hit one call add up to.
struct Plan {
    work: bool,
    instead: Option<Reply>,
    latency: Duration,
    reset: bool,
    truncate: bool,
}

impl Plan {
    fn of(struck: Vec<FaultKind>, now_ms: i64) -> Self {
        let mut plan = Self {
            work: true,
            instead: None,
            latency: Duration::ZERO,
            reset: false,
            truncate: false,
        };
        for kind in struck {
            match kind {
                FaultKind::Latency(ms) => plan.latency += Duration::from_millis(ms),
                FaultKind::Status {
                    status,
                    body,
                    after,
                    retry_after,
                } => {
                    plan.work &= after;
                    plan.instead = Some(status_reply(status, body, retry_after));
                }
                FaultKind::ResetBefore => (plan.work, plan.reset) = (false, true),
                FaultKind::ResetAfter => plan.reset = true,
                FaultKind::TruncatedBody => plan.truncate = true,
                FaultKind::HtmlError(status) => {
                    plan.work = false;
                    plan.instead = Some(edge_page(status));
                }
                FaultKind::RateLimited {
                    policy,
                    retry_after,
                } => {
                    plan.work = false;
                    let policy = Policy::parse(&policy).unwrap_or(Policy::TenSecondly);
                    plan.instead = Some(policy.refuse(0, retry_after));
                }
                FaultKind::ExpiredToken => {
                    plan.work = false;
                    plan.instead = Some(expired(now_ms, now_ms));
                }
            }
        }
        plan
    }
}

fn status_reply(status: u16, body: Option<Value>, retry_after: Option<u64>) -> Reply {
    let reply = match body {
        Some(Value::String(page)) => Reply::html(status, page),
        Some(body) => Reply::new(status, body),
        None => error(status, "INTERNAL_ERROR", "internal error"),
    };
    match retry_after {
        Some(seconds) => reply.header("retry-after", seconds),
        None => reply,
    }
}

fn edge_page(status: u16) -> Reply {
    Reply::html(
        status,
        format!(
            "<html>\r\n<head><title>{status} Error</title></head>\r\n<body>\r\n<center><h1>{status} Error</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
        ),
    )
}

async fn read(incoming: hyper::Request<Incoming>) -> Result<Request, Reply> {
    let (head, body) = incoming.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(problem) => {
            return Err(invalid(format!(
                "The request body could not be read: {problem}"
            )));
        }
    };
    let text = |name: header::HeaderName| {
        head.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let bearer = text(header::AUTHORIZATION)
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Ok(Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: pairs(head.uri.query().unwrap_or_default()),
        bearer: bearer.map(|(_, token)| token.trim().to_owned()),
        accept: text(header::ACCEPT).to_owned(),
        content_type: text(header::CONTENT_TYPE).to_owned(),
        body,
    })
}

fn write(reply: Reply, truncate: bool) -> Response<SimBody> {
    let (kind, data) = match reply.body {
        Body::Empty => (None, Bytes::new()),
        Body::Json(value) => (
            Some("application/json;charset=utf-8"),
            Bytes::from(value.to_string()),
        ),
        Body::Text(text) => (Some("application/json;charset=utf-8"), Bytes::from(text)),
        Body::Html(page) => (Some("text/html;charset=utf-8"), Bytes::from(page)),
    };
    let mut builder = Response::builder().status(reply.status);
    if let Some(kind) = kind {
        builder = builder.header(header::CONTENT_TYPE, kind);
    }
    for (name, value) in reply.headers {
        builder = builder.header(name, value);
    }
    let truncate = truncate && !data.is_empty();
    let whole = |data: Bytes| SimBody {
        data,
        truncate,
        sent: false,
        flushed: false,
    };
    builder.body(whole(data)).unwrap_or_else(|problem| {
        let body = json!({"status": "error", "message": format!("The answer could not be built: {problem}")});
        let mut broken = Response::new(whole(Bytes::from(body.to_string())));
        *broken.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}
