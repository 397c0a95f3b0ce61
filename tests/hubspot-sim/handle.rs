//! Starting a simulated HubSpot, and everything a test does to it in-process.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::account::{Account, Identity};
use super::control::sentence;
use super::faults::FaultRule;
use super::kinds::find;
use super::options::SimOptions;
use super::request::Request;
use super::server::{Shared, serve};
use super::stats::Stats;
use super::user::LinkAs;
use super::webhooks::delivery::deliver;

/// What goes wrong with a simulated HubSpot itself.
#[derive(Debug)]
pub enum SimError {
    /// The address cannot be listened on.
    Listen(SocketAddr, std::io::Error),
    /// The account refused an edit.
    Refused(String),
}

impl std::fmt::Display for SimError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Listen(address, error) => {
                write!(
                    f,
                    "cannot listen on {address}: {error}; choose another address, or port 0 for a free one"
                )
            }
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for SimError {}

/// The simulated HubSpot.
#[derive(Debug)]
pub struct Sim;

impl Sim {
    /// Generates the records and starts serving in the background of this runtime.
    pub async fn start(options: SimOptions) -> Result<SimHandle, SimError> {
        let listen = options.listen;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| SimError::Listen(listen, error))?;
        let mut address = listener
            .local_addr()
            .map_err(|error| SimError::Listen(listen, error))?;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        let base_url = format!("http://{address}");
        let portal_id = options.portal_id;
        let account = Account::new(options, base_url.clone());
        let identity = account.identity.clone();
        let wake = account.wake.clone();
        let shared = Shared::new(account);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(deliver(shared.clone(), wake, stopped.clone()));
        let task = tokio::spawn(serve(listener, shared.clone(), stopped));
        Ok(SimHandle {
            shared,
            base_url,
            identity,
            portal_id,
            stop,
            task,
        })
    }
}

/// A running simulated HubSpot. Dropping it stops the server.
#[derive(Debug)]
pub struct SimHandle {
    pub(super) shared: Shared,
    base_url: String,
    identity: Identity,
    portal_id: u64,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl SimHandle {
    /// `http://127.0.0.1:PORT`: stands for both `api.hubapi.com` and `app.hubspot.com`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The OAuth app's client id.
    pub fn client_id(&self) -> &str {
        &self.identity.client_id
    }

    /// The OAuth app's client secret.
    pub fn client_secret(&self) -> &str {
        &self.identity.client_secret
    }

    /// The OAuth app's id.
    pub fn app_id(&self) -> u64 {
        self.identity.app_id
    }

    /// The portal's id.
    pub fn portal_id(&self) -> u64 {
        self.portal_id
    }

    /// A static token with every scope; it never expires.
    pub fn private_app_token(&self) -> &str {
        &self.identity.private_app_token
    }

    /// What a program needs to connect, as the one line that `hubspot-sim` prints.
    pub fn to_json(&self) -> Value {
        json!({
            "base_url": self.base_url,
            "client_id": self.identity.client_id,
            "client_secret": self.identity.client_secret,
            "app_id": self.identity.app_id,
            "portal_id": self.portal_id,
            "private_app_token": self.identity.private_app_token,
        })
    }

    /// All counters.
    pub fn stats(&self) -> Stats {
        self.shared.lock().stats()
    }

    /// Starts the counters again at nothing.
    pub fn reset_stats(&self) {
        self.shared.lock().counters.reset();
    }

    /// Creates a record as a user in HubSpot's pages would; answers its id.
    pub fn create<'a>(
        &self,
        object_type: &str,
        properties: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<String, SimError> {
        let kind = kind_of(object_type)?;
        let id = self
            .shared
            .lock()
            .user_create(kind, map(properties))
            .map_err(SimError::Refused)?;
        Ok(id.to_string())
    }

    /// Creates a company as a user would; answers its id.
    pub fn create_company<'a>(
        &self,
        properties: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<String, SimError> {
        self.create("companies", properties)
    }

    /// Edits a record as a user would. Says whether anything changed.
    pub fn edit<'a>(
        &self,
        object_type: &str,
        id: &str,
        properties: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<bool, SimError> {
        let kind = kind_of(object_type)?;
        self.shared
            .lock()
            .user_edit(kind, id, map(properties))
            .map_err(SimError::Refused)
    }

    /// Puts a record into the recycling bin.
    pub fn archive(&self, object_type: &str, id: &str) -> Result<(), SimError> {
        let kind = kind_of(object_type)?;
        self.shared
            .lock()
            .user_archive(kind, id)
            .map_err(SimError::Refused)
    }

    /// Takes a record out of the recycling bin.
    pub fn restore(&self, object_type: &str, id: &str) -> Result<(), SimError> {
        let kind = kind_of(object_type)?;
        self.shared
            .lock()
            .user_restore(kind, id)
            .map_err(SimError::Refused)
    }

    /// Merges two records; answers the survivor's new id.
    pub fn merge(&self, object_type: &str, primary: &str, other: &str) -> Result<String, SimError> {
        let kind = kind_of(object_type)?;
        let id = self
            .shared
            .lock()
            .user_merge(kind, primary, other, false)
            .map_err(SimError::Refused)?;
        Ok(id.to_string())
    }

    /// Merges two records into the first one, whose id stays.
    pub fn merge_in_place(
        &self,
        object_type: &str,
        primary: &str,
        other: &str,
    ) -> Result<(), SimError> {
        let kind = kind_of(object_type)?;
        let mut account = self.shared.lock();
        let merged = account.user_merge(kind, primary, other, true);
        merged.map(drop).map_err(SimError::Refused)
    }

    /// Deletes a record of the recycling bin for good.
    pub fn purge(&self, object_type: &str, id: &str) -> Result<(), SimError> {
        let kind = kind_of(object_type)?;
        let mut account = self.shared.lock();
        account.user_purge(kind, id).map_err(SimError::Refused)
    }

    /// Links two records, as the primary one of its type or not.
    pub fn link(
        &self,
        from: (&str, &str),
        to: (&str, &str),
        primary: bool,
    ) -> Result<(), SimError> {
        let how = LinkAs {
            primary,
            type_id: None,
        };
        self.relink(from, to, Some(&how))
    }

    /// Links two records with an association type besides the plain one, by its id in
    /// the direction of the call.
    pub fn link_as(
        &self,
        from: (&str, &str),
        to: (&str, &str),
        type_id: u64,
    ) -> Result<(), SimError> {
        let how = LinkAs {
            primary: false,
            type_id: Some(type_id),
        };
        self.relink(from, to, Some(&how))
    }

    /// Removes the link of two records.
    pub fn unlink(&self, from: (&str, &str), to: (&str, &str)) -> Result<(), SimError> {
        self.relink(from, to, None)
    }

    fn relink(
        &self,
        from: (&str, &str),
        to: (&str, &str),
        how: Option<&LinkAs>,
    ) -> Result<(), SimError> {
        let (a, b) = (kind_of(from.0)?, kind_of(to.0)?);
        self.shared
            .lock()
            .user_link((a, from.1), (b, to.1), how)
            .map_err(SimError::Refused)
    }

    /// Adds a property as an administrator would, or changes the one of this name.
    /// The definition is the body of HubSpot's own call.
    pub fn define_property(&self, object_type: &str, definition: &Value) -> Result<(), SimError> {
        let kind = kind_of(object_type)?;
        self.shared
            .lock()
            .user_property(kind, definition)
            .map_err(SimError::Refused)
    }

    /// Every record of a type with all its values, archived ones included, by id.
    pub fn snapshot(&self, object_type: &str) -> Result<Vec<Value>, SimError> {
        let kind = kind_of(object_type)?;
        Ok(self.shared.lock().snapshot(kind))
    }

    /// Adds a fault rule; answers its number.
    pub fn fail(&self, rule: FaultRule) -> u64 {
        self.shared.lock().faults.add(rule)
    }

    /// Removes every fault rule.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Moves the clock forward: tokens run out, rate windows roll, search catches up.
    pub fn advance_clock(&self, by: Duration) {
        self.shared.lock().clock.advance(by);
    }

    /// Stops the clock at a time, from where only `advance_clock` moves it.
    pub fn freeze_clock(&self, at: Timestamp) {
        self.shared.lock().clock.freeze(at);
    }

    /// The simulation's time in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.shared.lock().clock.now_ms()
    }

    /// Changes how long answers are held back.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.lock().options.latency = latency;
    }

    /// Changes how long a change stays invisible to search.
    pub fn set_search_lag(&self, lag: Duration) {
        self.shared.lock().set_search_lag(lag);
    }

    /// Changes the calls per app in ten seconds and the searches per second; `None`
    /// lifts the limit.
    pub fn set_limits(&self, per_10s: Option<u32>, search_per_second: Option<u32>) {
        let options = &mut self.shared.lock().options;
        options.limit_per_10s = per_10s;
        options.search_limit_per_second = search_per_second;
    }

    /// No token has these scopes from now on, whatever was asked for or given earlier;
    /// none gives all back.
    pub fn set_without_scopes(&self, scopes: &[&str]) {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.shared.lock().options.without_scopes = scopes;
    }

    /// The customer removes the app: no token works any more.
    pub fn uninstall(&self) {
        self.shared.lock().uninstall();
    }

    /// Every access token runs out now; refresh tokens keep working.
    pub fn expire_access_tokens(&self) {
        self.shared.lock().end_tokens(true, false);
    }

    /// Every token and code that was given out, for a test that looks where they must
    /// not be.
    pub fn secrets_given_out(&self) -> Vec<String> {
        self.shared.lock().tokens.given_out()
    }

    /// Every refresh token is revoked; access tokens live on until they run out.
    pub fn revoke_refresh_tokens(&self) {
        self.shared.lock().end_tokens(false, true);
    }

    /// What a user who presses Allow on this authorize address is redirected to.
    pub fn consent(&self, authorize_url: &str) -> Result<String, SimError> {
        let (_, query) = authorize_url.split_once('?').unwrap_or_default();
        let mut request = Request {
            query: super::request::pairs(query),
            ..Request::default()
        };
        request
            .query
            .push(("decision".to_owned(), "allow".to_owned()));
        let reply = self.shared.lock().authorize(&request);
        let location = reply
            .headers
            .iter()
            .find(|(name, _)| *name == "location")
            .map(|(_, to)| to.clone());
        location.ok_or_else(|| {
            SimError::Refused(format!(
                "the authorize address was refused: {}",
                sentence(&reply)
            ))
        })
    }

    /// Finishes the answers under way and stops.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

/// The index of a type.
pub(super) fn kind_of(name: &str) -> Result<usize, SimError> {
    find(name).ok_or_else(|| SimError::Refused(format!("there is no object type \"{name}\"")))
}

fn map<'a>(properties: impl IntoIterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    properties
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect()
}
