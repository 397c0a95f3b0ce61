//! What a connector's schema says of its settings, as far as a page can draw it. What it
//! cannot is drawn as JSON, so that no setting is out of reach.

use serde_json::Value;

use super::ordered::Ordered;

/// One setting, with all that is below it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    /// Its name in the document.
    pub(super) name: String,
    /// What people read.
    pub(super) title: String,
    /// A sentence or two; may be empty.
    pub(super) help: String,
    /// What it may be.
    pub(super) shape: Shape,
    /// What it is where the document says nothing.
    pub(super) default: Option<Value>,
    /// Whether a row shows it only when asked for more.
    pub(super) is_more: bool,
    /// The action that looks for likely rows (`x-suggestions`).
    pub(super) suggestions: Option<String>,
}

/// What a setting may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// Yes or no; without a default also unset.
    Switch,
    /// A whole number.
    Number,
    /// Text.
    Text,
    /// One of these: what is stored, and what people read (`x-labels`).
    OneOf(Vec<(String, String)>),
    /// One of what the remote offers under this name (`x-choices`).
    Remote(String),
    /// The id of one of Halo's records of this kind (`x-record`).
    Record(String),
    /// A field of Halo's records of this kind, by name (`x-field`).
    Field(String),
    /// A property of this entity at the remote, by name (`x-remote-field`).
    RemoteField(String),
    /// Several of one shape.
    Several(Box<Shape>),
    /// Rows of the same columns.
    Table(Vec<Setting>),
    /// Rows that are drawn as pairs of records on a page of their own: there may be
    /// thousands of them.
    Pairs(Vec<Setting>),
    /// Settings that belong together.
    Group(Vec<Setting>),
    /// Anything else.
    Json,
}

impl Setting {
    /// Of a property of a schema.
    pub(super) fn of(name: &str, schema: &Ordered) -> Setting {
        let text = |key: &str| schema.text(key).unwrap_or_default().to_owned();
        let title = match text("title") {
            title if title.is_empty() => name.to_owned(),
            title => title,
        };
        Setting {
            name: name.to_owned(),
            title,
            help: text("description"),
            shape: shape(schema),
            default: schema.get("default").map(Ordered::value),
            is_more: schema.get("x-more") == Some(&Ordered::Other(Value::Bool(true))),
            suggestions: schema.text("x-suggestions").map(str::to_owned),
        }
    }

    /// The setting that a JSON Pointer names, looked for from the whole schema.
    pub(super) fn at(schema: &Ordered, pointer: &str) -> Option<Setting> {
        let mut here = schema;
        let mut last = "";
        for name in pointer.split('/').skip(1) {
            here = here.get("properties")?.get(name)?;
            last = name;
        }
        (!last.is_empty()).then(|| Setting::of(last, here))
    }
}

/// The schema of the settings within a connector's description, in its own order.
pub(super) fn schema_of(description: &str) -> Ordered {
    let whole: Option<Ordered> = serde_json::from_str(description).ok();
    let settings = whole.as_ref().and_then(|whole| whole.get("settings"));
    settings.cloned().unwrap_or(Ordered::Other(Value::Null))
}

/// A place in the settings as people read it on the page: `Items › Field mappings › row 2`.
pub(super) fn place(schema: &Ordered, pointer: &str) -> String {
    let mut parts = Vec::new();
    let mut here = Some(schema);
    for name in pointer.split('/').skip(1) {
        if let Ok(number) = name.parse::<usize>() {
            parts.push(format!("row {}", number + 1));
            here = here.and_then(|here| here.get("items"));
            continue;
        }
        here = here.and_then(|here| here.get("properties")?.get(name));
        let title = here.and_then(|here| here.text("title"));
        parts.push(title.unwrap_or(name).to_owned());
    }
    parts.join(" › ")
}

fn shape(schema: &Ordered) -> Shape {
    let marked = |key: &str| schema.text(key).map(str::to_owned);
    if let Some(name) = marked("x-choices") {
        return Shape::Remote(name);
    }
    if let Some(kind) = marked("x-record") {
        return Shape::Record(kind);
    }
    if let Some(kind) = marked("x-field") {
        return Shape::Field(kind);
    }
    if let Some(entity) = marked("x-remote-field") {
        return Shape::RemoteField(entity);
    }
    match schema.text("type") {
        Some("boolean") => Shape::Switch,
        Some("integer") => Shape::Number,
        Some("string") => match schema.get("enum") {
            Some(Ordered::Array(values)) => Shape::OneOf(labelled(values, schema.get("x-labels"))),
            _ => Shape::Text,
        },
        Some("array") => several(schema),
        Some("object") => match schema.get("properties") {
            Some(Ordered::Object(properties)) => Shape::Group(all(properties)),
            _ => Shape::Json,
        },
        _ => Shape::Json,
    }
}

fn several(schema: &Ordered) -> Shape {
    let each = schema.get("items").map_or(Shape::Json, shape);
    match (each, schema.text("x-widget")) {
        (Shape::Group(columns), Some("record-mapping")) => Shape::Pairs(columns),
        (Shape::Group(columns), _) => Shape::Table(columns),
        (Shape::Json | Shape::Table(_) | Shape::Pairs(_) | Shape::Several(_), _) => Shape::Json,
        (each, _) => Shape::Several(Box::new(each)),
    }
}

fn all(properties: &[(String, Ordered)]) -> Vec<Setting> {
    let each = properties.iter();
    each.map(|(name, schema)| Setting::of(name, schema))
        .collect()
}

fn labelled(values: &[Ordered], labels: Option<&Ordered>) -> Vec<(String, String)> {
    let values = values.iter().map(Ordered::value);
    values
        .filter_map(|value| {
            let value = value.as_str()?;
            let label = labels.and_then(|labels| labels.text(value));
            // A version or a date is written as it is.
            let has_digits = value.contains(|letter: char| letter.is_ascii_digit());
            let spoken = || match has_digits {
                true => value.to_owned(),
                false => value.replace('-', " "),
            };
            let label = label.map_or_else(spoken, str::to_owned);
            Some((value.to_owned(), label))
        })
        .collect()
}

/// The columns of a table of pairs whose rows have these properties.
#[cfg(test)]
pub(super) fn columns_of(properties: &Value) -> Vec<Setting> {
    let items = serde_json::json!({ "type": "object", "properties": properties });
    let schema =
        serde_json::json!({ "type": "array", "x-widget": "record-mapping", "items": items });
    match serde_json::from_str(&schema.to_string()).map(|schema| Setting::of("x", &schema).shape) {
        Ok(Shape::Pairs(columns)) => columns,
        other => panic!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ordered(schema: &Value) -> Ordered {
        serde_json::from_str(&schema.to_string()).unwrap()
    }

    #[test]
    fn each_widget_of_the_contract_has_its_shape() {
        let of = |schema: Value| Setting::of("x", &ordered(&schema)).shape;
        assert_eq!(of(json!({ "type": "boolean" })), Shape::Switch);
        assert_eq!(of(json!({ "type": "integer" })), Shape::Number);
        assert_eq!(of(json!({ "type": "string" })), Shape::Text);
        let one =
            json!({ "type": "string", "enum": ["a-b", "c", "2-1"], "x-labels": { "c": "Sea" } });
        let labelled =
            [("a-b", "a b"), ("c", "Sea"), ("2-1", "2-1")].map(|(v, l)| (v.into(), l.into()));
        assert_eq!(of(one), Shape::OneOf(labelled.to_vec()));
        let record = json!({ "type": "integer", "x-record": "site" });
        assert_eq!(of(record), Shape::Record("site".into()));
        let stages =
            json!({ "type": "array", "items": { "type": "string", "x-choices": "stages" } });
        let remote = Shape::Remote("stages".into());
        assert_eq!(of(stages), Shape::Several(Box::new(remote)));
        let columns = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
        let rows = json!({ "type": "array", "items": columns });
        assert!(matches!(of(rows), Shape::Table(columns) if columns.len() == 1));
        let pairs = json!({ "type": "array", "items": columns, "x-widget": "record-mapping" });
        assert!(matches!(of(pairs), Shape::Pairs(columns) if columns.len() == 1));
    }

    #[test]
    fn what_no_widget_is_for_is_json() {
        for schema in [
            json!({}),
            json!({ "type": "number" }),
            json!({ "type": "object" }),
            json!({ "type": "array", "items": { "type": "array" } }),
        ] {
            assert_eq!(
                Setting::of("x", &ordered(&schema)).shape,
                Shape::Json,
                "{schema}"
            );
        }
    }

    #[test]
    fn a_place_is_told_by_the_titles_that_people_read() {
        let schema = ordered(
            &json!({ "properties": { "a": { "title": "A", "properties": {
            "rows": { "title": "Rows", "items": { "properties": { "x": { "title": "X" } } } } } } } }),
        );
        assert_eq!(place(&schema, "/a/rows/1/x"), "A › Rows › row 2 › X");
        assert_eq!(place(&schema, "/a/unknown/y"), "A › unknown › y");
        assert_eq!(place(&schema, ""), "");
    }

    #[test]
    fn a_pointer_finds_its_setting() {
        let schema = ordered(
            &json!({ "properties": { "a": { "type": "object", "title": "A",
            "properties": { "b": { "type": "boolean", "default": true } } } } }),
        );
        assert_eq!(Setting::at(&schema, "/a").unwrap().title, "A");
        let found = Setting::at(&schema, "/a/b").unwrap();
        assert_eq!(
            (found.title.as_str(), found.default),
            ("b", Some(json!(true)))
        );
        assert_eq!(Setting::at(&schema, "/c"), None);
        assert_eq!(Setting::at(&schema, ""), None);
    }
}
