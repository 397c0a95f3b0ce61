//! Where everything durable lives, behind one trait of whole operations.
//!
//! There is no begin and no commit in the trait: each operation is atomic and
//! durable when it is answered, so that an implementation may be one SQLite file
//! or a database that many hosts share. What must hold for every implementation
//! is written as a test in `conformance.rs`.
//!
//! **Layers.** Layer 0 holds what is real. A preview writes into a layer of its
//! own, numbered as its run: reads look there first and then in layer 0, writes
//! never leave it. So a preview runs the very code of an import.
//!
//! **Fencing.** A lane is a lease with an expiry and a number that only grows;
//! every write in a scope that carries a lane checks that number in the same
//! transaction, so a host that was thought dead cannot write late.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::model::{
    Effect, Failure, FieldChange, RecordId, Row, RunId, Stored, Timestamp, Written,
};

mod events;
mod page;
mod retention;
mod sending;
pub mod sqlite;
mod tally;

pub use events::{Applied, InboxCounts, InboxRow, InboxState, NewEvent, Sorted};
pub use page::{Dated, Page, PageFilter};
pub use retention::{FORGOTTEN, Forgotten, Pruned, Stale, Step, Subject};
pub use sending::{
    Archives, MESSAGES_KEPT, Message, NewMessage, OutboxRow, OutboxState, RemoteWrite, Settled,
    Verdict,
};
pub use tally::{Allowance, Tally};

#[cfg(test)]
mod conformance;

/// Bytes of one answer to a connector, roughly: as many as one of its calls may give
/// the host. The host holds a copy, so it is the host's memory that this keeps.
pub const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is no database, or a damaged one.
    #[error(
        "The store {path} is damaged or is not a store: {detail}. Restore a backup, or move it away to start afresh."
    )]
    Corrupt {
        /// The file.
        path: String,
        /// What was found.
        detail: String,
    },
    /// No space is left.
    #[error(
        "No disk space is left for the store {path}. Free some space and run the same command again; nothing was half-written."
    )]
    Full {
        /// The file.
        path: String,
    },
    /// The file cannot be opened or written.
    #[error("The store {path} cannot be used: {detail}.")]
    Unusable {
        /// The file.
        path: String,
        /// Why.
        detail: String,
    },
    /// A newer program has written it.
    #[error(
        "The store {path} was written by a newer version (schema {found}, this program knows {known}). Use that version."
    )]
    Newer {
        /// The file.
        path: String,
        /// Its schema version.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// The lane was taken over by another process.
    #[error(
        "Another process has taken over this connection; this call has stopped without writing."
    )]
    Fenced,
    /// An expectation did not hold.
    #[error("The entry {key} was changed by someone else meanwhile.")]
    Conflict {
        /// Which entry.
        key: String,
    },
    /// The request is not valid (an unindexed field, for example).
    #[error("{0}")]
    Invalid(String),
    /// The rows of a call would have changed more records than it was allowed;
    /// none of them was written. The tally says what it wanted.
    #[error(
        "The call would change {} of {} records of kind {}, which is more than it may; nothing of it was written.",
        .0.wanted, .0.base, .0.kind
    )]
    Braked(Box<Tally>),
    /// What was asked for is more than [`ANSWER_LIMIT`].
    #[error("The answer would be larger than {} MB; ask in smaller parts.", ANSWER_LIMIT / (1024 * 1024))]
    TooLarge,
    /// It cannot be reached, or its answer was lost; of a write nothing is known, some
    /// of its rows may stand. A store that is remote answers so, the connector repeats.
    #[error("Halo's records do not answer now: {detail}.")]
    Unavailable {
        /// What was seen.
        detail: String,
        /// When to ask again, where the store says so.
        retry_at: Option<Timestamp>,
    },
    /// Anything else.
    #[error("The store failed: {0}.")]
    Internal(String),
}

/// What every store operation answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// On whose behalf, in which layer and under which lane an operation happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The connection; empty for a person who edits records in the host.
    pub connection: String,
    /// 0 for real, else the run of the preview.
    pub layer: RunId,
    /// The run that causes it.
    pub run: Option<RunId>,
    /// What causes it, for the journal: `import companies`, `edit`.
    pub cause: String,
    /// The lane that must still be ours for a write in layer 0.
    pub lane: Option<Lane>,
}

/// The right to work for a connection, until it expires or is released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The connection.
    pub connection: String,
    /// Who holds it (process id and host, for a person).
    pub holder: String,
    /// Grows with every change of holder.
    pub fence: u64,
}

/// Answer to asking for a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneAnswer {
    /// It is ours.
    Granted(Lane),
    /// Someone else has it.
    Held {
        /// Who.
        holder: String,
        /// Until when, unless renewed.
        expires: Timestamp,
    },
}

/// A field that an administrator has added to a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    /// The kind that has it.
    pub kind: String,
    /// Its name, `CF…`.
    pub name: String,
    /// What people read.
    pub label: String,
    /// A field type of the contract.
    pub type_name: String,
    /// `max-length` and the like.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// For `choice` and `choices`: value and label.
    #[serde(default)]
    pub choices: Vec<(String, String)>,
}

/// One entry of a connector's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateEntry {
    /// Its key.
    pub key: String,
    /// Counts its changes.
    pub revision: u64,
    /// Its value.
    pub value: Vec<u8>,
}

/// What must be true of an entry for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Nothing.
    Anything,
    /// It does not exist.
    Absent,
    /// It has this revision.
    At(u64),
}

/// One write of `state_commit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateWrite {
    /// Which entry.
    pub key: String,
    /// Its new value; `None` removes it.
    pub value: Option<Vec<u8>>,
    /// The condition.
    pub expected: Expectation,
}

/// A sealed secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    /// Encrypted bytes; the store never sees the plain value.
    pub sealed: Vec<u8>,
    /// Counts its changes, from 1.
    pub revision: u64,
}

/// A task that a connector has set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Whose.
    pub connection: String,
    /// Its name.
    pub name: String,
    /// When it is due next.
    pub due: Timestamp,
    /// Seconds between two calls.
    pub every: Option<u32>,
}

/// One version of a connector's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingsVersion {
    /// Counts the versions, from 1.
    pub revision: u64,
    /// The document.
    pub json: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at: Timestamp,
}

/// Whether a run is real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunMode {
    /// It writes.
    Import,
    /// It writes into its own layer only.
    Preview,
    /// It tells the remote what has changed in Halo.
    Push,
    /// It acts on the remote's events.
    Events,
}

/// A run to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// Whose.
    pub connection: String,
    /// What is imported; of a push, `changes`; of events, `events`.
    pub entity: String,
    /// Import, preview, push or events.
    pub mode: RunMode,
    /// The arguments as JSON (selection, full), for showing and resuming.
    pub arguments: String,
    /// When it began.
    pub at: Timestamp,
}

/// A run as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// Whose.
    pub connection: String,
    /// What is imported; of a push, `changes`; of events, `events`.
    pub entity: String,
    /// Import, preview, push or events.
    pub mode: RunMode,
    /// The arguments as JSON.
    pub arguments: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None` while it runs or after a kill.
    pub ended: Option<Timestamp>,
    /// `running`, `done`, `stopped`, `waiting`, `blocked` or `failed`.
    pub state: String,
    /// Why, for the last three.
    pub failure: Option<Failure>,
}

/// What became of one remote row in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRow {
    /// The entity.
    pub entity: String,
    /// The remote's id.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// Its page at the remote.
    pub address: Option<String>,
    /// For filters.
    pub facets: Vec<(String, String)>,
    /// `written`, `unchanged`, `skipped`, `waiting`, `conflict`, `failed`.
    pub outcome: String,
    /// Why; or of the first two, what a person should know all the same.
    pub reason: Option<Failure>,
    /// Kind of the record that it is.
    pub kind: String,
    /// The record, when known.
    pub record: Option<RecordId>,
    /// Further records that were written for it, each with a key of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ReportPart>,
}

/// A record that is part of what a row is: a line of a quotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPart {
    /// Its kind.
    pub kind: String,
    /// Its external key.
    pub key: String,
    /// What people call it.
    pub title: String,
}

/// A report row joined with what the store saw being written for the same key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportedRow {
    /// The report.
    #[serde(flatten)]
    pub row: ReportRow,
    /// What was done to the record of that kind and key in this run; of several
    /// writes the most telling one (created over updated over unchanged).
    pub effect: Option<Effect>,
    /// All field changes of that record in this run, then those of its parts: a part's
    /// field as `title: field`, a part that was made or removed as one change.
    pub changes: Vec<FieldChange>,
}

/// How many rows came to what in a run; those that only a push has are left out of the
/// JSON of other runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Rows that were read at the remote; of a push, changes that were handed over.
    pub read: u64,
    /// Records made; of a push, objects at the remote.
    pub created: u64,
    /// Records changed; of a push, objects at the remote.
    pub updated: u64,
    /// Nothing to do (reported so or as written, and without an effect).
    pub unchanged: u64,
    /// Passed over, with a reason.
    pub skipped: u64,
    /// Held back until something else is there.
    pub waiting: u64,
    /// A person must decide.
    pub conflict: u64,
    /// Refused, with a reason.
    pub failed: u64,
    /// Objects that a push has archived.
    #[serde(skip_serializing_if = "is_zero")]
    pub archived: u64,
    /// Objects that a push has found and linked.
    #[serde(skip_serializing_if = "is_zero")]
    pub linked: u64,
    /// Changes of which there was nothing to send.
    #[serde(skip_serializing_if = "is_zero")]
    pub nothing: u64,
    /// Changes that are sent again later.
    #[serde(skip_serializing_if = "is_zero")]
    pub retry: u64,
    /// Changes that wait for a person.
    #[serde(skip_serializing_if = "is_zero")]
    pub rejected: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// One line of the journal: one record that was written, in Halo or at the remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalEntry {
    /// Its number; grows.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// Who wrote; empty for a person in the host.
    pub connection: String,
    /// The run, when one caused it.
    pub run: Option<RunId>,
    /// What caused it.
    pub cause: String,
    /// Kind of the record.
    pub kind: String,
    /// The record.
    pub record: RecordId,
    /// The external key of the row.
    pub key: Option<String>,
    /// What happened.
    pub effect: Effect,
    /// Field by field; at the remote these are its properties.
    pub changes: Vec<FieldChange>,
    /// For what was written at the remote: the object there. Its `effect` says what
    /// happened; that of the line is the nearest one of Halo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<RemoteWrite>,
}

/// Which journal lines to answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalFilter {
    /// 0 for real ones, else of that preview.
    pub layer: RunId,
    /// Of one connection.
    pub connection: Option<String>,
    /// Of one run.
    pub run: Option<RunId>,
    /// Of one record.
    pub record: Option<(String, RecordId)>,
    /// Older than this sequence (newest first).
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

/// Which report rows to answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportFilter {
    /// Only these outcomes or effects (`created`, `updated`, `unchanged`,
    /// `skipped`, …); empty for all. `noted` are rows that went in, whatever their
    /// effect, and of which a person should know something all the same.
    pub outcomes: Vec<String>,
    /// After this key (rows come in the order of their keys: shorter first, then
    /// by bytes, so numbers sort as numbers).
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// All durable operations. Times are given by the caller, so that tests own the
/// clock.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Makes a connection known, with the kinds whose changes it wants to be told
    /// (its outbox); kinds left out get no further rows.
    async fn register_connection(&self, connection: &str, push_kinds: &[String]) -> Result<()>;

    /// A small value that belongs to a connection (component version, account).
    async fn meta_get(&self, connection: &str, name: &str) -> Result<Option<String>>;
    /// Sets it; `None` removes it.
    async fn meta_set(&self, connection: &str, name: &str, value: Option<&str>) -> Result<()>;

    /// Asks for the lane of a connection for `ttl_ms`. An expired lane goes to
    /// who asks, with a higher fence.
    async fn acquire_lane(
        &self,
        connection: &str,
        holder: &str,
        now: Timestamp,
        ttl_ms: u64,
    ) -> Result<LaneAnswer>;
    /// Prolongs a lane; `Fenced` when it is no longer ours.
    async fn renew_lane(&self, lane: &Lane, now: Timestamp, ttl_ms: u64) -> Result<()>;
    /// Gives it back; nothing happens when it is no longer ours.
    async fn release_lane(&self, lane: &Lane) -> Result<()>;

    /// Fields that administrators have added.
    async fn custom_fields(&self) -> Result<Vec<CustomField>>;
    /// Adds or replaces one.
    async fn put_custom_field(&self, field: &CustomField) -> Result<()>;
    /// Removes one; `false` when there was none. Values in records stay, unseen.
    async fn remove_custom_field(&self, kind: &str, name: &str) -> Result<bool>;

    /// Records by id, in the order asked.
    async fn read(
        &self,
        scope: &Scope,
        kind: &str,
        ids: &[RecordId],
    ) -> Result<Vec<Option<Stored>>>;
    /// Records by external key of the scope's connection, in the order asked.
    async fn resolve(
        &self,
        scope: &Scope,
        kind: &str,
        keys: &[String],
    ) -> Result<Vec<Option<Stored>>>;
    /// Records whose indexed field has one of the values, compared by
    /// `model::fold`; each with the index of the value. `Invalid` for a field
    /// that is not indexed. By value, then by id.
    async fn find(
        &self,
        scope: &Scope,
        kind: &str,
        field: &str,
        values: &[String],
    ) -> Result<Vec<(usize, Stored)>>;
    /// Writes rows in order, in one transaction; a failed row leaves no trace and
    /// the others stand. In layer 0 it also writes journal and the outbox rows of
    /// every *other* connection; in a preview's layer only that layer's journal.
    /// Row failures use the codes of the contract: `not-found`, `key-taken` (with
    /// attribute `record`), `conflict` (with attribute `revision`), `invalid`
    /// (with attribute `field`; a reference that leads nowhere).
    async fn upsert(
        &self,
        scope: &Scope,
        rows: &[Row],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, Failure>>> {
        self.upsert_within(scope, rows, None, now).await
    }
    /// The same within an allowance. In layer 0, existing records that the rows
    /// change or remove are added to the open tallies of its subject, each once and
    /// none that this connection has made since the tally began. Where that would
    /// take a tally beyond its limit, nothing of the call is written, the tally
    /// keeps what was `wanted`, and the answer is `Braked`.
    async fn upsert_within(
        &self,
        scope: &Scope,
        rows: &[Row],
        allowance: Option<&Allowance>,
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, Failure>>>;
    /// The open tallies of a connection.
    async fn tallies(&self, connection: &str) -> Result<Vec<Tally>>;
    /// Opens or replaces tallies of the scope's connection; one whose `changed` is 0
    /// counts from nothing.
    async fn tally_open(&self, scope: &Scope, tallies: &[Tally]) -> Result<()>;
    /// Forgets the tallies of a subject.
    async fn tally_close(&self, scope: &Scope, subject: &str) -> Result<()>;
    /// How many real records of a kind the keys of a connection lead to.
    async fn linked(&self, connection: &str, kind: &str) -> Result<u64>;
    /// By kind, how many records a run has changed or removed that it has not made
    /// itself; of a preview, in its layer. Nothing after that layer was dropped.
    async fn changed(&self, run: RunId) -> Result<BTreeMap<String, u64>>;
    /// Real records of a kind by id, after `after`, optionally those of which an
    /// indexed field contains `search` (folded).
    async fn list(
        &self,
        kind: &str,
        search: Option<&str>,
        after: RecordId,
        limit: u32,
    ) -> Result<Vec<Stored>>;
    /// A part of the real records of a kind, with how many there are in all.
    async fn page(&self, filter: &PageFilter) -> Result<Page>;
    /// How many real records a kind has.
    async fn count(&self, kind: &str) -> Result<u64>;

    /// State entries by key, in the order asked.
    async fn state_get(&self, scope: &Scope, keys: &[String]) -> Result<Vec<Option<StateEntry>>>;
    /// State entries with a prefix, after a key, in byte order.
    async fn state_scan(
        &self,
        scope: &Scope,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StateEntry>>;
    /// All writes or none; `Conflict` names the key.
    async fn state_commit(&self, scope: &Scope, writes: &[StateWrite]) -> Result<()>;

    /// A sealed secret.
    async fn secret_get(&self, connection: &str, name: &str) -> Result<Option<SealedSecret>>;
    /// Sets or removes one if the expectation holds; answers the new revision,
    /// which also grows over removals.
    async fn secret_set(
        &self,
        connection: &str,
        name: &str,
        sealed: Option<&[u8]>,
        expected: Expectation,
    ) -> Result<u64>;

    /// Sets or replaces a task.
    async fn task_set(&self, task: &Task) -> Result<()>;
    /// Removes it; nothing happens when there is none.
    async fn task_cancel(&self, connection: &str, name: &str) -> Result<()>;
    /// All tasks of a connection, by time.
    async fn tasks(&self, connection: &str) -> Result<Vec<Task>>;
    /// After a task that was due at `due` has run: its next time (from `now`, so
    /// that missed calls are made once), or its end. Does nothing when the task
    /// was set anew meanwhile.
    async fn task_ran(
        &self,
        connection: &str,
        name: &str,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<()>;

    /// The current settings.
    async fn settings(&self, connection: &str) -> Result<Option<SettingsVersion>>;
    /// Appends a version; `Conflict` unless `expected` is the current revision
    /// (0 for none). The same document again makes no new version.
    async fn settings_put(
        &self,
        connection: &str,
        json: &str,
        author: &str,
        at: Timestamp,
        expected: Option<u64>,
    ) -> Result<u64>;
    /// One version.
    async fn settings_at(&self, connection: &str, revision: u64)
    -> Result<Option<SettingsVersion>>;
    /// Versions below a revision, or the last ones, newest first. Each has its whole
    /// document, so ask for few at a time.
    async fn settings_history(
        &self,
        connection: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<SettingsVersion>>;

    /// Records the start of a run.
    async fn run_begin(&self, run: &NewRun) -> Result<RunId>;
    /// Records how it stands; with its end, its sums.
    async fn run_end(
        &self,
        run: RunId,
        state: &str,
        failure: Option<&Failure>,
        at: Timestamp,
    ) -> Result<()>;
    /// One run.
    async fn run(&self, run: RunId) -> Result<Option<Run>>;
    /// Runs of a connection, newest first.
    async fn runs(&self, connection: &str, limit: u32) -> Result<Vec<Run>>;
    /// Of each entity and mode of a connection the last run, and the last one with a
    /// failure; newest first.
    async fn latest_runs(&self, connection: &str) -> Result<Vec<Run>>;
    /// Adds report rows; the same entity and key again replaces.
    async fn report(&self, run: RunId, rows: &[ReportRow]) -> Result<()>;
    /// Report rows with what was written for them. A record that a preview makes is
    /// referred to by its key there: the import makes it with another id.
    async fn reported(&self, run: RunId, filter: &ReportFilter) -> Result<Vec<ReportedRow>>;
    /// What the runs of a connection said of one remote row, with what they wrote for
    /// it, newest first; runs that did not read it are left out. Exact keys, as rows
    /// were reported.
    async fn report_history(
        &self,
        connection: &str,
        entity: &str,
        key: &str,
        limit: u32,
    ) -> Result<Vec<(Run, ReportedRow)>>;
    /// The sums of a run; `read` is the sum of all others. Those of a run that has ended are
    /// kept with it, and are always those of its report.
    async fn counts(&self, run: RunId) -> Result<Counts>;
    /// Forgets the layer of a preview (records, keys, state, journal); its report
    /// stays. For one that has been confirmed or is old.
    async fn drop_layer(&self, run: RunId) -> Result<()>;

    /// Journal lines, newest first.
    async fn journal(&self, filter: &JournalFilter) -> Result<Vec<JournalEntry>>;

    /// Changes that a connection has not been told, oldest first, whatever their state.
    /// A later change of a record joins its row under a new number, which is then due
    /// as if it had never been tried.
    async fn outbox(&self, connection: &str, limit: u32) -> Result<Vec<OutboxRow>>;
    /// Those that are due: not rejected, and their time has come, or is farther away than
    /// any pause (a clock was set back). By kind in the order
    /// of `kinds`, others last; then oldest first.
    async fn outbox_due(
        &self,
        connection: &str,
        kinds: &[String],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxRow>>;
    /// Records what an attempt came to, in one transaction: what was sent, or was
    /// nothing, leaves the outbox, unless a later change has joined it meanwhile; a
    /// retry or rejection is kept with its reason. Journal, report of the scope's run
    /// and messages are written with it.
    async fn outbox_settle(&self, scope: &Scope, settled: &[Settled], now: Timestamp)
    -> Result<()>;
    /// Of a kind, what pushes have archived since then, and what they have yet to.
    async fn archives(&self, connection: &str, kind: &str, since: Timestamp) -> Result<Archives>;
    /// Makes a change due at once, or all that were tried (without a sequence); answers
    /// how many. One that was held by the brake keeps that reason: it is confirmed now.
    async fn outbox_retry(&self, connection: &str, sequence: Option<u64>) -> Result<u64>;
    /// Forgets a change, which is then never sent; `false` when there is none.
    async fn outbox_drop(&self, connection: &str, sequence: u64) -> Result<bool>;
    /// Keeps events of the remote in one transaction, in a way that is quick: the remote
    /// waits for it. They are taken into the inbox when somebody looks at that, or by
    /// [`Store::inbox_sort`]; one whose connection and `dedupe` are known is passed over
    /// then.
    async fn inbox_add(&self, events: Vec<NewEvent>, now: Timestamp) -> Result<()>;
    /// Takes some of the events that were kept into the inbox; `false` when there is
    /// nothing to take.
    async fn inbox_sort(&self) -> Result<bool>;
    /// What this store has taken into the inbox since it was opened, by connection.
    async fn inbox_sorted(&self) -> Result<BTreeMap<String, Sorted>>;
    /// Whether something is due, or was kept and is not in the inbox yet.
    async fn inbox_has_due(&self, connection: &str, now: Timestamp) -> Result<bool>;
    /// Events that are due, oldest first; also those whose time is farther away than any
    /// pause (a clock was set back).
    async fn inbox_due(
        &self,
        connection: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<InboxRow>>;
    /// The newest events that are kept, newest first; without states, all.
    async fn inbox(
        &self,
        connection: &str,
        states: &[InboxState],
        limit: u32,
    ) -> Result<Vec<InboxRow>>;
    /// Records what attempts came to, by sequence. What is done keeps no payload.
    async fn inbox_settle(&self, scope: &Scope, settled: &[(u64, Applied)]) -> Result<()>;
    /// How many events of a connection stand how.
    async fn inbox_counts(&self, connection: &str) -> Result<InboxCounts>;
    /// Makes an event due at once that failed or was rejected, or all of them (without a
    /// sequence); answers how many.
    async fn inbox_retry(&self, connection: &str, sequence: Option<u64>) -> Result<u64>;
    /// Forgets an event that is not done; `false` when there is none.
    async fn inbox_drop(&self, connection: &str, sequence: u64) -> Result<bool>;
    /// Forgets what is old, one step of it. Never what is open.
    async fn prune(&self, what: Stale, step: Step) -> Result<Pruned>;
    /// Forgets values, titles and reasons of a remote object and its record in journal,
    /// reports, messages, events and previews. The record itself and the connector's state
    /// are left alone.
    async fn forget(&self, subject: &Subject) -> Result<Forgotten>;
    /// The newest messages of a connection, newest first; at most [`MESSAGES_KEPT`].
    async fn messages(&self, connection: &str, limit: u32) -> Result<Vec<Message>>;
}
