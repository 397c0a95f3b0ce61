//! The sign-in as it is kept: sealed tokens, renewed on the clock. A renewal is
//! stored with compare-and-set, so of two at once one wins and both go on with the
//! winner's.

use serde::{Deserialize, Serialize};

use super::client::Trouble;
use super::oauth::{self, Grant, Tokens};
use super::transport::{self, Request, Response, Verb};
use super::verdict::{Verdict, judge};
use crate::contract::halo::integration::secrets;
use crate::contract::halo::integration::state::Expectation;
use crate::failure::Failure;
use crate::settings::Api;

/// Secrets that the configuration may grant.
pub const CLIENT_ID: &str = "client-id";
/// The app's secret.
pub const CLIENT_SECRET: &str = "client-secret";
/// A token that does not end: of a private app, or a service key.
pub const ACCESS_TOKEN: &str = "access-token";
/// Where tokens are kept.
const TOKENS: &str = "tokens";
/// Where a sign-in under way is kept.
const SIGN_IN: &str = "sign-in";

/// What is kept of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// It is good.
    Tokens(Tokens),
    /// HubSpot has withdrawn it; the sentence says why.
    Ended(String),
}

/// A sign-in in use.
pub struct Session {
    kind: Kind,
}

enum Kind {
    /// A token of the configuration; it does not end.
    Granted(String),
    /// Tokens that HubSpot has just given; not kept yet.
    Fresh(String),
    /// The sign-in that is kept.
    Kept { tokens: Tokens, revision: u64 },
}

impl Session {
    /// With a token of the configuration.
    pub fn granted(token: &str) -> Session {
        Session {
            kind: Kind::Granted(token.to_owned()),
        }
    }

    /// With tokens that are not kept yet.
    pub fn fresh(tokens: &Tokens) -> Session {
        Session {
            kind: Kind::Fresh(tokens.access.clone()),
        }
    }

    /// The one that is kept; renews it when that is due.
    pub fn open(api: &Api) -> Result<Session, Trouble> {
        if let Some(token) = granted(ACCESS_TOKEN)? {
            return Ok(Session::granted(&token));
        }
        let (tokens, revision) = match kept()? {
            None => return Err(Failure::not_connected().into()),
            Some((Kept::Ended(why), _)) => return Err(Failure::sign_in_again(&why).into()),
            Some((Kept::Tokens(tokens), revision)) => (tokens, revision),
        };
        let mut session = Session {
            kind: Kind::Kept { tokens, revision },
        };
        session.renew_when_due(api)?;
        Ok(session)
    }

    /// What goes behind `Bearer`.
    pub fn bearer(&self) -> &str {
        match &self.kind {
            Kind::Granted(token) | Kind::Fresh(token) => token,
            Kind::Kept { tokens, .. } => &tokens.access,
        }
    }

    /// Renews an access token that is about to end.
    pub fn renew_when_due(&mut self, api: &Api) -> Result<(), Trouble> {
        match &self.kind {
            Kind::Kept { tokens, .. } if tokens.is_due(transport::now()) => self.renew(api),
            _ => Ok(()),
        }
    }

    /// Renews after HubSpot has refused the access token before its time.
    pub fn renew_after_refusal(&mut self, api: &Api, why: &str) -> Result<(), Trouble> {
        match &self.kind {
            Kind::Granted(_) => Err(Failure::new(
                "sign-in-again",
                "HubSpot refuses the access token. Put a valid one into the secret `access-token` of the configuration, and connect again.",
            )
            .into()),
            Kind::Fresh(_) => Err(Failure::new(
                "remote",
                format!("HubSpot refuses the token that it has just given ({why}). Connect again."),
            )
            .into()),
            Kind::Kept { .. } => self.renew(api),
        }
    }

    fn renew(&mut self, api: &Api) -> Result<(), Trouble> {
        let Kind::Kept { tokens, revision } = &self.kind else {
            return Ok(());
        };
        let revision = *revision;
        let (id, secret) = app()?;
        let answer = token_call(
            api,
            Grant::Refresh,
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", &tokens.refresh),
                ("client_id", &id),
                ("client_secret", &secret),
            ],
        );
        match answer {
            Ok(response) => {
                let renewed = oauth::tokens(&response, transport::now())?;
                match keep(&Kept::Tokens(renewed.clone()), Expectation::At(revision)) {
                    Ok(revision) => {
                        self.kind = Kind::Kept {
                            tokens: renewed,
                            revision,
                        };
                        Ok(())
                    }
                    Err(failure) if failure.code == "conflict" => self.take_the_winners(revision),
                    Err(failure) => Err(failure.into()),
                }
            }
            // HubSpot may have given another call a new refresh token for the same
            // one; only if nobody did is the sign-in over.
            Err(Trouble::Failed(failure)) if failure.code == "sign-in-again" => {
                if self.take_the_winners(revision).is_ok() {
                    return Ok(());
                }
                let ended = Kept::Ended(why_of(&failure));
                // Someone may just have signed in again; theirs stays.
                let _ = keep(&ended, Expectation::At(revision));
                Err(failure.into())
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Goes on with the tokens that another call has kept meanwhile.
    fn take_the_winners(&mut self, ours: u64) -> Result<(), Trouble> {
        match kept()? {
            Some((Kept::Tokens(tokens), revision)) if revision != ours => {
                self.kind = Kind::Kept { tokens, revision };
                Ok(())
            }
            _ => Err(Failure::not_connected().into()),
        }
    }
}

/// HubSpot's own words in a failure that asks to sign in again.
fn why_of(failure: &Failure) -> String {
    let attribute = failure
        .attributes
        .iter()
        .find(|attribute| attribute.name == "why");
    attribute.map_or_else(
        || "it was withdrawn".to_owned(),
        |attribute| attribute.value.clone(),
    )
}

/// A secret that the configuration grants, or none.
pub fn granted(name: &str) -> Result<Option<String>, Failure> {
    Ok(secrets::get(name)?.map(|secret| secret.value))
}

/// Id and secret of the app.
pub fn app() -> Result<(String, String), Failure> {
    let need = |name: &str| {
        granted(name)?.ok_or_else(|| {
            Failure::setting(
                "",
                format!("The secret `{name}` of the HubSpot app is missing; add it to the configuration, or a private app's `access-token`."),
            )
        })
    };
    Ok((need(CLIENT_ID)?, need(CLIENT_SECRET)?))
}

/// The tokens that are kept, with their revision.
pub fn kept() -> Result<Option<(Kept, u64)>, Failure> {
    read(TOKENS)
}

/// Keeps tokens.
pub fn keep(kept: &Kept, expected: Expectation) -> Result<u64, Failure> {
    write(TOKENS, Some(kept), expected)
}

/// Forgets them.
pub fn forget() -> Result<(), Failure> {
    write(TOKENS, None::<&Kept>, Expectation::Anything).map(drop)
}

/// The sign-in under way, with its revision.
pub fn sign_in() -> Result<Option<(oauth::SignIn, u64)>, Failure> {
    read(SIGN_IN)
}

/// Keeps or (with nothing) ends a sign-in under way.
pub fn keep_sign_in(sign_in: Option<&oauth::SignIn>, expected: Expectation) -> Result<(), Failure> {
    write(SIGN_IN, sign_in, expected).map(drop)
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> Result<Option<(T, u64)>, Failure> {
    let Some(secret) = secrets::get(name)? else {
        return Ok(None);
    };
    let value = serde_json::from_str(&secret.value)
        .map_err(|_| Failure::internal(format!("The stored {name} cannot be read.")))?;
    Ok(Some((value, secret.revision)))
}

fn write<T: Serialize>(
    name: &str,
    value: Option<&T>,
    expected: Expectation,
) -> Result<u64, Failure> {
    let text = value
        .map(serde_json::to_string)
        .transpose()
        .map_err(|error| Failure::internal(error.to_string()))?;
    secrets::set(name, text.as_deref(), expected)
}

/// A call of the token endpoint, which takes a form and no bearer.
pub fn token_call(api: &Api, grant: Grant, pairs: &[(&str, &str)]) -> Result<Response, Trouble> {
    let request = Request {
        method: Verb::Post,
        url: format!("{}{}", api.base_url, api.version.token(grant.path())),
        headers: vec![
            ("accept".to_owned(), "application/json".to_owned()),
            (
                "content-type".to_owned(),
                "application/x-www-form-urlencoded".to_owned(),
            ),
        ],
        body: oauth::form(pairs).into_bytes(),
    };
    let mut attempt = 1;
    loop {
        let answer = transport::start(&request).wait();
        if let Ok(response) = &answer
            && (400..=403).contains(&response.status)
        {
            return Err(oauth::refusal(response, grant).into());
        }
        match judge(&answer, attempt, transport::now(), 0) {
            Verdict::Good => {
                return answer
                    .map_err(|_| Failure::internal("A lost answer was judged good.").into());
            }
            Verdict::Again(pause, failure) => transport::pause(pause, failure)?,
            Verdict::Later(at, failure) => return Err(Trouble::Later(at, failure)),
            Verdict::Failed(failure) => return Err(failure.into()),
            Verdict::Refresh(why) => return Err(Failure::sign_in_again(&why).into()),
        }
        attempt += 1;
    }
}
