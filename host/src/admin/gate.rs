//! What every request of the admin page passes: who may come in, and what every answer
//! says to the browser.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

use super::access::{Access, access, is_cross_site, is_embedded_elsewhere, is_local};
use super::administrators::Administrators;
use super::problem::Problem;
use super::session::{NOBODY, Session};
use super::{Admin, FORM, LOG_IN, log_in};

/// Nothing from elsewhere, nothing inline, in no frame, and forms to this host alone. A
/// sign-in at the remote is a redirect of such a form, and browsers look at redirects too:
/// `connect` answers it with a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Who looks, for handlers.
#[derive(Clone, Debug)]
pub(super) struct Viewer(pub(super) Arc<Session>);

impl Viewer {
    /// Who, for histories.
    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    /// What a form carries to be taken.
    pub(super) fn token(&self) -> &str {
        &self.0.token
    }

    /// Whether somebody signed in, and can sign out.
    pub(super) fn is_signed_in(&self) -> bool {
        self.0.is_marked()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let viewer = Extension::<Viewer>::from_request_parts(parts, state).await;
        viewer
            .map(|Extension(viewer)| viewer)
            .map_err(|_| Problem::signed_out())
    }
}

/// Name under which forms carry the session's token.
pub(super) const TOKEN: &str = "token";

/// What a form of this page sent: there is no other way to what was posted, so none is
/// taken that a page of somebody else has made.
#[derive(Debug)]
pub(super) struct Posted {
    /// Who sent it.
    pub(super) viewer: Viewer,
    /// Names and values in their order, without the token.
    pub(super) fields: Vec<(String, String)>,
}

impl Posted {
    /// The value of a field; empty when it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        { self.fields.iter() }
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// All values of a field.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        { self.fields.iter() }
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let viewer = request.extensions().get::<Viewer>().cloned();
        let viewer = viewer.ok_or_else(Problem::signed_out)?;
        let form = Form::<Vec<(String, String)>>::from_request(request, state).await;
        let Form(mut fields) = form.map_err(|rejection| Problem::of_form(&rejection))?;
        let token = fields.iter().position(|(name, _)| name == TOKEN);
        let token = token.map(|at| fields.remove(at).1);
        if !token.is_some_and(|token| viewer.0.has_made(&token)) {
            return Err(Problem::foreign_form());
        }
        Ok(Posted { viewer, fields })
    }
}

/// Lets in who may come in.
pub(super) async fn gate(
    State(admin): State<Arc<Admin>>,
    mut request: Request,
    next: Next,
) -> Response {
    if announced(&request) > most(request.uri().path()) {
        pass_over(request);
        return with_headers(Problem::too_large().into_response(), None);
    }
    let is_secure = admin.is_secure();
    let mut cookie = None;
    let answer = match enter(&admin, Asked::by(&request)).await {
        Err(problem) => problem.into_response(),
        Ok(Entered::Stranger) if is_for_strangers(request.uri().path()) => next.run(request).await,
        Ok(Entered::Stranger) => turn_away(&request),
        Ok(Entered::Known(session)) => {
            request.extensions_mut().insert(Viewer(Arc::new(session)));
            next.run(request).await
        }
        Ok(Entered::New(session)) => {
            cookie = session.cookie(admin.host.sealer(), is_secure);
            request.extensions_mut().insert(Viewer(Arc::new(session)));
            next.run(request).await
        }
    };
    with_headers(Problem::instead_of(answer), cookie)
}

/// Bytes that a request may have.
fn most(path: &str) -> u64 {
    let most = if path == LOG_IN { log_in::FORM } else { FORM };
    most as u64
}

/// Bytes that it says to have, before any has come.
fn announced(request: &Request) -> u64 {
    request.body().size_hint().lower()
}

/// Who still sends reads no answer, and a connection that is closed with bytes unread is
/// reset and takes the answer with it (RFC 9112, 9.6).
fn pass_over(request: Request) {
    const WITHIN: Duration = Duration::from_secs(3);
    tokio::spawn(tokio::time::timeout(WITHIN, async move {
        let mut body = request.into_body();
        while let Some(Ok(_)) = body.frame().await {}
    }));
}

/// Paths that need no session.
fn is_for_strangers(path: &str) -> bool {
    path == LOG_IN || path.starts_with("/admin/assets/")
}

enum Entered {
    Known(Session),
    New(Session),
    Stranger,
}

/// A request but for its body.
struct Asked<'a> {
    method: &'a Method,
    path: &'a str,
    headers: &'a HeaderMap,
    version: Version,
}

impl Asked<'_> {
    fn by(request: &Request) -> Asked<'_> {
        Asked {
            method: request.method(),
            path: request.uri().path(),
            headers: request.headers(),
            version: request.version(),
        }
    }
}

async fn enter(admin: &Admin, asked: Asked<'_>) -> Result<Entered, Problem> {
    let headers = asked.headers;
    let host = &admin.host;
    let administrators = Administrators::of(host).await?;
    let server = &host.config.server;
    let public = server.public_url.as_deref();
    let access = access(server.listen, public, !administrators.is_empty());
    match access {
        Access::Closed => return Err(Problem::closed()),
        Access::Open if !is_local(headers, asked.version) => return Err(Problem::not_local()),
        Access::Open | Access::Password => {}
    }
    if !asked.method.is_safe() && is_cross_site(headers) {
        return Err(Problem::foreign_form());
    }
    if is_embedded_elsewhere(headers) {
        return Err(Problem::embedded());
    }
    if asked.path.starts_with("/admin/assets/") {
        return Ok(Entered::Stranger);
    }
    let now = host.clock.now();
    let session = Session::of(headers, host.sealer(), (access, &administrators), now);
    Ok(match (session, access) {
        (Some(session), _) => Entered::Known(session),
        (None, Access::Open) => Entered::New(Session::begin(NOBODY, None, now)),
        (None, _) => Entered::Stranger,
    })
}

/// To the page where one signs in, and back from there.
fn turn_away(request: &Request) -> Response {
    if !request.method().is_safe() {
        return Problem::signed_out().into_response();
    }
    let asked = request.uri().path_and_query();
    let asked = asked.map_or("/admin", |asked| asked.as_str());
    let to: String = form_urlencoded(asked);
    Redirect::to(&format!("{LOG_IN}?to={to}")).into_response()
}

/// As part of a query.
pub(super) fn form_urlencoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    { text.bytes() }
        .map(|byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

fn with_headers(mut answer: Response, cookie: Option<HeaderValue>) -> Response {
    let headers = answer.headers_mut();
    let said = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in said {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Pages show what is true now, and to this person alone; assets say otherwise.
    { headers.entry(header::CACHE_CONTROL) }.or_insert(HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie {
        headers.append(header::SET_COOKIE, cookie);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_within_a_query_is_written_so_that_it_stays_one_value() {
        let written = form_urlencoded("/admin/crm/runs/3?a=b&c=d e");
        assert_eq!(written, "/admin/crm/runs/3%3Fa%3Db%26c%3Dd%20e");
    }
}
