//! The objects of changed records as HubSpot has them now, also those that were merged
//! into another one meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::Rows;
use super::told::Told;
use super::update::Pair;
use crate::contract::halo::integration::records;
use crate::hubspot::client::{Client, Trouble, json};
use crate::hubspot::objects::{self, MERGED, Object, Page};
use crate::patience::insist;
use crate::sync::memory::BATCH;
use crate::sync::whose::unique;

/// What was found.
#[derive(Debug, Default)]
pub struct Present {
    /// By the id of the link.
    pub objects: BTreeMap<String, Object>,
    /// By HubSpot's id of objects that others were merged into: the records that are
    /// linked to it or to one of those.
    pub owners: BTreeMap<String, BTreeSet<u64>>,
}

/// Reads them.
pub fn read(
    told: &Told<'_>,
    client: &mut Client,
    rows: &Rows,
    pairs: &[Pair<'_>],
) -> Result<Present, Trouble> {
    let mut properties: BTreeSet<&str> = rows.outward.iter().map(|r| r.property.as_str()).collect();
    properties.insert(MERGED);
    properties.extend(told.opt_out.property.as_deref());
    let properties: Vec<&str> = properties.into_iter().collect();
    // HubSpot refuses a batch with the same id twice.
    let ids = unique(pairs.iter().map(|pair| pair.linked.clone()));
    let mut present = Present::default();
    present.add(&ids, batch(told, client, &properties, &ids)?);
    let missing = { ids.iter() }.filter(|id| !present.objects.contains_key(*id));
    let mut survivors: BTreeMap<String, String> = BTreeMap::new();
    for id in missing {
        if let Some(survivor) = survivor(told, client, id)? {
            survivors.insert(id.clone(), survivor);
        }
    }
    if survivors.is_empty() {
        return Ok(present);
    }
    let new = unique(survivors.values().cloned());
    let objects = batch(told, client, &properties, &new)?;
    // Whoever is linked to it, or to another object that is a part of it now.
    let parts: Vec<(&str, &str)> = { objects.iter() }
        .flat_map(|object| {
            let ids = object.ids().into_iter();
            ids.map(|id| (object.id.as_str(), id))
        })
        .collect();
    let keys: Vec<String> = parts.iter().map(|(_, id)| told.key(id)).collect();
    for (keys, parts) in keys.chunks(BATCH).zip(parts.chunks(BATCH)) {
        let linked = insist(|| records::resolve(told.section.spec().kind, keys, &[]))?;
        for ((survivor, _), record) in parts.iter().zip(linked) {
            let owners = present.owners.entry((*survivor).to_owned()).or_default();
            owners.extend(record.map(|record| record.id));
        }
    }
    for (old, new) in survivors {
        if let Some(object) = objects.iter().find(|object| object.id == new) {
            present.objects.insert(old, object.clone());
        }
    }
    Ok(present)
}

impl Present {
    fn add(&mut self, asked: &[String], objects: Vec<Object>) {
        for object in objects {
            for id in object.ids() {
                if asked.iter().any(|known| known == id) {
                    self.objects.insert(id.to_owned(), object.clone());
                }
            }
        }
    }
}

fn batch(
    told: &Told<'_>,
    client: &mut Client,
    properties: &[&str],
    ids: &[String],
) -> Result<Vec<Object>, Trouble> {
    let objects = told.section.spec().objects;
    let call = objects::batch_read(client.version(), objects, properties, ids);
    let page: Page = client.read(call)?;
    Ok(page.results)
}

/// The object that one was merged into. HubSpot answers it by the old id, but only to
/// calls for a single object: batches know present ids only.
fn survivor(told: &Told<'_>, client: &mut Client, id: &str) -> Result<Option<String>, Trouble> {
    let call = objects::get(client.version(), told.section.spec().objects, id);
    match client.call(call) {
        Ok(response) => {
            let object: Object = json(&response)?;
            Ok(Some(object.id))
        }
        Err(Trouble::Failed(failure)) if failure.code == "not-found" => Ok(None),
        Err(trouble) => Err(trouble),
    }
}
