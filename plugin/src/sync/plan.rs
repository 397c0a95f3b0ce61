//! What becomes of one row: which records are written, or why none is. Plain
//! functions of what was read on both sides; here is what all entities have in
//! common, and each has a file of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::deleted::Replaced;
use super::gone::Gone;
use super::intent::Intent;
use super::outgoing::Way;
use crate::contract::halo::integration::records::{Row, RowOptions, Stored};
use crate::contract::halo::integration::types::{Field, RecordRef, Value};
use crate::entity::{self, Mapped};
use crate::failure::Failure;
use crate::field::decide::{Rule, decide};
use crate::hubspot::objects::Object;
use crate::matching::value_of;

pub mod company;
pub mod contact;
pub mod converted;
pub mod deal;
pub mod line;
pub mod product;
mod prospect;
pub mod quote;
pub mod site;
pub mod whose;

/// HubSpot's values as of the last comparison, and the record that they were
/// compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Halo's id.
    pub record: u64,
    /// By Halo's field; null for empty.
    pub values: Values,
    /// The same of its site. A company that never was a customer has only that, and
    /// 0 for a customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<AgreedSite>,
    /// By HubSpot's id: the same of its lines.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lines: BTreeMap<String, AgreedLine>,
    /// By property: what was sent to HubSpot, where that is not what it holds, or where
    /// its changes do not come to Halo.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<String, Sent>,
    /// The list of everything that it was seen in last.
    #[serde(default)]
    pub seen: u64,
    /// HubSpot does not have it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Gone>,
    /// What was done to its record for that, to be taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<Replaced>,
}

/// What was sent of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The text.
    pub halo: String,
    /// What HubSpot has made of it: it may put a telephone number into its own form.
    pub hubspot: String,
}

impl Agreed {
    /// Remembers what both hold of a field that goes out: what was sent of Halo's, and what
    /// HubSpot has made of it.
    pub fn remember(&mut self, way: Way<'_>, halo: &str, hubspot: &str) {
        if way.comes {
            let value = Some(hubspot.to_owned()).filter(|text| !text.is_empty());
            self.values.insert(way.field.to_owned(), value);
        }
        if way.comes && halo == hubspot {
            self.sent.remove(way.property);
        } else {
            let (halo, hubspot) = (halo.to_owned(), hubspot.to_owned());
            self.sent
                .insert(way.property.to_owned(), Sent { halo, hubspot });
        }
    }
}

/// What was compared with the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedSite {
    /// Halo's id.
    pub record: u64,
    /// By Halo's field; null for empty.
    pub values: Values,
}

/// What was compared with a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedLine {
    /// Halo's id.
    pub record: u64,
    /// By Halo's field; null for empty.
    pub values: Values,
    /// When HubSpot had changed it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
}

/// HubSpot's values by Halo's field; nothing for empty.
pub type Values = BTreeMap<String, Option<String>>;

/// One of the records that an object fills.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its kind.
    pub kind: &'static str,
    /// The record, when it exists already.
    pub record: Option<u64>,
    /// What is written, if anything.
    pub row: Option<Row>,
    /// What to remember once it stands, where anything was compared.
    pub agreed: Option<Values>,
    /// The line that it is; with nothing to remember, one that is no more.
    pub line: Option<Line>,
}

/// A line of an object, which is an object of its own in HubSpot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// HubSpot's id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// When HubSpot had changed it last.
    pub modified: Option<String>,
}

impl Part {
    /// Names its record among all records of the object.
    pub fn place(&self) -> Cow<'static, str> {
        match &self.line {
            Some(line) => Cow::Owned(line.place(self.kind)),
            None => Cow::Borrowed(self.kind),
        }
    }
}

impl Line {
    /// Names its record, which is of this kind, among all records of the object.
    pub fn place(&self, kind: &str) -> String {
        format!("{kind} {}", self.id)
    }
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It goes in, or is in already.
    Goes {
        /// Its records; the first is what the object is.
        parts: Vec<Part>,
        /// What a person should know all the same.
        note: Option<Failure>,
        /// Looked at again once one of these is in Halo.
        until: Vec<Awaited>,
    },
    /// Not imported.
    Stop {
        /// `skipped`, `conflict` or `failed`.
        outcome: &'static str,
        /// Why.
        reason: Failure,
        /// The record that it is linked to, when there is one.
        record: Option<u64>,
    },
    /// Not imported before one of these objects is; where none is named, something else
    /// is missing that may come without a change of this object.
    Wait {
        /// Which.
        until: Vec<Awaited>,
        /// Why.
        reason: Failure,
    },
}

/// An object that must be in Halo first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// The kinds of records that it may become.
    pub kinds: Vec<String>,
    /// HubSpot's id.
    pub id: String,
}

impl Awaited {
    /// An object that may become a record of one of these kinds.
    pub fn of(kinds: &[&str], id: &str) -> Awaited {
        Awaited {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            id: id.to_owned(),
        }
    }

    /// For people: `company 5`.
    pub fn name(&self) -> String {
        let what = match self.kinds.first().map(String::as_str) {
            Some(kind) if kind == entity::company::KIND => entity::company::SPEC.one,
            Some(kind) if kind == entity::company::SITE => "site of company",
            Some(kind) if kind == entity::contact::KIND => entity::contact::SPEC.one,
            Some(kind) if kind == entity::deal::KIND => entity::deal::SPEC.one,
            Some(kind) if kind == entity::product::KIND => entity::product::SPEC.one,
            _ => "object",
        };
        format!("{what} {}", self.id)
    }
}

/// A row that is looked at again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Why.
    pub code: String,
    /// Not before one of these is in Halo; where none is named, at each import.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub until: Vec<Awaited>,
    /// It was wanted, where that is a choice: nobody needs to choose it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chosen: bool,
}

impl Fate {
    /// Its records.
    pub fn parts(&self) -> &[Part] {
        match self {
            Fate::Goes { parts, .. } => parts,
            Fate::Stop { .. } | Fate::Wait { .. } => &[],
        }
    }

    /// The kinds of records of which fields are written, or one is removed.
    pub fn written_kinds(&self) -> impl Iterator<Item = &'static str> {
        let rows = { self.parts().iter() }
            .filter_map(|part| part.row.as_ref().map(|row| (part.kind, row)));
        rows.filter(|(_, row)| !row.fields.is_empty() || row.options == RowOptions::REMOVE)
            .map(|(kind, _)| kind)
    }
}

/// Plans the objects of a page twice: which records get another name (`renamed` of what
/// the first time left) is known before any is found by its name. Whether that is written
/// already when a page is worked on once more makes no difference.
fn after_renames<T: Default>(
    objects: &[Object],
    renamed: impl FnOnce(T) -> T,
    plan: impl Fn(&Object, &mut T) -> Fate,
) -> Vec<Fate> {
    let mut first = T::default();
    for object in objects {
        plan(object, &mut first);
    }
    let mut taken = renamed(first);
    let objects = objects.iter();
    objects.map(|object| plan(object, &mut taken)).collect()
}

/// HubSpot's values now, to be remembered. What a row leaves out of the comparison
/// stays as it was, so that it is compared once the row does not.
fn values(object: &Object, fields: &[&Mapped], last: Option<&Values>) -> Values {
    fields
        .iter()
        .filter_map(|mapped| {
            let value = match (mapped.rule, last) {
                (Rule::Never, Some(last)) => last.get(&mapped.field)?.clone(),
                _ => mapped.value(object).map(Cow::into_owned),
            };
            Some((mapped.field.clone(), value))
        })
        .collect()
}

fn field(name: &str, value: Value) -> Field {
    Field {
        name: name.to_owned(),
        value,
    }
}

/// Not imported, as it would lack what it must have.
fn refused(reason: Failure, record: Option<u64>) -> Fate {
    Fate::Stop {
        outcome: "failed",
        reason,
        record,
    }
}

/// The values to write to a record that is there, without a word on conflicts.
fn decided(
    fields: &[&Mapped],
    now: Vec<Value>,
    of: (&str, &Stored),
    last: Option<&Values>,
    intents: &[&Intent],
) -> Vec<Field> {
    compared(fields, now, of, last, intents).0
}

/// The values to write to a record that is there: field by field, what HubSpot's
/// change since the last comparison means for it; then a sentence for each field that
/// both sides have changed since.
fn compared(
    fields: &[&Mapped],
    now: Vec<Value>,
    (kind, record): (&str, &Stored),
    last: Option<&Values>,
    intents: &[&Intent],
) -> (Vec<Field>, Vec<String>) {
    let (mut written, mut clashes) = (Vec::new(), Vec::new());
    for (mapped, now) in fields.iter().zip(now) {
        let last = last
            .and_then(|last| last.get(&mapped.field))
            .and_then(|value| mapped.to_halo(value.as_deref()).ok());
        let halo = value_of(record, &mapped.field);
        // What an interrupted call has written is ours, and newer than what is
        // remembered.
        let standing = intents
            .iter()
            .find_map(|intent| intent.stands(kind, mapped, halo));
        let last = standing.or(last);
        // The same in another form is the same.
        let halo = [Some(&now), last.as_ref()]
            .into_iter()
            .flatten()
            .find(|value| mapped.same(value, halo))
            .unwrap_or(halo);
        let decided = decide(mapped.rule, &now, halo, last.as_ref());
        if clashes_with(mapped.rule, &now, halo, last.as_ref()) {
            clashes.push(clash(&mapped.field, &now, halo, decided.is_some()));
        }
        written.extend(decided.map(|value| field(&mapped.field, value)));
    }
    (written, clashes)
}

/// Whether both sides have changed a field that follows HubSpot.
fn clashes_with(rule: Rule, hubspot: &Value, halo: &Value, last: Option<&Value>) -> bool {
    let follows = matches!(rule, Rule::Mapped(_) | Rule::UnlessEdited(_));
    follows && hubspot != halo && last.is_some_and(|last| last != hubspot && last != halo)
}

/// Which value of a field stays, and which one is lost.
fn clash(field: &str, hubspot: &Value, halo: &Value, hubspot_wins: bool) -> String {
    let (hubspot, halo) = (shown(hubspot), shown(halo));
    let what = match hubspot_wins {
        true => format!("HubSpot's {hubspot} comes, and Halo's {halo} is lost"),
        false => format!("Halo's {halo} stays, and HubSpot's {hubspot} does not come"),
    };
    format!("The field {field:?} was changed on both sides since they last agreed: {what}.")
}

/// How many characters of a value a sentence shows.
const SHOWN: usize = 60;

fn shown(value: &Value) -> String {
    let text = match value {
        Value::None => return "emptiness".to_owned(),
        Value::Text(text) => text.clone(),
        Value::Many(values) => values.join(", "),
        Value::Reference(RecordRef::Id(id)) => id.to_string(),
        Value::Reference(_) => "reference".to_owned(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{:?}", format!("{}…", &text[..at])),
        None => format!("{text:?}"),
    }
}

/// HubSpot's values as of the last comparison with this record. What was agreed for an
/// object goes with it into a merge.
fn agreed_with<'a>(
    object: &Object,
    record: &Stored,
    agreed: &'a BTreeMap<String, Agreed>,
) -> Option<&'a Values> {
    let ids = object.ids().into_iter();
    ids.filter_map(|id| agreed.get(id))
        .find(|agreed| agreed.record == record.id)
        .map(|agreed| &agreed.values)
}

/// What was to be written for an object, and for those that were merged into it.
fn intents_of<'a>(object: &Object, intents: &'a BTreeMap<String, Intent>) -> Vec<&'a Intent> {
    let ids = object.ids().into_iter();
    ids.filter_map(|id| intents.get(id)).collect()
}

/// A record that is made, under the keys of the object and of those that were merged
/// into it.
fn made(kind: &'static str, object: &Object, prefix: &str, fields: Vec<Field>) -> Row {
    let key = |id: &str| format!("{prefix}{id}");
    Row {
        kind: kind.to_owned(),
        key: Some(key(&object.id)),
        id: None,
        other_keys: object.merged_ids().map(key).collect(),
        expected: None,
        fields,
        options: RowOptions::MAY_CREATE,
    }
}

/// A record that is there, written or linked to the object; nothing when neither is
/// needed.
fn changed(
    kind: &'static str,
    object: &Object,
    prefix: &str,
    record: &Stored,
    fields: Vec<Field>,
) -> Option<Row> {
    let is_linked = record.keys.contains(&object.id);
    (!fields.is_empty() || !is_linked).then(|| Row {
        kind: kind.to_owned(),
        key: Some(format!("{prefix}{}", object.id)),
        id: Some(record.id),
        other_keys: Vec::new(),
        expected: Some(record.revision),
        fields,
        options: RowOptions::empty(),
    })
}
