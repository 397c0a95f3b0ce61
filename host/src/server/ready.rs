//! `/readyz`: whether this host can do its work now, with a sentence for each thing that it
//! cannot. `/healthz` says only that it lives, which no restart would mend.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::host::Host;

/// Under which name the store keeps when somebody asked, which shows that it can write.
const ASKED: &str = "ready-asked";

pub(super) async fn answer(State(host): State<Arc<Host>>) -> Response {
    let problems = problems(&host).await;
    match problems.as_slice() {
        [] => "ready\n".into_response(),
        problems => {
            let text = format!("{}\n", problems.join("\n"));
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}

async fn problems(host: &Host) -> Vec<String> {
    let mut problems = Vec::new();
    if host.is_leaving() {
        problems.push("This host is shutting down.".to_owned());
    }
    let now = host.clock.now().to_string();
    if let Err(error) = host.store.meta_set("", ASKED, Some(&now)).await {
        tracing::error!(%error, "the store cannot be written");
        problems.push("The store cannot be written; the log says why.".to_owned());
    }
    for name in host.config.connector.keys() {
        if let Err(error) = host.recent(name).await {
            tracing::error!(connection = name, %error, "a component cannot be used");
            problems.push(format!(
                "The component of {name} cannot be used; the log says why."
            ));
        }
    }
    problems
}
