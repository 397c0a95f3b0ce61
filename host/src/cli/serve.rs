//! `serve`: answers sign-ins and the records API, and runs what is due, until stopped.
//!
//! **Reload.** At SIGHUP the configuration is read again and a new host put together. Only
//! if all of it is good does the old one finish what it does, and the new one goes on with
//! the same socket: who connects meanwhile waits in the system's queue.

use std::net::TcpListener as StdListener;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use super::{Context, Done, Ended, stop_on_signal};
use crate::capability::Stop;
use crate::host::{Host, OpenError};
use crate::server;

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {}

impl Serve {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let mut host = Arc::new(context.host().await?);
        let listen = host.config.server.listen;
        let listener = StdListener::bind(listen).map_err(|error| {
            Ended::Act(format!(
                "This host cannot listen on {listen}: {error}. End the program that does, or change server.listen."
            ))
        })?;
        let mut router = ready(&host).await?;
        let stop = Stop::default();
        stop_on_signal(&stop, "Stopping; what runs finishes its page…");
        let mut reload = Reload::new();
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
        loop {
            let own = Stop::default();
            let socket = copy_of(&listener).map_err(failed)?;
            let serving = server::serve(host.clone(), router, socket, &own);
            tokio::pin!(serving);
            let next = loop {
                tokio::select! {
                    ended = &mut serving => return ended.map_err(failed),
                    () = server::stopped(&stop) => {
                        own.ask();
                        return serving.await.map_err(failed);
                    }
                    () = reload.asked() => match again(context, &listener).await {
                        Ok(next) => break next,
                        Err(ended) => tracing::error!(
                            reason = ended.message(),
                            "the configuration was not taken; the old one goes on"
                        ),
                    }
                }
            };
            own.ask();
            serving.await.map_err(failed)?;
            (host, router) = next;
            tracing::warn!("the configuration was read again");
        }
    }
}

fn failed(error: std::io::Error) -> Ended {
    Ended::Failed(format!("The server failed: {error}."))
}

/// A component that does not load is said now, not at its first use.
async fn ready(host: &Arc<Host>) -> Result<Router, Ended> {
    for name in host.config.connector.keys() {
        let connection = host.connection(name).await?;
        // One that was connected by an earlier version would get no events.
        if let Err(error) = connection.find_account().await {
            tracing::warn!(connection = name, %error, "its account is not known");
        }
    }
    Ok(server::router(host).map_err(OpenError::Config)?)
}

/// A host by the configuration as it is now.
async fn again(context: &Context, listener: &StdListener) -> Result<(Arc<Host>, Router), Ended> {
    let host = Arc::new(context.host().await?);
    let (asked, is) = (
        host.config.server.listen,
        listener.local_addr().map_err(failed)?,
    );
    // Port 0 asks for any.
    if asked.ip() != is.ip() || (asked.port() != 0 && asked.port() != is.port()) {
        return Err(Ended::Act(format!(
            "server.listen is {asked} now, and this host listens on {is}; restart it for that."
        )));
    }
    let router = ready(&host).await?;
    Ok((host, router))
}

fn copy_of(listener: &StdListener) -> std::io::Result<TcpListener> {
    let copy = listener.try_clone()?;
    copy.set_nonblocking(true)?;
    TcpListener::from_std(copy)
}

/// What asks for the configuration to be read again: SIGHUP, where there is one.
struct Reload {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Reload {
    fn new() -> Reload {
        Reload {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    async fn asked(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}
