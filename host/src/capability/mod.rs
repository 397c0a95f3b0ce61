//! What the host gives a connector: one file per capability, each with what it
//! grants, its limits, and the functions that the guest calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmtime::component::{HasData, HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::brake::Brake;
use crate::clock::Clock;
use crate::contract::halo::integration as contract;
use crate::engine::limits::{self, Budget};
use crate::http::Client;
use crate::measured::Measured;
use crate::model::{Failure, RunId, Timestamp};
use crate::schema::KindDef;
use crate::seal::Sealer;
use crate::store::{Scope, Store};
use crate::watch::Watch;

mod convert;
mod http;
mod log;
mod records;
mod run;
mod scheduler;
mod secrets;
mod settings;
mod state;

pub use http::{Refusals, Refused};

/// At most so many ids, keys, values, rows or entries in one call: a page of any
/// remote is a tenth of it, and the host's copy of it stays small.
pub const BATCH_LIMIT: usize = 1_000;

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done.
    pub done: u64,
    /// Of how much, when known.
    pub total: Option<u64>,
    /// What is counted.
    pub label: String,
}

/// Who looks at a run while it goes on.
pub trait Observer: Send + Sync {
    /// It is recorded under this number.
    fn begun(&self, _run: RunId) {}

    /// The run is so far.
    fn progress(&self, progress: Progress);

    /// One line to show (a wait, a warning).
    fn note(&self, line: &str);
}

/// Nobody looks.
#[derive(Debug)]
pub struct Unwatched;

impl Observer for Unwatched {
    fn progress(&self, _progress: Progress) {}
    fn note(&self, _line: &str) {}
}

/// Asks a run to finish its page and stop.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What belongs to a connection and outlives its calls.
pub struct Grants {
    /// The connection's name.
    pub connection: String,
    /// The kinds that it may read and write.
    pub kinds: BTreeSet<String>,
    /// Secrets that the configuration grants, by name.
    pub secrets: BTreeMap<String, String>,
    /// Where records, state and the rest are.
    pub store: Arc<dyn Store>,
    /// Seals secrets.
    pub sealer: Sealer,
    /// The time.
    pub clock: Clock,
    /// The way out, with allow-list and rate budgets.
    pub http: Client,
    /// Where its calls and requests are counted.
    pub measured: Arc<Measured>,
    /// When its imports stop and ask.
    pub brake: Brake,
}

/// What one call may do to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effects {
    /// Everything that is granted.
    Real,
    /// Records and state go into the layer of a preview; only routes that read.
    Preview,
    /// Nothing is written but refreshed secrets; only routes that read.
    Look,
}

/// The capabilities of one call; the data of its store.
pub struct Guest {
    grants: Arc<Grants>,
    scope: Scope,
    effects: Effects,
    settings: (u64, String),
    observer: Arc<dyn Observer>,
    stop: Stop,
    kinds: Option<Arc<BTreeMap<String, KindDef>>>,
    log_lines: usize,
    watch: Option<Arc<Watch>>,
    /// Why this call may write nothing more, once the brake has stopped it.
    pub braked: Option<Failure>,
    /// The time that is left.
    pub budget: Arc<Budget>,
    /// The memory that is used.
    pub memory: limits::Memory,
    wasi: WasiCtx,
    wasi_http: WasiHttpCtx,
    hooks: http::Hooks,
    table: ResourceTable,
}

/// What a call needs beyond the grants of its connection.
pub struct CallContext {
    /// On whose behalf it writes, and where.
    pub scope: Scope,
    /// How far its effects reach.
    pub effects: Effects,
    /// Revision and document of the settings.
    pub settings: (u64, String),
    /// Who looks.
    pub observer: Arc<dyn Observer>,
    /// Who may stop it.
    pub stop: Stop,
    /// Its time.
    pub budget: Arc<Budget>,
}

impl Guest {
    /// The capabilities for one call.
    pub fn new(grants: Arc<Grants>, context: CallContext) -> Guest {
        let mut wasi_http = WasiHttpCtx::new();
        wasi_http.set_field_size_limit(limits::HEADER_LIMIT);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits::HANDLE_LIMIT);
        Guest {
            wasi: WasiCtxBuilder::new()
                .wall_clock(grants.clock.clone())
                .build(),
            hooks: http::Hooks::new(grants.http.clone(), context.effects != Effects::Real),
            grants,
            scope: context.scope,
            effects: context.effects,
            settings: context.settings,
            observer: context.observer,
            stop: context.stop,
            kinds: None,
            log_lines: 0,
            watch: None,
            braked: None,
            budget: context.budget,
            memory: limits::Memory::default(),
            wasi_http,
            table,
        }
    }

    /// Counts what the call changes from now on, and stops it where it is too much.
    pub fn set_watch(&mut self, watch: Option<Arc<Watch>>) {
        self.watch = watch;
    }

    /// Notes the requests that a call that only reads wanted to send.
    pub fn note_refusals(&mut self, refusals: Refusals) {
        self.hooks.note_refusals(refusals);
    }

    /// The call is over: counts it.
    pub fn measure(&self) {
        let what = called(&self.scope.cause, self.effects);
        let (took, memory) = (self.budget.elapsed(), self.memory.used());
        self.grants.measured.call(what, took, memory);
    }

    fn store(&self) -> &dyn Store {
        &*self.grants.store
    }

    fn now(&self) -> Timestamp {
        self.grants.clock.now()
    }

    /// Refuses a durable write in a call that only looks, and in one that the brake
    /// has stopped: its state must not run ahead of rows that were not written.
    fn may_write(&self) -> Result<(), Failure> {
        if let Some(failure) = &self.braked {
            return Err(failure.clone());
        }
        if self.effects == Effects::Look {
            return Err(Failure::new(
                "dry-run",
                "This call only looks; nothing may be written in it.",
            ));
        }
        Ok(())
    }
}

/// What was called, of few words whatever a connector names its entities, tasks and actions.
fn called(cause: &str, effects: Effects) -> &'static str {
    let first = cause.split(' ').next().unwrap_or_default();
    match (first, effects) {
        ("import", Effects::Preview) => "preview",
        ("import", _) => "import",
        ("push", Effects::Preview) => "push-dry-run",
        ("push", _) => "push",
        // Only the look at a request comes before the event is kept.
        ("webhook", Effects::Look) => "receive",
        ("webhook", _) => "apply",
        ("task", _) => "task",
        ("action", _) => "action",
        ("describe", _) => "describe",
        ("status", _) => "status",
        _ => "other",
    }
}

/// More than [`BATCH_LIMIT`] is refused.
fn within_batch(count: usize) -> Result<(), Failure> {
    if count > BATCH_LIMIT {
        return Err(Failure::new(
            "limit",
            format!("At most {BATCH_LIMIT} in one call, not {count}."),
        ));
    }
    Ok(())
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.wasi_http,
            table: &mut self.table,
            hooks: &mut self.hooks,
        }
    }
}

/// `wasi:io` lives on the table of handles alone.
struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

/// Gives a linker every import of the contract and nothing else: no files, no
/// sockets, no environment.
pub fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtxView};
    use wasmtime_wasi::p2::bindings::{clocks, io, random};
    use wasmtime_wasi::random::WasiRandom;

    fn clocks_of(guest: &mut Guest) -> WasiClocksCtxView<'_> {
        WasiClocksCtxView {
            ctx: guest.wasi.clocks(),
            table: &mut guest.table,
        }
    }
    io::error::add_to_linker::<_, Io>(linker, |guest| &mut guest.table)?;
    io::poll::add_to_linker::<_, Io>(linker, |guest| &mut guest.table)?;
    io::streams::add_to_linker::<_, Io>(linker, |guest| &mut guest.table)?;
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(linker, clocks_of)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, clocks_of)?;
    random::random::add_to_linker::<_, WasiRandom>(linker, |guest| guest.wasi.random())?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;

    contract::types::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)?;
    contract::records::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)?;
    contract::state::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)?;
    contract::secrets::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)?;
    contract::settings::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)?;
    contract::scheduler::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)?;
    contract::run::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)?;
    contract::log::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)?;
    Ok(())
}

impl contract::types::Host for Guest {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_under_few_words() {
        for (cause, effects, what) in [
            ("import companies", Effects::Real, "import"),
            ("import companies", Effects::Preview, "preview"),
            ("webhook", Effects::Look, "receive"),
            ("webhook", Effects::Real, "apply"),
            ("push", Effects::Real, "push"),
            ("task anything", Effects::Real, "task"),
            ("importance", Effects::Real, "other"),
        ] {
            assert_eq!(called(cause, effects), what, "{cause}");
        }
    }
}
