//! Components: compiled once, cached on disk, and called within limits. An
//! instance lives for one call; nothing survives in memory between two.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::{Component, Instance, InstancePre, Linker, ResourceTableError};
use wasmtime::{Config, Store};
use wasmtime_wasi_http::FieldMapError;

use crate::capability::{self, Guest};
use crate::contract::exports::halo::integration as exports;
use crate::store::StoreError;

pub mod limits;
mod pool;

/// Why a component cannot be loaded; says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No such file.
    #[error(
        "The component {path} cannot be read: {detail}. Build it with `halo-host build`, or correct `component` in the configuration."
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// Not a component at all.
    #[error(
        "The file {path} is no WebAssembly component: {detail}. Build it with `halo-host build`."
    )]
    NoComponent {
        /// The file.
        path: PathBuf,
        /// What the compiler says, one line.
        detail: String,
    },
    /// It wants what the contract does not have.
    #[error(
        "The component {path} was built for another world: it imports {imports}, which this host does not give. Build it against the `wit/` folder of this host."
    )]
    ForeignImports {
        /// The file.
        path: PathBuf,
        /// Their names.
        imports: String,
    },
    /// It lacks what every connector has.
    #[error(
        "The component {path} is no connector: {detail}. Build it against the `wit/` folder of this host."
    )]
    NoConnector {
        /// The file.
        path: PathBuf,
        /// What is missing.
        detail: String,
    },
}

/// Why a call ended without an answer. It costs that call and nothing else.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Too much computing.
    #[error(
        "The connector was stopped: it computed for more than {seconds} seconds without an end (an endless loop?)."
    )]
    Cpu {
        /// The budget.
        seconds: f32,
    },
    /// Too much time.
    #[error("The connector was stopped: its call took more than {seconds} seconds.")]
    Wall {
        /// The budget.
        seconds: f32,
    },
    /// Too much memory.
    #[error("The connector was stopped: it wanted more than {megabytes} MB of memory.")]
    Memory {
        /// The limit.
        megabytes: usize,
    },
    /// Too many handles.
    #[error(
        "The connector was stopped: it held more than {limit} handles (requests, streams, header lists) at once."
    )]
    Handles {
        /// The limit.
        limit: usize,
    },
    /// Too many headers, or too large ones.
    #[error("The connector was stopped: it made a list of headers of more than {kilobytes} kB.")]
    Headers {
        /// The limit.
        kilobytes: usize,
    },
    /// It crashed.
    #[error("The connector crashed: {0}.")]
    Trap(String),
    /// It does not have this export.
    #[error("This connector cannot do that: it does not export {0:?}.")]
    Missing(&'static str),
    /// The store failed underneath it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CallError {
    /// The code under which programs know it.
    pub fn code(&self) -> &'static str {
        match self {
            CallError::Cpu { .. } => "cpu-budget",
            CallError::Wall { .. } => "wall-budget",
            CallError::Memory { .. } => "memory-limit",
            CallError::Handles { .. } => "handle-limit",
            CallError::Headers { .. } => "header-limit",
            CallError::Trap(_) => "trap",
            CallError::Missing(_) => "missing-export",
            CallError::Store(_) => "store",
        }
    }
}

/// The exports of a component, found by name once.
pub struct Exports {
    /// Every connector has it.
    pub connector: exports::connector::GuestIndices,
    /// Signing in.
    pub connect: Option<exports::connect::GuestIndices>,
    /// What the remote offers.
    pub catalog: Option<exports::catalog::GuestIndices>,
    /// Into Halo.
    pub importer: Option<exports::importer::GuestIndices>,
    /// Out of Halo.
    pub push: Option<exports::push::GuestIndices>,
    /// Events.
    pub webhook: Option<exports::webhook::GuestIndices>,
    /// Due tasks.
    pub scheduled: Option<exports::scheduled::GuestIndices>,
    /// Extra actions.
    pub actions: Option<exports::actions::GuestIndices>,
}

/// A component, ready to be called.
pub struct Loaded {
    pre: InstancePre<Guest>,
    /// What it exports.
    pub exports: Exports,
    /// SHA-256 of its bytes.
    pub digest: String,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded")
            .field("digest", &self.digest)
            .finish()
    }
}

/// One instance and its store, for one call.
pub struct Call {
    /// The store; its data are the capabilities of this call.
    pub store: Store<Guest>,
    /// The instance.
    pub instance: Instance,
    /// The time that is left.
    pub budget: Arc<limits::Budget>,
    /// Last, as the instance leaves its place first.
    _place: OwnedSemaphorePermit,
}

impl Drop for Call {
    fn drop(&mut self) {
        self.store.data().measure();
    }
}

impl Call {
    /// Names what went wrong: the guest's own trap, its limits, or the store.
    pub fn explain<T>(
        &self,
        result: Result<wasmtime::Result<T>, CallError>,
    ) -> Result<T, CallError> {
        result?.map_err(|error| explain(error, &self.store))
    }
}

fn explain(error: wasmtime::Error, store: &Store<Guest>) -> CallError {
    if store.data().memory.exceeded {
        return CallError::Memory {
            megabytes: limits::MEMORY_LIMIT / (1024 * 1024),
        };
    }
    if let Some(ResourceTableError::Full) = cause(&error) {
        return CallError::Handles {
            limit: limits::HANDLE_LIMIT,
        };
    }
    if let Some(FieldMapError::TotalSizeTooBig | FieldMapError::TooManyFields) = cause(&error) {
        return CallError::Headers {
            kilobytes: limits::HEADER_LIMIT / 1024,
        };
    }
    match error.downcast::<StoreError>() {
        Ok(error) => CallError::Store(error),
        Err(error) => {
            tracing::debug!(error = format!("{error:?}"), "a component trapped");
            CallError::Trap(format!("{:#}", error.root_cause()))
        }
    }
}

/// The first error of this type in the chain of causes.
fn cause<E: std::error::Error + 'static>(error: &wasmtime::Error) -> Option<&E> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

/// Compiles and instantiates.
pub struct Engine {
    engine: wasmtime::Engine,
    linker: Linker<Guest>,
    places: Arc<Semaphore>,
    cache: Option<PathBuf>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// An engine that keeps compiled code in `cache`, a folder that only this
    /// host writes.
    pub fn new(cache: Option<PathBuf>) -> wasmtime::Result<Engine> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        let on_demand = config.clone();
        pool::set_aside(&mut config);
        // Where addresses are rationed (`ulimit -v`), instances get theirs one by one.
        let engine = wasmtime::Engine::new(&config).or_else(|error| {
            tracing::debug!(%error, "no places for instances are set aside");
            wasmtime::Engine::new(&on_demand)
        })?;
        tick(&engine);
        let mut linker = Linker::new(&engine);
        capability::link(&mut linker)?;
        Ok(Engine {
            engine,
            linker,
            places: pool::places(),
            cache,
        })
    }

    /// Loads a component and finds its exports.
    pub fn load(&self, path: &Path) -> Result<Loaded, LoadError> {
        let bytes = std::fs::read(path).map_err(|error| LoadError::Unreadable {
            path: path.to_owned(),
            detail: error.to_string(),
        })?;
        let digest = hex(&Sha256::digest(&bytes));
        let component = self
            .compile(&bytes, &digest)
            .map_err(|error| LoadError::NoComponent {
                path: path.to_owned(),
                detail: first_line(&format!("{error:#}")),
            })?;
        let foreign = foreign_imports(&self.engine, &component);
        if !foreign.is_empty() {
            return Err(LoadError::ForeignImports {
                path: path.to_owned(),
                imports: foreign.join(", "),
            });
        }
        let no_connector = |error: wasmtime::Error| LoadError::NoConnector {
            path: path.to_owned(),
            detail: first_line(&format!("{error:#}")),
        };
        let pre = self
            .linker
            .instantiate_pre(&component)
            .map_err(no_connector)?;
        let exports = Exports {
            connector: exports::connector::GuestIndices::new(&pre).map_err(no_connector)?,
            connect: exports::connect::GuestIndices::new(&pre).ok(),
            catalog: exports::catalog::GuestIndices::new(&pre).ok(),
            importer: exports::importer::GuestIndices::new(&pre).ok(),
            push: exports::push::GuestIndices::new(&pre).ok(),
            webhook: exports::webhook::GuestIndices::new(&pre).ok(),
            scheduled: exports::scheduled::GuestIndices::new(&pre).ok(),
            actions: exports::actions::GuestIndices::new(&pre).ok(),
        };
        Ok(Loaded {
            pre,
            exports,
            digest,
        })
    }

    /// A fresh instance for one call.
    pub async fn instantiate(&self, loaded: &Loaded, guest: Guest) -> Result<Call, CallError> {
        let place = self.places.clone().acquire_owned().await;
        let place = place.map_err(|closed| CallError::Trap(closed.to_string()))?;
        let budget = guest.budget.clone();
        let mut store = Store::new(&self.engine, guest);
        store.limiter(|guest| &mut guest.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store.set_hostcall_fuel(limits::HOSTCALL_FUEL);
        let result = budget.watch(loaded.pre.instantiate_async(&mut store)).await;
        let instance = result?.map_err(|error| explain(error, &store))?;
        Ok(Call {
            store,
            instance,
            budget,
            _place: place,
        })
    }

    /// From the cache when the very same bytes were compiled by the very same
    /// engine, else compiled and cached.
    fn compile(&self, bytes: &[u8], digest: &str) -> wasmtime::Result<Component> {
        let Some(folder) = &self.cache else {
            return Component::new(&self.engine, bytes);
        };
        let mut hasher = DefaultHasher::new();
        self.engine
            .precompile_compatibility_hash()
            .hash(&mut hasher);
        let file = folder.join(format!("{digest}-{:016x}.code", hasher.finish()));
        if let Some(code) = read_cached(&file) {
            // SAFETY: the bytes are what `Component::serialize` of an engine with
            // the same compatibility hash wrote into a folder that only this host
            // writes, and their digest has just been checked, so they are neither
            // cut nor altered by accident.
            #[allow(unsafe_code)]
            let component = unsafe { Component::deserialize(&self.engine, &code) };
            if let Ok(component) = component {
                return Ok(component);
            }
        }
        let component = Component::new(&self.engine, bytes)?;
        if let Ok(code) = component.serialize()
            && let Err(error) = write_cached(folder, &file, &code)
        {
            tracing::debug!(%error, "compiled code was not cached");
        }
        Ok(component)
    }
}

const DIGEST_BYTES: usize = 32;

fn read_cached(file: &Path) -> Option<Vec<u8>> {
    let mut bytes = std::fs::read(file).ok()?;
    let code = bytes.split_off_checked(DIGEST_BYTES)?;
    (Sha256::digest(&code).as_slice() == bytes).then_some(code)
}

/// `Vec::split_off` that does not panic.
trait SplitOff {
    fn split_off_checked(&mut self, at: usize) -> Option<Vec<u8>>;
}

impl SplitOff for Vec<u8> {
    fn split_off_checked(&mut self, at: usize) -> Option<Vec<u8>> {
        (at <= self.len()).then(|| self.split_off(at))
    }
}

fn write_cached(folder: &Path, file: &Path, code: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    std::fs::create_dir_all(folder)?;
    #[cfg(unix)]
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    let mut part = tempfile::NamedTempFile::new_in(folder)?;
    part.write_all(&Sha256::digest(code))?;
    part.write_all(code)?;
    part.persist(file)?;
    Ok(())
}

/// Moves the epoch until the engine is gone.
fn tick(engine: &wasmtime::Engine) {
    let engine = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(limits::TICK);
        }
    });
}

/// Imports that the contract does not name.
fn foreign_imports(engine: &wasmtime::Engine, component: &Component) -> Vec<String> {
    component
        .component_type()
        .imports(engine)
        .map(|(name, _)| name.to_owned())
        .filter(|name| !is_granted(name))
        .collect()
}

/// Whether the contract names this import; other patch versions of WASI are the
/// same interface.
fn is_granted(name: &str) -> bool {
    const WASI: [&str; 8] = [
        "wasi:http/types",
        "wasi:http/outgoing-handler",
        "wasi:clocks/monotonic-clock",
        "wasi:clocks/wall-clock",
        "wasi:random/random",
        "wasi:io/error",
        "wasi:io/poll",
        "wasi:io/streams",
    ];
    const HALO: [&str; 8] = [
        "types",
        "records",
        "state",
        "secrets",
        "settings",
        "scheduler",
        "run",
        "log",
    ];
    match name.split_once('@') {
        Some((name, version)) if name.starts_with("wasi:") => {
            WASI.contains(&name) && version.starts_with("0.2.")
        }
        Some((name, "0.1.0")) => name
            .strip_prefix("halo:integration/")
            .is_some_and(|name| HALO.contains(&name)),
        _ => false,
    }
}

/// The names of the interfaces that a component imports, for people and tests.
pub fn imports(bytes: &[u8]) -> wasmtime::Result<BTreeSet<String>> {
    let engine = wasmtime::Engine::default();
    let component = Component::new(&engine, bytes)?;
    Ok(component
        .component_type()
        .imports(&engine)
        .map(|(name, _)| name.to_owned())
        .collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned()
}
