//! The figures of webhooks beside their bounds.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::percentile;
use crate::report::table;

/// Of what the bare handler keeps, the host keeps so much at least.
const MIN_RATIO: f64 = 0.5;
/// HubSpot gives up after five seconds; while an import writes, nearly all answers come
/// well before.
const MAX_ANSWER: Duration = Duration::from_secs(1);

/// All of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct WebhookRow {
    /// Events in a second, before and after the host.
    bare_per_s: [f64; 2],
    /// Events in a second.
    host_per_s: f64,
    /// Host to the faster bare one.
    ratio: f64,
    bound: f64,
    /// The longest answer but for one of a hundred, at full load.
    answer_ms: u128,
    /// The same while an import runs.
    import_answer_ms: u128,
    import_bound_ms: u128,
    /// How many answers that are.
    import_answers: usize,
    import_s: f64,
}

impl WebhookRow {
    /// `ours` is rate and longest answer, `import` the answers during it and its time.
    pub fn new(
        bare: [f64; 2],
        ours: (f64, Duration),
        import: (&[Duration], Duration),
    ) -> WebhookRow {
        WebhookRow {
            bare_per_s: bare,
            host_per_s: ours.0,
            ratio: ours.0 / bare[0].max(bare[1]),
            bound: MIN_RATIO,
            answer_ms: ours.1.as_millis(),
            import_answer_ms: percentile(import.0, 99).as_millis(),
            import_bound_ms: MAX_ANSWER.as_millis(),
            import_answers: import.0.len(),
            import_s: import.1.as_secs_f64(),
        }
    }

    /// Bounds that are missed, in sentences.
    pub fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        if self.ratio < self.bound {
            missed.push(format!(
                "webhooks: the host keeps {:.2} of what the bare handler keeps; the bound is {:.2}.",
                self.ratio, self.bound
            ));
        }
        if self.import_answer_ms >= self.import_bound_ms {
            missed.push(format!(
                "webhooks: one of a hundred answers takes {} ms while an import runs; the bound is {} ms.",
                self.import_answer_ms, self.import_bound_ms
            ));
        }
        missed
    }
}

impl fmt::Display for WebhookRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nWebhooks: requests of 100 events over 16 connections, each answered when it is on the disk"
        )?;
        let row = |what: &str, is: String, bound: String| vec![what.to_owned(), is, bound];
        let [before, after] = self.bare_per_s;
        let rows = [
            row(
                "bare handler",
                format!("{before:.0}/s, {after:.0}/s"),
                String::new(),
            ),
            row("host", format!("{:.0}/s", self.host_per_s), String::new()),
            row(
                "ratio",
                format!("{:.2}", self.ratio),
                format!("{:.2}", self.bound),
            ),
            row(
                "99 of 100 answers",
                format!("{} ms", self.answer_ms),
                String::new(),
            ),
            row(
                "the same during an import",
                format!(
                    "{} ms of {} in {:.0} s",
                    self.import_answer_ms, self.import_answers, self.import_s
                ),
                format!("below {} ms", self.import_bound_ms),
            ),
        ];
        table(f, &["", "EVENTS OR TIME", "BOUND"], &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_are_judged() {
        let missed = |rate: f64, import_ms: u64| {
            let import = [Duration::from_millis(import_ms)];
            let ours = (rate, Duration::ZERO);
            WebhookRow::new([90.0, 100.0], ours, (&import, Duration::ZERO))
                .missed()
                .len()
        };
        assert_eq!(missed(50.0, 999), 0);
        assert_eq!(missed(49.0, 999), 1);
        assert_eq!(missed(50.0, 1_000), 1);
    }
}
