//! One slice of an import of chosen objects.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::cursor::fingerprint;
use super::import::{Job, SliceClock};
use super::page::PageOf;
use super::{keys, memory};
use crate::check;
use crate::contract::halo::integration::types::Slice;
use crate::contract::halo::integration::{run, state};
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, Page};

impl Job<'_> {
    /// One slice of an import of the objects with these external keys.
    pub fn chosen(&self, client: &mut Client, keys: &[String]) -> Result<Slice, Trouble> {
        let clock = SliceClock::start();
        let prepared = check::prepare(client, &self.section, &self.rows)?;
        let fields = self.fields(&prepared.without, &prepared.conversions);
        let import = self.section.import(&fields, &self.linked.prefix, true);
        let desk = self.desk(&*import);
        let reader = self.reader(client, &fields)?;
        // HubSpot refuses a batch with the same id twice.
        let ids: BTreeSet<&str> = keys
            .iter()
            .map(|key| key.strip_prefix(&self.linked.prefix).unwrap_or(key))
            .collect();
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let print = fingerprint(&[&ids, &self.print]);
        let kept: Option<Chosen> = memory::get(keys::selection(&self.scope))?;
        let mut next = kept
            .filter(|kept| kept.keys == print)
            .map_or(0, |kept| kept.next);
        // Under other settings than those of the last import, the chosen rows are
        // ahead of the rest; the next import reads everything.
        let is_ahead = self
            .watermark()?
            .is_some_and(|watermark| watermark.settings != self.print);
        while let Some(left) = ids.get(next..).filter(|left| !left.is_empty()) {
            let batch = &left[..left.len().min(objects::BATCH_LIMIT)];
            // What is no id is not HubSpot's either; asked for, it would fail the batch.
            let asked: Vec<String> = batch
                .iter()
                .filter(|id| objects::is_id(id))
                .cloned()
                .collect();
            let mut page = Page::default();
            if !asked.is_empty() {
                page = client.read(reader.batch(&asked))?;
                page.dedup();
            }
            let worked = desk.work(
                client,
                PageOf {
                    objects: &page.results,
                    with_associations: false,
                },
                &page.unanswered(batch),
                None,
            )?;
            let mut writes = worked.writes;
            next += batch.len();
            run::show_progress(&run::Progress {
                done: next as u64,
                total: Some(ids.len() as u64),
                label: self.section.spec().objects.to_owned(),
            });
            if is_ahead {
                writes.push(memory::remove(keys::watermark(&self.scope)));
            }
            let key = keys::selection(&self.scope);
            if next >= ids.len() {
                writes.push(memory::remove(key));
                state::commit(&writes)?;
                break;
            }
            writes.push(memory::put(
                key,
                &Chosen {
                    keys: print.clone(),
                    next,
                },
            )?);
            state::commit(&writes)?;
            if !clock.goes_on() {
                return Ok(clock.ended());
            }
        }
        Ok(Slice::Done)
    }
}

/// Where an import of chosen rows is.
#[derive(Serialize, Deserialize)]
struct Chosen {
    /// Which rows, under which settings: others start from the beginning.
    keys: String,
    next: usize,
}
