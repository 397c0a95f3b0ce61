//! The program `halo-host` as a process of its own. Cargo builds programs for the
//! tests of their own crate only, so the demo's program takes this part: started
//! with [`ROLE`] in its environment it is `halo-host` and nothing else.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use tokio::process::{Child, Command};

use super::{Records, power};

/// The variable that makes the demo's program be `halo-host`.
const ROLE: &str = "HALO_TESTS_BE_HALO_HOST";

/// Where the program is.
#[derive(Clone, Debug)]
pub struct Program(PathBuf);

/// What a command came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; nothing when it was killed.
    pub code: Option<i32>,
    /// Its results.
    pub stdout: String,
    /// Everything else that it said.
    pub stderr: String,
}

impl Ended {
    /// Runs a command to its end.
    pub(super) async fn of(mut command: Command) -> anyhow::Result<Ended> {
        let output = command.output().await?;
        Ok(Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// The results as JSON documents, one a line.
    pub fn json(&self) -> anyhow::Result<Vec<serde_json::Value>> {
        let lines = self.stdout.lines().filter(|line| !line.is_empty());
        Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
    }
}

impl Program {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The demo's program at this path.
    pub fn at(path: impl Into<PathBuf>) -> Program {
        Program(path.into())
    }

    /// To be called first in the demo's `main`: ends the process when it was
    /// started as `halo-host`.
    pub fn take_role() -> Option<ExitCode> {
        std::env::var_os(ROLE)?;
        if let Err(error) = power::take_part() {
            eprintln!("error: {error}");
            return Some(ExitCode::FAILURE);
        }
        let records = Records::of_environment();
        Some(halo_host::cli::main_over(move |store| {
            records.around(store)
        }))
    }

    /// A command in a folder, not started yet.
    pub fn command<S: AsRef<OsStr>>(&self, folder: &Path, arguments: &[S]) -> Command {
        let mut command = Command::new(&self.0);
        command
            .env(ROLE, "1")
            .current_dir(folder)
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub async fn run<S: AsRef<OsStr>>(
        &self,
        folder: &Path,
        arguments: &[S],
    ) -> anyhow::Result<Ended> {
        Ended::of(self.command(folder, arguments)).await
    }

    /// Starts a command whose output is read while it runs.
    pub fn start<S: AsRef<OsStr>>(&self, folder: &Path, arguments: &[S]) -> anyhow::Result<Child> {
        let mut command = self.command(folder, arguments);
        Ok(command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?)
    }
}
