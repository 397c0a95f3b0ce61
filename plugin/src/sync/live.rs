//! Objects that HubSpot has told of: each is read as it is now and goes an import's way.
//! What was told does not matter, so neither does its order, nor how often it was told.

use std::collections::BTreeMap;

use super::cursor::Position;
use super::import::{Job, SliceClock, split};
use super::page::PageOf;
use super::{keys, memory};
use crate::check;
use crate::contract::halo::integration::run::ReportRow;
use crate::contract::halo::integration::state;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, Page};

impl Job<'_> {
    /// Works on these objects, up to the end of the slice; answers by HubSpot's id what
    /// became of each that it came to. `chosen` says whether new ones become records where
    /// that is a person's choice otherwise.
    pub fn now(
        &self,
        client: &mut Client,
        ids: &[String],
        chosen: bool,
        clock: &SliceClock,
    ) -> Result<BTreeMap<String, ReportRow>, Trouble> {
        let mut became = BTreeMap::new();
        if ids.is_empty() {
            return Ok(became);
        }
        let prepared = check::prepare(client, &self.section, &self.rows)?;
        let fields = self.fields(&prepared.without, &prepared.conversions);
        let import = self.section.import(&fields, &self.linked.prefix, chosen);
        let desk = self.desk(&*import);
        let reader = self.reader(client, &fields)?;
        // Under other settings than those of the last import, these rows are ahead of the
        // rest; the next import reads everything.
        let is_ahead = self
            .watermark()?
            .is_some_and(|watermark| watermark.settings != self.print);
        for batch in ids.chunks(objects::BATCH_LIMIT) {
            if !clock.goes_on() {
                break;
            }
            let mut page: Page = client.read(reader.batch(batch))?;
            page.dedup();
            // By an id that was merged away HubSpot may answer the survivor.
            page.results.retain(|object| batch.contains(&object.id));
            let (refused, gone) = split(page.unanswered(batch));
            let of = PageOf {
                objects: &page.results,
                with_associations: false,
            };
            let mut worked = desk.work(client, of, &refused, None)?;
            if !gone.is_empty() {
                let bin: Page = client.read(reader.archived(&gone))?;
                worked.extend(desk.work_on_gone(&gone, &bin.results)?);
            }
            if is_ahead {
                worked
                    .writes
                    .push(memory::remove(keys::watermark(&self.scope)));
            }
            state::commit(&worked.writes)?;
            for row in worked.reports {
                let id = row.object.key.strip_prefix(&self.linked.prefix);
                became.insert(id.unwrap_or(&row.object.key).to_owned(), row);
            }
        }
        Ok(became)
    }

    /// Works on rows that had stopped and can go in now: what they waited for may just have
    /// come.
    pub fn waiting(&self, client: &mut Client, clock: &SliceClock) -> Result<(), Trouble> {
        let mut after = None;
        while clock.goes_on() {
            let Position::Held {
                ids, after: next, ..
            } = self.awaited(after)?
            else {
                return Ok(());
            };
            self.now(client, &ids, false, clock)?;
            after = next;
        }
        Ok(())
    }
}
