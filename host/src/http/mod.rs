//! HTTP for connectors: the transport behind `wasi:http`.
//!
//! One [`Transport`] per process holds what is dear to build (the TLS set-up with
//! the system's root certificates). Each connection has a [`Client`] of its own:
//! its allow-list, its routes and budgets, its counters, and **its own pool**. A
//! pool that connections shared would have to prove at each checkout that the
//! connection it hands out was made to an address which this policy allows; a pool
//! per policy cannot get it wrong, and costs a few idle sockets.
//!
//! A request passes, in this order: the allow-list (host, port, scheme), the preview
//! gate (only routes that read), size limits, the rate budget, name look-up with a
//! check of every address, and then the wire. No redirect is followed and no proxy
//! is taken from the environment: both would lead past the allow-list.

mod address;
mod allow;
mod budget;
mod client;
mod connect;
mod error;
mod failure;
mod routes;
#[cfg(test)]
mod tests;

pub use address::is_public;
pub use allow::{AllowError, AllowList};
pub use budget::{ARRIVAL_MARGIN, Budgets, Permit, Usage};
pub use client::{
    Client, MAX_HEADER_BYTES, MAX_HEADERS, MAX_REQUEST_BODY, MAX_RESPONSE_BODY, RequestLimits,
    Traffic,
};
pub use connect::{CONNECT_TIMEOUT, Lookup, SystemLookup, Transport};
pub use error::{HttpError, Phase, Side};
pub use routes::{Bucket, Classified, OTHER_ROUTES, Route, RouteError, RouteRules};
