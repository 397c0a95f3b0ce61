//! The whole state of one simulated portal. Rules are methods on it, spread over
//! the modules of their subject; none does I/O.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::Notify;

use super::account_info;
use super::associations::Links;
use super::clock::{Clock, millis};
use super::faults::Faults;
use super::kinds::KINDS;
use super::limits::Limits;
use super::oauth::Tokens;
use super::options::SimOptions;
use super::owners::{self, Owner};
use super::stats::{Counters, ObjectCounts, Stats};
use super::store::Store;
use super::webhooks::Webhooks;

/// Names and secrets of the portal and of the app that connects to it.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The OAuth app's client id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Its number.
    pub app_id: u64,
    /// The user who consents.
    pub user_id: u64,
    /// The token of the private app.
    pub private_app_token: String,
}

/// One simulated portal.
#[derive(Debug)]
pub struct Account {
    /// How it was started; some of it can be changed while it runs.
    pub(super) options: SimOptions,
    pub(super) base_url: String,
    /// Where the pages of records are; a type and an id follow.
    pub(super) record_pages: String,
    pub(super) identity: Identity,
    pub(super) clock: Clock,
    pub(super) rng: StdRng,
    pub(super) stores: Vec<Store>,
    pub(super) links: Links,
    pub(super) owners: Vec<Owner>,
    pub(super) tokens: Tokens,
    pub(super) limits: Limits,
    pub(super) faults: Faults,
    pub(super) counters: Counters,
    pub(super) webhooks: Webhooks,
    /// Told when there is something to deliver for the first time.
    pub(super) wake: Arc<Notify>,
}

impl Account {
    /// A portal with generated records.
    pub fn new(options: SimOptions, base_url: String) -> Self {
        let mut rng = StdRng::seed_from_u64(options.seed);
        let identity = Identity {
            client_id: uuid(&mut rng),
            client_secret: uuid(&mut rng),
            app_id: 2_900_000 + rng.random_range(0..90_000),
            user_id: 98_000_000 + rng.random_range(0..900_000),
            private_app_token: format!("pat-{}-{}", options.hublet, uuid(&mut rng)),
        };
        let stores = KINDS
            .iter()
            .map(|kind| Store::new(kind, kind.first_id + rng.random_range(0..500)))
            .collect();
        let mut account = Self {
            clock: Clock::new(options.frozen_at),
            webhooks: Webhooks::new(options.seed),
            wake: Arc::default(),
            record_pages: account_info::record_pages(&options),
            options,
            base_url,
            identity,
            rng,
            stores,
            links: Links::default(),
            owners: owners::standard(),
            tokens: Tokens::default(),
            limits: Limits::default(),
            faults: Faults::default(),
            counters: Counters::default(),
        };
        account.generate();
        account.set_search_lag(account.options.search_lag);
        account
    }

    /// How long changes stay invisible to search from now on.
    pub fn set_search_lag(&mut self, lag: std::time::Duration) {
        self.options.search_lag = lag;
        for store in &mut self.stores {
            store.lag_ms = millis(lag);
        }
    }

    /// All counters.
    pub fn stats(&self) -> Stats {
        let mut stats = self.counters.snapshot();
        for store in &self.stores {
            let (active, archived) = store.counts();
            let (reads, writes) = stats.object_calls(store.kind.name);
            stats.objects.insert(
                store.kind.name.to_owned(),
                ObjectCounts {
                    active,
                    archived,
                    reads,
                    writes,
                },
            );
        }
        stats.now = super::clock::iso(self.clock.now_ms());
        stats
    }
}

/// A random UUID (version 4) from the seed.
pub fn uuid(rng: &mut StdRng) -> String {
    let bits: u128 = rng.random();
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
