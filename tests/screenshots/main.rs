//! `cargo screenshots`: a picture of each page of the admin page, of a host that is
//! connected to a simulated HubSpot and has imported from it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use halo_tests::kit::Program;
use halo_tests::kit::chromium::{NARROW, Scheme, WIDE, Window};
use halo_tests::kit::pages::{PAGES, Site};

/// Saves a picture of each page of the admin page.
#[derive(Debug, Parser)]
struct Options {
    /// The folder for them.
    #[arg(default_value = "target/screenshots")]
    folder: PathBuf,
    /// In the dark colour scheme.
    #[arg(long)]
    dark: bool,
    /// As wide as a telephone.
    #[arg(long)]
    narrow: bool,
}

fn main() -> ExitCode {
    if let Some(ended) = Program::take_role() {
        return ended;
    }
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let ended = runtime
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(all(&options)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn all(options: &Options) -> anyhow::Result<()> {
    std::fs::create_dir_all(&options.folder)?;
    println!("Setting up a host with data ...");
    let site = Site::open(Program::at(std::env::current_exe()?)).await?;
    let window = Window::open().await?;
    site.sign_in(&window).await?;
    let (scheme, dark) = if options.dark {
        (Scheme::Dark, "-dark")
    } else {
        (Scheme::Light, "")
    };
    let (size, narrow) = if options.narrow {
        (NARROW, "-narrow")
    } else {
        (WIDE, "")
    };
    window.show_in(scheme, size).await?;
    for (name, path) in PAGES {
        window.visit(&site.at(path)).await?;
        let file = options.folder.join(format!("{name}{dark}{narrow}.png"));
        std::fs::write(&file, window.picture().await?)?;
        println!("{} of {path}", file.display());
    }
    Ok(())
}
