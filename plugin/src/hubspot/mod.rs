//! HubSpot's protocol: what is called where, how it is signed for, and what its
//! answers mean. Nothing here knows Halo.
//!
//! `transport` and `session` talk to the host; `client` puts both together. All
//! other modules are plain functions.

pub mod account;
pub mod associations;
pub mod client;
pub mod oauth;
pub mod objects;
pub mod owners;
pub mod pipelines;
pub mod properties;
pub mod refusal;
pub mod search;
pub mod session;
pub mod time;
pub mod transport;
pub mod verdict;
pub mod version;
