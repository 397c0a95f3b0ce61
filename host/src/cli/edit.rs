//! `create`, `edit`, `deactivate`, `activate`: changes of Halo's records as a person
//! there makes them.

use super::{Context, Done, Ended, author, rows};
use crate::edits::{self, Change, EditError, Given, Who, Written};
use crate::host::Host;
use crate::model::{Effect, Failure, FieldChange};
use crate::schema;

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The kind, for example customer.
    kind: String,
    /// Its fields: `name="Acme Ltd"`, `site_id=7`, choices by value or label, several
    /// of them separated by semicolons.
    #[arg(value_name = "FIELD=VALUE", required = true)]
    fields: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Edit {
    /// The kind, for example customer.
    kind: String,
    /// Halo's id of the record.
    id: u64,
    /// The fields to change, as for create; `FIELD=` clears one, others stay.
    #[arg(value_name = "FIELD=VALUE", required = true)]
    fields: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Switch {
    /// The kind, for example customer.
    kind: String,
    /// Halo's id of the record.
    id: u64,
}

impl Create {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let change = Change {
            kind: self.kind,
            given: given(&self.fields)?,
            ..Change::default()
        };
        make(context, &context.host().await?, change).await
    }
}

impl Edit {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let change = Change {
            kind: self.kind,
            id: Some(self.id),
            given: given(&self.fields)?,
            ..Change::default()
        };
        make(context, &context.host().await?, change).await
    }
}

impl Switch {
    /// Takes the record out of use, or into it again.
    pub(crate) async fn run(self, context: &Context, inactive: bool) -> Done {
        let host = context.host().await?;
        let kinds = schema::kinds(&host.store.custom_fields().await?);
        let field = edits::switch_of(&kinds, &self.kind).map_err(refused)?;
        let change = Change {
            kind: self.kind,
            id: Some(self.id),
            given: vec![(field.to_owned(), Given::One(inactive.to_string()))],
            ..Change::default()
        };
        make(context, &host, change).await
    }
}

/// `FIELD=VALUE`; only the first equals sign parts.
fn given(fields: &[String]) -> Result<Vec<(String, Given)>, Ended> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
        Some((name.trim().to_owned(), Given::from(value)))
    };
    fields
        .iter()
        .map(|text| {
            pair(text).ok_or_else(|| {
                Ended::Failed(format!(
                    "{text:?} gives no field a value; write FIELD=VALUE, or FIELD= to clear it."
                ))
            })
        })
        .collect()
}

fn refused(failure: Failure) -> Ended {
    Ended::Failed(failure.message)
}

async fn make(context: &Context, host: &Host, change: Change) -> Done {
    let (store, who, now) = (
        &*host.store,
        Who::at_command_line(&author()),
        host.clock.now(),
    );
    let made = edits::write(store, &who, std::slice::from_ref(&change), now).await;
    let made = made.map_err(|error| match error {
        EditError::Store(error) => Ended::from(error),
        error @ EditError::Refused(_) => Ended::Failed(error.to_string()),
    })?;
    for written in made
        .iter()
        .flat_map(|outer| [outer].into_iter().chain(&outer.inside))
    {
        let changes = edits::changes_of(store, &who, written, now).await?;
        let document = serde_json::json!({
            "kind": written.kind, "id": written.id, "revision": written.revision,
            "effect": written.effect, "changes": changes,
        });
        context.out.result(&document, || show(written, &changes));
    }
    Ok(())
}

/// What was done, a line for each field.
fn show(written: &Written, changes: &[FieldChange]) -> String {
    let (kind, id) = (&written.kind, written.id);
    let effect = match written.effect {
        Effect::Created => "created",
        Effect::Updated => "updated",
        Effect::Unchanged => {
            return format!("{kind} {id} has these values already; nothing was written.");
        }
        Effect::Removed => "removed",
    };
    let mut text = format!("{kind} {id} {effect}");
    for change in changes {
        text.push_str("\n    ");
        text.push_str(&match written.effect {
            Effect::Created => format!("{}: {}", change.field, change.to.display()),
            _ => rows::from_to(change),
        });
    }
    text
}
