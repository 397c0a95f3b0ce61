//! What the program prints: results on standard output (tables, or JSON), all
//! else on standard error. Progress is a bar on a terminal and plain lines
//! otherwise.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use serde::Serialize;

use super::Ended;
use crate::capability::{Observer, Progress};
use crate::config::LogForm;

/// Where results go, and how.
pub(crate) struct Out {
    json: bool,
}

impl Out {
    pub(crate) fn new(json: bool) -> Out {
        Out { json }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// A result: the document for programs, the text for people.
    pub(crate) fn result(&self, document: &impl Serialize, text: impl FnOnce() -> String) {
        let line = if self.json {
            serde_json::to_string(document)
                .unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
        } else {
            text()
        };
        print_line(&line);
    }

    /// A sentence for people, left out in JSON.
    pub(crate) fn say(&self, line: &str) {
        if !self.json {
            print_line(line);
        }
    }

    /// How the program ends.
    pub(crate) fn ended(&self, ended: &Ended) {
        let kind = match ended {
            Ended::Failed(_) | Ended::Act(_) => "error",
            Ended::Stopped(_) => "stopped",
            Ended::Wait(_) => "wait",
        };
        if self.json {
            let document = serde_json::json!({ kind: ended.message() });
            print_line(&document.to_string());
        }
        eprintln!("{kind}: {}", ended.message());
    }
}

/// Printing into a closed pipe (`| head`) is no error.
pub(crate) fn print_line(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(line.as_bytes());
    if !line.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
    let _ = out.flush();
}

/// The log goes to standard error; warnings by default, more with `HALO_LOG`.
pub(crate) fn start_log(form: LogForm) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("HALO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let _ = match form {
        LogForm::Text => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogForm::Json => log.json().flatten_event(true).try_init(),
    };
}

/// Rows with aligned columns under a head. Long cells are cut to keep a row on a
/// line, the last one of a row much later than the others; on a terminal, the
/// widest columns give way until it fits.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = console::Term::stdout()
        .size_checked()
        .map(|(_, columns)| usize::from(columns));
    table_within(head, rows, line)
}

fn table_within(head: &[&str], rows: &[Vec<String>], line: Option<usize>) -> String {
    /// Between two columns.
    const GAP: usize = 2;
    /// A column that gave way still says something.
    const NARROWEST: usize = 12;
    const WIDEST: usize = 60;
    /// Nothing stands behind it, and it says why a row was not imported.
    const WIDEST_LAST: usize = 400;
    let flat = |cell: &str, widest: usize| {
        let one_line: String = cell
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        console::truncate_str(&one_line, widest, "…").into_owned()
    };
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let last = row.len().saturating_sub(1);
            let widest = |column| if column == last { WIDEST_LAST } else { WIDEST };
            let cells = row.iter().enumerate();
            cells
                .map(|(column, cell)| flat(cell, widest(column)))
                .collect()
        })
        .collect();
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.len()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(console::measure_text_width(cell));
        }
    }
    if let Some(line) = line {
        while widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1) > line {
            match widths.iter_mut().max() {
                Some(widest) if *widest > NARROWEST => *widest -= 1,
                _ => break,
            }
        }
    }
    let mut text = String::new();
    let mut line = |cells: &[&str]| {
        let mut row = String::new();
        for (cell, width) in cells.iter().zip(&widths) {
            row.push_str(&console::pad_str(
                cell,
                *width,
                console::Alignment::Left,
                Some("…"),
            ));
            row.push_str(&" ".repeat(GAP));
        }
        text.push_str(row.trim_end());
        text.push('\n');
    };
    line(head);
    let rules: Vec<String> = widths
        .iter()
        .map(|width| "─".repeat((*width).min(WIDEST)))
        .collect();
    line(&rules.iter().map(String::as_str).collect::<Vec<_>>());
    for row in &rows {
        line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text
}

/// Shows a run's progress.
pub(crate) struct Watcher {
    bar: Option<ProgressBar>,
    plain: Mutex<Plain>,
}

struct Plain {
    /// Which part of the whole this is, before its label.
    part: String,
    started: Instant,
    shown: Option<Instant>,
    first: Option<u64>,
}

impl Plain {
    fn begun(part: String) -> Plain {
        Plain {
            part,
            started: Instant::now(),
            shown: None,
            first: None,
        }
    }
}

/// Between two plain lines: often enough to see life, seldom enough for a log.
const PLAIN_INTERVAL: Duration = Duration::from_secs(2);

impl Watcher {
    pub(crate) fn new() -> Watcher {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Watcher {
            bar,
            plain: Mutex::new(Plain::begun(String::new())),
        }
    }

    /// What follows is this part of so many, from its beginning.
    pub(crate) fn part(&self, number: usize, of: usize) {
        let part = format!("{number}/{of} ");
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_prefix(part.clone());
        }
        if let Ok(mut plain) = self.plain.lock() {
            *plain = Plain::begun(part);
        }
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Watcher {
    fn progress(&self, progress: Progress) {
        if let Some(bar) = &self.bar {
            let template = if progress.total.is_some() {
                "{prefix}{msg} [{wide_bar}] {human_pos}/{human_len} {rate} {eta} left"
            } else {
                "{spinner} {prefix}{msg} {human_pos} {rate}"
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                let style = style.with_key(
                    "rate",
                    |state: &ProgressState, text: &mut dyn std::fmt::Write| {
                        let _ = write!(text, "{:.0}/s", state.per_sec());
                    },
                );
                bar.set_style(style);
            }
            if let Some(total) = progress.total {
                bar.set_length(total.max(progress.done));
            }
            bar.set_message(progress.label);
            bar.set_position(progress.done);
            return;
        }
        let Ok(mut plain) = self.plain.lock() else {
            return;
        };
        let first = *plain.first.get_or_insert(progress.done);
        if plain
            .shown
            .is_some_and(|shown| shown.elapsed() < PLAIN_INTERVAL)
        {
            return;
        }
        plain.shown = Some(Instant::now());
        let seconds = plain.started.elapsed().as_secs_f64().max(0.001);
        let rate = (progress.done - first.min(progress.done)) as f64 / seconds;
        let mut line = format!("{}{}: {}", plain.part, progress.label, progress.done);
        if let Some(total) = progress.total {
            line.push_str(&format!(" of {total}"));
        }
        if rate > 0.0 {
            line.push_str(&format!(", {rate:.0} a second"));
            if let Some(total) = progress.total {
                let left = total.saturating_sub(progress.done) as f64 / rate;
                line.push_str(&format!(", {left:.0} s left"));
            }
        }
        eprintln!("{line}");
    }

    fn note(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::table_within;

    #[test]
    fn on_a_terminal_the_widest_column_gives_way() {
        let rows = [vec!["1".to_owned(), "x".repeat(50), "short".to_owned()]];
        let text = table_within(&["ID", "NAME", "CITY"], &rows, Some(40));
        let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width <= 40), "{text}");
        assert!(text.contains("short") && text.contains('…'), "{text}");
        let whole = table_within(&["ID", "NAME", "CITY"], &rows, None);
        assert!(whole.contains(&"x".repeat(50)), "{whole}");
    }

    #[test]
    fn without_a_terminal_a_reason_in_the_last_column_is_not_cut() {
        let long = "x".repeat(300);
        let rows = [vec![long.clone(), long.clone()]];
        let text = table_within(&["NAME", "REASON"], &rows, None);
        assert!(text.contains(&format!("…  {long}")), "{text}");
        assert_eq!(text.matches('…').count(), 1, "{text}");
    }
}
