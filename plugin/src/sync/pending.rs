//! What only the state knows: which rows stopped last time, and what is linked but
//! was not in a list of everything.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::cursor::{Cursor, Position, Scan};
use super::gone::Gone;
use super::import::Job;
use super::plan::{Agreed, Held};
use super::{keys, memory};
use crate::contract::halo::integration::records;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::{objects, search};
use crate::patience::insist;

/// What matters of [`Agreed`] here; the rest is not read.
#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    seen: u64,
    #[serde(default)]
    gone: Option<Gone>,
}

impl Job<'_> {
    /// The cursor's position with ids from the state; what comes after it when there
    /// are none left.
    pub(super) fn filled(
        &self,
        client: &mut Client,
        cursor: &Cursor,
    ) -> Result<Option<Position>, Trouble> {
        match &cursor.position {
            Position::Held { after, then, .. } => self.held(after.clone(), *then, true).map(Some),
            Position::Missing { scan, .. } => self.missing(scan.clone(), cursor.list),
            Position::Touched { rest, touch, .. } => {
                self.touched(client, rest.clone(), touch.clone())
            }
            Position::List { .. } | Position::Changes(_) => Ok(Some(cursor.position.clone())),
        }
    }

    /// Rows that waited for what is in Halo now; another position when there are none.
    pub(super) fn awaited(&self, after: Option<String>) -> Result<Position, Trouble> {
        self.held(after, 0, false)
    }

    /// Up to a batch of rows that stopped. One that waits for another object is left
    /// out until that is in Halo; without `all`, so is one that waits for nothing.
    fn held(&self, mut after: Option<String>, then: u64, all: bool) -> Result<Position, Trouble> {
        let prefix = keys::held_prefix(&self.scope);
        let mut ids: Vec<String> = Vec::new();
        loop {
            let behind = after.as_ref().map(|id| keys::held(&self.scope, id));
            let rows: Vec<(String, Held)> = memory::scan(&prefix, behind.as_deref())?;
            let Some((last, _)) = rows.last() else {
                break;
            };
            after = Some(last.clone());
            let ready = self.ready(&rows, all)?;
            for ((id, _), _) in rows.iter().zip(ready).filter(|(_, ready)| *ready) {
                ids.push(id.clone());
                if ids.len() >= objects::BATCH_LIMIT {
                    after = Some(id.clone());
                    return Ok(Position::Held { ids, after, then });
                }
            }
        }
        Ok(if ids.is_empty() {
            Position::Changes(search::Changes::since(then))
        } else {
            Position::Held { ids, after, then }
        })
    }

    /// Which rows wait for nothing, or for what is in Halo now.
    fn ready(&self, rows: &[(String, Held)], all: bool) -> Result<Vec<bool>, Trouble> {
        let mut awaited: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for until in rows.iter().flat_map(|(_, held)| &held.until) {
            for kind in &until.kinds {
                awaited.entry(kind).or_default().insert(&until.id);
            }
        }
        let mut there: BTreeSet<&str> = BTreeSet::new();
        for (kind, ids) in awaited {
            let ids: Vec<&str> = ids.into_iter().collect();
            for ids in ids.chunks(memory::BATCH) {
                let keys: Vec<String> = ids
                    .iter()
                    .map(|id| format!("{}{id}", self.linked.prefix))
                    .collect();
                let found = insist(|| records::resolve(kind, &keys, &[]))?;
                let found = ids.iter().zip(found).filter(|(_, found)| found.is_some());
                there.extend(found.map(|(id, _)| *id));
            }
        }
        Ok(rows
            .iter()
            .map(|(_, held)| {
                let mut until = held.until.iter();
                (all && held.until.is_empty())
                    || until.any(|until| there.contains(until.id.as_str()))
            })
            .collect())
    }

    /// Up to a batch of ids that this list did not have: of linked
    /// objects, then of objects that the settings name.
    fn missing(&self, mut scan: Scan, list: u64) -> Result<Option<Position>, Trouble> {
        let mut ids = Vec::new();
        while ids.len() < objects::BATCH_LIMIT {
            scan = match scan {
                Scan::Linked(after) => {
                    let after = after.map(|id| keys::agreed(&self.scope, &id));
                    let known: Vec<(String, Listed)> =
                        memory::scan(&keys::agreed_prefix(&self.scope), after.as_deref())?;
                    match known.last() {
                        None => Scan::Table(0),
                        Some((last, _)) => {
                            let mut last = last.clone();
                            for (id, agreed) in known {
                                if agreed.seen == list || agreed.gone.is_some() {
                                    continue;
                                }
                                ids.push(id.clone());
                                if ids.len() >= objects::BATCH_LIMIT {
                                    last = id;
                                    break;
                                }
                            }
                            Scan::Linked(Some(last))
                        }
                    }
                }
                Scan::Table(from) => {
                    let named = self.section.named_ids().into_iter().skip(from);
                    let rows: Vec<&str> = named.take(objects::BATCH_LIMIT - ids.len()).collect();
                    if rows.is_empty() {
                        break;
                    }
                    let keys: Vec<String> = rows
                        .iter()
                        .map(|id| keys::agreed(&self.scope, id))
                        .collect();
                    let unlinked = rows
                        .iter()
                        .zip(memory::get_all::<Agreed>(&keys)?)
                        .filter(|(id, agreed)| agreed.is_none() && objects::is_id(id));
                    ids.extend(unlinked.map(|(id, _)| (*id).to_owned()));
                    let next = from + rows.len();
                    if !ids.is_empty() {
                        // HubSpot refuses a batch with the same id twice.
                        ids.sort();
                        ids.dedup();
                        scan = Scan::Table(next);
                        break;
                    }
                    Scan::Table(next)
                }
            };
        }
        Ok((!ids.is_empty()).then_some(Position::Missing { ids, scan }))
    }
}
