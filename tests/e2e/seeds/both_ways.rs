//! People edit both sides, and what they do is exchanged in any order and disturbed in
//! any way: at the end both sides agree, each edit has changed the other side once at
//! most, and nothing goes back and forth.
//!
//! `HALO_SEED=… cargo test -p halo-tests --test e2e seeds::both_ways` plays the account
//! of a seed again, `HALO_SEEDS=50` plays so many.

mod model;
mod stage;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::{played, seeds};
use stage::{Exchange, Stage, Trouble};

/// Accounts in each test run.
const SEEDS: u64 = 2;
/// Times that both sides come to rest.
const PHASES: usize = 2;
/// What happens between two of these.
const STEPS: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn s38_whatever_is_edited_on_both_sides_and_however_it_is_exchanged_both_agree_in_the_end() {
    played(seeds(SEEDS), play).await;
}

async fn play(seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let halo_wins = rng.random_bool(0.5);
    let mut stage = Stage::set(halo_wins).await;
    for _ in 0..4 {
        make(&mut stage, &mut rng).await;
    }
    for _ in 0..PHASES {
        for _ in 0..STEPS {
            step(&mut stage, &mut rng).await;
        }
        stage.rest().await;
    }
}

async fn step(stage: &mut Stage, rng: &mut StdRng) {
    match rng.random_range(0..24) {
        0..=2 => make(stage, rng).await,
        3..=6 => stage.edit_hubspot(rng).await,
        7..=12 => stage.edit_halo(rng).await,
        13 => stage.rename(rng).await,
        14 => stage.deactivate(rng).await,
        15..=20 => stage.exchange(Exchange::Push, trouble(rng)).await,
        _ => stage.exchange(Exchange::Import, trouble(rng)).await,
    }
}

async fn make(stage: &mut Stage, rng: &mut StdRng) {
    let in_halo = rng.random_bool(0.5);
    stage.make(rng, in_halo).await;
}

fn trouble(rng: &mut StdRng) -> Trouble {
    // Most exchanges have more calls.
    let nth = rng.random_range(1..14);
    let write = rng.random_range(1..4);
    let all = [
        Trouble::None,
        Trouble::Lost(nth),
        Trouble::Reset(nth),
        Trouble::Unavailable(nth),
        Trouble::Limited(nth),
        Trouble::Daily(nth),
        Trouble::Killed(nth),
        Trouble::KilledWriting(write),
        Trouble::KilledWriting(write),
        Trouble::KilledWriting(write),
        Trouble::Unsettled(nth),
    ];
    *all.choose(rng).unwrap_or(&Trouble::None)
}
