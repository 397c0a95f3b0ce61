//! `wasi:http`, and nothing around it: every request of a guest goes through the
//! connection's [`Client`], which knows the allow-list, the routes that only read
//! and the rate budgets. The answer's body is collected while the guest does
//! other work, so that a prefetched page has really arrived.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::http::{Client, HttpError, MAX_REQUEST_BODY, RequestLimits};

/// Sends a guest's requests.
pub struct Hooks {
    client: Client,
    reads_only: bool,
}

impl Hooks {
    /// Through `client`; in a preview only routes that read.
    pub fn new(client: Client, reads_only: bool) -> Hooks {
        Hooks { client, reads_only }
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
        Box::new(async move {
            let (parts, body) = request.into_parts();
            let body = Limited::new(body, MAX_REQUEST_BODY)
                .collect()
                .await
                .map_err(|_| Error::HttpRequestBodySize(Some(MAX_REQUEST_BODY as u64)))?
                .to_bytes();
            let request = http::Request::from_parts(parts, body);
            let response = client.send(request, &limits).await.map_err(guest_error)?;
            let response = response.map(|body: Bytes| {
                Full::new(body)
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
fn guest_error(error: HttpError) -> Error {
    tracing::debug!(%error, "a request of the connector failed");
    match error {
        HttpError::Forbidden { .. } | HttpError::Scheme { .. } | HttpError::DryRun { .. } => {
            Error::HttpRequestDenied
        }
        HttpError::PrivateAddress { .. } => Error::DestinationIpProhibited,
        HttpError::RequestTooLarge { .. } => Error::HttpRequestBodySize(None),
        HttpError::ResponseTooLarge { .. } => Error::HttpResponseBodySize(None),
        HttpError::HeadersTooLarge { .. } => Error::HttpResponseHeaderSectionSize(None),
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
