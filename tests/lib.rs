//! What crosses crates: the simulated remotes, and the kit that demo, end-to-end
//! tests and benchmarks share.

#[path = "hubspot-sim/mod.rs"]
pub mod hubspot_sim;

pub mod kit;

#[path = "tiny-crm-sim.rs"]
pub mod tiny_crm_sim;
