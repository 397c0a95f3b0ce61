//! A cell for the hostile component: a folder, a host with that one connector, an
//! address that it may reach and one that it may not.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use halo_host::capability::{Stop, Unwatched};
use halo_host::clock::Clock;
use halo_host::config::Config;
use halo_host::connection::{Connection, ConnectionError, Selection};
use halo_host::engine::limits::CallTime;
use halo_host::host::Host;
use halo_host::runs::{self, RunRequest, Summary, failure_of};
use halo_host::schema;
use halo_host::store::sqlite::SqliteStore;
use halo_host::store::{JournalFilter, RunMode, Scope};
use halo_tests::kit::component_of;
use tempfile::TempDir;

/// The connector in the configuration.
pub const NAME: &str = "hostile";

/// An address that counts its requests: `/big` answers too much, all else little.
pub struct Remote {
    /// Host and port.
    pub address: String,
    requests: Arc<AtomicUsize>,
    objects: Arc<Mutex<Vec<String>>>,
}

/// What a remote remembers: how many requests came, and the path and body of those to
/// an object.
type Memory = (Arc<AtomicUsize>, Arc<Mutex<Vec<String>>>);

impl Remote {
    async fn start() -> Remote {
        async fn answer(
            State((requests, objects)): State<Memory>,
            uri: Uri,
            body: String,
        ) -> Vec<u8> {
            requests.fetch_add(1, Ordering::SeqCst);
            if let Some(object) = uri.path().strip_prefix("/objects/") {
                objects.lock().unwrap().push(format!("{object} {body}"));
            }
            let length = if uri.path() == "/big" {
                33 * 1024 * 1024
            } else {
                2
            };
            vec![b'x'; length]
        }
        let requests = Arc::new(AtomicUsize::new(0));
        let objects = Arc::new(Mutex::default());
        let memory: Memory = (requests.clone(), Arc::clone(&objects));
        let router = Router::new().fallback(answer).with_state(memory);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Remote {
            address,
            requests,
            objects,
        }
    }

    /// What was written to objects, oldest first: key and body.
    pub fn objects(&self) -> Vec<String> {
        self.objects.lock().unwrap().clone()
    }

    /// How many came until now.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// A host with the hostile connector, which may reach one of two addresses.
pub struct Cell {
    /// Configuration and store.
    pub folder: TempDir,
    /// The host.
    pub host: Host,
    /// The connector in it.
    pub connection: Connection,
    /// What it may reach.
    pub granted: Remote,
    /// What it may not.
    pub forbidden: Remote,
}

/// How a run ended: its state, and code and sentence of its failure.
type Ended = (String, String, String);

impl Cell {
    /// With the times of production.
    pub async fn open() -> Cell {
        Cell::open_with(CallTime::default()).await
    }

    /// With other times for a call.
    pub async fn open_with(time: CallTime) -> Cell {
        let (granted, forbidden) = (Remote::start().await, Remote::start().await);
        let folder = tempfile::Builder::new().prefix("halo-").tempdir().unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text);
        let component = component().await;
        write("granted.txt", "of the administrator".to_owned()).unwrap();
        write(
            "settings.json",
            serde_json::json!({
                "address": format!("http://{}", granted.address),
                "forbidden": format!("http://{}", forbidden.address),
            })
            .to_string(),
        )
        .unwrap();
        write(
            "halo.toml",
            format!(
                "[connector.{NAME}]\n\
                 component = {component:?}\n\
                 allow-hosts = [\"{}\"]\n\
                 settings-file = \"settings.json\"\n\
                 secrets.granted = {{ file = \"granted.txt\" }}\n",
                granted.address,
            ),
        )
        .unwrap();
        let mut host = open_host(folder.path(), Clock::default()).await;
        host.call_time = time;
        let connection = host.connection(NAME).await.unwrap();
        Cell {
            folder,
            host,
            connection,
            granted,
            forbidden,
        }
    }

    /// A run of this entity.
    pub async fn run(&self, entity: &str, mode: RunMode) -> Result<Summary, ConnectionError> {
        self.drive(entity, mode, &Stop::default()).await
    }

    /// An import of this entity that may be asked to stop.
    pub async fn run_until(&self, entity: &str, stop: &Stop) -> Result<Summary, ConnectionError> {
        self.drive(entity, RunMode::Import, stop).await
    }

    async fn drive(
        &self,
        entity: &str,
        mode: RunMode,
        stop: &Stop,
    ) -> Result<Summary, ConnectionError> {
        let request = RunRequest {
            entity: entity.to_owned(),
            selection: Selection::Everything,
            full: false,
            mode,
            confirms: None,
        };
        runs::run(
            &self.connection,
            &request,
            Arc::new(Unwatched),
            stop.clone(),
        )
        .await
    }

    /// The call that must always work; again and again it is one and the same record.
    pub async fn honest(&self) {
        let summary = self.run("honest", RunMode::Import).await.unwrap();
        assert_eq!(
            (summary.state, summary.counts.read),
            ("done", 1),
            "{summary:?}"
        );
    }

    /// Everything durable of this connection but the record of its runs.
    pub async fn contents(&self) -> String {
        let store = &self.host.store;
        let scope = Scope {
            connection: NAME.to_owned(),
            layer: 0,
            run: None,
            cause: String::new(),
            lane: None,
        };
        let all = JournalFilter {
            limit: u32::MAX,
            ..JournalFilter::default()
        };
        let mut contents = String::new();
        for kind in ["top-level", "customer", "site", "user"] {
            let records = store.list(kind, None, 0, u32::MAX).await.unwrap();
            contents += &format!("{records:?}\n");
        }
        let journal = store.journal(&all).await.unwrap();
        let state = store.state_scan(&scope, "", None, u32::MAX).await.unwrap();
        let tasks = store.tasks(NAME).await.unwrap();
        contents + &format!("{journal:?}\n{state:?}\n{tasks:?}\n")
    }

    /// Runs a misdeed that must fail, between two honest calls that must not.
    /// Answers code and sentence of its failure.
    pub async fn commit(&self, entity: &str, mode: RunMode) -> (String, String) {
        self.honest().await;
        let before = self.contents().await;
        let begun = Instant::now();
        let error = self
            .run(entity, mode)
            .await
            .map(|summary| panic!("{entity}: {summary:?}"));
        let seconds = begun.elapsed().as_secs_f32();
        let failure = failure_of(&error.unwrap_err());
        let (state, code, message) = self.last_run(entity).await;
        assert_eq!((state.as_str(), &code), ("failed", &failure.code));
        assert_eq!(message, failure.message);
        assert_eq!(self.contents().await, before, "{entity} has left something");
        self.honest().await;
        println!("{entity}: {code} after {seconds:.1} s: {message}");
        (code, message)
    }

    /// The run of this entity as it is recorded.
    async fn last_run(&self, entity: &str) -> Ended {
        let runs = self.host.store.runs(NAME, 100).await.unwrap();
        let run = runs.into_iter().find(|run| run.entity == entity).unwrap();
        assert!(run.ended.is_some(), "{run:?}");
        let failure = run
            .failure
            .unwrap_or_else(|| panic!("{entity} has no reason"));
        (run.state, failure.code, failure.message)
    }
}

/// A host on the folder of a cell, as after a restart.
pub async fn open_host(folder: &Path, clock: Clock) -> Host {
    let config = Config::load(&folder.join("halo.toml")).unwrap();
    let store = SqliteStore::open(&config.path(&config.store.path), schema::INDEXED).unwrap();
    Host::with_store(config, Arc::new(store), clock)
        .await
        .unwrap()
}

async fn component() -> PathBuf {
    let built = tokio::task::spawn_blocking(|| component_of("tests/hostile")).await;
    built.unwrap().unwrap().canonicalize().unwrap()
}
