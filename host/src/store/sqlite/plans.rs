//! How SQLite finds what pages and commands show. A quiet connection is not to read the
//! rows of a busy one beside it, nor sort its own; that shows in the plan of a query.

use rusqlite::Connection;

use super::{inbox, journal, open, prune, reports, runs, tallies};
use crate::schema::INDEXED;
use crate::store::JournalFilter;

/// The steps of the plan of a query.
fn plan(db: &Connection, query: &str) -> Vec<String> {
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
    let steps = statement.raw_query().mapped(|row| row.get(3));
    steps.map(Result::unwrap).collect()
}

fn store() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let db = open::writer(&folder.path().join("halo.db"), INDEXED).unwrap();
    (folder, db)
}

fn filter() -> JournalFilter {
    JournalFilter {
        connection: Some("crm".to_owned()),
        limit: 20,
        ..JournalFilter::default()
    }
}

#[test]
fn the_newest_lines_of_a_connection_are_walked_to() {
    let (_folder, db) = store();
    let walked = "SEARCH journal USING INDEX journal_by_writer (layer=? AND connection=?";
    let plain = plan(&db, &journal::query(&filter()));
    assert_eq!(plain, [format!("{walked})")]);
    let older = JournalFilter {
        before: Some(7),
        ..filter()
    };
    let older = plan(&db, &journal::query(&older));
    assert_eq!(older, [format!("{walked} AND rowid<?)")]);
    let next = plan(&db, journal::NEXT_WRITER);
    assert_eq!(
        next,
        ["SEARCH journal USING COVERING INDEX journal_by_writer (layer=? AND connection>?)"]
    );
}

#[test]
fn the_lines_of_a_record_are_not_looked_for_among_those_of_its_connection() {
    let (_folder, db) = store();
    let of_record = JournalFilter {
        record: Some(("customer".to_owned(), 7)),
        ..filter()
    };
    let by_record = "SEARCH journal USING INDEX journal_by_record (kind=? AND record=?)";
    assert_eq!(plan(&db, &journal::query(&of_record)), [by_record]);
    // With each row that an import changes.
    assert_eq!(plan(&db, tallies::MADE), [by_record]);
    let of_run = JournalFilter {
        run: Some(7),
        ..filter()
    };
    let by_run = "SEARCH journal USING INDEX journal_by_run (run=?)";
    assert_eq!(plan(&db, &journal::query(&of_run))[0], by_run);
}

#[test]
fn the_last_runs_are_found_without_reading_the_others() {
    let (_folder, db) = store();
    let by_kind = "SEARCH run USING COVERING INDEX run_by_kind (connection=? AND";
    assert_eq!(
        plan(&db, runs::NEXT_KIND),
        [format!("{by_kind} (entity,mode)>(?,?))")]
    );
    assert_eq!(
        plan(&db, runs::LAST),
        [format!("{by_kind} entity=? AND mode=?)")]
    );
    let failed = "SEARCH run USING INDEX run_failed (connection=? AND entity=? AND mode=?)";
    assert_eq!(plan(&db, runs::LAST_FAILED), [failed.to_owned()]);
}

#[test]
fn the_newest_events_are_found_by_how_they_stand() {
    let (_folder, db) = store();
    let plan = plan(&db, inbox::NEWEST).join("\n");
    // Each part until it is read by what puts them together, which sorts what is left.
    let parts = plan.split("CO-ROUTINE").skip(1);
    let parts: Vec<&str> = parts
        .filter_map(|part| part.split("SCAN (subquery").next())
        .collect();
    assert_eq!(parts.len(), 3, "{plan}");
    for (part, index, sorts) in [
        (
            parts[0],
            "COVERING INDEX inbox_waiting (connection=?)",
            false,
        ),
        // They are few, and kept by their time.
        (parts[1], "COVERING INDEX inbox_retry (connection=?)", true),
        (parts[2], "INDEX inbox_settled (connection=?)", false),
    ] {
        let search = format!("SEARCH inbox USING {index}");
        assert!(part.contains(&search), "{index}: {plan}");
        assert_eq!(part.contains("USE TEMP B-TREE"), sorts, "{index}: {plan}");
    }
}

#[test]
fn old_events_are_found_without_looking_at_the_others() {
    let (_folder, db) = store();
    let found = plan(&db, prune::EVENTS);
    let old = ["SEARCH inbox USING INDEX inbox_done (received<?)"];
    assert_eq!(found, old);
}

#[test]
fn what_was_not_imported_is_not_looked_for_among_all_that_was() {
    let (_folder, db) = store();
    let plan = plan(
        &db,
        &reports::query(&["skipped".to_owned(), "waiting".to_owned()]),
    );
    assert_eq!(
        plan[0],
        "SEARCH report USING INDEX report_kept_out (run=? AND (key_length,key)>(?,?))"
    );
    assert!(
        plan.iter().all(|step| !step.contains("TEMP B-TREE")),
        "{plan:?}"
    );
}
