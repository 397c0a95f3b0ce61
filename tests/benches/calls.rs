//! Calls: what each sort of import asks of HubSpot, and how often it commits.

use anyhow::Context as _;
use halo_tests::kit::{Program, Workshop};

use crate::commits::Commits;
use crate::memory::{seconds, unlimited};
use crate::report::{CallRow, RouteRow};
use crate::trial;

/// Companies that are edited before the last import.
const EDITED: usize = 50;

/// A preview, the first import, one when nothing has changed, and one when a few
/// companies have.
pub async fn measure(program: &Program, companies: usize) -> anyhow::Result<Vec<CallRow>> {
    let shop = trial::workshop(program, unlimited(companies)).await?;
    let commits = Commits::open(&shop).await?;
    let meter = Meter {
        shop: &shop,
        commits: &commits,
        companies,
    };
    let all = seconds(companies);
    let mut rows = vec![
        meter
            .row("preview", "preview", "created", companies, all)
            .await?,
        meter
            .row("first import", "import", "created", companies, all)
            .await?,
        meter
            .row("import, nothing changed", "import", "created", 0, 1.0)
            .await?,
    ];
    edit(&shop)?;
    let what = format!("import, {EDITED} changed");
    rows.push(meter.row(&what, "import", "updated", EDITED, 1.0).await?);
    Ok(rows)
}

fn edit(shop: &Workshop) -> anyhow::Result<()> {
    for company in shop.sim.snapshot("companies")?.iter().take(EDITED) {
        let id = company["id"].as_str().context("a company has no id")?;
        let name = format!("Renamed {id}");
        shop.sim.edit("companies", id, [("name", name.as_str())])?;
    }
    Ok(())
}

struct Meter<'a> {
    shop: &'a Workshop,
    commits: &'a Commits,
    companies: usize,
}

impl Meter<'_> {
    async fn row(
        &self,
        what: &str,
        verb: &str,
        count: &str,
        expected: usize,
        about: f64,
    ) -> anyhow::Result<CallRow> {
        eprintln!(
            "calls: {what} of {} companies, about {about:.0} s",
            self.companies
        );
        trial::fresh(self.shop);
        let before = self.commits.count()?;
        let trial = trial::run(self.shop, verb, "companies", &[(count, expected)]).await?;
        let commits = self.commits.count()?.wrapping_sub(before);
        let routes = self.shop.sim.stats().routes;
        Ok(CallRow {
            what: what.to_owned(),
            companies: self.companies,
            read: trial.summary["counts"]["read"].as_u64().unwrap_or(0),
            commits: u64::from(commits),
            process_s: trial.process.as_secs_f64(),
            routes: routes
                .into_iter()
                .map(|row| RouteRow {
                    route: format!("{} {}", row.method, row.route),
                    calls: row.calls,
                })
                .collect(),
        })
    }
}
