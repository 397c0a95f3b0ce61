//! Signing in at the remote and out again. The remote sends the browser back to
//! `/connect/NAME/callback`, as it does for the command line.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::html;

use super::gate::Posted;
use super::problem::Problem;
use super::{Admin, frame};
use crate::connection::{Begun, ConnectionError};
use crate::server::redirect_address;

/// The name of the box that allows another account.
pub(super) const OTHER_ACCOUNT: &str = "other-account";

/// Sends the browser to the remote's sign-in.
pub(super) async fn connect(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    let connection = admin.connection(&name).await?;
    let redirect = redirect_address(&admin.host.config, &name);
    let other = posted.get(OTHER_ACCOUNT) == "on";
    let here = format!("/admin/{name}");
    // The next account may be another world.
    admin.known.forget(&name);
    match connection.begin(&redirect, other).await {
        Ok(Begun::Connected(_)) => Ok(Redirect::to(&here).into_response()),
        Ok(Begun::Visit(address)) => {
            tracing::info!(
                connection = name,
                by = posted.viewer.name(),
                "a sign-in begins"
            );
            let remote = &connection.description.name;
            // Not a redirect: a page whose forms may lead to this host alone cannot
            // follow one of a form to another.
            let content = html! {
                meta http-equiv="refresh" content=(format!("0; url={address}"));
                p { "You are being taken to " (remote) " to allow the access." }
                p { a.button.primary href=(address) { "Go to " (remote) } }
                p { a href=(here) { "Back" } }
            };
            Ok(frame::bare(&format!("Connect {remote}"), &content).into_response())
        }
        Err(error @ (ConnectionError::Failed(_) | ConnectionError::Asked(_))) => {
            Err(Problem::refused(error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Forgets the sign-in.
pub(super) async fn disconnect(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Redirect, Problem> {
    let connection = admin.connection(&name).await?;
    connection.disconnect().await?;
    tracing::info!(connection = name, by = posted.viewer.name(), "disconnected");
    Ok(Redirect::to(&format!("/admin/{name}")))
}
