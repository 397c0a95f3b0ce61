//! `backup` and `restore`: the store as one file.

use std::path::PathBuf;

use super::{Context, Done, Ended};
use crate::config::Config;
use crate::host::OpenError;
use crate::store::StoreError;
use crate::store::sqlite;

#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// The file to write; it must not be there yet.
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// The backup.
    file: PathBuf,
    /// Also where there is a store; that one is put aside.
    #[arg(long)]
    force: bool,
}

/// Apart from the async threads, as SQLite blocks.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Ended> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| Ended::Failed(format!("The copy failed: {error}.")))?;
    Ok(done?)
}

impl Backup {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let config = Config::load(&context.config).map_err(OpenError::Config)?;
        let store = config.path(&config.store.path);
        let key = config.path(&config.store.key_file);
        let (from, to) = (store.clone(), self.file.clone());
        apart(move || sqlite::back_up(&from, &to)).await?;
        let document = serde_json::json!({ "backup": self.file, "store": store, "key": key });
        context.out.result(&document, || {
            format!(
                "Wrote {}, and looked through it.\nIts secrets are sealed with the key in {} (or HALO_SEAL_KEY): keep that too, in another place. Without it, sign in again after a restore.",
                self.file.display(),
                key.display()
            )
        });
        Ok(())
    }
}

impl Restore {
    pub(crate) async fn run(self, context: &Context) -> Done {
        let config = Config::load(&context.config).map_err(OpenError::Config)?;
        let store = config.path(&config.store.path);
        let stamp = jiff::Timestamp::now()
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string();
        let (from, to) = (self.file.clone(), store.clone());
        let aside = apart(move || sqlite::restore(&from, &to, self.force, &stamp)).await?;
        let document = serde_json::json!({ "restored": store, "aside": aside });
        context.out.result(&document, || {
            let mut text = format!("{} is the backup {} now.", store.display(), self.file.display());
            if let Some(aside) = &aside {
                text.push_str(&format!("\nThe one before is kept as {}.", aside.display()));
            }
            text.push_str("\nNext: `halo-host import NAME all` brings what has changed since; changes that wait to be sent are compared with the remote first.");
            text
        });
        Ok(())
    }
}
