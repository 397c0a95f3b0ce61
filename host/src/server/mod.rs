//! What the host answers over HTTP: the way back of a sign-in, and whether it
//! lives. The same handler serves the one-shot `connect` and the long-lived
//! `serve`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::capability::Stop;
use crate::config::Config;
use crate::connection::{Account, Begun, Connection, ConnectionError};
use crate::host::Host;

pub mod due;

/// How often a stop is looked for.
const STEP: Duration = Duration::from_millis(100);

/// Where the remote sends the browser back to.
pub fn redirect_address(config: &Config, connection: &str) -> String {
    format!("{}/connect/{connection}/callback", config.public_url())
}

/// A sign-in that one command waits for.
pub struct SignIn {
    connection: Connection,
    other_account: bool,
}

impl SignIn {
    /// Of this connection; `other_account` allows another one than before.
    pub fn new(connection: Connection, other_account: bool) -> SignIn {
        SignIn {
            connection,
            other_account,
        }
    }
}

type Outcome = Result<Account, ConnectionError>;

/// Answers redirects until one ends the sign-in, successfully or not.
pub async fn wait_for_redirect(
    listener: TcpListener,
    sign_in: SignIn,
    stop: &Stop,
    patience: Duration,
) -> Option<Outcome> {
    let (sender, mut ended) = mpsc::channel(1);
    let name = sign_in.connection.name.clone();
    let state = Arc::new((sign_in, sender));
    let router = Router::new()
        .route(&format!("/connect/{name}/callback"), get(one_callback))
        .with_state(state);
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
    State(state): State<Arc<(SignIn, mpsc::Sender<Outcome>)>>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Response {
    let (sign_in, sender) = &*state;
    let outcome = sign_in
        .connection
        .complete(&parameters, sign_in.other_account)
        .await;
    let answer = callback_page(&outcome);
    let _ = sender.try_send(outcome);
    answer
}

/// Waits until another process has ended the sign-in.
pub async fn wait_for_other(
    connection: &Connection,
    stop: &Stop,
    patience: Duration,
) -> Option<Outcome> {
    const POLL: Duration = Duration::from_secs(1);
    let until = tokio::time::Instant::now() + patience;
    while tokio::time::Instant::now() < until && !stop.is_asked() {
        match connection.status().await {
            Ok(status) if status.state == "connected" => {
                if let Some(account) = status.account {
                    return Some(Ok(account));
                }
            }
            Ok(_) => {}
            Err(error) => return Some(Err(error)),
        }
        tokio::time::sleep(POLL).await;
    }
    None
}

async fn stopped(stop: &Stop) {
    while !stop.is_asked() {
        tokio::time::sleep(STEP).await;
    }
}

/// Serves until stopped.
pub async fn serve(host: Arc<Host>, listener: TcpListener, stop: &Stop) -> std::io::Result<()> {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/connect/{name}", get(begin))
        .route("/connect/{name}/callback", get(callback))
        .with_state(host.clone());
    let due = tokio::spawn(due::run_due(host, stop.clone()));
    let asked = stop.clone();
    axum::serve(listener, router)
        .with_graceful_shutdown(async move { stopped(&asked).await })
        .await?;
    due.await.map_err(std::io::Error::other)
}

async fn begin(State(host): State<Arc<Host>>, Path(name): Path<String>) -> Response {
    let redirect = redirect_address(&host.config, &name);
    let connection = match host.connection(&name).await {
        Ok(connection) => connection,
        Err(error) => return page(StatusCode::NOT_FOUND, "Not found", &error.to_string()),
    };
    match connection.begin(&redirect).await {
        Ok(Begun::Visit(address)) => Redirect::to(&address).into_response(),
        Ok(Begun::Connected(account)) => callback_page(&Ok(account)),
        Err(error) => callback_page(&Err(error)),
    }
}

async fn callback(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Response {
    match host.connection(&name).await {
        Ok(connection) => callback_page(&connection.complete(&parameters, false).await),
        Err(error) => page(StatusCode::NOT_FOUND, "Not found", &error.to_string()),
    }
}

fn callback_page(outcome: &Outcome) -> Response {
    match outcome {
        Ok(account) => page(
            StatusCode::OK,
            "Connected",
            &format!("Connected to {account}. You can close this page."),
        ),
        Err(error) => page(StatusCode::BAD_REQUEST, "Not connected", &error.to_string()),
    }
}

/// A small page without anything from elsewhere.
fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <body style=\"font: 1.1rem system-ui; margin: 4rem auto; max-width: 40rem\">\
         <h1>{title}</h1><p>{}</p></body></html>",
        escape(text)
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
