//! The recycling bin and merges.

use super::account::Account;
use super::kinds::{KINDS, LINE_ITEMS, QUOTES};
use super::objects::id_text;
use super::reply::{Reply, invalid, not_found};
use super::request::Request;

impl Account {
    /// Puts a record into the recycling bin. A quote takes its line items along, also
    /// those that somebody has put on a deal besides.
    pub fn archive(&mut self, kind: usize, id: u64) -> bool {
        // One moment for all: that is how a restore knows what went together.
        let now = self.clock.now_ms();
        let lines = self.lines_along(kind, id);
        let done = self.stores[kind].archive(now, id);
        self.recount_around(kind, id);
        for line in lines {
            self.stores[LINE_ITEMS].archive(now, line);
            self.recount_around(LINE_ITEMS, line);
        }
        done
    }

    /// Takes a record out of the recycling bin; a quote with the line items that went
    /// there with it.
    pub fn restore(&mut self, kind: usize, id: u64) -> bool {
        let now = self.clock.now_ms();
        let lines = self.lines_along(kind, id);
        let done = self.stores[kind].restore(now, id);
        for line in lines {
            self.restore(LINE_ITEMS, line);
        }
        self.recount((kind, id));
        self.recount_around(kind, id);
        done
    }

    fn lines_along(&self, kind: usize, id: u64) -> Vec<u64> {
        if kind == QUOTES {
            self.lines_of_quote(id)
        } else {
            Vec::new()
        }
    }

    /// `DELETE /crm/objects/{version}/{type}/{id}`: 204, also when it is gone already.
    pub fn delete(&mut self, kind: usize, id: &str) -> Reply {
        if let Some(id) = self.lookup(kind, id, None) {
            self.archive(kind, id);
        }
        Reply::empty()
    }

    /// Merges two records into a new one, or (`keep`) into the primary one.
    pub fn merge_records(
        &mut self,
        kind: usize,
        primary: u64,
        other: u64,
        keep: bool,
    ) -> Option<u64> {
        let now = self.clock.now_ms();
        let id = self.stores[kind].merge(now, primary, other, keep)?;
        for old in [primary, other] {
            if old != id {
                self.links.hand_over((kind, old), (kind, id));
            }
        }
        self.recount((kind, id));
        self.recount_around(kind, id);
        Some(id)
    }

    /// `POST /crm/objects/{version}/{type}/merge`.
    pub fn merge(&mut self, kind: usize, request: &Request) -> Reply {
        if !KINDS[kind].merges {
            return not_found();
        }
        let body = match request.json() {
            Ok(body) => body,
            Err(reply) => return reply,
        };
        let primary = self.lookup(kind, &id_text(body.get("primaryObjectId")), None);
        let other = self.lookup(kind, &id_text(body.get("objectIdToMerge")), None);
        match (primary, other) {
            (Some(primary), Some(other)) if primary == other => {
                invalid("Cannot merge an object with itself")
            }
            (Some(primary), Some(other)) => match self.merge_records(kind, primary, other, false) {
                Some(id) => Reply::text(
                    200,
                    self.record_json(kind, id, &self.written(kind, id, None), None),
                ),
                None => not_found(),
            },
            _ => not_found(),
        }
    }
}
