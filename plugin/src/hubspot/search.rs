//! Searching for what changed.
//!
//! HubSpot's search pages by offset, ends after 10,000 rows, and shows a row at
//! another offset as soon as it is changed, so that a row between two pages could
//! be missed. Therefore no offset is used at all: each page is a search of its own
//! for "changed at or after the last row's time", sorted by that time. Where more
//! rows than a page holds bear one and the same time (a batch job stamps them in
//! one millisecond), the page goes by id within that time.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::client::Call;
use super::objects::Page;
use super::time;
use super::version::Version;
use crate::failure::Failure;

/// The most that one page of a search holds.
pub const SEARCH_LIMIT: usize = 200;

/// Where a search for changes is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Changed at or after this time, in milliseconds.
    pub since: u64,
    /// Within that very millisecond: only ids after this one.
    pub after_id: Option<String>,
}

impl Changes {
    /// All since a time.
    pub fn since(since: u64) -> Changes {
        Changes {
            since,
            after_id: None,
        }
    }

    /// The search for the next page. `modified` is the property that holds the
    /// time: `lastmodifieddate` for contacts, `hs_lastmodifieddate` for all
    /// others; the wrong one finds nothing, without an error.
    pub fn call(
        &self,
        version: &Version,
        object_type: &str,
        modified: &str,
        properties: &[&str],
    ) -> Call {
        let since = self.since.to_string();
        let filters = match &self.after_id {
            None => json!([{ "propertyName": modified, "operator": "GTE", "value": since }]),
            Some(id) => json!([
                { "propertyName": modified, "operator": "EQ", "value": since },
                { "propertyName": "hs_object_id", "operator": "GT", "value": id },
            ]),
        };
        let order = if self.after_id.is_some() {
            "hs_object_id"
        } else {
            modified
        };
        Call::post(
            format!("{}/search", version.objects(object_type)),
            &json!({
                "filterGroups": [{ "filters": filters }],
                "sorts": [{ "propertyName": order, "direction": "ASCENDING" }],
                "properties": properties,
                "limit": SEARCH_LIMIT,
            }),
        )
    }

    /// Where the page after this one starts; nothing when there is none. A page
    /// that cannot be followed is an error: what is behind it must not be lost.
    pub fn after(&self, page: &Page, modified: &str) -> Result<Option<Changes>, Failure> {
        let last = page.results.last();
        let full = page.results.len() >= SEARCH_LIMIT || page.next().is_some();
        let Some(last) = last else {
            if full {
                return Err(unreadable("an empty page that is not the last"));
            }
            // The millisecond is read; what is behind it?
            return Ok(self
                .after_id
                .as_ref()
                .map(|_| Changes::since(self.since + 1)));
        };
        if self.after_id.is_some() {
            return Ok(Some(if full {
                Changes {
                    since: self.since,
                    after_id: Some(last.id.clone()),
                }
            } else {
                Changes::since(self.since + 1)
            }));
        }
        if !full {
            return Ok(None);
        }
        let end = last
            .property(modified)
            .and_then(time::parse)
            .ok_or_else(|| unreadable("a row without its time of change"))?;
        Ok(Some(if end > self.since {
            Changes::since(end)
        } else {
            // The whole page bears one time: from here by id. Its rows come again
            // once, as their ids may be any.
            Changes {
                since: self.since,
                after_id: Some("0".to_owned()),
            }
        }))
    }
}

fn unreadable(what: &str) -> Failure {
    Failure::new(
        "remote",
        format!("HubSpot's search answered {what}; nothing was skipped. Import again."),
    )
}

/// How many objects there are; finds none of them.
pub fn count(version: &Version, object_type: &str) -> Call {
    Call::post(
        format!("{}/search", version.objects(object_type)),
        &json!({ "filterGroups": [], "properties": ["hs_object_id"], "limit": 1 }),
    )
}

/// How many of them changed since a time, which is in `modified`.
pub fn count_since(version: &Version, object_type: &str, modified: &str, since: u64) -> Call {
    let since = since.to_string();
    let filter = json!({ "propertyName": modified, "operator": "GTE", "value": since });
    Call::post(
        format!("{}/search", version.objects(object_type)),
        &json!({
            "filterGroups": [{ "filters": [filter] }],
            "properties": ["hs_object_id"],
            "limit": 1,
        }),
    )
}

/// Objects of which a property has one of these values, by id and behind an id: so the
/// values may be others on each page. The body of a search is at most 3,000 characters
/// long, so a hundred ids are as many as there can be. HubSpot compares texts only with
/// values in lower case.
pub fn among(
    version: &Version,
    object_type: &str,
    (property, values): (&str, &[&str]),
    properties: &[&str],
    after_id: Option<&str>,
) -> Call {
    let mut filters = vec![json!({ "propertyName": property, "operator": "IN", "values": values })];
    if let Some(id) = after_id {
        filters.push(json!({ "propertyName": "hs_object_id", "operator": "GT", "value": id }));
    }
    let body = json!({
        "filterGroups": [{ "filters": filters }],
        "sorts": [{ "propertyName": "hs_object_id", "direction": "ASCENDING" }],
        "properties": properties,
        "limit": SEARCH_LIMIT,
    });
    Call::post(format!("{}/search", version.objects(object_type)), &body)
}

/// Objects whose usual properties contain a text, for choosing one.
pub fn find(
    version: &Version,
    object_type: &str,
    properties: &[&str],
    query: Option<&str>,
    after: Option<&str>,
) -> Call {
    const PER_PAGE: u32 = 50;
    let mut body = json!({ "properties": properties, "limit": PER_PAGE, "filterGroups": [] });
    if let Some(query) = query {
        body["query"] = json!(query);
    }
    if let Some(after) = after {
        body["after"] = json!(after);
    }
    Call::post(format!("{}/search", version.objects(object_type)), &body)
}

#[cfg(test)]
mod tests {
    use super::super::objects::Object;
    use super::*;

    const MODIFIED: &str = "hs_lastmodifieddate";

    /// A search as HubSpot does it, over (id, time) rows.
    fn search(rows: &[(u64, u64)], changes: &Changes) -> Page {
        let mut found: Vec<(u64, u64)> = rows
            .iter()
            .copied()
            .filter(|(id, at)| match &changes.after_id {
                None => *at >= changes.since,
                Some(after) => *at == changes.since && *id > after.parse().unwrap(),
            })
            .collect();
        match changes.after_id {
            // Ties come in any order; the worst is the one against the ids.
            None => found.sort_by_key(|(id, at)| (*at, u64::MAX - id)),
            Some(_) => found.sort_unstable(),
        }
        found.truncate(SEARCH_LIMIT);
        Page {
            results: found
                .into_iter()
                .map(|(id, at)| Object::with(&id.to_string(), &[(MODIFIED, &at.to_string())]))
                .collect(),
            ..Page::default()
        }
    }

    fn read_all(rows: &[(u64, u64)], since: u64) -> (std::collections::BTreeSet<u64>, usize) {
        let mut seen = std::collections::BTreeSet::new();
        let mut next = Some(Changes::since(since));
        let mut calls = 0;
        while let Some(changes) = next {
            let page = search(rows, &changes);
            calls += 1;
            assert!(calls < 1_000, "endless");
            seen.extend(
                page.results
                    .iter()
                    .map(|row| row.id.parse::<u64>().unwrap()),
            );
            next = changes.after(&page, MODIFIED).unwrap();
        }
        (seen, calls)
    }

    #[test]
    fn all_rows_are_read_also_where_thousands_bear_one_millisecond() {
        for cluster in [0, 1, 199, 200, 201, 400, 12_000] {
            let before = (1..=350).map(|id| (id, 1_000 + id));
            let same = (1_000..1_000 + cluster).map(|id| (id, 5_000));
            let behind = (50_000..50_350).map(|id| (id, 6_000 + id));
            let rows: Vec<(u64, u64)> = before.chain(same).chain(behind).collect();
            let (seen, calls) = read_all(&rows, 0);
            assert_eq!(seen.len(), rows.len(), "cluster of {cluster}");
            assert!(
                calls <= rows.len() / 100 + 10,
                "{calls} calls for {}",
                rows.len()
            );
        }
    }

    #[test]
    fn a_page_that_cannot_be_followed_is_an_error() {
        let changes = Changes::since(5);
        let next = r#""paging":{"next":{"after":"3"}}"#;
        let page = |rows: &str, paging: &str| -> Page {
            let comma = if paging.is_empty() { "" } else { "," };
            serde_json::from_str(&format!(r#"{{"results":[{rows}]{comma}{paging}}}"#)).unwrap()
        };
        let row = r#"{"id":"1","properties":{"hs_lastmodifieddate":"9"}}"#;
        // A short page that is not the last one goes on.
        let after = changes.after(&page(row, next), MODIFIED).unwrap();
        assert_eq!(after, Some(Changes::since(9)));
        assert_eq!(changes.after(&page(row, ""), MODIFIED).unwrap(), None);
        assert!(changes.after(&page("", next), MODIFIED).is_err());
        assert!(
            changes
                .after(&page(r#"{"id":"1"}"#, next), MODIFIED)
                .is_err()
        );
    }

    #[test]
    fn nothing_changed_is_one_call() {
        assert_eq!(read_all(&[(1, 10)], 11), (Default::default(), 1));
    }

    #[test]
    fn a_hundred_of_the_longest_ids_fit_into_a_search() {
        let version = Version::named("2026-09").unwrap();
        let ids = vec![u64::MAX.to_string(); 100];
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let of = ("associatedcompanyid", ids.as_slice());
        let properties = ["email", "hs_additional_emails", "associatedcompanyid"];
        let call = among(&version, "contacts", of, &properties, Some(ids[0]));
        assert!(call.body.len() <= 3_000, "{}", call.body.len());
        let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
        let filter = &body["filterGroups"][0]["filters"][0];
        assert_eq!(filter["operator"], "IN");
        assert_eq!(filter["values"].as_array().unwrap().len(), 100);
    }

    #[test]
    fn the_search_asks_for_the_right_property_and_order() {
        let version = Version::named("2026-03").unwrap();
        let call = Changes::since(7).call(&version, "companies", MODIFIED, &["name"]);
        let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!(call.path, "/crm/objects/2026-03/companies/search");
        assert_eq!(body["filterGroups"][0]["filters"][0]["value"], "7");
        assert_eq!(body["sorts"][0]["propertyName"], MODIFIED);
    }
}
