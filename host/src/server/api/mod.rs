//! The records API: Halo's records over HTTP in the shape of Halo's own API, so that
//! a program made for Halo can be the person there.
//!
//! `/auth/token` gives tokens to the applications of the configuration; `/api/…`
//! reads and writes. What is written is a person's edit ([`crate::edits`]), under the
//! name of the application.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, FromRequest as _, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value as Json, json};
use tokio::sync::Semaphore;

use crate::config::ConfigError;
use crate::edits::Who;
use crate::host::Host;
use crate::schema;
use error::{ApiError, answer};
use resource::{May, Resource};
use token::Applications;

mod body;
mod error;
mod field_info;
mod list;
mod read;
mod resource;
mod shape;
mod token;
mod write;

/// Bytes of a body: a thousand records with their notes.
const BODY: usize = 4 * 1024 * 1024;
/// Bytes of a form that asks for a token, which everybody may send.
const FORM: usize = 16 * 1024;
/// How long a request may take, its body included: who sends slower holds a place.
const LONGEST: Duration = Duration::from_secs(30);
/// Requests at work at once: each may hold a long list in memory. Others wait.
const AT_ONCE: usize = 16;

type Answered = Result<Response, ApiError>;
type Parameters = Query<Vec<(String, String)>>;

/// What every request gets.
struct Api {
    host: Arc<Host>,
    applications: Applications,
    room: Semaphore,
}

/// The paths of the API; without an application, each says that it is off.
pub(super) fn router(host: &Arc<Host>) -> Result<Router, ConfigError> {
    let applications = Applications::of(&host.config)?;
    if applications.is_empty() {
        return Ok(Router::new()
            .route("/auth/{*rest}", axum::routing::any(off))
            .route("/api/{*rest}", axum::routing::any(off)));
    }
    let api = Arc::new(Api {
        host: host.clone(),
        applications,
        room: Semaphore::new(AT_ONCE),
    });
    Ok(Router::new()
        .route(
            "/auth/token",
            post(answer_token).layer(DefaultBodyLimit::max(FORM)),
        )
        .route("/api/authinfo", get(auth_info))
        .route("/api/{path}", get(answer_list).post(answer_write))
        .route("/api/{path}/{id}", get(answer_one))
        .route("/api/{path}/{id}/{*rest}", axum::routing::any(unknown))
        .method_not_allowed_fallback(not_allowed)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(api.clone(), within_limits))
        .with_state(api))
}

async fn off() -> ApiError {
    ApiError::not_found(
        "The records API is off: give an application a section [api.NAME] in the configuration.",
    )
}

async fn unknown() -> ApiError {
    ApiError::not_found(format!(
        "There is no such path; there are {}.",
        resource::paths()
    ))
}

async fn not_allowed() -> ApiError {
    let message = "This path takes GET, or POST of an array.";
    ApiError::Plain(StatusCode::METHOD_NOT_ALLOWED, message.to_owned())
}

async fn within_limits(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let work = async {
        // Never closed, so never refused.
        let _place = api.room.acquire().await;
        next.run(request).await
    };
    match tokio::time::timeout(LONGEST, work).await {
        Ok(response) => response,
        Err(_) => {
            let message = format!("The request took more than {} s.", LONGEST.as_secs());
            ApiError::Plain(StatusCode::REQUEST_TIMEOUT, message).into_response()
        }
    }
}

async fn answer_token(
    State(api): State<Arc<Api>>,
    asked: Result<Form<token::Asked>, FormRejection>,
) -> Answered {
    let Form(asked) = asked.map_err(|error| {
        let message = format!("Send the request as a form: {}.", error.body_text());
        ApiError::OAuth(StatusCode::BAD_REQUEST, "invalid_request", message)
    })?;
    let (host, applications) = (&api.host, &api.applications);
    let token = token::issue(applications, host.sealer(), &asked, host.clock.now())?;
    Ok(answer(StatusCode::OK, &token))
}

/// Where tokens are got; clients ask it first, without one.
async fn auth_info(State(api): State<Arc<Api>>) -> Response {
    let url = format!("{}/auth", api.host.config.public_url());
    answer(StatusCode::OK, &json!({ "auth_url": url, "tenant_id": "" }))
}

impl Api {
    /// Who calls, where it may do this.
    fn caller(
        &self,
        headers: &HeaderMap,
        area: Option<&str>,
        write: bool,
    ) -> Result<token::Caller, ApiError> {
        let caller = self.who(headers)?;
        caller.check(area, write)?;
        Ok(caller)
    }

    fn who(&self, headers: &HeaderMap) -> Result<token::Caller, ApiError> {
        let (host, applications) = (&self.host, &self.applications);
        token::caller(applications, host.sealer(), headers, host.clock.now())
    }

    /// What a path stands for; a path that is none is told to callers only.
    fn resource(&self, headers: &HeaderMap, path: &str) -> Result<&'static Resource, ApiError> {
        self.who(headers)?;
        resource::resource(path).ok_or_else(|| {
            let known = resource::paths();
            ApiError::not_found(format!("There is no /api/{path}; there are {known}."))
        })
    }
}

async fn answer_list(
    State(api): State<Arc<Api>>,
    Path(path): Path<String>,
    Query(given): Parameters,
    headers: HeaderMap,
) -> Answered {
    if path.eq_ignore_ascii_case(field_info::PATH) {
        api.who(&headers)?;
        return Ok(answer(
            StatusCode::OK,
            &definitions(&api.host, &given).await?,
        ));
    }
    let resource = api.resource(&headers, &path)?;
    api.caller(&headers, resource.area, false)?;
    let list = read::list(&*api.host.store, resource, &given).await?;
    Ok(answer(StatusCode::OK, &list))
}

async fn answer_one(
    State(api): State<Arc<Api>>,
    Path((path, id)): Path<(String, String)>,
    Query(given): Parameters,
    headers: HeaderMap,
) -> Answered {
    if path.eq_ignore_ascii_case(field_info::PATH) {
        api.who(&headers)?;
        let with_values = [("includevalues".to_owned(), "true".to_owned())];
        let all = definitions(&api.host, &with_values).await?;
        let mut all = all.as_array().into_iter().flatten();
        let wanted = id.parse::<u64>().ok();
        let found = all.find(|field| wanted.is_some() && field["id"].as_u64() == wanted);
        let found = found.ok_or_else(|| ApiError::not_found(format!("There is no field {id}.")))?;
        return Ok(answer(StatusCode::OK, found));
    }
    let resource = api.resource(&headers, &path)?;
    api.caller(&headers, resource.area, false)?;
    let store = &*api.host.store;
    let gone = || ApiError::not_found(format!("There is no {} {id}.", resource.kind));
    let number = id.parse().map_err(|_| gone())?;
    let kinds = schema::kinds(&store.custom_fields().await?);
    let details = list::Parameters(&given).flag("includedetails", false)?;
    let found = read::by_id(store, &kinds, resource, &[number], details).await?;
    let record = found.into_iter().next().ok_or_else(gone)?;
    Ok(answer(StatusCode::OK, &record))
}

async fn answer_write(
    State(api): State<Arc<Api>>,
    Path(path): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Answered {
    let resource = api.resource(&headers, &path)?;
    let caller = api.caller(&headers, resource.area, true)?;
    if resource.may == May::Read {
        return Err(not_allowed().await);
    }
    // Only now: nobody else's body is read.
    let body = Bytes::from_request(request, &api).await;
    let body = body.map_err(|error| ApiError::Plain(error.status(), error.body_text()))?;
    let who = Who::over_api(&caller.application);
    let (store, now) = (api.host.store.clone(), api.host.clock.now());
    // In a task of its own: a client that goes away must not leave a write without
    // its end.
    let work = async move { write::write(&*store, resource, &who, &body, now).await };
    let written = tokio::spawn(work).await.map_err(|error| {
        tracing::error!(%error, "a write of the records API broke off");
        let message = "The write broke off; the host's log says why.".to_owned();
        ApiError::Plain(StatusCode::INTERNAL_SERVER_ERROR, message)
    })??;
    // Halo answers so for updates, too.
    Ok(answer(StatusCode::CREATED, &written))
}

/// The definitions of custom fields: of one kind, or of all that have a `typeid`.
async fn definitions(host: &Host, given: &[(String, String)]) -> Result<Json, ApiError> {
    let given = list::Parameters(given);
    let of = given.number("typeid")?;
    let values = given.flag("includevalues", false)? || given.flag("getlookupvalues", false)?;
    let kinds = schema::kinds(&host.store.custom_fields().await?);
    let asked = kinds.values().filter(|kind| {
        field_info::usage(&kind.name)
            .is_some_and(|usage| of.is_none_or(|of| of == u64::from(usage)))
    });
    let all = asked.flat_map(|kind| {
        field_info::custom(kind).map(move |field| field_info::definition(kind, field, values))
    });
    Ok(Json::Array(all.collect()))
}
