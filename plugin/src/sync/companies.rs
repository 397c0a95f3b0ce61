//! What is looked up for a page of companies.

use std::collections::{BTreeMap, BTreeSet};

use super::keys;
use super::memory::BATCH;
use super::page::{Desk, Import, Looked, PageOf};
use super::plan::Agreed;
use super::plan::company::{Known, Rules, plan_page};
use super::sites;
use crate::contract::halo::integration::records::{self, Stored};
use crate::contract::halo::integration::types::Attribute;
use crate::entity::company::{self, KIND, SITE, SPEC};
use crate::entity::{self, Place, Spec};
use crate::field::fold;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::Object;
use crate::matching::{Candidates, text_of};
use crate::patience::insist;
use crate::settings::Target;

/// An import of companies.
pub struct Companies<'a> {
    /// How.
    pub rules: Rules<'a>,
}

impl Import for Companies<'_> {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn look(
        &self,
        desk: &Desk<'_>,
        _client: &mut Client,
        page: PageOf<'_>,
    ) -> Result<Looked, Trouble> {
        let known = self.look_up(desk, page.objects)?;
        let fates = plan_page(page.objects, &self.rules, &known);
        Ok(Looked {
            linked: known.candidates.linked.into_keys().collect(),
            agreed: known.agreed,
            intents: known.intents,
            fates,
            ..Looked::default()
        })
    }

    fn title(&self, object: &Object) -> Option<String> {
        company::title(object).map(str::to_owned)
    }

    fn facets(&self, object: &Object) -> Vec<Attribute> {
        let stage = object.property(company::STAGE).map(|stage| Attribute {
            name: "stage".to_owned(),
            value: stage.to_owned(),
        });
        stage.into_iter().collect()
    }

    fn shown(&self, id: &str, agreed: &Agreed) -> (&'static str, u64) {
        match &agreed.site {
            Some(site) if self.rules.table.is_site(id) || agreed.record == 0 => (SITE, site.record),
            _ => (KIND, agreed.record),
        }
    }
}

impl Companies<'_> {
    fn look_up(&self, desk: &Desk<'_>, objects: &[Object]) -> Result<Known, Trouble> {
        let always = [company::NAME, company::INACTIVE];
        let wanted = entity::wanted(&always, self.rules.fields_of(&[Place::Own]));
        let ids: Vec<String> = objects
            .iter()
            .flat_map(Object::ids)
            .map(str::to_owned)
            .collect();
        let mut candidates = Candidates {
            linked: desk.linked(KIND, &ids, &wanted)?,
            ..Candidates::default()
        };
        desk.made(objects, &mut candidates.linked, &wanted)?;
        let included: Vec<&Object> = objects
            .iter()
            .filter(|object| company::is_included(self.rules.settings, object))
            .collect();
        let targets: BTreeSet<Target> = included
            .iter()
            .flat_map(|object| object.ids())
            .flat_map(|id| self.rules.table.targets(id).unwrap_or_default())
            .copied()
            .collect();
        candidates.tabled = self.tabled(desk, KIND, &targets, &wanted)?;
        candidates.sites = self.tabled(desk, SITE, &targets, &sites::wanted(&self.rules))?;
        candidates.named = self.named(desk, &included, &candidates, &wanted)?;

        let agreed = desk.agreed(objects, &candidates.linked, self.rules.fields)?;
        let intents = desk.remembered(&ids, keys::intent)?;
        candidates.gone = desk.gone_ids(candidates.records(), &agreed)?;
        let sites = sites::look_up(desk, &self.rules, &included, &candidates, &intents)?;
        Ok(Known {
            candidates,
            agreed,
            intents,
            sites,
        })
    }

    /// The records of one kind that the mapping table names.
    fn tabled(
        &self,
        desk: &Desk<'_>,
        kind: &str,
        targets: &BTreeSet<Target>,
        wanted: &[String],
    ) -> Result<BTreeMap<u64, Stored>, Trouble> {
        let ids: Vec<u64> = targets
            .iter()
            .filter_map(|target| match target {
                Target::Customer(id) => (kind == KIND).then_some(*id),
                Target::Site(id) => (kind == SITE).then_some(*id),
            })
            .collect();
        let mut tabled = BTreeMap::new();
        for ids in ids.chunks(BATCH) {
            let found = insist(|| records::read(kind, ids, wanted))?;
            tabled.extend(
                found
                    .into_iter()
                    .flatten()
                    .map(|stored| (stored.id, desk.own(stored))),
            );
        }
        Ok(tabled)
    }

    /// Customers that bear the name of a company that is not linked.
    fn named(
        &self,
        desk: &Desk<'_>,
        objects: &[&Object],
        candidates: &Candidates,
        wanted: &[String],
    ) -> Result<BTreeMap<String, Vec<Stored>>, Trouble> {
        let names: Vec<String> = objects
            .iter()
            .filter(|object| !candidates.linked.contains_key(&object.id))
            .filter_map(|object| company::title(object))
            .map(str::to_owned)
            .collect();
        let mut named: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
        for names in names.chunks(BATCH) {
            for candidate in insist(|| records::find(KIND, company::NAME, names, wanted))? {
                let Some(name) = text_of(&candidate.record, company::NAME) else {
                    continue;
                };
                let same = named.entry(fold(name)).or_default();
                // Two companies may have asked for the same name.
                if !same.iter().any(|known| known.id == candidate.record.id) {
                    same.push(desk.own(candidate.record));
                }
            }
        }
        Ok(named)
    }
}
