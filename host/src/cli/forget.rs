//! `forget`: what the host knows of one object at the remote goes, for somebody who has the
//! right to that; that something was there, and when, stays.

use super::{Context, Done, Ended};
use crate::admin::forget_likely;
use crate::store::{Forgotten, Subject};

#[derive(Debug, clap::Args)]
pub(crate) struct Forget {
    /// The connector.
    name: String,
    /// The entity.
    entity: String,
    /// The object's id, as reports show it.
    #[arg(value_name = "REMOTE-ID")]
    id: String,
}

#[derive(serde::Serialize)]
struct Told {
    #[serde(flatten)]
    host: Forgotten,
    /// In how many places of its state the connector had values of it; nothing, where it
    /// has no way to be told.
    state: Option<u64>,
    /// Likely rows of mapping tables; their evidence names people.
    likely: u64,
}

impl Forget {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let (host, connection) = context.connection(&self.name).await?;
        let entity = connection.description.entity(&self.entity);
        let entity = entity.map_err(Ended::Failed)?;
        let subject = Subject {
            connection: self.name,
            entity: entity.name.clone(),
            key: self.id,
            kind: entity.kind.clone(),
        };
        // First, as it is what can fail: the same command then does all of it.
        let state = connection.forget(&subject.entity, &subject.key).await?;
        let told = Told {
            host: host.store.forget(&subject).await?,
            state,
            likely: forget_likely(&host.store, &subject.connection).await?,
        };
        context
            .out
            .result(&told, || show(&told, &subject.connection));
        Ok(())
    }
}

fn show(told: &Told, connector: &str) -> String {
    let host = &told.host;
    let state = match told.state {
        Some(places) => format!("{places} places of what {connector} remembers"),
        None => format!("nothing of what {connector} remembers, as it cannot be told to"),
    };
    format!(
        "Forgotten: the values in {} lines of the journal, {} rows of reports, {} messages, {} events, {} likely rows and {state}; {} previews were dropped.\nHalo's own record is as it was: edit or deactivate it there. Backups still have it all. What the remote still has comes again with the next import that reads it.",
        host.journal, host.reports, host.messages, host.events, told.likely, host.previews
    )
}
