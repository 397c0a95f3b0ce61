//! `connect` and `disconnect`: signing in at the remote with a browser. The
//! remote sends the browser back to this host, so the command answers on the
//! configured address until it comes.

use std::time::Duration;

use super::{Context, Done, Ended, stop_on_signal};
use crate::capability::Stop;
use crate::connection::{Account, Begun};
use crate::server;

/// As long as a person may take to sign in; the remote's own code lives shorter.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, clap::Args)]
pub(crate) struct Connect {
    /// The connector.
    name: String,
    /// Allow another account than the one that all links are of.
    #[arg(long)]
    other_account: bool,
}

impl Connect {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let (host, connection) = context.connection(&self.name).await?;
        let redirect = server::redirect_address(&host.config, &self.name);
        let listen = host.config.server.listen;
        // Before anything is begun: without a way back there is no sign-in.
        let listener = tokio::net::TcpListener::bind(listen).await;
        let address = match connection.begin(&redirect, self.other_account).await? {
            Begun::Connected(account) => {
                say(context, &account);
                return Ok(());
            }
            Begun::Visit(address) => address,
        };
        let document = serde_json::json!({ "visit": address, "redirect": redirect });
        context.out.result(&document, || {
            format!("Open this address in a browser and allow the access:\n\n  {address}\n\nWaiting for the browser to come back to {redirect} …")
        });
        let stop = Stop::default();
        stop_on_signal(&stop, "Stopping…");
        let account = match listener {
            Ok(listener) => server::wait_for_redirect(listener, connection, &stop, PATIENCE).await,
            // A running `serve` answers there.
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                server::wait_for_other(&connection, &stop, PATIENCE).await
            }
            Err(error) => {
                return Err(Ended::Act(format!(
                    "This host cannot listen on {listen}: {error}. Change server.listen in the configuration."
                )));
            }
        };
        match account {
            Some(account) => {
                say(context, &account?);
                Ok(())
            }
            None if stop.is_asked() => Err(Ended::Stopped(
                "The sign-in was not finished; the same command starts again.".to_owned(),
            )),
            None => Err(Ended::Failed(
                "Nobody signed in for 15 minutes; the same command starts again.".to_owned(),
            )),
        }
    }
}

fn say(context: &Context, account: &Account) {
    let document = serde_json::json!({ "connected": account });
    context
        .out
        .result(&document, || format!("Connected to {account}."));
}

#[derive(Debug, clap::Args)]
pub(crate) struct Disconnect {
    /// The connector.
    name: String,
}

impl Disconnect {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let (_host, connection) = context.connection(&self.name).await?;
        connection.disconnect().await?;
        let document = serde_json::json!({ "disconnected": self.name });
        context.out.result(&document, || {
            "Disconnected; settings and links stay.".to_owned()
        });
        Ok(())
    }
}
