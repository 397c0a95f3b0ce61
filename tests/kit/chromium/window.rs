//! One browser with one page, as a person uses it: they see text, fill in and click.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::command::Own;
use super::driver::Driver;

/// How long is waited for what a page shows, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(25);

/// Which of its two colour schemes a page is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Width and height of what is seen of a page, in pixels of CSS.
pub type Size = (u32, u32);
/// A window on a desk.
pub const WIDE: Size = (1280, 900);
/// A telephone, and what is left of a desk's window at a zoom of 400 % (WCAG 1.4.10).
pub const NARROW: Size = (320, 640);

/// A browser; it ends with this, also when a test fails.
#[derive(Debug)]
pub struct Window {
    client: Client,
    session: String,
    driver: Arc<Driver>,
    _profile: TempDir,
}

impl Window {
    /// A new browser that nobody has used.
    pub async fn open() -> anyhow::Result<Window> {
        let driver = Driver::shared()?;
        let profile = tempfile::Builder::new().prefix("halo-browser-").tempdir()?;
        let arguments = [
            "--headless=new".to_owned(),
            // Containers have neither the rights for a sandbox nor a large /dev/shm; all
            // pages are our own.
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-gpu".to_owned(),
            // It calls nobody by itself.
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--no-first-run".to_owned(),
            // They would be in pictures, and take room of the page.
            "--hide-scrollbars".to_owned(),
            "--no-proxy-server".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
            format!("--window-size={},{}", WIDE.0, WIDE.1),
        ];
        let capabilities = json!({
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().cloned().unwrap_or_default())
            .connect(&driver.address())
            .await
            .context("Chromium could not be started")?;
        let session = client.session_id().await?.context("no session")?;
        let window = Window {
            client,
            session,
            driver,
            _profile: profile,
        };
        window.show_in(Scheme::Light, WIDE).await?;
        Ok(window)
    }

    /// In this colour scheme and this size from here on.
    pub async fn show_in(&self, scheme: Scheme, (width, height): Size) -> anyhow::Result<()> {
        let name = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": name }] });
        self.devtools("Emulation.setEmulatedMedia", &media).await?;
        // A window itself cannot be as narrow as a telephone.
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics)
            .await?;
        Ok(())
    }

    async fn devtools(&self, command: &str, parameters: &Value) -> anyhow::Result<Value> {
        let own = Own::devtools(command, parameters);
        Ok(self.client.issue_cmd(own).await?)
    }

    /// What fantoccini has beyond the methods here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Goes to an address and waits until it is loaded.
    pub async fn visit(&self, address: &str) -> anyhow::Result<()> {
        { self.client.goto(address).await }.with_context(|| format!("{address} was not loaded"))
    }

    /// The path of the page that is shown, with its query.
    pub async fn path(&self) -> anyhow::Result<String> {
        let url = self.client.current_url().await?;
        let query = url.query().map(|query| format!("?{query}"));
        Ok(format!("{}{}", url.path(), query.unwrap_or_default()))
    }

    /// The text that is seen.
    pub async fn text(&self) -> anyhow::Result<String> {
        let text = self.script("return document.body.innerText").await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Runs a script in the page; answers what it returns.
    pub async fn script(&self, script: &str) -> anyhow::Result<Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// Waits until this text is seen.
    pub async fn sees(&self, text: &str) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            // Between two pages there is none to be asked.
            let seen = self.text().await.unwrap_or_default();
            if seen.contains(text) {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                bail!("{text:?} is not seen in {seen:?}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until this path is reached.
    pub async fn reaches(&self, path: &str) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let reached = self.path().await.unwrap_or_default();
            if reached == path {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                bail!("{path} is not reached, but {reached}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits for an element.
    pub async fn element(&self, css: &str) -> anyhow::Result<Element> {
        let wait = self.client.wait().at_most(PATIENCE).every(LOOK);
        let found = wait.for_element(Locator::Css(css)).await;
        found.with_context(|| format!("there is no {css}"))
    }

    /// Types a text in place of what a field has.
    pub async fn fill(&self, css: &str, text: &str) -> anyhow::Result<()> {
        let field = self.element(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Clicks an element.
    pub async fn click(&self, css: &str) -> anyhow::Result<()> {
        let element = self.element(css).await?;
        { element.click().await }.with_context(|| format!("{css} cannot be clicked"))
    }

    /// Clicks the button with this text.
    pub async fn press(&self, label: &str) -> anyhow::Result<()> {
        let path = format!("//button[normalize-space(.)='{label}']");
        let wait = self.client.wait().at_most(PATIENCE).every(LOOK);
        let found = wait.for_element(Locator::XPath(&path)).await;
        let button = found.with_context(|| format!("there is no button {label:?}"))?;
        { button.click().await }.with_context(|| format!("{label:?} cannot be clicked"))
    }

    /// A key of the keyboard; answers what has the focus then.
    pub async fn key(&self, key: Key) -> anyhow::Result<Element> {
        let focused = self.client.active_element().await?;
        focused.send_keys(&String::from(char::from(key))).await?;
        Ok(self.client.active_element().await?)
    }

    /// What the page's console has had since the last time: what the policy of the page
    /// forbade and errors of scripts, but not answers with an error status.
    pub async fn complaints(&self) -> anyhow::Result<Vec<String>> {
        let log = self.client.issue_cmd(Own::console()).await?;
        let entries = log.as_array().context("no log")?;
        let complaints = entries.iter().filter(|entry| entry["source"] != "network");
        Ok(complaints.map(Value::to_string).collect())
    }

    /// The whole page as a PNG, in the width that it is shown in.
    pub async fn picture(&self) -> anyhow::Result<Vec<u8>> {
        let how =
            json!({ "format": "png", "captureBeyondViewport": true, "optimizeForSpeed": false });
        let shot = self.devtools("Page.captureScreenshot", &how).await?;
        let data = shot["data"].as_str().context("no picture")?;
        Ok(STANDARD.decode(data)?)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self
            .driver
            .ask("DELETE", &format!("/session/{}", self.session));
    }
}
