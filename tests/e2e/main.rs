//! End-to-end tests: the real component in the real host against the simulated
//! HubSpot.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod companies;

use halo_tests::kit::Program;

/// The program under test.
fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_demo"))
}
