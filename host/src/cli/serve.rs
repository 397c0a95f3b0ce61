//! `serve`: answers sign-ins and the records API, and runs what is due, until stopped.

use std::sync::Arc;

use super::{Context, Done, Ended, stop_on_signal};
use crate::capability::Stop;
use crate::host::OpenError;
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
        let router = server::router(&host).map_err(OpenError::Config)?;
        let stop = Stop::default();
        stop_on_signal(&stop, "Stopping; what runs finishes its page…");
        let applications: Vec<&str> = host.config.api.keys().map(String::as_str).collect();
        let document = serde_json::json!({
            "listening": listen.to_string(), "records-api": applications,
        });
        context.out.result(&document, || {
            let api = match applications.as_slice() {
                [] => {
                    "off; an application in [api.NAME] of the configuration turns it on".to_owned()
                }
                names => format!("at /api, for {}", names.join(", ")),
            };
            format!("Listening on http://{listen}\nRecords API: {api}")
        });
        server::serve(host.clone(), router, listener, &stop)
            .await
            .map_err(|error| Ended::Failed(format!("The server failed: {error}.")))
    }
}
