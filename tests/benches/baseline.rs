//! The bare client: walks the list over one connection, looks for nothing but
//! where the next page starts, and keeps to the limit exactly. What it needs is
//! what the simulator and the schedule cost; what an import needs beyond it is the
//! import's own.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use halo_tests::hubspot_sim::SimHandle;
use http_body_util::{BodyExt as _, Empty};
use hubspot_connector::entity::{self, company};
use hubspot_connector::hubspot::objects;
use hubspot_connector::hubspot::version::{KNOWN, Version};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::schedule::{Sent, WINDOW};

/// Added to the window: a first call that arrives late and a last one that arrives
/// early are nearer together at the simulator, which counts in milliseconds. It
/// costs a walk of 20,000 companies two of these.
const MARGIN: Duration = Duration::from_millis(3);

/// A walk of the whole list.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    /// How long it took.
    pub took: Duration,
    /// Pages that it read.
    pub pages: usize,
}

/// Walks the list of companies with the properties that an import asks for. Its
/// token is that of the private app, whose window of calls is its own.
pub async fn walk(sim: &SimHandle) -> anyhow::Result<Walk> {
    let mapped = company::fields(&Default::default(), &[], &Default::default());
    let properties = entity::properties(company::PROPERTIES, &mapped);
    let version = Version::named(KNOWN[0]).context("the connector has no version")?;
    let begun = Instant::now();
    let mut client = Client::connect(sim).await?;
    let mut sent = Sent::default();
    let mut after = None;
    let mut pages = 0;
    loop {
        let at = sent.next(begun.elapsed(), WINDOW + MARGIN);
        tokio::time::sleep(at.saturating_sub(begun.elapsed())).await;
        let call = objects::list(
            &version,
            company::SPEC.objects,
            &properties,
            company::SPEC.associations,
            after.as_deref(),
        );
        sent.push(begun.elapsed());
        let (status, page) = client.get(&call.path).await?;
        ensure!(
            status == StatusCode::OK,
            "page {} of the bare client's walk was answered with {status}",
            pages + 1
        );
        pages += 1;
        match next(&page)? {
            Some(next) => after = Some(next),
            None => {
                let took = begun.elapsed();
                return Ok(Walk { took, pages });
            }
        }
    }
}

/// One connection.
struct Client {
    connection: SendRequest<Empty<Bytes>>,
    host: String,
    authorization: String,
}

impl Client {
    async fn connect(sim: &SimHandle) -> anyhow::Result<Client> {
        let host = sim.base_url().trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        let (connection, driver) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the sender; what goes wrong there is the sender's error.
        tokio::spawn(driver);
        Ok(Client {
            connection,
            host,
            authorization: format!("Bearer {}", sim.private_app_token()),
        })
    }

    async fn get(&mut self, path: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        self.connection.ready().await?;
        let request = Request::get(path)
            .header("host", &self.host)
            .header("accept", "application/json")
            .header("authorization", &self.authorization)
            .body(Empty::new())?;
        let (head, body) = self.connection.send_request(request).await?.into_parts();
        Ok((head.status, body.collect().await?.to_bytes()))
    }
}

/// `paging.next.after`, found without parsing. A quote inside of a value is
/// escaped, so no company can bear these names.
fn next(page: &[u8]) -> anyhow::Result<Option<String>> {
    let page = std::str::from_utf8(page)?;
    let after = page
        .rsplit_once("\"paging\":")
        .and_then(|(_, paging)| paging.split_once("\"after\":\""))
        .and_then(|(_, after)| after.split_once('"'));
    Ok(after.map(|(after, _)| after.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_behind_the_results() {
        let page = br#"{"results":[{"id":"1","properties":{"name":"\"paging\":"}}],"paging":{"next":{"after":"NTE","link":"x?after=NTE"}}}"#;
        assert!(matches!(next(page), Ok(Some(after)) if after == "NTE"));
        assert!(matches!(next(br#"{"results":[]}"#), Ok(None)));
    }
}
