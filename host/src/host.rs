//! The host put together from its configuration: one store, one engine, one HTTP
//! transport, and a connection for each connector that is asked for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::admin::Jobs;
use crate::capability::Grants;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::connection::{self, Connection};
use crate::description::Description;
use crate::engine::limits::CallTime;
use crate::engine::{CallError, Engine, LoadError};
use crate::http::{AllowList, Budgets, Client, HttpError, RouteRules, Transport};
use crate::measured::Measured;
use crate::model::{Fields, Row, RowOptions, Value};
use crate::schema;
use crate::seal::{SealError, Sealer};
use crate::server::Wakes;
use crate::store::sqlite::SqliteStore;
use crate::store::{Scope, Store, StoreError};

/// Why the host cannot be opened; each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The component cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The component does not describe itself.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Secrets cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// What the component says about itself, or what the configuration grants it,
    /// makes no sense.
    #[error("The connector {connector} cannot be used: {detail}")]
    Grant {
        /// The connector.
        connector: String,
        /// Why.
        detail: String,
    },
    /// The transport cannot be set up.
    #[error("HTTP cannot be set up: {0}.")]
    Http(#[from] HttpError),
    /// The engine cannot be set up.
    #[error("The component engine cannot be set up: {0}.")]
    Engine(String),
}

/// A host.
pub struct Host {
    /// What it was told.
    pub config: Config,
    /// Everything durable.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Clock,
    /// How long one call of a component may take.
    pub call_time: CallTime,
    /// What is rung when something has come in for a connection.
    pub wakes: Wakes,
    /// What people have started at the admin page.
    pub(crate) jobs: Jobs,
    engine: Arc<Engine>,
    transport: Transport,
    budgets: Mutex<BTreeMap<String, Budgets>>,
    measured: Mutex<BTreeMap<String, Arc<Measured>>>,
    recent: tokio::sync::Mutex<BTreeMap<String, (Instant, Arc<Connection>)>>,
    sealer: Sealer,
    leaving: AtomicBool,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host")
            .field("config", &self.config)
            .finish()
    }
}

/// How long a component is used before its file is looked at again.
const FRESH: Duration = Duration::from_secs(5);

/// The folder for compiled code and lock files, beside the store.
fn private_folder(config: &Config) -> PathBuf {
    let store = config.path(&config.store.path);
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(".d");
    store.with_file_name(name)
}

impl Host {
    /// Opens the store that the configuration names.
    pub async fn open(config: Config) -> Result<Host, OpenError> {
        Host::open_over(config, |store| store).await
    }

    /// The same with another store put around it.
    pub async fn open_over(
        config: Config,
        around: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Result<Host, OpenError> {
        let path = config.path(&config.store.path);
        let store = Arc::new(SqliteStore::open(&path, schema::INDEXED)?);
        Host::with_store(config, around(store), Clock::default()).await
    }

    /// With a store and a clock of the caller.
    pub async fn with_store(
        config: Config,
        store: Arc<dyn Store>,
        clock: Clock,
    ) -> Result<Host, OpenError> {
        let cache = private_folder(&config).join("code");
        let engine =
            Engine::new(Some(cache)).map_err(|error| OpenError::Engine(format!("{error:#}")))?;
        let sealer = Sealer::open(&config.path(&config.store.key_file))?;
        first_records(&*store, &clock).await?;
        Ok(Host {
            engine: Arc::new(engine),
            transport: Transport::new()?,
            budgets: Mutex::default(),
            measured: Mutex::default(),
            recent: tokio::sync::Mutex::default(),
            sealer,
            leaving: AtomicBool::new(false),
            wakes: Wakes::of(config.connector.keys()),
            jobs: Jobs::default(),
            config,
            store,
            clock,
            call_time: CallTime::default(),
        })
    }

    /// Takes no new work: a shutdown, or another host in its place.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Whether it does so.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// What seals secrets, for the server's own.
    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// What was done for a connection since this host was opened.
    pub fn measured(&self, name: &str) -> Arc<Measured> {
        let mut known = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(name.to_owned()).or_default().clone()
    }

    /// A connection as of a few seconds ago at most, for what happens all the time: a new
    /// component or new grants are seen soon, and not read for each request.
    pub async fn recent(&self, name: &str) -> Result<Arc<Connection>, OpenError> {
        let mut recent = self.recent.lock().await;
        if let Some((at, connection)) = recent.get(name)
            && at.elapsed() < FRESH
        {
            return Ok(connection.clone());
        }
        let connection = Arc::new(self.connection(name).await?);
        recent.insert(name.to_owned(), (Instant::now(), connection.clone()));
        Ok(connection)
    }

    /// The connection of a connector in the configuration.
    pub async fn connection(&self, name: &str) -> Result<Connection, OpenError> {
        let entry = self.config.connector(name)?;
        let wrong = |detail: String| OpenError::Grant {
            connector: name.to_owned(),
            detail,
        };
        let loaded = self.engine.load(&self.config.path(&entry.component))?;
        let nothing = Grants {
            connection: name.to_owned(),
            kinds: Default::default(),
            secrets: BTreeMap::new(),
            store: self.store.clone(),
            sealer: self.sealer.clone(),
            clock: self.clock.clone(),
            http: self.client("", &[], RouteRules::default()).map_err(wrong)?,
            measured: self.measured(name),
            brake: entry.brake,
        };
        let json =
            connection::describe(&self.engine, &loaded, Arc::new(nothing), self.call_time).await?;
        let description = Description::parse(&json).map_err(wrong)?;

        let mut buckets = description.buckets.clone();
        for (bucket, limit) in &entry.rates {
            let known = buckets.iter_mut().find(|known| known.name == *bucket);
            let known = known.ok_or_else(|| {
                wrong(format!(
                    "`rates` names {bucket:?}, which is none of its rate budgets."
                ))
            })?;
            known.limit = *limit;
        }
        let rules = RouteRules::new(&description.routes, &buckets)
            .map_err(|error| wrong(error.to_string()))?;
        let hosts = entry.allow_hosts.as_ref().unwrap_or(&description.hosts);
        let mut secrets = BTreeMap::new();
        for secret in entry.secrets.keys() {
            if let Some(value) = self.config.secret(name, secret)? {
                secrets.insert(secret.clone(), value);
            }
        }
        let kinds = match &entry.kinds {
            Some(kinds) => kinds.iter().cloned().collect(),
            None => description.kinds(),
        };
        let pushes: Vec<String> = description
            .entities
            .iter()
            .filter(|entity| entity.push)
            .map(|entity| entity.kind.clone())
            .collect();
        self.store.register_connection(name, &pushes).await?;
        let grants = Grants {
            connection: name.to_owned(),
            kinds,
            secrets,
            store: self.store.clone(),
            sealer: self.sealer.clone(),
            clock: self.clock.clone(),
            http: self.client(name, hosts, rules).map_err(wrong)?,
            measured: self.measured(name),
            brake: entry.brake,
        };
        Ok(Connection::new(
            (self.engine.clone(), self.call_time),
            loaded,
            (description, json),
            Arc::new(grants),
            entry
                .settings_file
                .as_ref()
                .map(|file| self.config.path(file)),
            private_folder(&self.config),
        ))
    }

    fn client(&self, name: &str, hosts: &[String], rules: RouteRules) -> Result<Client, String> {
        let allow = AllowList::parse(hosts).map_err(|error| error.to_string())?;
        let mut known = self.budgets.lock().map_err(|error| error.to_string())?;
        // Of one connection, however often it is put together: the remote counts
        // all its calls.
        let budgets = known
            .entry(name.to_owned())
            .or_insert_with(|| Budgets::new(rules.buckets()))
            .clone();
        let client = self.transport.client(allow, rules, budgets);
        Ok(client.measured_by(self.measured(name)))
    }
}

/// What a Halo that was just set up has, so that customers, items and opportunities
/// have a place: kind, name, and a switch that is on.
const FIRST: &[(&str, &str, Option<&str>)] = &[
    (schema::TOP_LEVEL, "Customers", None),
    ("item-group", "Items", None),
    ("ticket-type", "Opportunity", Some("is_opportunity")),
];

async fn first_records(store: &dyn Store, clock: &Clock) -> Result<(), StoreError> {
    let scope = Scope {
        connection: String::new(),
        layer: 0,
        run: None,
        cause: "first start".to_owned(),
        lane: None,
    };
    for (kind, name, switch) in FIRST {
        if store.count(kind).await? > 0 {
            continue;
        }
        let mut fields = Fields::from([("name".to_owned(), Value::Text((*name).to_owned()))]);
        fields.extend(switch.map(|field| (field.to_owned(), Value::Text("true".to_owned()))));
        let row = Row {
            kind: (*kind).to_owned(),
            // By key, so that two first starts at once make one.
            key: Some("first".to_owned()),
            id: None,
            other_keys: Vec::new(),
            expected: None,
            fields,
            options: RowOptions {
                may_create: true,
                ..RowOptions::default()
            },
        };
        store.upsert(&scope, &[row], clock.now()).await?;
    }
    Ok(())
}
