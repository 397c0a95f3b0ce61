//! A quotation with its lines, and what becomes of a change to one of them.

use crate::people::{self, Line};
use crate::stage::{LINES, Stage};
use crate::{checks, say};

/// Shows one with its lines; answers the line that the story goes on with.
pub(crate) async fn look(stage: &Stage) -> anyhow::Result<Line> {
    say::step(7, "Look at a quotation in Halo, and at its lines");
    let line = people::line_of_a_draft(&stage.workshop);
    let line = stage.interrupt.or(line).await?;
    let quotation = line.quotation;
    stage.run(&format!("records quotation {quotation}")).await?;
    // Lines of a quotation are made one after the other.
    let after = line.id - 1;
    let lines = format!("records quotation-line --after {after} --limit {LINES}");
    stage.run(&lines).await?;
    Ok(line)
}

/// Changes the line in HubSpot, and imports.
pub(crate) async fn change(stage: &Stage, line: &Line) -> anyhow::Result<()> {
    say::step(9, "Change one line in HubSpot: just that arrives");
    let shop = &stage.workshop;
    let before = checks::now(shop).await?;
    let quantity = people::order_more(shop, line)?;
    say::paragraph(&format!(
        "Somebody in HubSpot edits the quote: {}, quantity {} → {quantity}.\n\
         This import asks only for what has changed since the last one.",
        line.name, line.quantity
    ));
    stage.run("import hubspot quotes").await?;
    let record = format!("journal --record quotation-line:{} --limit 1", line.id);
    stage.run(&record).await?;
    checks::the_line_has_arrived(shop, line, &quantity, &before).await
}
