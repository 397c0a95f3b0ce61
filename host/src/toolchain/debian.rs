//! A compiler from Debian's packages, unpacked into the target folder.
//!
//! Debian keeps a recent Rust for its browsers (`rustc-web`), with the source of the
//! standard library, in its ordinary archive; so where rustup's servers cannot be
//! reached, the machine's own package source still can. Installing the packages
//! would remove Debian's other rustc or rustup; unpacking them touches nothing. No
//! root rights are needed, and where the machine's package lists are missing or old,
//! lists of our own are fetched beside.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{self, version_number};

/// The compiler, and the source of its standard library.
const WANTED: [&str; 2] = ["rustc-web", "rust-web-src"];
/// In the unpacked root: which packages it was made of. It is written last.
const MARKER: &str = "packages.txt";

/// An unpacked compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unpacked {
    /// To be called as rustc.
    pub rustc: PathBuf,
    /// Its version.
    pub version: String,
}

/// The compiler that an earlier build unpacked.
pub(super) fn existing(place: &Path) -> Option<Unpacked> {
    let root = place.join("root");
    let marked = fs::read_to_string(root.join(MARKER)).ok()?;
    let listed = marked
        .lines()
        .find_map(|line| line.strip_prefix("rustc-web "));
    usable(&root, place, listed.unwrap_or_default()).ok()
}

/// Whether this machine has the programs for it.
pub(super) fn available() -> bool {
    cfg!(target_os = "linux") && on_path("apt-get") && on_path("dpkg-deb")
}

/// Downloads and unpacks a compiler of at least the version `needed`. The error is
/// the end of a sentence.
pub(super) fn unpack(
    place: &Path,
    needed: Option<&str>,
    report: &mut dyn FnMut(&str),
) -> Result<Unpacked, String> {
    if !available() {
        return Err("this is not a Debian, whose packages would do".to_owned());
    }
    fs::create_dir_all(place).map_err(|error| cannot(place, &error))?;
    // A build that was killed may have left something; the lock says it is ours.
    let work = place.join("work");
    let lists = place.join("apt");
    for left in [&work, &lists] {
        if left.exists() {
            fs::remove_dir_all(left).map_err(|error| cannot(left, &error))?;
        }
    }
    fs::create_dir_all(&work).map_err(|error| cannot(&work, &error))?;

    let result = fetch(&Apt::system(), &work, needed, report).or_else(|why| {
        report(&format!(
            "The package lists of this machine do not serve ({why}); fetching newer ones into the target folder (10 MB)."
        ));
        let apt = Apt::private(&lists)?;
        apt.update()?;
        fetch(&apt, &work, needed, report)
    });
    let unpacked = result.and_then(|packages| {
        report("Unpacking it.");
        let version = packages.get("rustc-web").cloned().unwrap_or_default();
        install(place, &work, &packages)?;
        usable(&place.join("root"), place, &version)
    });
    // What was downloaded is not needed again, and is in nobody's way if it stays.
    fs::remove_dir_all(&work).ok();
    fs::remove_dir_all(&lists).ok();
    unpacked
}

/// Puts the archives into `work`; answers the packages and their versions.
fn fetch(
    apt: &Apt,
    work: &Path,
    needed: Option<&str>,
    report: &mut dyn FnMut(&str),
) -> Result<BTreeMap<String, String>, String> {
    let offered = apt.offered()?;
    if let Some(needed) = needed
        && version_number(needed) > version_number(&offered)
    {
        return Err(format!(
            "they offer the compiler {offered}, and {needed} is needed"
        ));
    }
    let names = apt.closure()?;
    let mut download = apt.tool("apt-get");
    download.args(["download", "--print-uris"]).args(&names);
    let listed = process::output(download)?;
    let bytes: u64 = listed.lines().filter_map(uri_size).sum();
    report(&format!(
        "Downloading a Rust compiler with the standard library's source from Debian: {} packages, {} MB, into the target folder only.",
        names.len(),
        bytes / 1_000_000
    ));
    let mut download = apt.tool("apt-get");
    download
        .current_dir(work)
        .args(["download", "--quiet"])
        .args(&names);
    process::output(download)?;
    let mut versions = BTreeMap::new();
    for archive in archives(work)? {
        let mut field = process::command("dpkg-deb");
        field
            .args(["--show", "--showformat", "${Package} ${Version}"])
            .arg(&archive);
        let shown = process::output(field)?;
        if let Some((name, version)) = shown.split_once(' ') {
            versions.insert(name.to_owned(), version.to_owned());
        }
    }
    Ok(versions)
}

/// Unpacks the archives beside, and puts the result in place in one step.
fn install(place: &Path, work: &Path, packages: &BTreeMap<String, String>) -> Result<(), String> {
    let new = work.join("root");
    for archive in archives(work)? {
        let mut extract = process::command("dpkg-deb");
        extract.arg("--extract").arg(&archive).arg(&new);
        process::output(extract)?;
        fs::remove_file(&archive).map_err(|error| cannot(&archive, &error))?;
    }
    let lines: Vec<_> = packages.iter().map(|(n, v)| format!("{n} {v}\n")).collect();
    fs::write(new.join(MARKER), lines.concat()).map_err(|error| cannot(&new, &error))?;
    let root = place.join("root");
    if root.exists() {
        fs::remove_dir_all(&root).map_err(|error| cannot(&root, &error))?;
    }
    fs::rename(&new, &root).map_err(|error| cannot(&root, &error))
}

/// Writes the program that calls the unpacked compiler, and sees whether it runs.
fn usable(root: &Path, place: &Path, version: &str) -> Result<Unpacked, String> {
    let rustc = place.join("rustc");
    let script = wrapper(&root.join("usr/bin/rustc"), &library_folders(root));
    // cargo compiles everything anew when its compiler's file is newer.
    if fs::read_to_string(&rustc).ok().as_deref() != Some(&script) {
        fs::write(&rustc, script).map_err(|error| cannot(&rustc, &error))?;
        make_executable(&rustc).map_err(|error| cannot(&rustc, &error))?;
    }
    let mut ask = process::command(&rustc);
    ask.arg("--version");
    let said = process::output(ask).map_err(|why| {
        format!("the compiler of Debian's packages {version} does not run here ({why})")
    })?;
    let version = said.split_whitespace().nth(1).unwrap_or(version).to_owned();
    Ok(Unpacked { rustc, version })
}

fn library_folders(root: &Path) -> Vec<PathBuf> {
    // For example usr/lib/x86_64-linux-gnu.
    let entries = fs::read_dir(root.join("usr/lib"))
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<_> = entries
        .filter(|entry| entry.file_name().to_string_lossy().contains("-linux-"))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

fn wrapper(rustc: &Path, libraries: &[PathBuf]) -> String {
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    let libraries: Vec<_> = libraries.iter().map(|path| quoted(path)).collect();
    format!(
        "#!/bin/sh\nLD_LIBRARY_PATH={} exec {} \"$@\"\n",
        libraries.join(":"),
        quoted(rustc)
    )
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// apt with the machine's lists, or with lists of our own.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn system() -> Self {
        Self {
            options: Vec::new(),
        }
    }

    fn private(place: &Path) -> Result<Self, String> {
        for part in ["lists/partial", "cache/archives/partial"] {
            let folder = place.join(part);
            fs::create_dir_all(&folder).map_err(|error| cannot(&folder, &error))?;
        }
        let option = |name: &str, value: &Path| format!("{name}={}", value.display());
        Ok(Self {
            options: vec![
                option("Dir::State::lists", &place.join("lists")),
                option("Dir::Cache", &place.join("cache")),
                // apt run by root would hand over to a user who may not write there.
                "APT::Sandbox::User=root".to_owned(),
                // Only the lists of packages are of use here.
                "Acquire::Languages=none".to_owned(),
            ],
        })
    }

    fn tool(&self, program: &str) -> Command {
        let mut command = process::command(program);
        command.env("LC_ALL", "C"); // its output is read
        for option in &self.options {
            command.args(["-o", option]);
        }
        command
    }

    fn update(&self) -> Result<(), String> {
        let mut update = self.tool("apt-get");
        update.args(["update", "--quiet"]);
        process::output(update)
            .map(drop)
            .map_err(|why| format!("apt-get update failed ({why})"))
    }

    /// The version of the compiler that these lists offer.
    fn offered(&self) -> Result<String, String> {
        let mut ask = self.tool("apt-cache");
        ask.args(["policy", WANTED[0]]);
        candidate(&process::output(ask)?)
            .ok_or_else(|| format!("they do not have the package {}", WANTED[0]))
    }

    /// The packages to unpack: the compiler, and of what it depends on its own parts
    /// and the libraries that this machine has not.
    fn closure(&self) -> Result<BTreeSet<String>, String> {
        let mut names = BTreeSet::new();
        let mut open: Vec<String> = WANTED.map(str::to_owned).to_vec();
        while let Some(name) = open.pop() {
            if names.contains(&name) {
                continue;
            }
            let mut ask = self.tool("apt-cache");
            ask.args(["depends", "--important", &name]);
            let listed = process::output(ask)
                .map_err(|why| format!("Debian's package {name} cannot be had ({why})"))?;
            let more = dependencies(&listed).into_iter();
            open.extend(
                more.filter(|name| is_part(name) || (is_library(name) && !installed(name))),
            );
            names.insert(name);
        }
        Ok(names)
    }
}

/// The version in the output of `apt-cache policy` that would be installed.
fn candidate(listed: &str) -> Option<String> {
    let mut lines = listed.lines().map(str::trim);
    let version = lines.find_map(|line| line.strip_prefix("Candidate: "))?;
    version
        .starts_with(|first: char| first.is_ascii_digit())
        .then(|| version.to_owned())
}

/// The names in the output of `apt-cache depends`.
fn dependencies(listed: &str) -> Vec<String> {
    let named = listed
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    named
        .filter(|name| !name.starts_with('<'))
        .map(str::to_owned)
        .collect()
}

fn is_part(name: &str) -> bool {
    // LLVM in particular: one that is installed may be another build of it.
    name.starts_with("libstd-rust-web") || name.starts_with("libllvm")
}

/// Shared libraries, not compilers and headers: a machine where Rust was installed
/// has the C compiler that build scripts are linked with.
fn is_library(name: &str) -> bool {
    name.starts_with("lib") && !name.ends_with("-dev") && name != "libc6"
}

fn installed(name: &str) -> bool {
    let mut ask = process::command("dpkg-query");
    ask.args(["--show", "--showformat", "${db:Status-Status}\n", name]);
    process::output(ask).is_ok_and(|said| said.lines().any(|line| line == "installed"))
}

/// The size in a line of `--print-uris`: 'address' file size checksum.
fn uri_size(line: &str) -> Option<u64> {
    let mut words = line.split_whitespace();
    words.next().filter(|word| word.starts_with('\''))?;
    words.nth(1)?.parse().ok()
}

fn archives(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| cannot(folder, &error))?;
    let mut found: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "deb"))
        .collect();
    found.sort();
    Ok(found)
}

/// Whether a program is there to be started by its name.
pub fn on_path(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

fn cannot(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be used ({error})", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_from_apts_list() {
        let listed = "rustc-web\n  Depends: libc6\n |Depends: libstd-rust-web-dev\n  \
                      Depends: <libc-dev>\n    libc6-dev\n  Depends: libstd-rust-web-1.96\n  \
                      Conflicts: rustc\n";
        let found = dependencies(listed);
        assert_eq!(found, ["libc6", "libstd-rust-web-1.96"]);
        let kept: Vec<_> = found
            .iter()
            .filter(|n| is_part(n) || is_library(n))
            .collect();
        assert_eq!(kept, ["libstd-rust-web-1.96"]);
    }

    #[test]
    fn the_version_on_offer_is_read_from_apts_policy() {
        let listed = "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u1\n";
        assert_eq!(candidate(listed).as_deref(), Some("1.96.0+dfsg1-1~deb12u1"));
        assert!(version_number("1.95") < version_number("1.96.0+dfsg1-1~deb12u1"));
        assert!(version_number("1.95") > version_number("1.85.0+dfsg3-1~deb12u3"));
        assert_eq!(candidate("rustc-web:\n  Candidate: (none)\n"), None);
        assert_eq!(candidate(""), None);
    }

    #[test]
    fn sizes_are_read_from_apts_list() {
        let line = "'http://packages.example/pool/a_1%2b2.deb' a_1+2.deb 45012756 SHA256:9d";
        assert_eq!(uri_size(line), Some(45_012_756));
        assert_eq!(uri_size("Reading package lists..."), None);
    }

    #[test]
    fn the_wrapper_stands_any_folder_name() {
        let script = wrapper(Path::new("/a b/it's/rustc"), &[PathBuf::from("/a b/lib")]);
        let expected = "LD_LIBRARY_PATH='/a b/lib' exec '/a b/it'\\''s/rustc' \"$@\"\n";
        assert_eq!(script, format!("#!/bin/sh\n{expected}"));
    }

    #[test]
    fn a_folder_without_its_marker_is_not_taken_for_a_compiler() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("root/usr/bin")).unwrap();
        assert_eq!(existing(place.path()), None);
    }
}
