//! Values that HubSpot computes of a record's links: counts, the primary company,
//! the amount of a quote. Writing them moves no stamp, so a poll by last
//! modification does not see that links have changed.

use super::account::Account;
use super::decimal::Decimal;
use super::kinds::{COMPANIES, CONTACTS, DEALS, KINDS, LINE_ITEMS, QUOTES};
use super::link_types::PRIMARY;
use super::links::{Key, Link};

impl Account {
    /// The links of a record to records that are not in the recycling bin.
    pub fn live_links(&self, from: Key, to: usize) -> impl Iterator<Item = Link> + '_ {
        self.links
            .of(from, to)
            .iter()
            .copied()
            .filter(move |link| self.is_live((to, link.id)))
    }

    /// Whether a record exists and is not in the recycling bin.
    pub fn is_live(&self, (kind, id): Key) -> bool {
        self.stores[kind]
            .get(id)
            .is_some_and(|record| record.archived_ms.is_none())
    }

    /// The value of a property; empty when it is not set.
    pub fn value(&self, (kind, id): Key, name: &str) -> &str {
        let store = &self.stores[kind];
        store
            .schema
            .column(name)
            .and_then(|column| store.get(id)?.get(column))
            .unwrap_or_default()
    }

    fn compute(&mut self, (kind, id): Key, name: &str, value: &str) {
        if let Some(column) = self.stores[kind].schema.column(name) {
            self.stores[kind].set_computed(id, column, value);
        }
    }

    /// Writes the computed values that hang on a record's links. One in the recycling
    /// bin keeps what it had.
    pub fn recount(&mut self, key: Key) {
        if !self.is_live(key) {
            return;
        }
        let primary = |account: &Self| {
            account
                .live_links(key, COMPANIES)
                .find(|link| link.types & PRIMARY != 0)
                .map(|link| link.id.to_string())
                .unwrap_or_default()
        };
        match key.0 {
            COMPANIES => {
                let contacts = self.live_links(key, CONTACTS).count().to_string();
                self.compute(key, "num_associated_contacts", &contacts);
                let open = self
                    .live_links(key, DEALS)
                    .filter(|link| self.value((DEALS, link.id), "hs_is_closed") != "true")
                    .count();
                self.compute(key, "hs_num_open_deals", &open.to_string());
                let parent = self.links.types.find(COMPANIES, COMPANIES, 14);
                let parent = self
                    .live_links(key, COMPANIES)
                    .find(|link| parent.is_some_and(|parent| link.types & parent != 0))
                    .map(|link| link.id.to_string());
                self.compute(key, "hs_parent_company_id", &parent.unwrap_or_default());
            }
            CONTACTS => {
                let company = primary(self);
                self.compute(key, "associatedcompanyid", &company);
            }
            DEALS => {
                let company = primary(self);
                self.compute(key, "hs_primary_associated_company", &company);
                let contacts = self.live_links(key, CONTACTS).count().to_string();
                self.compute(key, "num_associated_contacts", &contacts);
                let lines = self.live_links(key, LINE_ITEMS).count().to_string();
                self.compute(key, "hs_num_of_associated_line_items", &lines);
            }
            QUOTES => {
                let sum = self
                    .live_links(key, LINE_ITEMS)
                    .filter_map(|link| Decimal::parse(self.value((LINE_ITEMS, link.id), "amount")))
                    .fold(Decimal::default(), Decimal::plus)
                    .money();
                self.compute(key, "hs_quote_amount", &sum);
                let owner = self
                    .live_links(key, DEALS)
                    .next()
                    .map(|link| self.value((DEALS, link.id), "hubspot_owner_id").to_owned());
                self.compute(key, "hubspot_owner_id", &owner.unwrap_or_default());
            }
            _ => {}
        }
    }

    /// The same for every record that this one is linked to.
    pub fn recount_around(&mut self, kind: usize, id: u64) {
        for other in 0..KINDS.len() {
            for id in self.links.ids((kind, id), other) {
                self.recount((other, id));
            }
        }
    }

    /// After a change of values: others show sums and counts of these two types.
    pub fn values_changed(&mut self, kind: usize, id: u64) {
        if kind == DEALS || kind == LINE_ITEMS {
            self.recount_around(kind, id);
        }
    }
}
