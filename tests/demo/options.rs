//! What can be asked of the demo.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use anyhow::ensure;

/// Shows the way of a whole account from HubSpot into Halo, with a simulated HubSpot.
#[derive(Debug, clap::Parser)]
#[command(name = "cargo demo", bin_name = "cargo demo")]
pub(crate) struct Options {
    /// Where to work: a new or an empty folder. [default: a new temporary one]
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Companies in the simulated HubSpot.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) companies: usize,
    /// End when all is shown, and leave no page open.
    #[arg(long)]
    pub(crate) exit: bool,
}

/// At least one, whose customer is in Halo before; at most what a patient person waits
/// for.
const COMPANIES: RangeInclusive<usize> = 1..=100_000;

impl Options {
    /// What clap does not check.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let (least, most) = (COMPANIES.start(), COMPANIES.end());
        ensure!(
            COMPANIES.contains(&self.companies),
            "The demo needs {least} to {most} companies, not {}",
            self.companies
        );
        Ok(())
    }
}
