//! A simulated HubSpot: a server that real clients cannot tell from HubSpot where
//! we use it.
//!
//! Everything comes from one seed and one clock, so a run can be repeated
//! exactly: the same seed gives the same records, ids, tokens and times. The
//! HubSpot rules are in plain modules without I/O ([`Account`] is the whole
//! state of one portal); `server` only carries requests to them, and adds what
//! a network adds: latency, limits, faults.
//!
//! Besides HubSpot's own paths the server answers under `/_sim/`: counters, edits
//! as a HubSpot user would make them, faults and the clock. Those calls are
//! neither counted nor limited. [`SimHandle`] offers the same in-process.
//!
//! ```no_run
//! # async fn example() -> Result<(), halo_tests::hubspot_sim::SimError> {
//! use halo_tests::hubspot_sim::{Sim, SimOptions};
//!
//! let sim = Sim::start(SimOptions { companies: 50, ..SimOptions::default() }).await?;
//! let id = sim.create("companies", [("name", "Northwind Dental")])?;
//! sim.edit("companies", &id, [("city", "Ghent")])?;
//! assert_eq!(sim.stats().writes, 0); // edits by a user are not API calls
//! sim.shutdown().await;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod account;
mod account_info;
mod association_batches;
mod associations;
mod batch;
mod changes;
mod clock;
mod computed;
mod control;
mod control_setup;
mod deals;
mod decimal;
mod definitions;
mod dispatch;
mod faults;
mod filter;
mod generate;
mod handle;
mod handle_setup;
mod kinds;
mod lifecycle;
mod limits;
mod line_items;
mod link_types;
mod links;
mod names;
mod oauth;
mod objects;
mod options;
mod owners;
mod pipelines;
mod properties;
mod quotes;
mod record;
mod reply;
mod request;
mod route;
mod route_objects;
mod scopes;
mod search;
mod server;
mod stats;
mod store;
mod token_info;
mod user;
mod validate;
mod webhooks;
mod writes;
mod zones;

#[cfg(test)]
mod tests;

pub use account::Account;
pub use faults::{FaultKind, FaultMatch, FaultRule};
pub use handle::{Sim, SimError, SimHandle};
pub use options::SimOptions;
pub use pipelines::PipelineEdit;
pub use stats::{Effect, ObjectCounts, RouteCount, Stats};
pub use webhooks::{WebhookOptions, WebhookStats};
pub use zones::names as time_zones;
