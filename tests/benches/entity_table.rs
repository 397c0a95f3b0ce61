//! What was measured of the other entities: one table, and what it is judged by.

use std::fmt;

use serde::Serialize;

use crate::report::{megabytes, per_thousand, table};

/// The peak of the large import may be so many times that of the small one. Most of
/// either is the program itself, its compiled component and the memory of one call.
const MAX_RATIO: f64 = 1.15;

/// Calls for 1,000 records, at most.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Bounds {
    /// At the first import.
    pub first: f64,
    /// When nothing has changed.
    pub unchanged: f64,
}

/// An account of one size.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Size {
    /// Objects of the entity in HubSpot.
    pub records: usize,
    /// Records that the first import made.
    pub made: usize,
    /// The most that the first import ever held; `None` where the system does not say.
    pub peak_bytes: Option<u64>,
    /// The process of the first import.
    pub process_s: f64,
    /// Calls of the first import.
    pub calls: u64,
    /// SQLite transactions of the first import.
    pub commits: u64,
    /// Calls when nothing has changed.
    pub unchanged_calls: u64,
    /// SQLite transactions when nothing has changed.
    pub unchanged_commits: u64,
}

/// One entity.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct EntityRow {
    /// Its name in HubSpot.
    pub entity: &'static str,
    /// The small account.
    pub small: Size,
    /// The large one.
    pub large: Size,
    /// On the calls of the large one.
    pub bounds: Bounds,
}

impl EntityRow {
    /// The peak of the large import to that of the small one.
    #[allow(clippy::cast_precision_loss)] // bytes of a process are far below 2^52
    fn ratio(&self) -> Option<f64> {
        let (small, large) = self.small.peak_bytes.zip(self.large.peak_bytes)?;
        Some(large as f64 / small as f64)
    }

    /// Bounds that are missed, in sentences.
    pub fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        if let Some(ratio) = self.ratio()
            && ratio > MAX_RATIO
        {
            missed.push(format!(
                "memory of {}: the peak grows {ratio:.2} times; the bound is {MAX_RATIO:.2}.",
                self.entity
            ));
        }
        let Size { records, .. } = self.large;
        for (what, calls, bound) in [
            ("first", self.large.calls, self.bounds.first),
            (
                "unchanged",
                self.large.unchanged_calls,
                self.bounds.unchanged,
            ),
        ] {
            let calls = per_thousand(calls, records);
            if calls > bound {
                missed.push(format!(
                    "calls of {}, {what}: {calls:.1} for 1,000 records; the bound is {bound:.1}.",
                    self.entity
                ));
            }
        }
        missed
    }
}

/// All of them.
pub fn entity_table(f: &mut fmt::Formatter<'_>, entities: &[EntityRow]) -> fmt::Result {
    let head = [
        "ENTITY",
        "RECORDS",
        "MADE",
        "PROCESS",
        "PEAK",
        "RATIO",
        "CALLS PER 1,000",
        "COMMITS PER 1,000",
        "UNCHANGED CALLS",
        "COMMITS",
    ];
    writeln!(
        f,
        "\nFirst import of other entities, and one when nothing has changed"
    )?;
    let mut rows = Vec::new();
    for entity in entities {
        rows.push(cells(entity.entity, &entity.small, None));
        rows.push(cells("", &entity.large, entity.ratio()));
        rows.push(bounds(entity));
    }
    table(f, &head, &rows)
}

fn cells(entity: &str, size: &Size, ratio: Option<f64>) -> Vec<String> {
    let peak = size.peak_bytes.map(megabytes);
    vec![
        entity.to_owned(),
        size.records.to_string(),
        size.made.to_string(),
        format!("{:.1} s", size.process_s),
        peak.unwrap_or_else(|| "not measured".to_owned()),
        ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
        format!("{:.1}", per_thousand(size.calls, size.records)),
        format!("{:.1}", per_thousand(size.commits, size.records)),
        size.unchanged_calls.to_string(),
        size.unchanged_commits.to_string(),
    ]
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)] // counts of calls are far below 2^52 and not negative
fn bounds(entity: &EntityRow) -> Vec<String> {
    let unchanged = entity.bounds.unchanged * entity.large.records as f64 / 1_000.0;
    let mut cells = vec![String::new(); 10];
    cells[1] = "bound".to_owned();
    cells[5] = format!("{MAX_RATIO:.2}");
    cells[6] = format!("{:.0}", entity.bounds.first);
    cells[8] = (unchanged as u64).to_string();
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(peaks: [u64; 2], calls: u64, unchanged_calls: u64) -> usize {
        let of = |records, peak| Size {
            records,
            made: records,
            peak_bytes: Some(peak),
            process_s: 1.0,
            calls,
            commits: 1,
            unchanged_calls,
            unchanged_commits: 1,
        };
        let row = EntityRow {
            entity: "quotes",
            small: of(100, peaks[0]),
            large: of(1_000, peaks[1]),
            bounds: Bounds {
                first: 250.0,
                unchanged: 50.0,
            },
        };
        row.missed().len()
    }

    #[test]
    fn growth_and_calls_are_judged_each_by_its_bound() {
        assert_eq!(missed([100, 115], 250, 50), 0);
        assert_eq!(missed([100, 116], 250, 50), 1);
        assert_eq!(missed([100, 100], 251, 50), 1);
        assert_eq!(missed([100, 100], 250, 51), 1);
    }
}
