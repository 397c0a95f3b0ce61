//! Carrying changes out: reads what the decisions need, and writes all rows in one
//! call of the store.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;

use super::plan::{self, Change, Kinds, Known, Problem};
use crate::model::{
    Effect, Failure, FieldChange, Fields, RecordId, RecordRef, Row, Timestamp, Value,
};
use crate::schema;
use crate::store::{JournalFilter, Scope, Store, StoreError};

/// Who makes a change, as the journal tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who(String);

impl Who {
    /// A person at the command line.
    pub fn at_command_line(author: &str) -> Who {
        Who(match author {
            "" | "command line" => "a person on the command line".to_owned(),
            author => format!("{author} on the command line"),
        })
    }

    /// An application of the configuration, over the records API.
    pub fn over_api(application: &str) -> Who {
        Who(format!("{application} over the records API"))
    }

    /// No connection's: so every connection is told, and none takes the change for
    /// its own.
    fn scope(&self) -> Scope {
        Scope {
            connection: String::new(),
            layer: 0,
            run: None,
            cause: self.0.clone(),
            lane: None,
        }
    }
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Kind of the record.
    pub kind: String,
    /// The record.
    pub id: RecordId,
    /// Its revision now.
    pub revision: u64,
    /// What happened to it.
    pub effect: Effect,
    /// What became of the records inside it, in their order.
    pub inside: Vec<Written>,
}

/// Why changes were not made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// Something is wrong with them; every problem is told.
    #[error("{}", first(.0))]
    Refused(Vec<Problem>),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn first(problems: &[Problem]) -> &str {
    problems
        .first()
        .map_or("The change was refused.", |p| p.failure.message.as_str())
}

/// Makes changes: all of them, or none when anything is wrong with one. (Where a
/// record vanishes between check and write, its own change alone is refused.)
pub async fn write(
    store: &dyn Store,
    who: &Who,
    changes: &[Change],
    now: Timestamp,
) -> Result<Vec<Written>, EditError> {
    let kinds = schema::kinds(&store.custom_fields().await?);
    let scope = who.scope();
    let known = known(store, &scope, changes).await?;
    let changes: Vec<Change> = changes
        .iter()
        .map(|change| plan::complete(change.clone(), &known))
        .collect();
    let mut batch = Batch {
        kinds: &kinds,
        known: &known,
        rows: Vec::new(),
        places: Vec::new(),
        problems: Vec::new(),
    };
    for (index, change) in changes.iter().enumerate() {
        batch.add(change, &format!("[{index}]"), None);
    }
    let Batch {
        rows,
        places,
        mut problems,
        ..
    } = batch;
    problems.extend(lost_references(store, &scope, &rows, &places).await?);
    if !problems.is_empty() {
        return Err(EditError::Refused(problems));
    }
    let answers = store.upsert(&scope, &rows, now).await?;
    let mut done = Vec::new();
    for (answer, place) in answers.into_iter().zip(places) {
        match answer {
            Ok(written) => done.push(written),
            Err(failure) => problems.push(Problem { place, failure }),
        }
    }
    if !problems.is_empty() {
        return Err(EditError::Refused(problems));
    }
    let mut done = done.into_iter();
    changes
        .iter()
        .map(|change| gather(change, &mut done))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| StoreError::Internal("it gave too few answers".to_owned()).into())
}

/// What the last change of a record by somebody was, field by field.
pub async fn changes_of(
    store: &dyn Store,
    who: &Who,
    written: &Written,
    at: Timestamp,
) -> Result<Vec<FieldChange>, StoreError> {
    /// Between this write and this look, few others come.
    const NEWEST: u32 = 10;
    let filter = JournalFilter {
        record: Some((written.kind.clone(), written.id)),
        limit: NEWEST,
        ..JournalFilter::default()
    };
    let entries = store.journal(&filter).await?;
    let own = entries
        .into_iter()
        .find(|entry| entry.connection.is_empty() && entry.cause == who.0 && entry.at == at);
    Ok(own.map(|entry| entry.changes).unwrap_or_default())
}

/// Reads what the decisions need: the records that are changed, and the top level
/// where there is only one.
async fn known(store: &dyn Store, scope: &Scope, changes: &[Change]) -> Result<Known, StoreError> {
    let mut known = Known::default();
    let mut wanted: BTreeMap<&str, BTreeSet<RecordId>> = BTreeMap::new();
    let inner = changes.iter().flat_map(|change| &change.inside);
    for change in changes.iter().chain(inner.map(|(_, change)| change)) {
        match change.id {
            Some(id) => drop(wanted.entry(&change.kind).or_default().insert(id)),
            None if change.kind == "customer" && known.top_level.is_none() => {
                let few = store.list(schema::TOP_LEVEL, None, 0, 2).await?;
                known.top_level = match few.as_slice() {
                    [only] => Some(only.id),
                    _ => None,
                };
            }
            None => {}
        }
    }
    for (kind, ids) in wanted {
        let ids: Vec<RecordId> = ids.into_iter().collect();
        for stored in store.read(scope, kind, &ids).await?.into_iter().flatten() {
            known
                .present
                .insert((kind.to_owned(), stored.id), stored.fields);
        }
    }
    Ok(known)
}

/// Rows on their way to the store, each with its place in what was asked.
struct Batch<'a> {
    kinds: &'a Kinds,
    known: &'a Known,
    rows: Vec<Row>,
    places: Vec<String>,
    problems: Vec<Problem>,
}

impl Batch<'_> {
    /// Adds a change and what lies inside it.
    fn add(&mut self, change: &Change, place: &str, outer: Option<(&str, &str, RecordRef)>) {
        let outer_field = outer.as_ref().map(|(field, _, _)| *field);
        let fields = match self.checked(change, outer_field, outer.as_ref().map(|o| &o.2)) {
            Ok(fields) => fields,
            Err(failures) => {
                self.problems.extend(failures.into_iter().map(|failure| {
                    let place = match failure.attributes.get("field") {
                        Some(field) => format!("{place}.{field}"),
                        None => place.to_owned(),
                    };
                    Problem { place, failure }
                }));
                Fields::new()
            }
        };
        let key = (change.id.is_none() && !change.inside.is_empty()).then(fresh_key);
        let here = match (change.id, &key) {
            (Some(id), _) => RecordRef::Id(id),
            (None, key) => RecordRef::Key(key.clone().unwrap_or_default()),
        };
        self.rows.push(plan::row(change, fields, outer, key));
        self.places.push(place.to_owned());
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (inside, inner) in &change.inside {
            let count = counts.entry(inside.list).or_default();
            let place = format!("{place}.{}[{count}]", inside.list);
            *count += 1;
            let outer = (inside.field, change.kind.as_str(), here.clone());
            self.add(inner, &place, Some(outer));
        }
    }

    fn checked(
        &self,
        change: &Change,
        outer_field: Option<&str>,
        outer: Option<&RecordRef>,
    ) -> Result<Fields, Vec<Failure>> {
        let kind = plan::kind_of(self.kinds, &change.kind).map_err(|failure| vec![failure])?;
        let present = change
            .id
            .map(|id| (id, self.known.present.get(&(change.kind.clone(), id))));
        if let Some((id, None)) = present {
            let message = format!(
                "There is no {0} {id}; `halo-host records {0}` lists those that are.",
                change.kind
            );
            return Err(vec![Failure::new("not-found", message).with("field", "id")]);
        }
        let before = present.and_then(|(_, fields)| fields);
        if let (Some(field), Some(outer), Some(before)) = (outer_field, outer, before) {
            let leads_here =
                matches!(before.get(field), Some(Value::Reference { to, .. }) if to == outer);
            if !leads_here {
                let message = format!(
                    "The {} {} belongs elsewhere; leave its id out to make a new one.",
                    change.kind,
                    change.id.unwrap_or_default()
                );
                return Err(vec![Failure::new("invalid", message).with("field", "id")]);
            }
        }
        plan::fields(kind, change, before, outer_field)
    }
}

/// A key for the moment in which a record has no id yet.
fn fresh_key() -> String {
    let mut bytes = [0u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("new-{digits}")
}

/// References to records that are not there, before anything is written.
async fn lost_references(
    store: &dyn Store,
    scope: &Scope,
    rows: &[Row],
    places: &[String],
) -> Result<Vec<Problem>, StoreError> {
    let mut wanted: BTreeMap<&str, BTreeSet<RecordId>> = BTreeMap::new();
    let references = || {
        rows.iter().zip(places).flat_map(|(row, place)| {
            row.fields
                .iter()
                .filter_map(move |(name, value)| match value {
                    Value::Reference {
                        kind,
                        to: RecordRef::Id(id),
                    } => Some((place, name, kind.as_str(), *id)),
                    _ => None,
                })
        })
    };
    for (_, _, kind, id) in references() {
        wanted.entry(kind).or_default().insert(id);
    }
    let mut lost = BTreeSet::new();
    for (kind, ids) in wanted {
        let ids: Vec<RecordId> = ids.into_iter().collect();
        let found = store.read(scope, kind, &ids).await?;
        let pairs = ids.into_iter().zip(found);
        lost.extend(
            pairs
                .filter(|(_, found)| found.is_none())
                .map(|(id, _)| (kind, id)),
        );
    }
    Ok(references()
        .filter(|(_, _, kind, id)| lost.contains(&(*kind, *id)))
        .map(|(place, name, kind, id)| {
            let message = format!(
                "{name} refers to the {kind} {id}, which is not there; `halo-host records {kind}` lists those that are."
            );
            Problem {
                place: format!("{place}.{name}"),
                failure: Failure::new("invalid", message).with("field", name),
            }
        })
        .collect())
}

/// Puts the flat answers back into the shape of the changes.
fn gather(
    change: &Change,
    done: &mut impl Iterator<Item = crate::model::Written>,
) -> Option<Written> {
    let written = done.next()?;
    Some(Written {
        kind: change.kind.clone(),
        id: written.id,
        revision: written.revision,
        effect: written.effect,
        inside: change
            .inside
            .iter()
            .map(|(_, inner)| gather(inner, done))
            .collect::<Option<Vec<_>>>()?,
    })
}
