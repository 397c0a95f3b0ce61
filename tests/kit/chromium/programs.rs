//! The programs `chromium` and `chromedriver`. On a Debian where tests run as root, as in
//! containers, they are installed; everywhere else a sentence says what to type. Tests of
//! the admin page are never left out.

use std::fs::{self, File};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use halo_host::doctor::CHROMIUM;
use halo_host::toolchain::on_path;

use crate::kit::install::{output, say};

const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];
const REMEDY: &str = "The tests of the admin page need a browser and its driver. On Debian type `apt-get install chromium chromium-driver`; elsewhere install Chromium and the chromedriver of the same version, so that both are found by these names.";

/// Sees to it that both are there.
pub(super) fn get() -> anyhow::Result<()> {
    if are_there() {
        return Ok(());
    }
    ensure!(
        on_path("apt-get") && output("id", &["-u"]).as_deref() == Some("0"),
        REMEDY
    );
    // Another process of tests may be at it.
    let lock = File::create(std::env::temp_dir().join("halo-chromium.lock"))?;
    lock.lock()?;
    if are_there() {
        return Ok(());
    }
    say("Installing chromium and chromium-driver by apt-get (once; about 120 MB) ...");
    let fresh = !has_lists();
    if fresh {
        apt_get(&["update"])?;
    }
    if let Err(error) = install() {
        // Lists of long ago name packages that are gone.
        if fresh {
            return Err(error);
        }
        apt_get(&["update"])?;
        install()?;
    }
    ensure!(
        are_there(),
        "apt-get has installed them, and they are not on the PATH. {REMEDY}"
    );
    Ok(())
}

fn are_there() -> bool {
    CHROMIUM.into_iter().all(on_path)
}

fn install() -> anyhow::Result<()> {
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(PACKAGES);
    apt_get(&arguments)
}

fn has_lists() -> bool {
    let entries = fs::read_dir("/var/lib/apt/lists").into_iter().flatten();
    { entries.flatten() }.any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new("apt-get")
        // Waits for another one that is at work, rather than fail beside it.
        .args(["-qq", "-o", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .output()
        .context("apt-get could not be started")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("apt-get {arguments:?} failed: {}\n{REMEDY}", said.trim());
    }
    Ok(())
}
