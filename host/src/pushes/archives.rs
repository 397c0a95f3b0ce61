//! The brake over archives: a push that would archive more of the remote's objects than
//! an import may change of Halo's records stops before it does, and waits for a person.
//!
//! **What counts.** Objects that were archived within a day, by records; not changes that
//! might archive something: a connector that is set not to says `nothing`, and goes on.
//! So as many of those are handed over at a time as may still be archived.
//!
//! **Of how many.** As for imports: the records of the kind that are linked, where those
//! are few all of the kind; with those that are removed and that the remote has not been
//! told of.
//!
//! **Until when.** What is held is rejected with the code `brake`. A person who tries it
//! again has confirmed it, until its record changes again.

use crate::brake::{BRAKE, Brake};
use crate::connection::{Connection, ConnectionError};
use crate::model::Failure;
use crate::store::OutboxRow;

/// Edits by hand are spread over a day, a mistake with all records is not.
const WINDOW_MS: u64 = 24 * 60 * 60 * 1_000;

/// A batch, what of it is held, and why.
pub(super) type Braked = (Vec<OutboxRow>, Option<(Vec<OutboxRow>, Failure)>);

/// Takes out of a batch, which is of one kind, what may not be archived unasked.
pub(super) async fn brake(
    connection: &Connection,
    batch: Vec<OutboxRow>,
) -> Result<Braked, ConnectionError> {
    let Some(kind) = batch.iter().find(|row| may_archive(row)) else {
        return Ok((batch, None));
    };
    let kind = kind.kind.clone();
    let (store, name) = (connection.store(), &connection.name);
    let since = connection.now().saturating_sub(WINDOW_MS);
    let known = store.archives(name, &kind, since).await?;
    let linked = store.linked(name, &kind).await?;
    let all = store.count(&kind).await?;
    let brake = connection.grants.brake;
    let base = brake.base(linked + known.untold, all + known.untold);
    let Some(limit) = brake.archives(base) else {
        return Ok((batch, None));
    };
    let (goes, held) = within(batch, limit.saturating_sub(known.archived));
    let why = (!held.is_empty()).then(|| (held, refusal(name, &kind, base, &brake)));
    Ok((goes, why))
}

/// Whether an object may be archived for it that nobody has confirmed.
fn may_archive(row: &OutboxRow) -> bool {
    let failure = row.failure.as_ref();
    let is_confirmed = failure.is_some_and(|failure| failure.code == BRAKE);
    matches!(row.what.as_str(), "inactive" | "deleted") && !is_confirmed
}

/// What goes now, and what is held, where so many more objects may be archived. Rows
/// that are in neither part come again when those before them are settled.
fn within(batch: Vec<OutboxRow>, room: u64) -> (Vec<OutboxRow>, Vec<OutboxRow>) {
    let (archives, mut goes): (Vec<_>, Vec<_>) = batch.into_iter().partition(may_archive);
    if room == 0 {
        return (goes, archives);
    }
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    goes.extend(archives.into_iter().take(room));
    goes.sort_by_key(|row| (row.at, row.sequence));
    (goes, Vec::new())
}

fn refusal(name: &str, kind: &str, base: u64, brake: &Brake) -> Failure {
    let share = brake.share;
    Failure::new(
        BRAKE,
        format!(
            "More than {share} % of {base} records of kind {kind} would be archived at the remote within a day, so this one waits. If it is right: `halo-host outbox {name} retry all`; if not, undo it in Halo, or `halo-host outbox {name} drop ID`."
        ),
    )
    .with("kind", kind)
    .with("of", base)
    .with("share", share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::OutboxState;

    fn row(sequence: u64, what: &str, failure: Option<&str>) -> OutboxRow {
        OutboxRow {
            sequence,
            connection: "crm".to_owned(),
            kind: "customer".to_owned(),
            record: sequence,
            what: what.to_owned(),
            fields: Vec::new(),
            at: 1,
            state: OutboxState::Waiting,
            attempts: 0,
            next: 0,
            failure: failure.map(|code| Failure::new(code, "x")),
        }
    }

    #[test]
    fn as_many_go_as_may_be_archived_and_all_others_and_what_was_confirmed() {
        let batch = || {
            vec![
                row(1, "inactive", None),
                row(2, "updated", None),
                row(3, "deleted", Some("brake")),
                row(4, "deleted", Some("unavailable")),
                row(5, "active", None),
            ]
        };
        for (room, goes, held) in [
            (9, &[1, 2, 3, 4, 5][..], &[][..]),
            // The fourth comes again once it is known what the first has come to.
            (1, &[1, 2, 3, 5], &[]),
            (0, &[2, 3, 5], &[1, 4]),
        ] {
            let numbers = |rows: Vec<OutboxRow>| -> Vec<u64> {
                rows.into_iter().map(|row| row.sequence).collect()
            };
            let (gone, kept) = within(batch(), room);
            assert_eq!(
                (numbers(gone), numbers(kept)),
                (goes.to_vec(), held.to_vec())
            );
        }
    }
}
