//! HubSpot's own published clients against the simulated HubSpot: what they can do at
//! it, the connector may rely on. And a client made for Halo against the host's
//! records API. Each runs a script beside this file, which prints a line for each
//! thing that it has proven.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod halo;
mod install;
mod webhooks;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use halo_tests::hubspot_sim::{Sim, SimOptions};
use install::Installed;
use tokio::process::Command;

/// A script is done within seconds; one that hangs must not hold up all tests.
const LONGEST_RUN: Duration = Duration::from_secs(180);

/// What each client proves, in this order.
const PROVEN: [&str; 18] = [
    "a code is exchanged once",
    "a token is refreshed",
    "a token may do what was consented to, and a 403 names the scope that it lacks",
    "a revoked refresh token is refused",
    "an unknown and an expired token are told apart",
    "all pages of a list",
    "create, get and update",
    "search",
    "an archived record is found only in the bin",
    "batch create, and a batch read that names the id that is missing",
    "batch update and archive",
    "properties: list, create, get, and a name that is taken",
    "batch upsert by a unique property",
    "owners by page and by id",
    "a conflict names the contact that is there already",
    "associations: link, read and batch read",
    "the client itself waits out a 429 and a 502",
    "a 429 names its policy",
];

/// What only the pre-release knows to ask for.
const ACCOUNT: &str = "the account's region, time zone and daily usage";

/// Runs a script against a simulated HubSpot with its real limits; answers what it
/// has proven.
async fn proven_by(client: &Installed, script: &str) -> Vec<String> {
    let options = SimOptions {
        companies: 250,
        contacts: 20,
        hublet: "eu1".to_owned(),
        time_zone: "Asia/Kolkata".to_owned(),
        ..SimOptions::default()
    };
    let sim = Sim::start(options).await.unwrap();
    let proven = told_by(client, script, &sim.to_json().to_string()).await;
    let routes = sim.stats().routes;
    let unserved = routes.iter().find(|row| row.route == "(not served)");
    assert_eq!(unserved, None, "the simulator lacks a path");
    proven
}

/// Runs a script with its argument; answers what it has proven.
async fn told_by(client: &Installed, script: &str, argument: &str) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(script);
    let run = Command::new(&client.program)
        .args(client.arguments)
        .arg(&script)
        .arg(argument)
        .current_dir(&client.folder)
        // A proxy of the machine must not see calls to the loopback address.
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ended = tokio::time::timeout(LONGEST_RUN, run)
        .await
        .expect("the script does not end")
        .unwrap();
    let (told, errors) = (
        String::from_utf8_lossy(&ended.stdout).into_owned(),
        String::from_utf8_lossy(&ended.stderr).into_owned(),
    );
    assert!(
        ended.status.success(),
        "{} failed after\n{told}\n{errors}",
        script.display()
    );
    told.lines()
        .filter_map(|line| line.strip_prefix("proven: "))
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn hubspots_client_for_node_works_with_the_simulator() {
    let client = install::node().unwrap_or_else(|sentence| panic!("{sentence}"));
    assert_eq!(proven_by(&client, "node.mjs").await, PROVEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn hubspots_client_for_python_works_with_the_simulator() {
    let client = install::python().unwrap_or_else(|sentence| panic!("{sentence}"));
    assert_eq!(proven_by(&client, "client.py").await, PROVEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn hubspots_pre_release_for_python_finds_each_answer_true_to_its_schema() {
    let client = install::python().unwrap_or_else(|sentence| panic!("{sentence}"));
    let mut proven = proven_by(&client, "sdk.py").await;
    assert!(proven.contains(&ACCOUNT.to_owned()), "{proven:?}");
    proven.retain(|line| line != ACCOUNT);
    assert_eq!(proven, PROVEN);
}
