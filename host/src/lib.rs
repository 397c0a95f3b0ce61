//! The reference host of Halo's integration contract: loads a connector, one WASM
//! component, and gives it HTTP, records, state, secrets and a schedule. It knows
//! nothing of any particular remote.
//!
//! | module | what it is |
//! |---|---|
//! | [`host`] | everything put together from a configuration |
//! | [`connection`] | one connector; each method is one call of an export |
//! | [`runs`] | imports and previews, slice by slice |
//! | [`pushes`] | Halo's changes to the remote, batch by batch |
//! | [`events`] | the remote's events into Halo, batch by batch |
//! | `turns` | what both of these have in common |
//! | [`share`] | what of a lane they get while an import has it |
//! | [`schedule`] | imports that run by themselves |
//! | [`retention`] | what is kept for how long |
//! | [`brake`], [`watch`] | an import that would change too much stops and asks |
//! | [`deviations`] | what an import did otherwise than its preview had shown |
//! | [`engine`] | compile, cache, limits, an instance per call |
//! | [`capability`] | what a connector imports, one file each |
//! | [`http`] | the way out: allow-list, rate budgets, pool |
//! | [`store`] | everything durable, behind one trait |
//! | [`lanes`] | one mutating call of a connection at a time |
//! | [`measured`] | what was done for a connection, counted for `/metrics` |
//! | [`schema`] | Halo's kinds and fields |
//! | [`edits`] | changes that people make in Halo's records |
//! | [`toolchain`] | builds a component from a crate |
//! | [`cli`] | the program |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod admin;
pub mod brake;
pub mod capability;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connection;
mod contract;
pub mod description;
pub mod deviations;
pub mod doctor;
pub mod edits;
pub mod engine;
pub mod events;
mod filter;
pub mod host;
pub mod http;
pub mod lanes;
pub mod measured;
pub mod model;
pub mod pushes;
pub mod retention;
pub mod runs;
pub mod schedule;
pub mod schema;
pub mod seal;
pub mod server;
pub mod share;
pub mod store;
pub mod toolchain;
mod turns;
pub mod watch;
