//! What crosses crates: the simulated HubSpot, and the kit that demo, end-to-end
//! tests and benchmarks share.

#[path = "hubspot-sim/mod.rs"]
pub mod hubspot_sim;

pub mod kit;
