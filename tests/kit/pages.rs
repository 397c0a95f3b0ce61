//! All pages of the admin page, and a host that has something to show on each. Who makes
//! a page adds one line to [`PAGES`]: that one is then looked at for accessibility in both
//! colour schemes and two widths, for what its policy forbids, and as a screenshot.

use anyhow::ensure;
use serde_json::json;

use super::chromium::Window;
use super::{Program, Serving, Workshop};
use crate::hubspot_sim::SimOptions;

/// Name of the file of its screenshot, and its path.
pub const PAGES: &[(&str, &str)] = &[
    ("integrations", "/admin"),
    ("overview", "/admin/hubspot"),
    ("overview-not-connected", "/admin/second"),
    ("companies", "/admin/hubspot/settings/companies"),
    ("contacts", "/admin/hubspot/settings/contacts"),
    ("items", "/admin/hubspot/settings/products"),
    ("quotations", "/admin/hubspot/settings/quotes"),
    ("deals", "/admin/hubspot/settings/deals"),
    ("webhooks", "/admin/hubspot/settings/webhooks"),
    ("sync-back", "/admin/hubspot/settings/sync-back"),
    ("schedule", "/admin/hubspot/settings/schedule"),
    ("connection", "/admin/hubspot/settings/connection"),
    (
        "mapping-table",
        "/admin/hubspot/table?at=/companies/customers",
    ),
    ("history", "/admin/hubspot/history"),
    ("import", "/admin/hubspot/runs/1"),
    ("preview", "/admin/hubspot/runs/6"),
    ("runs", "/admin/hubspot/activity"),
    ("not-imported", "/admin/hubspot/activity/waiting"),
    ("outbox", "/admin/hubspot/activity/outbox"),
    ("inbox", "/admin/hubspot/activity/inbox"),
    ("messages", "/admin/hubspot/activity/messages"),
    ("journal", "/admin/hubspot/activity/journal"),
    (
        "journal-of-a-record",
        "/admin/hubspot/activity/journal?kind=customer&record=1",
    ),
    ("log-in", "/admin/log-in"),
    ("not-found", "/admin/nothing"),
];

/// Who administers it.
pub const ADMINISTRATOR: (&str, &str) = ("Ada Ost", "correct horse battery staple");

/// A host with a connector that is connected and has imported, one that is not connected,
/// and an administrator.
#[derive(Debug)]
pub struct Site {
    workshop: Workshop,
    address: String,
    _serving: Serving,
}

impl Site {
    /// Sets it up and serves it.
    pub async fn open(program: Program) -> anyhow::Result<Site> {
        let options = SimOptions {
            companies: 12,
            contacts: 24,
            products: 6,
            deals: 8,
            quotes: 4,
            lines: 3,
            limit_per_10s: None,
            search_limit_per_second: None,
            ..SimOptions::default()
        };
        let workshop = Workshop::open(program, options).await?;
        configure(&workshop).await?;
        workshop.connect().await?;
        workshop.result(&["import", "hubspot", "all"]).await?;
        workshop.result(&["preview", "hubspot", "deals"]).await?;
        let (name, password) = ADMINISTRATOR;
        workshop.administrator(name, password).await?;
        let serving = workshop.serve().await?;
        Ok(Site {
            address: workshop.address()?,
            workshop,
            _serving: serving,
        })
    }

    /// The folder, and the simulated HubSpot.
    pub fn workshop(&self) -> &Workshop {
        &self.workshop
    }

    /// The address of a path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Signs in.
    pub async fn sign_in(&self, window: &Window) -> anyhow::Result<()> {
        let (name, password) = ADMINISTRATOR;
        window.visit(&self.at("/admin/log-in")).await?;
        window.fill("#name", name).await?;
        window.fill("#password", password).await?;
        window.press("Sign in").await?;
        window.reaches("/admin").await
    }
}

/// Settings that are stored, so that they can be changed on a page; and another connector.
async fn configure(workshop: &Workshop) -> anyhow::Result<()> {
    let path = workshop.folder().join("halo.toml");
    let text = std::fs::read_to_string(&path)?;
    let own = text.replace("settings-file = \"settings.json\"\n", "");
    ensure!(own != text, "halo.toml names no settings file");
    let (_, section) = own.split_once("[connector.hubspot]").unwrap_or_default();
    let second = section.replace("[connector.hubspot.", "[connector.second.");
    let all = format!("{own}\n[connector.second]{second}");
    workshop.write("halo.toml", &all)?;
    let mut settings = workshop.settings(json!({
        "fields": [{ "property": "city", "field": "CFCity", "sync-back": true }],
    }));
    settings["products"] = json!({
        "item-group": 1,
        "fields": [{ "property": "price", "field": "baseprice" }],
    });
    settings["sync-back"] = json!({ "companies": "on-update" });
    workshop.write("settings.json", &settings.to_string())?;
    let field = [
        "custom-field",
        "add",
        "customer",
        "CFCity",
        "--label",
        "City",
    ];
    workshop.result(&field).await?;
    let apply = ["settings", "hubspot", "apply", "settings.json"];
    workshop.result(&apply).await?;
    Ok(())
}
