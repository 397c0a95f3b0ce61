//! The store's operations: each copies its arguments, as the work may outlive the
//! call that asked for it, and hands them to the thread that writes or the one that
//! reads.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use async_trait::async_trait;

use super::{
    SqliteStore, arrivals, connections, forget, inbox, index, journal, lanes, messages, pages,
    prune, records, reports, runs, secrets, sending, settings, state, sums, tallies, tasks, upsert,
};
use crate::model::{Failure, RecordId, Row, RunId, Stored, Timestamp, Written};
use crate::store::{
    Allowance, Applied, Archives, Counts, CustomField, Expectation, Forgotten, InboxCounts,
    InboxRow, InboxState, JournalEntry, JournalFilter, Lane, LaneAnswer, Message, NewEvent, NewRun,
    OutboxRow, Page, PageFilter, Pruned, ReportFilter, ReportRow, ReportedRow, Result, Run, Scope,
    SealedSecret, SettingsVersion, Settled, Sorted, Stale, StateEntry, StateWrite, Step, Store,
    StoreError, Subject, Tally, Task,
};

#[async_trait]
impl Store for SqliteStore {
    async fn register_connection(&self, connection: &str, push_kinds: &[String]) -> Result<()> {
        let connection = connection.to_owned();
        let push_kinds = push_kinds.to_vec();
        self.write(move |db| connections::register(db, &connection, &push_kinds))
            .await
    }

    async fn meta_get(&self, connection: &str, name: &str) -> Result<Option<String>> {
        let connection = connection.to_owned();
        let name = name.to_owned();
        self.look(move |db| connections::meta_get(db, &connection, &name))
            .await
    }

    async fn meta_set(&self, connection: &str, name: &str, value: Option<&str>) -> Result<()> {
        let connection = connection.to_owned();
        let name = name.to_owned();
        let value = value.map(str::to_owned);
        self.write(move |db| connections::meta_set(db, &connection, &name, value.as_deref()))
            .await
    }

    async fn acquire_lane(
        &self,
        connection: &str,
        holder: &str,
        now: Timestamp,
        ttl_ms: u64,
    ) -> Result<LaneAnswer> {
        let connection = connection.to_owned();
        let holder = holder.to_owned();
        self.write(move |db| lanes::acquire(db, &connection, &holder, now, ttl_ms))
            .await
    }

    async fn renew_lane(&self, lane: &Lane, now: Timestamp, ttl_ms: u64) -> Result<()> {
        let lane = lane.clone();
        self.write(move |db| lanes::renew(db, &lane, now, ttl_ms))
            .await
    }

    async fn release_lane(&self, lane: &Lane) -> Result<()> {
        let lane = lane.clone();
        self.write(move |db| lanes::release(db, &lane)).await
    }

    async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        self.look(|db| connections::custom_fields(db)).await
    }

    async fn put_custom_field(&self, field: &CustomField) -> Result<()> {
        let field = field.clone();
        self.write(move |db| connections::put_custom_field(db, &field))
            .await
    }

    async fn remove_custom_field(&self, kind: &str, name: &str) -> Result<bool> {
        let kind = kind.to_owned();
        let name = name.to_owned();
        self.write(move |db| connections::remove_custom_field(db, &kind, &name))
            .await
    }

    async fn read(
        &self,
        scope: &Scope,
        kind: &str,
        ids: &[RecordId],
    ) -> Result<Vec<Option<Stored>>> {
        let scope = scope.clone();
        let kind = kind.to_owned();
        let ids = ids.to_vec();
        self.look(move |db| records::read(db, &scope, &kind, &ids))
            .await
    }

    async fn resolve(
        &self,
        scope: &Scope,
        kind: &str,
        keys: &[String],
    ) -> Result<Vec<Option<Stored>>> {
        let scope = scope.clone();
        let kind = kind.to_owned();
        let keys = keys.to_vec();
        self.look(move |db| records::resolve(db, &scope, &kind, &keys))
            .await
    }

    async fn find(
        &self,
        scope: &Scope,
        kind: &str,
        field: &str,
        values: &[String],
    ) -> Result<Vec<(usize, Stored)>> {
        let scope = scope.clone();
        let kind = kind.to_owned();
        let field = field.to_owned();
        let values = values.to_vec();
        let indexed = self.indexed;
        self.look(move |db| index::find(db, indexed, &scope, &kind, &field, &values))
            .await
    }

    async fn upsert_within(
        &self,
        scope: &Scope,
        rows: &[Row],
        allowance: Option<&Allowance>,
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, Failure>>> {
        let scope = scope.clone();
        let rows = rows.to_vec();
        let allowance = allowance.cloned();
        let indexed = self.indexed;
        self.write(move |db| upsert::upsert(db, indexed, &scope, &rows, allowance.as_ref(), now))
            .await?
            .map_err(|tally| StoreError::Braked(Box::new(tally)))
    }

    async fn tallies(&self, connection: &str) -> Result<Vec<Tally>> {
        let connection = connection.to_owned();
        self.look(move |db| tallies::all(db, &connection)).await
    }

    async fn tally_open(&self, scope: &Scope, tallies: &[Tally]) -> Result<()> {
        let scope = scope.clone();
        let tallies = tallies.to_vec();
        self.write(move |db| tallies::open(db, &scope, &tallies))
            .await
    }

    async fn tally_close(&self, scope: &Scope, subject: &str) -> Result<()> {
        let scope = scope.clone();
        let subject = subject.to_owned();
        self.write(move |db| tallies::close(db, &scope, &subject))
            .await
    }

    async fn linked(&self, connection: &str, kind: &str) -> Result<u64> {
        let connection = connection.to_owned();
        let kind = kind.to_owned();
        self.look(move |db| tallies::linked(db, &connection, &kind))
            .await
    }

    async fn changed(&self, run: RunId) -> Result<BTreeMap<String, u64>> {
        self.look(move |db| tallies::of_run(db, run)).await
    }

    async fn list(
        &self,
        kind: &str,
        search: Option<&str>,
        after: RecordId,
        limit: u32,
    ) -> Result<Vec<Stored>> {
        let kind = kind.to_owned();
        let search = search.map(str::to_owned);
        self.look(move |db| index::list(db, &kind, search.as_deref(), after, limit))
            .await
    }

    async fn page(&self, filter: &PageFilter) -> Result<Page> {
        let filter = filter.clone();
        self.look(move |db| pages::page(db, &filter)).await
    }

    async fn count(&self, kind: &str) -> Result<u64> {
        let kind = kind.to_owned();
        self.look(move |db| index::count(db, &kind)).await
    }

    async fn state_get(&self, scope: &Scope, keys: &[String]) -> Result<Vec<Option<StateEntry>>> {
        let scope = scope.clone();
        let keys = keys.to_vec();
        self.look(move |db| state::get(db, &scope, &keys)).await
    }

    async fn state_scan(
        &self,
        scope: &Scope,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StateEntry>> {
        let scope = scope.clone();
        let prefix = prefix.to_owned();
        let after = after.map(str::to_owned);
        self.look(move |db| state::scan(db, &scope, &prefix, after.as_deref(), limit))
            .await
    }

    async fn state_commit(&self, scope: &Scope, writes: &[StateWrite]) -> Result<()> {
        let scope = scope.clone();
        let writes = writes.to_vec();
        self.write(move |db| state::commit(db, &scope, &writes))
            .await
    }

    async fn secret_get(&self, connection: &str, name: &str) -> Result<Option<SealedSecret>> {
        let connection = connection.to_owned();
        let name = name.to_owned();
        self.look(move |db| secrets::get(db, &connection, &name))
            .await
    }

    async fn secret_set(
        &self,
        connection: &str,
        name: &str,
        sealed: Option<&[u8]>,
        expected: Expectation,
    ) -> Result<u64> {
        let connection = connection.to_owned();
        let name = name.to_owned();
        let sealed = sealed.map(<[u8]>::to_vec);
        self.write(move |db| secrets::set(db, &connection, &name, sealed.as_deref(), expected))
            .await
    }

    async fn task_set(&self, task: &Task) -> Result<()> {
        let task = task.clone();
        self.write(move |db| tasks::set(db, &task)).await
    }

    async fn task_cancel(&self, connection: &str, name: &str) -> Result<()> {
        let connection = connection.to_owned();
        let name = name.to_owned();
        self.write(move |db| tasks::cancel(db, &connection, &name))
            .await
    }

    async fn tasks(&self, connection: &str) -> Result<Vec<Task>> {
        let connection = connection.to_owned();
        self.look(move |db| tasks::all(db, &connection)).await
    }

    async fn task_ran(
        &self,
        connection: &str,
        name: &str,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let connection = connection.to_owned();
        let name = name.to_owned();
        self.write(move |db| tasks::ran(db, &connection, &name, due, now))
            .await
    }

    async fn settings(&self, connection: &str) -> Result<Option<SettingsVersion>> {
        let connection = connection.to_owned();
        self.look(move |db| settings::current(db, &connection))
            .await
    }

    async fn settings_put(
        &self,
        connection: &str,
        json: &str,
        author: &str,
        at: Timestamp,
        expected: Option<u64>,
    ) -> Result<u64> {
        let connection = connection.to_owned();
        let json = json.to_owned();
        let author = author.to_owned();
        self.write(move |db| settings::put(db, &connection, &json, &author, at, expected))
            .await
    }

    async fn settings_at(
        &self,
        connection: &str,
        revision: u64,
    ) -> Result<Option<SettingsVersion>> {
        let connection = connection.to_owned();
        self.look(move |db| settings::at(db, &connection, revision))
            .await
    }

    async fn settings_history(
        &self,
        connection: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<SettingsVersion>> {
        let connection = connection.to_owned();
        self.look(move |db| settings::history(db, &connection, before, limit))
            .await
    }

    async fn run_begin(&self, run: &NewRun) -> Result<RunId> {
        let run = run.clone();
        self.write(move |db| runs::begin(db, &run)).await
    }

    async fn run_end(
        &self,
        run: RunId,
        state: &str,
        failure: Option<&Failure>,
        at: Timestamp,
    ) -> Result<()> {
        let state = state.to_owned();
        let failure = failure.cloned();
        self.write(move |db| runs::end(db, run, &state, failure.as_ref(), at))
            .await
    }

    async fn run(&self, run: RunId) -> Result<Option<Run>> {
        self.look(move |db| runs::one(db, run)).await
    }

    async fn runs(&self, connection: &str, limit: u32) -> Result<Vec<Run>> {
        let connection = connection.to_owned();
        self.look(move |db| runs::of(db, &connection, limit)).await
    }

    async fn latest_runs(&self, connection: &str) -> Result<Vec<Run>> {
        let connection = connection.to_owned();
        self.look(move |db| runs::latest(db, &connection)).await
    }

    async fn report(&self, run: RunId, rows: &[ReportRow]) -> Result<()> {
        let rows = rows.to_vec();
        self.write(move |db| reports::report(db, run, &rows)).await
    }

    async fn reported(&self, run: RunId, filter: &ReportFilter) -> Result<Vec<ReportedRow>> {
        let filter = filter.clone();
        self.look(move |db| reports::reported(db, run, &filter))
            .await
    }

    async fn report_history(
        &self,
        connection: &str,
        entity: &str,
        key: &str,
        limit: u32,
    ) -> Result<Vec<(Run, ReportedRow)>> {
        let connection = connection.to_owned();
        let entity = entity.to_owned();
        let key = key.to_owned();
        self.look(move |db| reports::history(db, &connection, &entity, &key, limit))
            .await
    }

    async fn counts(&self, run: RunId) -> Result<Counts> {
        self.look(move |db| sums::of(db, run)).await
    }

    async fn drop_layer(&self, run: RunId) -> Result<()> {
        self.write(move |db| runs::drop_layer(db, run)).await
    }

    async fn journal(&self, filter: &JournalFilter) -> Result<Vec<JournalEntry>> {
        let filter = filter.clone();
        self.look(move |db| journal::journal(db, &filter)).await
    }

    async fn outbox(&self, connection: &str, limit: u32) -> Result<Vec<OutboxRow>> {
        let connection = connection.to_owned();
        self.look(move |db| sending::all(db, &connection, limit))
            .await
    }

    async fn outbox_due(
        &self,
        connection: &str,
        kinds: &[String],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxRow>> {
        let connection = connection.to_owned();
        let kinds = kinds.to_vec();
        self.look(move |db| sending::due(db, &connection, &kinds, now, limit))
            .await
    }

    async fn outbox_settle(
        &self,
        scope: &Scope,
        settled: &[Settled],
        now: Timestamp,
    ) -> Result<()> {
        let scope = scope.clone();
        let settled = settled.to_vec();
        self.write(move |db| sending::settle(db, &scope, &settled, now))
            .await
    }

    async fn archives(&self, connection: &str, kind: &str, since: Timestamp) -> Result<Archives> {
        let connection = connection.to_owned();
        let kind = kind.to_owned();
        self.look(move |db| sending::archives(db, &connection, &kind, since))
            .await
    }

    async fn outbox_retry(&self, connection: &str, sequence: Option<u64>) -> Result<u64> {
        let connection = connection.to_owned();
        self.write(move |db| sending::retry(db, &connection, sequence))
            .await
    }

    async fn outbox_drop(&self, connection: &str, sequence: u64) -> Result<bool> {
        let connection = connection.to_owned();
        self.write(move |db| sending::drop(db, &connection, sequence))
            .await
    }

    async fn inbox_add(&self, events: Vec<NewEvent>, now: Timestamp) -> Result<()> {
        self.write(move |db| arrivals::add(db, events, now)).await
    }

    async fn inbox_sort(&self) -> Result<bool> {
        self.sort_some().await
    }

    async fn inbox_sorted(&self) -> Result<BTreeMap<String, Sorted>> {
        let sorted = self.sorted.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(sorted.clone())
    }

    async fn inbox_has_due(&self, connection: &str, now: Timestamp) -> Result<bool> {
        let connection = connection.to_owned();
        self.look(move |db| inbox::has_due(db, &connection, now))
            .await
    }

    async fn inbox_due(
        &self,
        connection: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<InboxRow>> {
        self.sort().await?;
        let connection = connection.to_owned();
        self.look(move |db| inbox::due(db, &connection, now, limit))
            .await
    }

    async fn inbox(
        &self,
        connection: &str,
        states: &[InboxState],
        limit: u32,
    ) -> Result<Vec<InboxRow>> {
        self.sort().await?;
        let connection = connection.to_owned();
        let states = states.to_vec();
        self.look(move |db| inbox::newest(db, &connection, &states, limit))
            .await
    }

    async fn inbox_settle(&self, scope: &Scope, settled: &[(u64, Applied)]) -> Result<()> {
        let scope = scope.clone();
        let settled = settled.to_vec();
        self.write(move |db| inbox::settle(db, &scope, &settled))
            .await
    }

    async fn inbox_counts(&self, connection: &str) -> Result<InboxCounts> {
        self.sort().await?;
        let connection = connection.to_owned();
        self.look(move |db| inbox::counts(db, &connection)).await
    }

    async fn inbox_retry(&self, connection: &str, sequence: Option<u64>) -> Result<u64> {
        self.sort().await?;
        let connection = connection.to_owned();
        self.write(move |db| inbox::retry(db, &connection, sequence))
            .await
    }

    async fn inbox_drop(&self, connection: &str, sequence: u64) -> Result<bool> {
        self.sort().await?;
        let connection = connection.to_owned();
        self.write(move |db| inbox::drop(db, &connection, sequence))
            .await
    }

    async fn prune(&self, what: Stale, step: Step) -> Result<Pruned> {
        if step.dry_run {
            return self.look(move |db| prune::prune(db, what, step)).await;
        }
        self.write(move |db| prune::prune(db, what, step)).await
    }

    async fn forget(&self, subject: &Subject) -> Result<Forgotten> {
        let subject = subject.clone();
        self.write(move |db| forget::forget(db, &subject)).await
    }

    async fn messages(&self, connection: &str, limit: u32) -> Result<Vec<Message>> {
        let connection = connection.to_owned();
        self.look(move |db| messages::newest(db, &connection, limit))
            .await
    }
}
