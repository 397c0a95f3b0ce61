//! What there is to choose from: the remote's properties and choices, Halo's records and
//! fields. `Needs` says what the settings of a page want, `Offers::of` gets it.
//!
//! A page never waits long for the remote: what does not come in time can be typed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::schema::{Setting, Shape};
use crate::connection::{Choice, Connection, RemoteField};
use crate::model::{RecordId, Stored};
use crate::schema;
use crate::store::{Scope, Store, StoreError};

/// Records of a kind that a list shows; of more one looks for the name.
const FEW: u32 = 200;
/// The same of the remote's choices.
const FEW_CHOICES: usize = 500;
/// How long a page waits for the remote.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what the remote offers is taken for true: each look costs a call.
const FRESH: Duration = Duration::from_secs(60);

/// What the settings of a page want to offer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    entities: BTreeSet<String>,
    choices: BTreeSet<String>,
    kinds: BTreeSet<String>,
    fields: BTreeSet<String>,
    /// Records that are chosen already, by kind.
    chosen: BTreeSet<(String, RecordId)>,
}

impl Needs {
    /// Of a setting and what it is now. Pairs have a page of their own.
    pub(super) fn add(&mut self, setting: &Setting, value: Option<&Value>) {
        match &setting.shape {
            Shape::Group(members) => {
                for member in members {
                    self.add(member, value.and_then(|value| value.get(&member.name)));
                }
            }
            Shape::Table(columns) => {
                let rows = value.and_then(Value::as_array);
                for column in columns {
                    self.add(column, None);
                    for row in rows.into_iter().flatten() {
                        self.add(column, row.get(&column.name));
                    }
                }
            }
            Shape::Several(each) => self.shape(each, None),
            shape => self.shape(shape, value),
        }
    }

    fn shape(&mut self, shape: &Shape, value: Option<&Value>) {
        match shape {
            Shape::RemoteField(entity) => drop(self.entities.insert(entity.clone())),
            Shape::Remote(name) => drop(self.choices.insert(name.clone())),
            Shape::Field(kind) => drop(self.fields.insert(kind.clone())),
            Shape::Record(kind) => {
                self.kinds.insert(kind.clone());
                let id = value.and_then(Value::as_u64);
                self.chosen.extend(id.map(|id| (kind.clone(), id)));
            }
            _ => {}
        }
    }
}

/// What the remote offers under a name.
#[derive(Clone, Debug)]
pub(super) enum Remote {
    /// All there is.
    All(Vec<Choice>),
    /// Too many for a list.
    Many,
    /// It was not told; why.
    Unknown(String),
}

/// Halo's records of a kind.
#[derive(Debug, Default)]
pub(super) struct Records {
    all: Option<Vec<(String, String)>>,
    names: BTreeMap<String, String>,
}

impl Records {
    /// Id and name of each, where there are few.
    pub(super) fn all(&self) -> Option<&[(String, String)]> {
        self.all.as_deref()
    }

    pub(super) fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }
}

/// A field of Halo's records.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HaloField {
    pub(super) name: String,
    pub(super) label: String,
    /// The type of what it takes, as a remote's property names it in `fits`.
    pub(super) kind_of_value: String,
    /// The type for people.
    pub(super) shown_type: String,
}

/// All that the fields of a page offer.
#[derive(Debug, Default)]
pub(super) struct Offers {
    remote_fields: BTreeMap<String, Arc<Vec<RemoteField>>>,
    choices: BTreeMap<String, Arc<Remote>>,
    records: BTreeMap<String, Records>,
    fields: BTreeMap<String, Vec<HaloField>>,
    /// Why the remote's properties are not offered.
    pub(super) missing: BTreeSet<String>,
}

impl Offers {
    /// Gets what is needed.
    pub(super) async fn of(
        connection: &Connection,
        known: &Known,
        needs: &Needs,
    ) -> Result<Offers, StoreError> {
        let store = connection.store();
        let mut offers = Offers::default();
        // All together: who waits for a remote that is down waits once.
        let until = tokio::time::Instant::now() + PATIENCE;
        for entity in &needs.entities {
            match known.remote_fields(connection, entity, until).await {
                Ok(fields) => drop(offers.remote_fields.insert(entity.clone(), fields)),
                Err(why) => drop(offers.missing.insert(why)),
            }
        }
        for name in &needs.choices {
            let choices = known.choices(connection, name, until).await;
            if let Remote::Unknown(why) = &*choices {
                offers.missing.insert(why.clone());
            }
            offers.choices.insert(name.clone(), choices);
        }
        for kind in &needs.kinds {
            let chosen = needs.chosen.iter().filter(|(of, _)| of == kind);
            let chosen: Vec<RecordId> = chosen.map(|(_, id)| *id).collect();
            offers
                .records
                .insert(kind.clone(), records(store, kind, &chosen).await?);
        }
        if !needs.fields.is_empty() {
            let kinds = schema::kinds(&store.custom_fields().await?);
            for kind in &needs.fields {
                let fields = kinds.get(kind).map(|kind| kind.fields.values());
                let fields = fields
                    .into_iter()
                    .flatten()
                    .filter(|field| is_writable(field));
                offers
                    .fields
                    .insert(kind.clone(), fields.map(halo_field).collect());
            }
        }
        Ok(offers)
    }

    pub(super) fn choices(&self, name: &str) -> &Remote {
        const NONE: &Remote = &Remote::Unknown(String::new());
        self.choices.get(name).map_or(NONE, |choices| choices)
    }

    pub(super) fn records(&self, kind: &str) -> &Records {
        static NONE: Records = Records {
            all: None,
            names: BTreeMap::new(),
        };
        self.records.get(kind).unwrap_or(&NONE)
    }

    pub(super) fn fields(&self, kind: &str) -> &[HaloField] {
        self.fields.get(kind).map_or(&[], Vec::as_slice)
    }

    pub(super) fn remote_field(&self, entity: &str, name: &str) -> Option<&RemoteField> {
        { self.remote_fields.get(entity)?.iter() }.find(|field| field.name == name)
    }

    pub(super) fn all_remote_fields(&self) -> impl Iterator<Item = (&str, &[RemoteField])> {
        { self.remote_fields.iter() }.map(|(entity, fields)| (entity.as_str(), fields.as_slice()))
    }
}

/// What the remote said of late, for all pages.
#[derive(Debug, Default)]
pub(in crate::admin) struct Known {
    fields: Mutex<Kept<Vec<RemoteField>>>,
    choices: Mutex<Kept<Remote>>,
}

/// By connection and name.
type Kept<T> = BTreeMap<(String, String), (Instant, Arc<T>)>;

impl Known {
    /// The properties of an entity; else why they are not known.
    pub(super) async fn remote_fields(
        &self,
        connection: &Connection,
        entity: &str,
        until: tokio::time::Instant,
    ) -> Result<Arc<Vec<RemoteField>>, String> {
        let place = (connection.name.clone(), entity.to_owned());
        if let Some(fields) = fresh(&self.fields, &place) {
            return Ok(fields);
        }
        let asked = tokio::time::timeout_at(until, connection.remote_fields(entity)).await;
        let mut fields = asked
            .map_err(|_| in_time(connection))?
            .map_err(|error| error.to_string())?;
        fields.sort_by(|left, right| left.label.cmp(&right.label));
        Ok(keep(&self.fields, place, fields))
    }

    /// The choices of a name.
    pub(super) async fn choices(
        &self,
        connection: &Connection,
        name: &str,
        until: tokio::time::Instant,
    ) -> Arc<Remote> {
        let place = (connection.name.clone(), name.to_owned());
        if let Some(choices) = fresh(&self.choices, &place) {
            return choices;
        }
        match tokio::time::timeout_at(until, all_choices(connection, name)).await {
            Ok(Ok(choices)) => keep(&self.choices, place, choices),
            Ok(Err(why)) => Arc::new(Remote::Unknown(why)),
            Err(_) => Arc::new(Remote::Unknown(in_time(connection))),
        }
    }

    /// Forgets what a connection's remote said: another account may be another world.
    pub(in crate::admin) fn forget(&self, connection: &str) {
        let is_other = |(of, _): &(String, String)| of != connection;
        lock(&self.fields).retain(|place, _| is_other(place));
        lock(&self.choices).retain(|place, _| is_other(place));
    }
}

fn lock<T>(kept: &Mutex<Kept<T>>) -> std::sync::MutexGuard<'_, Kept<T>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fresh<T>(kept: &Mutex<Kept<T>>, place: &(String, String)) -> Option<Arc<T>> {
    let kept = lock(kept);
    let (at, what) = kept.get(place)?;
    (at.elapsed() < FRESH).then(|| what.clone())
}

fn keep<T>(kept: &Mutex<Kept<T>>, place: (String, String), what: T) -> Arc<T> {
    let what = Arc::new(what);
    lock(kept).insert(place, (Instant::now(), what.clone()));
    what
}

fn in_time(connection: &Connection) -> String {
    format!(
        "{} did not answer within {} seconds.",
        connection.description.name,
        PATIENCE.as_secs()
    )
}

async fn all_choices(connection: &Connection, name: &str) -> Result<Remote, String> {
    let (mut all, mut next) = (Vec::new(), None::<String>);
    loop {
        let page = connection.choices(name, None, next.as_deref()).await;
        let (choices, after) = page.map_err(|error| error.to_string())?;
        all.extend(choices);
        if all.len() > FEW_CHOICES || (after.is_some() && after == next) {
            return Ok(Remote::Many);
        }
        match after {
            Some(after) => next = Some(after),
            None => return Ok(Remote::All(all)),
        }
    }
}

/// On behalf of a person.
pub(in crate::admin) fn nobodys_scope() -> Scope {
    Scope {
        connection: String::new(),
        layer: 0,
        run: None,
        cause: "page".to_owned(),
        lane: None,
    }
}

async fn records(
    store: &Arc<dyn Store>,
    kind: &str,
    chosen: &[RecordId],
) -> Result<Records, StoreError> {
    let mut records = Records::default();
    let few = store.list(kind, None, 0, FEW + 1).await?;
    if few.len() <= FEW as usize {
        let mut all: Vec<(String, String)> = few.iter().map(named).collect();
        all.sort_by_key(|(_, name)| name.to_lowercase());
        records.names.extend(all.iter().cloned());
        records.all = Some(all);
        return Ok(records);
    }
    let read = store.read(&nobodys_scope(), kind, chosen).await?;
    records.names.extend(read.iter().flatten().map(named));
    Ok(records)
}

/// A record as people choose it.
pub(in crate::admin) fn named(record: &Stored) -> (String, String) {
    let name = record.fields.get("name").map(|name| name.display());
    let name = name.filter(|name| !name.is_empty());
    let id = record.id.to_string();
    (id.clone(), name.unwrap_or(id))
}

fn is_writable(field: &schema::FieldDef) -> bool {
    field
        .attributes
        .get("read-only")
        .is_none_or(|only| only != "true")
}

/// A text field that takes numbers only counts as a number (`input-type`).
fn halo_field(field: &schema::FieldDef) -> HaloField {
    let input = field.attributes.get("input-type").map(String::as_str);
    let (kind_of_value, shown_type) = match (field.type_name.as_str(), input) {
        ("text", Some("integer")) => ("integer", "text (integer)".to_owned()),
        ("text", Some(input @ ("money" | "decimal"))) => ("decimal", format!("text ({input})")),
        (type_name, _) => (type_name, type_name.to_owned()),
    };
    HaloField {
        name: field.name.clone(),
        label: field.label.clone(),
        kind_of_value: kind_of_value.to_owned(),
        shown_type: match field.attributes.contains_key("custom") {
            true => format!("{shown_type}, custom"),
            false => shown_type,
        },
    }
}
