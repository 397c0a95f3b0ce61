//! Sends batches to the app, and waits for its answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::{Notify, watch};

use super::queue::{Batch, Ended};
use super::signature;
use crate::hubspot_sim::server::Shared;
use crate::hubspot_sim::writes::Writer;

/// How often it is looked for changes and for what is due.
const TICK: Duration = Duration::from_millis(10);
/// As HubSpot calls itself.
const AGENT: &str = "HubSpot Connect 2.0 (http://dev.hubspot.com/) - webhooks-nio-http-client";

type Http = Client<HttpConnector, Full<Bytes>>;

/// Delivers until `stop` changes or its sender is gone. Sleeps until something is
/// subscribed to.
pub async fn deliver(shared: Shared, wake: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    let mut under_way = tokio::task::JoinSet::new();
    loop {
        let has_target = shared.lock().webhooks.target.is_some();
        let rest = async {
            match has_target {
                true => tokio::time::sleep(TICK).await,
                false => wake.notified().await,
            }
        };
        tokio::select! {
            () = rest => {}
            _ = stop.changed() => break,
        }
        while let Some(sending) = next(&shared) {
            under_way.spawn(send(shared.clone(), http.clone(), sending));
        }
        while under_way.try_join_next().is_some() {}
    }
    under_way.shutdown().await;
}

/// One request that is to be made.
struct Sending {
    target: String,
    secret: String,
    now_ms: i64,
    timeout: Duration,
    batch: Batch,
}

fn next(shared: &Shared) -> Option<Sending> {
    let mut account = shared.lock();
    account.collect(Writer::User);
    let account = &mut *account;
    let webhooks = &mut account.webhooks;
    let target = webhooks.target.clone()?;
    let elapsed_ms = account.clock.elapsed_ms();
    let batch = webhooks
        .queue
        .next(elapsed_ms, &mut webhooks.options, &mut webhooks.rng)?;
    Some(Sending {
        target,
        secret: account.identity.client_secret.clone(),
        now_ms: account.clock.now_ms(),
        timeout: Duration::from_millis(webhooks.options.timeout_ms),
        batch,
    })
}

async fn send(shared: Shared, http: Http, sending: Sending) {
    let how = exchange(&http, &sending).await;
    let mut account = shared.lock();
    let account = &mut *account;
    let webhooks = &mut account.webhooks;
    let elapsed_ms = account.clock.elapsed_ms();
    webhooks.queue.ended(
        sending.batch,
        how,
        elapsed_ms,
        &mut webhooks.options,
        &mut webhooks.rng,
    );
}

async fn exchange(http: &Http, sending: &Sending) -> Ended {
    let body = sending.batch.body();
    let mut request = Request::post(&sending.target)
        .header("content-type", "application/json")
        .header("user-agent", AGENT);
    let (secret, target) = (&sending.secret, &sending.target);
    for (name, value) in signature::headers(secret, target, &body, sending.now_ms) {
        request = request.header(name, value);
    }
    let Ok(request) = request.body(Full::from(body)) else {
        return Ended::Unanswered;
    };
    match tokio::time::timeout(sending.timeout, http.request(request)).await {
        Ok(Ok(answer)) => Ended::Answered(answer.status().as_u16()),
        _ => Ended::Unanswered,
    }
}
