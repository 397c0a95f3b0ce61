//! Installs the clients below the target folder, once for each state of their lock
//! files; after that nothing is fetched. What happens is said on standard error
//! itself, as libtest keeps what a test prints.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest Node.js that is known to run the client; it warns below 22.
const NODE: (u32, u32) = (20, 0);
/// The oldest Python that the lock file is made for.
const PYTHON: (u32, u32) = (3, 11);

const NEEDS_NODE: &str = "HubSpot's client for Node.js needs Node.js 20 or newer with npm: install them from nodejs.org or your system's packages (Debian: nodejs npm).";
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
    let (program, npm) = if cfg!(windows) {
        ("node.exe", "npm.cmd")
    } else {
        ("node", "npm")
    };
    let version = version(program, &["--version"], NODE).ok_or(NEEDS_NODE)?;
    output(npm, &["--version"]).ok_or(NEEDS_NODE)?;
    let lock =
        fs::read_to_string(source("package-lock.json")).map_err(told("package-lock.json"))?;
    let folder = once("node", &format!("{version}\n{lock}"), |folder| {
        say("Installing HubSpot's client for Node.js (once; about half a minute) ...");
        for name in ["package.json", "package-lock.json"] {
            fs::copy(source(name), folder.join(name)).map_err(told(name))?;
        }
        // Nothing in the lock file has to be compiled, so no package needs to run a script.
        let flags = [
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ];
        run(Command::new(npm).arg("ci").args(flags).current_dir(folder))
    })?;
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
    let folder = once("python", &format!("{version}\n{lock}"), |folder| {
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
    })?;
    Ok(Installed {
        program: folder.join(inside),
        // No compiled scripts beside the sources.
        arguments: &["-B"],
        folder,
    })
}

/// A file beside this one.
fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

/// Installs into a folder of its own unless the very same state is there. The marker
/// is written last: what was interrupted is done again from nothing. A lock keeps
/// other tests out, also those of another process.
fn once(
    name: &str,
    state: &str,
    install: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let trouble = told("target/clients");
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("clients");
    fs::create_dir_all(&all).map_err(&trouble)?;
    let lock = File::create(all.join(format!("{name}.lock"))).map_err(&trouble)?;
    lock.lock().map_err(&trouble)?;
    let folder = all.join(name);
    let marker = folder.join("installed.txt");
    if fs::read_to_string(&marker).is_ok_and(|found| found == state) {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(&trouble)?;
    }
    fs::create_dir_all(&folder).map_err(&trouble)?;
    install(&folder)?;
    fs::write(marker, state).map_err(&trouble)?;
    Ok(folder)
}

/// A program's version line, where it is there and new enough.
fn version(program: &str, arguments: &[&str], oldest: (u32, u32)) -> Option<String> {
    let line = output(program, arguments)?;
    (numbers(&line)? >= oldest).then_some(line)
}

/// Major and minor of `v20.19.2` or `Python 3.11.7`.
fn numbers(line: &str) -> Option<(u32, u32)> {
    let start = line.find(|c: char| c.is_ascii_digit())?;
    let mut parts = line[start..].split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let ended = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let line = String::from_utf8_lossy(&ended.stdout).trim().to_owned();
    ended.status.success().then_some(line)
}

/// Runs an installer, whose own words go to standard error.
fn run(command: &mut Command) -> Result<(), String> {
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let program = command.get_program().to_string_lossy().into_owned();
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!(
            "{program} did not install HubSpot's client ({status}); its words are above. It needs the package registry once, so look at the network and run the test again."
        )),
        Err(error) => Err(format!("{program} could not be started: {error}.")),
    }
}

fn told(what: &'static str) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{what} cannot be used: {error}.")
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn versions_are_read_from_what_programs_say() {
    let read = ["v20.19.2", "Python 3.11.7", "Python 3.9", "none"].map(numbers);
    assert_eq!(read, [Some((20, 19)), Some((3, 11)), Some((3, 9)), None]);
}
