//! One HTTP request over `wasi:http`. It is under way from the moment it is
//! started, so a caller can work on one page while the next one arrives.

use super::client::Trouble;
use crate::contract::halo::integration::run;
use crate::contract::wasi::clocks::{monotonic_clock, wall_clock};
use crate::contract::wasi::http::outgoing_handler;
use crate::contract::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, Scheme,
};
use crate::contract::wasi::io::streams::StreamError;
use crate::failure::Failure;

/// A request, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `DELETE`.
    pub method: Verb,
    /// Scheme, host and path with query.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Empty for none.
    pub body: Vec<u8>,
}

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Creates, searches, reads in batches, exchanges tokens.
    Post,
}

/// An answer, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// The host does not let this request out (allow-list, or a write in a
    /// preview).
    Denied(String),
    /// The answer has more bytes than the host takes; asking again does not help.
    TooLarge,
    /// It may or may not have arrived: refused, reset, timed out, cut off.
    Lost(String),
}

/// A request under way.
pub struct Pending(Result<FutureIncomingResponse, TransportError>);

/// Starts a request.
pub fn start(request: &Request) -> Pending {
    Pending(send(request))
}

fn send(request: &Request) -> Result<FutureIncomingResponse, TransportError> {
    let malformed =
        |what: &str| TransportError::Lost(format!("{what} of {} is malformed", request.url));
    let (scheme, rest) = match request.url.split_once("://") {
        Some(("https", rest)) => (Scheme::Https, rest),
        Some(("http", rest)) => (Scheme::Http, rest),
        _ => return Err(malformed("the scheme")),
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let headers: Vec<(String, Vec<u8>)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
        .collect();
    let headers = Fields::from_list(&headers).map_err(|_| malformed("a header"))?;
    let outgoing = OutgoingRequest::new(headers);
    let method = match request.method {
        Verb::Get => Method::Get,
        Verb::Post => Method::Post,
    };
    outgoing
        .set_method(&method)
        .map_err(|()| malformed("the method"))?;
    outgoing
        .set_scheme(Some(&scheme))
        .map_err(|()| malformed("the scheme"))?;
    outgoing
        .set_authority(Some(authority))
        .map_err(|()| malformed("the host"))?;
    outgoing
        .set_path_with_query(Some(path))
        .map_err(|()| malformed("the path"))?;
    let body = outgoing.body().map_err(|()| malformed("the body"))?;
    let pending = outgoing_handler::handle(outgoing, None).map_err(|code| lost(&code))?;
    // Written after `handle`: nobody takes the bytes away before.
    write(body, &request.body)?;
    Ok(pending)
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), TransportError> {
    // The most that one blocking write may carry (wasi:io).
    const CHUNK: usize = 4096;
    let unwritten = || TransportError::Lost("the request was not taken".to_owned());
    if !bytes.is_empty() {
        let stream = body.write().map_err(|()| unwritten())?;
        for chunk in bytes.chunks(CHUNK) {
            stream
                .blocking_write_and_flush(chunk)
                .map_err(|_| unwritten())?;
        }
    }
    OutgoingBody::finish(body, None).map_err(|code| lost(&code))
}

impl Pending {
    /// Waits for the whole answer.
    pub fn wait(self) -> Result<Response, TransportError> {
        let pending = self.0?;
        pending.subscribe().block();
        let answer = pending
            .get()
            .and_then(Result::ok)
            .ok_or_else(|| TransportError::Lost("the answer was taken twice".to_owned()))?;
        let response = answer.map_err(|code| lost(&code))?;
        let status = response.status();
        let headers = response
            .headers()
            .entries()
            .into_iter()
            .map(|(name, value)| {
                (
                    name.to_ascii_lowercase(),
                    String::from_utf8_lossy(&value).into_owned(),
                )
            })
            .collect();
        Ok(Response {
            status,
            headers,
            body: read(&response)?,
        })
    }
}

fn read(response: &IncomingResponse) -> Result<Vec<u8>, TransportError> {
    const CHUNK: u64 = 256 * 1024;
    let cut = |what: &str| TransportError::Lost(what.to_owned());
    let body: IncomingBody = response
        .consume()
        .map_err(|()| cut("the answer has no body"))?;
    let stream = body.stream().map_err(|()| cut("the answer has no body"))?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(cut("the answer was cut off")),
        }
    }
}

fn lost(code: &ErrorCode) -> TransportError {
    match code {
        ErrorCode::HttpRequestDenied => {
            TransportError::Denied("the host did not let it out".to_owned())
        }
        ErrorCode::DestinationIpProhibited => {
            TransportError::Denied("its name leads to a private address".to_owned())
        }
        ErrorCode::HttpResponseBodySize(_) | ErrorCode::HttpResponseHeaderSectionSize(_) => {
            TransportError::TooLarge
        }
        ErrorCode::ConnectionRefused => TransportError::Lost("it cannot be reached".to_owned()),
        ErrorCode::DnsError(_) => TransportError::Lost("its name cannot be looked up".to_owned()),
        ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError => {
            TransportError::Lost("no secure connection could be made".to_owned())
        }
        ErrorCode::ConnectionReadTimeout => {
            TransportError::Lost("it did not answer in time".to_owned())
        }
        ErrorCode::ConnectionTerminated => TransportError::Lost("the connection broke".to_owned()),
        ErrorCode::InternalError(Some(sentence)) => TransportError::Lost(sentence.clone()),
        other => TransportError::Lost(format!("{other:?}")),
    }
}

/// Milliseconds since 1970 on the host's clock.
pub fn now() -> u64 {
    let now = wall_clock::now();
    now.seconds * 1_000 + u64::from(now.nanoseconds / 1_000_000)
}

/// What one more attempt may take: the host waits about a minute for an answer.
const ATTEMPT_MS: u64 = 65_000;

/// Waits before another attempt; costs wall time only. Where the call has no time
/// left for one, the caller comes back later.
pub fn pause(milliseconds: u64, failure: Failure) -> Result<(), Trouble> {
    if run::remaining().wall_ms < milliseconds + ATTEMPT_MS {
        return Err(Trouble::Later(now() + milliseconds, failure));
    }
    monotonic_clock::subscribe_duration(milliseconds.saturating_mul(1_000_000)).block();
    Ok(())
}
