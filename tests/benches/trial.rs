//! One command of the program as a process of its own, timed and watched.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use halo_tests::hubspot_sim::SimOptions;
use halo_tests::kit::{Program, Workshop};
use serde_json::Value;

/// How often the peak is read: the last reading is this long before the end of the
/// process, when an import closes its store and asks for no more memory.
const LOOK: Duration = Duration::from_millis(5);
/// Further than the longest window of the simulator reaches back.
const BEYOND_WINDOWS: Duration = Duration::from_secs(11);

/// How a command went.
#[derive(Clone, Debug)]
pub struct Trial {
    /// From its start to its end, as its caller sees it.
    pub process: Duration,
    /// The most memory that it ever held, in bytes; only where `/proc` says it.
    pub peak: Option<u64>,
    /// Its `summary`.
    pub summary: Value,
}

impl Trial {
    /// How many rows came to that.
    pub fn count(&self, name: &str) -> usize {
        let count = self.summary["counts"][name].as_u64().unwrap_or(0);
        usize::try_from(count).unwrap_or(usize::MAX)
    }
}

/// A connected workshop with this many companies, whose simulator counts from
/// nothing.
pub async fn workshop(program: &Program, options: SimOptions) -> anyhow::Result<Workshop> {
    let shop = Workshop::open(program.clone(), options).await?;
    shop.connect().await?;
    fresh(&shop);
    Ok(shop)
}

/// Lets every call until now leave the windows of the simulator, and starts its
/// counters again.
pub fn fresh(shop: &Workshop) {
    shop.sim.advance_clock(BEYOND_WINDOWS);
    shop.sim.reset_stats();
}

/// Runs `preview` or `import` to its end. It must be done, with these counts.
pub async fn run(
    shop: &Workshop,
    verb: &str,
    entity: &str,
    expected: &[(&str, usize)],
) -> anyhow::Result<Trial> {
    let begun = Instant::now();
    let child = shop
        .command(&["--json", verb, "hubspot", entity])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut peak = child.id().map(Peak::of);
    let mut ended = std::pin::pin!(child.wait_with_output());
    let output = loop {
        tokio::select! {
            biased;
            output = &mut ended => break output?,
            () = tokio::time::sleep(LOOK) => peak.iter_mut().for_each(Peak::look),
        }
    };
    let process = begun.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{verb} ended with {}: {said}",
        output.status
    );
    let document: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{verb} printed no JSON document"))?;
    let summary = document["summary"].clone();
    let counts = &summary["counts"];
    for (name, count) in expected {
        ensure!(
            counts[name] == *count,
            "{verb} should have {count} {name}, and has {counts}"
        );
    }
    Ok(Trial {
        process,
        peak: peak.and_then(|peak| peak.bytes),
        summary,
    })
}

/// The high-water mark of a process.
struct Peak {
    status: String,
    bytes: Option<u64>,
}

impl Peak {
    fn of(process: u32) -> Peak {
        Peak {
            status: format!("/proc/{process}/status"),
            bytes: None,
        }
    }

    fn look(&mut self) {
        if let Ok(status) = std::fs::read_to_string(&self.status) {
            // A process that has ended has no memory any more: what was read stays.
            self.bytes = high_water(&status).or(self.bytes);
        }
    }
}

/// `VmHWM:     123456 kB`, where a kB has 1,024 bytes (proc(5)).
fn high_water(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_in_bytes() {
        let status = "Name:\tx\nVmPeak:\t  999 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(high_water(status), Some(1234 * 1024));
        assert_eq!(high_water("Name:\tx\n"), None);
    }
}
