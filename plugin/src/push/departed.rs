//! Records that were deleted in Halo, or merged into another one there. A deleted one is
//! like one that was made inactive; of two that became one, the survivor keeps its
//! object, or takes over the other's where it has none.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::archive;
use super::batch::{Answers, links};
use super::told::Told;
use super::update::Pair;
use crate::contract::exports::halo::integration::push::{Change, Outcome};
use crate::contract::halo::integration::records::{self, Row, RowOptions, Stored};
use crate::contract::halo::integration::state;
use crate::contract::halo::integration::types::{Field, Value};
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::patience::insist;
use crate::settings::SyncBack;
use crate::sync::gone::Gone;
use crate::sync::plan::Agreed;
use crate::sync::{keys, memory};

/// What becomes of the object that such a record leaves behind.
#[derive(Clone, Debug, PartialEq)]
enum Fate {
    /// It goes into the recycling bin.
    Archived,
    /// It is the survivor's now.
    Moves(u64),
    /// It stays, and why.
    Stays(Failure),
}

/// Decides; `survivor` is the record that it was merged into, and that one's object.
fn decide(
    (one, id): (&str, &str),
    (kind, record): (&str, u64),
    survivor: Option<(u64, Option<&str>)>,
    archives: bool,
) -> Fate {
    let stays = |code, message| Fate::Stays(Failure::new(code, message));
    match survivor {
        Some((into, None)) => Fate::Moves(into),
        // Both lead to one object already: there is nothing left behind.
        Some((into, Some(its))) if its == id => Fate::Moves(into),
        _ if archives => Fate::Archived,
        Some((into, Some(its))) => stays(
            "merged",
            format!(
                "{kind} {record} was merged into {kind} {into} in Halo, whose {one} is {its}; {one} {id} stays in HubSpot. Merge both there."
            ),
        ),
        None => stays(
            "deleted",
            format!(
                "{kind} {record} was deleted in Halo; its {one} {id} stays in HubSpot. Delete it there, or switch on archive-inactive for others to come."
            ),
        ),
    }
}

/// What matters of [`Agreed`] to find the objects of a record that is not there.
#[derive(Deserialize)]
struct Owned {
    #[serde(default)]
    record: u64,
    #[serde(default)]
    gone: Option<Gone>,
}

/// Answers a batch of such changes.
pub fn run(
    told: &Told<'_>,
    settings: &SyncBack,
    client: &mut Client,
    changes: &[&Change],
    answers: &mut Answers,
) -> Result<(), Trouble> {
    if changes.is_empty() {
        return Ok(());
    }
    let spec = told.section.spec();
    let left = left_behind(told, changes)?;
    let survivors = survivors(told, changes)?;
    let mut archives = Vec::new();
    for change in changes {
        let Some(id) = left.get(&change.record) else {
            answers.push((change.sequence, Outcome::Nothing(None)));
            continue;
        };
        let survivor = { change.into.filter(|_| change.what == "merged") }
            .map(|into| (into, survivors.get(&into).map(String::as_str)));
        let (object, record) = ((spec.one, id.as_str()), (spec.kind, change.record));
        match decide(object, record, survivor, settings.archive_inactive) {
            Fate::Stays(reason) => {
                answers.push((change.sequence, Outcome::Nothing(Some(reason))));
            }
            Fate::Moves(into) => {
                let outcome = hand_over(told, id, into)?;
                answers.push((change.sequence, outcome));
            }
            Fate::Archived => {
                let agreed: Option<Agreed> = memory::get(keys::agreed(told.scope, id))?;
                archives.push(Pair {
                    change,
                    record: remains(told, change.record, agreed.as_ref()),
                    linked: id.clone(),
                    agreed,
                    outgoing: None,
                    met: None,
                });
            }
        }
    }
    archive::run(told, client, &archives, answers)
}

/// By record: HubSpot's id of what it leaves behind. Of a record that is gone only what
/// is remembered tells, so all of that is read; records are seldom deleted.
fn left_behind(told: &Told<'_>, changes: &[&Change]) -> Result<BTreeMap<u64, String>, Failure> {
    let wanted: BTreeSet<u64> = changes.iter().map(|change| change.record).collect();
    let prefix = keys::agreed_prefix(told.scope);
    let mut left = BTreeMap::new();
    let mut after: Option<String> = None;
    loop {
        let rows: Vec<(String, Owned)> = memory::scan(&prefix, after.as_deref())?;
        let Some((last, _)) = rows.last() else {
            return Ok(left);
        };
        after = Some(keys::agreed(told.scope, last));
        for (id, owned) in rows {
            if owned.gone.is_none() && wanted.contains(&owned.record) {
                left.insert(owned.record, id);
            }
        }
    }
}

/// By record that others were merged into: its object.
fn survivors(told: &Told<'_>, changes: &[&Change]) -> Result<BTreeMap<u64, String>, Trouble> {
    let ids: BTreeSet<u64> = changes.iter().filter_map(|change| change.into).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<u64> = ids.into_iter().collect();
    let found = insist(|| records::read(told.section.spec().kind, &ids, &[]))?;
    let linked = links(told.linked, told.scope, &found)?;
    let pairs = ids.into_iter().zip(linked);
    Ok(pairs
        .filter_map(|(record, link)| Some((record, link?.0)))
        .collect())
}

/// Makes an object the survivor's.
fn hand_over(told: &Told<'_>, id: &str, into: u64) -> Result<Outcome, Trouble> {
    let row = Row {
        kind: told.section.spec().kind.to_owned(),
        key: Some(told.key(id)),
        id: Some(into),
        other_keys: Vec::new(),
        expected: None,
        fields: Vec::new(),
        options: RowOptions::MOVE_KEYS,
    };
    let rows = [row];
    for answer in insist(|| records::upsert(&rows))? {
        if let Err(failure) = answer {
            return Ok(Outcome::Retry(failure));
        }
    }
    let key = keys::agreed(told.scope, id);
    let agreed: Option<Agreed> = memory::get(key.clone())?;
    let agreed = Agreed {
        record: into,
        ..agreed.unwrap_or_default()
    };
    state::commit(&[memory::put(key, &agreed)?])?;
    let record = remains(told, into, Some(&agreed));
    Ok(Outcome::Sent(told.sent(&record, id, "linked", Vec::new())))
}

/// A record of which only the id and its name are known.
fn remains(told: &Told<'_>, id: u64, agreed: Option<&Agreed>) -> Stored {
    let title = told.section.title_field();
    let name = agreed.and_then(|agreed| agreed.values.get(title).cloned().flatten());
    let fields = name.map(|name| Field {
        name: title.to_owned(),
        value: Value::Text(name),
    });
    Stored {
        id,
        revision: 0,
        fields: fields.into_iter().collect(),
        keys: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The survivor's object (`?` for no survivor, empty for none), whether inactive ones
    /// are archived, and what becomes of object 51 of customer 7.
    fn check(survivor: &str, archives: bool, expected: &str) {
        let its = Some(survivor).filter(|id| !id.is_empty());
        let survivor = (survivor != "?").then_some((9, its));
        let told = match decide(("company", "51"), ("customer", 7), survivor, archives) {
            Fate::Archived => "archived".to_owned(),
            Fate::Moves(into) => format!("to {into}"),
            Fate::Stays(reason) => reason.code,
        };
        assert_eq!(told, expected, "{survivor:?} {archives}");
    }

    #[test]
    fn a_deleted_record_is_like_an_inactive_one() {
        check("?", true, "archived");
        check("?", false, "deleted");
    }

    #[test]
    fn of_two_records_that_became_one_the_survivor_keeps_its_object_or_takes_the_others() {
        check("60", false, "merged");
        check("60", true, "archived");
        check("", false, "to 9");
        check("", true, "to 9");
        check("51", true, "to 9");
    }
}
