//! Random worlds: an account, settings, people who change both sides, and everything
//! that can go wrong. However an import is disturbed, it ends like a clean one, and
//! a preview shows what the import then does.
//!
//! `HALO_SEED=… cargo test -p halo-tests --test e2e seeds` plays the world of a seed
//! again, `HALO_SEEDS=50` plays so many.

mod accounts;
mod both_ways;
mod stage;
mod trouble;
mod world;

use std::sync::Arc;

use halo_tests::kit::Records;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use stage::{Stage, told, without_numbers};
use trouble::Trouble;
use world::{Change, PHASES, World};

/// Worlds in each test run.
const SEEDS: u64 = 6;

/// Worlds at a time: most of each is waiting.
const AT_A_TIME: usize = 4;

/// Rows of the field mapping to choose from.
const FIELDS: [&str; 6] = [
    r#"{ "property": "city", "field": "CFCity" }"#,
    r#"{ "property": "t_number", "field": "CFNumber" }"#,
    r#"{ "property": "t_flag", "field": "CFFlag" }"#,
    r#"{ "property": "t_day", "field": "CFDay" }"#,
    r#"{ "property": "t_one", "field": "CFOne", "values": [{ "hubspot": "South", "halo": "Süden" }] }"#,
    r#"{ "property": "t_many", "field": "CFMany" }"#,
];

/// The seeds to play, so many unless the environment says otherwise.
fn seeds(many: u64) -> Vec<u64> {
    let number = |name: &str| {
        let value = std::env::var(name).ok()?;
        Some(value.parse::<u64>().unwrap())
    };
    match number("HALO_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("HALO_SEEDS").unwrap_or(many))
            .map(|_| rand::random())
            .collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disturbed_import_of_any_account_ends_like_a_clean_one_which_is_like_its_preview() {
    played(seeds(SEEDS), play).await;
}

/// Plays the worlds of these seeds, some at a time; which one failed is told.
async fn played<F: Future<Output = ()> + Send + 'static>(seeds: Vec<u64>, play: fn(u64) -> F) {
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let mut worlds = JoinSet::new();
    for seed in seeds {
        let room = room.clone();
        worlds.spawn(async move {
            let _place = room.acquire().await.unwrap();
            println!("HALO_SEED={seed}");
            // Which one failed is told by the task that did.
            tokio::spawn(play(seed))
                .await
                .unwrap_or_else(|_| panic!("HALO_SEED={seed} plays this world again"));
        });
    }
    let ended = worlds.join_all().await;
    assert!(!ended.is_empty(), "no world was played");
}

async fn play(seed: u64) {
    let world = World::of(seed);
    let (clean, whole, partial) = tokio::join!(
        clean(&world),
        disturbed(&world, Records::Whole, seed),
        disturbed(&world, Records::Partial(seed), seed.wrapping_add(1)),
    );
    for (disturbed, what) in [(whole, "HubSpot and kills"), (partial, "the records too")] {
        assert_eq!(disturbed.0, clean.0, "disturbed by {what}: contents");
        assert_eq!(disturbed.1, clean.1, "disturbed by {what}: reports");
    }
}

async fn clean(world: &World) -> (String, Vec<Value>) {
    let mut stage = Stage::set(world).await;
    for phase in 0..PHASES {
        for change in &world.changes[phase] {
            stage.change(change).await;
        }
        stage.apply(&world.rules[phase]);
        previewed(&stage).await;
        stage.settle().await;
    }
    stage.end().await
}

async fn disturbed(world: &World, records: Records, seed: u64) -> (String, Vec<Value>) {
    let mut stage = Stage::set(world).await;
    let mut trouble = Trouble::new(records, seed);
    for phase in 0..PHASES {
        for change in &world.changes[phase] {
            stage.change(change).await;
        }
        stage.apply(&world.rules[phase]);
        let interim = &world.interim[phase];
        if !interim.is_empty() {
            let last: Vec<String> = interim
                .iter()
                .map(|(company, property, _)| stage.value(*company, property))
                .collect();
            for (company, property, value) in interim {
                let edit = vec![(*property, value.clone())];
                stage.change(&Change::Edit(*company, edit)).await;
            }
            trouble.interrupted(&mut stage.shop, "companies").await;
            for ((company, property, _), value) in interim.iter().zip(last) {
                let edit = vec![(*property, value)];
                stage.change(&Change::Edit(*company, edit)).await;
            }
        }
        trouble.import(&mut stage.shop, "companies").await;
        stage.shop.work_over(records);
        stage.settle().await;
    }
    stage.end().await
}

/// Previews, imports and compares, as documents and as tables.
async fn previewed(stage: &Stage) {
    let shop = &stage.shop;
    let preview = ["preview", "hubspot", "companies"];
    let shown = shop.result(&preview).await.unwrap().remove(0);
    let tables = shop
        .halo(&["preview", "hubspot", "companies", "--limit", "1000"])
        .await
        .unwrap();
    let run = shown["summary"]["run"].to_string();
    let done = shop
        .result(&["import", "hubspot", "companies", "--preview", &run])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(done["deviations"], serde_json::json!([]));
    assert_eq!(done["summary"]["counts"], shown["summary"]["counts"]);
    let run = done["summary"]["run"].to_string();
    let report = shop.result(&["report", "hubspot", &run]).await.unwrap();
    let rows = |document: &Value| -> Vec<Value> {
        document["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(told)
            .collect()
    };
    assert_eq!(rows(&report[0]), rows(&shown));
    let told = shop
        .halo(&["report", "hubspot", &run, "--limit", "1000"])
        .await
        .unwrap();
    assert_eq!(tables_of(&told.stdout), tables_of(&tables.stdout));
}

/// The tables of rows in what is printed, without numbers: a record that a preview
/// makes has another id.
fn tables_of(printed: &str) -> Vec<String> {
    let mut tables = Vec::new();
    let mut is_table = false;
    for line in printed.lines() {
        is_table = match line.split_once(" (") {
            Some((outcome, rest)) if !outcome.contains(' ') && rest.ends_with("):") => true,
            _ => is_table && !line.is_empty(),
        };
        if is_table {
            let cells: Vec<&str> = line.split_whitespace().collect();
            tables.push(without_numbers(&cells.join(" ")));
        }
    }
    tables
}
