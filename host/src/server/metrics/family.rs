//! A family of values in the text form that Prometheus reads.

use std::fmt::{Display, Write as _};

/// Names and values of labels.
pub(super) type Labels = Vec<(&'static str, String)>;

/// A family of values: its name, what it is, and one line for each set of labels.
pub(super) struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    /// What is added to the name, the labels, and the value.
    lines: Vec<(&'static str, Labels, String)>,
}

impl Family {
    /// Without a line.
    pub(super) fn new(name: &'static str, kind: &'static str, help: &'static str) -> Family {
        Family {
            name,
            kind,
            help,
            lines: Vec::new(),
        }
    }

    /// One more line.
    pub(super) fn add(&mut self, labels: Labels, value: impl Display) {
        self.part("", labels, value);
    }

    /// One more line of a part of a histogram, as `_sum`.
    pub(super) fn part(&mut self, suffix: &'static str, labels: Labels, value: impl Display) {
        self.lines.push((suffix, labels, value.to_string()));
    }

    /// As text.
    pub(super) fn show(&self) -> String {
        let Family {
            name, kind, help, ..
        } = self;
        let mut text = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for (suffix, labels, value) in &self.lines {
            let labels: Vec<String> = labels
                .iter()
                .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
                .collect();
            let labels = match labels.as_slice() {
                [] => String::new(),
                labels => format!("{{{}}}", labels.join(",")),
            };
            // Writing into a text does not fail.
            let _ = writeln!(text, "{name}{suffix}{labels} {value}");
        }
        text
    }
}

/// As Prometheus wants the value of a label.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_written_as_prometheus_reads_it() {
        let mut family = Family::new("halo_x_total", "counter", "What.");
        family.add(vec![("connection", "a\"b".to_owned())], 3);
        family.add(Vec::new(), 4);
        family.part("_sum", Vec::new(), 1.5);
        assert_eq!(
            family.show(),
            "# HELP halo_x_total What.\n# TYPE halo_x_total counter\nhalo_x_total{connection=\"a\\\"b\"} 3\nhalo_x_total 4\nhalo_x_total_sum 1.5\n"
        );
    }
}
