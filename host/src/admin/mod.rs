//! The admin page: what a connector says about itself (its tabs, the schema of its
//! settings, its entities), drawn for people. So every connector has one, and this host
//! still knows none by name.
//!
//! Pages are made here and work without a script; the script in `assets/` only makes them
//! handier. Nothing is loaded from elsewhere. `gate` is what all requests pass, `frame`
//! what is around all pages; each other file is one page or one idea.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderMap;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::connection::Connection;
use crate::host::Host;

mod access;
mod actions;
mod activity;
pub(crate) mod administrators;
mod assets;
mod attempts;
mod connecting;
mod frame;
mod gate;
mod jobs;
mod log_in;
mod overview;
mod problem;
mod runs;
mod session;
mod settings;

use attempts::Attempts;
use gate::form_urlencoded;
pub(crate) use jobs::Jobs;
use problem::Problem;
pub(crate) use settings::likely::{forget as forget_likely, forget_old as forget_old_likely};

/// Bytes of one form: a mapping table of 20,000 pairs as text is half of it.
const FORM: usize = 4 * 1024 * 1024;
/// Where one signs in.
const LOG_IN: &str = "/admin/log-in";

/// What every page gets.
pub(crate) struct Admin {
    host: Arc<Host>,
    attempts: Mutex<Attempts>,
    begun: Instant,
    known: settings::offers::Known,
    searches: Arc<settings::likely::Searches>,
}

impl Admin {
    /// Whether browsers reach this host by TLS, of a proxy in front of it.
    fn is_secure(&self) -> bool {
        let public = self.host.config.server.public_url.as_deref();
        public.is_some_and(|url| url.starts_with("https://"))
    }

    /// A connector by its name in an address.
    async fn connection(&self, name: &str) -> Result<Arc<Connection>, Problem> {
        if !self.host.config.connector.contains_key(name) {
            return Err(Problem::not_found(
                "The configuration has no connector of that name.",
            ));
        }
        Ok(self.host.recent(name).await?)
    }
}

/// Whether a browser has the admin page open, or had of late.
pub(crate) fn is_open_in(headers: &HeaderMap) -> bool {
    session::cookie_of(headers).is_some()
}

/// All pages.
pub(crate) fn router(host: &Arc<Host>) -> Router {
    let admin = Arc::new(Admin {
        host: host.clone(),
        attempts: Mutex::default(),
        begun: Instant::now(),
        known: settings::offers::Known::default(),
        searches: Arc::default(),
    });
    let pages = Router::new()
        .route("/admin", get(overview::integrations))
        .route("/admin/assets/{name}", get(assets::asset))
        .route(
            LOG_IN,
            get(log_in::page)
                .post(log_in::log_in)
                .layer(DefaultBodyLimit::max(log_in::FORM))
                .layer(from_fn(log_in::in_time)),
        )
        .route("/admin/log-out", post(log_in::log_out))
        .route("/admin/{name}", get(overview::connector))
        .route(
            "/admin/{name}/settings/{tab}",
            get(settings::show).post(settings::save),
        )
        .route(
            "/admin/{name}/table",
            get(settings::table::show).post(settings::table::act),
        )
        .route(
            "/admin/{name}/likely",
            get(settings::likely::show).post(settings::likely::act),
        )
        .route("/admin/{name}/table.csv", get(settings::table::download))
        .route(
            "/admin/{name}/suggest/records/{kind}",
            get(settings::suggest::records),
        )
        .route(
            "/admin/{name}/suggest/choices/{what}",
            get(settings::suggest::choices),
        )
        .route(
            "/admin/{name}/history",
            get(settings::history::show).post(settings::history::take_back),
        )
        .route("/admin/{name}/activity", get(activity::show))
        .route(
            "/admin/{name}/activity/waiting",
            get(activity::waiting::show),
        )
        .route(
            "/admin/{name}/activity/outbox",
            get(activity::outbox::show).post(activity::outbox::act),
        )
        .route(
            "/admin/{name}/activity/inbox",
            get(activity::inbox::show).post(activity::inbox::act),
        )
        .route(
            "/admin/{name}/activity/messages",
            get(activity::messages::show),
        )
        .route(
            "/admin/{name}/activity/journal",
            get(activity::journal::show),
        )
        .route("/admin/{name}/actions/{what}", get(actions::show))
        .route("/admin/{name}/runs", post(runs::start))
        .route("/admin/{name}/runs/{run}", get(runs::show))
        .route("/admin/{name}/runs/{run}/stop", post(runs::stop))
        .route("/admin/{name}/runs/{run}/rows.csv", get(runs::download))
        .route("/admin/{name}/connect", post(connecting::connect))
        .route("/admin/{name}/disconnect", post(connecting::disconnect))
        .fallback(async || Problem::not_found("There is no such page."))
        .layer(DefaultBodyLimit::max(FORM))
        .layer(from_fn_with_state(admin.clone(), gate::gate))
        .with_state(admin);
    Router::new()
        .route("/", get(async || Redirect::to("/admin")))
        .merge(pages)
}
