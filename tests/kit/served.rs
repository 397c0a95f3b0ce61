//! `halo-host serve` as a process of its own, without any connector: the records API
//! of Halo alone, for the clients that are made for Halo.

use std::process::Stdio;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use super::workshop::free_address;
use super::{Ended, Halo, Program};

/// What the application calls itself.
pub const CLIENT_ID: &str = "1f8a0d52-desk";
/// Its secret.
pub const CLIENT_SECRET: &str = "a secret of the desk, for tests";

/// A host that serves.
#[derive(Debug)]
pub struct Served {
    folder: TempDir,
    program: Program,
    child: Child,
    address: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Served {
    /// With an application `desk` that may use the API.
    pub async fn start(program: Program) -> anyhow::Result<Served> {
        let application = format!(
            "[api.desk]\nclient-id = \"{CLIENT_ID}\"\nclient-secret = {{ file = \"secret.txt\" }}\n"
        );
        Served::with(program, &application).await
    }

    /// With these sections of the configuration.
    pub async fn with(program: Program, sections: &str) -> anyhow::Result<Served> {
        let folder = tempfile::Builder::new().prefix("halo-").tempdir()?;
        let listen = free_address()?;
        let text = format!("[server]\nlisten = \"{listen}\"\n\n{sections}");
        std::fs::write(folder.path().join("halo.toml"), text)?;
        std::fs::write(folder.path().join("secret.txt"), CLIENT_SECRET)?;
        let mut child = program
            .command(folder.path(), &["--json", "serve"])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut out = BufReader::new(child.stdout.take().context("no output")?);
        let mut first = String::new();
        out.read_line(&mut first).await?;
        ensure!(first.contains("listening"), "serve said {first:?}");
        Ok(Served {
            folder,
            program,
            child,
            address: format!("http://{listen}"),
            client: Client::builder(TokioExecutor::new()).build_http(),
        })
    }

    /// Where it answers, without a slash at the end.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whether it still serves.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its records.
    pub fn records(&self) -> anyhow::Result<Halo> {
        Halo::open(&self.folder.path().join("halo.db"))
    }

    /// Another command on the same folder.
    pub async fn halo(&self, arguments: &[&str]) -> anyhow::Result<Ended> {
        self.program.run(self.folder.path(), arguments).await
    }

    /// A request; answers status and document (`null` where the body is no JSON).
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        (content_type, token): (&str, &str),
        body: impl Into<Bytes>,
    ) -> anyhow::Result<(u16, Value)> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address))
            .header("content-type", content_type);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Full::new(body.into()))?;
        let response = self.client.request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// Asks for a token with this form.
    pub async fn ask_token(&self, form: &str) -> anyhow::Result<(u16, Value)> {
        let form_type = "application/x-www-form-urlencoded";
        let path = "/auth/token?tenant=any";
        self.send(Method::POST, path, (form_type, ""), form.to_owned())
            .await
    }

    /// Signs in as the application, for these scopes.
    pub async fn sign_in(&self, scope: &str) -> anyhow::Result<Session<'_>> {
        let secret = CLIENT_SECRET.replace(' ', "+");
        let form = format!(
            "grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={secret}&scope={scope}"
        );
        let (status, answer) = self.ask_token(&form).await?;
        ensure!(status == 200, "{status}: {answer}");
        let token = answer["access_token"].as_str().context("no token")?;
        Ok(Session {
            served: self,
            token: token.to_owned(),
        })
    }
}

/// An application that has signed in.
#[derive(Debug)]
pub struct Session<'a> {
    served: &'a Served,
    token: String,
}

impl Session<'_> {
    /// Reads.
    pub async fn get(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        let with = ("application/json", self.token.as_str());
        self.served.send(Method::GET, path, with, "").await
    }

    /// Writes.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        let with = ("application/json", self.token.as_str());
        let body = body.to_string();
        self.served.send(Method::POST, path, with, body).await
    }

    /// Writes one record, which must go well.
    pub async fn write(&self, path: &str, record: Value) -> anyhow::Result<Value> {
        let (status, answer) = self.post(path, &json!([record])).await?;
        ensure!(status == 201, "{status}: {answer}");
        Ok(answer)
    }
}
