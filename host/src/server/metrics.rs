//! `/metrics`: how the host does, in the text form that Prometheus reads.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::intake::Counted;
use crate::host::Host;
use crate::store::{OutboxState, StoreError};
use family::Family;

mod family;
mod work;

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

async fn text(metrics: &Metrics) -> Result<String, StoreError> {
    let (host, now) = (&metrics.host, metrics.host.clock.now());
    let mut requests = Family::new(
        "halo_webhooks_total",
        "counter",
        "Requests at the webhook address and events in them, since the start.",
    );
    for (connector, what, count) in metrics.counted.all() {
        let labels = vec![("connection", connector), ("what", what.to_owned())];
        requests.add(labels, count);
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
            requests.add(labels, count);
        }
    }
    let mut inbox = Family::new(
        "halo_inbox_events",
        "gauge",
        "Events that are kept, by how they stand.",
    );
    let mut inbox_lag = Family::new(
        "halo_inbox_lag_seconds",
        "gauge",
        "Age of the oldest event that is not done.",
    );
    let mut outbox = Family::new(
        "halo_outbox_changes",
        "gauge",
        "Changes in Halo that were not sent, by how they stand.",
    );
    let mut outbox_lag = Family::new(
        "halo_outbox_lag_seconds",
        "gauge",
        "Age of the oldest change that was not sent and is not rejected.",
    );
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
            inbox.add(of(state), count);
        }
        let age = |at: u64| now.saturating_sub(at) / 1_000;
        let connection = vec![("connection", name.clone())];
        inbox_lag.add(connection.clone(), counts.oldest.map_or(0, age));
        let rows = host.store.outbox(name, u32::MAX).await?;
        for (word, state) in [
            ("waiting", OutboxState::Waiting),
            ("retry", OutboxState::Retry),
            ("rejected", OutboxState::Rejected),
        ] {
            let count = rows.iter().filter(|row| row.state == state).count();
            outbox.add(of(word), count);
        }
        let mut open = rows.iter().filter(|row| row.state != OutboxState::Rejected);
        outbox_lag.add(connection, open.next().map_or(0, |row| age(row.at)));
    }
    let mut families = vec![requests, inbox, inbox_lag, outbox, outbox_lag];
    families.extend(work::families(host));
    Ok(families.iter().map(Family::show).collect())
}
