//! The records of one object type: ids, unique values, merged ids, and what the
//! search index still shows.
//!
//! The index of HubSpot's search lags behind. A change therefore leaves the old
//! version of the record in `stale` until the lag is over; with no lag nothing is
//! kept. Everything else reads the live records.

use std::collections::BTreeMap;

use super::changes::{Change, Log, Logged};
use super::clock::iso;
use super::kinds::Kind;
use super::pipelines::Pipeline;
use super::properties::Schema;
use super::record::{Column, Record};

/// What a version of a record that search still shows is good for.
#[derive(Debug)]
struct Stale {
    until_ms: i64,
    /// `None`: search does not see the record yet.
    version: Option<Record>,
}

/// The records of one type.
#[derive(Debug)]
pub struct Store {
    /// The type.
    pub kind: &'static Kind,
    /// Its properties.
    pub schema: Schema,
    /// The pipelines that its records go through.
    pub pipelines: Vec<Pipeline>,
    /// Records by id, archived ones included, merged-away ones not.
    pub records: BTreeMap<u64, Record>,
    unique: BTreeMap<(Column, String), u64>,
    merged: BTreeMap<u64, u64>,
    stale: BTreeMap<u64, Vec<Stale>>,
    next_id: u64,
    /// How long a change stays invisible to search.
    pub lag_ms: i64,
    /// What has changed, while somebody wants to know.
    pub changes: Log<Logged>,
}

impl Store {
    /// An empty store.
    pub fn new(kind: &'static Kind, first_id: u64) -> Self {
        Self {
            kind,
            schema: Schema::standard(kind),
            pipelines: super::pipelines::standard(kind),
            records: BTreeMap::new(),
            unique: BTreeMap::new(),
            merged: BTreeMap::new(),
            stale: BTreeMap::new(),
            next_id: first_id,
            lag_ms: 0,
            changes: Log::default(),
        }
    }

    /// Takes the next id. HubSpot's ids have gaps; so have these.
    pub fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1 + id % 7;
        id
    }

    /// Follows merges from an old id to the survivor.
    pub fn resolve(&self, id: u64) -> u64 {
        let mut id = id;
        while let Some(&next) = self.merged.get(&id) {
            id = next;
        }
        id
    }

    /// A record by its present id, whether archived or not.
    pub fn get(&self, id: u64) -> Option<&Record> {
        self.records.get(&id)
    }

    /// The record that holds a unique value. Archived records hold none.
    pub fn find_unique(&self, column: Column, value: &str) -> Option<u64> {
        self.unique
            .get(&(column, value.trim().to_lowercase()))
            .copied()
    }

    /// Adds a record with these values, already checked.
    pub fn insert(&mut self, now_ms: i64, id: u64, values: &[(Column, String)]) {
        self.remember(now_ms, id, None);
        let mut record = Record::new(id, now_ms);
        record.set(self.schema.id, &id.to_string());
        record.set(self.schema.created, &iso(now_ms));
        record.set(self.schema.modified, &iso(now_ms));
        self.changes.add((Some(now_ms), id, Change::Created));
        for (column, value) in values {
            if record.set(*column, value) {
                self.log_value(now_ms, id, *column, value);
            }
        }
        self.index(&record);
        self.records.insert(id, record);
    }

    fn log_value(&mut self, now_ms: i64, id: u64, column: Column, value: &str) {
        if self.changes.is_on() {
            let change = Change::Value(column, value.to_owned());
            self.changes.add((Some(now_ms), id, change));
        }
    }

    /// Adds a generated record whose stamps lie in the past.
    pub fn insert_generated(&mut self, record: Record) {
        self.index(&record);
        self.records.insert(record.id, record);
    }

    /// Changes values, already checked. The last-modified stamp moves only when a
    /// value really changes. Says whether one did.
    pub fn update(&mut self, now_ms: i64, id: u64, values: &[(Column, String)]) -> bool {
        let Some(before) = self.records.get(&id) else {
            return false;
        };
        let differs = values
            .iter()
            .any(|(column, value)| before.get(*column).unwrap_or_default() != value);
        if !differs {
            return false;
        }
        let before = before.clone();
        for (column, value) in values {
            if before.get(*column).unwrap_or_default() != value {
                self.log_value(now_ms, id, *column, value);
            }
        }
        self.unindex(&before);
        self.remember(now_ms, id, Some(before));
        if let Some(record) = self.records.get_mut(&id) {
            for (column, value) in values {
                record.set(*column, value);
            }
            // Two edits within one millisecond still are two edits in order.
            record.modified_ms = now_ms.max(record.modified_ms);
            record.set(self.schema.modified, &iso(record.modified_ms));
            let record = record.clone();
            self.index(&record);
        }
        true
    }

    /// Sets a value that HubSpot computes: no stamp moves and search sees it at once.
    pub fn set_computed(&mut self, id: u64, column: Column, value: &str) {
        let record = self.records.get_mut(&id);
        let changed = record.is_some_and(|record| record.set(column, value));
        if changed && self.changes.is_on() {
            let change = Change::Computed(column, value.to_owned());
            self.changes.add((None, id, change));
        }
    }

    /// Puts a record into the recycling bin. Says whether it was there and not yet archived.
    pub fn archive(&mut self, now_ms: i64, id: u64) -> bool {
        let Some(record) = self
            .records
            .get(&id)
            .filter(|record| record.archived_ms.is_none())
        else {
            return false;
        };
        let before = record.clone();
        self.unindex(&before);
        self.remember(now_ms, id, Some(before));
        if let Some(record) = self.records.get_mut(&id) {
            record.archived_ms = Some(now_ms);
        }
        self.changes.add((Some(now_ms), id, Change::Archived));
        true
    }

    /// Takes a record out of the recycling bin. The id stays, and so does the
    /// last-modified stamp: a poll by that stamp does not see a restore.
    pub fn restore(&mut self, now_ms: i64, id: u64) -> bool {
        if self
            .records
            .get(&id)
            .is_none_or(|record| record.archived_ms.is_none())
        {
            return false;
        }
        self.remember(now_ms, id, None);
        if let Some(record) = self.records.get_mut(&id) {
            record.archived_ms = None;
            let record = record.clone();
            self.index(&record);
        }
        self.changes.add((Some(now_ms), id, Change::Restored));
        true
    }

    /// Merges two records into a new, third one, or (`keep`) into the primary one, as
    /// HubSpot does for accounts with "primary ID preservation". The primary's values
    /// win, the other's fill the gaps; old ids lead to the survivor from now on.
    pub fn merge(&mut self, now_ms: i64, primary: u64, other: u64, keep: bool) -> Option<u64> {
        let first = self.records.get(&primary)?.clone();
        let second = self.records.get(&other)?.clone();
        let merged_column = self.schema.column("hs_merged_object_ids")?;
        for record in [&first, &second] {
            self.unindex(record);
            self.records.remove(&record.id);
            self.remember(now_ms, record.id, Some(record.clone()));
        }
        let id = if keep {
            primary
        } else {
            let id = self.take_id();
            self.remember(now_ms, id, None);
            id
        };
        let mut record = Record::new(id, now_ms);
        record.created_ms = first.created_ms.min(second.created_ms);
        for source in [&second, &first] {
            for (column, value) in source.values() {
                record.set(*column, value.as_str());
            }
        }
        let mut ids: Vec<String> = Vec::new();
        for source in [&first, &second] {
            let earlier = source.get(merged_column).unwrap_or_default();
            ids.extend(
                earlier
                    .split(';')
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned),
            );
            if source.id != id {
                ids.push(source.id.to_string());
            }
        }
        record.set(merged_column, &ids.join(";"));
        if let Some((column, further)) = self.schema.further {
            let own = record.get(column).unwrap_or_default().to_owned();
            let mut values: Vec<&str> = Vec::new();
            for value in [&first, &second]
                .into_iter()
                .flat_map(|source| [source.get(further), source.get(column)])
                .flatten()
                .flat_map(|value| value.split(';'))
            {
                if value != own && !values.contains(&value) {
                    values.push(value);
                }
            }
            record.set(further, &values.join(";"));
        }
        record.set(self.schema.id, &id.to_string());
        record.set(self.schema.created, &iso(record.created_ms));
        record.set(self.schema.modified, &iso(now_ms));
        self.index(&record);
        self.records.insert(id, record);
        for old in [primary, other] {
            if old != id {
                self.merged.insert(old, id);
            }
        }
        let merged = Change::Merged { primary, other };
        self.changes.add((Some(now_ms), id, merged));
        Some(id)
    }

    /// Deletes an archived record for good, as HubSpot does after 90 days.
    pub fn purge(&mut self, id: u64) -> bool {
        let is_archived = |record: &Record| record.archived_ms.is_some();
        self.records.get(&id).is_some_and(is_archived) && self.records.remove(&id).is_some()
    }

    /// Deletes a record for good by the wish of its person. Says whether it was there.
    pub fn forget(&mut self, now_ms: i64, id: u64) -> bool {
        self.archive(now_ms, id);
        let forgotten = self.purge(id);
        if forgotten {
            self.changes.add((Some(now_ms), id, Change::Forgotten));
        }
        forgotten
    }

    /// Calls `visit` with every record as search sees it now, by id.
    pub fn for_each_searchable<'a>(&'a self, now_ms: i64, mut visit: impl FnMut(&'a Record)) {
        if self.stale.is_empty() {
            for record in self.records.values() {
                if record.archived_ms.is_none() {
                    visit(record);
                }
            }
            return;
        }
        let mut seen: BTreeMap<u64, &'a Record> = self
            .records
            .iter()
            .filter(|(_, record)| record.archived_ms.is_none())
            .map(|(id, r)| (*id, r))
            .collect();
        for (id, versions) in &self.stale {
            // The oldest version whose time is not over is what the index shows.
            if let Some(shown) = versions.iter().find(|stale| stale.until_ms > now_ms) {
                match &shown.version {
                    Some(record) => seen.insert(*id, record),
                    None => seen.remove(id),
                };
            }
        }
        for record in seen.into_values() {
            visit(record);
        }
    }

    /// Forgets versions that search no longer shows.
    pub fn settle(&mut self, now_ms: i64) {
        for versions in self.stale.values_mut() {
            versions.retain(|stale| stale.until_ms > now_ms);
        }
        self.stale.retain(|_, versions| !versions.is_empty());
    }

    /// How many records there are, and how many of them are archived.
    pub fn counts(&self) -> (usize, usize) {
        let archived = self
            .records
            .values()
            .filter(|record| record.archived_ms.is_some())
            .count();
        (self.records.len() - archived, archived)
    }

    fn remember(&mut self, now_ms: i64, id: u64, version: Option<Record>) {
        if self.lag_ms > 0 {
            // An archived record was not searchable, whatever becomes of it.
            let version = version.filter(|record| record.archived_ms.is_none());
            self.stale.entry(id).or_default().push(Stale {
                until_ms: now_ms + self.lag_ms,
                version,
            });
        }
    }

    fn index(&mut self, record: &Record) {
        for key in self.unique_keys(record) {
            // A restored record does not take back what another holds by now.
            self.unique.entry(key).or_insert(record.id);
        }
    }

    fn unindex(&mut self, record: &Record) {
        for key in self.unique_keys(record) {
            if self.unique.get(&key) == Some(&record.id) {
                self.unique.remove(&key);
            }
        }
    }

    /// The unique values of a record, further e-mail addresses of a merge included.
    fn unique_keys(&self, record: &Record) -> Vec<(Column, String)> {
        let mut keys: Vec<(Column, String)> = self
            .schema
            .unique
            .iter()
            .filter_map(|column| Some((*column, record.get(*column)?.to_lowercase())))
            .collect();
        if let Some((column, further)) = self.schema.further {
            let values = record.get(further).unwrap_or_default().split(';');
            keys.extend(
                values
                    .filter(|value| !value.is_empty())
                    .map(|value| (column, value.to_lowercase())),
            );
        }
        keys
    }
}
