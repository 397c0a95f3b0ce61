//! The story, step by step.

use std::path::Path;

use halo_tests::kit::component;

use crate::interrupt::Interrupt;
use crate::options::Options;
use crate::stage::{CONTACTS, DEALS, LATENCY, LINES, PRODUCTS, QUOTES, Stage};
use crate::{back, checks, deals, live, people, quotations, say, sign_in};

/// The component comes first: everything else needs it.
pub(crate) async fn build(interrupt: &Interrupt) -> anyhow::Result<()> {
    say::step(1, "Build the connector: one WebAssembly component");
    say::paragraph("In the project's folder; all other commands are run in the folder above.");
    say::command("build plugin");
    let building = tokio::task::spawn_blocking(|| component().map(|_| ()));
    interrupt.or(async { building.await? }).await
}

/// The stage is set, and named.
pub(crate) async fn set(
    options: &Options,
    folder: &Path,
    interrupt: &Interrupt,
) -> anyhow::Result<Stage> {
    say::step(
        2,
        "Start a simulated HubSpot, and write a configuration for it",
    );
    let stage = Stage::open(options, folder, interrupt).await?;
    say::paragraph(&format!(
        "It listens on {} and answers each call after {} ms, about as long\n\
         as the real one takes. It has {} companies, {CONTACTS} contacts, {PRODUCTS} products,\n\
         {DEALS} deals, and {QUOTES} quotes of {LINES} lines. In the folder are now",
        stage.workshop.sim.base_url(),
        LATENCY.as_millis(),
        options.companies,
    ));
    say::paragraph(FILES);
    Ok(stage)
}

const FILES: &str = "  halo.toml          which connector runs, and which addresses it may reach
  settings.json      what it imports, and how
  client-id.txt      who we are at HubSpot,
  client-secret.txt  and what proves it";

/// Everything after it.
pub(crate) async fn all(stage: &Stage) -> anyhow::Result<()> {
    configure(stage).await?;
    say::step(4, "Connect: sign in at HubSpot with a browser");
    say::paragraph("It asks for what these settings need, and no more.");
    sign_in::sign_in(stage).await?;
    stage.run("check --online").await?;
    import(stage).await?;
    deals::choose(stage).await?;
    let line = quotations::look(stage).await?;
    import_again(stage).await?;
    quotations::change(stage, &line).await?;
    back::edit(stage).await?;
    live::follow(stage).await
}

async fn configure(stage: &Stage) -> anyhow::Result<()> {
    say::step(
        3,
        "Choose what is synced: a custom field for the city, and the settings",
    );
    stage
        .run("custom-field add customer CFCity --label City")
        .await?;
    let settings = settings(stage.workshop.sim.base_url(), &stage.workshop.address()?);
    stage.workshop.write("settings.json", &settings)?;
    say::paragraph(
        "The file settings.json now is as follows. Its first lines name the simulated\n\
         HubSpot; without them, the real one is meant.\n",
    );
    for line in settings.lines() {
        say::line(&format!("  {line}"));
    }
    Ok(())
}

fn settings(address: &str, own: &str) -> String {
    format!(
        r#"{{
  "api": {{ "base-url": "{address}",
           "sign-in-url": "{address}" }},
  "companies": {{ "all-lifecycle-stages": true, "top-level": 1,
                 "fields": [{{ "property": "city", "field": "CFCity", "sync-back": true }}] }},
  "products": {{ "item-group": 1,
                "fields": [{{ "property": "price", "field": "baseprice" }}] }},
  "deals": {{ "ticket-type": 1 }},
  "sync-back": {{ "companies": "on-update" }},
  "webhooks": {{ "public-url": "{own}/webhooks/hubspot",
                "items": true, "quotations": true, "deals": true }}
}}
"#
    )
}

async fn import(stage: &Stage) -> anyhow::Result<()> {
    say::step(
        5,
        "Import everything: companies, contacts, products, and quotes with their lines",
    );
    let shop = &stage.workshop;
    say::paragraph(
        "Halo is not empty: somebody has typed in a customer. The import finds it by its\n\
         name and fills it, and makes no second one.",
    );
    let name = people::first_company(shop)?;
    stage
        .run(&format!("create customer name=\"{name}\""))
        .await?;
    stage.run("import hubspot all").await?;
    checks::everything_is_in(shop).await?;
    stage.run("journal --record customer:1").await?;
    stage.run("records user --limit 3").await
}

async fn import_again(stage: &Stage) -> anyhow::Result<()> {
    say::step(8, "Import everything again: all is as it was");
    say::paragraph("With --full it reads every record anew; whatever is the same is not written.");
    let before = checks::now(&stage.workshop).await?;
    stage.run("import hubspot all --full").await?;
    checks::nothing_has_changed(&stage.workshop, &before).await
}
