//! Halo's side of a workshop: records as people there make and edit them, straight
//! in the store.

use std::sync::Arc;

use anyhow::Context as _;
use halo_host::model::{FieldChange, RecordRef, Row, RowOptions, Stored, Value, Written};
use halo_host::schema;
use halo_host::store::sqlite::SqliteStore;
use halo_host::store::{CustomField, JournalFilter, OutboxRow, Scope, Store};

use super::workshop::NAME;

/// The store of a workshop, opened beside the program's own.
pub struct Halo {
    /// For what is not here.
    pub store: Arc<SqliteStore>,
}

impl Halo {
    /// Opens a store file.
    pub(super) fn open(path: &std::path::Path) -> anyhow::Result<Halo> {
        Ok(Halo {
            store: Arc::new(SqliteStore::open(path, schema::INDEXED)?),
        })
    }

    /// Makes a record as a person in Halo would; answers its id. References are
    /// written as `kind:id`.
    pub async fn add(&self, kind: &str, fields: &[(&str, &str)]) -> anyhow::Result<u64> {
        Ok(self.write(kind, None, fields).await?.id)
    }

    /// Edits a record as a person in Halo would.
    pub async fn edit(&self, kind: &str, id: u64, fields: &[(&str, &str)]) -> anyhow::Result<()> {
        self.write(kind, Some(id), fields).await.map(drop)
    }

    /// Removes a record as a person in Halo would.
    pub async fn remove(&self, kind: &str, id: u64) -> anyhow::Result<()> {
        self.put(kind, Some(id), &[], true).await.map(drop)
    }

    async fn write(
        &self,
        kind: &str,
        id: Option<u64>,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Written> {
        self.put(kind, id, fields, false).await
    }

    async fn put(
        &self,
        kind: &str,
        id: Option<u64>,
        fields: &[(&str, &str)],
        remove: bool,
    ) -> anyhow::Result<Written> {
        let row = Row {
            kind: kind.to_owned(),
            key: None,
            id,
            other_keys: Vec::new(),
            expected: None,
            fields: fields
                .iter()
                .map(|(name, text)| ((*name).to_owned(), value(text)))
                .collect(),
            options: RowOptions {
                may_create: !remove,
                remove,
                ..RowOptions::default()
            },
        };
        let now = halo_host::clock::Clock::default().now();
        let written = self.store.upsert(&person(), &[row], now).await?;
        let written = written.into_iter().next().context("no answer")?;
        written.map_err(|failure| anyhow::anyhow!(failure.message))
    }

    /// Adds a field to a kind.
    pub async fn custom_field(
        &self,
        kind: &str,
        name: &str,
        type_name: &str,
    ) -> anyhow::Result<()> {
        self.choice_field(kind, name, type_name, &[]).await
    }

    /// Adds a field with choices, each a value and its label.
    pub async fn choice_field(
        &self,
        kind: &str,
        name: &str,
        type_name: &str,
        choices: &[(&str, &str)],
    ) -> anyhow::Result<()> {
        let field = CustomField {
            kind: kind.to_owned(),
            name: name.to_owned(),
            label: name.to_owned(),
            type_name: type_name.to_owned(),
            attributes: Default::default(),
            choices: choices
                .iter()
                .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()))
                .collect(),
        };
        Ok(self.store.put_custom_field(&field).await?)
    }

    /// All records of a kind.
    pub async fn all(&self, kind: &str) -> anyhow::Result<Vec<Stored>> {
        Ok(self.store.list(kind, None, 0, u32::MAX).await?)
    }

    /// Fields of a record as text; empty ones are left out.
    pub async fn fields(&self, kind: &str, id: u64) -> anyhow::Result<Vec<(String, String)>> {
        let found = self.store.read(&person(), kind, &[id]).await?;
        let record = found
            .into_iter()
            .flatten()
            .next()
            .context("no such record")?;
        Ok(record
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), value.display()))
            .collect())
    }

    /// One field of a record; empty when it has none.
    pub async fn field(&self, kind: &str, id: u64, name: &str) -> anyhow::Result<String> {
        let fields = self.fields(kind, id).await?;
        let found = fields.into_iter().find(|(known, _)| known == name);
        Ok(found.map(|(_, value)| value).unwrap_or_default())
    }

    /// The record that a HubSpot id is linked to.
    pub async fn linked(&self, kind: &str, key: &str) -> anyhow::Result<Option<u64>> {
        let scope = Scope {
            connection: NAME.to_owned(),
            ..person()
        };
        let found = self.store.resolve(&scope, kind, &[key.to_owned()]).await?;
        Ok(found.into_iter().flatten().next().map(|record| record.id))
    }

    /// The HubSpot id that a record is linked to.
    pub async fn key(&self, kind: &str, id: u64) -> anyhow::Result<Option<String>> {
        let scope = Scope {
            connection: NAME.to_owned(),
            ..person()
        };
        let found = self.store.read(&scope, kind, &[id]).await?;
        let record = found.into_iter().flatten().next();
        Ok(record.and_then(|record| record.keys.into_iter().next()))
    }

    /// What the journal says of a record, oldest first.
    pub async fn changes(&self, kind: &str, id: u64) -> anyhow::Result<Vec<FieldChange>> {
        let filter = JournalFilter {
            record: Some((kind.to_owned(), id)),
            limit: u32::MAX,
            ..JournalFilter::default()
        };
        let mut entries = self.store.journal(&filter).await?;
        entries.reverse();
        Ok(entries
            .into_iter()
            .flat_map(|entry| entry.changes)
            .collect())
    }

    /// Everything that counts: two stores with the same text hold the same records
    /// and links, whatever their ids, revisions and times are.
    pub async fn contents(&self) -> anyhow::Result<String> {
        let mut lines = Vec::new();
        for kind in [
            "top-level",
            "customer",
            "site",
            "user",
            "item",
            "ticket",
            "quotation",
            "quotation-line",
        ] {
            for record in self.all(kind).await? {
                let scope = Scope {
                    connection: NAME.to_owned(),
                    ..person()
                };
                let found = self.store.read(&scope, kind, &[record.id]).await?;
                let record = found
                    .into_iter()
                    .flatten()
                    .next()
                    .context("it was just listed")?;
                let mut line = format!("{kind} {:?}", record.keys);
                for (name, value) in &record.fields {
                    let shown = match value {
                        Value::Reference { kind, to } => self.name_of(kind, to).await?,
                        value => value.display(),
                    };
                    line.push_str(&format!(" {name}={shown:?}"));
                }
                lines.push(line);
            }
        }
        lines.sort();
        Ok(lines.join("\n"))
    }

    async fn name_of(&self, kind: &str, to: &RecordRef) -> anyhow::Result<String> {
        match to {
            RecordRef::Id(id) => self.field(kind, *id, schema::title_of(kind)).await,
            RecordRef::Key(key) => Ok(key.clone()),
        }
    }

    /// How much was ever written.
    pub async fn journal_length(&self) -> anyhow::Result<usize> {
        let filter = JournalFilter {
            limit: u32::MAX,
            ..JournalFilter::default()
        };
        Ok(self.store.journal(&filter).await?.len())
    }

    /// What the connection has not been told.
    pub async fn outbox(&self) -> anyhow::Result<Vec<OutboxRow>> {
        Ok(self.store.outbox(NAME, u32::MAX).await?)
    }
}

fn person() -> Scope {
    Scope {
        connection: String::new(),
        layer: 0,
        run: None,
        cause: "edit".to_owned(),
        lane: None,
    }
}

fn value(text: &str) -> Value {
    if text.is_empty() {
        return Value::None;
    }
    match text.split_once(':') {
        Some((kind, id)) if kind != "http" && kind != "https" && id.parse::<u64>().is_ok() => {
            Value::Reference {
                kind: kind.to_owned(),
                to: RecordRef::Id(id.parse().unwrap_or_default()),
            }
        }
        _ => Value::Text(text.to_owned()),
    }
}
