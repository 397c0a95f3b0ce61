//! Signing in at HubSpot and out again.

use serde::{Deserialize, Serialize};

use crate::contract::exports::halo::integration::connect::{
    Account as AccountInfo, Begun, StateOfConnection,
};
use crate::contract::halo::integration::state::Expectation;
use crate::contract::halo::integration::types::Attribute;
use crate::contract::halo::integration::{settings, state};
use crate::contract::wasi::random::random;
use crate::failure::Failure;
use crate::hubspot::account::{self, Account};
use crate::hubspot::client::{Call, Client, Trouble};
use crate::hubspot::oauth::{self, SignIn};
use crate::hubspot::session::{self, Kept};
use crate::hubspot::transport;
use crate::settings::{Api, Settings};
use crate::sync::{keys, memory};

/// What is remembered of the connection; it outlives a sign-out, as all links
/// belong to its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Connection {
    /// Whose records are linked.
    account: Account,
    /// Whether it is in use; a granted token alone does not connect.
    connected: bool,
}

fn remembered() -> Result<Option<Connection>, Failure> {
    memory::get(keys::CONNECTION.to_owned())
}

fn remember(connection: &Connection) -> Result<(), Failure> {
    state::commit(&[memory::put(keys::CONNECTION.to_owned(), connection)?])
}

/// The connected account; nothing when there is none.
pub fn account() -> Result<Option<Account>, Failure> {
    Ok(remembered()?
        .filter(|connection| connection.connected)
        .map(|connection| connection.account))
}

fn api() -> Result<Api, Failure> {
    Settings::parse(&settings::get()?.json)?.api.resolve()
}

/// Starts to connect: with a granted token at once, else by a visit to HubSpot.
pub fn begin(redirect: &str) -> Result<Begun, Failure> {
    let api = api()?;
    if session::granted(session::ACCESS_TOKEN)?.is_some() {
        let account = ask_for_account(&api)?;
        return Ok(Begun::Connected(settle(account, false)?));
    }
    let (client_id, _) = session::app()?;
    let sign_in = SignIn::new(&random::get_random_bytes(64), redirect, transport::now());
    session::keep_sign_in(Some(&sign_in), Expectation::Anything)?;
    Ok(Begun::Visit(sign_in.address(&api.sign_in_url, &client_id)))
}

/// Ends a sign-in with what the browser brought back.
pub fn complete(parameters: &[Attribute], other_account: bool) -> Result<AccountInfo, Failure> {
    let api = api()?;
    let Some((sign_in, revision)) = session::sign_in()? else {
        return Err(Failure::new(
            "invalid",
            "No sign-in is under way. Connect again.",
        ));
    };
    let parameters: Vec<(&str, &str)> = parameters
        .iter()
        .map(|attribute| (attribute.name.as_str(), attribute.value.as_str()))
        .collect();
    let code = match sign_in.code(&parameters, transport::now()) {
        Ok(code) => code,
        Err(failure) => {
            // Somebody else's redirect must not end a sign-in; our own declined one does.
            if failure.code == "consent-denied" {
                session::keep_sign_in(None, Expectation::At(revision))?;
            }
            return Err(failure);
        }
    };
    // Used up before the code is: a replay finds nothing.
    session::keep_sign_in(None, Expectation::At(revision))?;
    let (id, secret) = session::app()?;
    let response = session::token_call(
        &api,
        "",
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &sign_in.redirect),
            ("client_id", &id),
            ("client_secret", &secret),
            ("code_verifier", &sign_in.verifier),
        ],
    )?;
    let tokens = oauth::tokens(&response, transport::now())?;
    let refresh = tokens.refresh.clone();
    let before = session::kept()?;
    session::keep(&Kept::Tokens(tokens), Expectation::Anything)?;
    let settled = ask_for_account(&api).and_then(|account| settle(account, other_account));
    if settled.is_err() {
        // All is as it was.
        match before {
            Some((kept, _)) => drop(session::keep(&kept, Expectation::Anything)?),
            None => session::forget()?,
        }
        revoke(&api, &refresh);
    }
    settled
}

fn ask_for_account(api: &Api) -> Result<Account, Failure> {
    let mut client = Client::connected(api)?;
    let response = client.call(Call::get(api.version.account_details()))?;
    account::account(&response.body)
        .ok_or_else(|| Failure::new("remote", "HubSpot does not say whose account this is."))
}

/// Remembers the account, unless records are linked to another one.
fn settle(account: Account, other_account: bool) -> Result<AccountInfo, Failure> {
    if let Some(known) = remembered()?
        && known.account.id != account.id
        && !other_account
    {
        return Err(Failure::new(
            "other-account",
            format!(
                "This connection is linked to {}, but the sign-in is for {}. All links would be wrong. Sign in to the right account, or connect with --other-account if you mean it.",
                known.account.name(),
                account.name()
            ),
        ));
    }
    let connection = Connection {
        account,
        connected: true,
    };
    remember(&connection)?;
    Ok(info(&connection.account))
}

fn info(account: &Account) -> AccountInfo {
    AccountInfo {
        id: account.id.clone(),
        name: account.name(),
        address: Some(account.address()),
    }
}

/// How it stands; sends no request.
pub fn status() -> Result<StateOfConnection, Failure> {
    let connection = remembered()?;
    let is_static = session::granted(session::ACCESS_TOKEN)?.is_some();
    let in_use = connection
        .as_ref()
        .is_some_and(|connection| connection.connected);
    let kept = if is_static {
        None
    } else {
        session::kept()?.map(|(kept, _)| kept)
    };
    let (state, reason) = match (&kept, in_use) {
        (_, false) => ("disconnected", None),
        (Some(Kept::Ended(why)), true) => ("sign-in-again", Some(Failure::sign_in_again(why))),
        (Some(Kept::Tokens(_)), true) => ("connected", None),
        (None, true) if is_static => ("connected", None),
        (None, true) => ("disconnected", None),
    };
    let attribute = |name: &str, value: &str| Attribute {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let mut attributes = Vec::new();
    if is_static {
        attributes.push(attribute("sign-in", "access token of the configuration"));
    } else if state == "connected" {
        attributes.push(attribute("sign-in", "OAuth"));
        attributes.push(attribute("scopes", &oauth::SCOPES.join(" ")));
    }
    Ok(StateOfConnection {
        state: state.to_owned(),
        account: connection.map(|connection| info(&connection.account)),
        reason,
        attributes,
    })
}

/// Forgets the tokens; settings, links and the account stay.
pub fn disconnect() -> Result<(), Failure> {
    if let Some((Kept::Tokens(tokens), _)) = session::kept()?
        && let Ok(api) = api()
    {
        revoke(&api, &tokens.refresh);
    }
    session::forget()?;
    session::keep_sign_in(None, Expectation::Anything)?;
    match remembered()? {
        Some(connection) => remember(&Connection {
            connected: false,
            ..connection
        }),
        None => Ok(()),
    }
}

/// Withdraws a sign-in at HubSpot. Where HubSpot cannot be reached it lasts there
/// until an administrator removes the app; here it is forgotten either way.
fn revoke(api: &Api, refresh: &str) {
    let Ok((id, secret)) = session::app() else {
        return;
    };
    let revoked: Result<_, Trouble> = session::token_call(
        api,
        "/revoke",
        &[
            ("token", refresh),
            ("token_type_hint", "refresh_token"),
            ("client_id", &id),
            ("client_secret", &secret),
        ],
    );
    if let Err(Trouble::Failed(failure) | Trouble::Later(_, failure)) = revoked {
        crate::contract::halo::integration::log::write(
            crate::contract::halo::integration::log::Level::Warn,
            &format!(
                "The sign-in could not be withdrawn at HubSpot: {}",
                failure.message
            ),
            &[],
        );
    }
}
