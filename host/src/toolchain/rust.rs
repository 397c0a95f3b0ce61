//! What cargo says of a crate, and what the active Rust has.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ToolchainError;
use super::process;

/// The crate of a component, as far as building it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Krate {
    /// Its folder.
    pub dir: PathBuf,
    /// The package's name.
    pub package: String,
    /// The module's file name without its ending.
    pub module: String,
    /// The workspace's target folder.
    pub target: PathBuf,
    /// The Rust that it asks for.
    pub rust_version: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    rust_version: Option<String>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

impl Krate {
    /// Asks cargo about the crate in `dir`.
    pub fn read(dir: &Path) -> Result<Self, ToolchainError> {
        let wrong = |detail: String| ToolchainError::NotACrate {
            dir: dir.to_owned(),
            detail,
        };
        let manifest = dir.join("Cargo.toml");
        // cargo would go on looking in the folders above.
        let manifest = manifest
            .canonicalize()
            .map_err(|error| wrong(format!("its Cargo.toml cannot be read ({error})")))?;
        let mut command = process::cargo();
        if let Some(target) = std::env::var_os("CARGO_TARGET_DIR") {
            // Where the user wants built things; only our nested build has its own.
            command.env("CARGO_TARGET_DIR", target);
        }
        command
            .current_dir(dir)
            .args(["metadata", "--no-deps", "--format-version", "1"]);
        let json = process::output(command).map_err(wrong)?;
        let metadata: Metadata =
            serde_json::from_str(&json).map_err(|error| wrong(error.to_string()))?;
        Self::of(dir, &manifest, metadata)
    }

    fn of(dir: &Path, manifest: &Path, metadata: Metadata) -> Result<Self, ToolchainError> {
        let same = |path: &Path| path.canonicalize().is_ok_and(|path| path == manifest);
        let package = metadata
            .packages
            .into_iter()
            .find(|package| same(&package.manifest_path))
            .ok_or_else(|| ToolchainError::NotACrate {
                dir: dir.to_owned(),
                detail: "its Cargo.toml describes a workspace and no package".to_owned(),
            })?;
        let is_module = |target: &&Target| target.crate_types.iter().any(|t| t == "cdylib");
        match package.targets.iter().find(is_module) {
            Some(target) => Ok(Self {
                dir: dir.to_owned(),
                module: target.name.replace('-', "_"),
                package: package.name,
                target: metadata.target_directory,
                rust_version: package.rust_version,
            }),
            None => Err(ToolchainError::NoModule {
                package: package.name,
            }),
        }
    }
}

/// A Rust toolchain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rust {
    /// For example `1.95.0`.
    pub version: String,
    /// For example `x86_64-unknown-linux-gnu`.
    pub host: String,
    /// Its folder.
    pub sysroot: PathBuf,
}

impl Rust {
    /// The one that is active in a folder.
    pub fn active(dir: &Path) -> Result<Self, ToolchainError> {
        let ask = |arguments: &[&str]| {
            let mut command = process::command("rustc");
            command.current_dir(dir).args(arguments);
            process::output(command).map_err(|detail| ToolchainError::NoRust {
                program: "rustc".to_owned(),
                detail,
            })
        };
        let about = ask(&["-vV"])?;
        let value = |name: &str| {
            let line = about.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        Ok(Self {
            version: value("release:"),
            host: value("host:"),
            sysroot: PathBuf::from(ask(&["--print", "sysroot"])?.trim()),
        })
    }

    /// Whether the standard library for a target is there.
    pub fn has_target(&self, target: &str) -> bool {
        let folder = self.sysroot.join("lib/rustlib").join(target).join("lib");
        let is_std = |name: &str| name.starts_with("libstd-") && name.ends_with(".rlib");
        std::fs::read_dir(folder).is_ok_and(|entries| {
            entries
                .flatten()
                .any(|entry| entry.file_name().to_str().is_some_and(is_std))
        })
    }

    /// A linker for WebAssembly: the toolchain's own, else one of the path.
    pub fn linker(&self) -> Result<PathBuf, ToolchainError> {
        let file = format!("rust-lld{}", std::env::consts::EXE_SUFFIX);
        let own = self
            .sysroot
            .join("lib/rustlib")
            .join(&self.host)
            .join("bin")
            .join(file);
        if own.is_file() {
            return Ok(own);
        }
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let names = ["rust-lld", "wasm-ld"].map(|n| format!("{n}{}", std::env::consts::EXE_SUFFIX));
        std::env::split_paths(&folders)
            .flat_map(|folder| {
                names
                    .iter()
                    .map(move |name| folder.join(name))
                    .collect::<Vec<_>>()
            })
            .find(|path| path.is_file())
            .ok_or(ToolchainError::NoLinker(own))
    }
}
