//! What can go wrong with a request. Each case is told apart because somebody does
//! something else about it: the administrator grants a host, the connector asks for
//! less, or tries again later. No message holds a query, a header or a body.

use std::net::IpAddr;

/// Where the time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Name look-up, TCP and TLS; nothing was sent.
    Connect,
    /// Waiting for the answer to begin.
    FirstByte,
    /// Reading the answer.
    Body,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "the connection was not made",
            Self::FirstByte => "no answer began",
            Self::Body => "the answer was not complete",
        })
    }
}

/// Whose headers or body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the connector sends.
    Request,
    /// What the remote answers.
    Response,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Response => "answer",
        })
    }
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The host is not granted.
    #[error(
        "The connector may not reach {host}; add it to the allowed addresses of this connector if it should."
    )]
    Forbidden {
        /// Host, with the port where the request named one.
        host: String,
    },
    /// A granted name leads into a private network.
    #[error(
        "{host} leads to {address}, which is not a public address; grant the IP address itself if this is wanted."
    )]
    PrivateAddress {
        /// The name.
        host: String,
        /// What it resolved to.
        address: IpAddr,
    },
    /// The host is granted, this scheme is not.
    #[error(
        "{address} may not be reached by this scheme; use https, or grant http by writing the scheme in front of the allowed address."
    )]
    Scheme {
        /// Host and port.
        address: String,
    },
    /// A preview asked for something that may write.
    #[error("This is a preview: {method} {path} was not sent, because it does not only read.")]
    DryRun {
        /// Of the request.
        method: String,
        /// Without the query.
        path: String,
    },
    /// The request's body is too large.
    #[error("The request has {bytes} bytes, more than the {limit} allowed; send smaller batches.")]
    RequestTooLarge {
        /// Of the body.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
    /// The answer's body is too large.
    #[error("The answer is larger than the {limit} bytes allowed; ask for smaller pages.")]
    ResponseTooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// Too many headers or too long ones.
    #[error("The headers of the {side} are more or longer than is allowed.")]
    HeadersTooLarge {
        /// Whose.
        side: Side,
    },
    /// The name has no address.
    #[error(
        "The name {host} could not be looked up ({detail}); check it and the DNS of this machine."
    )]
    Resolve {
        /// The name.
        host: String,
        /// From the system.
        detail: String,
    },
    /// No connection; nothing was sent.
    #[error(
        "No connection to {host} could be made ({detail}); nothing was sent, so it can be tried again."
    )]
    Connect {
        /// Host and port.
        host: String,
        /// From the system.
        detail: String,
    },
    /// No secure connection; nothing was sent.
    #[error(
        "No secure connection to {host} could be made ({detail}); check the certificates of the remote and of this machine."
    )]
    Tls {
        /// Host and port.
        host: String,
        /// From the TLS library.
        detail: String,
    },
    /// It took too long.
    #[error("{host} took too long: {phase} within {seconds} seconds.")]
    Timeout {
        /// Host and port.
        host: String,
        /// What did not happen.
        phase: Phase,
        /// How long was waited.
        seconds: u64,
    },
    /// The connection ended first. Whether the remote did what was asked is unknown.
    #[error(
        "{host} closed the connection before its answer was complete; it may or may not have done what was asked."
    )]
    Closed {
        /// Host and port.
        host: String,
    },
    /// Something that is not HTTP, from either side.
    #[error("The exchange was not proper HTTP: {0}.")]
    Protocol(String),
}

impl HttpError {
    /// Whether the remote certainly saw nothing of the request, so that repeating it
    /// cannot do anything twice.
    pub fn nothing_was_sent(&self) -> bool {
        match self {
            Self::Forbidden { .. }
            | Self::PrivateAddress { .. }
            | Self::Scheme { .. }
            | Self::DryRun { .. }
            | Self::RequestTooLarge { .. }
            | Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::Tls { .. } => true,
            Self::HeadersTooLarge { side } => *side == Side::Request,
            Self::Timeout { phase, .. } => *phase == Phase::Connect,
            Self::ResponseTooLarge { .. } | Self::Closed { .. } | Self::Protocol(_) => false,
        }
    }
}
