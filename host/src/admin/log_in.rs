//! Signing in and out.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::Form;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::path_after;
use super::administrators::{self, Administrators, LONGEST_NAME, LONGEST_PASSWORD};
use super::frame::{self, Tone};
use super::gate::Posted;
use super::problem::Problem;
use super::session::{Session, no_cookie};
use super::{Admin, LOG_IN};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    to: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    to: String,
}

/// It does not say which of the two.
const WRONG: &str = "Name or password is wrong.";
/// Bytes of the form with which one signs in, which anybody may send.
pub(super) const FORM: usize = 16 * 1024;
/// How long it may take: who sends it slowly holds a connection.
const WITHIN: Duration = Duration::from_secs(10);

/// Keeps to that time.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(WITHIN, next.run(request)).await;
    answer.unwrap_or_else(|_| Problem::unreadable_form().into_response())
}

/// The page where one signs in.
pub(super) async fn page(State(admin): State<Arc<Admin>>, Query(asked): Query<Asked>) -> Markup {
    form(&admin, &asked.to, "", None)
}

fn form(admin: &Admin, to: &str, name: &str, wrong: Option<&str>) -> Markup {
    let is_plain = !admin.is_secure() && !admin.host.config.server.listen.ip().is_loopback();
    frame::bare(
        "Sign in",
        &html! {
            @if let Some(wrong) = wrong {
                (frame::notice(Tone::Bad, &html! { (wrong) }))
            }
            @if is_plain {
                (frame::notice(Tone::Warning, &html! {
                    "This connection is not encrypted: who is on the way can read the password. Put a proxy with TLS in front of this host and name its https:// address in server.public-url."
                }))
            }
            form.sign-in method="post" action=(LOG_IN) {
                input type="hidden" name="to" value=(path_after(to));
                label for="name" { "Name" }
                input id="name" name="name" value=(name) required autocomplete="username" autofocus[name.is_empty()];
                label for="password" { "Password" }
                input id="password" name="password" type="password" required autocomplete="current-password" autofocus[!name.is_empty()];
                button.primary { "Sign in" }
            }
        },
    )
}

/// Signs in, where name and password are right and were not wrong too often.
pub(super) async fn log_in(
    State(admin): State<Arc<Admin>>,
    given: Result<Form<Given>, axum::extract::rejection::FormRejection>,
) -> Result<Response, Problem> {
    let Form(given) = given.map_err(|rejection| Problem::of_form(&rejection))?;
    let now = admin.begun.elapsed();
    let again = |status, wrong: &str| {
        let page = form(&admin, &given.to, &given.name, Some(wrong));
        (status, page).into_response()
    };
    // Nobody has such a name, and it is not worth being remembered.
    if given.name.len() > 4 * LONGEST_NAME {
        return Ok(again(StatusCode::UNAUTHORIZED, WRONG));
    }
    if let Err(wait) = attempts(&admin).may(&given.name, now) {
        let seconds = wait.as_secs().max(1);
        let wrong = format!("Too many attempts. Try again in {seconds} s.");
        let mut answer = again(StatusCode::TOO_MANY_REQUESTS, &wrong);
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(answer);
    }
    // Counted before it is looked at, so that many at once are no way around.
    attempts(&admin).failed(&given.name, now);
    let all = Administrators::of(&admin.host).await?;
    let is_right = given.password.len() <= 4 * LONGEST_PASSWORD
        && all.verify(&given.name, given.password.clone()).await;
    let Some(mark) = all.mark(&given.name).filter(|_| is_right) else {
        // What is no name may be a password that was typed into the wrong field.
        let name = all.names().find(|name| *name == given.name);
        tracing::warn!(name, "a sign-in to the admin page failed");
        return Ok(again(StatusCode::UNAUTHORIZED, WRONG));
    };
    attempts(&admin).succeeded(&given.name);
    tracing::info!(name = given.name, "signed in to the admin page");
    let session = Session::begin(&given.name, Some(mark), admin.host.clock.now());
    let cookie = session.cookie(admin.host.sealer(), admin.is_secure());
    Ok(with_cookie(Redirect::to(path_after(&given.to)), cookie))
}

fn attempts(admin: &Admin) -> std::sync::MutexGuard<'_, super::Attempts> {
    admin
        .attempts
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn with_cookie(to: Redirect, cookie: Option<HeaderValue>) -> Response {
    let mut answer = to.into_response();
    if let Some(cookie) = cookie {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// Ends the session, also for who has a copy of it.
pub(super) async fn log_out(
    State(admin): State<Arc<Admin>>,
    posted: Posted,
) -> Result<Response, Problem> {
    let session = &posted.viewer.0;
    administrators::end(&admin.host, &session.name, &session.id, session.expires).await?;
    Ok(with_cookie(
        Redirect::to(LOG_IN),
        no_cookie(admin.is_secure()),
    ))
}
