//! What connections have to be told; `sending` takes it from here. A change of a record raises one row for each
//! connection that pushes its kind and did not make the change itself; while the
//! row waits, further changes of that record join it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::column::{int, number};
use super::effect::switched;
use super::error::Answer;
use crate::model::{Effect, FieldChange, RecordId, Timestamp, Written};
use crate::store::Scope;

/// Who listens to which kind, read once per call.
pub(super) struct Listeners<'a> {
    scope: &'a Scope,
    by_kind: BTreeMap<String, Vec<String>>,
}

impl<'a> Listeners<'a> {
    /// Nothing is read before there is something to tell.
    pub(super) fn new(scope: &'a Scope) -> Self {
        Listeners {
            scope,
            by_kind: BTreeMap::new(),
        }
    }

    /// Notes a change for everyone else; what a preview does is nobody's business.
    pub(super) fn tell(
        &mut self,
        db: &Connection,
        kind: &str,
        written: &Written,
        changes: &[FieldChange],
        now: Timestamp,
    ) -> Answer<()> {
        if self.scope.layer != 0 {
            return Ok(());
        }
        if !self.by_kind.contains_key(kind) {
            self.by_kind
                .insert(kind.to_owned(), listeners(db, self.scope, kind)?);
        }
        for connection in self.by_kind.get(kind).into_iter().flatten() {
            join(
                db,
                connection,
                (kind, written.id),
                waiting(written, changes),
                now,
            )?;
        }
        Ok(())
    }
}

fn listeners(db: &Connection, scope: &Scope, kind: &str) -> Answer<Vec<String>> {
    let mut statement = db.prepare_cached(
        "SELECT connection FROM push_kind WHERE kind = ?1 AND connection <> ?2 ORDER BY connection",
    )?;
    let names = statement.query_map(params![kind, scope.connection], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// The part of an outbox row that changes add up in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    what: String,
    fields: BTreeSet<String>,
}

fn waiting(written: &Written, changes: &[FieldChange]) -> Waiting {
    let what = match (written.effect, switched(changes)) {
        (Effect::Created, _) => "created",
        (Effect::Removed, _) => "deleted",
        (_, Some(true)) => "inactive",
        (_, Some(false)) => "active",
        (_, None) => "updated",
    };
    let fields = match written.effect {
        Effect::Removed => BTreeSet::new(),
        _ => changes.iter().map(|change| change.field.clone()).collect(),
    };
    Waiting {
        what: what.to_owned(),
        fields,
    }
}

/// Two changes of one record as one.
///
/// | waits | comes | is told |
/// |---|---|---|
/// | anything | deleted | deleted, without fields. Also after created: a push whose answer was lost may have made it at the remote |
/// | created | anything else | created: who creates reads all current values |
/// | inactive, active | updated | as it was: the switch is still untold |
/// | anything else | anything else | the later one, with the fields of both |
fn coalesce(waits: Waiting, comes: Waiting) -> Waiting {
    let what = match (waits.what.as_str(), comes.what.as_str()) {
        (_, "deleted") => return comes,
        ("created", _) => waits.what,
        ("inactive" | "active", "updated") => waits.what,
        _ => comes.what,
    };
    Waiting {
        what,
        fields: waits.fields.into_iter().chain(comes.fields).collect(),
    }
}

fn join(
    db: &Connection,
    connection: &str,
    (kind, record): (&str, RecordId),
    comes: Waiting,
    now: Timestamp,
) -> Answer<()> {
    let present = db
        .prepare_cached(
            "DELETE FROM outbox WHERE connection = ?1 AND kind = ?2 AND record = ?3
             RETURNING what, fields, at",
        )?
        .query_row(params![connection, kind, int(record)], |row| {
            Ok((row.get(0)?, row.get(1)?, number(row, 2)?))
        })
        .optional()?;
    let (told, at) = match present {
        Some((what, fields, at)) => {
            let fields: String = fields;
            let fields = serde_json::from_str(&fields)?;
            (coalesce(Waiting { what, fields }, comes), at)
        }
        None => (comes, now),
    };
    // Under a new number: whoever has the old one in hand does not know this
    // change, and must not take the row away with it. And as if it had never been
    // tried: what failed may be what has just been corrected.
    db.prepare_cached(
        "INSERT INTO outbox (connection, kind, record, what, fields, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        connection,
        kind,
        int(record),
        told.what,
        serde_json::to_string(&told.fields)?,
        int(at),
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    #[test]
    fn changes_of_one_record_add_up_to_one() {
        let made = |what: &str, fields: &[&str]| Waiting {
            what: what.to_owned(),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        };
        for (waits, comes, told) in [
            (
                ("created", &["a"][..]),
                ("updated", &["b"][..]),
                ("created", &["a", "b"][..]),
            ),
            (
                ("created", &["a"]),
                ("inactive", &["inactive"]),
                ("created", &["a", "inactive"]),
            ),
            (("created", &["a"]), ("deleted", &[]), ("deleted", &[])),
            (
                ("updated", &["b", "a"]),
                ("updated", &["c", "a"]),
                ("updated", &["a", "b", "c"]),
            ),
            (
                ("updated", &["a"]),
                ("inactive", &["inactive"]),
                ("inactive", &["a", "inactive"]),
            ),
            (
                ("inactive", &["inactive"]),
                ("updated", &["a"]),
                ("inactive", &["a", "inactive"]),
            ),
            (
                ("inactive", &["inactive"]),
                ("active", &["inactive"]),
                ("active", &["inactive"]),
            ),
            (
                ("active", &["inactive"]),
                ("updated", &["a"]),
                ("active", &["a", "inactive"]),
            ),
            (("updated", &["a"]), ("deleted", &[]), ("deleted", &[])),
        ] {
            assert_eq!(
                coalesce(made(waits.0, waits.1), made(comes.0, comes.1)),
                made(told.0, told.1),
                "{waits:?} and then {comes:?}"
            );
        }
    }

    #[test]
    fn a_switch_of_inactive_is_told_as_such() {
        let text = |text: &str| Value::Text(text.to_owned());
        let written = Written {
            id: 1,
            revision: 2,
            effect: Effect::Updated,
        };
        for (from, to, what) in [
            (Value::None, text("true"), "inactive"),
            (text("false"), text("true"), "inactive"),
            (text("true"), text("false"), "active"),
            (text("true"), Value::None, "active"),
            (Value::None, text("false"), "updated"),
        ] {
            let change = FieldChange {
                field: "inactive".to_owned(),
                from,
                to,
            };
            let told = waiting(&written, std::slice::from_ref(&change));
            assert_eq!(told.what, what, "{change:?}");
        }
    }
}
