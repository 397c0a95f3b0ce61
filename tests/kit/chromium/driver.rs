//! chromedriver as a process: it lives as long as somebody has a browser of it.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::programs;

/// Starting takes a fraction of a second, on a busy machine seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked whether it has started or ended.
const LOOK: Duration = Duration::from_millis(20);

/// A chromedriver that runs.
#[derive(Debug)]
pub(super) struct Driver {
    child: Child,
    address: SocketAddr,
    /// What it says is not read, but it must be able to say it.
    _out: BufReader<ChildStdout>,
}

impl Driver {
    /// The one that the tests of this process share. It ends with the last of them: a
    /// static would outlive the process's destructors, and so its child the process.
    pub(super) fn shared() -> anyhow::Result<Arc<Driver>> {
        static SHARED: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
        // Held while it starts: whoever else asks waits for the same one.
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(driver) = shared.upgrade() {
            return Ok(driver);
        }
        let driver = Arc::new(Driver::start()?);
        *shared = Arc::downgrade(&driver);
        Ok(driver)
    }

    fn start() -> anyhow::Result<Driver> {
        programs::get()?;
        let mut child = Command::new("chromedriver")
            // It takes a free port itself, so nobody can be faster.
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver could not be started")?;
        let mut out = BufReader::new(child.stdout.take().context("no output")?);
        let port = port(&mut out);
        let mut driver = Driver {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            _out: out,
        };
        driver.address.set_port(port?);
        driver.wait_until_ready()?;
        Ok(driver)
    }

    fn wait_until_ready(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let status = self.ask("GET", "/status");
            if status.is_ok_and(|status| status["value"]["ready"] == true) {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                bail!("chromedriver does not get ready");
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Where it answers.
    pub(super) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// One request in this thread, for what is done when a value is dropped.
    pub(super) fn ask(&self, method: &str, path: &str) -> anyhow::Result<Value> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            self.address
        )?;
        // It says that it closes the connection, and does not.
        let mut answer = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        while answer.read_line(&mut line)? > 2 {
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            line.clear();
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // In peace, so that browsers that it still has end with it.
        let _ = self.ask("GET", "/shutdown");
        let started = Instant::now();
        while started.elapsed() < PATIENCE / 10 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `ChromeDriver was started successfully on port 40213.`
fn port(out: &mut impl BufRead) -> anyhow::Result<u16> {
    let mut said = String::new();
    for line in out.lines() {
        let line = line?;
        if let Some((_, port)) = line.split_once("successfully on port ") {
            return Ok(port.trim_end_matches('.').parse()?);
        }
        said.push_str(&line);
    }
    bail!("chromedriver did not start: {said}")
}
