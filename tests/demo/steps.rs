//! The story, step by step.

use std::path::Path;

use anyhow::Context as _;
use halo_tests::kit::component;
use serde_json::json;

use crate::interrupt::Interrupt;
use crate::options::Options;
use crate::stage::{CONTACTS, LATENCY, Stage};
use crate::{people, say, sign_in};

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
        "It listens on {}, has {} companies and {} contacts and\n\
         answers each call after {} ms, about as long as the real one takes.\n\
         In the folder are now",
        stage.workshop.sim.base_url(),
        options.companies,
        CONTACTS,
        LATENCY.as_millis()
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
    connect(stage).await?;
    configure(stage).await?;
    let customer = preview(stage).await?;
    import(stage).await?;
    look(stage, customer).await?;
    change_and_import_again(stage).await?;
    contacts(stage).await?;
    say::step(10, "How the connection stands");
    stage.run("status").await
}

async fn connect(stage: &Stage) -> anyhow::Result<()> {
    say::step(3, "Connect: sign in at HubSpot with a browser");
    sign_in::sign_in(stage).await
}

async fn configure(stage: &Stage) -> anyhow::Result<()> {
    say::step(
        4,
        "Choose what is imported: a custom field for the city, and the settings",
    );
    stage
        .run("custom-field add customer CFCity --label City")
        .await?;
    let row = json!({ "property": "city", "field": "CFCity" });
    let settings = stage.workshop.settings(json!({ "fields": [row] }));
    stage
        .workshop
        .write("settings.json", &format!("{settings:#}\n"))?;
    say::paragraph(
        "The file settings.json now says that HubSpot's property city fills this field.\n\
         It also names the simulated HubSpot; without that, the real one is meant.",
    );
    stage.run("settings hubspot show").await?;
    stage.run("check --online").await
}

/// Answers the customer that Halo had before.
async fn preview(stage: &Stage) -> anyhow::Result<u64> {
    say::step(
        5,
        "Preview: see what an import would do; nothing is written",
    );
    let (name, id) = stage
        .interrupt
        .or(people::type_in_a_customer(&stage.workshop))
        .await?;
    say::paragraph(&format!(
        "Halo is not empty: somebody typed in customer {id}, {name}, before.\n\
         The import finds it by its name and updates it, and makes no second one."
    ));
    stage.run("preview hubspot companies --limit 4").await?;
    Ok(id)
}

async fn import(stage: &Stage) -> anyhow::Result<()> {
    say::step(6, "Import exactly that");
    let status = stage
        .interrupt
        .or(stage.workshop.result(&["status"]))
        .await?;
    let last = &status.first().context("There is no status")?["runs"][0]["id"];
    stage
        .run(&format!("import hubspot companies --preview {last}"))
        .await
}

async fn look(stage: &Stage, customer: u64) -> anyhow::Result<()> {
    say::step(
        7,
        "Look at the records in Halo, and at the journal: why they are as they are",
    );
    stage.run("records customer --limit 5").await?;
    stage.run(&format!("records customer {customer}")).await?;
    stage
        .run(&format!("journal --record customer:{customer}"))
        .await
}

async fn change_and_import_again(stage: &Stage) -> anyhow::Result<()> {
    say::step(
        8,
        "Change companies in HubSpot, and import again: only those change",
    );
    say::paragraph("People in HubSpot edit companies:\n");
    people::edit_companies(&stage.workshop)?;
    stage.run("import hubspot companies").await?;
    let edited = people::EDITED;
    stage
        .run(&format!("journal --connector hubspot --limit {edited}"))
        .await
}

async fn contacts(stage: &Stage) -> anyhow::Result<()> {
    say::step(
        9,
        "Import the contacts: users at the customers of their companies",
    );
    stage.run("import hubspot contacts").await?;
    stage.run("records user --limit 3").await
}
