//! Halo's changes to the remote: which are handed over together, when one that failed
//! is tried again, and what is kept of each.
//!
//! **Order.** By kind, in the order in which the connector describes its entities, so
//! that what others refer to is there first; then oldest first. A batch has one kind.
//!
//! **Again.** What failed comes again after 30 seconds, and each time after twice as
//! long, up to an hour; or when the failure says so. A call that fails or dies is that
//! for all of its changes. Those of a call that died come again one by one, so that
//! one bad record cannot hold up the others for ever.
//!
//! **Unanswered.** A change without an answer stays as it is and is handed over again,
//! as long as others of its call are answered; an answer to none is a failure.
//!
//! Plain functions; `pushes/run.rs` asks the store and the connector.

use crate::connection::{ConnectionError, Outcome, Sent};
use crate::description::Description;
use crate::model::{Failure, Stored, Timestamp};
use crate::runs::{failure_of, show_time};
use crate::schema;
use crate::store::{NewMessage, OutboxRow, ReportRow, Settled, Verdict};

mod archives;
mod dry;
mod patience;
mod run;

pub use dry::{DryRun, Shown, dry_run};
pub use run::run;
pub(crate) use run::some;

/// What a run of this is of, where an import names its entity.
pub const CHANGES: &str = "changes";

/// Changes in one call: as many as remotes take in one request of many.
pub const BATCH: u32 = 100;
/// After the first failure: most troubles of a remote are over by then.
pub const FIRST_PAUSE_MS: u64 = 30 * 1_000;
/// However often it failed: a person who has mended something sees it within the hour.
pub const LONGEST_PAUSE_MS: u64 = 60 * 60 * 1_000;
/// What a failure may ask for: in no run twice, and not beyond a daily limit.
const SOONEST_MS: u64 = 1_000;
const FARTHEST_MS: u64 = 24 * 60 * 60 * 1_000;
/// A time that is farther away than this was reckoned by a clock that was set back since,
/// and counts no more. Twice the farthest one, as a run asks for what is due at its start,
/// and what failed in it must not be so again.
pub const OUT_OF_TIME_MS: u64 = 2 * FARTHEST_MS;

/// The attribute of a failure that says when to try again.
const RETRY_AT: &str = "retry-at";
/// The attribute of a failure of a call that has died.
pub(crate) const DIED: &str = "died";

/// The kinds that a connector pushes, in its order.
pub fn kinds(description: &Description) -> Vec<String> {
    let mut kinds: Vec<String> = Vec::new();
    for entity in description.entities.iter().filter(|entity| entity.push) {
        if !kinds.contains(&entity.kind) {
            kinds.push(entity.kind.clone());
        }
    }
    kinds
}

/// Of what is due, in order, the rows that are handed over next.
pub fn batch(due: Vec<OutboxRow>) -> Vec<OutboxRow> {
    let died = |row: &OutboxRow| {
        let failure = row.failure.as_ref();
        failure.is_some_and(|failure| failure.attributes.contains_key(DIED))
    };
    let (kind, alone) = match due.first() {
        Some(first) => (first.kind.clone(), died(first)),
        None => return due,
    };
    if alone {
        return due.into_iter().take(1).collect();
    }
    due.into_iter()
        .take_while(|row| row.kind == kind && !died(row))
        .take(BATCH as usize)
        .collect()
}

/// When a change is tried again that has failed so often before.
pub fn next_attempt(attempts: u32, failure: &Failure, now: Timestamp) -> Timestamp {
    let asked = failure.attributes.get(RETRY_AT);
    if let Some(at) = asked.and_then(|at| at.parse::<Timestamp>().ok()) {
        return at.clamp(
            now.saturating_add(SOONEST_MS),
            now.saturating_add(FARTHEST_MS),
        );
    }
    now.saturating_add(pause(attempts))
}

/// How long to wait after so many failures and one more.
pub fn pause(attempts: u32) -> u64 {
    // The shift must not overflow; the longest pause is reached long before.
    const DOUBLINGS: u32 = 16;
    (FIRST_PAUSE_MS << attempts.min(DOUBLINGS)).min(LONGEST_PAUSE_MS)
}

/// Whether nobody is to try until then.
pub fn is_pausing(until: Timestamp, now: Timestamp) -> bool {
    now < until && until - now <= OUT_OF_TIME_MS
}

/// The failure of a call as that of each of its changes.
pub fn failure_of_call(error: &ConnectionError) -> Failure {
    let failure = failure_of(error);
    match error {
        ConnectionError::Call(_) => failure.with(DIED, true),
        _ => failure,
    }
}

/// The failure of changes of which a call has answered none.
pub fn unanswered() -> Failure {
    Failure::new(
        "internal",
        "The connector gave no answer for any change that it was handed.",
    )
}

/// What is known of a changed record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    entity: String,
    key: String,
    title: String,
}

impl Subject {
    /// Of a record, which may be gone.
    pub fn of(description: &Description, row: &OutboxRow, record: Option<&Stored>) -> Subject {
        let mut pushed = description.entities.iter().filter(|entity| entity.push);
        let entity = pushed.find(|entity| entity.kind == row.kind);
        let title = record.and_then(|record| record.fields.get(schema::title_of(&row.kind)));
        let key = record.and_then(|record| record.keys.first());
        Subject {
            entity: entity.map_or_else(|| row.kind.clone(), |entity| entity.name.clone()),
            // Such a one is at no remote, so it is taken for no object there.
            key: key.map_or_else(|| format!("{}:{}", row.kind, row.record), Clone::clone),
            title: title.map_or_else(String::new, |title| title.display()),
        }
    }

    /// What people call it.
    pub fn title(&self) -> &str {
        &self.title
    }
}

/// What is kept of an attempt.
pub fn settled(row: &OutboxRow, subject: &Subject, outcome: Outcome, now: Timestamp) -> Settled {
    let report = |outcome: &str, reason: Option<Failure>| ReportRow {
        entity: subject.entity.clone(),
        key: subject.key.clone(),
        title: subject.title.clone(),
        address: None,
        facets: Vec::new(),
        outcome: outcome.to_owned(),
        reason,
        kind: row.kind.clone(),
        record: Some(row.record),
        parts: Vec::new(),
    };
    let (verdict, report, message) = match outcome {
        Outcome::Sent(sent) => {
            let Sent {
                remote,
                changes,
                message,
            } = sent;
            let message = message.map(|text| NewMessage {
                level: "info".to_owned(),
                text,
                title: remote.title.clone(),
                address: remote.address.clone(),
            });
            let report = ReportRow {
                entity: remote.entity.clone(),
                key: remote.key.clone(),
                title: remote.title.clone(),
                address: remote.address.clone(),
                ..report(&remote.effect, None)
            };
            (Verdict::Sent(remote, changes), report, message)
        }
        Outcome::Nothing(reason) => (Verdict::Nothing, report("nothing", reason), None),
        Outcome::Retry(failure) => {
            let next = next_attempt(row.attempts, &failure, now);
            let report = report("retry", Some(failure.clone()));
            let text = format!(
                "Not sent, and tried again at {}: {failure}",
                show_time(next)
            );
            // A remote that is away for a day is news once.
            let known = row.failure.as_ref().map(|failure| &failure.code);
            let message = (known != Some(&failure.code)).then(|| error(subject, text));
            (Verdict::Retry { failure, next }, report, message)
        }
        Outcome::Rejected(failure) => {
            let text = format!("Not sent, and waits for a person: {failure}");
            let report = report("rejected", Some(failure.clone()));
            let message = Some(error(subject, text));
            (Verdict::Rejected(failure), report, message)
        }
    };
    Settled {
        sequence: row.sequence,
        kind: row.kind.clone(),
        record: row.record,
        verdict,
        report,
        message,
    }
}

fn error(subject: &Subject, text: String) -> NewMessage {
    NewMessage {
        level: "error".to_owned(),
        text,
        title: subject.title.clone(),
        address: None,
    }
}

#[cfg(test)]
mod tests;
