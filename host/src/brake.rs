//! The brake: an import that would change more than a set share of the records stops
//! before it does, and asks a person, with the preview as the question.
//!
//! **Of how many.** The records of a kind that the connection is linked to: those are
//! what a changed mapping rewrites. Where those are few, all records of the kind: a
//! first import over customers that were there before is linked to none of them yet,
//! and changes them by their name.
//!
//! **What counts.** Each existing record whose fields change, and each that is removed,
//! once per import. New records and mere links do not: nothing is lost by them.
//!
//! **Up to where.** An import is all its runs until one is done. So one that is killed,
//! stopped or waits goes on with the count of before, and with the strictest of the
//! bases: what it has linked itself does not loosen it.
//!
//! **Until when.** What was refused stays refused, whoever starts the import next, until
//! a person confirms a preview. A confirmed import may change as many more records as
//! that preview showed, and the share of those on top: the remote may have changed
//! since. So a preview that shows little confirms little. Rows that a person has named
//! one by one are confirmed by that.
//!
//! **Imports, and archives of a push** (`pushes/archives.rs`). A task that a connector has set has no preview to ask with, so it
//! is not counted.
//!
//! Plain functions; `watch.rs` asks the store, which counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Failure, RunId};
use crate::store::{Allowance, Tally};

/// `[connector.NAME.brake]`: when an import stops and asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Brake {
    /// How many of a hundred records an import may change; 100 means all, always.
    pub share: u8,
    /// Of so few records it may change all: a share of them says nothing.
    pub above: u64,
}

impl Default for Brake {
    fn default() -> Self {
        // A fifth is far above a day's changes, and far below a mapping gone wrong.
        Brake {
            share: 20,
            above: 50,
        }
    }
}

/// What a person has confirmed before an import begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// The preview.
    pub preview: Option<RunId>,
    /// How many records of each kind it changes.
    pub shown: BTreeMap<String, u64>,
    /// Rows that were named one by one.
    pub named: u64,
}

impl Confirmed {
    /// How many changes of a kind that is.
    fn changes(&self, kind: &str) -> u64 {
        let shown = self.shown.get(kind).copied().unwrap_or(0);
        shown.max(self.named)
    }

    /// Whether it is more than the tally knows of.
    fn is_news(&self, tally: &Tally) -> bool {
        self.preview.is_some() && self.preview != tally.confirms
    }
}

/// What a preview found that an import may not do by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Kind of the records.
    pub kind: String,
    /// How many would change.
    pub changes: u64,
    /// Of how many.
    pub of: u64,
    /// How many the import that it goes on with has changed.
    pub changed: u64,
    /// The share that may, in percent.
    pub share: u8,
}

impl Brake {
    /// Whether the configuration makes sense; else says what does not.
    pub fn check(&self) -> Result<(), String> {
        match self.share {
            0..=100 => Ok(()),
            share => Err(format!(
                "`share` is {share}, but must be from 0 to 100 (percent)."
            )),
        }
    }

    /// Of how many records a share is taken.
    pub fn base(&self, linked: u64, all: u64) -> u64 {
        if linked > self.above { linked } else { all }
    }

    /// The highest number of changes; `None` for any.
    pub fn limit(&self, tally: &Tally) -> Option<u64> {
        let is_on = self.share < 100 && tally.base > self.above;
        is_on.then(|| self.share_of(tally.base).max(tally.allowed))
    }

    /// How many objects a push may archive of so many; `None` for any.
    pub fn archives(&self, base: u64) -> Option<u64> {
        let is_on = self.share < 100 && base > self.above;
        is_on.then(|| self.share_of(base))
    }

    fn share_of(&self, count: u64) -> u64 {
        let share = u128::from(count) * u128::from(self.share) / 100;
        u64::try_from(share).unwrap_or(u64::MAX)
    }

    /// Whether a call of this import was refused, and would be again.
    pub fn is_pulled(&self, tally: &Tally) -> bool {
        self.limit(tally).is_some_and(|limit| tally.wanted > limit)
    }

    /// The tally of a kind as a run begins: the one of an import that goes on, or a
    /// new one.
    pub fn open(&self, before: Option<&Tally>, fresh: Tally, confirmed: &Confirmed) -> Tally {
        let tally = match before {
            Some(before) => Tally {
                base: self.stricter(before.base, fresh.base),
                ..before.clone()
            },
            None => fresh,
        };
        if before.is_some_and(|before| !confirmed.is_news(before)) {
            return tally;
        }
        let changes = confirmed.changes(&tally.kind);
        Tally {
            confirms: confirmed.preview,
            allowed: tally
                .changed
                .saturating_add(changes)
                .saturating_add(self.share_of(changes)),
            wanted: 0,
            ..tally
        }
    }

    /// Of two bases the one that allows less; a small one allows everything.
    fn stricter(&self, before: u64, now: u64) -> u64 {
        match (before > self.above, now > self.above) {
            (true, true) => before.min(now),
            (true, false) => before,
            (false, _) => now,
        }
    }

    /// How far calls may go from these tallies.
    pub fn allowance(&self, subject: &str, tallies: &[Tally]) -> Allowance {
        let limit = |tally: &Tally| Some((tally.kind.clone(), self.limit(tally)?));
        Allowance {
            subject: subject.to_owned(),
            limits: tallies.iter().filter_map(limit).collect(),
        }
    }

    /// What to ask when a preview would change these, or an earlier import was
    /// refused.
    pub fn question(&self, tallies: &[Tally], shown: &BTreeMap<String, u64>) -> Option<Question> {
        let shown = |tally: &Tally| shown.get(&tally.kind).copied().unwrap_or(0);
        let is_asked = |tally: &&Tally| {
            let limit = self.limit(tally);
            self.is_pulled(tally)
                || limit.is_some_and(|limit| tally.changed.saturating_add(shown(tally)) > limit)
        };
        tallies.iter().find(is_asked).map(|tally| Question {
            kind: tally.kind.clone(),
            changes: shown(tally),
            of: tally.base,
            changed: tally.changed,
            share: self.share,
        })
    }

    /// Why an import was refused, and what to do.
    pub fn refusal(&self, connection: &str, entity: &str, tally: &Tally) -> Failure {
        let Tally {
            kind,
            base,
            changed,
            wanted,
            ..
        } = tally;
        let share = self.share;
        let more_than = match tally.confirms {
            Some(preview) => format!("more than {share} % and more than preview {preview} showed"),
            None => format!("more than {share} %"),
        };
        Failure::new(
            BRAKE,
            format!(
                "The import of {entity} would change at least {wanted} of {base} records of kind {kind}, {more_than}, and was stopped; {changed} have been changed. Look at it with `halo-host preview {connection} {entity}`, then import it with `halo-host import {connection} {entity} --preview ID`."
            ),
        )
        .with("kind", kind)
        .with("of", base)
        .with("share", share)
        .with("changed", changed)
        .with("would-change", wanted)
    }
}

/// The code of a refusal.
pub const BRAKE: &str = "brake";

impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Question {
            kind,
            changes,
            of,
            changed,
            share,
        } = self;
        write!(
            f,
            "This would change {changes} of {of} records of kind {kind}"
        )?;
        match u128::from(*changes) * 100 > u128::from(*of) * u128::from(*share) {
            true => write!(f, ", more than {share} %"),
            false => write!(
                f,
                ", and the import that it goes on with was stopped after {changed}"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
