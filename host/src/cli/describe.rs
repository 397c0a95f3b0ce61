//! `describe`: what a connector says about itself.

use super::output::table;
use super::{Context, Done};

#[derive(Debug, clap::Args)]
pub(crate) struct Describe {
    /// The connector.
    name: String,
}

impl Describe {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let (_host, connection) = context.connection(&self.name).await?;
        let document: serde_json::Value =
            serde_json::from_str(&connection.description_json).unwrap_or_default();
        context.out.result(&document, || {
            let description = &connection.description;
            let mut text = format!("{} {}\n\n", description.name, description.version);
            let rows: Vec<Vec<String>> = description
                .entities
                .iter()
                .map(|entity| {
                    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
                    vec![
                        entity.name.clone(),
                        entity.kind.clone(),
                        yes(entity.import),
                        yes(entity.push),
                    ]
                })
                .collect();
            text.push_str(&table(&["ENTITY", "HALO KIND", "IMPORT", "PUSH"], &rows));
            text.push_str(&format!(
                "\nReaches {}.\nThe whole description with the settings' schema: --json.\n",
                description.hosts.join(", ")
            ));
            text
        });
        Ok(())
    }
}
