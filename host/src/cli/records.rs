//! `records`: Halo's records as the host keeps them.

use super::output::table;
use super::{Context, Done, Ended};
use crate::edits;
use crate::host::Host;
use crate::model::Stored;
use crate::schema;
use crate::store::Scope;

#[derive(Debug, clap::Args)]
pub(crate) struct Records {
    /// The kind, for example customer.
    kind: String,
    /// One record, with everything about it.
    id: Option<u64>,
    /// Only records whose name contains this.
    #[arg(long)]
    search: Option<String>,
    /// Records after this id.
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// At most so many.
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

/// Columns of a list.
const COLUMNS: usize = 5;

impl Records {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let host = context.host().await?;
        let kinds = schema::kinds(&host.store.custom_fields().await?);
        let kind =
            edits::kind_of(&kinds, &self.kind).map_err(|failure| Ended::Failed(failure.message))?;
        if let Some(id) = self.id {
            return one(context, &host, &self.kind, id).await;
        }
        let records = host
            .store
            .list(&self.kind, self.search.as_deref(), self.after, self.limit)
            .await?;
        let count = host.store.count(&self.kind).await?;
        let document = serde_json::json!({ "count": count, "records": records });
        context.out.result(&document, || {
            let mut columns: Vec<&str> = vec![schema::title_of(&kind.name)];
            for record in &records {
                for name in record.fields.keys() {
                    if !columns.contains(&name.as_str()) && columns.len() < COLUMNS {
                        columns.push(name);
                    }
                }
            }
            let rows: Vec<Vec<String>> = records
                .iter()
                .map(|record| {
                    let mut cells = vec![record.id.to_string()];
                    cells.extend(columns.iter().map(|name| {
                        record
                            .fields
                            .get(*name)
                            .map_or_else(String::new, |v| v.display())
                    }));
                    cells
                })
                .collect();
            let mut head = vec!["ID"];
            head.extend(columns.iter().copied());
            format!(
                "{}\n{} of {count} records of kind {}",
                table(&head, &rows),
                rows.len(),
                kind.name
            )
        });
        Ok(())
    }
}

async fn one(context: &Context, host: &Host, kind: &str, id: u64) -> Done {
    let mut links = std::collections::BTreeMap::new();
    let mut record: Option<Stored> = None;
    for connection in std::iter::once("").chain(host.config.connector.keys().map(String::as_str)) {
        let scope = Scope {
            connection: connection.to_owned(),
            layer: 0,
            run: None,
            cause: String::new(),
            lane: None,
        };
        let found = host.store.read(&scope, kind, &[id]).await?;
        if let Some(found) = found.into_iter().next().flatten() {
            if !connection.is_empty() && !found.keys.is_empty() {
                links.insert(connection.to_owned(), found.keys.clone());
            }
            record = Some(found);
        }
    }
    let record = record.ok_or_else(|| Ended::Failed(format!("There is no {kind} {id}.")))?;
    let document = serde_json::json!({
        "kind": kind, "id": id, "revision": record.revision,
        "fields": record.fields, "links": links,
    });
    context.out.result(&document, || {
        let mut rows: Vec<Vec<String>> = record
            .fields
            .iter()
            .map(|(name, value)| vec![name.clone(), value.display()])
            .collect();
        for (connection, keys) in &links {
            rows.push(vec![format!("link: {connection}"), keys.join(", ")]);
        }
        rows.push(vec!["revision".to_owned(), record.revision.to_string()]);
        format!("{kind} {id}\n{}", table(&["FIELD", "VALUE"], &rows))
    });
    Ok(())
}
