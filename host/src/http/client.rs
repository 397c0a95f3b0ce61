//! One connection's way to the remote: the checks before a request, the request
//! itself with its times and sizes, and the counters.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, Version, header};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;
use tokio::time::{Instant, timeout_at};

use super::allow::AllowList;
use super::budget::Budgets;
use super::connect::{CONNECT_TIMEOUT, Pool};
use super::error::{HttpError, Phase, Side};
use super::failure;
use super::routes::RouteRules;
use crate::measured::Measured;

/// Largest answer: a guest holds it whole in its memory, and a page of a hundred
/// objects with long texts stays far below.
pub const MAX_RESPONSE_BODY: usize = 32 * 1024 * 1024;
/// Largest request: a batch of a hundred objects with texts of 64 KiB each fits.
pub const MAX_REQUEST_BODY: usize = 8 * 1024 * 1024;
/// Headers on either side; hyper's own default, well above what servers send.
pub const MAX_HEADERS: usize = 100;
/// Names and values together, on either side. Servers commonly take 8 to 16 KiB.
pub const MAX_HEADER_BYTES: usize = 64 * 1024;

/// How long one request may take, once it is its turn: waiting for the rate budget
/// does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// From sending the request to the head of its answer.
    pub first_byte: Duration,
    /// All of it, making a connection included.
    pub total: Duration,
}

impl Default for RequestLimits {
    /// 30 s and 60 s: gateways give up on their own servers after 30 to 60 s, so an
    /// answer that is still coming then is not coming.
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(30),
            total: Duration::from_secs(60),
        }
    }
}

/// What a connection has done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that were sent, by route pattern.
    pub calls: BTreeMap<String, u64>,
    /// How many of them were a second attempt.
    pub repeated: u64,
    /// Requests that waited for their budget.
    pub waits: u64,
    /// How long they waited, all together.
    pub waited: Duration,
    /// Bytes of request bodies.
    pub bytes_sent: u64,
    /// Bytes of answers' bodies.
    pub bytes_received: u64,
}

/// The HTTP of one connection. A clone shares everything.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    measured: Arc<Measured>,
    read_only: bool,
}

struct Shared {
    allow: Arc<AllowList>,
    rules: RouteRules,
    budgets: Budgets,
    pool: Pool,
    traffic: Mutex<Traffic>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Client");
        shown
            .field("allow", &self.shared.allow)
            .field("read_only", &self.read_only);
        shown.finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(
        allow: Arc<AllowList>,
        rules: RouteRules,
        budgets: Budgets,
        pool: Pool,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                allow,
                rules,
                budgets,
                pool,
                traffic: Mutex::default(),
            }),
            measured: Arc::default(),
            read_only: false,
        }
    }

    /// Counts its requests and their answers here as well, with those of other clients of
    /// the connection.
    #[must_use]
    pub fn measured_by(self, measured: Arc<Measured>) -> Self {
        Self { measured, ..self }
    }

    /// The same client for a preview: it sends nothing but routes that only read.
    #[must_use]
    pub fn read_only(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            measured: Arc::clone(&self.measured),
            read_only: true,
        }
    }

    /// The connection's budgets.
    pub fn budgets(&self) -> &Budgets {
        &self.shared.budgets
    }

    /// The counters until now.
    pub fn traffic(&self) -> Traffic {
        let mut traffic = Traffic::default();
        self.note(|own| traffic.clone_from(own));
        traffic
    }

    /// Admits no call of the same budget as this route before `until`; for an answer
    /// that says "too many requests".
    pub fn penalise(&self, method: &Method, path: &str, until: Instant) {
        let bucket = self.shared.rules.classify(method, path).bucket;
        self.shared.budgets.penalise(bucket, until);
    }

    /// Sends a request and collects its whole answer.
    ///
    /// A kept connection may be closed by the remote just as a request goes out on
    /// it. What only reads is then sent once more (and counts again); anything else
    /// ends as [`HttpError::Closed`], since nobody knows whether it was done.
    ///
    /// Dropping the future ends the exchange.
    pub async fn send(
        &self,
        request: Request<Bytes>,
        limits: &RequestLimits,
    ) -> Result<Response<Bytes>, HttpError> {
        let shared = &self.shared;
        shared.allow.check(request.uri())?;
        let route = shared
            .rules
            .classify(request.method(), request.uri().path());
        if self.read_only && !route.reads {
            return Err(HttpError::DryRun {
                method: request.method().to_string(),
                path: request.uri().path().to_owned(),
            });
        }
        let request = prepare(request)?;
        let repeatable = route.reads || request.method().is_safe();
        let mut again = false;
        loop {
            let permit = shared.budgets.acquire(route.bucket).await;
            let waited = permit.waited();
            self.note(|traffic| {
                traffic.waits += u64::from(!waited.is_zero());
                traffic.waited += waited;
            });
            let bytes = request.body().len();
            let sent = || {
                permit.sent();
                self.measured.request();
                self.note(|traffic| {
                    *traffic.calls.entry(route.pattern.to_owned()).or_default() += 1;
                    traffic.repeated += u64::from(again);
                    traffic.bytes_sent += bytes as u64;
                });
            };
            match self.exchange(request.clone(), limits, sent).await {
                Err(HttpError::Closed { .. }) if repeatable && !again => again = true,
                other => return other,
            }
        }
    }

    async fn exchange(
        &self,
        request: Request<Bytes>,
        limits: &RequestLimits,
        sent: impl FnOnce(),
    ) -> Result<Response<Bytes>, HttpError> {
        let host = request
            .uri()
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default();
        let timeout = |phase, after: Duration| HttpError::Timeout {
            host: host.clone(),
            phase,
            seconds: after.as_secs(),
        };
        let start = Instant::now();
        let end = start + limits.total;
        let mut request = request.map(Full::new);
        let mut connection = capture_connection(&mut request);
        let mut answer = pin!(self.shared.pool.request(request));

        // The pool takes a connection and hands it the request in one poll of
        // `answer`; that is the moment from which the call counts as sent.
        let connecting = limits.total.min(CONNECT_TIMEOUT);
        let early = tokio::select! {
            biased;
            answer = &mut answer => Some(answer),
            () = async { drop(connection.wait_for_connection_metadata().await) } => None,
            () = tokio::time::sleep_until(start + connecting) => {
                return Err(timeout(Phase::Connect, connecting));
            }
        };
        if !matches!(&early, Some(Err(error)) if error.is_connect()) {
            sent();
        }
        let answer = match early {
            Some(answer) => answer,
            None => {
                let by = end.min(Instant::now() + limits.first_byte);
                timeout_at(by, answer)
                    .await
                    .map_err(|_| timeout(Phase::FirstByte, limits.first_byte.min(limits.total)))?
            }
        };
        let answer = answer.map_err(|error| failure::of_request(&error, &host))?;

        let (mut head, body) = answer.into_parts();
        self.measured.answer(head.status.as_u16());
        check_headers(&head.headers, Side::Response)?;
        // What the connector of the pool knows about the connection is not the guest's.
        head.extensions.clear();
        let body = timeout_at(end, collect(body, &host))
            .await
            .map_err(|_| timeout(Phase::Body, limits.total))??;
        self.note(|traffic| traffic.bytes_received += body.len() as u64);
        Ok(Response::from_parts(head, body))
    }

    fn note(&self, change: impl FnOnce(&mut Traffic)) {
        change(
            &mut self
                .shared
                .traffic
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}

/// Checks sizes, and takes out what belongs to the connection and not to the
/// request: hyper frames the message itself, and a `Host` other than that of the
/// address would reach a host which nobody granted.
fn prepare(request: Request<Bytes>) -> Result<Request<Bytes>, HttpError> {
    let (mut head, body) = request.into_parts();
    if head.method == Method::CONNECT {
        return Err(HttpError::Protocol(
            "a connector may not ask for tunnels".to_owned(),
        ));
    }
    if body.len() > MAX_REQUEST_BODY {
        return Err(HttpError::RequestTooLarge {
            bytes: body.len(),
            limit: MAX_REQUEST_BODY,
        });
    }
    check_headers(&head.headers, Side::Request)?;
    for name in [
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
        header::EXPECT,
        header::PROXY_AUTHORIZATION,
        header::HeaderName::from_static("keep-alive"),
        header::HeaderName::from_static("proxy-connection"),
        header::HeaderName::from_static("http2-settings"),
    ] {
        head.headers.remove(name);
    }
    head.extensions.clear();
    head.version = Version::HTTP_11; // what TLS agrees on decides
    Ok(Request::from_parts(head, body))
}

fn check_headers(headers: &HeaderMap, side: Side) -> Result<(), HttpError> {
    let bytes: usize = headers
        .iter()
        .map(|(n, v)| n.as_str().len() + v.len())
        .sum();
    if headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err(HttpError::HeadersTooLarge { side });
    }
    Ok(())
}

async fn collect(mut body: Incoming, host: &str) -> Result<Bytes, HttpError> {
    let too_large = HttpError::ResponseTooLarge {
        limit: MAX_RESPONSE_BODY,
    };
    // The announced length, where there is one.
    if body.size_hint().lower() > MAX_RESPONSE_BODY as u64 {
        return Err(too_large);
    }
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| failure::of_exchange(&error, host))?;
        if let Ok(data) = frame.into_data() {
            if collected.len() + data.len() > MAX_RESPONSE_BODY {
                return Err(too_large);
            }
            collected.extend_from_slice(&data);
        }
    }
    Ok(collected.freeze())
}
