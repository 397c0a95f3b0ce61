//! Requests byte by byte, for what no client sends.

use std::time::Duration;

use halo_tests::kit::{NAME, Workshop};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Above every limit of the host, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came back.
#[derive(Debug, Default)]
pub struct Got {
    /// 0 where the connection was closed without an answer.
    pub status: u16,
    /// Status line, headers and body.
    pub text: String,
}

impl Got {
    fn of(text: String) -> Got {
        let status = text.split(' ').nth(1).and_then(|word| word.parse().ok());
        Got {
            status: status.unwrap_or(0),
            text,
        }
    }
}

/// A connection whose sides are used at the same time.
pub struct Raw {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
}

impl Raw {
    pub async fn open(shop: &Workshop) -> Raw {
        let address = shop.address().unwrap();
        let address = address.trim_start_matches("http://").to_owned();
        let (from, to) = TcpStream::connect(address).await.unwrap().into_split();
        Raw { from, to }
    }

    /// Sends; `false` when the other side takes nothing more.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.to.write_all(bytes).await.is_ok()
    }

    /// Everything until the other side closes.
    pub async fn read(mut self) -> Got {
        read(&mut self.from).await
    }

    /// Sends this piece so many times while it reads.
    pub async fn pour(self, piece: &[u8], times: usize) -> Got {
        let Raw { mut from, mut to } = self;
        let pour = async {
            for _ in 0..times {
                if to.write_all(piece).await.is_err() {
                    return;
                }
            }
            // Open until it has read: half a connection is another case.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            got = read(&mut from) => got,
            () = pour => {
                // It takes nothing more, and may have said why.
                read(&mut from).await
            }
        }
    }
}

async fn read(from: &mut OwnedReadHalf) -> Got {
    let mut bytes = Vec::new();
    let end = tokio::time::timeout(PATIENCE, from.read_to_end(&mut bytes)).await;
    // A reset after the answer is an end as well.
    let _ = end.expect("the connection stays open for ever");
    Got::of(String::from_utf8_lossy(&bytes).into_owned())
}

/// The head of a request to the connector, without the empty line at its end.
pub fn head(path: &str, headers: &[(&str, String)]) -> String {
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let headers: String = headers.collect();
    format!("POST /webhooks/{path} HTTP/1.1\r\nhost: halo\r\nconnection: close\r\n{headers}")
}

/// Sends a body with these headers.
pub async fn post(shop: &Workshop, path: &str, headers: &[(&str, String)], body: &[u8]) -> Got {
    let mut raw = Raw::open(shop).await;
    let head = format!(
        "{}content-length: {}\r\n\r\n",
        head(path, headers),
        body.len()
    );
    raw.send(head.as_bytes()).await;
    raw.send(body).await;
    raw.read().await
}

/// The same as HubSpot signs it.
pub async fn signed(shop: &Workshop, body: &str) -> Got {
    post(shop, NAME, &signature(shop, body), body.as_bytes()).await
}

/// The headers that HubSpot would send.
pub fn signature(shop: &Workshop, body: &str) -> Vec<(&'static str, String)> {
    let target = format!("{}/webhooks/{NAME}", shop.address().unwrap());
    shop.sim.sign(&target, body)
}

/// What the host has counted at its webhook address.
pub async fn counted(shop: &Workshop, what: &str) -> u64 {
    let mut raw = Raw::open(shop).await;
    let request = b"GET /metrics HTTP/1.1\r\nhost: halo\r\nconnection: close\r\n\r\n";
    assert!(raw.send(request).await);
    let got = raw.read().await;
    assert_eq!(got.status, 200, "{got:?}");
    let start = format!("halo_webhooks_total{{connection=\"{NAME}\",what=\"{what}\"}} ");
    let line = got.text.lines().find_map(|line| line.strip_prefix(&start));
    line.map_or(0, |count| count.trim().parse().unwrap())
}
