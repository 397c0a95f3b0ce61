//! `import NAME all`: every entity in its order (S7), with one progress display and
//! one report, in which all that was not imported is counted under its reason (S72).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::{end, not_imported};
use crate::capability::Stop;
use crate::cli::document::Document;
use crate::cli::output::{Watcher, table};
use crate::cli::{Context, Done, Ended, rows};
use crate::connection::{Connection, Selection};
use crate::runs::{self, NOT_SET_UP, RunRequest, Summary};
use crate::store::{Counts, ReportedRow, RunMode};

/// The import of one entity.
struct Part {
    summary: Summary,
    reasons: Vec<Reason>,
}

/// Rows that were not imported for one reason.
struct Reason {
    outcome: &'static str,
    rows: u64,
    example: ReportedRow,
}

/// Imports all, in their order. What ends one before it is done ends all; the report
/// comes all the same. `again` is the command that goes on.
pub(super) async fn run(
    context: &Context,
    connection: &Connection,
    full: bool,
    stop: &Stop,
    again: &str,
) -> Done {
    let known = connection.description.entities.iter();
    let names: Vec<&str> = known
        .filter(|entity| entity.import)
        .map(|entity| entity.name.as_str())
        .collect();
    let watcher = Arc::new(Watcher::new());
    let mut parts: Vec<Part> = Vec::new();
    let mut ended = Ok(());
    let mut begun = 0;
    for name in &names {
        begun += 1;
        watcher.part(begun, names.len());
        let request = RunRequest {
            entity: (*name).to_owned(),
            selection: Selection::Everything,
            full,
            mode: RunMode::Import,
            confirms: None,
        };
        match runs::run(connection, &request, watcher.clone(), stop.clone()).await {
            Ok(summary) => {
                // Whoever wants all does not want for what was never set up.
                if !is_passed_over(&summary) {
                    ended = end(&summary, again).map_err(|ended| named(name, ended));
                }
                let reasons = reasons(connection, &summary).await?;
                parts.push(Part { summary, reasons });
            }
            Err(error) => ended = Err(named(name, error.into())),
        }
        if ended.is_err() {
            break;
        }
    }
    watcher.finish();
    let not_begun = &names[begun..];
    if context.out.is_json() {
        document(connection, &parts, not_begun).await?;
    } else {
        context.out.say(&text(connection, &parts, not_begun));
    }
    ended
}

fn is_passed_over(summary: &Summary) -> bool {
    let failure = summary.failure.as_ref();
    failure.is_some_and(|failure| failure.code == NOT_SET_UP)
}

/// What a person must know of one entity, with its name.
fn named(entity: &str, ended: Ended) -> Ended {
    let told = |message| format!("{entity}: {message}");
    match ended {
        Ended::Failed(message) => Ended::Failed(told(message)),
        Ended::Act(message) => Ended::Act(told(message)),
        other => other,
    }
}

/// Counted page by page, so that memory does not grow with the rows.
async fn reasons(connection: &Connection, summary: &Summary) -> Result<Vec<Reason>, Ended> {
    let mut reasons = Vec::new();
    for outcome in [rows::NOTED].into_iter().chain(rows::WITH_REASON) {
        let mut by_code: BTreeMap<String, Reason> = BTreeMap::new();
        let mut pages = rows::Pages::of(connection.store(), summary.run, &[outcome]);
        while let Some(page) = pages.next().await? {
            for row in page {
                let reason = row.row.reason.as_ref();
                let code = reason.map(|reason| reason.code.clone());
                let reason = by_code.entry(code.unwrap_or_default());
                let reason = reason.or_insert(Reason {
                    outcome,
                    rows: 0,
                    example: row,
                });
                reason.rows += 1;
            }
        }
        reasons.extend(by_code.into_values());
    }
    Ok(reasons)
}

fn sum(parts: &[Part]) -> Counts {
    let mut sum = Counts::default();
    for Part { summary, .. } in parts {
        let counts = &summary.counts;
        sum.read += counts.read;
        sum.created += counts.created;
        sum.updated += counts.updated;
        sum.unchanged += counts.unchanged;
        sum.skipped += counts.skipped;
        sum.waiting += counts.waiting;
        sum.conflict += counts.conflict;
        sum.failed += counts.failed;
    }
    sum
}

async fn document(connection: &Connection, parts: &[Part], not_begun: &[&str]) -> Done {
    let mut document = Document::begin(std::io::stdout());
    document.begin_list("imports");
    for Part { summary, reasons } in parts {
        document.begin_object();
        document.member("summary", summary);
        let reasons = reasons.iter().map(|reason| {
            json!({
                "outcome": reason.outcome,
                "code": reason.example.row.reason.as_ref().map(|reason| &reason.code),
                "rows": reason.rows,
                "example": reason.example,
            })
        });
        document.member("reasons", &reasons.collect::<Vec<_>>());
        not_imported(&mut document, connection.store(), summary.run).await?;
        document.end_object();
    }
    document.end_list();
    document.member("counts", &sum(parts));
    document.member("not-begun", &not_begun);
    document.end();
    Ok(())
}

fn text(connection: &Connection, parts: &[Part], not_begun: &[&str]) -> String {
    let mut text = String::new();
    let (passed_over, done): (Vec<&Part>, Vec<&Part>) =
        parts.iter().partition(|part| is_passed_over(&part.summary));
    let sum = sum(parts);
    if !done.is_empty() {
        text.push_str(&counted(&done, &sum));
    }
    for Part { summary, .. } in passed_over {
        if let Some(failure) = &summary.failure {
            text.push_str(&format!("{}: passed over. {failure}\n", summary.entity));
        }
    }
    if !not_begun.is_empty() {
        text.push_str(&format!("Not begun: {}.\n", not_begun.join(", ")));
    }
    if done.iter().any(|part| !part.reasons.is_empty()) {
        text.push_str(&format!(
            "\nNot imported and why, and what to know of rows that were:\n{}",
            why(&done)
        ));
        text.push_str(&format!(
            "All rows of a run with their reasons: halo-host report {} RUN\n",
            connection.name
        ));
    }
    if sum.created + sum.updated > 0 {
        text.push_str("What a run has written, from what to what: halo-host journal --run RUN\n");
    }
    text
}

/// What became of the rows: a line for each entity, and one for all.
fn counted(parts: &[&Part], sum: &Counts) -> String {
    const HEAD: [&str; 10] = [
        "ENTITY",
        "READ",
        "CREATED",
        "UPDATED",
        "UNCHANGED",
        "SKIPPED",
        "WAITING",
        "CONFLICT",
        "FAILED",
        "RUN",
    ];
    let cells = |name: &str, counts: &Counts, run: String| {
        let shown = |count: u64| match count {
            0 => "·".to_owned(),
            count => count.to_string(),
        };
        let of_rows = [
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.skipped,
            counts.waiting,
            counts.conflict,
            counts.failed,
        ];
        let mut row = vec![name.to_owned(), counts.read.to_string()];
        row.extend(of_rows.map(shown));
        row.push(run);
        row
    };
    let mut lines: Vec<Vec<String>> = parts
        .iter()
        .map(|Part { summary, .. }| {
            cells(&summary.entity, &summary.counts, summary.run.to_string())
        })
        .collect();
    if parts.len() > 1 {
        lines.push(cells("all", sum, String::new()));
    }
    let mut text = table(&HEAD, &lines);
    if sum.read == 0 && parts.iter().all(|part| part.summary.state == "done") {
        text.push_str("Nothing has changed since the last import.\n");
    }
    text
}

/// The reasons, each with how many rows it is of and one of them.
fn why(parts: &[&Part]) -> String {
    let mut lines = Vec::new();
    for Part { summary, reasons } in parts {
        for reason in reasons {
            let row = &reason.example.row;
            lines.push(vec![
                summary.entity.clone(),
                reason.outcome.to_owned(),
                reason.rows.to_string(),
                format!("{} {}", row.key, row.title),
                rows::reason(&reason.example),
            ]);
        }
    }
    let head = ["ENTITY", "OUTCOME", "ROWS", "FOR EXAMPLE", "REASON"];
    table(&head, &lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Failure;
    use crate::store::ReportRow;

    fn part(entity: &str, counts: Counts) -> Part {
        Part {
            summary: Summary {
                run: 7,
                entity: entity.to_owned(),
                mode: RunMode::Import,
                state: "done",
                failure: None,
                retry_at: None,
                counts,
                brake: None,
            },
            reasons: Vec::new(),
        }
    }

    #[test]
    fn s7_there_is_a_line_for_each_entity_and_one_for_all() {
        let counts = |created, skipped| Counts {
            read: created + skipped,
            created,
            skipped,
            ..Counts::default()
        };
        let parts = [part("companies", counts(5, 2)), part("deals", counts(0, 9))];
        let sum = sum(&parts);
        assert_eq!((sum.read, sum.created, sum.skipped), (16, 5, 11));
        let text = counted(&parts.iter().collect::<Vec<_>>(), &sum);
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        let of = |name, rest: &[&'static str]| [&[name], rest].concat();
        assert_eq!(
            lines[2],
            of("companies", &["7", "5", "·", "·", "2", "·", "·", "·", "7"])
        );
        assert_eq!(
            lines[4],
            of("all", &["16", "5", "·", "·", "11", "·", "·", "·"])
        );
    }

    #[test]
    fn s72_each_reason_stands_there_with_its_number_and_an_example() {
        let reason = |code: &str, message: &str, rows| Reason {
            outcome: "skipped",
            rows,
            example: ReportedRow {
                row: ReportRow {
                    entity: "deals".to_owned(),
                    key: "42".to_owned(),
                    title: "Fleet".to_owned(),
                    address: None,
                    facets: Vec::new(),
                    outcome: "skipped".to_owned(),
                    reason: Some(Failure::new(code, message)),
                    kind: "ticket".to_owned(),
                    record: None,
                    parts: Vec::new(),
                },
                effect: None,
                changes: Vec::new(),
            },
        };
        let mut deals = part("deals", Counts::default());
        deals.reasons = vec![
            reason("closed", "It is closed.", 3),
            reason("not-selected", "Nobody has chosen it.", 1_200),
        ];
        let text = why(&[&deals]);
        assert!(text.contains("3     42 Fleet     It is closed."), "{text}");
        assert!(text.contains("1200  42 Fleet     Nobody has"), "{text}");
    }
}
