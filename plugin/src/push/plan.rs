//! What becomes of the change of one linked record: which properties are written, or
//! why none is.

use std::collections::BTreeMap;

use super::field::{Last, Outward, Sending};
use super::rows::Rows;
use crate::contract::halo::integration::records::Stored;
use crate::failure::Failure;
use crate::hubspot::objects::Object;
use crate::matching::value_of;
use crate::settings::sync_back::Winner;
use crate::sync::plan::Agreed;

/// One changed record.
#[derive(Debug)]
pub struct Case<'a> {
    /// As it is in Halo.
    pub record: &'a Stored,
    /// As its object is in HubSpot.
    pub object: &'a Object,
    /// As both were when they were last compared.
    pub agreed: Option<&'a Agreed>,
    /// The fields that Halo's change names.
    pub edited: &'a [String],
}

/// What is written of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update {
    /// By property: HubSpot's value before, and the one that is sent.
    pub properties: BTreeMap<String, (String, String)>,
    /// By property: what both hold already.
    pub same: BTreeMap<String, String>,
    /// What a person should know: fields that both sides have changed.
    pub note: Option<Failure>,
}

impl Update {
    /// By property: what is sent.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let properties = self.properties.iter();
        properties.map(|(name, (_, text))| (name.as_str(), text.as_str()))
    }
}

/// Plans the update of one record; fails where HubSpot cannot hold a value.
pub fn update(case: &Case<'_>, rows: &Rows, winner: Winner) -> Result<Update, Failure> {
    let mut stuck = rows.stuck.iter();
    if let Some(stuck) = stuck.find(|stuck| case.edited.contains(&stuck.field)) {
        return Err(stuck.failure());
    }
    let mut update = Update::default();
    let mut lost = Vec::new();
    for row in &rows.outward {
        let halo = value_of(case.record, &row.field);
        let hubspot = case.object.property(&row.property).unwrap_or_default();
        let was_edited = case.edited.contains(&row.field);
        let last = last(case.agreed, row);
        let sending = row
            .decide(halo, hubspot, last, was_edited, winner)
            .map_err(|message| {
                Failure::new("value", message)
                    .with("field", &row.field)
                    .with("property", &row.property)
            })?;
        match sending {
            Sending::Left => {}
            Sending::Same => {
                update.same.insert(row.property.clone(), hubspot.to_owned());
            }
            Sending::Send(text) => {
                let values = (hubspot.to_owned(), text);
                update.properties.insert(row.property.clone(), values);
            }
            Sending::Lost { halo } => lost.push(format!(
                "The field {:?} was changed on both sides: HubSpot's {hubspot:?} stays, Halo's {halo:?} is not sent.",
                row.field
            )),
        }
    }
    update.note = (!lost.is_empty()).then(|| Failure::new("changed-on-both-sides", lost.join(" ")));
    Ok(update)
}

/// What both held of a row.
fn last<'a>(agreed: Option<&'a Agreed>, row: &Outward) -> Option<Last<'a>> {
    let agreed = agreed?;
    let sent = agreed.sent.get(&row.property);
    let hubspot = match agreed.values.get(&row.field).filter(|_| row.comes_too) {
        Some(hubspot) => hubspot.as_deref(),
        None => Some(sent?.hubspot.as_str()),
    };
    // What was sent counts only as long as HubSpot holds what it made of it.
    let sent = sent.filter(|sent| sent.hubspot == hubspot.unwrap_or_default());
    Some(Last {
        hubspot,
        sent: sent.map(|sent| sent.halo.as_str()),
    })
}

#[cfg(test)]
mod tests;
