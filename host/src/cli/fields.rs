//! `fields` and `custom-field`: the two sides of a mapping.

use super::output::table;
use super::{Context, Done, Ended};
use crate::edits;
use crate::schema;
use crate::store::CustomField as Definition;

/// The attribute of a remote field whose mapping rows have a direction.
const DIRECTIONS: &str = "directions";

#[derive(Debug, clap::Args)]
pub(crate) struct Fields {
    /// The connector.
    name: String,
    /// The entity.
    entity: String,
}

impl Fields {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let (host, connection) = context.connection(&self.name).await?;
        let entity = connection
            .description
            .entity(&self.entity)
            .map_err(Ended::Failed)?
            .clone();
        let kinds = schema::kinds(&host.store.custom_fields().await?);
        let remote = connection.remote_fields(&self.entity).await?;
        let halo: Vec<_> = kinds
            .get(&entity.kind)
            .map(|kind| kind.fields.values().collect())
            .unwrap_or_default();
        let document = serde_json::json!({
            "entity": self.entity,
            "remote": remote,
            "halo": halo.iter().map(|field| serde_json::json!({
                "name": field.name, "label": field.label, "type": field.type_name,
                "attributes": field.attributes,
            })).collect::<Vec<_>>(),
            "fixed": entity.fixed_fields,
        });
        context.out.result(&document, || {
            let mut text = format!("{} at {}:\n", entity.label, connection.description.name);
            let rows: Vec<Vec<String>> = remote
                .iter()
                .map(|field| {
                    let only = field.attributes.contains_key("read-only");
                    let mut row = vec![
                        field.name.clone(),
                        field.label.clone(),
                        field.type_name.clone(),
                        if only { "read-only" } else { "" }.to_owned(),
                    ];
                    row.extend(field.attributes.get(DIRECTIONS).cloned());
                    row
                })
                .collect();
            let mut columns = vec!["PROPERTY", "LABEL", "TYPE", "NOTE"];
            if remote
                .iter()
                .any(|field| field.attributes.contains_key(DIRECTIONS))
            {
                columns.push("DIRECTIONS");
            }
            text.push_str(&table(&columns, &rows));
            text.push_str(&format!("\nKind {} in Halo:\n", entity.kind));
            let rows: Vec<Vec<String>> = halo
                .iter()
                .map(|field| {
                    let custom = field.attributes.contains_key("custom");
                    vec![
                        field.name.clone(),
                        field.label.clone(),
                        field.type_name.clone(),
                        if custom { "custom" } else { "" }.to_owned(),
                    ]
                })
                .collect();
            text.push_str(&table(&["FIELD", "LABEL", "TYPE", "NOTE"], &rows));
            text.push_str("\nMapped without a row:\n");
            let rows: Vec<Vec<String>> = entity
                .fixed_fields
                .iter()
                .map(|row| vec![row.remote.clone(), row.halo.clone(), row.note.clone()])
                .collect();
            text.push_str(&table(&["PROPERTY", "FIELD", "WHEN"], &rows));
            text
        });
        Ok(())
    }
}

/// The types that a custom field may have; Halo's own list.
const TYPES: [&str; 13] = [
    "text",
    "memo",
    "html",
    "email",
    "phone",
    "url",
    "integer",
    "decimal",
    "checkbox",
    "date",
    "date-time",
    "choice",
    "choices",
];

#[derive(Debug, clap::Subcommand)]
pub(crate) enum CustomField {
    /// Add a field to a kind, or change it.
    Add {
        /// The kind, for example customer.
        kind: String,
        /// Its name; Halo's start with CF.
        name: String,
        /// What people read; the name when left out.
        #[arg(long)]
        label: Option<String>,
        /// Its type.
        #[arg(long = "type", default_value = "text", value_parser = TYPES)]
        type_name: String,
        /// Choices of a choice field.
        #[arg(long = "choice")]
        choices: Vec<String>,
    },
    /// List all.
    List,
    /// Remove one; values in records stay, unseen.
    Remove {
        /// The kind.
        kind: String,
        /// Its name.
        name: String,
    },
}

/// Halo's text columns hold 255 characters, whatever the definition says.
const TEXT_LENGTH: &str = "255";

impl CustomField {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let host = context.host().await?;
        match self {
            CustomField::Add {
                kind,
                name,
                label,
                type_name,
                choices,
            } => {
                let kinds = schema::kinds(&[]);
                let known = edits::kind_of(&kinds, &kind)
                    .map_err(|failure| Ended::Failed(failure.message))?;
                if known.fields.contains_key(&name) {
                    return Err(Ended::Failed(format!(
                        "{} is one of Halo's own fields of {kind}.",
                        name
                    )));
                }
                let mut attributes = std::collections::BTreeMap::new();
                if matches!(type_name.as_str(), "text" | "email" | "phone" | "url") {
                    attributes.insert("max-length".to_owned(), TEXT_LENGTH.to_owned());
                }
                let field = Definition {
                    label: label.unwrap_or_else(|| name.clone()),
                    kind,
                    name,
                    type_name,
                    attributes,
                    choices: choices
                        .iter()
                        .enumerate()
                        .map(|(index, label)| ((index + 1).to_string(), label.clone()))
                        .collect(),
                };
                host.store.put_custom_field(&field).await?;
                context.out.result(&field, || {
                    format!(
                        "{} has the field {} ({}).",
                        field.kind, field.name, field.type_name
                    )
                });
            }
            CustomField::List => {
                let fields = host.store.custom_fields().await?;
                context.out.result(&fields, || {
                    let rows: Vec<Vec<String>> = fields
                        .iter()
                        .map(|field| {
                            vec![
                                field.kind.clone(),
                                field.name.clone(),
                                field.label.clone(),
                                field.type_name.clone(),
                            ]
                        })
                        .collect();
                    table(&["KIND", "FIELD", "LABEL", "TYPE"], &rows)
                });
            }
            CustomField::Remove { kind, name } => {
                if !host.store.remove_custom_field(&kind, &name).await? {
                    return Err(Ended::Failed(format!(
                        "{kind} has no custom field {name:?}."
                    )));
                }
                context.out.say(&format!("Removed {name} of {kind}."));
            }
        }
        Ok(())
    }
}
