//! The action that looks for likely rows of the customer mapping table: pairs of a
//! company and a customer, or a site, with what speaks for each. It writes nothing; a
//! person accepts or refuses them.
//!
//! What an import pairs by itself is not suggested, nor what is linked or in the table
//! already; nor is a customer suggested that an import gives to another company.

use serde_json::{Value, json};

use crate::check;
use crate::connect;
use crate::contract::halo::integration::settings;
use crate::entity::company::SPEC;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::{self, Page};
use crate::hubspot::search;
use crate::settings::Settings;
use crate::sync::import::SliceClock;

mod claims;
mod cursor;
mod domain;
mod evidence;
mod forms;
mod look;
mod name;
mod people;
mod pool;

use cursor::Cursor;
use look::Search;

/// Its name; the settings' schema has it, too.
pub const NAME: &str = "likely-pairs";
/// Pages of companies of one call: a person who waits sees every few seconds how far it is.
const PAGES: usize = 2;
/// No further page is looked at where so many were found.
const MANY: usize = 200;

/// Looks at some companies; `after` is what the last answer had as `next`.
pub fn run(after: Option<&str>) -> Result<Value, Failure> {
    Ok(look(after)?)
}

fn look(after: Option<&str>) -> Result<Value, Trouble> {
    let mut cursor = Cursor::parse(after)?;
    let linked = connect::linked()?;
    let settings = Settings::parse(&settings::get()?.json)?;
    check::includes_any(&settings.companies)?;
    let mut client = Client::connected(&settings.api.resolve()?, &linked.account)?;
    let search = Search::new(&settings, &linked.prefix)?;
    if after.is_none() {
        let counted: Page = client.read(search::count(client.version(), SPEC.objects))?;
        cursor.total = counted.total;
    }
    let clock = SliceClock::start();
    let (mut suggestions, mut looked_at) = (Vec::new(), 0);
    for _ in 0..PAGES {
        let properties = search.properties();
        let call = objects::list(
            client.version(),
            SPEC.objects,
            &properties,
            &[],
            cursor.after.as_deref(),
        );
        let page: Page = client.read(call)?;
        suggestions.extend(search.page(&mut client, &page.results)?);
        cursor.after = page.next().map(str::to_owned);
        looked_at += page.results.len();
        if cursor.after.is_none() || suggestions.len() >= MANY || !clock.goes_on() {
            break;
        }
    }
    evidence::sort(&mut suggestions);
    let rows: Vec<Value> = { suggestions.iter() }
        .map(evidence::Suggestion::document)
        .collect();
    Ok(json!({
        "rows": rows,
        "looked-at": looked_at,
        "total": cursor.total,
        "next": cursor.text(),
    }))
}
