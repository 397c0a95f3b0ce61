//! Connecting with a token of the configuration. There is no sign-in page, so `begin`
//! is all of it: it asks whose token it is, and remembers that. What is remembered
//! outlives a sign-out, as all links belong to that workspace.

use serde::{Deserialize, Serialize};

use crate::account::{self, Workspace};
use crate::contract::exports::halo::integration::connect::{Account, Begun, StateOfConnection};
use crate::contract::halo::integration::state::{self, Expectation, Write};
use crate::failure::Failure;
use crate::remote;
use crate::settings::Settings;

/// Where it is remembered.
const KEY: &str = "connection";

#[derive(Serialize, Deserialize)]
struct Connection {
    workspace: Workspace,
    connected: bool,
}

fn remembered() -> Result<Option<Connection>, Failure> {
    let entry = state::get(&[KEY.to_owned()])?.into_iter().flatten().next();
    Ok(entry.and_then(|entry| serde_json::from_slice(&entry.value).ok()))
}

fn remember(connection: &Connection) -> Result<(), Failure> {
    let value = serde_json::to_vec(connection)
        .map_err(|error| Failure::new("internal", error.to_string()))?;
    state::commit(&[Write {
        key: KEY.to_owned(),
        value: Some(value),
        expected: Expectation::Anything,
    }])
}

/// Asks whose token it is.
pub fn begin(other_account: bool) -> Result<Begun, Failure> {
    let workspace = account::workspace(&Settings::read()?.api)?;
    if let Some(known) = remembered()?
        && known.workspace.id != workspace.id
        && !other_account
    {
        return Err(Failure::new(
            "other-account",
            format!(
                "This connection is linked to {}, but the access token is of {}. Use a token of the former, or allow another account if you mean it.",
                known.workspace.name, workspace.name
            ),
        ));
    }
    let account = info(&workspace);
    remember(&Connection {
        workspace,
        connected: true,
    })?;
    Ok(Begun::Connected(account))
}

/// Nobody is sent anywhere, so nobody comes back.
pub fn complete() -> Result<Account, Failure> {
    Err(Failure::new(
        "invalid",
        "No sign-in is under way. Connect again.",
    ))
}

/// How it stands.
pub fn status() -> Result<StateOfConnection, Failure> {
    let known = remembered()?;
    let linked = known.as_ref().is_some_and(|known| known.connected);
    let reason = remote::token().err().filter(|_| linked);
    let state = match (linked, &reason) {
        (false, _) => "disconnected",
        (true, Some(_)) => "sign-in-again",
        (true, None) => "connected",
    };
    Ok(StateOfConnection {
        state: state.to_owned(),
        account: known.map(|known| info(&known.workspace)),
        reason,
        attributes: Vec::new(),
    })
}

/// The token is the administrator's and stays; it is not used any more.
pub fn disconnect() -> Result<(), Failure> {
    match remembered()? {
        Some(known) => remember(&Connection {
            connected: false,
            ..known
        }),
        None => Ok(()),
    }
}

/// The workspace in use, or why there is none.
pub fn linked() -> Result<Workspace, Failure> {
    let connection = remembered()?.filter(|connection| connection.connected);
    connection
        .map(|connection| connection.workspace)
        .ok_or_else(|| {
            Failure::new(
                "not-connected",
                "Not connected to Fernwhistle yet; connect first.",
            )
        })
}

/// Whether an answer is of the workspace in use: the token may have been replaced by
/// one of another workspace since.
pub fn expect(found: &Workspace) -> Result<(), Failure> {
    let linked = linked()?;
    if linked.id == found.id {
        return Ok(());
    }
    Err(Failure::new(
        "not-connected",
        format!(
            "The access token is of {} now, and this connection is linked to {}; connect again.",
            found.name, linked.name
        ),
    ))
}

fn info(workspace: &Workspace) -> Account {
    Account {
        id: workspace.id.clone(),
        name: workspace.name.clone(),
        address: None,
    }
}
