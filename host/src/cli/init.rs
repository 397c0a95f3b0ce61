//! `init`: a commented starting configuration. With a component at hand it asks
//! the component what it needs.

use std::path::{Path, PathBuf};

use super::{Context, Done, Ended};
use crate::config::Config;
use crate::description::Description;
use crate::host::Host;

#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The connector's name in the configuration.
    #[arg(long, requires = "component")]
    name: Option<String>,
    /// Its component file; what it needs is filled in.
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
}

const HEAD: &str = r#"# Configuration of halo-host. Relative paths start at this file's folder.

[server]
# Where the host answers. Loopback: only this machine reaches it.
listen = "127.0.0.1:8085"
# How browsers and the remote reach it, when that differs:
# public-url = "https://halo.example.com"
# The log of serve as one JSON document a line:
# log = "json"

[store]
# Records, links, state, settings and the journal.
path = "halo.db"
# The key that seals tokens; made at first use. Keep it apart from backups of the
# store, or set HALO_SEAL_KEY (64 hexadecimal digits) instead.
key-file = "halo.key"
# Days that things are kept; 0 for ever:
# retention = { journal = 400, runs = 90, previews = 7, events = 30 }

# Programs made for Halo may read and write the records over /api of `serve`, which
# is off without a section like this; NAME is what the journal calls the program:
# [api.NAME]
# client-id = "an id of your choice"
# client-secret = { env = "API_SECRET" }   # 16 characters or more
"#;

const EXAMPLE: &str = r#"
# One section per connector; its name is yours to choose.
# [connector.NAME]
# component = "connector.wasm"
# What it may reach and which records it may use; what it asks for when left out:
# allow-hosts = ["api.example.com"]
# kinds = ["customer", "site"]
# A settings file that rules instead of the stored settings:
# settings-file = "settings.json"
# When an import stops and asks: it would change more than 20 % of more than 50.
# brake = { share = 20, above = 50 }
#
# [connector.NAME.secrets]
# client-secret = { env = "CLIENT_SECRET" }   # or { file = "client-secret.txt" }
"#;

impl Init {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let path = &context.config;
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(Ended::Failed(format!(
                "There is no folder {}; make it first.",
                folder.display()
            )));
        }
        let mut text = HEAD.to_owned();
        match &self.component {
            None => text.push_str(EXAMPLE),
            Some(component) => {
                let name = self.name.as_deref().unwrap_or("connector");
                text.push_str(&section(name, component, folder).await?);
            }
        }
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).open(path);
        let written =
            file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
        written.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Ended::Failed(format!(
                "{} is there already and was left as it is. Remove it, or name another file with --config.",
                path.display()
            )),
            _ => Ended::Failed(format!("{} cannot be written: {error}.", path.display())),
        })?;
        let document = serde_json::json!({ "written": path });
        context.out.result(&document, || {
            format!(
                "Wrote {}. Next: look through it, then `halo-host check`.",
                path.display()
            )
        });
        Ok(())
    }
}

/// The section of a connector, from its own description.
async fn section(name: &str, component: &Path, folder: &Path) -> Result<String, Ended> {
    let absolute = std::path::absolute(component)
        .map_err(|error| Ended::Failed(format!("{}: {error}.", component.display())))?;
    let description = look_into(&absolute).await?;
    let quoted = |items: Vec<String>| {
        let items: Vec<String> = items.iter().map(|item| format!("{item:?}")).collect();
        items.join(", ")
    };
    // Relative paths of the file start at its own folder, not at the present one.
    let path = if std::path::absolute(folder).ok() == std::env::current_dir().ok() {
        component.display().to_string()
    } else {
        absolute.display().to_string()
    };
    let mut text = format!(
        "\n# {} {}\n[connector.{name}]\ncomponent = {path:?}\n",
        description.name, description.version,
    );
    text.push_str("# What it may reach, and which kinds of records it may use:\n");
    text.push_str(&format!(
        "allow-hosts = [{}]\n",
        quoted(description.hosts.clone())
    ));
    let kinds = description.kinds().into_iter().collect();
    text.push_str(&format!("kinds = [{}]\n", quoted(kinds)));
    text.push_str("# A settings file that rules instead of the stored settings:\n# settings-file = \"settings.json\"\n");
    text.push_str("# When an import stops and asks: it would change more than 20 % of more than 50.\n# brake = { share = 20, above = 50 }\n");
    if !description.buckets.is_empty() {
        text.push_str(&format!(
            "\n# Calls per window, where your account's limits differ.\n# [connector.{name}.rates]\n"
        ));
        for bucket in &description.buckets {
            text.push_str(&format!(
                "# {} = {}   # in {} ms\n",
                bucket.name, bucket.limit, bucket.window_ms
            ));
        }
    }
    if !description.secrets.is_empty() {
        text.push_str(&format!("\n[connector.{name}.secrets]\n"));
        for secret in &description.secrets {
            let variable = format!("{name}_{}", secret.name)
                .replace('-', "_")
                .to_uppercase();
            text.push_str(&format!("# {}. {}\n", secret.label, secret.help));
            text.push_str(&format!("# {} = {{ env = \"{variable}\" }}\n", secret.name));
        }
    }
    Ok(text)
}

/// Loads a component in a host of its own that is thrown away.
async fn look_into(component: &Path) -> Result<Description, Ended> {
    let folder = tempfile::tempdir()
        .map_err(|error| Ended::Failed(format!("No temporary folder: {error}.")))?;
    let text = format!(
        "[connector.c]\ncomponent = {:?}\n",
        component.display().to_string()
    );
    let config = Config::parse(&text, folder.path().to_owned()).map_err(Ended::Failed)?;
    let host = Host::open(config).await?;
    Ok(host.connection("c").await?.description)
}
