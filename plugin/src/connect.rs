//! Signing in at HubSpot and out again, and which account all links are of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::exports::halo::integration::connect::{
    Account as AccountInfo, Begun, StateOfConnection,
};
use crate::contract::halo::integration::state::Expectation;
use crate::contract::halo::integration::types::Attribute;
use crate::contract::halo::integration::{log, settings, state};
use crate::contract::wasi::random::random;
use crate::failure::Failure;
use crate::hubspot::account::{self, Account};
use crate::hubspot::client::{Call, Client, Trouble};
use crate::hubspot::oauth::{self, Grant, SignIn};
use crate::hubspot::session::{self, Kept, Session};
use crate::hubspot::transport;
use crate::push::own;
use crate::settings::{Api, Settings};
use crate::sync::cursor::fingerprint;
use crate::sync::{keys, memory, untold};

/// What is remembered of the connection; it outlives a sign-out, as all links
/// belong to its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Connection {
    /// Whose records are linked.
    account: Account,
    /// Whether it is in use; a granted token alone does not connect.
    connected: bool,
    /// Names the granted token that it was connected with, if one.
    token: Option<String>,
    /// By account: what goes before its ids in external keys and state. The first
    /// account has nothing; another one must not meet what belongs to the first.
    prefixes: BTreeMap<String, String>,
}

/// The account in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Whose records are linked.
    pub account: Account,
    /// Goes before its ids in external keys and state.
    pub prefix: String,
}

fn remembered() -> Result<Option<Connection>, Failure> {
    memory::get(keys::CONNECTION.to_owned())
}

fn remember(connection: &Connection) -> Result<(), Failure> {
    // From the beginning, so that every backup has it: objects that were made under another
    // name would be made again after a restore.
    if connection.connected {
        own::installation()?;
    }
    state::commit(&[memory::put(keys::CONNECTION.to_owned(), connection)?])
}

/// The account in use, or why there is none; sends no request (S3).
pub fn linked() -> Result<Linked, Failure> {
    let connection = remembered()?.filter(|connection| connection.connected);
    let connection = connection.ok_or_else(Failure::not_connected)?;
    let granted = session::granted(session::ACCESS_TOKEN)?;
    if let Some(token) = granted
        && connection.token != Some(name_of(&token))
    {
        return Err(Failure::new(
            "not-connected",
            "The access token of the configuration is not the one that was connected; connect again.",
        ));
    }
    Ok(Linked {
        prefix: connection.prefix(),
        account: connection.account,
    })
}

impl Connection {
    fn prefix(&self) -> String {
        self.prefixes
            .get(&self.account.id)
            .cloned()
            .unwrap_or_default()
    }
}

/// Tells one token from another without keeping it.
fn name_of(token: &str) -> String {
    fingerprint(&[&token])
}

/// What goes before the ids of the account that an external key is of, connected or not.
pub fn prefix_of(key: &str) -> Result<String, Failure> {
    let connection = remembered()?;
    let prefixes = connection.map(|connection| connection.prefixes);
    let prefixes = prefixes.into_iter().flat_map(BTreeMap::into_values);
    Ok(prefix_among(prefixes, key))
}

fn prefix_among(prefixes: impl Iterator<Item = String>, key: &str) -> String {
    // Ids have no hyphen, so at most one that is not empty goes before it.
    let mut own = prefixes.filter(|prefix| !prefix.is_empty() && key.starts_with(prefix.as_str()));
    own.next().unwrap_or_default()
}

fn api() -> Result<Api, Failure> {
    Settings::parse(&settings::get()?.json)?.api.resolve()
}

/// Starts to connect: with a granted token at once, else by a visit to HubSpot.
pub fn begin(redirect: &str, other_account: bool) -> Result<Begun, Failure> {
    let api = api()?;
    if let Some(token) = session::granted(session::ACCESS_TOKEN)? {
        let account = ask_for_account(&api, Session::granted(&token))?;
        let connection = settled(account, other_account, Some(name_of(&token)))?;
        remember(&connection)?;
        return Ok(Begun::Connected(info(&connection.account)));
    }
    let (client_id, _) = session::app()?;
    let random = random::get_random_bytes(64);
    let sign_in = SignIn::new(&random, redirect, transport::now(), other_account);
    session::keep_sign_in(Some(&sign_in), Expectation::Anything)?;
    let scopes = oauth::scopes(&Settings::parse(&settings::get()?.json)?.sync_back);
    Ok(Begun::Visit(sign_in.address(
        &api.sign_in_url,
        &client_id,
        &scopes,
    )))
}

/// Ends a sign-in with what the browser brought back.
pub fn complete(parameters: &[Attribute]) -> Result<AccountInfo, Failure> {
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
        Grant::Code,
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
    // Whose tokens they are is asked before anything is kept.
    let connection = ask_for_account(&api, Session::fresh(&tokens))
        .and_then(|account| settled(account, sign_in.other_account, None));
    let connection = match connection {
        Ok(connection) => connection,
        Err(failure) => {
            revoke(&api, &tokens.refresh);
            return Err(failure);
        }
    };
    // In this order a call that ends in between leaves no token under a wrong account.
    if remembered()?.is_some_and(|known| known.account.id != connection.account.id) {
        session::forget()?;
    }
    remember(&connection)?;
    session::keep(&Kept::Tokens(tokens), Expectation::Anything)?;
    Ok(info(&connection.account))
}

fn ask_for_account(api: &Api, session: Session) -> Result<Account, Failure> {
    let mut client = Client::new(api, session);
    let response = client.call(Call::get(api.version.account_details()))?;
    account::account(&response.body)
        .ok_or_else(|| Failure::new("remote", "HubSpot does not say whose account this is."))
}

/// The connection with this account, unless records are linked to another one.
fn settled(
    account: Account,
    other_account: bool,
    token: Option<String>,
) -> Result<Connection, Failure> {
    let known = remembered()?;
    if let Some(known) = &known
        && known.account.id != account.id
        && !other_account
    {
        return Err(Failure::new(
            "other-account",
            format!(
                "This connection is linked to {}, but the sign-in is for {}. All links would be wrong. Sign in to the right account, or allow another account (--other-account) if you mean it.",
                known.account.name(),
                account.name()
            ),
        ));
    }
    Ok(with_account(
        known.map(|known| known.prefixes).unwrap_or_default(),
        account,
        token,
    ))
}

fn with_account(
    mut prefixes: BTreeMap<String, String>,
    account: Account,
    token: Option<String>,
) -> Connection {
    if !prefixes.contains_key(&account.id) {
        let prefix = if prefixes.is_empty() {
            String::new()
        } else {
            format!("{}-", account.id)
        };
        prefixes.insert(account.id.clone(), prefix);
    }
    Connection {
        account,
        connected: true,
        token,
        prefixes,
    }
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
    let kept = if is_static {
        None
    } else {
        session::kept()?.map(|(kept, _)| kept)
    };
    let (state, reason) = match (linked(), kept) {
        (Err(failure), _) if failure.code == "not-connected" => {
            let was_connected = connection.as_ref().is_some_and(|known| known.connected);
            ("disconnected", was_connected.then_some(failure))
        }
        (Err(failure), _) => return Err(failure),
        (Ok(_), Some(Kept::Ended(why))) => ("sign-in-again", Some(Failure::sign_in_again(&why))),
        (Ok(_), Some(Kept::Tokens(_))) => ("connected", None),
        (Ok(_), None) if is_static => ("connected", None),
        (Ok(_), None) => ("disconnected", None),
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
        let back = Settings::parse(&settings::get()?.json).map(|settings| settings.sync_back);
        let scopes = oauth::scopes(&back.unwrap_or_default());
        attributes.push(attribute("scopes", &scopes.join(" ")));
    }
    if let Ok(linked) = linked() {
        // What is wrong with the settings, `check` says.
        let settings = Settings::parse(&settings::get()?.json).unwrap_or_default();
        for (objects, sentence) in untold::warnings(&settings, &linked)? {
            attributes.push(attribute(&format!("warning-{objects}"), &sentence));
        }
    }
    let now = transport::now();
    if session::sign_in()?.is_some_and(|(sign_in, _)| !sign_in.is_over(now)) {
        attributes.push(attribute("signing-in", "true"));
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
    let kept = match session::kept() {
        Ok(kept) => kept,
        // Tokens that cannot be opened any more can still be forgotten.
        Err(failure) => {
            log::write(log::Level::Warn, &failure.message, &[]);
            None
        }
    };
    session::forget()?;
    session::keep_sign_in(None, Expectation::Anything)?;
    if let Some(connection) = remembered()? {
        remember(&Connection {
            connected: false,
            ..connection
        })?;
    }
    // Last, as HubSpot may be out of reach.
    if let (Some((Kept::Tokens(tokens), _)), Ok(api)) = (kept, api()) {
        revoke(&api, &tokens.refresh);
    }
    Ok(())
}

/// Withdraws a sign-in at HubSpot. Where HubSpot cannot be reached it lasts there
/// until an administrator removes the app; here it is forgotten either way.
fn revoke(api: &Api, refresh: &str) {
    let Ok((id, secret)) = session::app() else {
        return;
    };
    let revoked = session::token_call(
        api,
        Grant::Revoke,
        &[
            ("token", refresh),
            ("token_type_hint", "refresh_token"),
            ("client_id", &id),
            ("client_secret", &secret),
        ],
    );
    if let Err(Trouble::Failed(failure) | Trouble::Later(_, failure)) = revoked {
        let line = format!(
            "The sign-in could not be withdrawn at HubSpot: {}",
            failure.message
        );
        log::write(log::Level::Warn, &line, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str) -> Account {
        Account {
            id: id.to_owned(),
            ui_domain: "app.hubspot.com".to_owned(),
            time_zone: String::new(),
            utc_offset_ms: 0,
        }
    }

    #[test]
    fn the_first_account_has_no_prefix_and_each_has_its_own_for_good() {
        let first = with_account(BTreeMap::new(), account("1"), None);
        let second = with_account(first.prefixes.clone(), account("2"), None);
        let back = with_account(second.prefixes.clone(), account("1"), None);
        let prefixes = [&first, &second, &back].map(Connection::prefix);
        assert_eq!(prefixes, ["", "2-", ""]);
        for (key, expected) in [("2-77", "2-"), ("77", ""), ("277", "")] {
            let known = back.prefixes.clone().into_values();
            assert_eq!(prefix_among(known, key), expected, "{key}");
        }
    }
}
