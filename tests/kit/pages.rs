//! All pages of the admin page, and a host that has something to show on each. Who makes
//! a page adds one line to [`PAGES`]: that one is then looked at for accessibility in both
//! colour schemes and two widths, for what its policy forbids, and as a screenshot.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use halo_host::clock::Clock;
use halo_host::model::Failure;
use halo_host::store::{NewEvent, NewMessage, ReportRow, Scope, Settled, Store as _, Verdict};
use serde_json::json;

use super::chromium::Window;
use super::{NAME, Program, Serving, Visitor, Workshop};
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
    (
        "likely-pairs",
        "/admin/hubspot/likely?at=/companies/customers",
    ),
    (
        "subscriptions",
        "/admin/hubspot/actions/webhook-subscriptions",
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

/// How long it may take to look for likely rows, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

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
        leave_something_open(&workshop).await?;
        let serving = workshop.serve().await?;
        find_likely_rows(&workshop).await?;
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

/// A change that HubSpot did not take, the message of it, and an event that leads nowhere.
async fn leave_something_open(workshop: &Workshop) -> anyhow::Result<()> {
    let halo = workshop.records()?;
    halo.edit("customer", 1, &[("CFCity", "Basel")]).await?;
    let changes = halo.outbox().await?;
    let change = { changes.iter() }.find(|change| change.kind == "customer");
    let change = change.context("the edit of a customer is no change")?;
    let title = halo.field("customer", 1, "name").await?;
    let why = format!(
        "{title} was not sent: HubSpot does not take \"Basel\" for \"city\". Edit it in Halo."
    );
    let scope = Scope {
        connection: NAME.to_owned(),
        layer: 0,
        run: None,
        cause: "push".to_owned(),
        lane: None,
    };
    let settled = Settled {
        sequence: change.sequence,
        kind: change.kind.clone(),
        record: change.record,
        verdict: Verdict::Rejected(Failure::new("invalid", &why)),
        report: ReportRow {
            entity: "companies".to_owned(),
            key: change.record.to_string(),
            title: title.clone(),
            address: None,
            facets: Vec::new(),
            outcome: "rejected".to_owned(),
            reason: None,
            kind: change.kind.clone(),
            record: Some(change.record),
            parts: Vec::new(),
        },
        message: Some(NewMessage {
            level: "error".to_owned(),
            text: why,
            title,
            address: None,
        }),
    };
    let now = Clock::default().now();
    halo.store.outbox_settle(&scope, &[settled], now).await?;
    let event = NewEvent {
        connection: NAME.to_owned(),
        account: "44237313".to_owned(),
        object: "companies 1".to_owned(),
        dedupe: "1".to_owned(),
        payload: b"{}".to_vec(),
    };
    halo.store.inbox_add(vec![event], now).await?;
    Ok(())
}

/// Companies and customers that may be the same, and a search that has found them.
async fn find_likely_rows(workshop: &Workshop) -> anyhow::Result<()> {
    let halo = workshop.records()?;
    for (company, customer, domain) in [
        ("Birchwood Inc.", "Birchwood Ltd", "birchwood.example"),
        ("The Cedar Company", "Cedar", "cedar.example"),
        ("Dogwood & Sons GmbH", "Dogwood and Sons", ""),
        ("Elm Street Labs", "ESL Laboratories", "elmstreet.example"),
    ] {
        let included = ("lifecyclestage", "customer");
        let of_company = [("name", company), ("domain", domain), included];
        workshop.sim.create_company(of_company)?;
        let of_customer = [("name", customer), ("domain", domain)];
        halo.add("customer", &of_customer).await?;
    }
    const PAGE: &str = "/admin/hubspot/likely?at=/companies/customers";
    let mut visitor = Visitor::of(&workshop.address()?);
    let (name, password) = ADMINISTRATOR;
    visitor.sign_in(name, password).await?;
    visitor.submit(PAGE, &[("do", "search")]).await?;
    let begun = Instant::now();
    while visitor.get(PAGE).await?.text.contains("Looking: ") {
        ensure!(
            begun.elapsed() < PATIENCE,
            "it is still looking for likely rows"
        );
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
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
    let address = "https://halo.example/webhooks/hubspot";
    settings["webhooks"] = json!({ "public-url": address, "companies": true, "deals": true });
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
