//! Requests that are not granted, too large or too many, and one that only waits.

use crate::contract::halo::integration::types::Failure;
use crate::contract::wasi::http::outgoing_handler;
use crate::contract::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, Scheme,
};
use crate::contract::wasi::io::streams::StreamError;
use crate::failure;
use crate::misdeed::{Outcome, Settings};

/// Calls a host that nobody granted, and answers the failure that it gets.
pub fn call_a_forbidden_host() -> Outcome {
    get(&Settings::read()?.forbidden, "/read").map(drop)
}

/// The same, but says nothing of it.
pub fn call_a_forbidden_host_in_secret() -> Outcome {
    let _ = get(&Settings::read()?.forbidden, "/read");
    Ok(())
}

/// Five calls where two are allowed in ten seconds: the fifth waits for the third
/// window.
pub fn wait_for_the_rate_budget() -> Outcome {
    let address = Settings::read()?.address;
    for _ in 0..5 {
        get(&address, "/scarce")?;
    }
    Ok(())
}

/// A POST to a route that nobody described as one that only reads.
pub fn write_at_the_remote() -> Outcome {
    let address = Settings::read()?.address;
    let pending = start(&address, "/write", &Method::Post, &[], b"written")?;
    answer(&pending).map(drop)
}

/// The same with a path and a body; the host of a dry run refuses it.
pub(crate) fn post(path: &str, body: &str) -> Outcome {
    let address = Settings::read()?.address;
    let pending = start(&address, path, &Method::Post, &[], body.as_bytes())?;
    answer(&pending).map(drop)
}

/// More headers than one request may have, each of them small.
pub fn send_too_many_headers() -> Outcome {
    let headers: Vec<_> = (0..101)
        .map(|number| (format!("x-{number}"), b"x".to_vec()))
        .collect();
    let address = Settings::read()?.address;
    let pending = start(&address, "/read", &Method::Get, &headers, &[])?;
    answer(&pending).map(drop)
}

/// More bytes than one request may have.
pub fn send_a_big_request() -> Outcome {
    let body = vec![b'x'; 8 * 1024 * 1024 + 1];
    let address = Settings::read()?.address;
    let pending = start(&address, "/write", &Method::Post, &[], &body)?;
    answer(&pending).map(drop)
}

/// More bytes than one answer may have.
pub fn fetch_a_big_answer() -> Outcome {
    get(&Settings::read()?.address, "/big").map(drop)
}

/// Many requests at once, of which it keeps every answer.
pub fn hold_many_answers() -> Outcome {
    let address = Settings::read()?.address;
    let pending: Vec<_> = (0..100)
        .map(|_| start(&address, "/read", &Method::Get, &[], &[]))
        .collect::<Result<_, _>>()?;
    let mut held = Vec::new();
    for pending in &pending {
        held.push(answer(pending)?);
    }
    Ok(())
}

/// A whole answer; its length.
fn get(address: &str, path: &str) -> Result<usize, Failure> {
    let pending = start(address, path, &Method::Get, &[], &[])?;
    read(&answer(&pending)?)
}

fn start(
    address: &str,
    path: &str,
    method: &Method,
    headers: &[(String, Vec<u8>)],
    body: &[u8],
) -> Result<FutureIncomingResponse, Failure> {
    let malformed = |()| failure("invalid", format!("{address} is malformed"));
    let fields =
        Fields::from_list(headers).map_err(|error| failure("invalid", format!("{error:?}")))?;
    let authority = address.strip_prefix("http://").unwrap_or(address);
    let request = OutgoingRequest::new(fields);
    request.set_method(method).map_err(malformed)?;
    request.set_scheme(Some(&Scheme::Http)).map_err(malformed)?;
    request.set_authority(Some(authority)).map_err(malformed)?;
    request.set_path_with_query(Some(path)).map_err(malformed)?;
    let outgoing = request.body().map_err(malformed)?;
    let pending = outgoing_handler::handle(request, None).map_err(|code| named(&code))?;
    write(outgoing, body);
    Ok(pending)
}

/// Writes as much as is taken: why a body was not taken is told by the answer.
fn write(outgoing: OutgoingBody, body: &[u8]) {
    // The most that one blocking write may carry (wasi:io).
    const CHUNK: usize = 4096;
    if let Ok(stream) = outgoing.write() {
        body.chunks(CHUNK)
            .all(|chunk| stream.blocking_write_and_flush(chunk).is_ok());
    }
    let _ = OutgoingBody::finish(outgoing, None);
}

fn answer(pending: &FutureIncomingResponse) -> Result<IncomingResponse, Failure> {
    pending.subscribe().block();
    match pending.get() {
        Some(Ok(Ok(response))) => Ok(response),
        Some(Ok(Err(code))) => Err(named(&code)),
        Some(Err(())) | None => Err(failure("internal", "There is no answer.")),
    }
}

fn read(response: &IncomingResponse) -> Result<usize, Failure> {
    let cut = |()| failure("unavailable", "The answer has no body.");
    let body = response.consume().map_err(cut)?;
    let stream = body.stream().map_err(cut)?;
    let mut length = 0;
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(chunk) => length += chunk.len(),
            Err(StreamError::Closed) => return Ok(length),
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(failure("unavailable", error.to_debug_string()));
            }
        }
    }
}

/// The codes of the contract for what the host answers.
fn named(code: &ErrorCode) -> Failure {
    let name = match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => "denied",
        ErrorCode::HttpRequestBodySize(_)
        | ErrorCode::HttpRequestHeaderSectionSize(_)
        | ErrorCode::HttpResponseBodySize(_)
        | ErrorCode::ConnectionLimitReached => "limit",
        _ => "unavailable",
    };
    failure(name, format!("{code:?}"))
}
