//! Near-live: imports each minute, where the remote cannot call this host. It needs no
//! public address and costs calls, so what it costs is shown where it is switched on. How
//! many calls an import without news makes is measured: it depends on the connector and on
//! what is mapped.

use std::fmt;

use serde::Serialize;

use super::Wanted;
use crate::config::Connector;
use crate::connection::{Connection, ConnectionError};
use crate::http::Bucket;
use crate::runs::Summary;

const POLLS_PER_HOUR: u64 = 60 * 60 / super::SHORTEST.as_secs();
const HOUR_MS: u64 = 60 * 60 * 1_000;

fn place(entity: &str) -> String {
    format!("calls-without-news-{entity}")
}

/// One entity that is polled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Polled {
    /// Its name.
    pub entity: String,
    /// Calls of its last import that had no news; nothing before there was one.
    pub calls: Option<u64>,
}

/// What near-live costs a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NearLive {
    /// What is polled.
    pub polled: Vec<Polled>,
    /// Calls in an hour without news; at least so many where not all are measured.
    pub calls_per_hour: u64,
    /// Calls in an hour that the connection's rate budget has room for.
    pub allowed_per_hour: Option<u64>,
}

impl NearLive {
    fn new(polled: Vec<Polled>, budget: Option<&Bucket>) -> Option<NearLive> {
        if polled.is_empty() {
            return None;
        }
        let each = polled.iter().map(|polled| polled.calls.unwrap_or(1));
        let budget = budget.filter(|budget| budget.window_ms > 0);
        Some(NearLive {
            calls_per_hour: each.sum::<u64>() * POLLS_PER_HOUR,
            allowed_per_hour: budget
                .map(|budget| u64::from(budget.limit) * HOUR_MS / budget.window_ms),
            polled,
        })
    }

    fn is_measured(&self) -> bool {
        self.polled.iter().all(|polled| polled.calls.is_some())
    }
}

/// For people.
impl fmt::Display for NearLive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entities: Vec<&str> = { self.polled.iter() }
            .map(|polled| polled.entity.as_str())
            .collect();
        let about = match self.is_measured() {
            true => "about",
            false => "at least",
        };
        write!(
            f,
            "{} imported each minute; while nothing changes, that is {about} {} calls an hour ({} a day)",
            entities.join(", "),
            self.calls_per_hour,
            self.calls_per_hour * 24
        )?;
        if let Some(allowed) = self.allowed_per_hour {
            write!(f, " of the {allowed} an hour of the rate budget")?;
        }
        if !self.is_measured() {
            f.write_str("; it is measured once each was imported without news")?;
        }
        Ok(())
    }
}

/// What it costs, where the configuration and the settings switch it on.
pub async fn near_live(
    connection: &Connection,
    entry: Option<&Connector>,
    wanted: &Wanted,
) -> Result<Option<NearLive>, ConnectionError> {
    let entry = entry.filter(|_| wanted.enabled);
    let Some((entry, schedule)) = entry.and_then(|entry| Some((entry, entry.schedule.as_ref()?)))
    else {
        return Ok(None);
    };
    let mut polled = Vec::new();
    for entity in &wanted.entities {
        if !schedule.is_near_live(entity) {
            continue;
        }
        let store = connection.store();
        let calls = store.meta_get(&connection.name, &place(entity)).await?;
        polled.push(Polled {
            entity: entity.clone(),
            calls: calls.and_then(|calls| calls.parse().ok()),
        });
    }
    let mut budget = connection.description.buckets.first().cloned();
    if let Some(budget) = &mut budget
        && let Some(limit) = entry.rates.get(&budget.name)
    {
        budget.limit = *limit;
    }
    Ok(NearLive::new(polled, budget.as_ref()))
}

/// Requests that this connection has sent so far.
pub(super) fn calls(connection: &Connection) -> u64 {
    connection.grants.http.traffic().calls.values().sum()
}

/// Notes what an import has cost that had no news.
pub(super) async fn measured(
    connection: &Connection,
    summary: &Summary,
    calls: u64,
) -> Result<(), ConnectionError> {
    if summary.state != "done" || summary.counts.read > 0 {
        return Ok(());
    }
    let (store, place) = (connection.store(), place(&summary.entity));
    let calls = calls.to_string();
    let known = store.meta_get(&connection.name, &place).await?;
    if known.as_ref() != Some(&calls) {
        store
            .meta_set(&connection.name, &place, Some(&calls))
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polled(entity: &str, calls: Option<u64>) -> Polled {
        Polled {
            entity: entity.to_owned(),
            calls,
        }
    }

    #[test]
    fn it_costs_the_calls_of_each_sixty_times_an_hour() {
        let budget: Bucket =
            serde_json::from_str(r#"{"name": "calls", "limit": 100, "window-ms": 10000}"#).unwrap();
        let all = vec![polled("deals", Some(4)), polled("quotes", Some(2))];
        let told = NearLive::new(all, Some(&budget)).unwrap().to_string();
        assert_eq!(
            told,
            "deals, quotes imported each minute; while nothing changes, that is about 360 calls an hour (8640 a day) of the 36000 an hour of the rate budget"
        );
        let some = vec![polled("deals", Some(4)), polled("quotes", None)];
        let told = NearLive::new(some, None).unwrap().to_string();
        assert!(told.contains("at least 300 calls an hour"), "{told}");
        assert!(told.ends_with("without news"), "{told}");
        assert_eq!(NearLive::new(Vec::new(), Some(&budget)), None);
    }
}
