//! The sign-in: the command names an address and waits; a browser visits it, and
//! HubSpot's redirect leads the browser back to the command.

use std::process::Stdio;

use anyhow::Context as _;
use halo_tests::kit::Browser;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::ChildStdout;

use crate::say;
use crate::stage::{Stage, ended_well};

const COMMAND: &str = "connect hubspot";
/// So much of the address is shown.
const SHOWN: usize = 60;
/// How the command announces that the browser's turn has come.
const WAITING: &str = "Waiting for the browser";

/// Runs `connect` and plays the person at the browser.
pub(crate) async fn sign_in(stage: &Stage) -> anyhow::Result<()> {
    stage.interrupt.check()?;
    say::command(COMMAND);
    let mut command = stage.command(COMMAND);
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let out = child.stdout.take().context("The command has no output")?;
    let talk = follow(BufReader::new(out).lines());
    // A stop in the middle is the command's own to report.
    let talked = stage.interrupt.or(talk).await;
    let status = stage.interrupt.or_end_of(&mut child).await?;
    talked?;
    ended_well(COMMAND, status)
}

/// Shows the lines, and visits the address when the command waits for it.
async fn follow(mut lines: Lines<BufReader<ChildStdout>>) -> anyhow::Result<()> {
    let mut address = None;
    while let Some(line) = lines.next_line().await? {
        let word = line.trim();
        if word.starts_with("http") {
            address = Some(word.to_owned());
            say::line(&shortened(&line));
        } else {
            say::line(&line);
        }
        if let (true, Some(address)) = (word.starts_with(WAITING), &address) {
            let (status, page) = Browser::default().open(address).await?;
            say::line(&format!(
                "\n(The demo plays the browser: HubSpot redirects it to halo-host, and the page that it\nends on says {status} {}.)\n",
                title(&page)
            ));
        }
    }
    Ok(())
}

/// A line as the command prints it, cut where it is of no interest to the reader: the
/// address names every scope.
fn shortened(line: &str) -> String {
    match line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…  (the demo shows only its beginning)", &line[..at]),
        None => line.to_owned(),
    }
}

/// The title of a page.
fn title(page: &str) -> &str {
    let after = page.split_once("<title>").map_or(page, |(_, after)| after);
    after
        .split_once("</title>")
        .map_or(after, |(title, _)| title)
}
