//! Tokens by client credentials, as at Halo's `/auth/token`.
//!
//! A token says by itself whose it is, what it is good for and until when, and is
//! sealed with the host's key: so it survives a restart and works at every process on
//! the same store, and nothing has to be kept. It ends with its hour, and at once
//! when its application is taken out of the configuration or gets another secret.

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::error::ApiError;
use super::resource::AREAS;
use crate::config::{Config, ConfigError};
use crate::model::Timestamp;
use crate::seal::Sealer;

/// Clients assume an hour and renew a minute early.
pub(super) const LIFETIME_S: u64 = 3_600;

/// Where a token is sealed for: no connection can have this name.
const PLACE: (&str, &str) = ("", "records-api-token");

/// Longer ones are none of ours, and are not worth the work of opening them.
const LONGEST_TOKEN: usize = 2_048;

/// Scopes that are good for everything.
const EVERYTHING: [&str; 2] = ["all", "all:standard"];

/// A scope that clients ask for beside others and that opens no records.
const NOTHING: &str = "admin";

/// An application of the configuration.
struct Application {
    name: String,
    credentials: [u8; 32],
}

/// All applications that may use the API.
pub(super) struct Applications(Vec<Application>);

impl Applications {
    /// Reads their secrets.
    pub(super) fn of(config: &Config) -> Result<Applications, ConfigError> {
        let all = config.api.iter().map(|(name, application)| {
            let secret = config.api_secret(name)?;
            Ok(Application {
                name: name.clone(),
                credentials: digest(&application.client_id, &secret),
            })
        });
        Ok(Applications(all.collect::<Result<_, _>>()?))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose credentials these are. All are compared in full, so that the time that
    /// it takes tells nothing.
    fn of_credentials(&self, id: &str, secret: &str) -> Option<&Application> {
        let given = digest(id, secret);
        let mut found = None;
        for application in &self.0 {
            if bool::from(application.credentials.ct_eq(&given)) {
                found = Some(application);
            }
        }
        found
    }
}

fn digest(id: &str, secret: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    // The length parts the two: no other pair gives the same bytes.
    hash.update((id.len() as u64).to_be_bytes());
    hash.update(id);
    hash.update(secret);
    hash.finalize().into()
}

/// What a token says.
#[derive(Serialize, Deserialize)]
struct Token {
    application: String,
    credentials: [u8; 32],
    scopes: Vec<String>,
    expires: Timestamp,
}

/// What a client sends for a token.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    #[serde(default)]
    scope: String,
}

/// Who calls, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The name of the application.
    pub(super) application: String,
    scopes: Vec<String>,
}

impl Caller {
    /// Whether this may be done in an area; `None` is what only `all` opens.
    pub(super) fn check(&self, area: Option<&str>, write: bool) -> Result<(), ApiError> {
        let may = self.scopes.iter().any(|scope| {
            let verb_and_area = scope.split_once(':');
            EVERYTHING.contains(&scope.as_str())
                || matches!((verb_and_area, area), (Some((verb, its)), Some(area))
                    if its == area && (verb == "edit" || !write))
        });
        if may {
            return Ok(());
        }
        let wanted = match area {
            Some(area) if write => format!("edit:{area}"),
            Some(area) => format!("read:{area}"),
            None => EVERYTHING[0].to_owned(),
        };
        Err(ApiError::Plain(
            StatusCode::FORBIDDEN,
            format!("The token lacks the scope {wanted}; ask for it at /auth/token."),
        ))
    }
}

/// A new token.
pub(super) fn issue(
    applications: &Applications,
    sealer: &Sealer,
    asked: &Asked,
    now: Timestamp,
) -> Result<serde_json::Value, ApiError> {
    let refused = |code, message: &str| {
        let status = StatusCode::BAD_REQUEST;
        Err(ApiError::OAuth(status, code, message.to_owned()))
    };
    if asked.grant_type != "client_credentials" {
        return refused(
            "unsupported_grant_type",
            "This host knows the grant type client_credentials only.",
        );
    }
    let Some(application) = applications.of_credentials(&asked.client_id, &asked.client_secret)
    else {
        let message = "No application of the configuration has this client id and secret.";
        return Err(ApiError::OAuth(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            message.to_owned(),
        ));
    };
    let scopes: Vec<String> = asked.scope.split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() || !scopes.iter().all(|scope| is_known(scope)) {
        return refused(
            "invalid_scope",
            "Ask for the scope all, or for some of read: and edit: with customers, items, tickets.",
        );
    }
    let scope = scopes.join(" ");
    let token = Token {
        application: application.name.clone(),
        credentials: fingerprint(application),
        scopes,
        expires: now.saturating_add(LIFETIME_S * 1_000),
    };
    let text = serde_json::to_string(&token).map_err(|error| internal(&error))?;
    let sealed = sealer
        .seal(PLACE.0, PLACE.1, &text)
        .map_err(|error| internal(&error))?;
    Ok(serde_json::json!({
        "token_type": "Bearer",
        "access_token": URL_SAFE_NO_PAD.encode(sealed),
        "expires_in": LIFETIME_S,
        "scope": scope,
    }))
}

/// What a token keeps of the credentials it was got with: not what they are compared
/// with.
fn fingerprint(application: &Application) -> [u8; 32] {
    Sha256::digest(application.credentials).into()
}

fn internal(error: &dyn std::fmt::Display) -> ApiError {
    tracing::error!(%error, "no token could be made");
    let message = "No token could be made; the host's log says why.".to_owned();
    ApiError::Plain(StatusCode::INTERNAL_SERVER_ERROR, message)
}

fn is_known(scope: &str) -> bool {
    let narrow = scope
        .split_once(':')
        .is_some_and(|(verb, area)| matches!(verb, "read" | "edit") && AREAS.contains(&area));
    narrow || scope == NOTHING || EVERYTHING.contains(&scope)
}

/// Who calls, by the token of a request.
pub(super) fn caller(
    applications: &Applications,
    sealer: &Sealer,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Caller, ApiError> {
    const NONE: &str = "Send a token of /auth/token as Authorization: Bearer.";
    const OVER: &str = "The token is over or is none of this host; get a new one at /auth/token.";
    let text = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(ApiError::Token(NONE))?;
    if text.len() > LONGEST_TOKEN {
        return Err(ApiError::Token(OVER));
    }
    let token: Token = URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|sealed| sealer.open_value(PLACE.0, PLACE.1, &sealed).ok())
        .and_then(|text| serde_json::from_str(&text).ok())
        .ok_or(ApiError::Token(OVER))?;
    let current = applications.0.iter().any(|application| {
        application.name == token.application && fingerprint(application) == token.credentials
    });
    if !current || token.expires <= now {
        return Err(ApiError::Token(OVER));
    }
    Ok(Caller {
        application: token.application,
        scopes: token.scopes,
    })
}

#[cfg(test)]
mod tests;
