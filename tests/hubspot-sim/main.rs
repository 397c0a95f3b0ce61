//! The program `hubspot-sim`: a simulated HubSpot on a loopback port.
//!
//! Prints one JSON line with everything a client needs, then serves until Ctrl-C
//! or SIGTERM.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use halo_tests::hubspot_sim::{Sim, SimOptions, time_zones};
use jiff::Timestamp;

/// A simulated HubSpot for tests and demonstrations.
#[derive(Debug, Parser)]
#[command(name = "hubspot-sim")]
struct Args {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    listen: SocketAddr,
    /// Where ids, names, tokens and times come from: the same seed, the same portal.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// The portal (account) id.
    #[arg(long, default_value_t = 44_237_313, value_name = "ID")]
    portal: u64,
    /// Companies to generate.
    #[arg(long, default_value_t = 100, value_name = "N")]
    companies: usize,
    /// Contacts to generate.
    #[arg(long, default_value_t = 200, value_name = "N")]
    contacts: usize,
    /// Deals to generate.
    #[arg(long, default_value_t = 0, value_name = "N")]
    deals: usize,
    /// Products to generate.
    #[arg(long, default_value_t = 0, value_name = "N")]
    products: usize,
    /// Quotes to generate.
    #[arg(long, default_value_t = 0, value_name = "N")]
    quotes: usize,
    /// Line items of each generated quote.
    #[arg(long, default_value_t = 0, value_name = "N")]
    lines: usize,
    /// Companies that bear the name of another one.
    #[arg(long, default_value_t = 0, value_name = "N")]
    duplicates: usize,
    /// Milliseconds that each answer is held back.
    #[arg(long, default_value_t = 0, value_name = "N")]
    latency_ms: u64,
    /// Calls per app in ten seconds; 0 lifts the limit.
    #[arg(long, default_value_t = 110, value_name = "N")]
    limit: u32,
    /// Search calls per second; 0 lifts the limit.
    #[arg(long, default_value_t = 5, value_name = "N")]
    search_limit: u32,
    /// Milliseconds until search sees a change.
    #[arg(long, default_value_t = 0, value_name = "N")]
    search_lag_ms: u64,
    /// Redirect browsers from the authorize page at once, as if Allow had been pressed.
    #[arg(long)]
    auto_consent: bool,
    /// Give a new refresh token with each refresh and forget the old one.
    #[arg(long)]
    rotate_refresh_tokens: bool,
    /// A redirect address that the app has registered (repeatable); none accepts every one.
    #[arg(long, value_name = "URL")]
    redirect_uri: Vec<String>,
    /// Region of the account, which names its pages and tokens: na1, eu1, ap1, ...
    #[arg(long, default_value = "na1", value_name = "HUBLET")]
    hublet: String,
    /// Time zone of the account.
    #[arg(long, default_value = "US/Eastern", value_name = "ZONE", value_parser = PossibleValuesParser::new(time_zones()))]
    time_zone: String,
    /// A scope that no token has, whatever was asked for (repeatable).
    #[arg(long, value_name = "SCOPE")]
    without_scope: Vec<String>,
    /// Stand at this time (2026-11-01T00:00:00Z) and move only by POST /_sim/clock.
    #[arg(long, value_name = "TIME")]
    frozen_at: Option<Timestamp>,
}

impl Args {
    fn options(&self) -> SimOptions {
        SimOptions {
            listen: self.listen,
            seed: self.seed,
            portal_id: self.portal,
            companies: self.companies,
            contacts: self.contacts,
            deals: self.deals,
            products: self.products,
            quotes: self.quotes,
            lines: self.lines,
            duplicates: self.duplicates,
            latency: Duration::from_millis(self.latency_ms),
            limit_per_10s: (self.limit > 0).then_some(self.limit),
            search_limit_per_second: (self.search_limit > 0).then_some(self.search_limit),
            search_lag: Duration::from_millis(self.search_lag_ms),
            auto_consent: self.auto_consent,
            rotate_refresh_tokens: self.rotate_refresh_tokens,
            redirect_uris: self.redirect_uri.clone(),
            hublet: self.hublet.clone(),
            time_zone: self.time_zone.clone(),
            without_scopes: self.without_scope.clone(),
            required: Vec::new(),
            frozen_at: self.frozen_at,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hubspot-sim: {error:#}.");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> anyhow::Result<()> {
    // Before the line is printed: whoever reads it may stop us at once.
    let mut ended = std::pin::pin!(end_signal()?);
    let sim = Sim::start(args.options()).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", sim.to_json())?;
    out.flush()?;
    ended.as_mut().await;
    sim.shutdown().await;
    Ok(())
}

/// Ends with Ctrl-C, and on Unix with SIGTERM.
fn end_signal() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
