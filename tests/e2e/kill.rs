//! An import that is killed, or loses its power, at any moment, and is run again.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use halo_host::store::Store as _;
use halo_tests::kit::{NAME, Workshop};

use crate::shop::connected;

/// Companies; the promise is about 20,000, which take too long for every day:
/// `HALO_KILL_COMPANIES=20000 cargo test -p halo-tests --test e2e kill`.
const COMPANIES: usize = 3_000;
/// Kills of one import.
const KILLS: u32 = 6;
/// About as long as a page takes, in milliseconds.
const AT_A_PAGE_MS: u64 = 60;
/// Companies, and cuts of one import, where the power is cut; `HALO_POWER_CUTS=50` for
/// more imports.
const COMPANIES_OF_CUTS: usize = 1_500;
const CUTS: u32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn an_import_killed_at_any_moment_ends_like_a_clean_one_and_reads_at_most_one_page_twice() {
    let companies = std::env::var("HALO_KILL_COMPANIES")
        .ok()
        .map_or(COMPANIES, |count| count.parse().unwrap());
    let seed = std::env::var("HALO_KILL_SEED")
        .ok()
        .map_or_else(|| rand::rng().random(), |seed| seed.parse().unwrap());
    println!("HALO_KILL_SEED={seed}");
    let shop = connected(companies).await;
    let rng = &mut StdRng::seed_from_u64(seed);
    ends_like_a_clean_one(shop, companies, KILLS, rng, |_, _| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_loses_its_power_at_any_moment_ends_like_a_clean_one() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let seed = number("HALO_POWER_SEED").unwrap_or_else(|| rand::rng().random());
    println!("HALO_POWER_SEED={seed}");
    let rng = &mut StdRng::seed_from_u64(seed);
    let mut left = number("HALO_POWER_CUTS").map_or(CUTS, |cuts| u32::try_from(cuts).unwrap());
    while left > 0 {
        let mut shop = connected(COMPANIES_OF_CUTS).await;
        shop.plug_in().unwrap();
        let cuts = left.min(CUTS);
        left -= cuts;
        ends_like_a_clean_one(shop, COMPANIES_OF_CUTS, cuts, rng, |shop, rng| {
            shop.cut_power(rng).unwrap();
        })
        .await;
    }
}

/// An import of so many companies is killed so many times, with what follows a kill.
async fn ends_like_a_clean_one(
    shop: Workshop,
    companies: usize,
    kills: u32,
    rng: &mut StdRng,
    after_a_kill: impl Fn(&Workshop, &mut StdRng),
) {
    let clean = connected(companies).await;
    let begun = Instant::now();
    clean
        .result(&["import", "hubspot", "companies"])
        .await
        .unwrap();
    let whole = begun.elapsed();

    let pages = companies.div_ceil(100) as u64;
    let asked = || shop.sim.stats().calls_of("GET", "/companies");
    let mut killed = 0;
    while killed < kills {
        // Through the whole of it, the start of the process included.
        let moment = whole.mul_f64(rng.random_range(0.0..1.0) / f64::from(kills) * 1.2);
        let mut import = shop
            .command(&["import", "hubspot", "companies"])
            .spawn()
            .unwrap();
        if rng.random() {
            tokio::time::sleep(moment).await;
        } else {
            // Somewhere at the page that is read next, or at a later one.
            let at = asked() + rng.random_range(1..=pages.div_ceil(kills.into()));
            while asked() < at && import.try_wait().unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let later = rng.random_range(0..AT_A_PAGE_MS);
            tokio::time::sleep(Duration::from_millis(later)).await;
        }
        if import.try_wait().unwrap().is_some() {
            break;
        }
        import.kill().await.unwrap();
        after_a_kill(&shop, rng);
        killed += 1;
    }
    assert!(killed > 0, "it was too quick to be killed");
    let finished = shop
        .halo(&["import", "hubspot", "companies"])
        .await
        .unwrap();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let (clean, killed_shop) = (clean.records().unwrap(), shop.records().unwrap());
    let mut rows = 0;
    for run in killed_shop.store.runs(NAME, u32::MAX).await.unwrap() {
        rows += killed_shop.store.counts(run.id).await.unwrap().read;
    }
    let asked = asked();
    println!(
        "{killed} kills: {rows} rows worked on of {companies}, {asked} calls for {pages} pages"
    );
    assert!(
        rows <= companies as u64 + u64::from(killed) * 100,
        "one page is worked on twice"
    );
    // The page after it may have been on its way already.
    assert!(
        asked <= pages + u64::from(killed) * 2,
        "{asked} calls for {pages} pages"
    );

    let killed = killed_shop;
    assert_eq!(
        killed.contents().await.unwrap(),
        clean.contents().await.unwrap()
    );
    // A last full pass finds nothing to mend.
    let journal = killed.journal_length().await.unwrap();
    shop.result(&["import", "hubspot", "companies", "--full"])
        .await
        .unwrap();
    assert_eq!(killed.journal_length().await.unwrap(), journal);
    assert_eq!(
        journal,
        clean.journal_length().await.unwrap(),
        "each record was written once"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn an_interrupted_import_finishes_its_page_and_says_how_to_go_on() {
    let shop = connected(2_000).await;
    let preview = shop
        .result(&["preview", "hubspot", "companies"])
        .await
        .unwrap();
    let preview = preview[0]["summary"]["run"].to_string();
    shop.sim.reset_stats();
    shop.sim.set_latency(Duration::from_millis(150));
    let import = ["import", "hubspot", "companies", "--preview", &preview];
    let mut command = shop.command(&import);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let running = command.spawn().unwrap();
    let process = running.id().unwrap().to_string();
    wait_until(|| shop.sim.stats().calls_of("GET", "/companies") >= 3).await;
    let sent = std::process::Command::new("kill")
        .args(["-INT", &process])
        .status()
        .unwrap();
    assert!(sent.success());
    let ended = running.wait_with_output().await.unwrap();
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(4), "{told}");
    assert!(
        told.contains(&format!(
            "To go on: halo-host import hubspot companies --preview {preview}"
        )),
        "{told}"
    );
    let read = shop.sim.stats().calls_of("GET", "/companies");
    assert!(read < 20, "{read}");
    let customers = shop.records().unwrap().all("customer").await.unwrap().len();
    assert!(
        customers > 0 && customers % 100 == 0,
        "whole pages: {customers}"
    );
    shop.sim.set_latency(Duration::ZERO);
    let done = shop.result(&import).await.unwrap();
    assert_eq!(
        done[0]["deviations"],
        serde_json::json!([]),
        "over both runs"
    );
    assert_eq!(
        shop.records().unwrap().all("customer").await.unwrap().len(),
        2_000
    );
    assert!(shop.sim.stats().calls_of("GET", "/companies") <= 21);
}

async fn wait_until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
