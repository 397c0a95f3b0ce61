//! A search for likely rows: asks the connector again and again until it has looked at
//! everything, and keeps what it finds as it goes. It goes on when the browser is closed;
//! one that ends with the host goes on where it was when somebody says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::schema::Setting;
use super::agreeing::is_row;
use super::kept::{Kept, Likely, Search};
use crate::capability::Stop;
use crate::connection::Connection;
use crate::host::Host;

/// How often a stop is looked for.
const STEP: Duration = Duration::from_millis(100);
/// Rows that a connector may find in one call.
const FOUND: usize = 1_000;

/// What an action answers that looks for likely rows (`x-suggestions` in `wit/README.md`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Answer {
    #[serde(default)]
    rows: Vec<Likely>,
    #[serde(default)]
    looked_at: u64,
    #[serde(default)]
    total: Option<u64>,
    #[serde(default)]
    next: Option<String>,
}

/// The searches that are under way, by connection and table.
#[derive(Debug, Default)]
pub(in crate::admin) struct Searches(Mutex<BTreeMap<(String, String), Stop>>);

impl Searches {
    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, String), Stop>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_under_way(&self, connection: &str, at: &str) -> bool {
        let place = (connection.to_owned(), at.to_owned());
        self.all().contains_key(&place)
    }

    /// Asks one to stop.
    pub(super) fn stop(&self, connection: &str, at: &str) {
        let place = (connection.to_owned(), at.to_owned());
        if let Some(stop) = self.all().get(&place) {
            stop.ask();
        }
    }

    /// Takes the place of one; nothing where it is taken.
    fn begin(&self, place: &(String, String)) -> Option<Stop> {
        let mut all = self.all();
        if all.contains_key(place) {
            return None;
        }
        let stop = Stop::default();
        all.insert(place.clone(), stop.clone());
        Some(stop)
    }
}

/// However a search ends, its place is free again.
struct Place {
    searches: Arc<Searches>,
    place: (String, String),
}

impl Drop for Place {
    fn drop(&mut self) {
        self.searches.all().remove(&self.place);
    }
}

/// What a search is for.
pub(super) struct Asked {
    pub(super) connection: Arc<Connection>,
    pub(super) at: String,
    pub(super) columns: Vec<Setting>,
    pub(super) action: String,
}

/// Starts one, unless one of that table is under way; it begins as `search` stands, which
/// is kept when this answers.
pub(super) async fn start(
    searches: &Arc<Searches>,
    host: &Arc<Host>,
    asked: Asked,
    kept: Kept,
    search: Search,
) -> crate::store::Result<()> {
    let place = (asked.connection.name.clone(), asked.at.clone());
    let Some(stop) = searches.begin(&place) else {
        return Ok(());
    };
    let place = Place {
        searches: searches.clone(),
        place,
    };
    match search.next {
        None => kept.begin(&search).await?,
        Some(_) => kept.put(&search).await?,
    }
    let host = host.clone();
    tokio::spawn(async move {
        let done = work(&host, &asked, &kept, search, &stop).await;
        if let Err(error) = done {
            let connection = &asked.connection.name;
            tracing::error!(connection, %error, "a search for likely rows could not be kept");
        }
        drop(place);
    });
    Ok(())
}

async fn work(
    host: &Host,
    asked: &Asked,
    kept: &Kept,
    mut search: Search,
    stop: &Stop,
) -> crate::store::Result<()> {
    let mut places = BTreeSet::new();
    loop {
        let input = match &search.next {
            None => "{}".to_owned(),
            Some(next) => json!({ "after": next }).to_string(),
        };
        let call = asked.connection.act(&asked.action, &input);
        let answer = tokio::select! {
            answer = call => answer.map_err(|error| error.to_string()),
            // It only looks: what is dropped here is asked again.
            () = asked_to_stop(host, stop) => return kept.put(&search).await,
        };
        let answer = answer.and_then(|answer| readable(&asked.columns, answer));
        let answer = answer.and_then(|answer| {
            let goes_on = { answer.next.as_ref() }.is_none_or(|next| places.insert(next.clone()));
            let stands = "It came to the same place again and again; see the log.";
            goes_on.then_some(answer).ok_or_else(|| stands.to_owned())
        });
        match answer {
            Ok(answer) => {
                search.looked_at += answer.looked_at;
                search.total = answer.total.or(search.total);
                search.is_done = answer.next.is_none();
                search.next = answer.next;
                kept.add(&answer.rows, &mut search).await?;
            }
            Err(problem) => {
                search.problem = Some(problem);
                return kept.put(&search).await;
            }
        }
        if search.is_done {
            return Ok(());
        }
    }
}

async fn asked_to_stop(host: &Host, stop: &Stop) {
    while !stop.is_asked() && !host.is_leaving() {
        tokio::time::sleep(STEP).await;
    }
}

/// What the connector answered, without rows that this table cannot have.
fn readable(columns: &[Setting], answer: Value) -> Result<Answer, String> {
    let unreadable =
        |detail: &str| format!("The connector answered what is no list of likely rows: {detail}.");
    // A list would do for the members of a structure, too.
    if !answer.is_object() {
        return Err(unreadable("it is no object"));
    }
    let mut answer: Answer =
        serde_json::from_value(answer).map_err(|error| unreadable(&error.to_string()))?;
    if answer.rows.len() > FOUND {
        return Err(unreadable(&format!("more than {FOUND} at once")));
    }
    answer.rows.retain(|likely| is_row(columns, &likely.row));
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::super::super::schema::columns_of;
    use super::*;

    #[test]
    fn an_answer_keeps_the_rows_that_the_table_can_have() {
        let columns = columns_of(&json!({ "a": { "type": "string", "x-choices": "as" } }));
        let answer =
            json!({ "rows": [{ "row": { "a": "1" } }, { "row": { "b": "1" } }], "looked-at": 9 });
        let answer = readable(&columns, answer).unwrap();
        assert_eq!(
            (answer.rows.len(), answer.looked_at, answer.next),
            (1, 9, None)
        );
        for other in [json!([]), json!({ "rows": 7 }), json!("x")] {
            assert!(readable(&columns, other.clone()).is_err(), "{other}");
        }
    }
}
