//! Quotes: what their status allows, and what goes with them.
//!
//! Legacy quotes are published through the API by their status; CPQ quotes are
//! always drafts there and are approved and accepted in HubSpot's pages.

use super::account::Account;
use super::clock::iso;
use super::kinds::{DEALS, LINE_ITEMS, QUOTES};
use super::record::{Column, Record};
use super::reply::{Reply, invalid};
use super::store::Store;

/// A quote with one of these is published.
const PUBLISHED: &[&str] = &["APPROVAL_NOT_NEEDED", "APPROVED", "ACCEPTED"];
/// A published quote is set back to one of these before it can be edited.
const EDITABLE: &[&str] = &["DRAFT", "PENDING_APPROVAL", "REJECTED"];
/// The template type of CPQ quotes.
const CPQ: &str = "CPQ_QUOTE";
/// What CPQ quotes do not have.
const LEGACY_ONLY: &[&str] = &["hs_esign_enabled", "hs_show_signature_box"];

/// Checks a write of a quote, and adds the values that follow from it. `linked` is
/// how many deals and line items it has; `user` may do what only the pages can.
pub fn settle(
    store: &Store,
    record: Option<&Record>,
    values: &mut Vec<(Column, String)>,
    linked: (usize, usize),
    user: bool,
) -> Result<(), Reply> {
    let column = |name: &str| store.schema.column(name).unwrap_or(Column::MAX);
    let written = |name: &str, values: &[(Column, String)]| {
        values
            .iter()
            .find(|(set, _)| *set == column(name))
            .map(|(_, value)| value.clone())
    };
    let stored = |name: &str| record.and_then(|record| record.get(column(name)));
    let template = written("hs_template_type", values)
        .or_else(|| stored("hs_template_type").map(str::to_owned));
    let cpq = template.as_deref() == Some(CPQ);
    let status = column("hs_status");
    if cpq {
        if let Some(name) = LEGACY_ONLY
            .iter()
            .find(|name| written(name, values).is_some_and(|value| !value.is_empty()))
        {
            return Err(invalid(format!("{name} is not supported on CPQ quotes")));
        }
        if record.is_none() && !user {
            values.retain(|(set, _)| *set != status);
            values.push((status, "DRAFT".to_owned()));
        }
    }
    let wanted = written("hs_status", values);
    let back = wanted
        .as_deref()
        .is_some_and(|status| EDITABLE.contains(&status));
    let touched = values.iter().any(|(set, value)| {
        *set != status && record.and_then(|r| r.get(*set)).unwrap_or_default() != value
    });
    if stored("hs_locked") == Some("true") && !user && touched {
        return Err(invalid(format!(
            "The quote is locked: set hs_status to one of [{}] first",
            EDITABLE.join(", ")
        )));
    }
    let Some(wanted) = wanted.filter(|status| stored("hs_status") != Some(status)) else {
        return Ok(());
    };
    let publishes = PUBLISHED.contains(&wanted.as_str());
    if publishes && !user {
        if cpq {
            return Err(invalid(
                "A CPQ quote is approved in HubSpot, not through the API",
            ));
        }
        if wanted == "ACCEPTED" {
            return Err(invalid("ACCEPTED is set when the buyer accepts"));
        }
        // HubSpot also wants a quote template, which is no object type here.
        let (deals, lines) = linked;
        if deals == 0 || lines == 0 {
            return Err(invalid(
                "A quote needs a deal and line items before it can be published",
            ));
        }
    }
    if publishes || back {
        values.push((column("hs_locked"), publishes.to_string()));
    }
    if publishes && let Some(key) = stored("hs_public_url_key") {
        for (name, value) in addresses(key) {
            values.push((column(name), value));
        }
    }
    Ok(())
}

/// Where a published quote is found.
fn addresses(key: &str) -> [(&'static str, String); 2] {
    let page = format!("https://app.hubspot.com/quote/{key}");
    [
        ("hs_pdf_download_link", format!("{page}/download.pdf")),
        ("hs_quote_link", page),
    ]
}

/// What HubSpot gives each new quote: a number, a key, a currency.
pub fn at_birth(store: &Store, now_ms: i64, id: u64, values: &mut Vec<(Column, String)>) {
    let set = |name: &str, values: &[(Column, String)]| {
        let column = store.schema.column(name);
        let found = values.iter().find(|(set, _)| Some(*set) == column);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let key = format!(
        "{:032x}",
        u128::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    );
    let day: String = iso(now_ms)
        .chars()
        .filter(char::is_ascii_digit)
        .take(8)
        .collect();
    let mut birth = vec![
        ("hs_public_url_key", key.clone()),
        (
            "hs_quote_number",
            format!("{day}-{:09}", id % 1_000_000_000),
        ),
        (
            "hs_currency",
            super::definitions::CURRENCIES[0].0.to_owned(),
        ),
        ("hs_locked", "false".to_owned()),
    ];
    if set("hs_locked", values) == "true" {
        birth.extend(addresses(&key));
    }
    for (name, value) in birth {
        if set(name, values).is_empty()
            && let Some(column) = store.schema.column(name)
        {
            values.retain(|(known, _)| *known != column);
            values.push((column, value));
        }
    }
}

impl Account {
    /// How many deals and line items a quote has.
    pub fn quote_links(&self, quote: Option<u64>) -> (usize, usize) {
        let count = |to| quote.map_or(0, |id| self.live_links((QUOTES, id), to).count());
        (count(DEALS), count(LINE_ITEMS))
    }

    /// The line items that go into the recycling bin with a quote, and out of it: those
    /// that share its state. Also ones that are on a deal besides.
    pub fn lines_of_quote(&self, quote: u64) -> Vec<u64> {
        let state = |key: (usize, u64)| self.stores[key.0].get(key.1).and_then(|r| r.archived_ms);
        let own = state((QUOTES, quote));
        let mut lines = self.links.ids((QUOTES, quote), LINE_ITEMS);
        lines.retain(|id| state((LINE_ITEMS, *id)) == own);
        lines
    }
}
