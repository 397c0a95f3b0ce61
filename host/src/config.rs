//! The configuration file: where the host listens, where it keeps its store, and
//! which connectors may do what. Settings of a connector are not here (they live
//! in the store, with a history), and no secret is: only where to find it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::brake::Brake;
use crate::retention::Retention;
use crate::schedule::Schedule;

mod application;

pub use application::Application;

/// Why a configuration cannot be used; each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file.
    #[error(
        "There is no configuration file {0}. Make one with `halo-host init`, or name yours with --config."
    )]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("The configuration file {path} cannot be read: {detail}.")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// It does not say what it must, or says something unknown.
    #[error("The configuration file {path} is wrong: {detail}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Where and how.
        detail: String,
    },
    /// A connector of that name is not in it.
    #[error("The configuration has no connector {name:?}; it has {known}.")]
    NoConnector {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A secret is not where the configuration says.
    #[error("The secret {name} of {connector} cannot be used: {detail}")]
    Secret {
        /// The connector.
        connector: String,
        /// The secret.
        name: String,
        /// What is missing.
        detail: String,
    },
}

/// `halo.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where the host answers.
    #[serde(default)]
    pub server: Server,
    /// Where it keeps everything durable.
    #[serde(default)]
    pub store: StoreConfig,
    /// The connectors, by name.
    #[serde(default)]
    pub connector: BTreeMap<String, Connector>,
    /// The applications that may use the records API, by name; without one it is off.
    #[serde(default)]
    pub api: BTreeMap<String, Application>,
    /// The folder of the file: relative paths start here.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// `[server]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Server {
    /// Address and port to listen on.
    #[serde(default = "default_listen")]
    pub listen: std::net::SocketAddr,
    /// How browsers and remotes reach this host; sign-in comes back to it.
    #[serde(default)]
    pub public_url: Option<String>,
    /// How `serve` writes its log.
    #[serde(default)]
    pub log: LogForm,
}

/// How a log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogForm {
    /// For people.
    #[default]
    Text,
    /// One JSON document a line, for programs that collect logs.
    Json,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            listen: default_listen(),
            public_url: None,
            log: LogForm::default(),
        }
    }
}

fn default_listen() -> std::net::SocketAddr {
    // Loopback only: an administrator opens it to others on purpose.
    std::net::SocketAddr::from(([127, 0, 0, 1], 8085))
}

/// `[store]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StoreConfig {
    /// The database file.
    #[serde(default = "default_store")]
    pub path: PathBuf,
    /// The key that seals secrets; made at first use. The environment variable
    /// `HALO_SEAL_KEY` (64 hexadecimal digits) is used instead when it is set.
    #[serde(default = "default_key")]
    pub key_file: PathBuf,
    /// What is kept for how long.
    #[serde(default)]
    pub retention: Retention,
}

impl Default for StoreConfig {
    fn default() -> Self {
        StoreConfig {
            path: default_store(),
            key_file: default_key(),
            retention: Retention::default(),
        }
    }
}

fn default_store() -> PathBuf {
    PathBuf::from("halo.db")
}

fn default_key() -> PathBuf {
    PathBuf::from("halo.key")
}

/// `[connector.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Connector {
    /// The component file.
    pub component: PathBuf,
    /// The hosts that it may reach; those of its description when left out.
    #[serde(default)]
    pub allow_hosts: Option<Vec<String>>,
    /// The kinds of records that it may read and write; those of its description
    /// when left out.
    #[serde(default)]
    pub kinds: Option<Vec<String>>,
    /// A settings document in a file: then the file rules.
    #[serde(default)]
    pub settings_file: Option<PathBuf>,
    /// Where its secrets are.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretSource>,
    /// Calls in the window of a rate bucket, where the account's limit differs
    /// from the description.
    #[serde(default)]
    pub rates: BTreeMap<String, u32>,
    /// When an import stops and asks.
    #[serde(default)]
    pub brake: Brake,
    /// The connector to whose path the remote sends this one's events, where that is
    /// another one: a remote has one address for all accounts of an app.
    #[serde(default)]
    pub events_from: Option<String>,
    /// When imports run that its settings enable.
    #[serde(default)]
    pub schedule: Option<Schedule>,
}

/// Where a secret is found.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum SecretSource {
    /// In an environment variable.
    Env(String),
    /// In a file, without the line end.
    File(PathBuf),
}

impl Config {
    /// Reads and checks a file.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ConfigError::Missing(path.to_owned()),
            _ => ConfigError::Unreadable {
                path: path.to_owned(),
                detail: error.to_string(),
            },
        })?;
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        Config::parse(&text, folder).map_err(|detail| ConfigError::Wrong {
            path: path.to_owned(),
            detail,
        })
    }

    /// Parses a text whose relative paths start in `folder`.
    pub fn parse(text: &str, folder: PathBuf) -> Result<Config, String> {
        let mut config: Config =
            toml::from_str(text).map_err(|error| explain(&error.to_string()))?;
        config.folder = folder;
        if let Some(name) = config.connector.keys().find(|name| !is_name(name)) {
            return Err(format!(
                "{name:?} cannot be the name of a connector: use letters, digits and dashes."
            ));
        }
        if let Some(name) = TAKEN
            .iter()
            .find(|name| config.connector.contains_key(**name))
        {
            return Err(format!(
                "{name:?} cannot be the name of a connector, as the admin page has that address itself: choose another."
            ));
        }
        for (name, connector) in &config.connector {
            let brake = connector.brake.check();
            brake.map_err(|detail| format!("connector.{name}.brake: {detail}"))?;
            if let Some(schedule) = &connector.schedule {
                let checked = schedule.check();
                checked.map_err(|detail| format!("connector.{name}.schedule: {detail}"))?;
            }
            if let Some(from) = &connector.events_from
                && !config.connector.contains_key(from)
            {
                return Err(format!(
                    "connector.{name}.events-from names {from:?}, which is no connector here."
                ));
            }
        }
        let kept = config.store.retention.check();
        kept.map_err(|detail| format!("store.retention: {detail}"))?;
        application::check(&config.api)?;
        if let Some(url) = &config.server.public_url
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            return Err(format!(
                "server.public-url is {url:?}, but must start with https:// or http://."
            ));
        }
        Ok(config)
    }

    /// A path of the file, from its folder.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// The address at which people and remotes reach this host, without a slash
    /// at the end.
    pub fn public_url(&self) -> String {
        match &self.server.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.server.listen),
        }
    }

    /// A connector by name.
    pub fn connector(&self, name: &str) -> Result<&Connector, ConfigError> {
        self.connector.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.connector.keys().map(String::as_str).collect();
            ConfigError::NoConnector {
                name: name.to_owned(),
                known: if known.is_empty() {
                    "none; add a section [connector.NAME]".to_owned()
                } else {
                    known.join(", ")
                },
            }
        })
    }

    /// The plain value of a secret that the configuration grants.
    pub fn secret(&self, connector: &str, name: &str) -> Result<Option<String>, ConfigError> {
        let Some(source) = self
            .connector
            .get(connector)
            .and_then(|c| c.secrets.get(name))
        else {
            return Ok(None);
        };
        let missing = |detail| ConfigError::Secret {
            connector: connector.to_owned(),
            name: name.to_owned(),
            detail,
        };
        self.read(source).map(Some).map_err(missing)
    }

    /// The plain value; else what to do.
    fn read(&self, source: &SecretSource) -> Result<String, String> {
        let value = match source {
            SecretSource::Env(variable) => std::env::var(variable)
                .map_err(|_| format!("set the environment variable {variable}."))?,
            SecretSource::File(file) => {
                let file = self.path(file);
                std::fs::read_to_string(&file).map_err(|error| {
                    format!("the file {} cannot be read: {error}.", file.display())
                })?
            }
        };
        Ok(value.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// What stands in addresses of the admin page where else a connector's name does.
const TAKEN: [&str; 3] = ["assets", "log-in", "log-out"];

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Adds the nearest known name to a message about an unknown one.
fn explain(message: &str) -> String {
    let message = message.trim_end();
    let Some(rest) = message.split("unknown field `").nth(1) else {
        return message.to_owned();
    };
    let mut names = rest.split('`');
    let unknown = names.next().unwrap_or_default();
    let known = names.skip(1).step_by(2);
    match nearest(unknown, known) {
        Some(name) => format!("{message}\nDid you mean `{name}`?"),
        None => message.to_owned(),
    }
}

/// The most similar name, when one is similar at all.
pub fn nearest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const SIMILAR: f64 = 0.7;
    known
        .map(|name| (strsim::jaro_winkler(unknown, name), name))
        .filter(|(score, _)| *score >= SIMILAR)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, PathBuf::from("/etc/halo"))
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        let config = parse("").unwrap();
        assert_eq!(config.public_url(), "http://127.0.0.1:8085");
        assert_eq!(
            config.path(&config.store.path),
            Path::new("/etc/halo/halo.db")
        );
    }

    #[test]
    fn a_misspelt_key_names_its_line_and_the_nearest_known_one() {
        let error =
            parse("[connector.crm]\ncomponent = \"x.wasm\"\nalow-hosts = []\n").unwrap_err();
        assert!(error.contains("line 3"), "{error}");
        assert!(error.contains("Did you mean `allow-hosts`?"), "{error}");
    }

    #[test]
    fn the_brake_has_its_defaults_and_takes_nothing_that_it_does_not_understand() {
        let with = |brake: &str| {
            let text = format!("[connector.crm]\ncomponent = \"x\"\n{brake}\n");
            parse(&text).map(|config| config.connector["crm"].brake)
        };
        let brake = |share, above| Ok(Brake { share, above });
        assert_eq!(with(""), brake(20, 50));
        assert_eq!(with("brake = { share = 5 }"), brake(5, 50));
        assert_eq!(with("brake = { share = 100, above = 0 }"), brake(100, 0));
        for (wrong, told) in [
            ("brake = { shares = 5 }", "Did you mean `share`?"),
            (
                "brake = { share = 101 }",
                "connector.crm.brake: `share` is 101",
            ),
            ("brake = { share = -1 }", "-1"),
            ("brake = 20", "brake"),
        ] {
            let error = with(wrong).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn an_unknown_connector_names_the_known_ones() {
        let config = parse("[connector.crm]\ncomponent = \"x.wasm\"\n").unwrap();
        let error = config.connector("cmr").unwrap_err().to_string();
        assert!(error.contains("it has crm"), "{error}");
    }

    #[test]
    fn a_name_that_the_admin_page_has_itself_is_refused() {
        for name in TAKEN {
            let error = parse(&format!("[connector.{name}]\ncomponent = \"x.wasm\"\n"));
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains(name) && error.contains("choose another"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_secret_that_is_not_there_says_where_it_was_looked_for() {
        let config = parse(
            "[connector.crm]\ncomponent = \"x\"\n[connector.crm.secrets]\nkey = { env = \"HALO_TEST_NO_SUCH\" }\n",
        )
        .unwrap();
        let error = config.secret("crm", "key").unwrap_err().to_string();
        assert!(error.contains("HALO_TEST_NO_SUCH"), "{error}");
        assert!(config.secret("crm", "other").unwrap().is_none());
    }
}
