//! `serve`: answers sign-ins and runs what is due, until stopped.

use std::sync::Arc;

use super::{Context, Done, Ended, stop_on_signal};
use crate::capability::Stop;
use crate::server;

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {}

impl Serve {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let host = Arc::new(context.host().await?);
        let listen = host.config.server.listen;
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(|error| {
            Ended::Act(format!(
                "This host cannot listen on {listen}: {error}. End the program that does, or change server.listen."
            ))
        })?;
        // A component that does not load is said now, not at its first use.
        for name in host.config.connector.keys() {
            host.connection(name).await?;
        }
        let stop = Stop::default();
        stop_on_signal(&stop, "Stopping; what runs finishes its page…");
        let document = serde_json::json!({ "listening": listen.to_string() });
        context
            .out
            .result(&document, || format!("Listening on http://{listen}"));
        server::serve(host, listener, &stop)
            .await
            .map_err(|error| Ended::Failed(format!("The server failed: {error}.")))
    }
}
