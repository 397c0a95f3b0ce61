//! `halo-host serve` of a workshop as a process of its own, with its connector.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use halo_host::store::{InboxCounts, Store as _};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use super::webhooks::delivered;
use super::{NAME, Workshop};

/// How long a test waits for what comes by itself on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);

/// A host that serves; it ends with this.
#[derive(Debug)]
pub struct Serving {
    child: Child,
    /// What it wrote to the log is dropped; its output has one line.
    _out: BufReader<tokio::process::ChildStdout>,
}

impl Serving {
    /// Ends it at once.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Whether it still serves.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its number among the system's processes.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> anyhow::Result<std::process::ExitStatus> {
        Ok(tokio::time::timeout(PATIENCE, self.child.wait()).await??)
    }
}

impl Workshop {
    /// Starts `serve` and waits until it listens.
    pub async fn serve(&self) -> anyhow::Result<Serving> {
        let mut child = self
            .command(&["--json", "serve"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut out = BufReader::new(child.stdout.take().context("no output")?);
        let mut first = String::new();
        out.read_line(&mut first).await?;
        ensure!(first.contains("listening"), "serve said {first:?}");
        Ok(Serving { child, _out: out })
    }

    /// Where it listens, without a slash at the end.
    pub fn address(&self) -> anyhow::Result<String> {
        let config = halo_host::config::Config::load(&self.folder().join("halo.toml"))?;
        Ok(format!("http://{}", config.server.listen))
    }

    /// Waits until HubSpot has delivered everything and the host has come to all of it;
    /// answers how the inbox stands then.
    pub async fn caught_up(&self) -> anyhow::Result<InboxCounts> {
        let halo = self.records()?;
        let started = Instant::now();
        loop {
            delivered(&self.sim).await?;
            let counts = halo.store.inbox_counts(NAME).await?;
            if counts.waiting + counts.retry == 0 && self.sim.webhook_stats().is_settled() {
                return Ok(counts);
            }
            if started.elapsed() > PATIENCE {
                bail!("Events are not applied yet: {counts:?}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
