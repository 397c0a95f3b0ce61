//! A folder with a configuration, and a simulated HubSpot beside it.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use halo_host::clock::Clock;
use halo_host::config::Config;
use halo_host::connection::Begun;
use halo_host::host::Host;
use halo_host::schema;
use halo_host::store::sqlite::SqliteStore;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Browser, Ended, Halo, Program, Records, component, power};
use crate::hubspot_sim::{Sim, SimHandle, SimOptions};

/// The connector's name in all configurations here.
pub const NAME: &str = "hubspot";

/// A place to work in.
#[derive(Debug)]
pub struct Workshop {
    /// The simulated HubSpot.
    pub sim: SimHandle,
    program: Program,
    folder: Folder,
    records: Records,
    /// How many processes were started.
    processes: AtomicU64,
    /// Whether its processes write the store as one whose power may be cut.
    pub(super) is_plugged_in: bool,
}

#[derive(Debug)]
enum Folder {
    Gone(TempDir),
    Kept(PathBuf),
}

impl Workshop {
    /// In a temporary folder, with a configuration and settings that import all
    /// companies.
    pub async fn open(program: Program, options: SimOptions) -> anyhow::Result<Workshop> {
        let folder = tempfile::Builder::new().prefix("halo-").tempdir()?;
        Workshop::set_up(program, options, Folder::Gone(folder)).await
    }

    /// In a folder that stays.
    pub async fn open_in(
        program: Program,
        options: SimOptions,
        folder: PathBuf,
    ) -> anyhow::Result<Workshop> {
        Workshop::set_up(program, options, Folder::Kept(folder)).await
    }

    async fn set_up(
        program: Program,
        options: SimOptions,
        folder: Folder,
    ) -> anyhow::Result<Workshop> {
        let sim = Sim::start(options).await?;
        let workshop = Workshop {
            sim,
            program,
            folder,
            records: Records::Whole,
            processes: AtomicU64::new(0),
            is_plugged_in: false,
        };
        let component = component()?;
        share_compiled_code(&workshop, component).await?;
        workshop.write("client-id.txt", workshop.sim.client_id())?;
        workshop.write("client-secret.txt", workshop.sim.client_secret())?;
        workshop.write("halo.toml", &workshop.configuration(component)?)?;
        workshop.write(
            "settings.json",
            &format!("{:#}\n", workshop.settings(json!({}))),
        )?;
        Ok(workshop)
    }

    /// From here on, its hosts work over these records.
    pub fn work_over(&mut self, records: Records) {
        self.records = records;
    }

    /// The records of the next process.
    fn next_records(&self) -> Records {
        let number = self.processes.fetch_add(1, Ordering::Relaxed);
        self.records.of_process(number)
    }

    fn configuration(&self, component: &Path) -> anyhow::Result<String> {
        let address = self.sim.base_url().trim_start_matches("http://");
        Ok(format!(
            "[server]\n\
             listen = \"{}\"\n\n\
             [connector.{NAME}]\n\
             component = {:?}\n\
             allow-hosts = [\"{address}\"]\n\
             settings-file = \"settings.json\"\n\n\
             [connector.{NAME}.secrets]\n\
             client-id = {{ file = \"client-id.txt\" }}\n\
             client-secret = {{ file = \"client-secret.txt\" }}\n",
            free_address()?,
            component.canonicalize()?,
        ))
    }

    /// Settings for the simulated HubSpot that import all companies, with other
    /// members of `companies` added or put in their place.
    pub fn settings(&self, companies: Value) -> Value {
        let mut settings = json!({
            "api": { "base-url": self.sim.base_url(), "sign-in-url": self.sim.base_url() },
            "companies": { "all-lifecycle-stages": true, "top-level": 1 },
            "deals": { "ticket-type": 1 },
        });
        for (name, value) in companies.as_object().into_iter().flatten() {
            settings["companies"][name] = value.clone();
        }
        settings
    }

    /// Adds another connector to the configuration: its name, its component, and the
    /// rest of its section.
    pub async fn add_connector(
        &self,
        name: &str,
        component: &Path,
        rest: &str,
    ) -> anyhow::Result<()> {
        share_compiled_code(self, component).await?;
        let configuration = std::fs::read_to_string(self.folder().join("halo.toml"))?;
        let component = component.canonicalize()?;
        let section = format!("\n[connector.{name}]\ncomponent = {component:?}\n{rest}");
        self.write("halo.toml", &(configuration + &section))
    }

    /// Writes settings with these members of `companies`.
    pub fn apply(&self, companies: Value) -> anyhow::Result<()> {
        self.write("settings.json", &self.settings(companies).to_string())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        match &self.folder {
            Folder::Gone(folder) => folder.path(),
            Folder::Kept(folder) => folder,
        }
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.folder().join(name);
        std::fs::write(&path, text).with_context(|| format!("{} was not written", path.display()))
    }

    /// Runs `halo-host` in the folder.
    pub async fn halo(&self, arguments: &[&str]) -> anyhow::Result<Ended> {
        Ended::of(self.command(arguments)).await
    }

    /// The same where it must end well; answers its JSON documents.
    pub async fn result(&self, arguments: &[&str]) -> anyhow::Result<Vec<Value>> {
        let mut with_json = vec!["--json"];
        with_json.extend(arguments);
        let ended = self.halo(&with_json).await?;
        ensure!(ended.code == Some(0), "{arguments:?} ended with {ended:?}");
        ended.json()
    }

    /// A command of the program, for tests that kill or watch it.
    pub fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let (name, value) = self.next_records().variable();
        let (power, watched) = power::variable(self.is_plugged_in);
        let mut command = self.program.command(self.folder(), arguments);
        command.env(name, value).env(power, watched);
        command
    }

    /// Signs in as a person would, in this process.
    pub async fn connect(&self) -> anyhow::Result<()> {
        let host = self.host(Clock::default()).await?;
        self.sign_in(&host).await
    }

    /// Signs in through a host of this process.
    pub async fn sign_in(&self, host: &Host) -> anyhow::Result<()> {
        let connection = host.connection(NAME).await?;
        let redirect = halo_host::server::redirect_address(&host.config, NAME);
        let Begun::Visit(address) = connection.begin(&redirect, false).await? else {
            return Ok(());
        };
        let back = self.sim.consent(&address)?;
        let parameters = query_of(&back)?;
        connection.complete(&parameters).await?;
        Ok(())
    }

    /// The library in this process, on the same folder, with a clock of the test.
    pub async fn host(&self, clock: Clock) -> anyhow::Result<Host> {
        let config = Config::load(&self.folder().join("halo.toml"))?;
        let path = config.path(&config.store.path);
        let store = Arc::new(SqliteStore::open(&path, schema::INDEXED)?);
        let store = self.next_records().around(store);
        Ok(Host::with_store(config, store, clock).await?)
    }

    /// Halo's side: the records of this folder.
    pub fn records(&self) -> anyhow::Result<Halo> {
        Halo::open(&self.store())
    }

    /// The store's file.
    pub(super) fn store(&self) -> PathBuf {
        self.folder().join("halo.db")
    }

    /// Runs `connect` as a process and follows its redirects with a browser.
    /// Answers the page where the browser ends, and how the command ended.
    pub async fn connect_by_browser(&self) -> anyhow::Result<(String, Ended)> {
        use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
        let mut child = self
            .program
            .start(self.folder(), &["--json", "connect", NAME])?;
        let mut out = BufReader::new(child.stdout.take().context("no output")?);
        let mut first = String::new();
        out.read_line(&mut first).await?;
        let mut page = String::new();
        if let Some(address) = serde_json::from_str::<Value>(&first)
            .ok()
            .and_then(|line| line["visit"].as_str().map(str::to_owned))
        {
            page = Browser::default().open(&address).await?.1;
        }
        let mut stdout = first;
        out.read_to_string(&mut stdout).await?;
        let output = child.wait_with_output().await?;
        let ended = Ended {
            code: output.status.code(),
            stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        Ok((page, ended))
    }
}

/// The parameters of a redirect.
pub fn query_of(redirect: &str) -> anyhow::Result<Vec<(String, String)>> {
    let (_, query) = redirect
        .split_once('?')
        .context("the redirect has no query")?;
    Ok(query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// An address of this machine where nobody listens.
pub(super) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// Compiling a component takes a second or two; a test run does it once and gives
/// each folder a copy of the compiled code.
async fn share_compiled_code(workshop: &Workshop, component: &Path) -> anyhow::Result<()> {
    type Shared = BTreeMap<PathBuf, Arc<tokio::sync::OnceCell<TempDir>>>;
    static SHARED: Mutex<Shared> = Mutex::new(BTreeMap::new());
    let shared = {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.entry(component.to_owned()).or_default().clone()
    };
    let shared = shared
        .get_or_try_init(|| async {
            let folder = tempfile::tempdir()?;
            let engine = halo_host::engine::Engine::new(Some(folder.path().to_owned()))?;
            engine.load(component)?;
            anyhow::Ok(folder)
        })
        .await?;
    let code = workshop.folder().join("halo.db.d").join("code");
    std::fs::create_dir_all(&code)?;
    for file in std::fs::read_dir(shared.path())? {
        let file = file?;
        std::fs::copy(file.path(), code.join(file.file_name()))?;
    }
    Ok(())
}
