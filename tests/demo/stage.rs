//! Where the story plays: the folder with its configuration, the simulated HubSpot,
//! and the commands that are run before the reader's eyes.

use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::ensure;
use halo_tests::hubspot_sim::SimOptions;
use halo_tests::kit::{Program, Workshop};

use crate::interrupt::Interrupt;
use crate::options::Options;
use crate::{say, words};

/// About what HubSpot takes to list a page; it makes the progress worth watching.
pub(crate) const LATENCY: Duration = Duration::from_millis(150);

/// Enough to show what becomes of them, also of a few without a company.
pub(crate) const CONTACTS: usize = 60;
/// What is sold.
pub(crate) const PRODUCTS: usize = 20;
/// Enough that a filter leaves a few of them.
pub(crate) const DEALS: usize = 40;
/// Some of them belong to nobody.
pub(crate) const QUOTES: usize = 30;
/// Lines of each quote; as many as are seen at one glance.
pub(crate) const LINES: usize = 4;

/// A folder, a simulated HubSpot, and the way to stop.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) workshop: Workshop,
    pub(crate) interrupt: Interrupt,
}

impl Stage {
    /// Writes the folder's files and starts the simulated HubSpot on a free port.
    pub(crate) async fn open(
        options: &Options,
        folder: &Path,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Stage> {
        let program = Program::at(std::env::current_exe()?);
        let sim = SimOptions {
            companies: options.companies,
            contacts: CONTACTS,
            products: PRODUCTS,
            deals: DEALS,
            quotes: QUOTES,
            lines: LINES,
            latency: LATENCY,
            ..SimOptions::default()
        };
        // A task of its own: compiling the component holds its thread for a second.
        let opening = tokio::spawn(Workshop::open_in(program, sim, folder.to_owned()));
        Ok(Stage {
            workshop: interrupt.or(async { opening.await? }).await?,
            interrupt: interrupt.clone(),
        })
    }

    /// Shows a command, its words as typed after `halo-host`, and runs it; its output
    /// goes where ours goes.
    pub(crate) async fn run(&self, words: &str) -> anyhow::Result<()> {
        self.interrupt.check()?;
        say::command(words);
        let mut child = self.command(words).spawn()?;
        let status = self.interrupt.or_end_of(&mut child).await?;
        ended_well(words, status)
    }

    /// A command that is not started yet.
    pub(crate) fn command(&self, words: &str) -> tokio::process::Command {
        let words = words::of(words);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.workshop.command(&words)
    }
}

/// Commands of the demo succeed; what one that did not has said is above.
pub(crate) fn ended_well(words: &str, status: ExitStatus) -> anyhow::Result<()> {
    ensure!(
        status.success(),
        "`halo-host {words}` did not succeed ({status}); its own message is above"
    );
    Ok(())
}
