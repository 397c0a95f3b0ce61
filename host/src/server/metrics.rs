//! `/metrics`: how the host does, in the text form that Prometheus reads.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::intake::Counted;
use crate::host::Host;
use crate::store::{OutboxState, StoreError};

struct Metrics {
    host: Arc<Host>,
    counted: Arc<Counted>,
}

pub(super) fn router(host: &Arc<Host>, counted: Arc<Counted>) -> Router {
    let metrics = Arc::new(Metrics {
        host: host.clone(),
        counted,
    });
    Router::new()
        .route("/metrics", get(answer))
        .with_state(metrics)
}

async fn answer(State(metrics): State<Arc<Metrics>>) -> Response {
    match text(&metrics).await {
        Ok(text) => {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the metrics could not be read");
            let text = "The store does not answer.\n";
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}

/// A family of values: its name, what it is, and one line for each set of labels.
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    lines: Vec<(Vec<(&'static str, String)>, u64)>,
}

async fn text(metrics: &Metrics) -> Result<String, StoreError> {
    let (host, now) = (&metrics.host, metrics.host.clock.now());
    let mut requests = Family {
        name: "halo_webhooks_total",
        kind: "counter",
        help: "Requests at the webhook address and events in them, since the start.",
        lines: Vec::new(),
    };
    for (connector, what, count) in metrics.counted.all() {
        let labels = vec![("connection", connector), ("what", what.to_owned())];
        requests.lines.push((labels, count));
    }
    while host.store.inbox_sort().await? {}
    for (connection, sorted) in host.store.inbox_sorted().await? {
        for (what, count) in [
            ("events-kept", sorted.new),
            ("events-known-already", sorted.known),
        ] {
            let labels = vec![
                ("connection", connection.clone()),
                ("what", what.to_owned()),
            ];
            requests.lines.push((labels, count));
        }
    }
    let mut inbox = Family {
        name: "halo_inbox_events",
        kind: "gauge",
        help: "Events that are kept, by how they stand.",
        lines: Vec::new(),
    };
    let mut inbox_lag = Family {
        name: "halo_inbox_lag_seconds",
        kind: "gauge",
        help: "Age of the oldest event that is not done.",
        lines: Vec::new(),
    };
    let mut outbox = Family {
        name: "halo_outbox_changes",
        kind: "gauge",
        help: "Changes in Halo that were not sent, by how they stand.",
        lines: Vec::new(),
    };
    let mut outbox_lag = Family {
        name: "halo_outbox_lag_seconds",
        kind: "gauge",
        help: "Age of the oldest change that was not sent and is not rejected.",
        lines: Vec::new(),
    };
    for name in host.config.connector.keys() {
        let of = |state: &str| vec![("connection", name.clone()), ("state", state.to_owned())];
        let counts = host.store.inbox_counts(name).await?;
        for (state, count) in [
            ("waiting", counts.waiting),
            ("retry", counts.retry),
            ("rejected", counts.rejected),
            ("applied", counts.applied),
            ("ignored", counts.ignored),
        ] {
            inbox.lines.push((of(state), count));
        }
        let age = |at: u64| now.saturating_sub(at) / 1_000;
        let connection = vec![("connection", name.clone())];
        inbox_lag
            .lines
            .push((connection.clone(), counts.oldest.map_or(0, age)));
        let rows = host.store.outbox(name, u32::MAX).await?;
        for (word, state) in [
            ("waiting", OutboxState::Waiting),
            ("retry", OutboxState::Retry),
            ("rejected", OutboxState::Rejected),
        ] {
            let count = rows.iter().filter(|row| row.state == state).count() as u64;
            outbox.lines.push((of(word), count));
        }
        let mut open = rows.iter().filter(|row| row.state != OutboxState::Rejected);
        let lag = open.next().map_or(0, |row| age(row.at));
        outbox_lag.lines.push((connection, lag));
    }
    Ok([requests, inbox, inbox_lag, outbox, outbox_lag]
        .iter()
        .map(show)
        .collect())
}

fn show(family: &Family) -> String {
    let Family {
        name, kind, help, ..
    } = family;
    let mut text = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
    for (labels, value) in &family.lines {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        // Writing into a text does not fail.
        let _ = writeln!(text, "{name}{{{}}} {value}", labels.join(","));
    }
    text
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
        let family = Family {
            name: "halo_x_total",
            kind: "counter",
            help: "What.",
            lines: vec![(vec![("connection", "a\"b".to_owned())], 3)],
        };
        assert_eq!(
            show(&family),
            "# HELP halo_x_total What.\n# TYPE halo_x_total counter\nhalo_x_total{connection=\"a\\\"b\"} 3\n"
        );
    }
}
