//! What becomes of one product: an item, by its link, its SKU or its name; else a new
//! one in the item group of the settings.

use std::collections::{BTreeMap, BTreeSet};

use super::converted::converted;
use super::{
    Agreed, Fate, Part, Values, after_renames, agreed_with, changed, field, intents_of, made,
    refused,
};
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::{Field, RecordRef, Value};
use crate::entity::Mapped;
use crate::entity::company::INACTIVE;
use crate::entity::product::{self, GROUP, KIND, NAME, REFERENCE};
use crate::failure::Failure;
use crate::field::fold;
use crate::hubspot::objects::Object;
use crate::matching::text_of;
use crate::settings::Products;
use crate::sync::intent::Intent;

/// How products are imported.
#[derive(Debug)]
pub struct Rules<'a> {
    /// The settings.
    pub settings: &'a Products,
    /// The fields that are filled.
    pub fields: &'a [Mapped],
    /// Goes before the ids of HubSpot in external keys.
    pub prefix: &'a str,
}

/// What was read for a page.
#[derive(Debug, Default)]
pub struct Known {
    /// By HubSpot id: the items that are linked.
    pub linked: BTreeMap<String, Stored>,
    /// By SKU: the items that have it.
    pub by_sku: BTreeMap<String, Vec<Stored>>,
    /// By folded name: the items that bear it.
    pub by_name: BTreeMap<String, Vec<Stored>>,
    /// HubSpot ids that are linked and that HubSpot does not have.
    pub gone: BTreeSet<String>,
    /// By HubSpot id.
    pub agreed: BTreeMap<String, Agreed>,
    /// By HubSpot id: what was to be written when a call ended.
    pub intents: BTreeMap<String, Intent>,
}

/// What this page has planned so far: two products of one page must not become one
/// item, nor two where the second would have found the first on a later page.
#[derive(Debug, Default)]
pub struct Taken {
    /// Items that are linked.
    records: BTreeMap<u64, String>,
    /// Items that are made.
    made: Vec<Named>,
    /// Items that get another name or reference.
    renamed: Vec<Named>,
}

/// An item as it will be in Halo.
#[derive(Debug, PartialEq)]
struct Named {
    product: String,
    /// Folded.
    name: String,
    reference: Option<String>,
}

/// Plans the products of a page.
pub fn plan_page(objects: &[Object], rules: &Rules<'_>, known: &Known) -> Vec<Fate> {
    let renamed = |first: Taken| Taken {
        renamed: first.renamed,
        ..Taken::default()
    };
    after_renames(objects, renamed, |object, taken| {
        plan(object, rules, known, taken)
    })
}

/// Plans one product.
fn plan(object: &Object, rules: &Rules<'_>, known: &Known, taken: &mut Taken) -> Fate {
    let linked = known.linked.get(&object.id);
    let stop = |outcome, reason| Fate::Stop {
        outcome,
        reason,
        record: linked.map(|record| record.id),
    };
    let Some(title) = product::title(object) else {
        let reason = "The product has no name. Give it one in HubSpot.";
        return stop("failed", Failure::new("invalid", reason));
    };
    let found = item(object, title, known);
    if linked.is_none()
        && found.is_ok()
        && let Some(other) = twin(&taken.renamed, object, title)
    {
        return stop("conflict", same_as(other));
    }
    match found {
        Err(reason) => stop("conflict", reason),
        Ok(Some(record)) => match taken.records.get(&record.id) {
            Some(other) if *other != object.id => stop("conflict", taken_by(record, other)),
            _ => {
                taken.records.insert(record.id, object.id.clone());
                update(object, record, rules, known, taken)
            }
        },
        Ok(None) => match twin(&taken.made, object, title) {
            Some(other) => stop("conflict", same_as(other)),
            None => create(object, title, rules, taken),
        },
    }
}

/// Which item it is: by link, then by SKU, then by name. Nothing is guessed.
fn item<'a>(object: &Object, title: &str, known: &'a Known) -> Result<Option<&'a Stored>, Failure> {
    if let Some(record) = known.linked.get(&object.id) {
        // Back after it was gone: another one may have taken its place meanwhile.
        return match rival(record, object, known) {
            Some(other) if known.gone.contains(&object.id) => Err(taken_by(record, other)),
            _ => Ok(Some(record)),
        };
    }
    let sku = product::sku(object);
    let same = sku.and_then(|sku| known.by_sku.get(sku));
    let same: Vec<&Stored> = same.into_iter().flatten().collect();
    if let Some(record) = only(&same, object, known, "SKU", "another internal reference")? {
        return Ok(Some(record));
    }
    let same = known.by_name.get(&fold(title)).into_iter().flatten();
    let same: Vec<&Stored> = same
        // Another product is that one: the same article in another size, say.
        .filter(|record| {
            !(are_different(sku, text_of(record, REFERENCE))
                && rival(record, object, known).is_some())
        })
        .collect();
    only(&same, object, known, "name", "another name")
}

/// The one of these items that no other product is.
fn only<'a>(
    same: &[&'a Stored],
    object: &Object,
    known: &Known,
    what: &str,
    mend: &str,
) -> Result<Option<&'a Stored>, Failure> {
    match same {
        [] => Ok(None),
        [record] => match rival(record, object, known) {
            None => Ok(Some(record)),
            Some(other) => Err(taken_by(record, other)),
        },
        [first, second, ..] => Err(Failure::new(
            "ambiguous",
            format!(
                "Items {} and {} have its {what}. Give one of them {mend} in Halo, or remove it.",
                first.id, second.id
            ),
        )),
    }
}

/// Whether two SKUs tell two things apart; what has none may be anything.
fn are_different(left: Option<&str>, right: Option<&str>) -> bool {
    let given = |sku: Option<&'_ str>| sku.map(|sku| sku.trim().to_owned()).unwrap_or_default();
    let (left, right) = (given(left), given(right));
    !left.is_empty() && !right.is_empty() && left != right
}

/// Another product that this item is linked to and that HubSpot has.
fn rival<'a>(record: &'a Stored, object: &Object, known: &Known) -> Option<&'a str> {
    let mut keys = record.keys.iter().map(String::as_str);
    keys.find(|key| *key != object.id && !known.gone.contains(*key))
}

fn taken_by(record: &Stored, other: &str) -> Failure {
    Failure::new(
        "already-linked",
        format!(
            "Item {} is already linked to HubSpot product {other}. If both are the same product, delete one of them in HubSpot; else give each its own name and SKU.",
            record.id
        ),
    )
}

fn same_as(other: &str) -> Failure {
    Failure::new(
        "already-linked",
        format!(
            "HubSpot product {other} has the same SKU or name and becomes that item. If both are the same product, delete one of them in HubSpot; else give each its own name and SKU."
        ),
    )
}

/// The product of this page whose item this one would find in Halo once that is written.
fn twin<'a>(items: &'a [Named], object: &Object, title: &str) -> Option<&'a str> {
    let sku = product::sku(object);
    let name = fold(title);
    let is_same = |item: &&Named| {
        if item.product == object.id {
            return false;
        }
        let reference = item.reference.as_deref();
        let by_sku = sku.is_some() && reference == sku;
        by_sku || (item.name == name && !are_different(sku, reference))
    };
    items.iter().find(is_same).map(|item| item.product.as_str())
}

impl Named {
    /// With what is written of it, else with what it has.
    fn of(object: &Object, written: &[Field], record: Option<&Stored>) -> Named {
        let text = |name| text_in(written, name).or_else(|| text_of(record?, name));
        Named {
            product: object.id.clone(),
            name: fold(text(NAME).unwrap_or_default()),
            reference: text(REFERENCE).map(|text| text.trim().to_owned()),
        }
    }
}

fn create(object: &Object, title: &str, rules: &Rules<'_>, taken: &mut Taken) -> Fate {
    let fields: Vec<&Mapped> = rules.fields.iter().collect();
    let values = converted(object, &fields, None);
    let mut written = match values.filled(NAME) {
        Ok(fields) => fields,
        Err(reason) => return refused(reason, None),
    };
    // A row may fill the name with a property that is empty here, or only send it to
    // HubSpot; an item needs one all the same.
    if !written.iter().any(|field| field.name == NAME) {
        written.push(field(NAME, Value::Text(title.to_owned())));
    }
    taken.made.push(Named::of(object, &written, None));
    // S34: for new items only.
    if let Some(group) = rules.settings.item_group {
        written.push(field(GROUP, Value::Reference(RecordRef::Id(group))));
    }
    let item = Part {
        kind: KIND,
        record: None,
        row: Some(made(KIND, object, rules.prefix, written)),
        agreed: Some(values.agreed(object, None)),
        line: None,
    };
    Fate::Goes {
        parts: vec![item],
        note: values.note(None),
        until: Vec::new(),
    }
}

fn text_in<'a>(fields: &'a [Field], name: &str) -> Option<&'a str> {
    fields
        .iter()
        .find(|field| field.name == name)
        .and_then(|field| match &field.value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
}

fn update(
    object: &Object,
    record: &Stored,
    rules: &Rules<'_>,
    known: &Known,
    taken: &mut Taken,
) -> Fate {
    let last = agreed_with(object, record, &known.agreed);
    let intents = intents_of(object, &known.intents);
    let fields: Vec<&Mapped> = rules.fields.iter().collect();
    let mut values = converted(object, &fields, Some(record));
    let mut written = values.decided((KIND, record), last, &intents);
    // An item always has a name.
    written.retain(|field| field.name != NAME || field.value != Value::None);
    let named = Named::of(object, &written, Some(record));
    if named != Named::of(object, &[], Some(record)) {
        taken.renamed.push(named);
    }
    let is_linked = record.keys.contains(&object.id);
    let row = changed(KIND, object, rules.prefix, record, written);
    let item = Part {
        kind: KIND,
        record: Some(record.id),
        row,
        agreed: Some(values.agreed(object, Some(last.unwrap_or(&Values::new())))),
        line: None,
    };
    Fate::Goes {
        parts: vec![item],
        note: values.note(linked_while_inactive(record, is_linked)),
        until: Vec::new(),
    }
}

/// A3, for items.
fn linked_while_inactive(record: &Stored, is_linked: bool) -> Option<Failure> {
    let is_inactive = text_of(record, INACTIVE) == Some("true");
    (is_inactive && !is_linked).then(|| {
        Failure::new(
            "inactive",
            format!(
                "It was linked to item {}, which is inactive in Halo. Make the item active if that is wrong.",
                record.id
            ),
        )
    })
}

#[cfg(test)]
mod tests;
