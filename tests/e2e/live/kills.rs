//! A host that is killed, again and again, while HubSpot's events pour in: what was
//! answered with 2xx is not sent again, and has to be in Halo at the end all the same.
//!
//! A kill leaves what was written to the operating system; a power cut, which leaves only
//! what was synced, is in `power.rs`.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use halo_host::model::{Effect, Stored};
use halo_host::store::{JournalFilter, Store as _};

use super::*;

/// Kills of a run; `HALO_KILLS=300` for more.
const KILLS: u32 = 5;
/// After so many kills everything is waited for: HubSpot sends a batch eleven times in all,
/// so no batch may be unlucky more often than that.
const A_ROUND: u32 = 5;
/// The longest that a host lives, in milliseconds.
const LIFE_MS: u64 = 900;
const OPEN: &str = "qualifiedtobuy";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_well_is_in_halo_once_however_often_the_host_is_killed() {
    let kills = number("HALO_KILLS").unwrap_or(u64::from(KILLS));
    let seed = number("HALO_KILL_SEED").unwrap_or_else(|| rand::rng().random());
    println!("HALO_KILL_SEED={seed}");
    let shop = about_to_serve(&["items", "deals"], json!({})).await;
    pours_in(&shop, kills, StdRng::seed_from_u64(seed), async |_, _| ()).await;
}

/// A number that the environment gives.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Events pour in while a host is killed so many times, with what follows a kill.
pub async fn pours_in(
    shop: &Workshop,
    kills: u64,
    mut rng: StdRng,
    mut killed: impl AsyncFnMut(&Workshop, &mut StdRng),
) {
    shop.sim.webhook_options(|options| {
        options.retry_ms = 60;
        options.batch = 7;
        options.shuffle = true;
        options.duplicates = u64::MAX;
    });
    let mut serving = shop.serve().await.unwrap();
    let mut known = Vec::new();
    for kill in 1..=kills {
        // Until the kill, a few changes every few milliseconds.
        let mut left = rng.random_range(0..LIFE_MS);
        while left > 0 {
            change(shop, &mut known, &mut rng);
            let pause = rng.random_range(1..40).min(left);
            tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            left -= pause;
        }
        serving.kill().await.unwrap();
        killed(shop, &mut rng).await;
        change(shop, &mut known, &mut rng);
        serving = shop.serve().await.unwrap();
        if kill % u64::from(A_ROUND) == 0 || kill == kills {
            shop.caught_up().await.unwrap();
        }
    }
    let stats = shop.sim.webhook_stats();
    println!("{kills} kills: {stats:?}");
    assert_eq!(stats.given_up, 0, "HubSpot gave up: {stats:?}");
    assert!(stats.unanswered > 0, "nothing was hit: {stats:?}");
    let counts = shop.caught_up().await.unwrap();
    assert_eq!(counts.rejected, 0, "{counts:?}");
    is_as_in_hubspot(shop).await;
    is_written_once(shop).await;
}

/// Most objects are told of once, so that nothing mends what was lost.
fn change(shop: &Workshop, known: &mut Vec<(&'static str, String)>, rng: &mut StdRng) {
    let number = known.len();
    let name = format!("N {number}");
    let amount = rng.random_range(1..1_000_000).to_string();
    let of = if rng.random_bool(0.5) {
        "deals"
    } else {
        "products"
    };
    let again = known.get(rng.random_range(0..=number * 4));
    match (again.cloned(), of) {
        (Some((of, id)), _) => {
            let property = if of == "deals" { "amount" } else { "price" };
            shop.sim
                .edit(of, &id, [(property, amount.as_str())])
                .unwrap();
        }
        (None, "deals") => {
            let deal = [
                ("dealname", name.as_str()),
                ("dealstage", OPEN),
                ("amount", &amount),
            ];
            known.push((of, shop.sim.create("deals", deal).unwrap()));
        }
        (None, _) => {
            let product = [("name", name.as_str()), ("price", &amount)];
            known.push((of, shop.sim.create("products", product).unwrap()));
        }
    }
}

/// One record for each object, with its values.
async fn is_as_in_hubspot(shop: &Workshop) {
    let halo = shop.records().unwrap();
    for (objects, name, amount, kind, title, value) in [
        ("products", "name", "price", "item", "name", "baseprice"),
        (
            "deals", "dealname", "amount", "ticket", "summary", "oppvalue",
        ),
    ] {
        let theirs = shop.sim.snapshot(objects).unwrap();
        let theirs = theirs.iter().map(|row| {
            let text = |name: &str| {
                row["properties"][name]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            (text(name), text(amount))
        });
        let mut theirs: Vec<(String, String)> = theirs.collect();
        let ours = halo.all(kind).await.unwrap();
        let ours = ours.iter().map(|record: &Stored| {
            let text = |name| {
                record
                    .fields
                    .get(name)
                    .map_or_else(String::new, |v| v.display())
            };
            (text(title), text(value))
        });
        let mut ours: Vec<(String, String)> = ours.collect();
        theirs.sort();
        ours.sort();
        assert!(!theirs.is_empty());
        assert_eq!(ours, theirs, "{kind}");
    }
}

/// The journal has one line that made each record, and none that changed nothing.
async fn is_written_once(shop: &Workshop) {
    let halo = shop.records().unwrap();
    let filter = JournalFilter {
        limit: u32::MAX,
        ..JournalFilter::default()
    };
    let mut made: BTreeMap<(String, u64), u32> = BTreeMap::new();
    for entry in halo.store.journal(&filter).await.unwrap() {
        assert!(!entry.changes.is_empty(), "{entry:?}");
        for change in &entry.changes {
            assert_ne!(change.from, change.to, "{entry:?}");
        }
        if entry.effect == Effect::Created {
            *made.entry((entry.kind, entry.record)).or_default() += 1;
        }
    }
    for kind in ["item", "ticket"] {
        for record in halo.all(kind).await.unwrap() {
            let times = made.get(&(kind.to_owned(), record.id));
            assert_eq!(times, Some(&1), "{kind} {}", record.id);
        }
    }
}
