//! From a crate folder to a component: cargo for `wasm32-unknown-unknown`, then
//! wit-component. That target brings no system interface of its own, so the
//! component imports exactly what the contract names.
//!
//! What takes care is the compiler: many machines have no standard library for the
//! target. In this order: the active toolchain, a compiler that an earlier build
//! unpacked, `rustup`, and on Debian a compiler unpacked from its packages into the
//! target folder (`debian`). Nothing is installed into the system.

mod component;
mod debian;
mod error;
mod process;
mod rust;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

pub use debian::on_path;
pub use error::ToolchainError;
pub use process::version_number;
pub use rust::{Krate, Rust};

use error::At;

/// The target that components are compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// rustup fetches 20 MB when it can; where it cannot, it can hang on a dead network,
/// and there are other ways.
const RUSTUP_PATIENCE: Duration = Duration::from_secs(20);

/// Builds the component of the crate in `dir` and answers its file: `out`, or
/// `<target folder>/component/<package>.wasm`. `report` gets one line for each step;
/// cargo's own output goes to stderr. Several builds at once wait for each other.
pub fn build_component(
    dir: &Path,
    out: Option<&Path>,
    report: &mut dyn FnMut(&str),
) -> Result<PathBuf, ToolchainError> {
    let krate = Krate::read(dir)?;
    let folder = krate.target.join("component");
    fs::create_dir_all(&folder).at("Making the folder", &folder)?;
    let _lock = lock(&folder.join("build.lock"), report)?;

    let compiler = choose(&krate, report)?;
    report(&format!(
        "Building {} for {TARGET}{}.",
        krate.package,
        compiler.remark()
    ));
    let module = compile(&krate, &compiler, &folder)?;
    let out = match out {
        Some(path) => path.to_owned(),
        None => folder.join(format!("{}.wasm", krate.package)),
    };
    let built = component::encode(&krate.package, &module)?;
    let size = built.len() / 1_000;
    if component::write_if_changed(&out, &built)? {
        report(&format!(
            "Wrote the component {} ({size} kB).",
            out.display()
        ));
    } else {
        report(&format!(
            "The component {} is up to date ({size} kB).",
            out.display()
        ));
    }
    Ok(out)
}

/// Which compiler makes the module.
enum Compiler {
    /// The active toolchain has the target.
    Active,
    /// A compiler without the target's standard library, but with its source.
    Unpacked { rustc: PathBuf, linker: PathBuf },
}

impl Compiler {
    fn remark(&self) -> &'static str {
        match self {
            Self::Active => "",
            Self::Unpacked { .. } => {
                ", its standard library too; the first time takes about a minute"
            }
        }
    }
}

fn choose(krate: &Krate, report: &mut dyn FnMut(&str)) -> Result<Compiler, ToolchainError> {
    let rust = Rust::active(&krate.dir)?;
    if rust.has_target(TARGET) {
        return Ok(Compiler::Active);
    }
    let place = krate.target.join("wasm-toolchain");
    let needed = krate.rust_version.as_deref();
    let is_new_enough = |found: &debian::Unpacked| {
        needed.is_none_or(|needed| version_number(needed) <= version_number(&found.version))
    };
    let unpacked = match debian::existing(&place).filter(is_new_enough) {
        Some(found) => found,
        None => {
            report(&format!(
                "This Rust has no {TARGET}; asking rustup for it (20 MB)."
            ));
            let rustup = add_with_rustup(krate);
            if rust.has_target(TARGET) {
                return Ok(Compiler::Active);
            }
            let because = |debian| ToolchainError::NoTarget {
                detail: format!("rustup {rustup}, and {debian}"),
            };
            debian::unpack(&place, needed, report).map_err(because)?
        }
    };
    if !is_new_enough(&unpacked) {
        return Err(ToolchainError::TooOld {
            needed: needed.unwrap_or_default().to_owned(),
            found: unpacked.version,
        });
    }
    Ok(Compiler::Unpacked {
        rustc: unpacked.rustc,
        linker: rust.linker()?,
    })
}

/// Whether a build can unpack Debian's compiler where nothing else is there.
pub fn debian_way() -> bool {
    debian::available()
}

/// What became of it, for the end of a sentence. Whether the target is there now
/// must be looked up: rustup may serve another toolchain than the active one.
fn add_with_rustup(krate: &Krate) -> String {
    let mut command = process::command("rustup");
    command
        .args(["target", "add", TARGET])
        .current_dir(&krate.dir);
    match process::run_within(command, RUSTUP_PATIENCE) {
        Ok(_) => "added it to another toolchain".to_owned(),
        Err(why) => format!("could not add it ({why})"),
    }
}

fn compile(krate: &Krate, compiler: &Compiler, folder: &Path) -> Result<PathBuf, ToolchainError> {
    let mut command = process::cargo();
    command
        .current_dir(&krate.dir)
        .args(["build", "--release", "--target", TARGET, "--lib"])
        .args(["--package", &krate.package])
        // Its own folder: the cargo that runs us may hold the lock of the usual one.
        .arg("--target-dir")
        .arg(folder)
        // stdout is the caller's, who may be printing JSON there.
        .stdout(Stdio::null())
        .stdin(Stdio::null());
    if let Compiler::Unpacked { rustc, linker } = compiler {
        command
            .args(["-Z", "build-std=std,panic_abort"])
            .env("RUSTC", rustc)
            .env("RUSTC_BOOTSTRAP", "1") // allows -Z with a stable compiler
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    let status = command.status().map_err(|error| ToolchainError::NoRust {
        program: "cargo".to_owned(),
        detail: error.to_string(),
    })?;
    if !status.success() {
        return Err(ToolchainError::Build {
            package: krate.package.clone(),
        });
    }
    Ok(folder
        .join(TARGET)
        .join("release")
        .join(format!("{}.wasm", krate.module)))
}

fn lock(path: &Path, report: &mut dyn FnMut(&str)) -> Result<File, ToolchainError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .at("Opening the lock", path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            report("Another build of a component is running; waiting for it.");
            file.lock().at("Waiting for the lock", path)?;
        }
        Err(TryLockError::Error(error)) => return Err(error).at("Taking the lock", path),
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_crate_is_said_to_be_none() {
        let dir = tempfile::tempdir().unwrap();
        let error = build_component(dir.path(), None, &mut |_| {}).unwrap_err();
        assert!(matches!(error, ToolchainError::NotACrate { .. }), "{error}");
        let missing = dir.path().join("missing");
        let error = build_component(&missing, None, &mut |_| {}).unwrap_err();
        assert!(matches!(error, ToolchainError::NotACrate { .. }), "{error}");
    }

    #[test]
    fn a_crate_that_makes_no_module_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = "[package]\nname = \"plain\"\nedition = \"2024\"\n[workspace]\n";
        fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
        fs::create_dir(dir.path().join("src")).unwrap();
        fs::write(dir.path().join("src/lib.rs"), "").unwrap();
        let error = build_component(dir.path(), None, &mut |_| {}).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("The crate plain makes no module"),
            "{error}"
        );
    }

    #[test]
    fn the_second_of_two_builds_waits() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = lock(&path, &mut |line| panic!("{line}")).unwrap();
        let (said, heard) = std::sync::mpsc::channel();
        let second = std::thread::spawn({
            let path = path.clone();
            move || lock(&path, &mut |line| said.send(line.to_owned()).unwrap()).map(drop)
        });
        assert!(heard.recv().unwrap().contains("waiting"));
        drop(first);
        second.join().unwrap().unwrap();
    }
}
