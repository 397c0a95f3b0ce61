//! OAuth: consent page, codes, tokens, introspection, revocation.
//!
//! A code is good once and for 60 seconds; an access token for 30 minutes; a
//! refresh token until it is revoked. Revoking leaves issued access tokens alone;
//! a customer who removes the app (`/_sim/revoke`) ends both.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::account::{Account, uuid};
use super::clock::iso;
use super::limits::Caller;
use super::reply::{Reply, error};
use super::request::Request;
use super::scopes;

/// Life of an access token.
const ACCESS_SECONDS: i64 = 1800;
/// Life of an authorization code.
const CODE_SECONDS: i64 = 60;

#[derive(Debug)]
struct Code {
    redirect_uri: String,
    challenge: Option<String>,
    scopes: Vec<String>,
    expires_ms: i64,
}

#[derive(Debug)]
pub(super) struct Access {
    pub(super) scopes: Vec<String>,
    pub(super) expires_ms: i64,
}

/// Everything that was issued.
#[derive(Debug, Default)]
pub struct Tokens {
    codes: BTreeMap<String, Code>,
    pub(super) access: BTreeMap<String, Access>,
    pub(super) refresh: BTreeMap<String, Vec<String>>,
}

impl Tokens {
    /// Every token and code that was given out and is known still.
    pub fn given_out(&self) -> Vec<String> {
        let codes = self.codes.keys().chain(self.access.keys());
        codes.chain(self.refresh.keys()).cloned().collect()
    }
}

/// What a bearer token stands for.
#[derive(Debug)]
pub struct Granted {
    /// Which app calls.
    pub caller: Caller,
    /// What it may do.
    pub scopes: Vec<String>,
}

/// An OAuth error in both of HubSpot's shapes.
fn oauth_error(code: &str, status: &str, text: &str) -> Reply {
    Reply::new(
        400,
        json!({"error": code, "error_description": text, "status": status, "message": text, "correlationId": ""}),
    )
}

fn bad_refresh_token() -> Reply {
    oauth_error(
        "invalid_grant",
        "BAD_REFRESH_TOKEN",
        "refresh token is invalid, expired or revoked",
    )
}

/// 401 for a token that has run out.
pub fn expired(now_ms: i64, expires_ms: i64) -> Reply {
    let seconds = (now_ms - expires_ms).max(0) / 1000;
    let message =
        format!("The OAuth token used to make this call expired {seconds} second(s) ago.");
    let mut reply = error(401, "EXPIRED_AUTHENTICATION", message);
    reply.set("context", json!({"expire time": [iso(expires_ms)]}));
    reply
}

fn no_credentials() -> Reply {
    error(
        401,
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    )
}

fn words(text: Option<&str>) -> impl Iterator<Item = String> + '_ {
    text.unwrap_or_default()
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
}

fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn page(status: u16, title: &str, inside: &str) -> Reply {
    Reply::html(
        status,
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body><h1>{title}</h1>{inside}</body></html>"
        ),
    )
}

/// `S256` of a verifier.
fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

impl Account {
    /// What a bearer token may do, or the 401.
    pub fn authenticate(&self, request: &Request) -> Result<Granted, Reply> {
        let Some(token) = request.bearer.as_deref() else {
            return Err(no_credentials());
        };
        if token == self.identity.private_app_token {
            return Ok(Granted {
                caller: Caller::Private,
                scopes: self.held(&scopes::all()),
            });
        }
        let Some(access) = self.tokens.access.get(token) else {
            return Err(no_credentials());
        };
        let now = self.clock.now_ms();
        if access.expires_ms <= now {
            return Err(expired(now, access.expires_ms));
        }
        Ok(Granted {
            caller: Caller::OAuth,
            scopes: self.held(&access.scopes),
        })
    }

    /// What is left of these scopes: an administrator may have taken some away, also
    /// after a token was given.
    pub(super) fn held(&self, scopes: &[String]) -> Vec<String> {
        let taken = &self.options.without_scopes;
        let left = scopes.iter().filter(|scope| !taken.contains(scope));
        left.cloned().collect()
    }

    /// `GET /oauth/authorize`: asks a browser, and redirects everyone else at once.
    pub fn authorize(&mut self, request: &Request) -> Reply {
        if request.param("client_id") != Some(self.identity.client_id.as_str()) {
            return page(
                400,
                "Authorization failed",
                "<p>The client_id does not belong to an app.</p>",
            );
        }
        let Some(redirect) = request
            .param("redirect_uri")
            .filter(|uri| uri.starts_with("http"))
        else {
            return page(
                400,
                "Authorization failed",
                "<p>The redirect_uri is missing or no http address.</p>",
            );
        };
        if !self.options.redirect_uris.is_empty()
            && !self.options.redirect_uris.iter().any(|uri| uri == redirect)
        {
            return page(
                400,
                "Authorization failed",
                "<p>The redirect_uri is not one that the app has registered.</p>",
            );
        }
        if request.param("code_challenge").is_some()
            && request.param("code_challenge_method") != Some("S256")
        {
            return page(
                400,
                "Authorization failed",
                "<p>The code_challenge_method must be S256.</p>",
            );
        }
        let decision = match request.param("decision") {
            Some(decision) => decision,
            None if self.options.auto_consent || !request.accept.contains("text/html") => "allow",
            None => return self.consent(request),
        };
        let state = request
            .param("state")
            .map(|state| format!("&state={}", encode(state)))
            .unwrap_or_default();
        let join = if redirect.contains('?') { '&' } else { '?' };
        if decision != "allow" {
            let text = encode("The user denied the request");
            return Reply::redirect(format!(
                "{redirect}{join}error=access_denied&error_description={text}{state}"
            ));
        }
        let mut granted: Vec<String> = words(request.param("scope"))
            .chain(words(request.param("optional_scope")))
            .collect();
        granted.push("oauth".to_owned());
        granted.sort();
        granted.dedup();
        let code = uuid(&mut self.rng);
        self.tokens.codes.insert(
            code.clone(),
            Code {
                redirect_uri: redirect.to_owned(),
                challenge: request.param("code_challenge").map(str::to_owned),
                scopes: granted,
                expires_ms: self.clock.now_ms() + CODE_SECONDS * 1000,
            },
        );
        Reply::redirect(format!("{redirect}{join}code={code}{state}"))
    }

    fn consent(&self, request: &Request) -> Reply {
        let mut query: Vec<String> = Vec::new();
        for (key, value) in &request.query {
            query.push(format!("{}={}", encode(key), encode(value)));
        }
        let here = format!("{}?{}", request.path, query.join("&"));
        let rows: String = words(request.param("scope"))
            .map(|scope| format!("<li>{}</li>", escape(&scope)))
            .collect();
        let link = |decision: &str, label: &str| {
            format!(
                "<p><a id=\"{decision}\" href=\"{}&amp;decision={decision}\">{label}</a></p>",
                escape(&here)
            )
        };
        page(
            200,
            "Connect an app",
            &format!(
                "<p>App {} asks for access to account {} of this simulated HubSpot:</p><ul>{rows}</ul>{}{}",
                self.identity.app_id,
                self.options.portal_id,
                link("allow", "Allow"),
                link("deny", "Deny"),
            ),
        )
    }

    pub(super) fn check_client(&self, field: &impl Fn(&str) -> String) -> Result<(), Reply> {
        if field("client_id") != self.identity.client_id {
            return Err(oauth_error(
                "invalid_client",
                "BAD_CLIENT_ID",
                "missing or unknown client id",
            ));
        }
        if field("client_secret") != self.identity.client_secret {
            return Err(oauth_error(
                "invalid_client",
                "BAD_CLIENT_SECRET",
                "missing or invalid client secret",
            ));
        }
        Ok(())
    }

    /// `POST /oauth/{version}/token`. The v1 answer has neither `hub_id` nor `scopes`.
    pub fn token(&mut self, request: &Request, v1: bool) -> Result<Reply, Reply> {
        let form = request.fields();
        let field = |name: &str| {
            form.iter()
                .rev()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        self.check_client(&field)?;
        let now = self.clock.now_ms();
        let (scopes, refresh_token) = match field("grant_type").as_str() {
            "authorization_code" => {
                // Removed at the first try: a code is good once, also when the rest is wrong.
                let code = self
                    .tokens
                    .codes
                    .remove(&field("code"))
                    .filter(|code| code.expires_ms > now)
                    .ok_or_else(|| {
                        oauth_error(
                            "invalid_grant",
                            "BAD_AUTH_CODE",
                            "missing or unknown auth code",
                        )
                    })?;
                if code.redirect_uri != field("redirect_uri") {
                    return Err(oauth_error(
                        "invalid_grant",
                        "BAD_REDIRECT_URI",
                        "missing or unknown redirect uri",
                    ));
                }
                if code
                    .challenge
                    .is_some_and(|challenge| challenge != challenge_of(&field("code_verifier")))
                {
                    return Err(oauth_error(
                        "invalid_grant",
                        "BAD_CODE_VERIFIER",
                        "missing or wrong code verifier",
                    ));
                }
                let refresh = self.refresh_token();
                (code.scopes, refresh)
            }
            "refresh_token" => {
                let sent = field("refresh_token");
                let scopes = self
                    .tokens
                    .refresh
                    .get(&sent)
                    .cloned()
                    .ok_or_else(bad_refresh_token)?;
                if self.options.rotate_refresh_tokens {
                    self.tokens.refresh.remove(&sent);
                    (scopes, self.refresh_token())
                } else {
                    (scopes, sent)
                }
            }
            other => {
                let text = format!("unsupported grant type: {other}");
                return Err(oauth_error(
                    "unsupported_grant_type",
                    "BAD_GRANT_TYPE",
                    &text,
                ));
            }
        };
        self.tokens
            .refresh
            .insert(refresh_token.clone(), scopes.clone());
        // Real tokens are some hundred characters long; so are these.
        let mut access_token = String::from("CNqc");
        for _ in 0..6 {
            access_token.push_str(&uuid(&mut self.rng).replace('-', ""));
        }
        let mut body = json!({
            "token_type": "bearer",
            "access_token": access_token,
            "refresh_token": refresh_token,
            "expires_in": ACCESS_SECONDS,
        });
        if let (false, Some(map)) = (v1, body.as_object_mut()) {
            map.insert("hub_id".to_owned(), json!(self.options.portal_id));
            map.insert("scopes".to_owned(), json!(self.held(&scopes)));
            map.insert("token_use".to_owned(), json!("access_token"));
            map.insert("user_id".to_owned(), json!(self.identity.user_id));
        }
        let access = Access {
            scopes,
            expires_ms: now + ACCESS_SECONDS * 1000,
        };
        self.tokens.access.insert(access_token, access);
        Ok(Reply::ok(body))
    }

    fn refresh_token(&mut self) -> String {
        format!("{}-{}", self.options.hublet, uuid(&mut self.rng))
    }
}
