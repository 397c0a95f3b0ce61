//! The same of whole accounts: companies, contacts, products, deals and quotes with their
//! lines that belong together. Whatever is imported first, how often, and however it is interrupted, all
//! ends as an import in the order of S7 does.
//!
//! `HALO_SEED=… cargo test -p halo-tests --test e2e seeds::accounts` plays the account
//! of a seed again, `HALO_SEEDS=50` plays so many.

mod contents;
mod stage;
mod world;

use halo_tests::kit::Records;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};

use super::trouble::Trouble;
use super::{played, seeds};
use stage::{Stage, differences};
use world::{Change, ENTITIES, LINES, PHASES, World};

/// Accounts in each test run; each takes as long as several worlds of companies.
const SEEDS: u64 = 2;

/// Imports out of the order of S7 on top of one of each entity.
const EXTRA: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn s7_a_whole_account_ends_the_same_in_any_order_and_as_its_previews_show() {
    played(seeds(SEEDS), play).await;
}

async fn play(seed: u64) {
    let world = World::of(seed);
    if std::env::var("HALO_SEED").is_ok() {
        println!("{world:#?}");
    }
    let (clean, whole, partial) = tokio::join!(
        clean(&world),
        disturbed(&world, Records::Whole, seed),
        disturbed(&world, Records::Partial(seed), seed.wrapping_add(1)),
    );
    for (disturbed, what) in [(whole, "HubSpot and kills"), (partial, "the records too")] {
        let mut told = differences(&disturbed.0, &clean.0);
        for (entity, rows) in &clean.1 {
            told.push_str(&differences(&disturbed.1[entity], rows));
        }
        assert!(told.is_empty(), "disturbed by {what}, it has {told}");
    }
}

type End = (
    Vec<String>,
    std::collections::BTreeMap<&'static str, Vec<serde_json::Value>>,
);

async fn clean(world: &World) -> End {
    let mut stage = Stage::set(world).await;
    for phase in 0..PHASES {
        for change in &world.changes[phase] {
            stage.change(change).await;
        }
        stage.apply(&world.rules[phase]);
        for entity in ENTITIES {
            stage.previewed(entity).await;
        }
        stage.settle().await;
    }
    stage.end().await
}

async fn disturbed(world: &World, records: Records, seed: u64) -> End {
    let mut stage = Stage::set(world).await;
    let mut trouble = Trouble::new(records, seed);
    let mut rng = StdRng::seed_from_u64(seed);
    for phase in 0..PHASES {
        for change in &world.changes[phase] {
            stage.change(change).await;
        }
        stage.apply(&world.rules[phase]);
        let interim = &world.interim[phase];
        if !interim.is_empty() {
            let last: Vec<String> = interim
                .iter()
                .map(|(own, property, _)| stage.value(*own, property))
                .collect();
            for (own, property, value) in interim {
                let edit = vec![(*property, value.clone())];
                stage.change(&Change::Edit(*own, edit)).await;
            }
            let entity = match interim.choose(&mut rng).unwrap().0 {
                (LINES, _) => "quotes",
                (entity, _) => entity,
            };
            trouble.interrupted(&mut stage.shop, entity).await;
            for ((own, property, _), value) in interim.iter().zip(last) {
                let edit = vec![(*property, value)];
                stage.change(&Change::Edit(*own, edit)).await;
            }
        }
        let mut order = ENTITIES.to_vec();
        for _ in 0..rng.random_range(0..=EXTRA) {
            order.push(*ENTITIES.choose(&mut rng).unwrap());
        }
        order.shuffle(&mut rng);
        for entity in order {
            if rng.random_bool(0.5) {
                trouble.interrupted(&mut stage.shop, entity).await;
            } else {
                trouble.finished(&mut stage.shop, entity).await;
            }
        }
        stage.shop.work_over(records);
        stage.settle_in_any_order(&mut rng).await;
    }
    stage.end().await
}
