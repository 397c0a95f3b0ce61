//! The other entities, as companies are measured: the peak of the importing process at
//! a small and at a large account, and what an import asks of HubSpot and commits, at
//! first and when nothing has changed.

use std::io::Write as _;

use anyhow::{Context as _, ensure};
use halo_tests::hubspot_sim::SimOptions;
use halo_tests::kit::{Program, Workshop};
use serde_json::json;

use crate::commits::Commits;
use crate::entity_table::{Bounds, EntityRow, Size};
use crate::memory::{FRACTION, unlimited};
use crate::trial::{self, Trial};

/// Lines of each quote.
const LINES: usize = 20;
/// Companies of both accounts: what the others belong to, and not what is measured.
const COMPANIES: usize = 500;

/// One entity.
struct Entity {
    name: &'static str,
    /// Its records in the large account, as a part of the companies of other parts.
    part: usize,
    /// Percent of its records that an import makes at least: the rest are closed, or
    /// nobody's.
    made: usize,
    bounds: Bounds,
}

/// In the order of `import all`. Bounds on calls are those of the promise where there
/// is one; else a list is a call for 100 records, and the rest is what an import asks
/// once or for each slice. An import that finds nothing changed asks the same of any
/// account.
const ENTITIES: [Entity; 4] = [
    Entity {
        name: "contacts",
        part: 2,
        made: 94,
        bounds: Bounds {
            first: 11.0,
            unchanged: 1.0,
        },
    },
    Entity {
        name: "products",
        part: 2,
        made: 100,
        bounds: Bounds {
            first: 11.0,
            unchanged: 1.0,
        },
    },
    Entity {
        name: "deals",
        part: 2,
        made: 40,
        bounds: Bounds {
            first: 15.0,
            unchanged: 1.0,
        },
    },
    Entity {
        name: "quotes",
        part: 10,
        made: 90,
        bounds: Bounds {
            first: 250.0,
            unchanged: 50.0,
        },
    },
];

/// All four, each at both sizes.
pub async fn measure(program: &Program, companies: usize) -> anyhow::Result<Vec<EntityRow>> {
    let small = account(program, companies / FRACTION).await?;
    let large = account(program, companies).await?;
    let both = small.into_iter().zip(large).zip(&ENTITIES);
    Ok(both
        .map(|((small, large), entity)| EntityRow {
            entity: entity.name,
            small,
            large,
            bounds: entity.bounds,
        })
        .collect())
}

async fn account(program: &Program, companies: usize) -> anyhow::Result<Vec<Size>> {
    let of = |entity: &Entity| (companies / entity.part).max(1);
    let [contacts, products, deals, quotes] = ENTITIES.each_ref().map(of);
    eprintln!(
        "entities: imports of {contacts} contacts, {products} products, {deals} deals and {quotes} quotes of {LINES} lines"
    );
    let options = SimOptions {
        contacts,
        products,
        deals,
        quotes,
        lines: LINES,
        ..unlimited(COMPANIES)
    };
    let shop = trial::workshop(program, options).await?;
    set_up(&shop)?;
    trial::run(&shop, "import", "companies", &[("created", COMPANIES)]).await?;
    let commits = Commits::open(&shop).await?;
    let mut sizes = Vec::new();
    for entity in &ENTITIES {
        let records = of(entity);
        let (first, asked) = import(&shop, &commits, entity, records).await?;
        let made = first.count("created");
        ensure!(
            made * 100 >= records * entity.made,
            "only {made} of {records} {} were imported",
            entity.name
        );
        sizes.push(Size {
            records,
            made,
            peak_bytes: first.peak,
            process_s: first.process.as_secs_f64(),
            calls: asked.calls,
            commits: asked.commits,
            unchanged_calls: 0,
            unchanged_commits: 0,
        });
    }
    // When all are there: what waits for another entity has moved.
    for (entity, size) in ENTITIES.iter().zip(&mut sizes) {
        import(&shop, &commits, entity, size.records).await?;
        let (again, asked) = import(&shop, &commits, entity, size.records).await?;
        let written = again.count("created") + again.count("updated");
        ensure!(
            written == 0,
            "an import of unchanged {} has written {written}",
            entity.name
        );
        size.unchanged_calls = asked.calls;
        size.unchanged_commits = asked.commits;
    }
    Ok(sizes)
}

/// Without the connector's budgets of calls, so that the machine's pace is all that
/// holds an import back.
fn set_up(shop: &Workshop) -> anyhow::Result<()> {
    let path = shop.folder().join("halo.toml");
    let file = std::fs::OpenOptions::new().append(true).open(&path);
    let mut file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
    file.write_all(
        b"\n[connector.hubspot.rates]\ncalls = 100000\nsearch = 100000\nassociations = 100000\n",
    )?;
    let mut settings = shop.settings(json!({}));
    settings["products"] = json!({ "item-group": 1 });
    settings["deals"] = json!({ "ticket-type": 1, "create": true });
    shop.write("settings.json", &settings.to_string())
}

/// What an import asked for.
struct Asked {
    calls: u64,
    commits: u64,
}

async fn import(
    shop: &Workshop,
    commits: &Commits,
    entity: &Entity,
    records: usize,
) -> anyhow::Result<(Trial, Asked)> {
    eprintln!("entities: import of {records} {}", entity.name);
    trial::fresh(shop);
    let before = commits.count()?;
    let trial = trial::run(shop, "import", entity.name, &[]).await?;
    let asked = Asked {
        calls: shop.sim.stats().calls,
        commits: u64::from(commits.count()?.wrapping_sub(before)),
    };
    Ok((trial, asked))
}
