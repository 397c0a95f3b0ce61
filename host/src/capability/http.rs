//! `wasi:http`, and nothing around it: every request of a guest goes through the
//! connection's [`Client`], which knows the allow-list, the routes that only read
//! and the rate budgets. The answer's body is collected while the guest does
//! other work, so that a prefetched page has really arrived.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use tokio::sync::Semaphore;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::http::{Client, HttpError, MAX_REQUEST_BODY, RequestLimits, Side};

/// Requests of one call that are under way, or whose answers it has not dropped. The
/// host holds their bodies, up to 40 MiB each; a prefetching connector has two or
/// three.
const HELD_LIMIT: usize = 16;

/// Sends a guest's requests.
pub struct Hooks {
    client: Client,
    reads_only: bool,
    held: Arc<Semaphore>,
    /// Whether a refusal was told already: one call, one line in the log.
    told: Arc<AtomicBool>,
}

impl Hooks {
    /// Through `client`; in a preview only routes that read.
    pub fn new(client: Client, reads_only: bool) -> Hooks {
        Hooks {
            client,
            reads_only,
            held: Arc::new(Semaphore::new(HELD_LIMIT)),
            told: Arc::default(),
        }
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
        Box::new(async move {
            let place = place.map_err(|_| Error::ConnectionLimitReached)?;
            let (parts, body) = request.into_parts();
            let body = Limited::new(body, MAX_REQUEST_BODY)
                .collect()
                .await
                .map_err(|_| Error::HttpRequestBodySize(Some(MAX_REQUEST_BODY as u64)))?
                .to_bytes();
            let request = http::Request::from_parts(parts, body);
            let response = client.send(request, &limits).await;
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
