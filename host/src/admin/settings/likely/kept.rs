//! Likely rows as the store keeps them: what a search has found, how far it came, and what
//! people have refused, which is not offered again. All of it is the host's own and under
//! no connection, so that no connector reads or writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::offers::nobodys_scope;
use super::super::rows::mark;
use crate::model::Timestamp;
use crate::store::{Expectation, Result, StateEntry, StateWrite, Store};

/// Entries that are read or removed at once.
const READ: u32 = 1_000;
/// No row has more kinds of evidence; stronger ones are kept in front of weaker ones.
const STRONGEST: u8 = 9;

/// The last part of a key of how a search stands, and the part before the rows.
const SEARCH: &str = ":search";
const FOUND: &str = ":found:";
const REFUSED: &str = ":refused:";

/// A row that may be right, with what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Likely {
    /// As the table would have it.
    pub(super) row: Value,
    /// What people call what its columns name.
    #[serde(default)]
    pub(super) names: BTreeMap<String, String>,
    /// Sentences.
    #[serde(default)]
    pub(super) why: Vec<String>,
    /// How many kinds of evidence speak for it.
    #[serde(default)]
    pub(super) strength: u8,
}

/// How a search stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Search {
    /// When it was started.
    pub(super) started: Timestamp,
    /// By whom.
    pub(super) by: String,
    /// How many of the remote's records it has looked at.
    pub(super) looked_at: u64,
    /// Of how many.
    pub(super) total: Option<u64>,
    /// How many likely rows it has found.
    pub(super) found: u64,
    /// Where it goes on.
    pub(super) next: Option<String>,
    /// Whether it came to its end.
    pub(super) is_done: bool,
    /// Why it did not.
    pub(super) problem: Option<String>,
}

/// What is kept for one table.
#[derive(Clone)]
pub(super) struct Kept {
    store: Arc<dyn Store>,
    prefix: String,
}

impl Kept {
    /// Of a table of a connection's settings, by its JSON Pointer.
    pub(super) fn of(store: &Arc<dyn Store>, connection: &str, at: &str) -> Kept {
        Kept {
            store: store.clone(),
            prefix: format!("likely:{connection}:{at}"),
        }
    }

    fn search_key(&self) -> String {
        format!("{}{SEARCH}", self.prefix)
    }

    fn found_prefix(&self) -> String {
        format!("{}{FOUND}", self.prefix)
    }

    fn refused_prefix(&self) -> String {
        format!("{}{REFUSED}", self.prefix)
    }

    /// How the last search stands, if there was one.
    pub(super) async fn search(&self) -> Result<Option<Search>> {
        let key = [self.search_key()];
        let entry = self.store.state_get(&nobodys_scope(), &key).await?;
        Ok(entry
            .into_iter()
            .flatten()
            .next()
            .and_then(|entry| read(&entry)))
    }

    /// Forgets what the last search has found.
    pub(super) async fn begin(&self, search: &Search) -> Result<()> {
        loop {
            let scope = nobodys_scope();
            let prefix = self.found_prefix();
            let found = self.store.state_scan(&scope, &prefix, None, READ).await?;
            if found.is_empty() {
                return self.commit(vec![written(self.search_key(), search)]).await;
            }
            let gone = found.into_iter().map(|entry| removed(entry.key));
            self.commit(gone.collect()).await?;
        }
    }

    /// Adds what was found, but for what was refused, and how far the search is.
    pub(super) async fn add(&self, found: &[Likely], search: &mut Search) -> Result<()> {
        let marks: Vec<String> = found.iter().map(|likely| mark(&likely.row)).collect();
        let refused = { marks.iter() }.map(|mark| format!("{}{mark}", self.refused_prefix()));
        let refused: Vec<String> = refused.collect();
        let scope = nobodys_scope();
        let refused = self.store.state_get(&scope, &refused).await?;
        let mut writes = Vec::new();
        let mut seen = BTreeSet::new();
        for ((likely, mark), is_refused) in found.iter().zip(&marks).zip(&refused) {
            if is_refused.is_none() && seen.insert(mark) {
                writes.push(written(self.key(likely, mark), likely));
            }
        }
        search.found += writes.len() as u64;
        writes.push(written(self.search_key(), search));
        self.commit(writes).await
    }

    /// Keeps how a search stands.
    pub(super) async fn put(&self, search: &Search) -> Result<()> {
        self.commit(vec![written(self.search_key(), search)]).await
    }

    /// Strongest first.
    fn key(&self, likely: &Likely, mark: &str) -> String {
        let rank = STRONGEST - likely.strength.min(STRONGEST);
        format!("{}{rank}:{mark}", self.found_prefix())
    }

    /// What was found, after a name, strongest first; each with its name.
    pub(super) async fn found(&self, after: &str, limit: u32) -> Result<Vec<(String, Likely)>> {
        self.scan(&self.found_prefix(), after, limit).await
    }

    /// What was refused.
    pub(super) async fn refused(&self, limit: u32) -> Result<Vec<(String, Likely)>> {
        self.scan(&self.refused_prefix(), "", limit).await
    }

    async fn scan(&self, prefix: &str, after: &str, limit: u32) -> Result<Vec<(String, Likely)>> {
        let after = (!after.is_empty()).then(|| format!("{prefix}{after}"));
        let scope = nobodys_scope();
        let scan = self
            .store
            .state_scan(&scope, prefix, after.as_deref(), limit);
        let named = |entry: &StateEntry| {
            let name = entry.key.strip_prefix(prefix)?.to_owned();
            Some((name, read(entry)?))
        };
        Ok(scan.await?.iter().filter_map(named).collect())
    }

    /// Those of these names that are still there.
    pub(super) async fn named(&self, names: &[&str]) -> Result<Vec<(String, Likely)>> {
        let mut all = Vec::new();
        for names in names.chunks(READ as usize) {
            let keys = names
                .iter()
                .map(|name| format!("{}{name}", self.found_prefix()));
            let keys: Vec<String> = keys.collect();
            let entries = self.store.state_get(&nobodys_scope(), &keys).await?;
            let each = names.iter().zip(entries);
            all.extend(each.filter_map(|(name, entry)| Some(((*name).to_owned(), read(&entry?)?))));
        }
        Ok(all)
    }

    /// Forgets these, as they are in the table now.
    pub(super) async fn accepted(&self, chosen: &[(String, Likely)]) -> Result<()> {
        for chosen in chosen.chunks(READ as usize) {
            let gone = { chosen.iter() }.map(|(name, _)| self.without(name));
            self.commit(gone.collect()).await?;
        }
        Ok(())
    }

    /// Does not offer these again.
    pub(super) async fn refuse(&self, chosen: &[(String, Likely)]) -> Result<()> {
        for chosen in chosen.chunks(READ as usize) {
            let mut writes = Vec::new();
            for (name, likely) in chosen {
                writes.push(self.without(name));
                let key = format!("{}{}", self.refused_prefix(), mark(&likely.row));
                // The evidence names people, and nobody needs it any more.
                let refused = Likely {
                    why: Vec::new(),
                    ..likely.clone()
                };
                writes.push(written(key, &refused));
            }
            self.commit(writes).await?;
        }
        Ok(())
    }

    /// Lets the next search find again what was refused under these names.
    pub(super) async fn offer_again(&self, names: &[&str]) -> Result<()> {
        for names in names.chunks(READ as usize) {
            let refused = self.refused_prefix();
            let gone = { names.iter() }.map(|name| removed(format!("{refused}{name}")));
            self.commit(gone.collect()).await?;
        }
        Ok(())
    }

    fn without(&self, name: &str) -> StateWrite {
        removed(format!("{}{name}", self.found_prefix()))
    }

    async fn commit(&self, writes: Vec<StateWrite>) -> Result<()> {
        self.store.state_commit(&nobodys_scope(), &writes).await
    }
}

/// Forgets all that was found for a connection, as its evidence names people, and what
/// those rows were called that were refused; answers how many rows it had.
pub(crate) async fn forget(store: &Arc<dyn Store>, connection: &str) -> Result<u64> {
    let prefix = format!("likely:{connection}:");
    let (mut count, mut after) = (0, None::<String>);
    loop {
        let scope = nobodys_scope();
        let all = store
            .state_scan(&scope, &prefix, after.as_deref(), READ)
            .await?;
        let Some(last) = all.last() else {
            return Ok(count);
        };
        after = Some(last.key.clone());
        let rows = all.into_iter().filter(|entry| !entry.key.ends_with(SEARCH));
        let writes = rows.map(|entry| match read::<Likely>(&entry) {
            Some(refused) if entry.key.contains(REFUSED) => {
                let names = BTreeMap::new();
                written(entry.key, &Likely { names, ..refused })
            }
            _ => removed(entry.key),
        });
        let writes: Vec<StateWrite> = writes.collect();
        count += writes.len() as u64;
        store.state_commit(&scope, &writes).await?;
    }
}

/// One that cannot be read (of another version) is as good as not there.
fn read<T: for<'a> Deserialize<'a>>(entry: &StateEntry) -> Option<T> {
    serde_json::from_slice(&entry.value).ok()
}

fn written(key: String, value: &impl Serialize) -> StateWrite {
    // Into memory, which does not fail.
    let value = serde_json::to_vec(value).unwrap_or_default();
    StateWrite {
        key,
        value: Some(value),
        expected: Expectation::Anything,
    }
}

fn removed(key: String) -> StateWrite {
    StateWrite {
        key,
        value: None,
        expected: Expectation::Anything,
    }
}
