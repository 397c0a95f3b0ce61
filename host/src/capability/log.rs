//! Log lines of a connector, on the host's log with connection and run.

use super::Guest;
use crate::contract::halo::integration::log::{Host, Level};
use crate::contract::halo::integration::types::Attribute;

/// Characters of one line with its attributes: a line, not a dump.
const LINE_LIMIT: usize = 2_000;
/// Lines of one call: some for each page, and a loop does not fill the disk.
const LINES_LIMIT: usize = 1_000;

impl Host for Guest {
    async fn write(
        &mut self,
        level: Level,
        message: String,
        attributes: Vec<Attribute>,
    ) -> wasmtime::Result<()> {
        self.log_lines += 1;
        if self.log_lines > LINES_LIMIT {
            if self.log_lines == LINES_LIMIT + 1 {
                let connection = &self.grants.connection;
                tracing::warn!(target: "connector", connection, "further lines of this call are left out");
            }
            return Ok(());
        }
        let line = line(message, attributes);
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

/// One line: what would end it, or move a terminal's cursor, becomes a blank.
fn line(mut text: String, attributes: Vec<Attribute>) -> String {
    for attribute in attributes {
        text.push_str(&format!(" {}={:?}", attribute.name, attribute.value));
    }
    let text = text.chars().take(LINE_LIMIT);
    text.map(|c| if c.is_control() { ' ' } else { c }).collect()
}
