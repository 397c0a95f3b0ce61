//! What is found for what somebody types into a field: Halo's records, the remote's
//! choices.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;

use super::super::Admin;
use super::super::gate::Viewer;
use super::super::problem::Problem;
use super::offers::{named, nobodys_scope};
use crate::connection::Choice;

/// So many are shown; who needs another types more.
const SHOWN: u32 = 20;

#[derive(Debug, Default, Deserialize)]
pub(in crate::admin) struct Typed {
    #[serde(default)]
    q: String,
}

fn choice((value, label): (String, String)) -> Choice {
    Choice { value, label }
}

/// Halo's records of a kind by a part of their name, and the one of that id.
pub(in crate::admin) async fn records(
    State(admin): State<Arc<Admin>>,
    Path((_, kind)): Path<(String, String)>,
    Query(typed): Query<Typed>,
    _viewer: Viewer,
) -> Result<Json<Vec<Choice>>, Problem> {
    let store = &admin.host.store;
    let typed = typed.q.trim();
    let mut found = Vec::new();
    if let Ok(id) = typed.parse() {
        let read = store.read(&nobodys_scope(), &kind, &[id]).await?;
        found.extend(read.into_iter().flatten());
    }
    let search = (!typed.is_empty()).then_some(typed);
    found.extend(store.list(&kind, search, 0, SHOWN).await?);
    Ok(Json(found.iter().map(named).map(choice).collect()))
}

/// The remote's choices of a name.
pub(in crate::admin) async fn choices(
    State(admin): State<Arc<Admin>>,
    Path((name, what)): Path<(String, String)>,
    Query(typed): Query<Typed>,
    _viewer: Viewer,
) -> Result<Json<Vec<Choice>>, Problem> {
    let connection = admin.connection(&name).await?;
    let typed = typed.q.trim();
    let query = (!typed.is_empty()).then_some(typed);
    let (mut found, _) = connection.choices(&what, query, None).await?;
    found.truncate(SHOWN as usize);
    Ok(Json(found))
}
