//! The way back of a sign-in. The remote sends the browser to this host; a command
//! that waits for it answers by itself, or, beside a running `serve`, looks how that
//! one got on.
//!
//! Only a command and an administrator start a sign-in: an address that did would let
//! whoever reaches the host attach an account of theirs.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::stopped;
use crate::admin;
use crate::capability::Stop;
use crate::config::Config;
use crate::connection::{Account, Connection, ConnectionError};
use crate::host::Host;

/// Where the remote sends the browser back to.
pub fn redirect_address(config: &Config, connection: &str) -> String {
    format!("{}/connect/{connection}/callback", config.public_url())
}

/// What a sign-in came to.
pub type Outcome = Result<Account, ConnectionError>;

struct Waiting {
    connection: Arc<Connection>,
    ended: mpsc::Sender<Outcome>,
}

/// Answers redirects until one uses the sign-in up, successfully or not. A request
/// that has nothing to do with it (an old tab, somebody else's state) gets its page
/// and changes nothing.
pub async fn wait_for_redirect(
    listener: TcpListener,
    connection: Connection,
    stop: &Stop,
    patience: Duration,
) -> Option<Outcome> {
    let (sender, mut ended) = mpsc::channel(1);
    let path = format!("/connect/{}/callback", connection.name);
    let waiting = Waiting {
        connection: Arc::new(connection),
        ended: sender,
    };
    let router = Router::new()
        .route(&path, get(one_callback))
        .with_state(Arc::new(waiting));
    let (close, closed) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        let _ = closed.await;
    });
    let server = tokio::spawn(server.into_future());
    let outcome = tokio::select! {
        outcome = ended.recv() => outcome,
        () = stopped(stop) => None,
        () = tokio::time::sleep(patience) => None,
    };
    // The page that tells the person is still on its way: let it arrive.
    let _ = close.send(());
    let _ = tokio::time::timeout(Duration::from_secs(2), server).await;
    outcome
}

async fn one_callback(
    State(waiting): State<Arc<Waiting>>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Response {
    let outcome = complete(waiting.connection.clone(), parameters).await;
    let answer = page_of(&outcome, None);
    let goes_on = match (&outcome, waiting.connection.status().await) {
        (Ok(_), _) => false,
        (Err(_), Ok(status)) => status.is_signing_in(),
        (Err(_), Err(_)) => false,
    };
    if !goes_on {
        let _ = waiting.ended.try_send(outcome);
    }
    answer
}

/// Ends a sign-in in a task of its own: a browser that is closed meanwhile must not
/// leave it half done.
async fn complete(connection: Arc<Connection>, parameters: Vec<(String, String)>) -> Outcome {
    let work = tokio::spawn(async move { connection.complete(&parameters).await });
    match work.await {
        Ok(outcome) => outcome,
        Err(_) => Err(ConnectionError::Asked(
            "The sign-in was interrupted. Connect again.".to_owned(),
        )),
    }
}

/// Waits until another process has ended the sign-in that was just begun.
pub async fn wait_for_other(
    connection: &Connection,
    stop: &Stop,
    patience: Duration,
) -> Option<Outcome> {
    const POLL: Duration = Duration::from_secs(1);
    let until = tokio::time::Instant::now() + patience;
    while tokio::time::Instant::now() < until && !stop.is_asked() {
        match connection.status().await {
            Ok(status) if status.is_signing_in() => {}
            Ok(status) => {
                let account = status.account.filter(|_| status.state == "connected");
                return Some(account.ok_or_else(|| {
                    ConnectionError::Asked(
                        "The sign-in did not succeed; the page in the browser says why.".to_owned(),
                    )
                }));
            }
            Err(error) => return Some(Err(error)),
        }
        tokio::time::sleep(POLL).await;
    }
    None
}

/// The same for a host that serves all its connectors.
pub(super) async fn callback(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    match host.recent(&name).await {
        Ok(connection) => {
            let outcome = complete(connection, parameters).await;
            let back = admin::is_open_in(&headers).then(|| format!("/admin/{name}"));
            match (&outcome, &back) {
                (Ok(_), Some(back)) => Redirect::to(back).into_response(),
                _ => page_of(&outcome, back.as_deref()),
            }
        }
        Err(error) => page(StatusCode::NOT_FOUND, "Not found", &error.to_string(), None),
    }
}

fn page_of(outcome: &Outcome, back: Option<&str>) -> Response {
    match outcome {
        Ok(account) => page(
            StatusCode::OK,
            "Connected",
            &format!("Connected to {account}. You can close this page."),
            back,
        ),
        Err(error) => page(
            StatusCode::BAD_REQUEST,
            "Not connected",
            &error.to_string(),
            back,
        ),
    }
}

/// A small page without anything from elsewhere; whoever came from the admin page finds
/// the way back to it.
fn page(status: StatusCode, title: &str, text: &str, back: Option<&str>) -> Response {
    let back = back.map(|path| format!("<p><a href=\"{}\">Back</a></p>", escape(path)));
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
         <body style=\"font: 1.1rem system-ui; margin: 4rem auto; max-width: 40rem; padding: 0 1rem\">\
         <main><h1>{title}</h1><p>{}</p>{}</main></body></html>",
        escape(text),
        back.unwrap_or_default()
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, body).into_response()
}

/// Text for a page: a company may be called `<script>`.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
