//! What this process has done for each connection since its start; imports from the command
//! line are processes of their own.

use super::family::Family;
use crate::host::Host;
use crate::measured::{CLASSES_MS, Calls, Counts, resident};

/// For all connections of a host.
pub(super) fn families(host: &Host) -> Vec<Family> {
    let names = host.config.connector.keys();
    let counts = names.map(|name| (name.clone(), host.measured(name).counts()));
    of(&counts.collect::<Vec<_>>(), resident())
}

fn of(connections: &[(String, Counts)], resident: Option<u64>) -> Vec<Family> {
    let mut requests = Family::new(
        "halo_http_requests_total",
        "counter",
        "Requests that were sent to the remote, each attempt for itself.",
    );
    let mut answers = Family::new(
        "halo_http_responses_total",
        "counter",
        "Answers of the remote, by the class of their status; 429 is not in 4xx.",
    );
    let mut calls = Family::new(
        "halo_call_duration_seconds",
        "histogram",
        "Calls of the component, waiting included, by what was called; an import is called slice by slice.",
    );
    let mut memory = Family::new(
        "halo_instance_memory_max_bytes",
        "gauge",
        "The most memory that one instance of the component had.",
    );
    for (name, counts) in connections {
        let connection = || ("connection", name.clone());
        requests.add(vec![connection()], counts.requests);
        // Both are there from the start, so that a rate of them can be asked for.
        let known = ["2xx", "429"].map(|class| (class, 0));
        let mut classes: std::collections::BTreeMap<_, _> = known.into_iter().collect();
        classes.extend(&counts.answers);
        for (class, count) in classes {
            answers.add(vec![connection(), ("status", class.to_owned())], count);
        }
        for (what, of) in &counts.calls {
            histogram(&mut calls, name, what, of);
        }
        memory.add(vec![connection()], counts.memory);
    }
    let mut families = vec![requests, answers, calls, memory];
    if let Some(bytes) = resident {
        // The name that Prometheus' own libraries give it.
        let mut own = Family::new(
            "process_resident_memory_bytes",
            "gauge",
            "Resident memory of this process.",
        );
        own.add(Vec::new(), bytes);
        families.push(own);
    }
    families
}

fn histogram(family: &mut Family, connection: &str, what: &str, calls: &Calls) {
    let labels = || {
        vec![
            ("connection", connection.to_owned()),
            ("call", what.to_owned()),
        ]
    };
    let mut until = 0;
    for (class, count) in CLASSES_MS.iter().zip(calls.classes) {
        until += count;
        let mut labels = labels();
        labels.push(("le", seconds(*class)));
        family.part("_bucket", labels, until);
    }
    let mut all = labels();
    all.push(("le", "+Inf".to_owned()));
    family.part("_bucket", all, calls.count());
    family.part("_sum", labels(), calls.time.as_secs_f64());
    family.part("_count", labels(), calls.count());
}

fn seconds(ms: u64) -> String {
    std::time::Duration::from_millis(ms)
        .as_secs_f64()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::Measured;
    use std::time::Duration;

    #[test]
    fn the_classes_of_a_histogram_add_up_and_what_never_was_is_nought() {
        let measured = Measured::default();
        measured.request();
        measured.answer(503);
        for ms in [5, 50, 70_000] {
            measured.call("import", Duration::from_millis(ms), 7);
        }
        let text: String = of(&[("crm".to_owned(), measured.counts())], Some(9))
            .iter()
            .map(Family::show)
            .collect();
        for line in [
            "halo_http_requests_total{connection=\"crm\"} 1",
            "halo_http_responses_total{connection=\"crm\",status=\"2xx\"} 0",
            "halo_http_responses_total{connection=\"crm\",status=\"429\"} 0",
            "halo_http_responses_total{connection=\"crm\",status=\"5xx\"} 1",
            "halo_call_duration_seconds_bucket{connection=\"crm\",call=\"import\",le=\"0.01\"} 1",
            "halo_call_duration_seconds_bucket{connection=\"crm\",call=\"import\",le=\"60\"} 2",
            "halo_call_duration_seconds_bucket{connection=\"crm\",call=\"import\",le=\"+Inf\"} 3",
            "halo_call_duration_seconds_sum{connection=\"crm\",call=\"import\"} 70.055",
            "halo_call_duration_seconds_count{connection=\"crm\",call=\"import\"} 3",
            "halo_instance_memory_max_bytes{connection=\"crm\"} 7",
            "process_resident_memory_bytes 9",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} in {text}");
        }
    }
}
