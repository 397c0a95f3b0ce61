//! `settings`: show, export, apply, history and revert. Every change is checked
//! first and keeps its author and time.

use std::io::Read;
use std::path::PathBuf;

use super::{Context, Done, Ended, author, check};
use crate::connection::Connection;
use crate::runs::show_time;

#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
    /// The connector.
    name: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show the settings that rule now.
    Show,
    /// Write them to a file, or to standard output.
    Export {
        /// The file.
        file: Option<PathBuf>,
    },
    /// Check a document and make it the settings.
    Apply {
        /// The file, or - for standard input.
        file: PathBuf,
    },
    /// Versions, newest first.
    History {
        /// Versions before this revision.
        #[arg(long)]
        before: Option<u64>,
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Make an earlier version the settings again.
    Revert {
        /// Its revision.
        revision: u64,
    },
}

impl Settings {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let (_host, connection) = context.connection(&self.name).await?;
        match self.action {
            Action::Show => {
                let (revision, json) = connection.settings().await?;
                let document = serde_json::json!({
                    "revision": revision,
                    "settings": parse(&json)?,
                });
                context.out.result(&document, || pretty(&json));
                Ok(())
            }
            Action::Export { file } => {
                let (_, json) = connection.settings().await?;
                let text = pretty(&json);
                match file {
                    None => context.out.result(&parse(&json)?, || text),
                    Some(file) => {
                        std::fs::write(&file, text + "\n").map_err(|error| {
                            Ended::Failed(format!("{} cannot be written: {error}.", file.display()))
                        })?;
                        context.out.say(&format!("Wrote {}.", file.display()));
                    }
                }
                Ok(())
            }
            Action::Apply { file } => {
                let text = read(&file)?;
                apply(context, &connection, &text).await
            }
            Action::History { before, limit } => {
                let store = connection.store();
                let versions = store.settings_history(&self.name, before, limit).await?;
                context.out.result(&versions, || {
                    if versions.is_empty() {
                        return match before {
                            None => "No settings have been applied yet.".to_owned(),
                            Some(before) => format!("There is no revision before {before}."),
                        };
                    }
                    let lines: Vec<String> = versions
                        .iter()
                        .map(|version| {
                            format!(
                                "{}  {}  by {}",
                                version.revision,
                                show_time(version.at),
                                version.author
                            )
                        })
                        .collect();
                    lines.join("\n")
                });
                Ok(())
            }
            Action::Revert { revision } => {
                let version = connection.store().settings_at(&self.name, revision).await?;
                let version = version.ok_or_else(|| {
                    Ended::Failed(format!(
                        "There is no revision {revision}; see `halo-host settings {} history`.",
                        self.name
                    ))
                })?;
                apply(context, &connection, &version.json).await
            }
        }
    }
}

async fn apply(context: &Context, connection: &Connection, text: &str) -> Done {
    if let Some(file) = &connection.settings_file {
        return Err(Ended::Act(format!(
            "The settings of {} come from the file {}; change that file.",
            connection.name,
            file.display()
        )));
    }
    parse(text)?;
    let problems = connection.check_settings(text, false).await?;
    if !problems.is_empty() && !context.out.is_json() {
        eprint!("{}", check::show(&connection.name, &problems));
    }
    let errors = problems.iter().filter(|p| p.severity == "error").count();
    if errors > 0 {
        if context.out.is_json() {
            let document = serde_json::json!({ "problems": problems });
            context.out.result(&document, String::new);
        }
        return Err(Ended::Act(format!(
            "{errors} error(s) in the settings; they were not applied."
        )));
    }
    let revision = connection
        .store()
        .settings_put(&connection.name, text, &author(), connection.now(), None)
        .await?;
    let document = serde_json::json!({ "revision": revision, "problems": problems });
    context.out.result(&document, || {
        format!(
            "The settings of {} are now revision {revision}.",
            connection.name
        )
    });
    Ok(())
}

fn read(file: &std::path::Path) -> Result<String, Ended> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    read.map_err(|error| Ended::Failed(format!("{} cannot be read: {error}.", file.display())))
}

fn parse(json: &str) -> Result<serde_json::Value, Ended> {
    serde_json::from_str(json)
        .map_err(|error| Ended::Act(format!("The settings are no JSON document: {error}.")))
}

fn pretty(json: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.to_owned())
}
