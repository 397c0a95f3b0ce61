//! What only the state knows: which rows stopped last time, and what is linked but
//! was not in a list of everything.

use super::cursor::{Cursor, Position, Scan};
use super::import::Job;
use super::plan::Agreed;
use super::{keys, memory};
use crate::contract::halo::integration::state;
use crate::failure::Failure;
use crate::hubspot::{objects, search};

impl Job<'_> {
    /// The cursor's position with ids from the state; what comes after it when there
    /// are none left.
    pub(super) fn filled(&self, cursor: &Cursor) -> Result<Option<Position>, Failure> {
        match &cursor.position {
            Position::Held { after, then, .. } => self.held(after.as_deref(), *then).map(Some),
            Position::Missing { scan, .. } => self.missing(scan.clone(), cursor.list),
            Position::List { .. } | Position::Changes(_) => Ok(Some(cursor.position.clone())),
        }
    }

    fn held(&self, after: Option<&str>, then: u64) -> Result<Position, Failure> {
        let prefix = keys::held_prefix(&self.scope);
        let after = after.map(|id| keys::held(&self.scope, id));
        let limit = u32::try_from(objects::BATCH_LIMIT).unwrap_or(u32::MAX);
        let ids: Vec<String> = state::scan(&prefix, after.as_deref(), limit)?
            .into_iter()
            .map(|entry| entry.key[prefix.len()..].to_owned())
            .collect();
        Ok(match ids.last().cloned() {
            None => Position::Changes(search::Changes::since(then)),
            after => Position::Held { ids, after, then },
        })
    }

    /// Up to a batch of ids that this list did not have: of linked
    /// companies, then of companies of the mapping table.
    fn missing(&self, mut scan: Scan, list: u64) -> Result<Option<Position>, Failure> {
        let mut ids = Vec::new();
        while ids.len() < objects::BATCH_LIMIT {
            scan = match scan {
                Scan::Linked(after) => {
                    let after = after.map(|id| keys::agreed(&self.scope, &id));
                    let known: Vec<(String, Agreed)> =
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
                    let pairs = self.companies.customers.iter().skip(from);
                    let rows: Vec<&str> = pairs
                        .take(objects::BATCH_LIMIT)
                        .map(|pair| pair.company.as_str())
                        .collect();
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
                        ids.truncate(objects::BATCH_LIMIT);
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
