//! A browser as far as a sign-in needs one: it follows redirects.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Follows redirects and reads pages.
#[derive(Clone, Debug)]
pub struct Browser {
    client: Client<HttpConnector, Empty<Bytes>>,
}

impl Default for Browser {
    fn default() -> Browser {
        Browser {
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }
}

impl Browser {
    /// Opens an address; answers status and text of the page where it ends.
    pub async fn open(&self, address: &str) -> anyhow::Result<(u16, String)> {
        let mut address = address.to_owned();
        // As many as real browsers follow.
        for _ in 0..20 {
            let response = self.client.get(address.parse()?).await?;
            let status = response.status();
            let next = response.headers().get("location");
            if let (true, Some(next)) = (status.is_redirection(), next) {
                next.to_str()?.clone_into(&mut address);
                continue;
            }
            let body = response.into_body().collect().await?.to_bytes();
            return Ok((status.as_u16(), String::from_utf8_lossy(&body).into_owned()));
        }
        anyhow::bail!("{address} redirects without an end")
    }
}
