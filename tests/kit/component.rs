//! The connector's component: built when it is first asked for, by the project's
//! own `halo-host build`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Context as _;

/// The folder of the workspace.
pub(super) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The component's file. The first call builds it and says so on standard error;
/// cargo makes that a matter of moments when nothing changed.
pub fn component() -> anyhow::Result<&'static Path> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let crate_folder = workspace().join("plugin");
        halo_host::toolchain::build_component(&crate_folder, None, &mut |line| eprintln!("{line}"))
            .map_err(|error| error.to_string())
    });
    match built {
        Ok(path) => Ok(path),
        Err(message) => {
            Err(anyhow::anyhow!(message.clone())).context("The component was not built")
        }
    }
}
