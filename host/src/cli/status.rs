//! `status`: how the connections stand; sends no request.

use super::{Context, Done};
use crate::runs::show_time;
use crate::store::{Run, Task};

#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// Only this connector.
    name: Option<String>,
}

#[derive(serde::Serialize)]
struct Standing {
    connector: String,
    #[serde(flatten)]
    status: crate::connection::Status,
    runs: Vec<Run>,
    tasks: Vec<Task>,
    outbox: usize,
}

/// Runs shown: the last of each entity and a few more.
const RUNS: u32 = 5;

impl Status {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let host = context.host().await?;
        let names: Vec<String> = match self.name {
            Some(name) => vec![name],
            None => host.config.connector.keys().cloned().collect(),
        };
        for name in names {
            let connection = host.connection(&name).await?;
            let standing = Standing {
                status: connection.status().await?,
                runs: host.store.runs(&name, RUNS).await?,
                tasks: host.store.tasks(&name).await?,
                outbox: host.store.outbox(&name, u32::MAX).await?.len(),
                connector: name,
            };
            context.out.result(&standing, || show(&standing));
        }
        Ok(())
    }
}

fn show(standing: &Standing) -> String {
    let status = &standing.status;
    let mut text = format!("{}: {}", standing.connector, status.state);
    if let Some(account) = &status.account {
        text.push_str(&format!(" ({account})"));
    }
    text.push('\n');
    if let Some(reason) = &status.reason {
        text.push_str(&format!("  {reason}\n"));
    }
    for run in &standing.runs {
        text.push_str(&format!(
            "  run {} {} {}: {}, started {}",
            run.id,
            if run.mode == crate::store::RunMode::Preview {
                "preview"
            } else {
                "import"
            },
            run.entity,
            run.state,
            show_time(run.started)
        ));
        if let Some(failure) = &run.failure {
            text.push_str(&format!(": {failure}"));
        }
        text.push('\n');
    }
    for task in &standing.tasks {
        text.push_str(&format!(
            "  task {} due {}\n",
            task.name,
            show_time(task.due)
        ));
    }
    text
}
