//! Deals: somebody looks at all of them and chooses which become tickets.

use anyhow::Context as _;
use halo_tests::kit::NAME;

use crate::stage::Stage;
use crate::{checks, say};

/// Shows all, then some, and imports these.
pub(crate) async fn choose(stage: &Stage) -> anyhow::Result<()> {
    say::step(6, "Deals: preview them, choose some, import exactly these");
    say::paragraph(
        "No import brings in a deal that nobody has chosen. A preview lists them, and\n\
         --where narrows it by what people see of them. Nothing is written by it.",
    );
    let shop = &stage.workshop;
    let before = checks::now(shop).await?;
    stage.run("preview hubspot deals --limit 3").await?;
    let chosen = format!(
        "--where \"stage={}\" --where \"amount>={}\"",
        checks::STAGE[0],
        checks::AMOUNT
    );
    let narrowed = format!("preview hubspot deals {chosen}");
    stage.run(&narrowed).await?;
    checks::nothing_was_written(shop, &before).await?;
    let status = stage.interrupt.or(shop.result(&["status", NAME])).await?;
    let last = &status.first().context("There is no status")?["runs"][0]["id"];
    let import = format!("import hubspot deals --preview {last} {chosen}");
    stage.run(&import).await?;
    checks::only_these_are_tickets(shop).await?;
    stage.run("records ticket").await?;
    say::paragraph("Quotes of these deals are in Halo already; now they get their tickets.");
    stage.run("import hubspot quotes").await?;
    checks::quotes_are_at_their_tickets(shop).await
}
