//! `administrator`: who may sign in to the admin page.

use std::io::{BufRead as _, IsTerminal as _};

use super::{Context, Done, Ended};
use crate::admin::administrators::{self, AdministratorError, Administrators};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Administrator {
    /// Make somebody an administrator, or give one another password.
    ///
    /// Asks for the password, or reads it from standard input: its first line.
    Set {
        /// The name.
        name: String,
    },
    /// Take the right away; who is signed in is out at once.
    Remove {
        /// The name.
        name: String,
    },
    /// List all.
    List,
}

impl Administrator {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let host = context.host().await?;
        match self {
            Administrator::Set { name } => {
                let password = password()?;
                administrators::set(&host, &name, password).await?;
                let document = serde_json::json!({ "administrator": name });
                context
                    .out
                    .result(&document, || format!("{name} may sign in at /admin."));
            }
            Administrator::Remove { name } => {
                if !administrators::remove(&host, &name).await? {
                    return Err(Ended::Failed(format!(
                        "There is no administrator {name:?}; see `halo-host administrator list`."
                    )));
                }
                let document = serde_json::json!({ "removed": name });
                context
                    .out
                    .result(&document, || format!("{name} may not sign in any more."));
            }
            Administrator::List => {
                let all = Administrators::of(&host).await?;
                let names: Vec<&str> = all.names().collect();
                context.out.result(&names, || match names.as_slice() {
                    [] => "There is no administrator: the admin page is open at this machine and closed elsewhere.".to_owned(),
                    names => names.join("\n"),
                });
            }
        }
        Ok(())
    }
}

/// Typed twice on a terminal, unseen; else the first line.
fn password() -> Result<String, Ended> {
    let failed = |error: std::io::Error| Ended::Failed(format!("No password was read: {error}."));
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(failed)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let terminal = console::Term::stderr();
    let ask = |question: &str| {
        terminal.write_str(question)?;
        terminal.read_secure_line()
    };
    let shortest = administrators::SHORTEST_PASSWORD;
    let first = ask(&format!("Password, {shortest} characters or more: ")).map_err(failed)?;
    let second = ask("The same again: ").map_err(failed)?;
    if first != second {
        return Err(Ended::Failed(
            "The two passwords differ; nothing was changed.".to_owned(),
        ));
    }
    Ok(first)
}

impl From<AdministratorError> for Ended {
    fn from(error: AdministratorError) -> Ended {
        match error {
            AdministratorError::Given(_) => Ended::Act(error.to_string()),
            _ => Ended::Failed(error.to_string()),
        }
    }
}
