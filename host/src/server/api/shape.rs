//! Records in the shape of Halo's API: flags as booleans, money as numbers, ids with
//! the names of what they lead to, addresses as objects, custom fields as a list.
//! Plain functions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value as Json, json};

use super::field_info;
use super::resource::Resource;
use crate::model::{Fields, RecordId, RecordRef, Timestamp, Value};
use crate::schema::{FieldDef, KindDef};
use crate::store::Dated;

/// What lies around the records of an answer.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// What people call the records that are referred to, by kind and id.
    pub(super) titles: BTreeMap<(String, RecordId), String>,
    /// The customers of sites.
    pub(super) client_of_site: BTreeMap<RecordId, RecordId>,
    /// The ticket types whose tickets are opportunities.
    pub(super) opportunity_types: BTreeSet<RecordId>,
}

impl Around {
    fn title(&self, kind: &str, id: RecordId) -> Json {
        let title = self.titles.get(&(kind.to_owned(), id));
        title.map_or(Json::Null, |title| json!(title))
    }
}

/// The record that a field leads to.
pub(super) fn target(fields: &Fields, name: &str) -> Option<RecordId> {
    match fields.get(name) {
        Some(Value::Reference {
            to: RecordRef::Id(id),
            ..
        }) => Some(*id),
        _ => None,
    }
}

/// The name of what a field leads to: `site_name` beside `site_id`.
pub(super) fn name_beside(field: &FieldDef) -> Option<String> {
    field.attributes.get("kind")?;
    Some(format!("{}_name", field.name.strip_suffix("_id")?))
}

/// A record. Without details, long texts and custom fields are left out, as in
/// Halo's lists.
pub(super) fn document(
    resource: &Resource,
    kind: &KindDef,
    dated: &Dated,
    around: &Around,
    details: bool,
) -> Map<String, Json> {
    let fields = &dated.record.fields;
    let mut document = body(kind, dated.record.id, fields, around, details);
    for (name, time) in [
        (resource.created, dated.created),
        (resource.changed, dated.changed),
    ] {
        if let Some(name) = name {
            document.insert(name.to_owned(), time.map_or(Json::Null, instant));
        }
    }
    match kind.name.as_str() {
        // A user's customer is that of its site.
        "user" => {
            let client = target(fields, "site_id")
                .and_then(|site| around.client_of_site.get(&site).copied());
            document.insert("client_id".to_owned(), json!(client));
            let title = client.map_or(Json::Null, |id| around.title("customer", id));
            document.insert("client_name".to_owned(), title);
        }
        "ticket" => {
            let is_one = target(fields, "tickettype_id")
                .is_some_and(|id| around.opportunity_types.contains(&id));
            document.insert("is_opportunity".to_owned(), json!(is_one));
        }
        _ => {}
    }
    document
}

/// The fields of a record, and what they lead to.
pub(super) fn body(
    kind: &KindDef,
    id: RecordId,
    fields: &Fields,
    around: &Around,
    details: bool,
) -> Map<String, Json> {
    let mut body = Map::new();
    body.insert("id".to_owned(), json!(id));
    let is_custom = |field: &&FieldDef| field.attributes.contains_key("custom");
    for field in kind.fields.values().filter(|field| !is_custom(field)) {
        if !details && matches!(field.type_name.as_str(), "memo" | "html") {
            continue;
        }
        let value = plain(field, fields.get(&field.name));
        match field.name.split_once('.') {
            Some((outer, inner)) => {
                let outer = body
                    .entry(outer)
                    .or_insert_with(|| Json::Object(Map::new()));
                outer[inner] = value;
            }
            None => drop(body.insert(field.name.clone(), value)),
        }
        if let (Some(name), Some(of)) = (name_beside(field), field.attributes.get("kind")) {
            let id = target(fields, &field.name);
            let title = id.map_or(Json::Null, |id| around.title(of, id));
            body.insert(name, title);
        }
    }
    if details {
        let custom = field_info::custom(kind)
            .map(|field| custom_field(kind, field, fields.get(&field.name)))
            .collect();
        body.insert("customfields".to_owned(), Json::Array(custom));
    }
    body
}

/// A field of Halo's own. What is empty is `null` where another word would be a value
/// that somebody could send back: a price of 0, a day in 1900.
fn plain(field: &FieldDef, value: Option<&Value>) -> Json {
    let text = match value {
        Some(Value::Text(text)) => text.as_str(),
        Some(Value::Reference {
            to: RecordRef::Id(id),
            ..
        }) => return json!(id),
        Some(Value::Many(values)) => return json!(values.join(",")),
        _ => "",
    };
    match (field.type_name.as_str(), text) {
        ("checkbox", text) => json!(text == "true"),
        ("integer" | "decimal" | "date" | "date-time" | "reference", "") => Json::Null,
        ("integer" | "decimal", text) => number(text),
        ("date", text) => json!(format!("{text}T00:00:00")),
        (_, text) => json!(text),
    }
}

/// Money is a JSON number in Halo's API, so a binary one; what none can hold stays
/// text.
fn number(text: &str) -> Json {
    if let Ok(whole) = text.parse::<i64>() {
        return json!(whole);
    }
    let float = text.parse::<f64>().ok().and_then(Number::from_f64);
    float.map_or_else(|| json!(text), Json::Number)
}

/// One of `customfields`: the value as Halo keeps it, and as people read it.
fn custom_field(kind: &KindDef, field: &FieldDef, value: Option<&Value>) -> Json {
    let label = |value: &String| {
        let known = field.choices.iter().find(|(known, _)| known == value);
        known.map_or_else(|| value.clone(), |(_, label)| label.clone())
    };
    let (kept, shown) = match value {
        None | Some(Value::None) => (Json::Null, String::new()),
        Some(Value::Text(text)) => match field.type_name.as_str() {
            "checkbox" => (json!(text == "true"), text.clone()),
            "choice" => (field_info::option_id(text), label(text)),
            "date" => (json!(format!("{text}T00:00:00Z")), text.clone()),
            _ => (json!(text), text.clone()),
        },
        // A list of ids as text, as Halo's column is.
        Some(Value::Many(values)) => {
            let labels: Vec<String> = values.iter().map(label).collect();
            (json!(values.join(",")), labels.join(", "))
        }
        Some(value @ Value::Reference { .. }) => (json!(value.display()), value.display()),
    };
    let mut document = field_info::head(kind, field);
    document.insert("value".to_owned(), kept);
    document.insert("display".to_owned(), json!(shown));
    Json::Object(document)
}

/// UTC with `Z`.
pub(super) fn instant(time: Timestamp) -> Json {
    let time = i64::try_from(time)
        .ok()
        .and_then(|time| jiff::Timestamp::from_millisecond(time).ok());
    time.map_or(Json::Null, |time| json!(time.to_string()))
}
