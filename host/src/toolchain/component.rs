//! From a core module to a component: wit-component reads what wit-bindgen left in
//! the module about the contract, and checks it.

use std::fs;
use std::io::Write;
use std::path::Path;

use wit_component::ComponentEncoder;

use super::error::{At, ToolchainError};

/// The component of a module.
pub(super) fn encode(package: &str, module: &Path) -> Result<Vec<u8>, ToolchainError> {
    let bytes = fs::read(module).at("Reading the module", module)?;
    encode_bytes(&bytes).map_err(|detail| ToolchainError::Component {
        package: package.to_owned(),
        detail,
    })
}

fn encode_bytes(module: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = ComponentEncoder::default();
    let encoded = encoder
        .validate(true)
        .module(module)
        .and_then(ComponentEncoder::encode);
    // All of the chain in one line; its outer part alone says little.
    encoded.map_err(|error| {
        let told = format!("{error:#}");
        let words: Vec<&str> = told.split_whitespace().collect();
        words.join(" ").trim_end_matches('.').to_owned()
    })
}

/// Replaces the file in one step, so that a reader sees the old or the new one; a
/// file that is the same already is left alone, with its time and compiled code.
/// Answers whether it was written.
pub(super) fn write_if_changed(out: &Path, bytes: &[u8]) -> Result<bool, ToolchainError> {
    if fs::read(out).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    let folder = match out.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).at("Making the folder", folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".component-")
        .tempfile_in(folder)
        .at("Writing into", folder)?;
    file.write_all(bytes).at("Writing", out)?;
    readable_by_all(file.as_file()).at("Writing", out)?;
    file.persist(out)
        .map_err(|error| error.error)
        .at("Writing", out)?;
    Ok(true)
}

/// Temporary files are for their owner only; a component is not secret.
#[cfg(unix)]
fn readable_by_all(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_is_none_is_refused_with_its_reason() {
        let error = encode_bytes(b"not a module").unwrap_err();
        assert!(!error.is_empty() && !error.contains('\n'), "{error:?}");
    }

    #[test]
    fn a_file_that_is_the_same_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("new/a.wasm");
        assert!(write_if_changed(&out, b"1").unwrap());
        assert!(!write_if_changed(&out, b"1").unwrap());
        assert!(write_if_changed(&out, b"2").unwrap());
        assert_eq!(fs::read(&out).unwrap(), b"2");
        assert_eq!(fs::read_dir(out.parent().unwrap()).unwrap().count(), 1);
    }
}
