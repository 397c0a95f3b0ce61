//! A connection: one connector of the configuration with its component, its
//! grants and its store. Each method is one call of an export, in a fresh
//! instance and within the limits.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::capability::{CallContext, Effects, Grants, Guest, Observer, Stop, Unwatched};
use crate::contract::exports::halo::integration as exports;
use crate::contract::halo::integration::types;
use crate::description::Description;
use crate::engine::limits::{Budget, CallTime};
use crate::engine::{Call, CallError, Engine, Loaded};
use crate::lanes::{self, Held, LaneError};
use crate::model::{Failure, RunId, Timestamp};
use crate::runs::RunRequest;
use crate::store::{Lane, Scope, Store, StoreError};
use crate::watch::Watch;

mod action;
mod answers;
mod push;
pub mod webhook;

pub use action::Action;
use answers::pairs;
pub use answers::{Account, Begun, Choice, Problem, RemoteField, Selection, Slice, Status};
pub use push::{Change, Outcome, PushContext, Sent};

/// Why something that was asked of a connection did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The connector answered with a failure.
    #[error("{0}")]
    Failed(Failure),
    /// The call ended without an answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Another run has the lane.
    #[error(transparent)]
    Lane(#[from] LaneError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was asked makes no sense; the sentence says why.
    #[error("{0}")]
    Asked(String),
}

impl From<types::Failure> for ConnectionError {
    fn from(failure: types::Failure) -> Self {
        ConnectionError::Failed(failure.into())
    }
}

type Result<T> = std::result::Result<T, ConnectionError>;

/// What a slice works for.
pub struct SliceContext<'a> {
    /// The run.
    pub run: RunId,
    /// Whether it is a preview.
    pub preview: bool,
    /// The lane it holds.
    pub lane: &'a Lane,
    /// Who looks.
    pub observer: Arc<dyn Observer>,
    /// Who may stop it.
    pub stop: Stop,
    /// What counts its changes.
    pub watch: Option<Arc<Watch>>,
}

/// One connector of the configuration.
pub struct Connection {
    /// Its name.
    pub name: String,
    /// What it says about itself.
    pub description: Description,
    /// The document as it gave it.
    pub description_json: String,
    /// What it may do.
    pub grants: Arc<Grants>,
    /// Its component.
    pub loaded: Loaded,
    /// A settings file that rules instead of the stored settings.
    pub settings_file: Option<PathBuf>,
    engine: Arc<Engine>,
    call_time: CallTime,
    folder: PathBuf,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("name", &self.name)
            .finish()
    }
}

/// Under which name the store keeps the account of a connection.
pub(crate) const ACCOUNT: &str = "account";

/// The settings of a connector that has none yet.
const NO_SETTINGS: &str = "{}";

impl Connection {
    /// Puts together what `host.rs` has made; `folder` is for lock files.
    pub(crate) fn new(
        (engine, call_time): (Arc<Engine>, CallTime),
        loaded: Loaded,
        (description, description_json): (Description, String),
        grants: Arc<Grants>,
        settings_file: Option<PathBuf>,
        folder: PathBuf,
    ) -> Connection {
        Connection {
            name: grants.connection.clone(),
            description,
            description_json,
            grants,
            loaded,
            settings_file,
            engine,
            call_time,
            folder,
        }
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.grants.store
    }

    /// How much of each rate budget is used now, by name.
    pub fn usage(&self) -> BTreeMap<String, crate::http::Usage> {
        self.grants.http.budgets().usage()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.grants.clock.now()
    }

    /// Revision and document of the settings that rule now.
    pub async fn settings(&self) -> Result<(u64, String)> {
        if let Some(file) = &self.settings_file {
            let json = std::fs::read_to_string(file).map_err(|error| {
                ConnectionError::Asked(format!(
                    "The settings file {} cannot be read: {error}.",
                    file.display()
                ))
            })?;
            return Ok((0, json));
        }
        let stored = self.store().settings(&self.name).await?;
        Ok(stored.map_or((0, NO_SETTINGS.to_owned()), |version| {
            (version.revision, version.json)
        }))
    }

    /// Takes the lane, and brings the connector's state up to its version.
    pub async fn take_lane(&self) -> Result<Held> {
        let held = lanes::take(self.store(), &self.grants.clock, &self.folder, &self.name).await?;
        self.migrate(&held.lane).await?;
        Ok(held)
    }

    async fn migrate(&self, lane: &Lane) -> Result<()> {
        const VERSION: &str = "component-version";
        let version = &self.description.version;
        let from = self.store().meta_get(&self.name, VERSION).await?;
        if from.as_ref() == Some(version) {
            return Ok(());
        }
        if let Some(from) = from {
            tracing::info!(
                connection = self.name,
                from,
                to = version,
                "migrating state"
            );
            let mut call = self
                .call(self.scope("migrate", Some(lane)), Effects::Real, None)
                .await?;
            let export = self
                .loaded
                .exports
                .connector
                .load(&mut call.store, &call.instance);
            let export = call.explain(Ok(export))?;
            let budget = call.budget.clone();
            let answer = budget
                .watch(export.call_migrate(&mut call.store, &from))
                .await;
            call.explain(answer)??;
        }
        self.store()
            .meta_set(&self.name, VERSION, Some(version))
            .await?;
        Ok(())
    }

    fn scope(&self, cause: &str, lane: Option<&Lane>) -> Scope {
        Scope {
            connection: self.name.clone(),
            layer: 0,
            run: None,
            cause: cause.to_owned(),
            lane: lane.cloned(),
        }
    }

    /// A fresh instance.
    async fn call(
        &self,
        scope: Scope,
        effects: Effects,
        watch: Option<(Arc<dyn Observer>, Stop)>,
    ) -> Result<Call> {
        let (observer, stop) = watch.unwrap_or_else(|| (Arc::new(Unwatched), Stop::default()));
        let context = CallContext {
            scope,
            effects,
            settings: self.settings().await?,
            observer,
            stop,
            budget: Budget::new(self.call_time),
        };
        let guest = Guest::new(self.grants.clone(), context);
        Ok(self.engine.instantiate(&self.loaded, guest).await?)
    }

    /// An instance that may only look.
    async fn look(&self, cause: &str) -> Result<Call> {
        self.call(self.scope(cause, None), Effects::Look, None)
            .await
    }

    /// Every problem of a settings document; `online` also asks the remote.
    pub async fn check_settings(&self, json: &str, online: bool) -> Result<Vec<Problem>> {
        let mut call = self.look("check").await?;
        let export = self
            .loaded
            .exports
            .connector
            .load(&mut call.store, &call.instance);
        let export = call.explain(Ok(export))?;
        let budget = call.budget.clone();
        let answer = budget
            .watch(export.call_check_settings(&mut call.store, json, online))
            .await;
        let problems = call.explain(answer)??;
        Ok(problems
            .into_iter()
            .map(|problem| Problem {
                path: problem.path,
                severity: match problem.severity {
                    exports::connector::Severity::Error => "error",
                    exports::connector::Severity::Warning => "warning",
                },
                code: problem.code,
                message: problem.message,
            })
            .collect())
    }

    /// Starts to sign in; `other_account` allows another account than the linked
    /// one.
    pub async fn begin(&self, redirect: &str, other_account: bool) -> Result<Begun> {
        let held = self.take_lane().await?;
        let answer = self
            .begin_in_lane(redirect, other_account, &held.lane)
            .await;
        held.release().await?;
        answer
    }

    async fn begin_in_lane(
        &self,
        redirect: &str,
        other_account: bool,
        lane: &Lane,
    ) -> Result<Begun> {
        let scope = self.scope("connect", Some(lane));
        let mut call = self.call(scope, Effects::Real, None).await?;
        let export = self.connect_export(&mut call)?;
        let budget = call.budget.clone();
        let answer = budget
            .watch(export.call_begin(&mut call.store, redirect, other_account))
            .await;
        Ok(match call.explain(answer)?? {
            exports::connect::Begun::Visit(address) => Begun::Visit(address),
            exports::connect::Begun::Connected(account) => {
                self.note_account(Some(&account.id)).await?;
                Begun::Connected(account.into())
            }
        })
    }

    /// The remote's id of the account that is connected, as last noted: what comes in
    /// names it, and no component is asked for each request.
    pub async fn account(&self) -> Result<Option<String>> {
        Ok(self.store().meta_get(&self.name, ACCOUNT).await?)
    }

    async fn note_account(&self, account: Option<&str>) -> Result<()> {
        Ok(self.store().meta_set(&self.name, ACCOUNT, account).await?)
    }

    /// Notes the account of a connection that was made by an earlier version.
    pub async fn find_account(&self) -> Result<()> {
        if self.loaded.exports.connect.is_none() || self.account().await?.is_some() {
            return Ok(());
        }
        let status = self.status().await?;
        let id = status.account.map(|account| account.id);
        self.note_account(id.as_deref().filter(|_| status.state != "disconnected"))
            .await
    }

    /// Ends a sign-in with the query of the redirect.
    pub async fn complete(&self, parameters: &[(String, String)]) -> Result<Account> {
        let held = self.take_lane().await?;
        let answer = self.complete_in_lane(parameters, &held.lane).await;
        held.release().await?;
        answer
    }

    async fn complete_in_lane(
        &self,
        parameters: &[(String, String)],
        lane: &Lane,
    ) -> Result<Account> {
        let parameters: Vec<types::Attribute> = parameters
            .iter()
            .map(|(name, value)| types::Attribute {
                name: name.clone(),
                value: value.clone(),
            })
            .collect();
        let scope = self.scope("connect", Some(lane));
        let mut call = self.call(scope, Effects::Real, None).await?;
        let export = self.connect_export(&mut call)?;
        let budget = call.budget.clone();
        let answer = budget
            .watch(export.call_complete(&mut call.store, &parameters))
            .await;
        let account = call.explain(answer)??;
        self.note_account(Some(&account.id)).await?;
        Ok(account.into())
    }

    /// How the connection stands; sends no request.
    pub async fn status(&self) -> Result<Status> {
        let mut call = self.look("status").await?;
        let export = self.connect_export(&mut call)?;
        let budget = call.budget.clone();
        let answer = budget.watch(export.call_status(&mut call.store)).await;
        let status = call.explain(answer)??;
        Ok(Status {
            state: status.state,
            account: status.account.map(Account::from),
            reason: status.reason.map(Failure::from),
            attributes: pairs(status.attributes),
        })
    }

    /// Forgets the sign-in.
    pub async fn disconnect(&self) -> Result<()> {
        let held = self.take_lane().await?;
        let answer = self.disconnect_in_lane(&held.lane).await;
        held.release().await?;
        answer
    }

    async fn disconnect_in_lane(&self, lane: &Lane) -> Result<()> {
        let scope = self.scope("disconnect", Some(lane));
        let mut call = self.call(scope, Effects::Real, None).await?;
        let export = self.connect_export(&mut call)?;
        let budget = call.budget.clone();
        let answer = budget.watch(export.call_disconnect(&mut call.store)).await;
        call.explain(answer)??;
        self.note_account(None).await
    }

    fn connect_export(&self, call: &mut Call) -> Result<exports::connect::Guest> {
        let indices = self.loaded.exports.connect.as_ref();
        let indices = indices.ok_or(CallError::Missing("connect"))?;
        let export = indices.load(&mut call.store, &call.instance);
        Ok(call.explain(Ok(export))?)
    }

    fn catalog_export(&self, call: &mut Call) -> Result<exports::catalog::Guest> {
        let indices = self.loaded.exports.catalog.as_ref();
        let indices = indices.ok_or(CallError::Missing("catalog"))?;
        let export = indices.load(&mut call.store, &call.instance);
        Ok(call.explain(Ok(export))?)
    }

    /// The properties of an entity at the remote.
    pub async fn remote_fields(&self, entity: &str) -> Result<Vec<RemoteField>> {
        let mut call = self.look("fields").await?;
        let export = self.catalog_export(&mut call)?;
        let budget = call.budget.clone();
        let answer = budget
            .watch(export.call_remote_fields(&mut call.store, entity))
            .await;
        let fields = call.explain(answer)??;
        Ok(fields
            .into_iter()
            .map(|field| RemoteField {
                name: field.name,
                label: field.label,
                type_name: field.type_name,
                attributes: pairs(field.attributes),
                choices: field.choices.into_iter().map(Choice::from).collect(),
            })
            .collect())
    }

    /// A page of choices of a setting, and where the next one starts.
    pub async fn choices(
        &self,
        name: &str,
        query: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<(Vec<Choice>, Option<String>)> {
        let mut call = self.look("choices").await?;
        let export = self.catalog_export(&mut call)?;
        let budget = call.budget.clone();
        let answer = budget
            .watch(export.call_choices(&mut call.store, name, query, cursor))
            .await;
        let page = call.explain(answer)??;
        Ok((
            page.choices.into_iter().map(Choice::from).collect(),
            page.next,
        ))
    }

    /// One slice of an import or of its preview.
    pub async fn import_slice(
        &self,
        run: &RunRequest,
        context: &SliceContext<'_>,
    ) -> Result<Slice> {
        let entity = run.entity.as_str();
        let scope = Scope {
            connection: self.name.clone(),
            layer: if context.preview { context.run } else { 0 },
            run: Some(context.run),
            cause: format!("import {entity}"),
            lane: Some(context.lane.clone()),
        };
        let effects = if context.preview {
            Effects::Preview
        } else {
            Effects::Real
        };
        let observed = (context.observer.clone(), context.stop.clone());
        let mut call = self.call(scope, effects, Some(observed)).await?;
        call.store.data_mut().set_watch(context.watch.clone());
        let indices = self.loaded.exports.importer.as_ref();
        let indices = indices.ok_or(CallError::Missing("importer"))?;
        let export = indices.load(&mut call.store, &call.instance);
        let export = call.explain(Ok(export))?;
        let request = exports::importer::Request {
            entity: entity.to_owned(),
            selection: match &run.selection {
                Selection::Everything => exports::importer::Selection::Everything,
                Selection::Keys(keys) => exports::importer::Selection::Keys(keys.clone()),
            },
            full: run.full,
            reviewed: context.preview || run.confirms.is_some(),
        };
        let budget = call.budget.clone();
        let answer = budget
            .watch(export.call_run(&mut call.store, &request))
            .await;
        // Whatever the connector has made of it.
        if let Some(failure) = call.store.data_mut().braked.take() {
            return Ok(Slice::Blocked(failure));
        }
        Ok(call.explain(answer)??.into())
    }

    /// A task that the connector set is due.
    pub async fn run_task(
        &self,
        name: &str,
        due: Timestamp,
        lane: &Lane,
        stop: Stop,
    ) -> Result<Slice> {
        let scope = self.scope(&format!("task {name}"), Some(lane));
        let watch: (Arc<dyn Observer>, Stop) = (Arc::new(Unwatched), stop);
        let mut call = self.call(scope, Effects::Real, Some(watch)).await?;
        let indices = self.loaded.exports.scheduled.as_ref();
        let indices = indices.ok_or(CallError::Missing("scheduled"))?;
        let export = indices.load(&mut call.store, &call.instance);
        let export = call.explain(Ok(export))?;
        let budget = call.budget.clone();
        let answer = budget
            .watch(export.call_run(&mut call.store, name, due))
            .await;
        Ok(call.explain(answer)??.into())
    }
}

/// Asks a component for its description before anything is granted to it: the
/// contract says that it reads no capability.
pub(crate) async fn describe(
    engine: &Engine,
    loaded: &Loaded,
    nothing: Arc<Grants>,
    call_time: CallTime,
) -> std::result::Result<String, CallError> {
    let context = CallContext {
        scope: Scope {
            connection: nothing.connection.clone(),
            layer: 0,
            run: None,
            cause: "describe".to_owned(),
            lane: None,
        },
        effects: Effects::Look,
        settings: (0, NO_SETTINGS.to_owned()),
        observer: Arc::new(Unwatched),
        stop: Stop::default(),
        budget: Budget::new(call_time),
    };
    let mut call = engine
        .instantiate(loaded, Guest::new(nothing, context))
        .await?;
    let export = loaded
        .exports
        .connector
        .load(&mut call.store, &call.instance);
    let export = call.explain(Ok(export))?;
    let budget = call.budget.clone();
    let answer = budget.watch(export.call_describe(&mut call.store)).await;
    call.explain(answer)
}
