//! What is looked up for a page of deals: their tickets, their pipelines, and whose
//! they are.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::deleted::Deletion;
use super::keys;
use super::page::{Desk, Import, Looked, PageOf};
use super::plan::Held;
use super::plan::deal::{Known, Rules, plan};
use super::plan::whose::{CUSTOMER, SITE, USER};
use super::whose::{Search, once};
use crate::contract::halo::integration::types::Attribute;
use crate::entity::deal::{self, KIND, SPEC};
use crate::entity::{self, Spec};
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::Object;
use crate::hubspot::owners::{self, Owner};
use crate::hubspot::pipelines::{self, Pipeline};
use crate::matching::Table;
use crate::settings::deleted::OfDeal;

/// An import of deals.
pub struct Deals<'a> {
    /// How.
    pub rules: Rules<'a>,
    /// The customer mapping table.
    pub table: Table<'a>,
    /// Read once a slice.
    pub pipelines: OnceCell<Vec<Pipeline>>,
    /// Read once a slice, where a deal has an owner.
    pub owners: OnceCell<Vec<Owner>>,
    /// How far the account is from UTC.
    pub offset_ms: OnceCell<i64>,
}

impl Import for Deals<'_> {
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
        let pipelines = once(&self.pipelines, || pipelines::load(client, SPEC.objects))?;
        if page.objects.iter().any(|deal| deal::owner(deal).is_some()) {
            once(&self.owners, || owners::load(client))?;
        }
        let offset_ms = *self.offset_ms.get_or_init(|| desk.account.utc_offset_ms);
        let deals: Vec<Object> = page
            .objects
            .iter()
            .map(|object| deal::derived(object.clone(), pipelines, offset_ms))
            .collect();
        let mut known = self.look_up(desk, client, page, pipelines)?;
        known.owners = self.owners.get().map(Vec::as_slice).unwrap_or_default();
        let fates = deals
            .iter()
            .map(|deal| plan(deal, &self.rules, &known))
            .collect();
        Ok(Looked {
            linked: known.linked.into_keys().collect(),
            agreed: known.agreed,
            intents: known.intents,
            fates,
            chosen: known.chosen,
        })
    }

    fn deletion(&self, at: &str) -> Deletion {
        match self.rules.settings.deleted {
            OfDeal::Leave => Deletion::Leave,
            OfDeal::Remove => Deletion::Remove,
            OfDeal::Close => Deletion::Set("closed", deal::closed(at)),
        }
    }

    fn title(&self, object: &Object) -> Option<String> {
        deal::title(object).map(str::to_owned)
    }

    fn facets(&self, object: &Object) -> Vec<Attribute> {
        // One that HubSpot did not answer has nothing to choose it by.
        let (Some(pipelines), Some(offset_ms)) = (self.pipelines.get(), self.offset_ms.get())
        else {
            return Vec::new();
        };
        let owners = self.owners.get().map(Vec::as_slice).unwrap_or_default();
        let deal = deal::derived(object.clone(), pipelines, *offset_ms);
        deal::facets(&deal, pipelines, owners)
    }
}

impl Deals<'_> {
    fn look_up<'k>(
        &self,
        desk: &Desk<'_>,
        client: &mut Client,
        page: PageOf<'_>,
        pipelines: &'k [Pipeline],
    ) -> Result<Known<'k>, Trouble> {
        let always = [&[CUSTOMER, SITE, USER][..], &deal::PROSPECTS].concat();
        let wanted = entity::wanted(&always, self.rules.fields);
        let ids: Vec<String> = page
            .objects
            .iter()
            .flat_map(Object::ids)
            .map(str::to_owned)
            .collect();
        let linked = desk.linked(KIND, &ids, &wanted)?;
        let agreed = desk.agreed(page.objects, &linked, self.rules.fields)?;
        let intents = desk.remembered(&ids, keys::intent)?;
        // Of those that are not imported nobody needs to know whose they are.
        let chosen: BTreeSet<String> = match self.rules.chosen {
            true => page.objects.iter().map(|deal| deal.id.clone()).collect(),
            // Somebody had chosen it when it could not go in.
            false => { desk.remembered::<Held>(&ids, keys::held)?.into_iter() }
                .filter(|(_, held)| held.chosen)
                .map(|(id, _)| id)
                .collect(),
        };
        let goes = |deal: &&Object| {
            let is_linked = deal.ids().iter().any(|id| linked.contains_key(*id));
            let stage = deal::stage(deal, pipelines);
            let may_create = self.rules.may_create() || chosen.contains(&deal.id);
            let is_new = || may_create && stage.is_ok_and(|(_, s)| !s.is_closed());
            is_linked || is_new()
        };
        let deals: Vec<&Object> = page.objects.iter().filter(goes).collect();
        let search = Search {
            spec: &SPEC,
            company: deal::company,
            primary: deal::PRIMARY,
            table: &self.table,
            with_prospects: true,
        };
        let whose = search.whose(desk, client, &deals, page.with_associations)?;
        let gone = desk.gone_ids(linked.values(), &agreed)?;
        Ok(Known {
            pipelines,
            linked,
            whose,
            gone,
            agreed,
            intents,
            chosen,
            ..Known::default()
        })
    }
}
