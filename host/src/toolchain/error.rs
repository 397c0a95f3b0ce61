//! Why a component was not built, each with what to do next.

use std::io;
use std::path::PathBuf;

/// What stands between a crate and its component.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// A program of the Rust toolchain does not run.
    #[error(
        "{program} cannot be run ({detail}). Install Rust 1.95 or newer from https://rustup.rs and open a new terminal."
    )]
    NoRust {
        /// Which.
        program: String,
        /// From the system.
        detail: String,
    },
    /// The folder is not a crate.
    #[error(
        "{dir} is not a crate that can be built: {detail}. Name the folder that holds the connector's own Cargo.toml."
    )]
    NotACrate {
        /// The folder.
        dir: PathBuf,
        /// What cargo says.
        detail: String,
    },
    /// The crate makes no module.
    #[error(
        "The crate {package} makes no module. Add to its Cargo.toml: [lib] crate-type = [\"cdylib\"]."
    )]
    NoModule {
        /// Its name.
        package: String,
    },
    /// No compiler for the target can be had.
    #[error(
        "There is no Rust for wasm32-unknown-unknown here: {detail}. Run `rustup target add wasm32-unknown-unknown`, then build again."
    )]
    NoTarget {
        /// What was tried, and what became of it.
        detail: String,
    },
    /// The unpacked compiler is older than the crate asks.
    #[error(
        "The crate needs Rust {needed}, and the compiler for wasm32 that was found is {found}. Run `rustup target add wasm32-unknown-unknown`, then build again."
    )]
    TooOld {
        /// As the crate's rust-version says.
        needed: String,
        /// What there is.
        found: String,
    },
    /// There is no linker for wasm.
    #[error(
        "There is no linker for WebAssembly: {0} is missing. Install lld (on Debian: apt install lld), or Rust from https://rustup.rs, which brings one."
    )]
    NoLinker(PathBuf),
    /// The compiler found errors.
    #[error("The crate {package} was not compiled; its errors are above.")]
    Build {
        /// Its name.
        package: String,
    },
    /// The module does not fit the contract.
    #[error(
        "The module of {package} is not a component: {detail}. Build it with wit-bindgen against the wit folder of this host, and without std features that need an operating system."
    )]
    Component {
        /// The crate's name.
        package: String,
        /// What wit-component says.
        detail: String,
    },
    /// A file or folder.
    #[error("{what} {path} failed ({source}); check permissions and free space.")]
    File {
        /// What was done with it.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// From the system.
        source: io::Error,
    },
}

/// Names the file in an I/O error.
pub(super) trait At<T> {
    /// `what` as in "Writing", "Reading".
    fn at(self, what: &'static str, path: &std::path::Path) -> Result<T, ToolchainError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, what: &'static str, path: &std::path::Path) -> Result<T, ToolchainError> {
        self.map_err(|source| ToolchainError::File {
            what,
            path: path.to_owned(),
            source,
        })
    }
}
