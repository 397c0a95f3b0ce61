//! The folder that the demo works in; all that it leaves.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

/// The folder asked for, when it is new or empty; else a new temporary one.
pub(crate) fn open(asked: Option<&Path>) -> anyhow::Result<PathBuf> {
    let Some(asked) = asked else {
        let folder = tempfile::Builder::new().prefix("halo-demo-").tempdir();
        return Ok(folder.context("No temporary folder can be made")?.keep());
    };
    let folder = std::path::absolute(asked)?;
    match fs::read_dir(&folder) {
        Ok(mut entries) => ensure!(
            entries.next().is_none(),
            "The folder {} is not empty; name a new or an empty one",
            folder.display()
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => fs::create_dir_all(&folder)
            .with_context(|| format!("The folder {} cannot be made", folder.display()))?,
        Err(error) => bail!("The folder {} cannot be used: {error}", folder.display()),
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn a_folder_that_is_not_empty_is_refused_and_left_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        assert!(open(Some(place.path())).is_ok());
        assert!(open(Some(&place.path().join("new/below"))).is_ok());
        let refused = open(Some(place.path())).unwrap_err().to_string();
        assert!(refused.contains("not empty"), "{refused}");
    }
}
