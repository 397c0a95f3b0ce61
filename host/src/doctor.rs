//! What this machine has for building and running connectors, and how to get what
//! is missing. It looks and answers; it changes and prints nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;

use crate::toolchain::{Rust, TARGET, debian_way, on_path, version_number};

/// The oldest Rust that builds connectors and the host.
pub const OLDEST_RUST: &str = "1.95";
/// A target folder with the host's debug build, the component and an unpacked
/// compiler takes about 4 GB.
pub const WANTED_SPACE: u64 = 5_000_000_000;

/// The browser for the tests of the admin page, and what drives it.
pub const CHROMIUM: [&str; 2] = ["chromium", "chromedriver"];

/// How it is with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it should be.
    Ok,
    /// Works, or may work, with a reservation.
    Warning,
    /// Has to be got first.
    Missing,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do, when there is something.
    pub remedy: Option<String>,
}

/// Looks at everything, as seen from the current folder.
pub fn checks() -> Vec<Check> {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let rust = Rust::active(&here).map_err(|error| error.to_string());
    let cargo = version_of("cargo");
    vec![
        rust_version(
            "rustc",
            rust.as_ref()
                .map(|r| r.version.clone())
                .map_err(Clone::clone),
        ),
        rust_version("cargo", cargo),
        target(rust.as_ref().ok(), debian_way()),
        linker(rust.as_ref().ok()),
        space(free_space(&here)),
        writable(&here),
        chromium(on_path),
    ]
}

fn rust_version(name: &'static str, found: Result<String, String>) -> Check {
    let remedy =
        format!("Install Rust {OLDEST_RUST} or newer: https://rustup.rs, or `rustup update`.");
    match found {
        Ok(version) if version_number(&version) >= version_number(OLDEST_RUST) => {
            Check::ok(name, version)
        }
        Ok(version) => Check::new(name, State::Missing, version, remedy),
        Err(why) => Check::new(name, State::Missing, why, remedy),
    }
}

fn target(rust: Option<&Rust>, debian: bool) -> Check {
    let name = "wasm32 target";
    let remedy = format!("Run `rustup target add {TARGET}`.");
    match rust {
        Some(rust) if rust.has_target(TARGET) => Check::ok(name, "in the active Rust".to_owned()),
        _ if debian => {
            let found = "not in the active Rust; a build asks rustup for it, and else unpacks Debian's compiler into the target folder (about 140 MB to download, once)";
            Check::new(name, State::Warning, found.to_owned(), remedy)
        }
        _ => Check::new(
            name,
            State::Missing,
            "not in the active Rust".to_owned(),
            remedy,
        ),
    }
}

fn linker(rust: Option<&Rust>) -> Check {
    let name = "wasm linker";
    match rust.map(Rust::linker) {
        Some(Ok(path)) => Check::ok(name, path.display().to_string()),
        // With the target in place rustc finds its own; only the other way needs one.
        _ => Check::new(
            name,
            State::Warning,
            "no rust-lld or wasm-ld".to_owned(),
            "Install Rust from https://rustup.rs, which brings rust-lld, or on Debian: apt install lld."
                .to_owned(),
        ),
    }
}

fn space(free: Option<u64>) -> Check {
    let name = "disk space";
    match free {
        Some(bytes) if bytes >= WANTED_SPACE => {
            Check::ok(name, format!("{} GB free", bytes / 1_000_000_000))
        }
        Some(bytes) => Check::new(
            name,
            State::Warning,
            format!("{} MB free", bytes / 1_000_000),
            format!(
                "Free up to {} GB, or set CARGO_TARGET_DIR to a larger disk.",
                WANTED_SPACE / 1_000_000_000
            ),
        ),
        None => Check::ok(name, "cannot be told here".to_owned()),
    }
}

fn writable(here: &Path) -> Check {
    let name = "write permission";
    match tempfile::tempfile_in(here) {
        Ok(_) => Check::ok(name, format!("in {}", here.display())),
        Err(error) => Check::new(
            name,
            State::Missing,
            format!("not in {} ({error})", here.display()),
            "Work in a folder of your own, or give yourself the right to write here.".to_owned(),
        ),
    }
}

/// Nothing that runs needs it, so it is never missing.
fn chromium(is_there: impl Fn(&str) -> bool) -> Check {
    let name = "Chromium";
    let (there, missing): (Vec<&str>, Vec<&str>) =
        CHROMIUM.into_iter().partition(|program| is_there(program));
    if missing.is_empty() {
        return Check::ok(name, there.join(" and "));
    }
    Check::new(
        name,
        State::Warning,
        format!("no {}", missing.join(" and no ")),
        "Only the tests of the admin page need it; on Debian: apt install chromium chromium-driver."
            .to_owned(),
    )
}

impl Check {
    fn ok(name: &'static str, found: String) -> Self {
        Self {
            name,
            state: State::Ok,
            found,
            remedy: None,
        }
    }

    fn new(name: &'static str, state: State, found: String, remedy: String) -> Self {
        Self {
            name,
            state,
            found,
            remedy: Some(remedy),
        }
    }
}

fn version_of(program: &str) -> Result<String, String> {
    let output = Command::new(program).arg("--version").output();
    match output {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            Ok(said
                .split_whitespace()
                .nth(1)
                .unwrap_or_default()
                .to_owned())
        }
        Ok(_) => Err(format!("{program} does not run")),
        Err(error) => Err(format!("{program} cannot be run ({error})")),
    }
}

/// Bytes that may be used in a folder. The standard library does not know, so the
/// system's own program is asked, where it has one with a fixed form (POSIX `df`).
#[cfg(unix)]
fn free_space(folder: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    available_kilobytes(&String::from_utf8_lossy(&output.stdout)).map(|kilobytes| kilobytes * 1024)
}

#[cfg(not(unix))]
fn free_space(_: &Path) -> Option<u64> {
    None
}

#[cfg(unix)]
fn available_kilobytes(listed: &str) -> Option<u64> {
    listed
        .lines()
        .nth(1)?
        .split_whitespace()
        .nth(3)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_not_in_order_has_a_remedy() {
        let found = checks();
        assert_eq!(found.len(), 7);
        for check in found {
            assert_eq!(
                check.remedy.is_none(),
                check.state == State::Ok,
                "{check:?}"
            );
        }
    }

    #[test]
    fn a_rust_that_is_too_old_or_not_there_is_missing() {
        let state = |found: Result<&str, &str>| {
            rust_version("rustc", found.map(str::to_owned).map_err(str::to_owned)).state
        };
        assert_eq!(state(Ok("1.95.0")), State::Ok);
        assert_eq!(state(Ok("1.100.0")), State::Ok);
        assert_eq!(state(Ok("1.94.1")), State::Missing);
        assert_eq!(state(Err("rustc is not here")), State::Missing);
    }

    #[test]
    fn a_machine_without_the_target_says_which_way_is_open() {
        assert_eq!(target(None, true).state, State::Warning);
        assert_eq!(target(None, false).state, State::Missing);
    }

    #[test]
    fn little_space_is_a_warning() {
        assert_eq!(space(Some(WANTED_SPACE)).state, State::Ok);
        assert_eq!(space(Some(WANTED_SPACE - 1)).state, State::Warning);
        assert_eq!(space(None).state, State::Ok);
    }

    #[test]
    fn a_browser_is_there_only_with_its_driver_and_its_lack_is_a_warning() {
        let found = |there: &[&str]| chromium(|program| there.contains(&program));
        assert_eq!(found(&CHROMIUM).state, State::Ok);
        assert_eq!(found(&[]).found, "no chromium and no chromedriver");
        let alone = found(&["chromium"]);
        assert_eq!(alone.found, "no chromedriver");
        assert_eq!(alone.state, State::Warning);
    }

    #[cfg(unix)]
    #[test]
    fn free_space_is_read_from_df() {
        let listed = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 264000000 15000000 80000000 16% /\n";
        assert_eq!(available_kilobytes(listed), Some(80_000_000));
        assert_eq!(available_kilobytes("nothing"), None);
    }
}
