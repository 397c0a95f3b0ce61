//! `cargo demo`: the whole way of an account from HubSpot into Halo, with real
//! programs and a simulated HubSpot. Every command that it shows is run as a
//! process of its own, and what is seen below it is that process's own output.

mod back;
mod checks;
mod deals;
mod folder;
mod interrupt;
mod live;
mod options;
mod page;
mod people;
mod quotations;
mod real_account;
mod say;
mod sign_in;
mod stage;
mod steps;
mod words;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use halo_tests::kit::Program;

use interrupt::Interrupt;
use options::Options;

/// A build that Ctrl-C interrupts ends at once; the demo does not wait for one
/// that does not.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// What shells answer for a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    if let Some(ended) = Program::take_role() {
        return ended;
    }
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(demo(&options));
            runtime.shutdown_timeout(LAST_PATIENCE);
            ended
        }
        Err(error) => Err(error.into()),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("error: {}", say::sentence(&error));
        ExitCode::FAILURE
    })
}

async fn demo(options: &Options) -> anyhow::Result<ExitCode> {
    options.check()?;
    let interrupt = Interrupt::listen()?;
    let folder = folder::open(options.folder.as_deref())?;
    say::welcome(&folder);
    let ended = play(options, &folder, &interrupt).await;
    // A process that the same Ctrl-C ended may be seen before the signal is.
    if ended.is_err() && interrupt.came().await {
        eprintln!(
            "\nStopped. What was done so far is in the folder {}.",
            folder.display()
        );
        return Ok(ExitCode::from(INTERRUPTED));
    }
    ended.map(|()| ExitCode::SUCCESS).map_err(|error| {
        let message = say::sentence(&error);
        anyhow::anyhow!(
            "{message} What was done so far is in the folder {}",
            folder.display()
        )
    })
}

async fn play(options: &Options, folder: &Path, interrupt: &Interrupt) -> anyhow::Result<()> {
    steps::build(interrupt).await?;
    let stage = steps::set(options, folder, interrupt).await?;
    steps::all(&stage).await?;
    page::leave_open(&stage, options.exit).await?;
    say::farewell(folder);
    real_account::say();
    Ok(())
}
