//! Whether it is as the demo says: what HubSpot has is compared with Halo's store and
//! with the calls that HubSpot has seen, not with what the commands printed. Whatever
//! is not so ends the demo with exit code 1.

use anyhow::{Context as _, ensure};
use halo_tests::kit::{Halo, Workshop};
use serde_json::Value;

use crate::people::{Line, property};
use crate::say;
use crate::stage::LINES;

/// The least that a chosen deal is worth.
pub(crate) const AMOUNT: f64 = 20_000.0;
/// The stage of the deals that are chosen, as people see it and by HubSpot's name.
pub(crate) const STAGE: [&str; 2] = ["Decision Maker Bought-In", "decisionmakerboughtin"];

/// How a generated quote names its deal: `Quote 4 for Clover Labs 21`.
const FOR: &str = " for ";

/// How things are, to be compared with later.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    contents: String,
    journal: usize,
}

impl Moment {
    /// How many entries the journal has.
    pub(crate) fn length(&self) -> usize {
        self.journal
    }
}

/// How things are now.
pub(crate) async fn now(shop: &Workshop) -> anyhow::Result<Moment> {
    let halo = shop.records()?;
    Ok(Moment {
        contents: halo.contents().await?,
        journal: halo.journal_length().await?,
    })
}

async fn count(halo: &Halo, kind: &str) -> anyhow::Result<usize> {
    Ok(halo.all(kind).await?.len())
}

fn alike(what: &str, halo: usize, hubspot: usize) -> anyhow::Result<()> {
    ensure!(
        halo == hubspot,
        "Halo should have {hubspot} {what}, and has {halo}"
    );
    Ok(())
}

/// After the import of all: everything has arrived that can, and no deal.
pub(crate) async fn everything_is_in(shop: &Workshop) -> anyhow::Result<()> {
    let halo = shop.records()?;
    let companies = shop.sim.snapshot("companies")?.len();
    let contacts = shop.sim.snapshot("contacts")?;
    let with_company = |contact: &&Value| !property(contact, "associatedcompanyid").is_empty();
    let contacts = contacts.iter().filter(with_company).count();
    let products = shop.sim.snapshot("products")?.len();
    let quotes = shop.sim.snapshot("quotes")?;
    let quotes = quotes.iter().filter(|quote| is_somebodys(quote)).count();
    alike("customers", count(&halo, "customer").await?, companies)?;
    alike("users", count(&halo, "user").await?, contacts)?;
    alike("items", count(&halo, "item").await?, products)?;
    alike("quotations", count(&halo, "quotation").await?, quotes)?;
    let lines = count(&halo, "quotation-line").await?;
    alike("lines of quotations", lines, quotes * LINES)?;
    alike("tickets", count(&halo, "ticket").await?, 0)?;
    say::checked(&format!(
        "Halo has {companies} customers (none twice), {contacts} users, {products} items and {quotes} quotations with {lines} lines."
    ));
    Ok(())
}

/// Whether a generated quote has a deal, and by it a company: it is named after it.
fn is_somebodys(quote: &Value) -> bool {
    property(quote, "hs_title").contains(FOR)
}

/// Whether it is this deal's; names of generated deals end in their number.
fn is_of(quote: &Value, deal: &Value) -> bool {
    let named = property(quote, "hs_title").split_once(FOR);
    named.is_some_and(|(_, title)| title == property(deal, "dealname"))
}

/// After a preview: nothing was written, on either side.
pub(crate) async fn nothing_was_written(shop: &Workshop, before: &Moment) -> anyhow::Result<()> {
    ensure!(
        &now(shop).await? == before,
        "A preview has written into Halo"
    );
    Ok(())
}

/// After the import of some deals: these are tickets, and no others.
pub(crate) async fn only_these_are_tickets(shop: &Workshop) -> anyhow::Result<()> {
    let halo = shop.records()?;
    let deals = shop.sim.snapshot("deals")?;
    let mut chosen = 0;
    for deal in &deals {
        let amount: f64 = property(deal, "amount").parse().unwrap_or_default();
        let is_chosen = property(deal, "dealstage") == STAGE[1] && amount >= AMOUNT;
        let key = deal["id"].as_str().unwrap_or_default();
        let is_ticket = halo.linked("ticket", key).await?.is_some();
        ensure!(
            is_chosen == is_ticket,
            "Deal {key} should {}be a ticket",
            if is_chosen { "" } else { "not " }
        );
        chosen += usize::from(is_chosen);
    }
    ensure!(chosen > 0, "No deal is in stage {}", STAGE[0]);
    alike("tickets", count(&halo, "ticket").await?, chosen)?;
    say::checked(&format!(
        "Just these {chosen} of {} deals are tickets in Halo.",
        deals.len()
    ));
    Ok(())
}

/// After the import of quotes that were there before the ticket of their deal.
pub(crate) async fn quotes_are_at_their_tickets(shop: &Workshop) -> anyhow::Result<()> {
    let halo = shop.records()?;
    let quotes = shop.sim.snapshot("quotes")?;
    let mut number = 0;
    for deal in shop.sim.snapshot("deals")? {
        let key = deal["id"].as_str().unwrap_or_default();
        let Some(ticket) = halo.linked("ticket", key).await? else {
            continue;
        };
        for quote in { quotes.iter() }.filter(|quote| is_of(quote, &deal)) {
            let key = quote["id"].as_str().unwrap_or_default();
            let own = halo.linked("quotation", key).await?;
            let own = own.with_context(|| format!("Quote {key} is not in Halo"))?;
            let told = halo.field("quotation", own, "ticket_id").await?;
            ensure!(
                told == format!("ticket {ticket}"),
                "Quotation {own} should belong to ticket {ticket}, and belongs to {told:?}"
            );
            number += 1;
        }
    }
    say::checked(&format!(
        "Each quotation of such a deal belongs to its ticket ({number} of them)."
    ));
    Ok(())
}

/// After an import without a change in HubSpot.
pub(crate) async fn nothing_has_changed(shop: &Workshop, before: &Moment) -> anyhow::Result<()> {
    let now = now(shop).await?;
    ensure!(
        &now == before,
        "An import without a change in HubSpot has written into Halo"
    );
    say::checked(&format!(
        "No record has changed, and the journal still has {} entries.",
        now.journal
    ));
    Ok(())
}

/// After an import and a push of what was just sent.
pub(crate) async fn nothing_came_back(shop: &Workshop, before: &Moment) -> anyhow::Result<()> {
    ensure!(
        &now(shop).await? == before,
        "What was sent to HubSpot has come back to Halo as a change"
    );
    say::checked("No record has changed in Halo, and nothing was written in HubSpot.");
    Ok(())
}

/// After the edit of a line: Halo has its new quantity, one entry of the journal says
/// so, and HubSpot was never written to.
pub(crate) async fn the_line_has_arrived(
    shop: &Workshop,
    line: &Line,
    quantity: &str,
    before: &Moment,
) -> anyhow::Result<()> {
    let halo = shop.records()?;
    let own = halo.field("quotation-line", line.id, "current_quantity");
    let own = own.await?;
    ensure!(
        own == quantity,
        "Line {} should have the quantity {quantity}, and has {own}",
        line.id
    );
    let entries = now(shop).await?.journal - before.journal;
    ensure!(entries == 1, "One edit has made {entries} changes in Halo");
    let stats = shop.sim.stats();
    ensure!(
        stats.writes == 0,
        "HubSpot was written to {} times",
        stats.writes
    );
    say::checked(&format!(
        "One record has changed. In the whole demo HubSpot has answered {} calls, and none was a write.",
        stats.calls
    ));
    Ok(())
}
