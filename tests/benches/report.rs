//! What was measured: as a document, as tables, and beside its bounds.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::entity_table::{EntityRow, entity_table};
use crate::pages::{PageRow, page_table};
use crate::webhooks::WebhookRow;

/// An import takes at most this many times as long as the fastest schedule. What
/// is above 1 is the start of the program and the work on the last page; the work
/// on all others belongs into the time in which the next one is on its way.
const MAX_RATIO: f64 = 1.15;
/// From how many companies on that bound counts, and so do those of other entities.
const RATIO_FROM: usize = 20_000;
/// How much more memory the large import may take than the small one: below what
/// its rows would take if they were kept (20,000 companies are 20 MB of JSON).
const MAX_GROWTH: u64 = 20_000_000;

/// All figures.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Of the large imports.
    pub companies: usize,
    /// By latency; empty when it was not asked for, like the others.
    pub time: Vec<TimeRow>,
    /// Small and large.
    pub memory: Option<MemoryRows>,
    /// By sort of import.
    pub calls: Vec<CallRow>,
    /// The other entities.
    pub entities: Vec<EntityRow>,
    /// Events that come in.
    pub webhooks: Option<WebhookRow>,
    /// The admin page.
    pub pages: Vec<PageRow>,
    /// Bounds that are missed, in sentences.
    pub missed: Vec<String>,
}

/// One latency.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TimeRow {
    latency_ms: u128,
    /// By calculation, when nothing but round trips and the limit cost time.
    schedule_s: f64,
    /// The bare client, before and after the import.
    bare_client_s: [f64; 2],
    /// The whole process.
    process_s: f64,
    /// The run as it is recorded.
    run_s: f64,
    /// Process to the faster walk of the bare client.
    ratio: f64,
    bound: f64,
    calls: u64,
    /// How many of them HubSpot refused.
    rate_limited: u64,
}

impl TimeRow {
    /// `import` is process and run; `calls` is all and refused ones.
    pub fn new(
        latency: Duration,
        schedule: Duration,
        bare_client: [Duration; 2],
        import: (Duration, Duration),
        calls: (u64, u64),
    ) -> TimeRow {
        let fastest = bare_client[0].min(bare_client[1]);
        TimeRow {
            latency_ms: latency.as_millis(),
            schedule_s: schedule.as_secs_f64(),
            bare_client_s: bare_client.map(|walk| walk.as_secs_f64()),
            process_s: import.0.as_secs_f64(),
            run_s: import.1.as_secs_f64(),
            ratio: import.0.as_secs_f64() / fastest.as_secs_f64(),
            bound: MAX_RATIO,
            calls: calls.0,
            rate_limited: calls.1,
        }
    }
}

/// One import of the memory part.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MemoryRow {
    /// How many were imported.
    pub companies: usize,
    /// The most that the process ever held; `None` where the system does not say.
    pub peak_bytes: Option<u64>,
    /// The whole process.
    pub process_s: f64,
}

/// Both.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MemoryRows {
    small: MemoryRow,
    large: MemoryRow,
    growth_bytes: Option<u64>,
    bound_bytes: u64,
}

impl MemoryRows {
    /// Puts the two together.
    pub fn new(small: MemoryRow, large: MemoryRow) -> MemoryRows {
        let peaks = large.peak_bytes.zip(small.peak_bytes);
        MemoryRows {
            small,
            large,
            growth_bytes: peaks.map(|(large, small)| large.saturating_sub(small)),
            bound_bytes: MAX_GROWTH,
        }
    }
}

/// One sort of import.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CallRow {
    /// Which.
    pub what: String,
    /// In the account.
    pub companies: usize,
    /// Rows that it read.
    pub read: u64,
    /// SQLite transactions that wrote.
    pub commits: u64,
    /// The whole process.
    pub process_s: f64,
    /// Calls by route.
    pub routes: Vec<RouteRow>,
}

/// Calls of one route.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RouteRow {
    /// Method and path; ids are `{id}`.
    pub route: String,
    /// How many.
    pub calls: u64,
}

impl Report {
    /// An empty one.
    pub fn of(companies: usize) -> Report {
        Report {
            companies,
            time: Vec::new(),
            memory: None,
            calls: Vec::new(),
            entities: Vec::new(),
            webhooks: None,
            pages: Vec::new(),
            missed: Vec::new(),
        }
    }

    /// Names the bounds that are missed.
    pub fn judge(&mut self) {
        let judged = self.companies >= RATIO_FROM;
        for row in self
            .time
            .iter()
            .filter(|row| judged && row.ratio > row.bound)
        {
            self.missed.push(format!(
                "time at {} ms: the import takes {:.2} times as long as the bare client; the bound is {:.2}.",
                row.latency_ms, row.ratio, row.bound
            ));
        }
        if let Some(growth) = self.memory.as_ref().and_then(|memory| memory.growth_bytes)
            && growth >= MAX_GROWTH
        {
            self.missed.push(format!(
                "memory: the peak grows by {}; the bound is {}.",
                megabytes(growth),
                megabytes(MAX_GROWTH)
            ));
        }
        // With fewer, what is asked or kept once weighs more than what grows.
        let entities = self.entities.iter().filter(|_| judged);
        let entities = entities.flat_map(EntityRow::missed);
        self.missed.extend(entities);
        if let Some(webhooks) = self.webhooks.as_ref().filter(|_| judged) {
            self.missed.extend(webhooks.missed());
        }
        self.missed
            .extend(self.pages.iter().filter_map(PageRow::missed));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.time.is_empty() {
            self.time_table(f)?;
        }
        if let Some(memory) = &self.memory {
            memory_table(f, memory)?;
        }
        if !self.calls.is_empty() {
            call_table(f, &self.calls)?;
        }
        if !self.entities.is_empty() {
            entity_table(f, &self.entities)?;
        }
        if let Some(webhooks) = &self.webhooks {
            write!(f, "{webhooks}")?;
        }
        if !self.pages.is_empty() {
            page_table(f, &self.pages)?;
        }
        Ok(())
    }
}

impl Report {
    fn time_table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nFirst import of {} companies, {} calls in {} s (the component is compiled already)",
            self.companies,
            crate::schedule::LIMIT,
            crate::schedule::WINDOW.as_secs()
        )?;
        let head = [
            "LATENCY",
            "SCHEDULE",
            "BARE CLIENT",
            "PROCESS",
            "RUN",
            "RATIO",
            "BOUND",
            "CALLS",
            "429",
        ];
        let rows = self.time.iter().map(|row| {
            let bound = if self.companies < RATIO_FROM {
                "not judged".to_owned()
            } else {
                format!("{:.2}", row.bound)
            };
            vec![
                format!("{} ms", row.latency_ms),
                format!("{:.1} s", row.schedule_s),
                format!(
                    "{:.1} s, {:.1} s",
                    row.bare_client_s[0], row.bare_client_s[1]
                ),
                format!("{:.1} s", row.process_s),
                format!("{:.1} s", row.run_s),
                format!("{:.2}", row.ratio),
                bound,
                row.calls.to_string(),
                row.rate_limited.to_string(),
            ]
        });
        table(f, &head, &rows.collect::<Vec<_>>())
    }
}

fn memory_table(f: &mut fmt::Formatter<'_>, memory: &MemoryRows) -> fmt::Result {
    let shown = |bytes: Option<u64>| bytes.map_or("not measured".to_owned(), megabytes);
    writeln!(f, "\nPeak memory of the importing process")?;
    let mut rows: Vec<Vec<String>> = [&memory.small, &memory.large]
        .map(|row| {
            vec![
                row.companies.to_string(),
                shown(row.peak_bytes),
                String::new(),
                format!("{:.1} s", row.process_s),
            ]
        })
        .into();
    rows.push(vec![
        "growth".to_owned(),
        shown(memory.growth_bytes),
        format!("below {}", megabytes(memory.bound_bytes)),
        String::new(),
    ]);
    table(f, &["COMPANIES", "PEAK", "BOUND", "PROCESS"], &rows)
}

fn call_table(f: &mut fmt::Formatter<'_>, calls: &[CallRow]) -> fmt::Result {
    writeln!(f, "\nCalls to HubSpot and SQLite commits")?;
    let mut rows = Vec::new();
    for row in calls {
        rows.push(vec![
            row.what.clone(),
            format!("{} rows read in {:.1} s", row.read, row.process_s),
            String::new(),
            String::new(),
        ]);
        let counts = row.routes.iter().map(|route| (&*route.route, route.calls));
        for (name, count) in counts.chain([("commits", row.commits)]) {
            rows.push(vec![
                String::new(),
                name.to_owned(),
                count.to_string(),
                format!("{:.1}", per_thousand(count, row.companies)),
            ]);
        }
    }
    table(f, &["", "", "COUNT", "PER 1,000 COMPANIES"], &rows)
}

/// For 1,000 of them.
#[allow(clippy::cast_precision_loss)] // counts of calls are far below 2^52
pub fn per_thousand(count: u64, companies: usize) -> f64 {
    count as f64 * 1_000.0 / companies as f64
}

/// For people.
#[allow(clippy::cast_precision_loss)] // bytes of a process are far below 2^52
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Rows with aligned columns below a head.
pub fn table(f: &mut fmt::Formatter<'_>, head: &[&str], rows: &[Vec<String>]) -> fmt::Result {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
        widest.max(head[column].len())
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            text.push_str(&format!("{cell:<width$}  "));
        }
        writeln!(f, "{}", text.trim_end())
    };
    line(&mut head.iter().copied())?;
    for row in rows {
        line(&mut row.iter().map(String::as_str))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(process: u64) -> TimeRow {
        let s = Duration::from_secs;
        TimeRow::new(s(0), s(20), [s(22), s(21)], (s(process), s(20)), (200, 0))
    }

    fn missed(companies: usize, process: u64) -> usize {
        let mut report = Report::of(companies);
        report.time.push(row(process));
        report.judge();
        report.missed.len()
    }

    #[test]
    fn the_ratio_is_that_of_the_whole_process_to_the_faster_walk() {
        assert!((row(42).ratio - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_missed_bound_is_named_and_small_accounts_are_not_judged() {
        assert_eq!(missed(20_000, 24), 0);
        assert_eq!(missed(20_000, 25), 1);
        assert_eq!(missed(2_000, 25), 0);
    }

    #[test]
    fn growth_is_judged_where_it_is_measured() {
        let of = |peak_bytes| MemoryRow {
            companies: 1,
            peak_bytes,
            process_s: 1.0,
        };
        let growth = |small, large| {
            let mut report = Report::of(1);
            report.memory = Some(MemoryRows::new(of(small), of(large)));
            report.judge();
            report.missed.len()
        };
        assert_eq!(growth(Some(5), Some(MAX_GROWTH)), 0);
        assert_eq!(growth(Some(5), Some(MAX_GROWTH + 5)), 1);
        assert_eq!(growth(None, None), 0);
    }
}
