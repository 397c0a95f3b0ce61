//! What a simulated HubSpot is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;

use super::account_info::HOME_HUBLET;

/// How to start a simulated HubSpot. The defaults give an empty portal on a free
/// loopback port, with HubSpot's own limits and no latency.
#[derive(Debug, Clone)]
pub struct SimOptions {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where ids, names, tokens and times come from.
    pub seed: u64,
    /// The portal (HubSpot account) id.
    pub portal_id: u64,
    /// How many companies to generate.
    pub companies: usize,
    /// How many contacts to generate.
    pub contacts: usize,
    /// How many deals to generate.
    pub deals: usize,
    /// How many products to generate.
    pub products: usize,
    /// How many quotes to generate.
    pub quotes: usize,
    /// How many line items each generated quote has.
    pub lines: usize,
    /// How many of the generated companies bear the name of another one.
    pub duplicates: usize,
    /// How long each answer of the API is held back. Concurrent calls wait side by side.
    pub latency: Duration,
    /// Calls per app in a rolling ten seconds; `None` lifts this limit and that of
    /// associations. 110 is what a marketplace OAuth app gets.
    pub limit_per_10s: Option<u32>,
    /// Search calls per second for the whole account; `None` lifts it.
    pub search_limit_per_second: Option<u32>,
    /// How long a change stays invisible to search. HubSpot says "a few moments";
    /// users report 30 s and more.
    pub search_lag: Duration,
    /// Redirect from the authorize page at once, as if a user had pressed Allow,
    /// also when a browser asks.
    pub auto_consent: bool,
    /// Give a new refresh token with each refresh and forget the old one.
    pub rotate_refresh_tokens: bool,
    /// Redirect addresses that the app has registered; empty accepts every one.
    pub redirect_uris: Vec<String>,
    /// The region where the account is: `na1`, `eu1`, ... Its pages and its tokens are
    /// named by it; the API's host is the same for all.
    pub hublet: String,
    /// The account's time zone, one of those that `--help` names.
    pub time_zone: String,
    /// Scopes that no token has, whatever was asked for or given earlier: the app or
    /// the user lacks them.
    pub without_scopes: Vec<String>,
    /// Properties that whoever makes a record must fill, as (object type, property):
    /// what the account's create forms demand, of apps too from 2026-09 on.
    pub required: Vec<(String, String)>,
    /// Start at this time and move only by `advance_clock`; `None` follows the
    /// machine's clock, so that a real connector's clock agrees.
    pub frozen_at: Option<Timestamp>,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            portal_id: 44_237_313,
            companies: 0,
            contacts: 0,
            deals: 0,
            products: 0,
            quotes: 0,
            lines: 0,
            duplicates: 0,
            latency: Duration::ZERO,
            limit_per_10s: Some(110),
            search_limit_per_second: Some(5),
            search_lag: Duration::ZERO,
            auto_consent: false,
            rotate_refresh_tokens: false,
            redirect_uris: Vec::new(),
            hublet: HOME_HUBLET.to_owned(),
            time_zone: "US/Eastern".to_owned(),
            without_scopes: Vec::new(),
            required: Vec::new(),
            frozen_at: None,
        }
    }
}
