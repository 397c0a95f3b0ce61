//! `report`: what a run did, with every row that it read and why some were not
//! imported. The sums add up to the rows read.

use std::time::Duration;

use clap::builder::PossibleValuesParser;

use super::document::Document;
use super::{Context, Done, Ended, rows};
use crate::connection::Selection;
use crate::host::{Host, OpenError};
use crate::runs::{Arguments, show_time};
use crate::store::{Counts, Run, RunMode};

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// The connector.
    name: String,
    /// The run, as `status` numbers them; the last one when left out.
    run: Option<u64>,
    /// Only rows that came to this; all but unchanged ones when left out.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(rows::OUTCOMES))]
    outcome: Vec<String>,
    /// Rows to show of each outcome, 20 when left out; with --json at most so many in
    /// all, and all when left out.
    #[arg(long)]
    limit: Option<u32>,
    /// Only rows after this id, for the next page.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

/// Rows of each outcome for people who did not say how many.
const ROWS: u32 = 20;

impl Report {
    pub(crate) async fn run(self, context: &Context) -> Done {
        // Without its component: a report can be read when that is broken.
        let host = context.host().await?;
        host.config
            .connector(&self.name)
            .map_err(OpenError::Config)?;
        let (run, is_last) = self.find(&host).await?;
        let counts = host.store.counts(run.id).await?;
        if context.out.is_json() {
            return self.document(&host, &run, &counts).await;
        }
        context.out.say(&head(&run, &counts, is_last));
        self.tables(context, &host, &run, &counts).await?;
        if counts.created + counts.updated > 0 && run.mode != RunMode::Preview {
            context.out.say(&format!(
                "\nWhat was written, from what to what: halo-host journal --run {}",
                run.id
            ));
        }
        Ok(())
    }

    /// The run that is meant, and whether it is the connector's last.
    async fn find(&self, host: &Host) -> Result<(Run, bool), Ended> {
        let name = &self.name;
        let last = host.store.runs(name, 1).await?.pop().ok_or_else(|| {
            Ended::Failed(format!(
                "{name} has had no run yet; `halo-host preview {name} ENTITY` makes one and writes nothing."
            ))
        })?;
        let Some(id) = self.run.filter(|id| *id != last.id) else {
            return Ok((last, true));
        };
        let run = host.store.run(id).await?;
        match run.filter(|run| run.connection == *name) {
            Some(run) => Ok((run, false)),
            None => Err(Ended::Failed(format!(
                "There is no run {id} of {name}; its last one is run {}, and `halo-host status {name}` lists the last ones.",
                last.id
            ))),
        }
    }

    async fn document(&self, host: &Host, run: &Run, counts: &Counts) -> Done {
        let outcomes: Vec<&str> = self.outcome.iter().map(String::as_str).collect();
        let limit = self.limit.unwrap_or(u32::MAX);
        let summary = serde_json::json!({
            "run": run.id,
            "connector": run.connection,
            "entity": run.entity,
            "mode": run.mode,
            "arguments": Arguments::of(run),
            "started": run.started,
            "ended": run.ended,
            "state": run.state,
            "failure": run.failure,
            "counts": counts,
        });
        let mut document = Document::begin(std::io::stdout());
        document.member("summary", &summary);
        let pages = rows::Pages::of(&host.store, run.id, &outcomes);
        let pages = pages.part(self.after.as_deref(), limit);
        let listed = document.rows("rows", pages, |_| true).await?;
        // Give it as `--after` for more.
        let next = listed.last.filter(|_| listed.count >= limit as usize);
        document.member("next", &next);
        document.end();
        Ok(())
    }

    async fn tables(&self, context: &Context, host: &Host, run: &Run, counts: &Counts) -> Done {
        let (after, limit) = (self.after.as_deref(), self.limit.unwrap_or(ROWS));
        let outcomes: Vec<&str> = match self.outcome.as_slice() {
            [] => rows::SHOWN.to_vec(),
            chosen => chosen.iter().map(String::as_str).collect(),
        };
        let mut example = None;
        let mut is_empty = true;
        for outcome in outcomes {
            let page = rows::read(&host.store, run.id, &[outcome], after, limit).await?;
            let (Some(table), Some(last)) = (rows::table_of(outcome, &page, counts), page.last())
            else {
                continue;
            };
            is_empty = false;
            context.out.say(&format!("\n{table}"));
            let next = Some(last.row.key.as_str());
            if !rows::read(&host.store, run.id, &[outcome], next, 1)
                .await?
                .is_empty()
            {
                context.out.say(&format!(
                    "More: halo-host report {} {} --outcome {outcome} --limit {limit} --after {}",
                    run.connection, run.id, last.row.key
                ));
            }
            if outcome == rows::NOTED || rows::WITH_REASON.contains(&outcome) {
                example.get_or_insert_with(|| (last.row.entity.clone(), last.row.key.clone()));
            }
        }
        if is_empty && !self.outcome.is_empty() {
            context.out.say("\nThe run has no such rows.");
        }
        if let Some((entity, key)) = example {
            context.out.say(&format!(
                "\nAll that is known of one row: halo-host why {} {entity} {key}",
                run.connection
            ));
        }
        Ok(())
    }
}

fn head(run: &Run, counts: &Counts, is_last: bool) -> String {
    let mut text = format!("Run {} of {}: {}\n", run.id, run.connection, asked(run));
    text.push_str(&show_time(run.started));
    if let Some(ended) = run.ended {
        let took = Duration::from_millis(ended.saturating_sub(run.started));
        text.push_str(&format!(" to {} ({})", show_time(ended), show(took)));
    }
    text.push_str(&format!(": {}\n", ending(run, is_last)));
    let line = rows::line_of(run.mode, counts, &run.state);
    text.push_str(&line.unwrap_or_else(|| "It read no row.".to_owned()));
    text
}

/// `import`, `preview`, `push` or `events`.
pub(crate) fn mode(mode: RunMode) -> &'static str {
    match mode {
        RunMode::Import => "import",
        RunMode::Preview => "preview",
        RunMode::Push => "push",
        RunMode::Events => "events",
    }
}

/// What a run was asked for.
fn asked(run: &Run) -> String {
    /// Ids that are named; a selection can have thousands.
    const NAMED: usize = 10;
    let mut text = format!("{} of {}", mode(run.mode), run.entity);
    let Some(arguments) = Arguments::of(run) else {
        return text;
    };
    match (arguments.confirms, &arguments.selection) {
        (Some(preview), _) => text.push_str(&format!(", as preview {preview} showed")),
        (None, Selection::Keys(keys)) => {
            let named = keys.len().min(NAMED);
            text.push_str(&format!(", only {}", keys[..named].join(", ")));
            if keys.len() > named {
                text.push_str(&format!(" and {} more", keys.len() - named));
            }
        }
        (None, Selection::Everything) => {}
    }
    if arguments.full {
        text.push_str(", everything and not only what changed");
    }
    text
}

/// How a run ended, in words.
pub(crate) fn ending(run: &Run, is_last: bool) -> String {
    match (run.state.as_str(), &run.failure) {
        ("running", _) if is_last => {
            "not ended; it is running, or was killed and the same command goes on".to_owned()
        }
        // A connection has one run at a time.
        ("running", _) => "killed before it ended".to_owned(),
        ("stopped", _) => "stopped as asked".to_owned(),
        (state, Some(failure)) => format!("{state}: {failure}"),
        (state, None) => state.to_owned(),
    }
}

/// A time span for people.
fn show(took: Duration) -> String {
    match took.as_secs() {
        0..60 => format!("{:.1} s", took.as_secs_f64()),
        seconds @ 60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Failure;

    fn run(arguments: &Arguments) -> Run {
        Run {
            id: 3,
            connection: "crm".to_owned(),
            entity: "companies".to_owned(),
            mode: RunMode::Import,
            arguments: serde_json::to_string(arguments).unwrap(),
            started: 1_790_000_000_000,
            ended: Some(1_790_000_083_000),
            state: "done".to_owned(),
            failure: None,
        }
    }

    #[test]
    fn a_run_says_what_it_was_asked_for() {
        let everything = Arguments {
            selection: Selection::Everything,
            full: false,
            confirms: None,
        };
        let keys = |n: u32| Selection::Keys((1..=n).map(|key| key.to_string()).collect());
        for (arguments, expected) in [
            (everything.clone(), "import of companies"),
            (
                Arguments {
                    full: true,
                    ..everything.clone()
                },
                "import of companies, everything and not only what changed",
            ),
            (
                Arguments {
                    selection: keys(12),
                    ..everything.clone()
                },
                "import of companies, only 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more",
            ),
            (
                Arguments {
                    selection: keys(2),
                    confirms: Some(2),
                    ..everything
                },
                "import of companies, as preview 2 showed",
            ),
        ] {
            assert_eq!(asked(&run(&arguments)), expected);
        }
    }

    #[test]
    fn a_run_says_how_it_ended() {
        let done = Run {
            arguments: String::new(),
            ..run(&Arguments {
                selection: Selection::Everything,
                full: false,
                confirms: None,
            })
        };
        let told = head(&done, &Counts::default(), true);
        assert!(told.contains("UTC (1 min 23 s): done\n0 read"), "{told}");
        let running = Run {
            state: "running".to_owned(),
            ended: None,
            ..done.clone()
        };
        assert!(ending(&running, true).contains("running, or was killed"));
        assert_eq!(ending(&running, false), "killed before it ended");
        let failed = Run {
            state: "blocked".to_owned(),
            failure: Some(Failure::new("sign-in-again", "Connect again.")),
            ..done
        };
        assert_eq!(ending(&failed, true), "blocked: Connect again.");
    }
}
