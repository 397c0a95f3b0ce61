//! Small values that are sealed at rest. A preview may write them too: a refresh
//! token that was exchanged and then forgotten would end the connection.

use super::{Guest, convert};
use crate::contract::halo::integration::secrets::{Host, Secret};
use crate::contract::halo::integration::state::Expectation;
use crate::contract::halo::integration::types;
use crate::model::Failure;

/// Bytes of one value: tokens have some hundred.
const VALUE_LIMIT: usize = 64 * 1024;

impl Host for Guest {
    async fn get(
        &mut self,
        name: String,
    ) -> wasmtime::Result<Result<Option<Secret>, types::Failure>> {
        if let Some(value) = self.grants.secrets.get(&name) {
            return Ok(Ok(Some(Secret {
                value: value.clone(),
                revision: 0,
            })));
        }
        let connection = &self.grants.connection;
        let Some(sealed) = self.store().secret_get(connection, &name).await? else {
            return Ok(Ok(None));
        };
        match self
            .grants
            .sealer
            .open_value(connection, &name, &sealed.sealed)
        {
            Ok(value) => Ok(Ok(Some(Secret {
                value,
                revision: sealed.revision,
            }))),
            Err(error) => Ok(Err(Failure::new("unsealable", error.to_string()).into())),
        }
    }

    async fn set(
        &mut self,
        name: String,
        value: Option<String>,
        expected: Expectation,
    ) -> wasmtime::Result<Result<u64, types::Failure>> {
        let refuse = |code: &str, message: String| Ok(Err(Failure::new(code, message).into()));
        if self.grants.secrets.contains_key(&name) {
            return refuse(
                "denied",
                format!("The secret {name} comes from the configuration and cannot be set."),
            );
        }
        if value
            .as_ref()
            .is_some_and(|value| value.len() > VALUE_LIMIT)
        {
            return refuse(
                "limit",
                format!("A secret has at most {VALUE_LIMIT} bytes."),
            );
        }
        let connection = &self.grants.connection;
        let sealed = match value.map(|value| self.grants.sealer.seal(connection, &name, &value)) {
            None => None,
            Some(Ok(sealed)) => Some(sealed),
            Some(Err(error)) => return refuse("internal", error.to_string()),
        };
        let expected = convert::expectation_in(expected);
        let revision = self
            .store()
            .secret_set(connection, &name, sealed.as_deref(), expected)
            .await;
        convert::store_answer(revision)
    }
}
