//! Memory: the peak of the importing process must not grow with the account.

use std::time::Duration;

use halo_tests::hubspot_sim::SimOptions;
use halo_tests::kit::Program;

use crate::report::{MemoryRow, MemoryRows};
use crate::schedule::{PAGE, fastest};
use crate::trial;

/// How much smaller the small import is.
pub const FRACTION: usize = 10;
/// The work on a page, as it was measured on a machine with two cores.
const WORK: Duration = Duration::from_millis(35);

/// A small import and a large one, without latency and limits at HubSpot: pages
/// arrive as fast as they are asked for. (The connector keeps to its own budget of
/// calls all the same, so the large one waits for its second window.)
pub async fn measure(program: &Program, companies: usize) -> anyhow::Result<MemoryRows> {
    let small = peak(program, companies / FRACTION).await?;
    let large = peak(program, companies).await?;
    Ok(MemoryRows::new(small, large))
}

async fn peak(program: &Program, companies: usize) -> anyhow::Result<MemoryRow> {
    eprintln!(
        "memory: import of {companies} companies without latency, about {:.0} s",
        seconds(companies)
    );
    let shop = trial::workshop(program, unlimited(companies)).await?;
    let trial = trial::run(&shop, "import", "companies", &[("created", companies)]).await?;
    Ok(MemoryRow {
        companies,
        peak_bytes: trial.peak,
        process_s: trial.process.as_secs_f64(),
    })
}

/// A simulator that holds nobody back.
pub fn unlimited(companies: usize) -> SimOptions {
    SimOptions {
        companies,
        limit_per_10s: None,
        search_limit_per_second: None,
        ..SimOptions::default()
    }
}

/// What such an import takes, for the line that says how long to wait.
pub fn seconds(companies: usize) -> f64 {
    fastest(companies.div_ceil(PAGE), WORK)
        .as_secs_f64()
        .max(1.0)
}
