//! From the errors of the HTTP libraries to ours. They are nested, and what matters
//! (was it TLS, did the peer hang up) is somewhere inside.

use std::error::Error;
use std::io;

use super::error::{HttpError, Side};

/// A failure before there was an answer.
pub(super) fn of_request(error: &hyper_util::client::legacy::Error, host: &str) -> HttpError {
    if let Some(own) = find::<HttpError>(error) {
        return own.clone();
    }
    if !error.is_connect() {
        return of_exchange(error, host);
    }
    let host = host.to_owned();
    match find::<rustls::Error>(error) {
        Some(tls) => HttpError::Tls {
            host,
            detail: tls.to_string(),
        },
        None => HttpError::Connect {
            host,
            detail: innermost(error).to_string(),
        },
    }
}

/// A failure on a connection that was made.
pub(super) fn of_exchange(error: &(dyn Error + 'static), host: &str) -> HttpError {
    let closed = HttpError::Closed {
        host: host.to_owned(),
    };
    if let Some(error) = find::<hyper::Error>(error) {
        if error.is_parse_too_large() {
            return HttpError::HeadersTooLarge {
                side: Side::Response,
            };
        }
        if error.is_incomplete_message()
            || error.is_closed()
            || error.is_canceled()
            || error.is_timeout()
        {
            return closed;
        }
    }
    if find::<io::Error>(error).is_some_and(is_hang_up) {
        return closed;
    }
    HttpError::Protocol(format!("{host}: {}", innermost(error)))
}

fn is_hang_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::TimedOut
    )
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    chain(error).last().unwrap_or(error)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        // `source` of an io::Error skips the error that it wraps.
        match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}
