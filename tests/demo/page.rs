//! The admin page, left open for a look.

use anyhow::ensure;
use halo_tests::kit::{Browser, NAME};

use crate::say;
use crate::stage::Stage;

/// Serves until Ctrl-C, or only looks whether it would.
pub(crate) async fn leave_open(stage: &Stage, exit: bool) -> anyhow::Result<()> {
    say::step(13, "Look: all of it in a browser");
    let shop = &stage.workshop;
    say::command("serve");
    let serving = stage.interrupt.or(shop.serve()).await?;
    let page = format!("{}/admin/{NAME}", shop.address()?);
    let (status, text) = Browser::default().open(&page).await?;
    ensure!(
        status == 200 && text.contains(">connected<"),
        "The admin page answered {status} and does not say that it is connected"
    );
    say::checked(&format!("The admin page is at {page}"));
    if !exit {
        say::paragraph(
            "Open it: the tabs are those of the guide, and what the steps above did is under\n\
             Activity. The simulated HubSpot runs as long as this does. Ctrl-C ends both.",
        );
        stage.interrupt.wait().await;
    }
    serving.kill().await
}
