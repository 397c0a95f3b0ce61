//! Webhooks in tests: an app that only listens, the subscriptions that the connector asks
//! for, and waiting until HubSpot has got rid of everything.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{NAME, Workshop};
use crate::hubspot_sim::{SimHandle, WebhookStats};

/// How long a test waits for deliveries on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(10);

/// One request that has arrived.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Names in small letters.
    pub headers: Vec<(String, Vec<u8>)>,
    /// As it came.
    pub body: Vec<u8>,
}

impl Delivery {
    /// The value of a header; empty when it is not there.
    pub fn header(&self, name: &str) -> String {
        let mut named = self.headers.iter().filter(|(known, _)| known == name);
        let value = named.next().map(|(_, value)| value.as_slice());
        String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// An app that keeps what it gets. It answers 200, or what a test has put before.
#[derive(Debug, Clone, Default)]
pub struct Listener {
    target: String,
    got: Arc<Mutex<Vec<Delivery>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Listener {
    /// Listens in the background of this runtime, under this path and query.
    pub async fn start(path: &str) -> anyhow::Result<Listener> {
        let socket = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let listener = Listener {
            target: format!("http://{}{path}", socket.local_addr()?),
            ..Listener::default()
        };
        let take = async |State(app): State<Listener>, headers: HeaderMap, body: Bytes| {
            let owned = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
                (name.as_str().to_owned(), value.as_bytes().to_vec())
            };
            let headers = headers.iter().map(owned).collect();
            let body = body.to_vec();
            held(&app.got).push(Delivery { headers, body });
            let answer = held(&app.answers).pop_front().unwrap_or(200);
            StatusCode::from_u16(answer).unwrap_or(StatusCode::OK)
        };
        let router = Router::new().fallback(take).with_state(listener.clone());
        tokio::spawn(async move { axum::serve(socket, router).await });
        Ok(listener)
    }

    /// Its address, for HubSpot.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What the next requests are answered with.
    pub fn answer_with(&self, statuses: impl IntoIterator<Item = u16>) {
        held(&self.answers).extend(statuses);
    }

    /// What has arrived since it was last asked.
    pub fn take(&self) -> Vec<Delivery> {
        std::mem::take(&mut *held(&self.got))
    }
}

fn held<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until every event was taken, or given up.
pub async fn delivered(sim: &SimHandle) -> anyhow::Result<WebhookStats> {
    let started = Instant::now();
    loop {
        let stats = sim.webhook_stats();
        if stats.is_settled() {
            return Ok(stats);
        }
        if started.elapsed() > PATIENCE {
            bail!("HubSpot still has something to deliver: {stats:?}");
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl Workshop {
    /// Subscribes the app to what the connector says that its settings need, as an
    /// administrator does; answers what the connector said. The setting
    /// `/webhooks/public-url` is where events go.
    pub async fn subscribe(&self) -> anyhow::Result<Value> {
        let mut answers = self
            .result(&["action", NAME, "webhook-subscriptions"])
            .await?;
        let answer = answers.pop().context("the action did not answer")?;
        let target = answer["target-url"].as_str().unwrap_or_default();
        self.sim.subscribe(target, &answer["subscriptions"])?;
        Ok(answer)
    }
}
