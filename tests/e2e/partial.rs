//! The same end-to-end tests over records that are remote, partial and lose answers
//! (`kit/partial.rs`): the connector needs no transaction.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::OnceLock;

use halo_tests::kit::Records;

mod companies;
mod contacts;
mod deals;
mod import_all;
mod items;
mod lost_answers;
mod made_in_preview;
mod preview;
mod push;
mod quotes;
mod shop;
mod unmapped;

/// The seed of this run, printed, or the one of `HALO_PARTIAL_SEED`.
fn records() -> Records {
    static SEED: OnceLock<u64> = OnceLock::new();
    let seed = *SEED.get_or_init(|| {
        let seed = std::env::var("HALO_PARTIAL_SEED")
            .ok()
            .map_or_else(rand::random, |seed| seed.parse().unwrap());
        // Not captured, as whichever test fails needs it.
        eprintln!("HALO_PARTIAL_SEED={seed}");
        seed
    });
    println!("HALO_PARTIAL_SEED={seed}");
    Records::Partial(seed)
}
