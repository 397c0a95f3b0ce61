//! Installs the clients below the target folder, once for each state of their lock
//! files; after that nothing is fetched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use halo_tests::kit::install::{from_npm, once, output, run, say, told, version};

/// The oldest Python that the lock file is made for.
const PYTHON: (u32, u32) = (3, 11);

const NEEDS_PYTHON: &str = "HubSpot's clients for Python need Python 3.11 or newer with venv and pip: install them from python.org or your system's packages (Debian: python3 python3-venv).";

/// What runs the scripts of a client.
pub struct Installed {
    /// The interpreter.
    pub program: PathBuf,
    /// What comes before the script.
    pub arguments: &'static [&'static str],
    /// Where it is to be started.
    pub folder: PathBuf,
}

/// HubSpot's client for Node.js.
pub fn node() -> Result<Installed, String> {
    let source = source("");
    let (folder, program) = from_npm("HubSpot's client for Node.js", &source, (&place(), "node"))?;
    Ok(Installed {
        program: program.into(),
        arguments: &[],
        folder,
    })
}

/// The clients for Python: HubSpot's two, and the one made for Halo.
pub fn python() -> Result<Installed, String> {
    let (system, inside) = if cfg!(windows) {
        ("python.exe", "venv/Scripts/python.exe")
    } else {
        ("python3", "venv/bin/python")
    };
    let version = version(system, &["--version"], PYTHON).ok_or(NEEDS_PYTHON)?;
    output(system, &["-c", "import venv, ensurepip"]).ok_or(NEEDS_PYTHON)?;
    let lock = fs::read_to_string(source("requirements.txt")).map_err(told("requirements.txt"))?;
    let folder = once(
        &place(),
        "python",
        &format!("{version}\n{lock}"),
        |folder| {
            say("Installing the clients for Python (once; about half a minute) ...");
            run(Command::new(system)
                .args(["-m", "venv", "venv"])
                .current_dir(folder))?;
            let flags = [
                "--quiet",
                "--disable-pip-version-check",
                "--only-binary=:all:",
            ];
            run(Command::new(folder.join(inside))
                .args(["-m", "pip", "install", "--require-hashes"])
                .args(flags)
                .arg("-r")
                .arg(source("requirements.txt")))
        },
    )?;
    Ok(Installed {
        program: folder.join(inside),
        // No compiled scripts beside the sources.
        arguments: &["-B"],
        folder,
    })
}

/// Where they are installed.
fn place() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("clients")
}

/// A file beside this one.
fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}
