//! What is looked up for a page of quotes: their quotations, whose they are, their deals
//! and their lines.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::deleted::Deletion;
use super::keys;
use super::lines;
use super::memory::BATCH;
use super::page::{Desk, Import, Looked, PageOf};
use super::plan::quote::{Known, Opportunity, Rules, plan};
use super::plan::whose::{CUSTOMER, SITE, USER, Whose};
use super::plan::{Fate, line};
use super::whose::{Search, by_id, once, only, unique};
use crate::catalog;
use crate::contract::halo::integration::records::{self, Stored};
use crate::contract::halo::integration::types::Attribute;
use crate::entity::quote::{self, KIND, NAME, SPEC, TICKET};
use crate::entity::{self, Spec, deal, line_item, product};
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::Object;
use crate::hubspot::pipelines::{self, Pipeline};
use crate::hubspot::properties::Choice;
use crate::matching::Table;
use crate::patience::insist;
use crate::settings::deleted::OfQuote;

/// An import of quotes.
pub struct Quotes<'a> {
    /// How.
    pub rules: Rules<'a>,
    /// What becomes of the quotation of a deleted quote.
    pub deleted: OfQuote,
    /// The customer mapping table.
    pub table: Table<'a>,
    /// Whether open deals become tickets without a person who chooses them.
    pub deals_come: bool,
    /// The choices of a quote's status; read once a slice.
    pub statuses: OnceCell<Vec<Choice>>,
    /// The pipelines of deals; read once a slice, where a deal is not in Halo.
    pub pipelines: OnceCell<Vec<Pipeline>>,
    /// How far the account is from UTC.
    pub offset_ms: OnceCell<i64>,
}

impl Import for Quotes<'_> {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn look(
        &self,
        desk: &Desk<'_>,
        client: &mut Client,
        page: PageOf<'_>,
    ) -> Result<Looked, Trouble> {
        if page.objects.is_empty() {
            return Ok(Looked::default());
        }
        once(&self.statuses, || statuses(client))?;
        self.offset_ms.get_or_init(|| desk.account.utc_offset_ms);
        let quotes: Vec<Object> = page
            .objects
            .iter()
            .map(|object| self.derived(object))
            .collect();
        let known = self.look_up(desk, client, page)?;
        let mut fates: Vec<Fate> = quotes
            .iter()
            .map(|quote| plan(quote, &self.rules, &known))
            .collect();
        line::hand_over(&mut fates);
        Ok(Looked {
            linked: known.linked.into_keys().collect(),
            agreed: known.agreed,
            intents: known.intents,
            fates,
            ..Looked::default()
        })
    }

    fn deletion(&self, _at: &str) -> Deletion {
        match self.deleted {
            OfQuote::Leave => Deletion::Leave,
            OfQuote::Remove => Deletion::Remove,
        }
    }

    fn title(&self, object: &Object) -> Option<String> {
        quote::title(object).map(str::to_owned)
    }

    fn facets(&self, object: &Object) -> Vec<Attribute> {
        quote::facets(&self.derived(object))
    }
}

impl Quotes<'_> {
    fn derived(&self, object: &Object) -> Object {
        let statuses = self.statuses.get().map(Vec::as_slice).unwrap_or_default();
        let offset_ms = self.offset_ms.get().copied().unwrap_or_default();
        quote::derived(object.clone(), statuses, offset_ms)
    }

    fn look_up(
        &self,
        desk: &Desk<'_>,
        client: &mut Client,
        page: PageOf<'_>,
    ) -> Result<Known, Trouble> {
        let wanted = entity::wanted(&[NAME, TICKET, CUSTOMER, SITE, USER], self.rules.fields);
        let quotes: Vec<&Object> = page.objects.iter().collect();
        let ids: Vec<String> = quotes.iter().map(|quote| quote.id.clone()).collect();
        let linked = desk.linked(KIND, &ids, &wanted)?;
        let search = Search {
            spec: &SPEC,
            company: quote::company,
            primary: "",
            table: &self.table,
            with_prospects: false,
        };
        let came_along = page.with_associations;
        let mut whose = search.whose(desk, client, &quotes, came_along)?;
        let deals = only(search.associated(client, &quotes, "deals", came_along)?);
        let tickets = tickets(desk, &deals)?;
        self.inherit(desk, client, &mut whose, &deals, &tickets)?;
        let opportunities = self.opportunities(client, &deals, &tickets)?;
        let lines = lines::read(client, &quotes, came_along)?;
        let products = lines.values().flatten().flatten();
        let products = unique(products.filter_map(line_item::product).map(str::to_owned));
        let items = desk.linked(product::KIND, &products, &[])?;
        Ok(Known {
            records: self.records(desk, &linked, &lines)?,
            items: items.into_iter().map(|(id, item)| (id, item.id)).collect(),
            agreed: desk.remembered(&ids, keys::agreed)?,
            intents: desk.remembered(&ids, keys::intent)?,
            linked,
            whose,
            opportunities,
            lines,
        })
    }

    /// Quotes that name nobody are whose their deal is (S49): of its ticket's customer,
    /// or of the deal's own company or contact.
    fn inherit(
        &self,
        desk: &Desk<'_>,
        client: &mut Client,
        whose: &mut BTreeMap<String, Whose>,
        deals: &BTreeMap<String, String>,
        tickets: &BTreeMap<String, Stored>,
    ) -> Result<(), Trouble> {
        let nobodys = |quote: &String| whose.get(quote).is_some_and(|its| !its.is_named);
        let asked: BTreeMap<&String, Object> = deals
            .iter()
            .filter(|(quote, _)| nobodys(quote))
            .map(|(quote, deal)| (quote, Object::bare(deal)))
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let search = Search {
            spec: &deal::SPEC,
            company: deal::company,
            primary: deal::PRIMARY,
            table: &self.table,
            with_prospects: false,
        };
        let unique: BTreeMap<&str, &Object> = asked
            .values()
            .map(|deal| (deal.id.as_str(), deal))
            .collect();
        let objects: Vec<&Object> = unique.into_values().collect();
        let of_deals = search.whose(desk, client, &objects, false)?;
        for (quote, deal) in asked {
            let of_deal = of_deals.get(&deal.id).cloned().unwrap_or_default();
            let its = of_deal.with_ticket(tickets.get(&deal.id));
            whose.insert(quote.clone(), its);
        }
        Ok(())
    }

    /// By quote: what its deal is in Halo, or whether it comes there (A13).
    fn opportunities(
        &self,
        client: &mut Client,
        deals: &BTreeMap<String, String>,
        tickets: &BTreeMap<String, Stored>,
    ) -> Result<BTreeMap<String, Opportunity>, Trouble> {
        let missing = deals.values().filter(|deal| !tickets.contains_key(*deal));
        let missing = unique(missing.cloned());
        let mut open = BTreeSet::new();
        if self.deals_come && !missing.is_empty() {
            let load = || pipelines::load(client, deal::SPEC.objects);
            let pipelines = once(&self.pipelines, load)?;
            let found = by_id(client, &deal::SPEC, deal::PROPERTIES, &missing)?;
            open.extend(
                found
                    .into_values()
                    .filter(|deal| {
                        deal::stage(deal, pipelines).is_ok_and(|(_, stage)| !stage.is_closed())
                    })
                    .map(|deal| deal.id),
            );
        }
        let of = |deal: &String| match tickets.get(deal) {
            Some(ticket) => Opportunity::Ticket(ticket.id),
            None if open.contains(deal) => Opportunity::Coming(deal.clone()),
            None => Opportunity::Unchosen(deal.clone()),
        };
        Ok(deals
            .iter()
            .map(|(quote, deal)| (quote.clone(), of(deal)))
            .collect())
    }

    /// By HubSpot id of a line: what is in Halo of the lines of these quotations, and of
    /// those that these quotes have now and that may have been another one's.
    fn records(
        &self,
        desk: &Desk<'_>,
        linked: &BTreeMap<String, Stored>,
        now: &BTreeMap<String, Result<Vec<Object>, Failure>>,
    ) -> Result<BTreeMap<String, Stored>, Trouble> {
        let always = [line_item::QUOTATION, line_item::ITEM];
        let wanted = entity::wanted(&always, &self.rules.line_fields);
        let quotations: Vec<String> = linked
            .values()
            .map(|record| record.id.to_string())
            .collect();
        let mut found = BTreeMap::new();
        for quotations in quotations.chunks(BATCH) {
            let lines = insist(|| {
                records::find(line_item::KIND, line_item::QUOTATION, quotations, &wanted)
            })?;
            for line in lines {
                let line = desk.own(line.record);
                let keys = line.keys.clone();
                found.extend(keys.into_iter().map(|key| (key, line.clone())));
            }
        }
        let lines = now.values().flatten().flatten();
        let others = lines.map(|line| &line.id);
        let others = unique(others.filter(|id| !found.contains_key(*id)).cloned());
        found.extend(desk.linked(line_item::KIND, &others, &wanted)?);
        Ok(found)
    }
}

fn statuses(client: &mut Client) -> Result<Vec<Choice>, Trouble> {
    let known = catalog::load(client, &SPEC)?;
    let status = known
        .into_iter()
        .find(|property| property.name == quote::STATUS);
    Ok(status.map(|status| status.options).unwrap_or_default())
}

/// By HubSpot id of a deal: its ticket.
fn tickets(
    desk: &Desk<'_>,
    deals: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Stored>, Trouble> {
    let ids = unique(deals.values().cloned());
    desk.linked(deal::KIND, &ids, &[CUSTOMER, SITE, USER].map(str::to_owned))
}
