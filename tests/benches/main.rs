//! The program behind `cargo measure`: how long an import takes beside the fastest
//! schedule that HubSpot's limits allow, how much memory it needs, how many calls
//! and commits it makes, and how many events a host keeps. A bound that is missed ends it with exit code 1.
//!
//! It is a benchmark and no test: it takes minutes, and its figures are those of
//! the machine and of what else runs there. It is built in a profile of its own, optimised
//! as what is deployed.

mod baseline;
mod calls;
mod commits;
mod entities;
mod entity_table;
mod memory;
mod pages;
mod report;
mod schedule;
mod time;
mod trial;
mod webhooks;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use halo_tests::kit::Program;

use report::Report;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A full import beside the fastest schedule (about two minutes).
    Time,
    /// Peak memory of a small and a large import (about 15 seconds).
    Memory,
    /// Calls and commits of each sort of import (about 40 seconds).
    Calls,
    /// Memory, calls and commits of contacts, products, deals and quotes (about
    /// 40 seconds).
    Entities,
    /// Events kept in a second, and answers while an import runs (about two minutes).
    Webhooks,
    /// The admin page with a large store beside a small one (about three minutes).
    Pages,
}

/// Measures imports against a simulated HubSpot.
#[derive(Debug, Parser)]
#[command(name = "measure", after_help = EXIT_CODES)]
struct Arguments {
    /// What to measure; everything when nothing is named.
    parts: Vec<Part>,
    /// Companies of the large imports; of contacts, products and deals it is half as
    /// many, of quotes a tenth. The bounds on time and on other entities count from
    /// 20000 on: with fewer, starting the program weighs more than importing.
    #[arg(long, default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u32).range(100..))]
    companies: u32,
    /// Print one JSON document on standard output; the tables go to standard error.
    #[arg(long)]
    json: bool,
}

const EXIT_CODES: &str = "Exit codes:
  0  every bound is kept
  1  a bound is missed, or something could not be measured; the message says which
  2  wrong usage";

fn main() -> ExitCode {
    if let Some(ended) = Program::take_role() {
        return ended;
    }
    if let Some(ended) = webhooks::take_role() {
        return ended;
    }
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(report) => show(&report, arguments.json),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let asked = |part| arguments.parts.is_empty() || arguments.parts.contains(&part);
    let companies = arguments.companies as usize;
    let program = Program::at(std::env::current_exe()?);
    let mut report = Report::of(companies);
    if asked(Part::Time) {
        report.time = time::measure(&program, companies).await?;
    }
    if asked(Part::Memory) {
        report.memory = Some(memory::measure(&program, companies).await?);
    }
    if asked(Part::Calls) {
        report.calls = calls::measure(&program, companies).await?;
    }
    if asked(Part::Entities) {
        report.entities = entities::measure(&program, companies).await?;
    }
    if asked(Part::Webhooks) {
        report.webhooks = Some(webhooks::measure(&program, companies).await?);
    }
    if asked(Part::Pages) {
        report.pages = pages::measure(&program).await?;
    }
    report.judge();
    Ok(report)
}

fn show(report: &Report, json: bool) -> ExitCode {
    if json {
        eprint!("{report}");
        match serde_json::to_string(report) {
            Ok(document) => println!("{document}"),
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        }
    } else {
        print!("{report}");
    }
    for missed in &report.missed {
        eprintln!("missed: {missed}");
    }
    if report.missed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
