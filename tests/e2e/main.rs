//! End-to-end tests: the real component in the real host against the simulated
//! HubSpot.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod admin;
mod bad_input;
mod brake;
mod companies;
mod connection;
mod contacts;
mod days;
mod deals;
mod explain;
mod guards;
mod halo_api;
mod halo_edits;
mod hostile;
mod hublets;
mod import_all;
mod items;
mod kill;
mod likely_pairs;
mod live;
mod made_in_preview;
mod metrics;
mod months;
mod preview;
mod push;
mod quotes;
mod resilience;
mod schedule;
mod scheduled;
mod seeds;
mod sending;
mod shared_lane;
mod shop;
mod tiny_crm;
mod unmapped;
mod webhook_setup;

/// The real store; `partial.rs` has another.
fn records() -> halo_tests::kit::Records {
    halo_tests::kit::Records::Whole
}
