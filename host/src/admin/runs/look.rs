//! Which rows of a run's report a page shows, in which order: by conditions on what people
//! see of them, by a column, a part at a time. Without conditions and order, rows come by
//! their keys and a page reads only its own; else the report is read through once, and of
//! it only what the page needs is kept.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::Deserialize;

use crate::deviations::outcome_of;
use crate::filter::{Condition, compared, matches};
use crate::model::RunId;
use crate::store::{ReportFilter, ReportedRow, Result, Store};

/// Rows on a page.
pub(super) const SHOWN: usize = 50;
/// No report has more pages.
const LAST_PAGE: usize = 100_000;
/// Rows that are read at once.
const READ: u32 = 1_000;
/// Conditions that a form has room for.
pub(super) const CONDITIONS: usize = 3;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::admin) struct Asked {
    /// One outcome; all when it is empty.
    #[serde(default)]
    pub(super) outcome: String,
    /// A part of the name.
    #[serde(default)]
    pub(super) name: String,
    /// Facet, operator and value of each condition.
    #[serde(default)]
    pub(super) f1: String,
    #[serde(default)]
    pub(super) o1: String,
    #[serde(default)]
    pub(super) v1: String,
    #[serde(default)]
    pub(super) f2: String,
    #[serde(default)]
    pub(super) o2: String,
    #[serde(default)]
    pub(super) v2: String,
    #[serde(default)]
    pub(super) f3: String,
    #[serde(default)]
    pub(super) o3: String,
    #[serde(default)]
    pub(super) v3: String,
    /// `name`, or a facet; with `-` in front the other way round.
    #[serde(default)]
    pub(super) sort: String,
    /// After this key, where rows come by their keys.
    #[serde(default)]
    pub(super) after: String,
    /// Which page, where they do not.
    #[serde(default)]
    pub(super) page: usize,
}

impl Asked {
    /// Facet, operator and value of each place of the form.
    pub(super) fn places(&self) -> [(&str, &str, &str); CONDITIONS] {
        [
            (&self.f1, &self.o1, &self.v1),
            (&self.f2, &self.o2, &self.v2),
            (&self.f3, &self.o3, &self.v3),
        ]
    }

    /// The conditions that are filled in.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        let name = ("name", "~", self.name.as_str());
        let all = std::iter::once(name).chain(self.places());
        all.filter(|(facet, _, value)| !facet.is_empty() && !value.trim().is_empty())
            .filter_map(|(facet, sign, value)| {
                let sign = if sign.is_empty() { "=" } else { sign };
                format!("{facet}{sign}{value}").parse().ok()
            })
            .collect()
    }

    fn is_plain(&self) -> bool {
        self.sort.is_empty() && self.conditions().is_empty()
    }

    /// The outcomes that are shown; none for all.
    pub(super) fn outcomes(&self) -> Vec<String> {
        outcomes_of(&self.outcome)
    }

    /// As a query, with another part of the rows.
    pub(super) fn query(&self, part: &[(&str, &str)]) -> String {
        let mut pairs = vec![
            ("outcome", self.outcome.as_str()),
            ("name", &self.name),
            ("sort", &self.sort),
        ];
        for (n, (facet, sign, value)) in self.places().into_iter().enumerate() {
            const NAMES: [[&str; 3]; CONDITIONS] =
                [["f1", "o1", "v1"], ["f2", "o2", "v2"], ["f3", "o3", "v3"]];
            if !facet.is_empty() && !value.is_empty() {
                pairs.extend(NAMES[n].into_iter().zip([facet, sign, value]));
            }
        }
        pairs.retain(|(name, _)| !part.iter().any(|(other, _)| other == name));
        pairs.extend(part);
        let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let pairs =
            pairs.map(|(name, value)| format!("{name}={}", crate::admin::form_urlencoded(value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// What people call updated has what an update removed in it, as the sums of a run do.
fn outcomes_of(outcome: &str) -> Vec<String> {
    match outcome {
        "" => Vec::new(),
        "updated" => ["updated", "removed"].map(str::to_owned).to_vec(),
        outcome => vec![outcome.to_owned()],
    }
}

/// A part of the rows.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) rows: Vec<ReportedRow>,
    /// How many there are in all, where they were counted.
    pub(super) total: Option<usize>,
    /// How many of them an import of this preview would write.
    pub(super) written: usize,
    /// The query of the next part, when there is one.
    pub(super) next: Option<String>,
}

/// The rows that an address asks for.
pub(super) async fn part(store: &Arc<dyn Store>, run: RunId, asked: &Asked) -> Result<Part> {
    if !asked.is_plain() {
        return looked_through(store, run, asked).await;
    }
    let filter = ReportFilter {
        outcomes: asked.outcomes(),
        after: Some(asked.after.clone()).filter(|after| !after.is_empty()),
        limit: SHOWN as u32 + 1,
    };
    let mut rows = store.reported(run, &filter).await?;
    let is_more = rows.len() > SHOWN;
    rows.truncate(SHOWN);
    let last = rows.last().filter(|_| is_more);
    Ok(Part {
        next: last.map(|row| asked.query(&[("after", &row.row.key)])),
        rows,
        total: None,
        written: 0,
    })
}

async fn looked_through(store: &Arc<dyn Store>, run: RunId, asked: &Asked) -> Result<Part> {
    let conditions = asked.conditions();
    let page = asked.page.min(LAST_PAGE);
    let last = (page + 1) * SHOWN;
    let mut kept: Vec<ReportedRow> = Vec::new();
    let (mut total, mut written) = (0, 0);
    each(store, run, asked.outcomes(), |row| {
        if matches(&conditions, &row) {
            total += 1;
            written += usize::from(is_written(&row));
            kept.push(row);
        }
        // Of all that there are, those up to the end of this page.
        if kept.len() >= 2 * last + SHOWN {
            kept.sort_by(|left, right| order(&asked.sort, left, right));
            kept.truncate(last);
        }
    })
    .await?;
    kept.sort_by(|left, right| order(&asked.sort, left, right));
    let rows: Vec<ReportedRow> = kept.into_iter().skip(page * SHOWN).take(SHOWN).collect();
    let next = (total > last).then(|| asked.query(&[("page", &(page + 1).to_string())]));
    Ok(Part {
        rows,
        total: Some(total),
        written,
        next,
    })
}

/// All rows of these outcomes, one after the other.
pub(super) async fn each(
    store: &Arc<dyn Store>,
    run: RunId,
    outcomes: Vec<String>,
    mut then: impl FnMut(ReportedRow),
) -> Result<()> {
    let mut filter = ReportFilter {
        outcomes,
        after: None,
        limit: READ,
    };
    loop {
        let rows = store.reported(run, &filter).await?;
        let is_last = rows.len() < READ as usize;
        filter.after = rows.last().map(|row| row.row.key.clone());
        rows.into_iter().for_each(&mut then);
        if is_last {
            return Ok(());
        }
    }
}

/// The keys of the rows of a preview that would be written and meet the conditions.
pub(super) async fn keys(
    store: &Arc<dyn Store>,
    run: RunId,
    outcome: &str,
    conditions: &[Condition],
) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    each(store, run, outcomes_of(outcome), |row| {
        if is_written(&row) && matches(conditions, &row) {
            keys.push(row.row.key);
        }
    })
    .await?;
    Ok(keys)
}

/// Whether an import would write this row of a preview.
pub(super) fn is_written(row: &ReportedRow) -> bool {
    matches!(outcome_of(row), "created" | "updated" | "removed")
}

/// By the column and then by the key, so that the order is one.
fn order(sort: &str, left: &ReportedRow, right: &ReportedRow) -> Ordering {
    let (column, is_descending) = match sort.strip_prefix('-') {
        Some(column) => (column, true),
        None => (sort, false),
    };
    let by = |row: &ReportedRow| match column {
        "" => String::new(),
        "name" => row.row.title.to_lowercase(),
        "outcome" => outcome_of(row).to_owned(),
        facet => {
            let found = row.row.facets.iter().find(|(name, _)| name == facet);
            found.map_or_else(String::new, |(_, value)| value.to_lowercase())
        }
    };
    let ordered = compared(&by(left), &by(right));
    let ordered = if is_descending {
        ordered.reverse()
    } else {
        ordered
    };
    let key = |row: &ReportedRow| (row.row.key.len(), row.row.key.clone());
    ordered.then_with(|| key(left).cmp(&key(right)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ReportRow;

    fn row(key: &str, title: &str, amount: &str) -> ReportedRow {
        ReportedRow {
            row: ReportRow {
                entity: "deals".into(),
                key: key.into(),
                title: title.into(),
                address: None,
                facets: vec![("amount".into(), amount.into())],
                outcome: "written".into(),
                reason: None,
                kind: "ticket".into(),
                record: None,
                parts: Vec::new(),
            },
            effect: None,
            changes: Vec::new(),
        }
    }

    fn sorted(sort: &str) -> Vec<String> {
        let mut rows = [
            row("10", "beta", "900"),
            row("9", "Alpha", "1000"),
            row("8", "beta", "20"),
        ];
        rows.sort_by(|left, right| order(sort, left, right));
        rows.into_iter().map(|row| row.row.key).collect()
    }

    #[test]
    fn rows_are_ordered_by_a_column_and_then_by_their_key() {
        assert_eq!(sorted(""), ["8", "9", "10"]);
        assert_eq!(sorted("name"), ["9", "8", "10"]);
        assert_eq!(sorted("amount"), ["8", "10", "9"]);
        assert_eq!(sorted("-amount"), ["9", "10", "8"]);
    }

    #[test]
    fn an_address_keeps_its_conditions_when_one_leafs_on() {
        let asked = Asked {
            name: "a&b".into(),
            f1: "stage".into(),
            o1: "=".into(),
            v1: "Won".into(),
            f2: "owner".into(),
            ..Asked::default()
        };
        assert_eq!(
            asked.query(&[("page", "2")]),
            "name=a%26b&f1=stage&o1=%3D&v1=Won&page=2"
        );
        let conditions: Vec<String> = asked.conditions().iter().map(ToString::to_string).collect();
        assert_eq!(conditions, ["name~a&b", "stage=Won"]);
        assert!(!asked.is_plain() && Asked::default().is_plain());
    }
}
