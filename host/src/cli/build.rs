//! `build`: a component from the crate in a folder.

use std::path::PathBuf;

use super::{Context, Done, Ended};

#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    /// The folder of the crate.
    dir: PathBuf,
    /// Where to write the component.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Build {
    pub(crate) fn run(self, context: &Context) -> Done {
        let built =
            crate::toolchain::build_component(&self.dir, self.out.as_deref(), &mut |line| {
                eprintln!("{line}");
            })
            .map_err(|error| Ended::Failed(error.to_string()))?;
        let size = std::fs::metadata(&built).map_or(0, |metadata| metadata.len());
        let document = serde_json::json!({ "component": built, "bytes": size });
        context.out.result(&document, || {
            format!("{} ({} kB)", built.display(), size / 1000)
        });
        Ok(())
    }
}
