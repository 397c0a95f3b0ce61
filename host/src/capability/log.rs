//! Log lines of a connector, on the host's log with connection and run.

use super::Guest;
use crate::contract::halo::integration::log::{Host, Level};
use crate::contract::halo::integration::types::Attribute;

/// Characters of one message: a line, not a dump.
const MESSAGE_LIMIT: usize = 2_000;

impl Host for Guest {
    async fn write(
        &mut self,
        level: Level,
        message: String,
        attributes: Vec<Attribute>,
    ) -> wasmtime::Result<()> {
        let mut line: String = message.chars().take(MESSAGE_LIMIT).collect();
        for attribute in attributes {
            line.push_str(&format!(" {}={:?}", attribute.name, attribute.value));
        }
        let connection = &self.grants.connection;
        let run = self.scope.run.unwrap_or_default();
        match level {
            Level::Debug => tracing::debug!(target: "connector", connection, run, "{line}"),
            Level::Info => tracing::info!(target: "connector", connection, run, "{line}"),
            Level::Warn => tracing::warn!(target: "connector", connection, run, "{line}"),
            Level::Error => tracing::error!(target: "connector", connection, run, "{line}"),
        }
        Ok(())
    }
}
