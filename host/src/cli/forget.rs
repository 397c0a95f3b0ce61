//! `forget`: what the host knows of one object at the remote goes, for somebody who has the
//! right to that; that something was there, and when, stays.

use super::{Context, Done, Ended};
use crate::store::Subject;

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
        let forgotten = host.store.forget(&subject).await?;
        context.out.result(&forgotten, || {
            format!(
                "Forgotten: the values in {} lines of the journal, {} rows of reports, {} messages and {} events; {} previews were dropped.\nHalo's own record is as it was: edit or deactivate it there. Backups still have it all.",
                forgotten.journal,
                forgotten.reports,
                forgotten.messages,
                forgotten.events,
                forgotten.previews
            )
        });
        Ok(())
    }
}
