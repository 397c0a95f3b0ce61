//! What an import did otherwise than its preview had shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::connection::{Connection, ConnectionError};
use crate::model::{Effect, RecordId, RecordRef, RunId, Value};
use crate::runs::Arguments;
use crate::store::{ReportFilter, ReportedRow, Result, RunMode, Scope, Store};

/// A difference between what a preview showed and what its import did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Deviation {
    /// The remote row.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// What the preview showed.
    pub shown: String,
    /// What happened.
    pub done: String,
}

/// What the import of a preview did otherwise, because the remote (or Halo) changed
/// in between. An import that was interrupted has several runs; all of them count.
pub async fn deviations(
    connection: &Connection,
    preview: RunId,
) -> std::result::Result<Vec<Deviation>, ConnectionError> {
    let confirmed = confirmed_by(connection, preview).await?;
    Ok(between(connection.store(), &connection.name, preview, confirmed).await?)
}

/// The same of these runs of a connection.
async fn between(
    store: &Arc<dyn Store>,
    connection: &str,
    preview: RunId,
    confirmed: Vec<RunId>,
) -> Result<Vec<Deviation>> {
    let scope = Scope {
        connection: connection.to_owned(),
        layer: 0,
        run: None,
        cause: String::new(),
        lane: None,
    };
    let mut deviations = Vec::new();
    let mut shown = Pages::new(store.clone(), preview, Some(scope));
    let mut done = Merged::new(store, confirmed).await?;
    let (mut left, mut right) = (shown.next().await?, done.next().await?);
    // Both come in the order of their keys.
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(deviations),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(left), Some(right)) => order_of(left).cmp(&order_of(right)),
        };
        let (before, after) = match order {
            std::cmp::Ordering::Less => (left.take(), None),
            std::cmp::Ordering::Greater => (None, right.take()),
            std::cmp::Ordering::Equal => (left.take(), right.take()),
        };
        if left.is_none() && order != std::cmp::Ordering::Greater {
            left = shown.next().await?;
        }
        if right.is_none() && order != std::cmp::Ordering::Less {
            right = done.next().await?;
        }
        let told = |row: &Option<ReportedRow>| row.as_ref().map_or("not there".to_owned(), told_of);
        let (shown, done) = (told(&before), told(&after));
        if shown != done
            && let Some(row) = after.or(before)
        {
            deviations.push(Deviation {
                key: row.row.key,
                title: row.row.title,
                shown,
                done,
            });
        }
    }
}

/// The runs that imported what a preview had shown, oldest first.
async fn confirmed_by(connection: &Connection, preview: RunId) -> Result<Vec<RunId>> {
    let runs = connection.store().runs(&connection.name, u32::MAX).await?;
    let confirms = |run: &&crate::store::Run| {
        run.mode == RunMode::Import
            && Arguments::of(run).is_some_and(|arguments| arguments.confirms == Some(preview))
    };
    Ok(runs
        .iter()
        .rev()
        .filter(confirms)
        .map(|run| run.id)
        .collect())
}

fn order_of(row: &ReportedRow) -> (usize, &str) {
    (row.row.key.len(), &row.row.key)
}

/// What a row came to, in one word: its effect if something was written, else
/// its outcome.
pub fn outcome_of(row: &ReportedRow) -> &str {
    match (row.row.outcome.as_str(), row.effect) {
        // Read twice in one run: written once, then found unchanged.
        ("written" | "unchanged", Some(effect)) => match effect {
            Effect::Created => "created",
            Effect::Updated => "updated",
            Effect::Removed => "removed",
            Effect::Unchanged => "unchanged",
        },
        ("written", None) => "unchanged",
        (outcome, _) => outcome,
    }
}

/// What a row came to, with the values: equal exactly when a preview was right.
fn told_of(row: &ReportedRow) -> String {
    let mut told = outcome_of(row).to_owned();
    for change in &row.changes {
        told.push_str(&format!(
            "; {}: {} → {}",
            change.field,
            change.from.display(),
            change.to.display()
        ));
    }
    told
}

/// Report rows of a run, page by page, so that memory does not grow with them.
struct Pages {
    store: Arc<dyn Store>,
    run: RunId,
    /// Where records that are named by key are looked up.
    resolves: Option<Scope>,
    page: std::vec::IntoIter<ReportedRow>,
    after: Option<String>,
    ended: bool,
}

impl Pages {
    const SIZE: u32 = 500;

    fn new(store: Arc<dyn Store>, run: RunId, resolves: Option<Scope>) -> Pages {
        Pages {
            store,
            run,
            resolves,
            page: Vec::new().into_iter(),
            after: None,
            ended: false,
        }
    }

    async fn next(&mut self) -> Result<Option<ReportedRow>> {
        loop {
            if let Some(row) = self.page.next() {
                return Ok(Some(row));
            }
            if self.ended {
                return Ok(None);
            }
            let filter = ReportFilter {
                after: self.after.take(),
                limit: Pages::SIZE,
                ..ReportFilter::default()
            };
            let mut page = self.store.reported(self.run, &filter).await?;
            self.ended = page.len() < Pages::SIZE as usize;
            self.after = page.last().map(|row| row.row.key.clone());
            if let Some(scope) = &self.resolves {
                resolve(&*self.store, scope, &mut page).await?;
            }
            self.page = page.into_iter();
        }
    }
}

/// Puts ids in the place of keys that lead to a record: what a preview makes it names
/// by key, and what an import has made has an id.
async fn resolve(store: &dyn Store, scope: &Scope, rows: &mut [ReportedRow]) -> Result<()> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for value in values(rows) {
        if let Value::Reference { kind, to } = value
            && let RecordRef::Key(key) = to
        {
            keys.entry(kind.clone()).or_default().insert(key.clone());
        }
    }
    for (kind, keys) in keys {
        let keys: Vec<String> = keys.into_iter().collect();
        let found = store.resolve(scope, &kind, &keys).await?;
        let found = keys.iter().zip(found);
        let ids: BTreeMap<&String, RecordId> = found
            .filter_map(|(key, record)| Some((key, record?.id)))
            .collect();
        for value in values(rows) {
            if let Value::Reference { kind: of, to } = value
                && *of == kind
                && let RecordRef::Key(key) = to
                && let Some(id) = ids.get(key)
            {
                *to = RecordRef::Id(*id);
            }
        }
    }
    Ok(())
}

/// All values before and after.
fn values(rows: &mut [ReportedRow]) -> impl Iterator<Item = &mut Value> {
    let changes = rows.iter_mut().flat_map(|row| &mut row.changes);
    changes.flat_map(|change| [&mut change.from, &mut change.to])
}

/// The rows of several runs as those of one.
struct Merged {
    pages: Vec<Pages>,
    heads: Vec<Option<ReportedRow>>,
}

impl Merged {
    async fn new(store: &Arc<dyn Store>, runs: Vec<RunId>) -> Result<Merged> {
        let mut merged = Merged {
            pages: Vec::new(),
            heads: Vec::new(),
        };
        for run in runs {
            let mut pages = Pages::new(store.clone(), run, None);
            merged.heads.push(pages.next().await?);
            merged.pages.push(pages);
        }
        Ok(merged)
    }

    /// A row that two runs have read was written by one of them.
    async fn next(&mut self) -> Result<Option<ReportedRow>> {
        let first = self.heads.iter().flatten().map(order_of).min();
        let Some((_, key)) = first else {
            return Ok(None);
        };
        let key = key.to_owned();
        let mut chosen: Option<ReportedRow> = None;
        for (pages, head) in self.pages.iter_mut().zip(&mut self.heads) {
            if head.as_ref().is_some_and(|row| row.row.key == key) {
                let row = std::mem::replace(head, pages.next().await?);
                if chosen.as_ref().is_none_or(|chosen| chosen.effect.is_none()) {
                    chosen = row;
                }
            }
        }
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests;
