//! Fernwhistle's API: a GET with a bearer token, answered with JSON. The host sees to
//! time-outs, to the rate budget of `describe.json` and to where requests may go.

use serde::de::DeserializeOwned;

use crate::contract::halo::integration::secrets;
use crate::contract::wasi::http::outgoing_handler;
use crate::contract::wasi::http::types::{
    ErrorCode, Fields, IncomingResponse, OutgoingBody, OutgoingRequest, Scheme,
};
use crate::contract::wasi::io::streams::StreamError;
use crate::failure::Failure;
use crate::settings::Api;

/// The secret that the configuration grants.
const TOKEN: &str = "access-token";

/// The token of the configuration.
pub fn token() -> Result<String, Failure> {
    let secret = secrets::get(TOKEN)?.ok_or_else(|| {
        let message = format!("The configuration grants no secret {TOKEN:?}; add it.");
        Failure::new("not-connected", message)
    })?;
    Ok(secret.value.trim().to_owned())
}

/// Asks for a document.
pub fn get<T: DeserializeOwned>(api: &Api, path: &str) -> Result<T, Failure> {
    let address = format!("{}{path}", api.base_url.trim_end_matches('/'));
    let (status, body) = send(&address, &token()?)?;
    let refusal = |code, message: String| Err(Failure::new(code, message));
    match status {
        200 => serde_json::from_slice(&body).map_err(|error| {
            let message = format!("Fernwhistle's answer to {path} cannot be read: {error}.");
            Failure::new("remote", message)
        }),
        401 | 403 => refusal(
            "sign-in-again",
            "Fernwhistle does not accept the access token. Make a new one there, put it into the configuration, and connect again.".to_owned(),
        ),
        429 | 500.. => refusal(
            "busy",
            format!("Fernwhistle cannot answer now (status {status}). Try again later."),
        ),
        _ => refusal(
            "remote",
            format!("Fernwhistle refuses {path} with status {status}."),
        ),
    }
}

fn send(address: &str, token: &str) -> Result<(u16, Vec<u8>), Failure> {
    let malformed = |()| {
        let message = format!("{address:?} is no address of an API; it begins with https://.");
        Failure::at("settings", "/api/base-url", message)
    };
    let (scheme, rest) = match address.split_once("://") {
        Some(("https", rest)) => (Scheme::Https, rest),
        Some(("http", rest)) => (Scheme::Http, rest),
        _ => return Err(malformed(())),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let header = (
        "authorization".to_owned(),
        format!("Bearer {token}").into_bytes(),
    );
    let headers = Fields::from_list(&[header]).map_err(|_| {
        Failure::new(
            "not-connected",
            "The access token has signs that no token has.",
        )
    })?;
    let request = OutgoingRequest::new(headers);
    request.set_scheme(Some(&scheme)).map_err(malformed)?;
    request.set_authority(Some(authority)).map_err(malformed)?;
    request.set_path_with_query(Some(path)).map_err(malformed)?;
    let body = request.body().map_err(malformed)?;
    let pending = outgoing_handler::handle(request, None).map_err(lost)?;
    OutgoingBody::finish(body, None).map_err(lost)?;
    pending.subscribe().block();
    match pending.get() {
        Some(Ok(Ok(response))) => Ok((response.status(), read(&response)?)),
        Some(Ok(Err(code))) => Err(lost(code)),
        Some(Err(())) | None => Err(cut()),
    }
}

fn read(response: &IncomingResponse) -> Result<Vec<u8>, Failure> {
    const CHUNK: u64 = 256 * 1024;
    let body = response.consume().map_err(|()| cut())?;
    let stream = body.stream().map_err(|()| cut())?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(cut()),
        }
    }
}

fn cut() -> Failure {
    Failure::new(
        "unavailable",
        "Fernwhistle's answer was cut off. Try again.",
    )
}

fn lost(code: ErrorCode) -> Failure {
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => Failure::new(
            "denied",
            "The host does not let requests go to Fernwhistle's address; add it to allow-hosts.",
        ),
        ErrorCode::InternalError(Some(sentence)) => Failure::new("unavailable", sentence),
        code => Failure::new(
            "unavailable",
            format!("Fernwhistle cannot be reached: {code:?}."),
        ),
    }
}
