//! How long the pages of the admin page take with a large store beside a nearly empty one:
//! each does as much work as it shows, however much there is.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::ensure;
use halo_host::clock::Clock;
use halo_host::model::{Fields, RecordRef, Row, RowOptions, Value};
use halo_host::store::{Scope, Store};
use halo_tests::kit::pages::{ADMINISTRATOR, PAGES, Site};
use halo_tests::kit::{NAME, Program, Visitor};
use serde::Serialize;

use crate::report::table;

/// What the large store has.
const CUSTOMERS: u64 = 50_000;
const USERS: u64 = 200_000;
/// Lines of the journal come with the records, one for each; so there are more than asked.
const AT_ONCE: u64 = 1_000;
/// How often each page is asked for at each store, in turn.
const ROUNDS: usize = 15;
/// With the large store a page takes at most so many times as long.
const MAX_RATIO: f64 = 1.5;

/// A page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PageRow {
    path: &'static str,
    /// The median of the answers, in milliseconds.
    small_ms: f64,
    large_ms: f64,
    ratio: f64,
    bound: f64,
}

impl PageRow {
    fn new(path: &'static str, small: &mut [Duration], large: &mut [Duration]) -> PageRow {
        let ms = |times: &mut [Duration]| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64() * 1_000.0
        };
        let (small_ms, large_ms) = (ms(small), ms(large));
        PageRow {
            path,
            small_ms,
            large_ms,
            ratio: large_ms / small_ms,
            bound: MAX_RATIO,
        }
    }

    /// The bound that is missed, in a sentence.
    pub fn missed(&self) -> Option<String> {
        (self.ratio > self.bound).then(|| {
            format!(
                "pages: {} takes {:.2} times as long with the large store; the bound is {:.2}.",
                self.path, self.ratio, self.bound
            )
        })
    }
}

/// Each page at both stores, in one run.
pub async fn measure(program: &Program) -> anyhow::Result<Vec<PageRow>> {
    let small = Site::open(program.clone()).await?;
    let large = Site::open(program.clone()).await?;
    eprintln!("pages: {CUSTOMERS} customers and {USERS} users, about two minutes");
    fill(&large).await?;
    let (mut at_small, mut at_large) = (visitor(&small).await?, visitor(&large).await?);
    let mut rows = Vec::new();
    for (_, path) in PAGES {
        let (mut of_small, mut of_large) = (Vec::new(), Vec::new());
        // The first time brings what the remote offers.
        let statuses = [
            at_small.get(path).await?.status,
            at_large.get(path).await?.status,
        ];
        ensure!(statuses[0] == statuses[1], "{path} answered {statuses:?}");
        for _ in 0..ROUNDS {
            of_small.push(timed(&mut at_small, path).await?);
            of_large.push(timed(&mut at_large, path).await?);
        }
        rows.push(PageRow::new(path, &mut of_small, &mut of_large));
    }
    Ok(rows)
}

async fn visitor(site: &Site) -> anyhow::Result<Visitor> {
    let mut visitor = Visitor::of(&site.workshop().address()?);
    let (name, password) = ADMINISTRATOR;
    visitor.sign_in(name, password).await?;
    Ok(visitor)
}

async fn timed(visitor: &mut Visitor, path: &str) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    visitor.get(path).await?;
    Ok(begun.elapsed())
}

/// Customers, each with a site, and users, as if the connector had brought them.
async fn fill(site: &Site) -> anyhow::Result<()> {
    let host = site.workshop().host(Clock::default()).await?;
    let per_customer = USERS / CUSTOMERS;
    for first in (0..CUSTOMERS).step_by(AT_ONCE as usize / 4) {
        let numbers = first..first + AT_ONCE / 4;
        let customers = numbers
            .clone()
            .map(|n| row("customer", n, &format!("Customer {n}"), None));
        write(&*host.store, customers.collect()).await?;
        let sites = numbers
            .clone()
            .map(|n| row("site", n, "Main", Some(("client_id", "customer", n))));
        write(&*host.store, sites.collect()).await?;
        let users = numbers.flat_map(|n| {
            let at = Some(("site_id", "site", n));
            (0..per_customer)
                .map(move |m| row("user", n * per_customer + m, &format!("User {n} {m}"), at))
        });
        write(&*host.store, users.collect()).await?;
    }
    Ok(())
}

fn row(kind: &str, number: u64, name: &str, refers: Option<(&str, &str, u64)>) -> Row {
    let key = |number: u64| format!("bulk-{number}");
    let mut fields = Fields::from([("name".to_owned(), Value::Text(name.to_owned()))]);
    fields.extend(refers.map(|(field, kind, number)| {
        let (kind, to) = (kind.to_owned(), RecordRef::Key(key(number)));
        (field.to_owned(), Value::Reference { kind, to })
    }));
    Row {
        kind: kind.to_owned(),
        key: Some(key(number)),
        id: None,
        other_keys: Vec::new(),
        expected: None,
        fields,
        options: RowOptions {
            may_create: true,
            ..RowOptions::default()
        },
    }
}

async fn write(store: &dyn Store, rows: Vec<Row>) -> anyhow::Result<()> {
    let scope = Scope {
        connection: NAME.to_owned(),
        layer: 0,
        run: None,
        cause: "benchmark".to_owned(),
        lane: None,
    };
    for answer in store.upsert(&scope, &rows, Clock::default().now()).await? {
        answer.map_err(|failure| anyhow::anyhow!(failure.message))?;
    }
    Ok(())
}

/// All pages as a table.
pub fn page_table(f: &mut fmt::Formatter<'_>, rows: &[PageRow]) -> fmt::Result {
    writeln!(
        f,
        "\nPages with {CUSTOMERS} customers and {USERS} users beside a store with a dozen (median of {ROUNDS})"
    )?;
    let cells = rows.iter().map(|row| {
        vec![
            row.path.to_owned(),
            format!("{:.1} ms", row.small_ms),
            format!("{:.1} ms", row.large_ms),
            format!("{:.2}", row.ratio),
            format!("{:.2}", row.bound),
        ]
    });
    let cells: Vec<Vec<String>> = cells.collect();
    table(f, &["PAGE", "SMALL", "LARGE", "RATIO", "BOUND"], &cells)
}
