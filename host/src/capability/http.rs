//! `wasi:http`, and nothing around it: every request of a guest goes through the
//! connection's [`Client`], which knows the allow-list, the routes that only read
//! and the rate budgets. The answer's body is collected while the guest does
//! other work, so that a prefetched page has really arrived.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use tokio::sync::Semaphore;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::http::{Client, HttpError, MAX_REQUEST_BODY, RequestLimits, Side};

/// Requests of one call that are under way, or whose answers it has not dropped. The
/// host holds their bodies, up to 40 MiB each; a prefetching connector has two or
/// three.
const HELD_LIMIT: usize = 16;

/// A request that was not sent, because it does not only read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Refused {
    /// Its method.
    pub method: String,
    /// Its path, with the query.
    pub path: String,
    /// Its body, as far as it is text.
    pub body: String,
}

/// The requests of one call that were refused, to be shown.
#[derive(Clone, Debug, Default)]
pub struct Refusals(Arc<Mutex<Vec<Refused>>>);

impl Refusals {
    /// What was refused until now.
    pub fn take(&self) -> Vec<Refused> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, request: &http::Request<Bytes>) {
        let target = request.uri().path_and_query();
        let refused = Refused {
            method: request.method().to_string(),
            path: target.map_or_else(String::new, ToString::to_string),
            body: String::from_utf8_lossy(request.body()).into_owned(),
        };
        let mut refusals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.push(refused);
    }
}

/// Sends a guest's requests.
pub struct Hooks {
    client: Client,
    reads_only: bool,
    held: Arc<Semaphore>,
    /// Whether a refusal was told already: one call, one line in the log.
    told: Arc<AtomicBool>,
    /// Who shows them instead.
    refusals: Option<Refusals>,
}

impl Hooks {
    /// Through `client`; in a preview only routes that read.
    pub fn new(client: Client, reads_only: bool) -> Hooks {
        Hooks {
            client,
            reads_only,
            held: Arc::new(Semaphore::new(HELD_LIMIT)),
            told: Arc::default(),
            refusals: None,
        }
    }

    /// Notes what a call that only reads wanted to write.
    pub fn note_refusals(&mut self, refusals: Refusals) {
        self.refusals = Some(refusals);
    }
}

type Sent = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _errors: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        let client = if self.reads_only {
            self.client.read_only()
        } else {
            self.client.clone()
        };
        let mut limits = RequestLimits::default();
        if let Some(wanted) = options.and_then(|options| options.first_byte_timeout) {
            // A guest may be less patient than the host, not more.
            limits.first_byte = limits.first_byte.min(wanted);
        }
        let place = self.held.clone().try_acquire_owned();
        let told = self.told.clone();
        let refusals = self.refusals.clone();
        Box::new(async move {
            let place = place.map_err(|_| Error::ConnectionLimitReached)?;
            let (parts, body) = request.into_parts();
            let body = Limited::new(body, MAX_REQUEST_BODY)
                .collect()
                .await
                .map_err(|_| Error::HttpRequestBodySize(Some(MAX_REQUEST_BODY as u64)))?
                .to_bytes();
            let request = http::Request::from_parts(parts, body);
            let again = refusals.as_ref().map(|_| request.clone());
            let response = client.send(request, &limits).await;
            if let (Err(HttpError::DryRun { .. }), Some(refusals), Some(request)) =
                (&response, &refusals, &again)
            {
                refusals.note(request);
                return Err(Error::HttpRequestDenied);
            }
            let response = response.map_err(|error| guest_error(error, &told))?;
            let response = response.map(|body: Bytes| {
                Full::new(body)
                    // The place is free again when the guest has dropped the body.
                    .map_frame(move |frame| {
                        let _held = &place;
                        frame
                    })
                    .map_err(|never| match never {})
                    .boxed_unsync()
            });
            let sent: Box<dyn Future<Output = Result<(), Error>> + Send> =
                Box::new(std::future::ready(Ok(())));
            Ok((response, sent))
        })
    }
}

/// The nearest code of `wasi:http`; the sentence is kept where the code has room
/// for one.
fn guest_error(error: HttpError, told: &AtomicBool) -> Error {
    let guest = nearest(&error);
    let refused = matches!(
        guest,
        Error::HttpRequestDenied | Error::DestinationIpProhibited
    );
    // Whom a connector wanted to reach is for the administrator to know, whatever the
    // connector makes of it.
    if refused && !told.swap(true, Ordering::Relaxed) {
        tracing::warn!("a request of the connector was refused: {error}");
    } else {
        tracing::debug!(%error, "a request of the connector failed");
    }
    guest
}

fn nearest(error: &HttpError) -> Error {
    match error {
        HttpError::Forbidden { .. } | HttpError::Scheme { .. } | HttpError::DryRun { .. } => {
            Error::HttpRequestDenied
        }
        HttpError::PrivateAddress { .. } => Error::DestinationIpProhibited,
        HttpError::RequestTooLarge { .. } => Error::HttpRequestBodySize(None),
        HttpError::ResponseTooLarge { .. } => Error::HttpResponseBodySize(None),
        HttpError::HeadersTooLarge {
            side: Side::Request,
        } => Error::HttpRequestHeaderSectionSize(None),
        HttpError::HeadersTooLarge {
            side: Side::Response,
        } => Error::HttpResponseHeaderSectionSize(None),
        HttpError::Resolve { .. } => Error::DnsError {
            rcode: None,
            info_code: None,
        },
        HttpError::Connect { .. } => Error::ConnectionRefused,
        HttpError::Tls { .. } => Error::TlsProtocolError,
        HttpError::Timeout { .. } => Error::ConnectionReadTimeout,
        HttpError::Closed { .. } => Error::ConnectionTerminated,
        other => Error::InternalError(Some(other.to_string())),
    }
}
