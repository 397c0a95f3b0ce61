//! Signed requests, sent over some connections as fast as they are answered.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use halo_tests::kit::Workshop;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Events of a request: the most that HubSpot sends.
const EVENTS: usize = 100;

/// Requests that are ready to be sent.
pub struct Load {
    path: String,
    requests: VecDeque<(Vec<(&'static str, String)>, Bytes)>,
}

/// How it went.
pub struct Sent {
    /// Of all requests.
    pub took: Duration,
    /// Of each request.
    pub answers: Vec<Duration>,
}

impl Sent {
    /// Events in a second.
    #[allow(clippy::cast_precision_loss)] // a few thousand requests
    pub fn rate(&self) -> f64 {
        (self.answers.len() * EVENTS) as f64 / self.took.as_secs_f64()
    }
}

/// So many percent are no longer than that.
pub fn percentile(answers: &[Duration], percent: usize) -> Duration {
    let mut sorted = answers.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

impl Load {
    /// No two events are the same, in no two rounds.
    pub fn of(shop: &Workshop, target: &str, requests: usize, round: usize) -> Load {
        let path = target.splitn(4, '/').nth(3).unwrap_or_default();
        let requests = (0..requests).map(|request| {
            let event = |n: usize| {
                let id = (round * requests + request) * EVENTS + n + 1;
                event(shop, id)
            };
            let body = Value::Array((0..EVENTS).map(event).collect()).to_string();
            (shop.sim.sign(target, &body), Bytes::from(body))
        });
        Load {
            path: format!("/{path}"),
            requests: requests.collect(),
        }
    }

    /// Sends all of it; each must be taken.
    pub async fn send(self, address: &str, connections: usize) -> anyhow::Result<Sent> {
        let host = address.trim_start_matches("http://").to_owned();
        let left = Arc::new(Mutex::new(self.requests));
        let mut senders = JoinSet::new();
        let begun = Instant::now();
        for _ in 0..connections {
            let (host, path, left) = (host.clone(), self.path.clone(), left.clone());
            senders.spawn(async move { one(&host, &path, &left).await });
        }
        let mut answers = Vec::new();
        while let Some(sent) = senders.join_next().await {
            answers.extend(sent??);
        }
        let took = begun.elapsed();
        Ok(Sent { took, answers })
    }
}

type Requests = Mutex<VecDeque<(Vec<(&'static str, String)>, Bytes)>>;

async fn one(host: &str, path: &str, left: &Requests) -> anyhow::Result<Vec<Duration>> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    let (mut connection, driver) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(driver);
    let mut answers = Vec::new();
    loop {
        let next = left
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        let Some((headers, body)) = next else {
            return Ok(answers);
        };
        let mut request = Request::post(path).header("host", host);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body))?;
        let begun = Instant::now();
        connection.ready().await?;
        let answer = connection.send_request(request).await?;
        let status = answer.status();
        answer.into_body().collect().await?;
        answers.push(begun.elapsed());
        ensure!(status.is_success(), "a request was answered with {status}");
    }
}

/// As HubSpot writes it.
fn event(shop: &Workshop, id: usize) -> Value {
    json!({
        "eventId": id, "subscriptionId": 3_011_482, "portalId": shop.sim.portal_id(),
        "appId": shop.sim.app_id(), "occurredAt": shop.sim.now_ms(),
        "subscriptionType": "product.propertyChange", "attemptNumber": 0, "objectId": id,
        "propertyName": "price", "propertyValue": "19.90", "changeSource": "CRM_UI",
        "sourceId": "userId:12345678", "isSensitive": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninety_nine_of_a_hundred_are_no_longer() {
        let answers: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&answers, 99), Duration::from_millis(99));
        assert_eq!(percentile(&answers[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
