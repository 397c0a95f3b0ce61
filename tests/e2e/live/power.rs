//! A host whose power is cut, again and again, while HubSpot's events pour in: what was
//! answered with 2xx was synced before, and has to be in Halo at the end.
//!
//! A cut is a kill after which the store's files hold what was synced, and of the rest
//! whatever a disk may hold (`kit/power.rs`).

use std::process::Stdio;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::kills::{number, pours_in};
use super::*;

/// Cuts of a run; `HALO_POWER_CUTS=50` for more.
const CUTS: u64 = 3;
/// How often the power is cut again while the host begins.
const AT_ONCE: f64 = 0.3;
/// The longest that a host lives which does not get to serve, in milliseconds.
const BEGINS_MS: u64 = 400;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_well_is_in_halo_once_however_often_the_power_is_cut() {
    let cuts = number("HALO_POWER_CUTS").unwrap_or(CUTS);
    let seed = number("HALO_POWER_SEED").unwrap_or_else(|| rand::rng().random());
    println!("HALO_POWER_SEED={seed}");
    let mut shop = about_to_serve(&["items", "deals"], json!({})).await;
    shop.plug_in().unwrap();
    let mut not_synced = Vec::new();
    let rng = StdRng::seed_from_u64(seed);
    pours_in(&shop, cuts, rng, async |shop, rng| {
        not_synced.push(shop.cut_power(rng).unwrap());
        while rng.random_bool(AT_ONCE) {
            let mut begins = shop
                .command(&["serve"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let lives = Duration::from_millis(rng.random_range(0..BEGINS_MS));
            tokio::time::sleep(lives).await;
            begins.kill().await.unwrap();
            not_synced.push(shop.cut_power(rng).unwrap());
        }
    })
    .await;
    println!("writes that were not synced, by cut: {not_synced:?}");
}
