//! Time: a full import beside the bare client, in the same simulator, one right
//! after the other.

use std::time::Duration;

use anyhow::Context as _;
use halo_tests::hubspot_sim::SimOptions;
use halo_tests::kit::{Program, Workshop};

use crate::baseline;
use crate::report::TimeRow;
use crate::schedule::{LIMIT, PAGE, fastest};
use crate::trial;

/// Round trips: a bad one, which binds before the limit of calls does, and a good
/// one, where that limit binds.
const LATENCIES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(20)];

/// Both latencies.
pub async fn measure(program: &Program, companies: usize) -> anyhow::Result<Vec<TimeRow>> {
    let mut rows = Vec::new();
    for latency in LATENCIES {
        rows.push(at(program, companies, latency).await?);
    }
    Ok(rows)
}

async fn at(program: &Program, companies: usize, latency: Duration) -> anyhow::Result<TimeRow> {
    let expected = fastest(companies.div_ceil(PAGE), latency).as_secs_f64();
    let say = |what: &str| {
        eprintln!(
            "time, {} ms: {what} of {companies} companies, about {expected:.0} s",
            latency.as_millis()
        );
    };
    let options = SimOptions {
        companies,
        latency,
        limit_per_10s: Some(LIMIT),
        ..SimOptions::default()
    };
    let shop = trial::workshop(program, options).await?;
    say("walk by the bare client");
    let before = baseline::walk(&shop.sim).await?;
    trial::fresh(&shop);
    say("first import");
    let trial = trial::run(&shop, "import", "companies", &[("created", companies)]).await?;
    let import = shop.sim.stats();
    let run = recorded(&shop).await?;
    trial::fresh(&shop);
    say("walk by the bare client");
    let after = baseline::walk(&shop.sim).await?;
    Ok(TimeRow::new(
        latency,
        fastest(before.pages, latency),
        [before.took, after.took],
        (trial.process, run),
        (import.calls, import.rate_limited),
    ))
}

/// How long the last run took by its own record.
async fn recorded(shop: &Workshop) -> anyhow::Result<Duration> {
    let status = shop.result(&["status", "hubspot"]).await?;
    let run = &status[0]["runs"][0];
    let took = run["ended"]
        .as_u64()
        .zip(run["started"].as_u64())
        .with_context(|| format!("the run is not recorded as ended: {run}"))?;
    Ok(Duration::from_millis(took.0.saturating_sub(took.1)))
}
