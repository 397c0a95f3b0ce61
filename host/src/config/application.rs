//! `[api.NAME]`: the programs that may use the records API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Config, ConfigError, SecretSource};

/// An application of the records API. The journal calls it by its name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Application {
    /// What it calls itself when it asks for a token.
    pub client_id: String,
    /// Where its secret is.
    pub client_secret: SecretSource,
}

/// Characters of an application's secret at least: nothing slows down who guesses.
const SHORTEST_SECRET: usize = 16;

/// What is wrong with the applications of a configuration.
pub(super) fn check(applications: &BTreeMap<String, Application>) -> Result<(), String> {
    let mut ids = BTreeMap::new();
    for (name, application) in applications {
        if application.client_id.is_empty() {
            return Err(format!("api.{name}.client-id is empty; give it one."));
        }
        if let Some(other) = ids.insert(&application.client_id, name) {
            return Err(format!(
                "api.{name} and api.{other} have the same client-id; give each its own."
            ));
        }
    }
    Ok(())
}

impl Config {
    /// The secret of an application of the records API.
    pub fn api_secret(&self, name: &str) -> Result<String, ConfigError> {
        let missing = |detail| ConfigError::Secret {
            connector: format!("the application {name}"),
            name: "client-secret".to_owned(),
            detail,
        };
        let application = self
            .api
            .get(name)
            .ok_or_else(|| missing("the configuration does not name it.".to_owned()))?;
        let secret = self.read(&application.client_secret).map_err(missing)?;
        if secret.chars().count() < SHORTEST_SECRET {
            return Err(missing(format!(
                "it has fewer than {SHORTEST_SECRET} characters; make a longer one."
            )));
        }
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_has_an_id_of_its_own_and_a_long_secret() {
        let folder = tempfile::tempdir().unwrap();
        let parse = |text: &str| Config::parse(text, folder.path().to_owned());
        let section = |name: &str, id: &str| {
            format!("[api.{name}]\nclient-id = \"{id}\"\nclient-secret = {{ file = \"s\" }}\n")
        };
        let config = parse(&section("desk", "1")).unwrap();
        for (secret, told) in [
            (None, "the file"),
            (Some("fifteen letters"), "fewer than 16 characters"),
            (Some("sixteen letters!\n"), ""),
        ] {
            if let Some(secret) = secret {
                std::fs::write(folder.path().join("s"), secret).unwrap();
            }
            match config.api_secret("desk") {
                Ok(secret) => assert_eq!((secret.as_str(), told), ("sixteen letters!", "")),
                Err(error) => {
                    let error = error.to_string();
                    assert!(error.contains(told) && error.contains("desk"), "{error}");
                }
            }
        }
        let two = section("desk", "1") + &section("shop", "1");
        assert!(parse(&two).unwrap_err().contains("the same client-id"));
        assert!(
            parse(&section("desk", ""))
                .unwrap_err()
                .contains("is empty")
        );
        let error = parse("[api.desk]\nclient = \"1\"\n").unwrap_err();
        assert!(error.contains("Did you mean `client-id`?"), "{error}");
    }
}
