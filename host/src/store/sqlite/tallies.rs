//! Counting changes for the brake. The count is kept in the transaction that writes
//! the rows, so neither a kill nor another process can part the two.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{int, maybe_number, number};
use super::effect::EffectColumn;
use super::error::Answer;
use super::lanes;
use crate::model::{Effect, RecordId, RunId};
use crate::store::{Allowance, Scope, Tally};

const COLUMNS: &str = "subject, kind, since, base, confirms, allowed, changed, wanted";

/// All tallies of a connection.
pub(super) fn all(db: &Connection, connection: &str) -> Answer<Vec<Tally>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM tally WHERE connection = ?1 ORDER BY subject, kind"
    ))?;
    let tallies = statement.query_map([connection], read)?;
    Ok(tallies.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Tally> {
    Ok(Tally {
        subject: row.get(0)?,
        kind: row.get(1)?,
        since: number(row, 2)?,
        base: number(row, 3)?,
        confirms: maybe_number(row, 4)?,
        allowed: number(row, 5)?,
        changed: number(row, 6)?,
        wanted: number(row, 7)?,
    })
}

/// Sets tallies; one that has counted nothing forgets its records.
pub(super) fn open(db: &Connection, scope: &Scope, tallies: &[Tally]) -> Answer<()> {
    lanes::check(db, scope)?;
    for tally in tallies {
        if tally.changed == 0 {
            db.prepare_cached(
                "DELETE FROM tally_record WHERE connection = ?1 AND subject = ?2 AND kind = ?3",
            )?
            .execute(params![scope.connection, tally.subject, tally.kind])?;
        }
        db.prepare_cached(
            "INSERT OR REPLACE INTO tally
             (connection, subject, kind, since, base, confirms, allowed, changed, wanted)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            scope.connection,
            tally.subject,
            tally.kind,
            int(tally.since),
            int(tally.base),
            tally.confirms.map(int),
            int(tally.allowed),
            int(tally.changed),
            int(tally.wanted),
        ])?;
    }
    Ok(())
}

/// Forgets the tallies of a subject.
pub(super) fn close(db: &Connection, scope: &Scope, subject: &str) -> Answer<()> {
    lanes::check(db, scope)?;
    for table in ["tally", "tally_record"] {
        db.execute(
            &format!("DELETE FROM {table} WHERE connection = ?1 AND subject = ?2"),
            [&scope.connection, subject],
        )?;
    }
    Ok(())
}

/// Real records of a kind that the keys of a connection lead to.
pub(super) fn linked(db: &Connection, connection: &str, kind: &str) -> Answer<u64> {
    let mut statement = db.prepare_cached(
        "SELECT count(DISTINCT record) FROM record_key
         WHERE layer = 0 AND connection = ?1 AND kind = ?2",
    )?;
    Ok(statement.query_row([connection, kind], |row| number(row, 0))?)
}

/// How many records of each kind a run has changed that it has not made itself.
pub(super) fn of_run(db: &Connection, run: RunId) -> Answer<BTreeMap<String, u64>> {
    let mut statement = db.prepare_cached(
        "SELECT kind, count(*) FROM
         (SELECT kind, max(effect = ?2) AS made FROM journal
          WHERE run = ?1 AND remote IS NULL GROUP BY kind, record)
         WHERE NOT made GROUP BY kind",
    )?;
    let values = params![int(run), EffectColumn(Effect::Created)];
    let kinds = statement.query_map(values, |row| Ok((row.get(0)?, number(row, 1)?)))?;
    Ok(kinds.collect::<Result<_, _>>()?)
}

/// What one call adds to the tallies of its subject.
pub(super) struct Counter<'a> {
    scope: &'a Scope,
    allowance: &'a Allowance,
    /// By kind, with what was counted before the call.
    tallies: BTreeMap<String, (u64, Tally)>,
}

/// Whether the connection has made a record since a run. By the record, which has few lines:
/// SQLite would as soon look through all lines of the connection.
pub(super) const MADE: &str = "SELECT 1 FROM journal INDEXED BY journal_by_record
     WHERE kind = ?1 AND record = ?2 AND layer = 0
     AND connection = ?3 AND run >= ?4 AND effect = ?5 AND remote IS NULL LIMIT 1";

/// Where a call can be taken back to, with the rest of its transaction standing.
const MARK: &str = "brake";

impl<'a> Counter<'a> {
    /// Starts to count. Without an allowance, and in a preview, nobody counts.
    pub(super) fn start(
        db: &Connection,
        scope: &'a Scope,
        allowance: Option<&'a Allowance>,
    ) -> Answer<Option<Counter<'a>>> {
        let Some(allowance) = allowance.filter(|_| scope.layer == 0) else {
            return Ok(None);
        };
        db.execute_batch(&format!("SAVEPOINT {MARK}"))?;
        let tallies = all(db, &scope.connection)?
            .into_iter()
            .filter(|tally| tally.subject == allowance.subject)
            .map(|tally| (tally.kind.clone(), (tally.changed, tally)))
            .collect();
        Ok(Some(Counter {
            scope,
            allowance,
            tallies,
        }))
    }

    /// A row has had this effect; to be called before the journal has it.
    pub(super) fn note(
        &mut self,
        db: &Connection,
        kind: &str,
        (record, effect): (RecordId, Effect),
    ) -> Answer<()> {
        if !matches!(effect, Effect::Updated | Effect::Removed) {
            return Ok(());
        }
        let Some((_, tally)) = self.tallies.get_mut(kind) else {
            return Ok(());
        };
        let connection = &self.scope.connection;
        let made = db
            .prepare_cached(MADE)?
            .query_row(
                params![
                    kind,
                    int(record),
                    connection,
                    int(tally.since),
                    EffectColumn(Effect::Created)
                ],
                |_| Ok(()),
            )
            .optional()?;
        if made.is_some() {
            return Ok(());
        }
        let added = db
            .prepare_cached(
                "INSERT OR IGNORE INTO tally_record (connection, subject, kind, record)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![connection, tally.subject, kind, int(record)])?;
        tally.changed += added as u64;
        Ok(())
    }

    /// Keeps the count; or takes back the whole call where it adds changes beyond
    /// the allowance, keeps that it wanted to, and answers the tally.
    pub(super) fn finish(self, db: &Connection) -> Answer<Option<Tally>> {
        let added = |(before, tally): &&(u64, Tally)| tally.changed > *before;
        let over = self
            .tallies
            .values()
            .filter(added)
            .find(|(_, tally)| {
                let limit = self.allowance.limits.get(&tally.kind);
                limit.is_some_and(|limit| tally.changed > *limit)
            })
            .map(|(before, tally)| Tally {
                changed: *before,
                wanted: tally.changed,
                ..tally.clone()
            });
        match &over {
            Some(tally) => {
                db.execute_batch(&format!("ROLLBACK TO {MARK}"))?;
                self.keep(db, tally)?;
            }
            None => {
                for (_, tally) in self.tallies.values().filter(added) {
                    self.keep(db, tally)?;
                }
            }
        }
        db.execute_batch(&format!("RELEASE {MARK}"))?;
        Ok(over)
    }

    fn keep(&self, db: &Connection, tally: &Tally) -> Answer<()> {
        db.prepare_cached(
            "UPDATE tally SET changed = ?4, wanted = ?5
             WHERE connection = ?1 AND subject = ?2 AND kind = ?3",
        )?
        .execute(params![
            self.scope.connection,
            tally.subject,
            tally.kind,
            int(tally.changed),
            int(tally.wanted),
        ])?;
        Ok(())
    }
}
