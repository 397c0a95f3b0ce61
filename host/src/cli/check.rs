//! `check`: configuration, components and settings, every problem in one answer.

use super::{Context, Done, Ended};
use crate::connection::Problem;
use crate::schedule::{self, NearLive};

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Only this connector.
    name: Option<String>,
    /// Ask the remote too (properties, choices); needs a connection.
    #[arg(long)]
    online: bool,
}

#[derive(serde::Serialize)]
struct Checked {
    connector: String,
    problems: Vec<Problem>,
    /// What polling in place of events costs, where that is switched on.
    #[serde(rename = "near-live", skip_serializing_if = "Option::is_none")]
    near_live: Option<NearLive>,
}

impl Check {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let host = context.host().await?;
        let names: Vec<String> = match self.name {
            Some(name) => vec![name],
            None => host.config.connector.keys().cloned().collect(),
        };
        if names.is_empty() {
            return Err(Ended::Act(
                "The configuration has no connector; add a section [connector.NAME].".to_owned(),
            ));
        }
        let mut errors = 0;
        for name in names {
            let connection = host.connection(&name).await?;
            let (_, json) = connection.settings().await?;
            let problems = connection.check_settings(&json, self.online).await?;
            errors += problems.iter().filter(|p| p.severity == "error").count();
            let wanted = schedule::wanted(&connection.description, &json);
            let entry = host.config.connector.get(&name);
            let checked = Checked {
                connector: name,
                problems,
                near_live: schedule::near_live(&connection, entry, &wanted).await?,
            };
            context.out.result(&checked, || {
                let mut text = show(&checked.connector, &checked.problems);
                if let Some(near_live) = &checked.near_live {
                    text = format!("{}\n  near-live: {near_live}", text.trim_end());
                }
                text
            });
        }
        if errors > 0 {
            return Err(Ended::Act(format!("{errors} error(s) to mend first.")));
        }
        Ok(())
    }
}

/// The problems of one connector's settings, for people.
pub(crate) fn show(connector: &str, problems: &[Problem]) -> String {
    if problems.is_empty() {
        return format!("{connector}: no problem found.");
    }
    let mut text = format!("{connector}:\n");
    for problem in problems {
        let path = if problem.path.is_empty() {
            "/"
        } else {
            &problem.path
        };
        text.push_str(&format!(
            "  {} at {path}: {}\n",
            problem.severity, problem.message
        ));
    }
    text
}
