//! The other way: somebody edits a customer in Halo, and HubSpot gets that and no more.

use anyhow::{Context as _, ensure};
use halo_tests::kit::Workshop;

use crate::people::property;
use crate::stage::Stage;
use crate::{checks, say};

/// Where the customer has moved to.
const CITY: &str = "Lyon";

/// Edits a customer in Halo, sends it, and looks whether it comes back.
pub(crate) async fn edit(stage: &Stage) -> anyhow::Result<()> {
    say::step(10, "Edit a customer in Halo: just that arrives in HubSpot");
    let shop = &stage.workshop;
    say::paragraph(
        "The settings send a customer's city back. What is sent is what differs in HubSpot;\n\
         a dry run shows the call, and stops there.",
    );
    stage.run(&format!("edit customer 1 CFCity={CITY}")).await?;
    stage.run("push hubspot --dry-run").await?;
    written(shop, 0)?;
    stage.run("push hubspot").await?;
    arrived(shop).await?;
    say::step(11, "Import and push once more: nothing echoes");
    say::paragraph("HubSpot reports the company as changed now. It holds what Halo holds.");
    let before = checks::now(shop).await?;
    stage.run("import hubspot companies").await?;
    stage.run("push hubspot").await?;
    checks::nothing_came_back(shop, &before).await?;
    written(shop, 1)
}

/// Looks in HubSpot for the city.
async fn arrived(shop: &Workshop) -> anyhow::Result<()> {
    let halo = shop.records()?;
    let mut company = None;
    for candidate in shop.sim.snapshot("companies")? {
        let key = candidate["id"].as_str().unwrap_or_default();
        if halo.linked("customer", key).await? == Some(1) {
            company = Some(candidate);
            break;
        }
    }
    let company = company.context("Customer 1 has no company in HubSpot")?;
    let (name, city) = (property(&company, "name"), property(&company, "city"));
    ensure!(
        city == CITY,
        "{name} should be in {CITY} in HubSpot, and is in {city:?}"
    );
    written(shop, 1)?;
    say::checked(&format!(
        "In HubSpot {name} is in {CITY} now, by one call that writes."
    ));
    Ok(())
}

/// So many calls have written at HubSpot, in the whole demo.
fn written(shop: &Workshop, expected: u64) -> anyhow::Result<()> {
    let writes = shop.sim.stats().writes;
    ensure!(
        writes == expected,
        "HubSpot should have been written to {expected} times, and was {writes} times"
    );
    Ok(())
}
