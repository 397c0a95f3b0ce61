//! Installs what tests need of other package registries, once for each state of its
//! lock file; after that nothing is fetched. What happens is said on standard error
//! itself, as libtest keeps what a test prints.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest Node.js that is known to run HubSpot's client; it warns below 22.
const NODE: (u32, u32) = (20, 0);
/// How Node.js and npm are called here.
const NODE_AND_NPM: (&str, &str) = if cfg!(windows) {
    ("node.exe", "npm.cmd")
} else {
    ("node", "npm")
};

/// What `npm` installs: `what` is its name in sentences, `source` the folder of its
/// `package.json` and lock file, `place` the folder in which it gets the folder `name`.
/// Answers that folder, and how Node.js is called.
pub fn from_npm(
    what: &str,
    source: &Path,
    (place, name): (&Path, &str),
) -> Result<(PathBuf, &'static str), String> {
    let (node, npm) = NODE_AND_NPM;
    let needed = || {
        format!(
            "{what} needs Node.js 20 or newer with npm: install them from nodejs.org or your system's packages (Debian: nodejs npm)."
        )
    };
    let version = version(node, &["--version"], NODE).ok_or_else(needed)?;
    output(npm, &["--version"]).ok_or_else(needed)?;
    let lock = source.join("package-lock.json");
    let lock = fs::read_to_string(lock).map_err(told("package-lock.json"))?;
    let folder = once(place, name, &format!("{version}\n{lock}"), |folder| {
        say(&format!("Installing {what} (once; some seconds) ..."));
        for name in ["package.json", "package-lock.json"] {
            fs::copy(source.join(name), folder.join(name)).map_err(told(name))?;
        }
        // Nothing in the lock files has to be compiled, so no package needs to run a script.
        let flags = [
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ];
        run(Command::new(npm).arg("ci").args(flags).current_dir(folder))
    })?;
    Ok((folder, node))
}

/// Installs into a folder of its own unless the very same state is there. The marker
/// is written last: what was interrupted is done again from nothing. A lock keeps
/// other tests out, also those of another process.
pub fn once(
    place: &Path,
    name: &str,
    state: &str,
    install: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let trouble = told("the folder of what is installed");
    fs::create_dir_all(place).map_err(&trouble)?;
    let lock = File::create(place.join(format!("{name}.lock"))).map_err(&trouble)?;
    lock.lock().map_err(&trouble)?;
    let folder = place.join(name);
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
pub fn version(program: &str, arguments: &[&str], oldest: (u32, u32)) -> Option<String> {
    let line = output(program, arguments)?;
    (numbers(&line)? >= oldest).then_some(line)
}

/// Major and minor of `v20.19.2` or `Python 3.11.7`.
fn numbers(line: &str) -> Option<(u32, u32)> {
    let start = line.find(|c: char| c.is_ascii_digit())?;
    let mut parts = line[start..].split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

/// What a program says, where it is there and ends well.
pub fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let ended = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let line = String::from_utf8_lossy(&ended.stdout).trim().to_owned();
    ended.status.success().then_some(line)
}

/// Runs an installer, whose own words go to standard error.
pub fn run(command: &mut Command) -> Result<(), String> {
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let program = command.get_program().to_string_lossy().into_owned();
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!(
            "{program} did not install it ({status}); its words are above. It needs the package registry once, so look at the network and run the test again."
        )),
        Err(error) => Err(format!("{program} could not be started: {error}.")),
    }
}

/// A sentence about a file.
pub fn told(what: &'static str) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{what} cannot be used: {error}.")
}

/// A line of progress.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_say() {
        let read = ["v20.19.2", "Python 3.11.7", "Python 3.9", "none"].map(numbers);
        assert_eq!(read, [Some((20, 19)), Some((3, 11)), Some((3, 9)), None]);
    }
}
