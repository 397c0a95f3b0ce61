//! Components: each is built when it is first asked for, by the project's own
//! `halo-host build`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::Context as _;

/// The folder of the workspace.
pub(super) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The connector's component.
pub fn component() -> anyhow::Result<&'static Path> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| component_of("plugin").map_err(|error| format!("{error:#}")));
    match built {
        Ok(path) => Ok(path),
        Err(message) => Err(anyhow::anyhow!(message.clone())),
    }
}

/// The component of the crate in a folder of the workspace. The first call for a
/// folder builds it and says so on standard error; cargo makes that a matter of
/// moments when nothing changed.
pub fn component_of(folder: &'static str) -> anyhow::Result<PathBuf> {
    type Built = BTreeMap<&'static str, Result<PathBuf, String>>;
    static BUILT: Mutex<Built> = Mutex::new(BTreeMap::new());
    // Held while it builds: whoever else asks waits for the very same build.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let component = built.entry(folder).or_insert_with(|| {
        let mut report = |line: &str| eprintln!("{line}");
        halo_host::toolchain::build_component(&workspace().join(folder), None, &mut report)
            .map_err(|error| error.to_string())
    });
    let component = component.clone().map_err(anyhow::Error::msg);
    component.with_context(|| format!("The component of {folder} was not built"))
}
