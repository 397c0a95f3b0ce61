//! Property definitions: the schema of an object type, and HubSpot's Properties API.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::clock::iso;
use super::definitions::{Def, Mode};
use super::kinds::Kind;
use super::record::Column;
use super::reply::{Reply, error, invalid};

/// At most so many unique properties per object type, says HubSpot.
const MAX_UNIQUE: usize = 10;

/// HubSpot's own properties bear the date of the portal's creation.
const PORTAL_CREATED_MS: i64 = 1_565_059_264_000;

/// One property.
#[derive(Debug, Clone)]
pub struct Property {
    /// Internal name.
    pub name: String,
    /// Label.
    pub label: String,
    /// `string`, `number`, `date`, `datetime`, `enumeration`, `bool`, `phone_number`.
    pub kind: String,
    /// The form field.
    pub field: String,
    /// Its group.
    pub group: String,
    /// A sentence about it.
    pub description: String,
    /// Choices as (value, label), in their order.
    pub options: Vec<(String, String)>,
    /// What may be done with it.
    pub mode: Mode,
    created_ms: i64,
    updated_ms: i64,
}

impl Property {
    fn standard(kind: &Kind, def: &Def) -> Self {
        Self {
            name: def.name.to_owned(),
            label: def.label.to_owned(),
            kind: def.kind.to_owned(),
            field: def.field.to_owned(),
            group: group_name(kind),
            description: String::new(),
            options: def
                .options
                .iter()
                .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()))
                .collect(),
            mode: def.mode,
            created_ms: PORTAL_CREATED_MS,
            updated_ms: PORTAL_CREATED_MS,
        }
    }

    /// Whether the API may write its value.
    pub fn read_only(&self) -> bool {
        matches!(self.mode, Mode::ReadOnly | Mode::Calculated)
    }

    fn json(&self) -> Value {
        let standard = !matches!(self.mode, Mode::Custom | Mode::CustomUnique);
        let options: Vec<Value> = self
            .options
            .iter()
            .enumerate()
            .map(|(order, (value, label))| {
                json!({"label": label, "value": value, "displayOrder": order, "hidden": false})
            })
            .collect();
        json!({
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(self.updated_ms),
            "name": self.name,
            "label": self.label,
            "type": self.kind,
            "fieldType": self.field,
            "description": self.description,
            "groupName": self.group,
            "options": options,
            "displayOrder": -1,
            "calculated": self.mode == Mode::Calculated,
            "externalOptions": self.mode == Mode::External,
            "hasUniqueValue": self.mode == Mode::CustomUnique,
            "hidden": false,
            "hubspotDefined": standard,
            "modificationMetadata": {
                "archivable": true,
                "readOnlyDefinition": standard,
                "readOnlyValue": self.read_only(),
            },
            "formField": !self.read_only(),
            "dataSensitivity": "non_sensitive",
        })
    }
}

/// The properties of one object type, by number and by name.
#[derive(Debug)]
pub struct Schema {
    /// Properties; the position is the column.
    pub properties: Vec<Property>,
    names: BTreeMap<String, Column>,
    /// Property groups as (name, label).
    groups: Vec<(String, String)>,
    /// The unique property and where a merge keeps further values of it.
    pub further: Option<(Column, Column)>,
    /// Columns whose values no two records share.
    pub unique: Vec<Column>,
    /// `hs_object_id`.
    pub id: Column,
    /// The creation property of this type.
    pub created: Column,
    /// The last-modified property of this type.
    pub modified: Column,
}

impl Schema {
    /// The standard properties of a type.
    pub fn standard(kind: &'static Kind) -> Self {
        let mut schema = Self {
            properties: Vec::new(),
            names: BTreeMap::new(),
            groups: vec![(
                group_name(kind),
                format!("{} information", title(&kind.singular.replace('_', " "))),
            )],
            further: None,
            unique: Vec::new(),
            id: 0,
            created: 0,
            modified: 0,
        };
        for def in kind.definitions {
            schema.push(Property::standard(kind, def));
        }
        schema.id = schema.column("hs_object_id").unwrap_or_default();
        schema.created = schema.column(kind.created).unwrap_or_default();
        schema.modified = schema.column(kind.modified).unwrap_or_default();
        schema
            .unique
            .extend(kind.unique.and_then(|name| schema.column(name)));
        let pair = kind.unique.zip(kind.further);
        schema.further =
            pair.and_then(|(one, more)| Some((schema.column(one)?, schema.column(more)?)));
        schema
    }

    /// The column of a property.
    pub fn column(&self, name: &str) -> Option<Column> {
        self.names.get(name).copied()
    }

    /// The property of a column.
    pub fn property(&self, column: Column) -> &Property {
        &self.properties[usize::from(column)]
    }

    /// Whether a record can be named by this property (`idProperty`).
    pub fn identifies(&self, name: &str) -> Option<Column> {
        self.column(name)
            .filter(|column| self.unique.contains(column))
    }

    fn push(&mut self, property: Property) {
        let column = Column::try_from(self.properties.len()).unwrap_or(Column::MAX);
        self.names.insert(property.name.clone(), column);
        if property.mode == Mode::CustomUnique {
            self.unique.push(column);
        }
        self.properties.push(property);
    }

    /// `GET /crm/properties/{version}/{type}`.
    pub fn list(&self) -> Reply {
        let mut properties: Vec<&Property> = self.properties.iter().collect();
        properties.sort_by(|a, b| a.name.cmp(&b.name));
        let results: Vec<Value> = properties.into_iter().map(Property::json).collect();
        Reply::ok(json!({ "results": results }))
    }

    /// `GET /crm/properties/{version}/{type}/{name}`.
    pub fn get(&self, name: &str) -> Reply {
        match self.column(name) {
            Some(column) => Reply::ok(self.property(column).json()),
            None => error(
                404,
                "OBJECT_NOT_FOUND",
                format!("Property {name} does not exist"),
            ),
        }
    }

    /// `POST /crm/properties/{version}/{type}`.
    pub fn create(&mut self, now_ms: i64, body: &Value) -> Reply {
        let text = |key: &str| {
            body.get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        for key in ["name", "label", "type", "fieldType", "groupName"] {
            if text(key).is_empty() {
                return invalid(format!("Some required fields were not set: [{key}]"));
            }
        }
        let name = text("name");
        if name.starts_with(|c: char| !c.is_ascii_lowercase())
            || !name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        {
            return invalid(format!(
                "Property name {name} must start with a lower case letter and hold only lower case letters, numbers and underscores"
            ));
        }
        if self.column(&name).is_some() {
            let mut reply = error(
                409,
                "OBJECT_ALREADY_EXISTS",
                format!("A property named '{name}' already exists."),
            );
            reply.set("subCategory", json!("Properties.PROPERTY_WITH_NAME_EXISTS"));
            return reply;
        }
        if !self.has_group(&text("groupName")) {
            return invalid(format!(
                "Property group {} does not exist",
                text("groupName")
            ));
        }
        let kind = text("type");
        const KINDS: [&str; 7] = [
            "bool",
            "date",
            "datetime",
            "enumeration",
            "number",
            "string",
            "phone_number",
        ];
        if !KINDS.contains(&kind.as_str()) {
            return invalid(format!("Invalid property type {kind}, allowed: {KINDS:?}"));
        }
        let unique = body
            .get("hasUniqueValue")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        if unique
            && self
                .properties
                .iter()
                .filter(|p| p.mode == Mode::CustomUnique)
                .count()
                >= MAX_UNIQUE
        {
            return invalid(format!(
                "At most {MAX_UNIQUE} unique properties per object type"
            ));
        }
        let property = Property {
            label: text("label"),
            field: text("fieldType"),
            group: text("groupName"),
            description: text("description"),
            options: options_of(body),
            mode: if unique {
                Mode::CustomUnique
            } else {
                Mode::Custom
            },
            created_ms: now_ms,
            updated_ms: now_ms,
            name,
            kind,
        };
        let reply = Reply::new(201, property.json());
        self.push(property);
        reply
    }

    /// `PATCH /crm/properties/{version}/{type}/{name}`: only of a property that the
    /// account has added; type, name and uniqueness stay.
    pub fn update(&mut self, now_ms: i64, name: &str, body: &Value) -> Reply {
        let group = body.get("groupName").and_then(Value::as_str);
        if let Some(group) = group.filter(|group| !self.has_group(group)) {
            return invalid(format!("Property group {group} does not exist"));
        }
        let Some(column) = self.column(name) else {
            return self.get(name);
        };
        let property = &mut self.properties[usize::from(column)];
        if !matches!(property.mode, Mode::Custom | Mode::CustomUnique) {
            return invalid(format!("The definition of {name} is read only"));
        }
        for (key, field) in [
            ("label", &mut property.label),
            ("description", &mut property.description),
            ("groupName", &mut property.group),
            ("fieldType", &mut property.field),
        ] {
            if let Some(text) = body.get(key).and_then(Value::as_str) {
                text.clone_into(field);
            }
        }
        if body.get("options").is_some() {
            property.options = options_of(body);
        }
        property.updated_ms = now_ms;
        Reply::ok(property.json())
    }

    fn has_group(&self, name: &str) -> bool {
        self.groups.iter().any(|group| group.0 == name)
    }

    /// `GET /crm/properties/{version}/{type}/groups`.
    pub fn list_groups(&self) -> Reply {
        let rows: Vec<Value> = self.groups.iter().map(group_json).collect();
        Reply::ok(json!({ "results": rows }))
    }

    /// `POST /crm/properties/{version}/{type}/groups`.
    pub fn create_group(&mut self, body: &Value) -> Reply {
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
        let (name, label) = (text("name"), text("label"));
        if name.is_empty() || label.is_empty() {
            return invalid("Some required fields were not set: [name, label]");
        }
        if self.has_group(name) {
            let message = format!("A property group named '{name}' already exists.");
            return error(409, "OBJECT_ALREADY_EXISTS", message);
        }
        let group = (name.to_owned(), label.to_owned());
        let reply = Reply::new(201, group_json(&group));
        self.groups.push(group);
        reply
    }
}

/// The group of HubSpot's own properties: `lineiteminformation`.
fn group_name(kind: &Kind) -> String {
    format!("{}information", kind.singular.replace('_', ""))
}

fn group_json((name, label): &(String, String)) -> Value {
    json!({"name": name, "label": label, "displayOrder": -1, "archived": false})
}

fn title(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The choices that a body defines, as (value, label).
fn options_of(body: &Value) -> Vec<(String, String)> {
    body.get("options")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|option| {
            let value = option.get("value")?.as_str()?;
            let label = option.get("label").and_then(Value::as_str);
            Some((value.to_owned(), label.unwrap_or(value).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot_sim::kinds::{COMPANIES, KINDS};

    #[test]
    fn a_new_unique_property_identifies_records_and_its_name_is_taken() {
        let mut schema = Schema::standard(&KINDS[COMPANIES]);
        let body = json!({"name": "halo_id", "label": "Halo id", "type": "string", "fieldType": "text",
            "groupName": "companyinformation", "hasUniqueValue": true});
        assert_eq!(schema.create(0, &body).status, 201);
        assert!(schema.identifies("halo_id").is_some());
        assert!(schema.identifies("domain").is_none());
        assert_eq!(schema.create(0, &body).status, 409);
        assert_eq!(schema.get("no_such").status, 404);
    }

    #[test]
    fn a_property_needs_its_group_and_only_own_definitions_change() {
        let mut schema = Schema::standard(&KINDS[COMPANIES]);
        let body = json!({"name": "tier", "label": "Tier", "type": "enumeration", "fieldType": "select",
            "groupName": "halo", "options": [{"label": "A", "value": "a"}]});
        assert_eq!(schema.create(0, &body).status, 400);
        let group = json!({"name": "halo", "label": "Halo"});
        assert_eq!(schema.create_group(&group).status, 201);
        assert_eq!(schema.create_group(&group).status, 409);
        assert_eq!(schema.create(0, &body).status, 201);
        let options =
            json!({"options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]});
        assert_eq!(schema.update(5, "tier", &options).status, 200);
        assert_eq!(schema.update(5, "industry", &options).status, 400);
        let tier = schema.property(schema.column("tier").unwrap());
        assert_eq!((tier.options.len(), tier.updated_ms), (2, 5));
    }
}
