//! Who visits the admin page without a browser: with a cookie, with forms, and with
//! whatever headers a test wants to send.

use std::process::Stdio;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::AsyncWriteExt as _;

use super::Workshop;

/// Somebody with at most one session.
#[derive(Clone, Debug)]
pub struct Visitor {
    client: Client<HttpConnector, Full<Bytes>>,
    address: String,
    /// `halo-admin=…`, once there is one.
    pub cookie: Option<String>,
    /// Sent with each request.
    pub headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The page.
    pub text: String,
}

impl Answer {
    /// A header; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap_or_default())
    }

    /// What the forms of this page carry.
    pub fn token(&self) -> anyhow::Result<&str> {
        let (_, rest) = { self.text.split_once("name=\"token\" value=\"") }
            .with_context(|| format!("no token in {}", self.text))?;
        Ok(rest.split('"').next().unwrap_or_default())
    }
}

impl Visitor {
    /// Of the host at this address, which has no slash at its end.
    pub fn of(address: &str) -> Visitor {
        Visitor {
            client: Client::builder(TokioExecutor::new()).build_http(),
            address: address.to_owned(),
            cookie: None,
            headers: Vec::new(),
        }
    }

    /// The same without a session.
    pub fn without_session(&self) -> Visitor {
        Visitor {
            cookie: None,
            ..self.clone()
        }
    }

    /// The same with one more header.
    pub fn with(&self, name: &'static str, value: &str) -> Visitor {
        let mut other = self.clone();
        other.headers.push((name, value.to_owned()));
        other
    }

    /// A page; redirects are not followed.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, "", Bytes::new()).await
    }

    /// Sends a form as it is given.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let fields = fields.iter();
        let pairs = fields.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let form = "application/x-www-form-urlencoded";
        self.send(Method::POST, path, form, body.into()).await
    }

    /// Sends a form of this session: with the token that its pages carry.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let page = self.get("/admin/hubspot").await?;
        let mut all = vec![("token", page.token()?)];
        all.extend(fields);
        self.post(path, &all).await
    }

    /// Signs in; answers the answer to the form.
    pub async fn sign_in(&mut self, name: &str, password: &str) -> anyhow::Result<Answer> {
        let fields = [("name", name), ("password", password)];
        self.post("/admin/log-in", &fields).await
    }

    /// Any request.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address));
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = self.client.request(request.body(Full::new(body))?).await?;
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all("set-cookie") {
            let pair = set.to_str()?.split(';').next().unwrap_or_default();
            self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        let body = body.collect().await?.to_bytes();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

impl Workshop {
    /// Makes somebody an administrator, or gives one another password.
    pub async fn administrator(&self, name: &str, password: &str) -> anyhow::Result<()> {
        let mut child = self
            .command(&["administrator", "set", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut typed = child.stdin.take().context("no input")?;
        typed.write_all(format!("{password}\n").as_bytes()).await?;
        drop(typed);
        let output = child.wait_with_output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{name} is no administrator: {said}"
        );
        Ok(())
    }
}

/// As part of a form.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    { text.bytes() }
        .map(|byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
