//! Running other programs: the environment that they get, and what they said when
//! they failed.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Variables that a cargo around us sets for itself, or that steer the compilation
/// of the host and would spoil that of a component. What chooses a toolchain
/// (`RUSTUP_TOOLCHAIN`, `CARGO`) stays: the nested build uses the same one.
fn is_ours(name: &str) -> bool {
    const EXACT: [&str; 11] = [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_BOOTSTRAP",
        "CARGO_TARGET_DIR",
        "CARGO_MAKEFLAGS", // a job server whose pipe we do not inherit
        "MAKEFLAGS",
        "MFLAGS",
        "CARGO_INCREMENTAL",
    ];
    const PREFIXES: [&str; 3] = ["CARGO_BUILD_", "CARGO_TARGET_WASM32_", "CARGO_PROFILE_"];
    EXACT.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// A command without those variables.
pub(super) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_ours) {
            command.env_remove(&name);
        }
    }
    command
}

/// The cargo that runs us, or the one of the path.
pub(super) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Its stdout; or what it said on stderr, in one line.
pub(super) fn output(mut command: Command) -> Result<String, String> {
    let result = command.stdin(Stdio::null()).output();
    let output = result.map_err(|error| not_run(&command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(complaint(&String::from_utf8_lossy(&output.stderr)))
}

/// The same, ended after a time.
pub(super) fn run_within(mut command: Command, limit: Duration) -> Result<(), String> {
    let started = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = started.map_err(|error| not_run(&command, &error))?;
    // Read beside it, so that a program which says much does not wait for us.
    let stderr = child.stderr.take();
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(mut stderr) = stderr {
            stderr.read_to_end(&mut said).ok();
        }
        said
    });
    let end = Instant::now() + limit;
    loop {
        let state = child.try_wait().map_err(|error| error.to_string())?;
        match state {
            Some(status) if status.success() => return Ok(()),
            Some(_) => {
                let said = reader.join().unwrap_or_default();
                return Err(complaint(&String::from_utf8_lossy(&said)));
            }
            None if Instant::now() >= end => {
                // It may have ended just now; then there is nothing to kill.
                child.kill().ok();
                child.wait().ok();
                return Err(format!("no end within {} seconds", limit.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn not_run(command: &Command, error: &io::Error) -> String {
    let program = command.get_program().to_string_lossy();
    if error.kind() == io::ErrorKind::NotFound {
        format!("{program} is not here")
    } else {
        format!("{program} cannot be run: {error}")
    }
}

/// The line that says what is wrong: the first error, else the last line.
fn complaint(stderr: &str) -> String {
    let lines = || {
        stderr
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let error = lines().find(|l| l.starts_with("error") || l.starts_with("E: "));
    let line = error
        .or_else(|| lines().next_back())
        .unwrap_or("it failed and said nothing");
    let line = line
        .trim_start_matches("error:")
        .trim_start_matches("E:")
        .trim();
    line.trim_end_matches('.').to_owned()
}

/// The numbers of a version such as `1.95`, `1.96.0+dfsg1` or `rustc 1.95.0 (...)`,
/// to be compared; `[0, 0, 0]` for what is none.
pub fn version_number(text: &str) -> [u32; 3] {
    let word = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or_default();
    let mut numbers = word
        .split(['.', '+', '-', '~'])
        .map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(
            version_number("rustc 1.95.0 (59807616e 2026-04-14)"),
            [1, 95, 0]
        );
        assert_eq!(version_number("1.96.0+dfsg1-1~deb12u2"), [1, 96, 0]);
        assert_eq!(version_number("1.95"), [1, 95, 0]);
        assert_eq!(version_number("nothing"), [0, 0, 0]);
        assert!(version_number("1.100") > version_number("1.95.9"));
    }

    #[test]
    fn the_line_that_says_what_is_wrong_is_found() {
        let check = |stderr: &str, expected: &str| assert_eq!(complaint(stderr), expected);
        check(
            "info: downloading\nerror: no network.\nhint: x\n",
            "no network",
        );
        check(
            "W: odd\nE: Unable to locate package x\n",
            "Unable to locate package x",
        );
        check("first\nlast\n\n", "last");
        check("", "it failed and said nothing");
    }

    #[test]
    fn the_nested_build_does_not_see_what_steers_ours() {
        for name in [
            "RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_TARGET_DIR",
            "RUSTC_WRAPPER",
        ] {
            assert!(is_ours(name), "{name}");
        }
        for name in [
            "PATH",
            "RUSTUP_TOOLCHAIN",
            "CARGO_HOME",
            "CARGO_NET_OFFLINE",
            "SSL_CERT_FILE",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let mut command = command("sleep");
        command.arg("1000");
        let error = run_within(command, Duration::from_millis(30)).unwrap_err();
        assert!(error.starts_with("no end within"), "{error}");
    }
}
