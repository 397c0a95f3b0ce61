//! `action`: what a connector can do besides importing and sending.

use super::output::table;
use super::{Context, Done, Ended};

#[derive(Debug, clap::Args)]
pub(crate) struct Action {
    /// The connector.
    name: String,
    /// What to do; without it, what there is to do.
    action: Option<String>,
    /// What it wants to be told: a JSON document.
    #[arg(value_name = "JSON", default_value = "{}")]
    input: String,
}

impl Action {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let (_host, connection) = context.connection(&self.name).await?;
        let Some(action) = self.action else {
            let actions = connection.actions().await?;
            let document = serde_json::json!({ "actions": actions });
            context.out.result(&document, || {
                if actions.is_empty() {
                    return format!("{} has no actions.", connection.name);
                }
                let rows: Vec<Vec<String>> = actions
                    .iter()
                    .map(|action| {
                        let changes = if action.read_only { "no" } else { "yes" };
                        vec![action.name.clone(), changes.to_owned(), action.help.clone()]
                    })
                    .collect();
                table(&["ACTION", "CHANGES", "WHAT IT DOES"], &rows)
            });
            return Ok(());
        };
        if let Err(error) = serde_json::from_str::<serde_json::Value>(&self.input) {
            return Err(Ended::Failed(format!(
                "What the action is told is no JSON: {error}."
            )));
        }
        let answer = connection.act(&action, &self.input).await?;
        // A document is what people get, too: it is for other programs in the end.
        context.out.result(&answer, || format!("{answer:#}"));
        Ok(())
    }
}
