//! Writing: the array of a POST, each element made or changed.

use serde_json::Value as Json;

use super::body;
use super::error::ApiError;
use super::read;
use super::resource::{self, OPPORTUNITIES, Resource};
use crate::edits::{self, Change, Given, Who};
use crate::model::{RecordId, Timestamp};
use crate::schema;
use crate::store::Store;

/// Elements of one call: as many as a client sends at once, and few enough for one
/// transaction that holds up nobody.
const ELEMENTS: usize = 1_000;

/// Writes all elements or none; answers the record where there is one, else a list.
pub(super) async fn write(
    store: &dyn Store,
    resource: &Resource,
    who: &Who,
    body: &[u8],
    now: Timestamp,
) -> Result<Json, ApiError> {
    let elements: Vec<Json> = match serde_json::from_slice(body) {
        Ok(Json::Array(elements)) => elements,
        Ok(_) => return Err(ApiError::wrong("", "Send an array, also for one record.")),
        Err(error) => {
            let message = format!("The body is no JSON: {error}.");
            return Err(ApiError::wrong("", message));
        }
    };
    if elements.is_empty() || elements.len() > ELEMENTS {
        let message = format!("Send from 1 to {ELEMENTS} records at once.");
        return Err(ApiError::wrong("", message));
    }
    let kinds = schema::kinds(&store.custom_fields().await?);
    let kind = read::kind_of(&kinds, resource)?;
    let line_kind = match resource.kind {
        "quotation" => kinds.get(resource::LINE.kind),
        _ => None,
    };
    let (mut changes, mut problems) = (Vec::new(), Vec::new());
    for (index, element) in elements.iter().enumerate() {
        match body::change(resource, (kind, line_kind), element, &format!("[{index}]")) {
            Ok(change) => changes.push(change),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    if resource.path == OPPORTUNITIES {
        choose_type(store, &mut changes).await?;
    }
    let written = edits::write(store, who, &changes, now).await?;
    let ids: Vec<RecordId> = written.iter().map(|written| written.id).collect();
    let mut records = read::by_id(store, &kinds, resource, &ids, true).await?;
    Ok(match (elements.len(), records.len()) {
        (1, 1) => records.remove(0),
        _ => Json::Array(records),
    })
}

/// A new opportunity is of the one ticket type for them, where there is only one.
async fn choose_type(store: &dyn Store, changes: &mut [Change]) -> Result<(), ApiError> {
    const FIELD: &str = "tickettype_id";
    let types: Vec<RecordId> = read::opportunity_types(store).await?.into_iter().collect();
    let [only] = types.as_slice() else {
        return Ok(());
    };
    for change in changes.iter_mut().filter(|change| change.id.is_none()) {
        if !change.given.iter().any(|(name, _)| name == FIELD) {
            let id = Given::One(only.to_string());
            change.given.push((FIELD.to_owned(), id));
        }
    }
    Ok(())
}
