//! A store of records that is remote, partial and loses answers: a test double of
//! the `records` capability, put around the real store.
//!
//! Halo's web API has no transaction over several records, and an answer may be lost
//! after the work was done. So here each row of an `upsert` is an operation of its
//! own, a call may end in the middle of its rows or lose its answer, a row may be
//! refused for a moment, what reads may fail, and `find` answers too many. What a
//! connector keeps for itself (state, secrets) and what people do is left alone.
//!
//! Everything is drawn from one seed, and bounded: a connector that repeats gets
//! through. An [outage](Records::Outage) is the exception: from some call on
//! nothing is answered any more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use halo_host::clock::Clock;
use halo_host::model::{Failure, RecordId, Row, RunId, Stored, Timestamp, Written};
use halo_host::store::{
    Allowance, Applied, Archives, Counts, CustomField, Expectation, Forgotten, InboxCounts,
    InboxRow, InboxState, JournalEntry, JournalFilter, Lane, LaneAnswer, Message, NewEvent, NewRun,
    OutboxRow, Page, PageFilter, Pruned, ReportFilter, ReportRow, ReportedRow, Result, Run, Scope,
    SealedSecret, SettingsVersion, Settled, Sorted, Stale, StateEntry, StateWrite, Step, Store,
    StoreError, Subject, Tally, Task,
};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// The variable that tells the program over which records it works.
const VARIABLE: &str = "HALO_TESTS_RECORDS";
/// Before its numbers, where the process is to die.
const DIES: &str = "dies ";
/// The exit code of a process that was killed, as a shell tells it.
const KILLED: i32 = 137;
/// One call in so many fails: of those that read, and of those that write, of which
/// there is one in a page.
const READS: u32 = 8;
const WRITES: u32 = 2;
/// Faults of one process, and how many come in a row: fewer than a connector may be
/// expected to repeat a call.
const MOST: u32 = 4;
const IN_A_ROW: u32 = 2;
/// The longest way to the records and back.
const LATENCY_MS: u64 = 3;
/// When a fault says to come back, mostly; a connector has pauses of its own where
/// nothing is said, and tests are not to sit them out each time.
const STUMBLE_MS: u64 = 30;
/// When an outage says to come back.
const OUTAGE_MS: u64 = 60_000;

/// Which records a host works over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// The real store as it is.
    Whole,
    /// The double, with this seed.
    Partial(u64),
    /// The double, which answers nothing from this call on; of a write, so many rows
    /// stand. Until then it answers well.
    Outage {
        /// From 1.
        call: u64,
        /// Of each write.
        stands: u64,
    },
    /// The double, which answers well, and over which the process dies as if it were
    /// killed.
    Dies {
        /// When it settles changes that were sent for this time, from 1.
        settling: u64,
        /// Whether that was done.
        settled: bool,
    },
}

impl Records {
    /// The same with the luck of another process.
    pub(super) fn of_process(self, number: u64) -> Records {
        match self {
            Records::Whole => Records::Whole,
            Records::Partial(seed) => Records::Partial(seed.wrapping_add(number)),
            as_said @ (Records::Outage { .. } | Records::Dies { .. }) => as_said,
        }
    }

    /// For the environment of a process.
    pub(super) fn variable(self) -> (&'static str, String) {
        let told = match self {
            Records::Whole => String::new(),
            Records::Partial(seed) => seed.to_string(),
            Records::Outage { call, stands } => format!("{call} {stands}"),
            Records::Dies { settling, settled } => {
                format!("{DIES}{settling} {}", u64::from(settled))
            }
        };
        (VARIABLE, told)
    }

    /// What the environment of this process says.
    pub(super) fn of_environment() -> Records {
        let told = std::env::var(VARIABLE).unwrap_or_default();
        let dies = told.strip_prefix(DIES);
        let numbers = dies.unwrap_or(&told).split(' ');
        let mut numbers = numbers.map_while(|number| number.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(settling), settled) if dies.is_some() => Records::Dies {
                settling,
                settled: settled == Some(1),
            },
            (None, _) => Records::Whole,
            (Some(seed), None) => Records::Partial(seed),
            (Some(call), Some(stands)) => Records::Outage { call, stands },
        }
    }

    /// Puts the double around a store.
    pub(super) fn around(self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        let (seed, outage, dies) = match self {
            Records::Whole => return store,
            Records::Partial(seed) => (seed, None, None),
            Records::Outage { call, stands } => (call, Some((call, stands)), None),
            Records::Dies { settling, settled } => (0, None, Some((settling, settled))),
        };
        Arc::new(PartialStore {
            inner: store,
            luck: Mutex::new(Luck {
                rng: StdRng::seed_from_u64(seed),
                calls: 0,
                outage,
                dies,
                faults: 0,
                in_a_row: 0,
            }),
        })
    }
}

struct PartialStore {
    inner: Arc<dyn Store>,
    luck: Mutex<Luck>,
}

struct Luck {
    rng: StdRng,
    calls: u64,
    outage: Option<(u64, u64)>,
    /// At which settling from now on, and whether that is done.
    dies: Option<(u64, bool)>,
    faults: u32,
    in_a_row: u32,
}

/// What happens to one call.
struct Fate {
    latency: Duration,
    /// Its answer is lost, or it does not arrive; an outage says when to come back.
    lost: Option<Option<Timestamp>>,
    /// Any number, for what else is to be chosen.
    dice: u64,
}

impl Fate {
    fn answer<T>(&self, answer: T) -> Result<T> {
        match self.lost {
            None => Ok(answer),
            Some(retry_at) => Err(StoreError::Unavailable {
                detail: "the answer was lost".to_owned(),
                retry_at,
            }),
        }
    }
}

impl Luck {
    fn draw(&mut self, rarity: u32) -> Fate {
        self.calls += 1;
        let latency = Duration::from_millis(self.rng.random_range(0..=LATENCY_MS));
        let dice = self.rng.random();
        let lost = match self.outage {
            Some((call, _)) if self.calls >= call => Some(Some(Clock::default().now() + OUTAGE_MS)),
            Some(_) => None,
            None => self.fails(rarity).then(|| {
                let soon = Clock::default().now() + STUMBLE_MS;
                self.rng.random_ratio(7, 8).then_some(soon)
            }),
        };
        Fate {
            latency,
            lost,
            dice,
        }
    }
}

impl Luck {
    /// Whether the process dies over this settling, and if so whether that is done.
    fn dies_now(&mut self) -> Option<bool> {
        let (left, settled) = self.dies?;
        self.dies = Some((left.saturating_sub(1), settled));
        (left == 1).then_some(settled)
    }

    fn fails(&mut self, rarity: u32) -> bool {
        let may = self.dies.is_none() && self.faults < MOST && self.in_a_row < IN_A_ROW;
        let fails = self.rng.random_ratio(1, rarity) && may;
        if fails {
            self.faults += 1;
            self.in_a_row += 1;
        } else {
            self.in_a_row = 0;
        }
        fails
    }

    /// How many rows of a write stand whose answer is lost.
    fn standing(&self, dice: u64, rows: usize) -> usize {
        let standing = match self.outage {
            Some((_, stands)) => stands,
            None => dice % (rows as u64 + 1),
        };
        usize::try_from(standing).map_or(rows, |standing| standing.min(rows))
    }
}

impl PartialStore {
    fn luck(&self) -> MutexGuard<'_, Luck> {
        self.luck.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fate of a call of a connector; what people do is not disturbed.
    async fn fate(&self, scope: &Scope, rarity: u32) -> Fate {
        if is_of_people(scope) {
            return Fate {
                latency: Duration::ZERO,
                lost: None,
                dice: 0,
            };
        }
        let fate = self.luck().draw(rarity);
        tokio::time::sleep(fate.latency).await;
        fate
    }

    /// Some records that nobody asked for, one in three times.
    async fn too_many(
        &self,
        scope: &Scope,
        kind: &str,
        asked: usize,
        dice: u64,
    ) -> Result<Vec<(usize, Stored)>> {
        if is_of_people(scope) || asked == 0 || !dice.is_multiple_of(3) {
            return Ok(Vec::new());
        }
        let some = self.inner.list(kind, None, dice / 3 % 20, 3).await?;
        let ids: Vec<RecordId> = some.iter().map(|stored| stored.id).collect();
        let found = self.inner.read(scope, kind, &ids).await?;
        Ok(found
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(index, stored)| (index % asked, stored))
            .collect())
    }

    /// Rows one by one, each an operation of its own.
    async fn write(
        &self,
        scope: &Scope,
        rows: &[Row],
        allowance: Option<&Allowance>,
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, Failure>>> {
        let mut fate = self.fate(scope, WRITES).await;
        let mut refused = None;
        let mut end = rows.len();
        let is_out = self.luck().outage.is_some();
        if fate.lost.is_some() && !is_out && fate.dice.is_multiple_of(3) && !rows.is_empty() {
            // One row is refused for a moment, the others stand and are answered.
            fate.lost = None;
            refused = usize::try_from(fate.dice % rows.len() as u64).ok();
        } else if fate.lost.is_some() {
            end = self.luck().standing(fate.dice, rows.len());
        }
        let mut answers = Vec::with_capacity(rows.len());
        for (index, row) in rows[..end].iter().enumerate() {
            if refused == Some(index) {
                let message = "Halo is busy with this record.";
                answers.push(Err(Failure::new("unavailable", message)));
            } else {
                let row = std::slice::from_ref(row);
                let written = self.inner.upsert_within(scope, row, allowance, now);
                answers.extend(written.await?);
            }
        }
        fate.answer(answers)
    }
}

/// The commands by which people look at records have no cause.
fn is_of_people(scope: &Scope) -> bool {
    scope.connection.is_empty() || scope.cause.is_empty()
}

/// The store around another: what is not named in full is handed on.
macro_rules! handed_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Store for PartialStore {
            async fn read(
                &self,
                scope: &Scope,
                kind: &str,
                ids: &[RecordId],
            ) -> Result<Vec<Option<Stored>>> {
                let fate = self.fate(scope, READS).await;
                fate.answer(self.inner.read(scope, kind, ids).await?)
            }

            async fn resolve(
                &self,
                scope: &Scope,
                kind: &str,
                keys: &[String],
            ) -> Result<Vec<Option<Stored>>> {
                let fate = self.fate(scope, READS).await;
                fate.answer(self.inner.resolve(scope, kind, keys).await?)
            }

            async fn find(
                &self,
                scope: &Scope,
                kind: &str,
                field: &str,
                values: &[String],
            ) -> Result<Vec<(usize, Stored)>> {
                let fate = self.fate(scope, READS).await;
                let mut found = self.inner.find(scope, kind, field, values).await?;
                found.extend(self.too_many(scope, kind, values.len(), fate.dice).await?);
                fate.answer(found)
            }

            async fn upsert_within(
                &self,
                scope: &Scope,
                rows: &[Row],
                allowance: Option<&Allowance>,
                now: Timestamp,
            ) -> Result<Vec<std::result::Result<Written, Failure>>> {
                self.write(scope, rows, allowance, now).await
            }

            async fn outbox_settle(
                &self,
                scope: &Scope,
                settled: &[Settled],
                now: Timestamp,
            ) -> Result<()> {
                let dies = self.luck().dies_now();
                if dies != Some(false) {
                    self.inner.outbox_settle(scope, settled, now).await?;
                }
                match dies {
                    None => Ok(()),
                    // Nothing is tidied up, as after a kill.
                    Some(_) => std::process::exit(KILLED),
                }
            }

            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer> {
                self.inner.$name($($argument),*).await
            })*
        }
    };
}

handed_on! {
    register_connection(connection: &str, push_kinds: &[String]) -> ();
    meta_get(connection: &str, name: &str) -> Option<String>;
    meta_set(connection: &str, name: &str, value: Option<&str>) -> ();
    acquire_lane(connection: &str, holder: &str, now: Timestamp, ttl_ms: u64) -> LaneAnswer;
    renew_lane(lane: &Lane, now: Timestamp, ttl_ms: u64) -> ();
    release_lane(lane: &Lane) -> ();
    custom_fields() -> Vec<CustomField>;
    put_custom_field(field: &CustomField) -> ();
    remove_custom_field(kind: &str, name: &str) -> bool;
    tallies(connection: &str) -> Vec<Tally>;
    tally_open(scope: &Scope, tallies: &[Tally]) -> ();
    tally_close(scope: &Scope, subject: &str) -> ();
    linked(connection: &str, kind: &str) -> u64;
    changed(run: RunId) -> BTreeMap<String, u64>;
    list(kind: &str, search: Option<&str>, after: RecordId, limit: u32) -> Vec<Stored>;
    page(filter: &PageFilter) -> Page;
    count(kind: &str) -> u64;
    state_get(scope: &Scope, keys: &[String]) -> Vec<Option<StateEntry>>;
    state_scan(scope: &Scope, prefix: &str, after: Option<&str>, limit: u32) -> Vec<StateEntry>;
    state_commit(scope: &Scope, writes: &[StateWrite]) -> ();
    secret_get(connection: &str, name: &str) -> Option<SealedSecret>;
    secret_set(connection: &str, name: &str, sealed: Option<&[u8]>, expected: Expectation) -> u64;
    task_set(task: &Task) -> ();
    task_cancel(connection: &str, name: &str) -> ();
    tasks(connection: &str) -> Vec<Task>;
    task_ran(connection: &str, name: &str, due: Timestamp, now: Timestamp) -> ();
    settings(connection: &str) -> Option<SettingsVersion>;
    settings_put(
        connection: &str, json: &str, author: &str, at: Timestamp, expected: Option<u64>
    ) -> u64;
    settings_at(connection: &str, revision: u64) -> Option<SettingsVersion>;
    settings_history(connection: &str, before: Option<u64>, limit: u32) -> Vec<SettingsVersion>;
    run_begin(run: &NewRun) -> RunId;
    run_end(run: RunId, state: &str, failure: Option<&Failure>, at: Timestamp) -> ();
    run(run: RunId) -> Option<Run>;
    runs(connection: &str, limit: u32) -> Vec<Run>;
    latest_runs(connection: &str) -> Vec<Run>;
    report(run: RunId, rows: &[ReportRow]) -> ();
    reported(run: RunId, filter: &ReportFilter) -> Vec<ReportedRow>;
    report_history(connection: &str, entity: &str, key: &str, limit: u32) -> Vec<(Run, ReportedRow)>;
    counts(run: RunId) -> Counts;
    drop_layer(run: RunId) -> ();
    journal(filter: &JournalFilter) -> Vec<JournalEntry>;
    outbox(connection: &str, limit: u32) -> Vec<OutboxRow>;
    outbox_due(
        connection: &str, kinds: &[String], now: Timestamp, limit: u32
    ) -> Vec<OutboxRow>;
    archives(connection: &str, kind: &str, since: Timestamp) -> Archives;
    outbox_retry(connection: &str, sequence: Option<u64>) -> u64;
    outbox_drop(connection: &str, sequence: u64) -> bool;
    messages(connection: &str, limit: u32) -> Vec<Message>;
    inbox_add(events: Vec<NewEvent>, now: Timestamp) -> ();
    inbox_sort() -> bool;
    inbox_sorted() -> BTreeMap<String, Sorted>;
    inbox_has_due(connection: &str, now: Timestamp) -> bool;
    inbox_due(connection: &str, now: Timestamp, limit: u32) -> Vec<InboxRow>;
    inbox(connection: &str, states: &[InboxState], limit: u32) -> Vec<InboxRow>;
    inbox_settle(scope: &Scope, settled: &[(u64, Applied)]) -> ();
    inbox_counts(connection: &str) -> InboxCounts;
    inbox_retry(connection: &str, sequence: Option<u64>) -> u64;
    inbox_drop(connection: &str, sequence: u64) -> bool;
    prune(what: Stale, step: Step) -> Pruned;
    forget(subject: &Subject) -> Forgotten;
}
