//! What is looked up for a page of products.

use std::collections::BTreeMap;

use super::deleted::Deletion;
use super::keys;
use super::memory::BATCH;
use super::page::{Desk, Import, Looked, PageOf};
use super::plan::product::{Known, Rules, plan_page};
use crate::contract::halo::integration::records::{self, Stored};
use crate::contract::halo::integration::types::Attribute;
use crate::entity::company::INACTIVE;
use crate::entity::product::{self, KIND, NAME, REFERENCE, SPEC};
use crate::entity::{self, Spec};
use crate::field::fold;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::Object;
use crate::matching::text_of;
use crate::patience::insist;
use crate::settings::deleted::OfProduct;

/// An import of products.
pub struct Products<'a> {
    /// How.
    pub rules: Rules<'a>,
}

impl Import for Products<'_> {
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
            linked: known.linked.into_keys().collect(),
            agreed: known.agreed,
            intents: known.intents,
            fates,
            ..Looked::default()
        })
    }

    fn deletion(&self, _at: &str) -> Deletion {
        match self.rules.settings.deleted {
            OfProduct::Leave => Deletion::Leave,
            OfProduct::Inactive => {
                Deletion::Set("made inactive", vec![(INACTIVE, true.to_string())])
            }
        }
    }

    fn title(&self, object: &Object) -> Option<String> {
        product::title(object).map(str::to_owned)
    }

    fn facets(&self, object: &Object) -> Vec<Attribute> {
        let sku = product::sku(object).map(|sku| Attribute {
            name: "sku".to_owned(),
            value: sku.to_owned(),
        });
        sku.into_iter().collect()
    }
}

impl Products<'_> {
    fn look_up(&self, desk: &Desk<'_>, objects: &[Object]) -> Result<Known, Trouble> {
        let wanted = entity::wanted(&[NAME, REFERENCE, INACTIVE], self.rules.fields);
        let ids: Vec<String> = objects.iter().map(|object| object.id.clone()).collect();
        let mut linked = desk.linked(KIND, &ids, &wanted)?;
        desk.made(objects, &mut linked, &wanted)?;
        let unlinked = || {
            let objects = objects.iter();
            objects.filter(|object| !linked.contains_key(&object.id))
        };
        let skus = unlinked().filter_map(product::sku);
        let by_sku = found(desk, REFERENCE, skus, |sku| sku.trim().to_owned(), &wanted)?;
        let names = unlinked().filter_map(product::title);
        let by_name = found(desk, NAME, names, fold, &wanted)?;
        let agreed = desk.agreed(objects, &linked, self.rules.fields)?;
        let intents = desk.remembered(&ids, keys::intent)?;
        let records = linked
            .values()
            .chain(by_sku.values().flatten())
            .chain(by_name.values().flatten());
        Ok(Known {
            gone: desk.gone_ids(records, &agreed)?,
            linked,
            by_sku,
            by_name,
            agreed,
            intents,
        })
    }
}

/// The items whose field holds one of these texts, by that text as it is compared.
fn found<'a>(
    desk: &Desk<'_>,
    field: &str,
    texts: impl Iterator<Item = &'a str>,
    compared: fn(&str) -> String,
    wanted: &[String],
) -> Result<BTreeMap<String, Vec<Stored>>, Trouble> {
    let texts: Vec<String> = texts.map(str::to_owned).collect();
    let mut by_text: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
    for texts in texts.chunks(BATCH) {
        for found in insist(|| records::find(KIND, field, texts, wanted))? {
            // The host may answer too many; what counts is our own comparison.
            let Some(own) = text_of(&found.record, field).map(compared) else {
                continue;
            };
            let same = by_text.entry(own).or_default();
            // Two products may have asked for the same.
            if !same.iter().any(|known| known.id == found.record.id) {
                same.push(desk.own(found.record));
            }
        }
    }
    Ok(by_text)
}
