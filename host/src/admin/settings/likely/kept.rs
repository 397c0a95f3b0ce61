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
    /// The account at the remote that it looks at: what it finds says nothing of another.
    pub(super) account: String,
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

    /// Begins a search: what the last one has found is forgotten. How this one stands is
    /// kept first, so that what is left over when this ends early is not taken for all.
    pub(super) async fn begin(&self, search: &Search) -> Result<()> {
        let mut writes = vec![written(self.search_key(), search)];
        loop {
            let scope = nobodys_scope();
            let prefix = self.found_prefix();
            let found = self.store.state_scan(&scope, &prefix, None, READ).await?;
            let is_last = found.len() < READ as usize;
            writes.extend(found.into_iter().map(|entry| removed(entry.key)));
            self.commit(std::mem::take(&mut writes)).await?;
            if is_last {
                return Ok(());
            }
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

    /// What was refused, after a name; each with its name.
    pub(super) async fn refused(&self, after: &str, limit: u32) -> Result<Vec<(String, Likely)>> {
        self.scan(&self.refused_prefix(), after, limit).await
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

/// Forgets the searches of a connection with all that they found, as evidence names people,
/// and what those rows were called that were refused; answers how many rows that were.
pub(crate) async fn forget(store: &Arc<dyn Store>, connection: &str) -> Result<u64> {
    let mut count = 0;
    each(store, connection, |entry| {
        let refused = read::<Likely>(&entry).filter(|_| entry.key.contains(REFUSED));
        count += u64::from(entry.key.contains(FOUND));
        match refused {
            Some(refused) if refused.names.is_empty() => None,
            Some(refused) => {
                count += 1;
                let names = BTreeMap::new();
                Some(written(entry.key, &Likely { names, ..refused }))
            }
            None => Some(removed(entry.key)),
        }
    })
    .await?;
    Ok(count)
}

/// Forgets what searches of a connection have found that were started before this time.
pub(crate) async fn forget_old(
    store: &Arc<dyn Store>,
    connection: &str,
    before: Timestamp,
) -> Result<()> {
    let mut old = BTreeSet::new();
    each(store, connection, |entry| {
        let table = entry.key.strip_suffix(SEARCH)?;
        let search = read::<Search>(&entry)?;
        if search.started < before {
            old.insert(format!("{table}{FOUND}"));
            return Some(removed(entry.key));
        }
        None
    })
    .await?;
    each(store, connection, |entry| {
        let is_old = old.iter().any(|table| entry.key.starts_with(table));
        is_old.then(|| removed(entry.key))
    })
    .await
}

/// Goes through all that is kept for a connection, some at a time, and writes what is to be
/// written of each.
async fn each(
    store: &Arc<dyn Store>,
    connection: &str,
    mut write: impl FnMut(StateEntry) -> Option<StateWrite>,
) -> Result<()> {
    let prefix = format!("likely:{connection}:");
    let mut after = None::<String>;
    loop {
        let scope = nobodys_scope();
        let scan = store.state_scan(&scope, &prefix, after.as_deref(), READ);
        let all = scan.await?;
        let Some(last) = all.last() else {
            return Ok(());
        };
        after = Some(last.key.clone());
        let writes: Vec<StateWrite> = all.into_iter().filter_map(&mut write).collect();
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::INDEXED;
    use crate::store::sqlite::SqliteStore;

    fn likely(company: &str, strength: u8) -> Likely {
        Likely {
            row: json!({ "company": company, "customer": 7 }),
            names: BTreeMap::from([("company".to_owned(), "Ann Example".to_owned())]),
            why: vec!["By ann@example.com.".to_owned()],
            strength,
        }
    }

    async fn rows(kept: &Kept) -> Vec<String> {
        let found = kept.found("", 100).await.unwrap();
        { found.iter() }
            .map(|(_, likely)| likely.row["company"].as_str().unwrap().to_owned())
            .collect()
    }

    /// All that is written of a connection.
    async fn everything(store: &Arc<dyn Store>) -> String {
        let all = store
            .state_scan(&nobodys_scope(), "likely:", None, 100)
            .await;
        let all = all.unwrap().into_iter();
        all.map(|entry| format!("{} {}\n", entry.key, String::from_utf8_lossy(&entry.value)))
            .collect()
    }

    #[tokio::test]
    async fn what_was_refused_is_not_found_again_and_forgetting_leaves_no_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("halo.db");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, INDEXED).unwrap());
        let kept = Kept::of(&store, "crm", "/table");
        let other = Kept::of(&store, "crm", "/table2");
        let mut search = Search {
            started: 5,
            ..Search::default()
        };
        kept.begin(&search).await.unwrap();
        let found = [
            likely("1", 1),
            likely("2", 3),
            likely("3", 1),
            likely("2", 3),
        ];
        kept.add(&found, &mut search).await.unwrap();
        assert_eq!(search.found, 3);
        assert_eq!(rows(&kept).await[0], "2", "the strongest first");
        let all = kept.found("", 100).await.unwrap();
        let name = |company: &str| {
            let found = all
                .iter()
                .find(|(_, likely)| likely.row["company"] == company);
            found.unwrap().clone()
        };
        kept.refuse(&[name("1")]).await.unwrap();
        kept.accepted(&[name("2")]).await.unwrap();
        assert_eq!(rows(&kept).await, ["3"]);
        kept.begin(&search).await.unwrap();
        assert!(rows(&kept).await.is_empty());
        // Also with other evidence.
        kept.add(&[likely("1", 2), likely("3", 1)], &mut search)
            .await
            .unwrap();
        assert_eq!(rows(&kept).await, ["3"]);

        let mut late = Search {
            started: 9,
            ..Search::default()
        };
        other.begin(&late).await.unwrap();
        other.add(&[likely("4", 1)], &mut late).await.unwrap();
        forget_old(&store, "crm", 9).await.unwrap();
        assert!(rows(&kept).await.is_empty() && kept.search().await.unwrap().is_none());
        assert_eq!(rows(&other).await, ["4"]);
        assert_eq!(forget(&store, "another").await.unwrap(), 0);
        assert_eq!(forget(&store, "crm").await.unwrap(), 2);
        assert_eq!(forget(&store, "crm").await.unwrap(), 0);
        let left = everything(&store).await;
        assert!(!left.contains("Ann") && !left.contains("ann@"), "{left}");
        assert!(left.contains(":refused:"), "{left}");
        let (name, _) = kept.refused("", 9).await.unwrap().remove(0);
        kept.offer_again(&[&name]).await.unwrap();
        assert_eq!(everything(&store).await, "");
    }
}
