//! Webhooks: how many events the real `serve` keeps durably in a second, beside a bare
//! handler that appends the same bytes to SQLite; and how long HubSpot waits for an answer
//! while a large import runs.

mod bare;
mod load;
mod row;

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use halo_host::clock::Clock;
use halo_tests::kit::{NAME, Program, Workshop};
use serde_json::json;

use crate::memory::unlimited;
use crate::trial;
use bare::Bare;
pub use bare::take_role;
use load::{Load, percentile};
pub use row::WebhookRow;

/// Requests of one measurement; each has the hundred events that HubSpot sends at most.
const REQUESTS: usize = 1_000;
/// Connections at once.
const CONNECTIONS: usize = 16;
/// How often an answer is waited for during the import.
const PACE: Duration = Duration::from_millis(50);

/// Both parts.
pub async fn measure(program: &Program, companies: usize) -> anyhow::Result<WebhookRow> {
    let shop = trial::workshop(program, unlimited(companies)).await?;
    let address = shop.address()?;
    let target = format!("{address}/webhooks/{NAME}");
    let mut settings = shop.settings(json!({}));
    settings["webhooks"] = json!({ "public-url": target, "items": true });
    settings["products"] = json!({ "item-group": 1 });
    shop.write("settings.json", &settings.to_string())?;
    let serving = shop.serve().await?;

    eprintln!("webhooks: {REQUESTS} requests of 100 events, three times, about a minute");
    let bare = Bare::start(program, shop.folder()).await?;
    let before = Load::of(&shop, &target, REQUESTS, 0)
        .send(bare.address(), CONNECTIONS)
        .await?;
    // Applying is what an import is, and has the benchmarks of imports: the lane is taken.
    let host = shop.host(Clock::default()).await?;
    let held = host.connection(NAME).await?.take_lane().await?;
    let ours = Load::of(&shop, &target, REQUESTS, 1)
        .send(&address, CONNECTIONS)
        .await?;
    let counts = host.store.inbox_counts(NAME).await?;
    let kept = REQUESTS as u64 * 100;
    ensure!(
        counts.waiting == kept,
        "{kept} events were answered, and {counts:?} kept"
    );
    held.release().await?;
    let after = Load::of(&shop, &target, REQUESTS, 2)
        .send(bare.address(), CONNECTIONS)
        .await?;
    drop(bare);
    drop(serving);

    let shop = importing(program, companies).await?;
    let (answers, import) = during_import(&shop, companies).await?;
    Ok(WebhookRow::new(
        [before.rate(), after.rate()],
        (ours.rate(), percentile(&ours.answers, 99)),
        (&answers, import),
    ))
}

/// A shop of its own, so that the import finds no events to wait for.
async fn importing(program: &Program, companies: usize) -> anyhow::Result<Workshop> {
    let shop = trial::workshop(program, unlimited(companies)).await?;
    let mut settings = shop.settings(json!({}));
    let target = format!("{}/webhooks/{NAME}", shop.address()?);
    settings["webhooks"] = json!({ "public-url": target, "items": true });
    settings["products"] = json!({ "item-group": 1 });
    shop.write("settings.json", &settings.to_string())?;
    Ok(shop)
}

/// The answers while an import runs, and how long that took.
async fn during_import(
    shop: &Workshop,
    companies: usize,
) -> anyhow::Result<(Vec<Duration>, Duration)> {
    eprintln!(
        "webhooks: an answer each {} ms while {companies} companies are imported",
        PACE.as_millis()
    );
    let address = shop.address()?;
    let target = format!("{address}/webhooks/{NAME}");
    let _serving = shop.serve().await?;
    let begun = Instant::now();
    let mut import = shop
        .command(&["--json", "import", NAME, "companies"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut answers = Vec::new();
    let mut round = 10;
    let status = loop {
        let load = Load::of(shop, &target, 1, round);
        answers.extend(load.send(&address, 1).await?.answers);
        round += 1;
        if let Some(status) = import.try_wait()? {
            break status;
        }
        tokio::time::sleep(PACE).await;
    };
    ensure!(status.success(), "the import ended with {status}");
    let took = begun.elapsed();
    answers.last().context("nothing was answered")?;
    Ok((answers, took))
}
