//! `messages`: what people are told of what was sent, or could not be.

use super::{Context, Done};
use crate::host::OpenError;
use crate::runs::show_time;
use crate::store::Message;

#[derive(Debug, clap::Args)]
pub(crate) struct Messages {
    /// The connector.
    name: String,
    /// At most so many, newest first.
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

impl Messages {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let host = context.host().await?;
        let known = host.config.connector(&self.name);
        known.map_err(OpenError::Config)?;
        let messages = host.store.messages(&self.name, self.limit).await?;
        context.out.result(&messages, || {
            if messages.is_empty() {
                return format!("There is no message of {}.", self.name);
            }
            let lines: Vec<String> = messages.iter().map(show).collect();
            lines.join("\n")
        });
        Ok(())
    }
}

fn show(message: &Message) -> String {
    let mut text = format!(
        "{}  {}  {} {}",
        show_time(message.at),
        message.level,
        message.kind,
        message.record
    );
    if !message.title.is_empty() {
        text.push_str(&format!(" {:?}", message.title));
    }
    text.push_str(&format!(": {}", message.text));
    if let Some(address) = &message.address {
        text.push_str(&format!("\n    {address}"));
    }
    text
}
