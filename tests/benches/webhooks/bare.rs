//! The bare handler, in a process of its own like the host: it appends each body to a
//! table, in a transaction of its own that is synced as the host's store syncs, and answers.
//! It checks no signature and reads nothing.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use halo_tests::kit::Program;
use rusqlite::Connection;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

/// The variable that makes this program be the bare handler: the file that it writes.
const ROLE: &str = "HALO_MEASURE_BARE";

/// A running one; it ends with this.
pub struct Bare {
    _child: Child,
    address: String,
}

impl Bare {
    /// Starts it with a file in this folder.
    pub async fn start(program: &Program, folder: &Path) -> anyhow::Result<Bare> {
        let mut command = tokio::process::Command::new(program.path());
        let mut child = command
            .env(ROLE, folder.join("bare.db"))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut out = BufReader::new(child.stdout.take().context("no output")?);
        let mut address = String::new();
        out.read_line(&mut address).await?;
        Ok(Bare {
            _child: child,
            address: address.trim().to_owned(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// Serves and never returns, where this process was started for that.
pub fn take_role() -> Option<ExitCode> {
    let file = PathBuf::from(std::env::var_os(ROLE)?);
    Some(match serve(&file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    })
}

#[tokio::main]
async fn serve(file: &Path) -> anyhow::Result<()> {
    let db = Connection::open(file)?;
    db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.execute_batch("CREATE TABLE body (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}", listener.local_addr()?);
    let router = Router::new()
        .fallback(append)
        .with_state(Arc::new(Mutex::new(db)));
    Ok(axum::serve(listener, router).await?)
}

async fn append(State(db): State<Arc<Mutex<Connection>>>, body: Bytes) -> StatusCode {
    let appended = tokio::task::spawn_blocking(move || {
        let db = db.lock().unwrap_or_else(PoisonError::into_inner);
        let mut insert = db.prepare_cached("INSERT INTO body (bytes) VALUES (?1)")?;
        insert.execute([&body[..]])
    });
    match appended.await {
        Ok(Ok(_)) => StatusCode::NO_CONTENT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
