//! Signing in and out (S1 to S5).

use std::sync::Arc;
use std::time::Duration;

use halo_host::capability::{Stop, Unwatched};
use halo_host::clock::Clock;
use halo_host::connection::{Begun, Connection, ConnectionError, Selection};
use halo_host::runs::{self, RunRequest, Summary};
use halo_host::store::RunMode;
use halo_tests::hubspot_sim::{Sim, SimOptions};
use halo_tests::kit::{NAME, Workshop, query_of};
use serde_json::{Value, json};

use crate::shop::{connected, counts, import, unconnected};

async fn state(shop: &Workshop) -> Value {
    shop.result(&["status", NAME]).await.unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_settings_are_shown_changed_checked_and_taken_back() {
    let shop = unconnected(0).await;
    let text = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    shop.write(
        "halo.toml",
        &text.replace("settings-file", "# settings-file"),
    )
    .unwrap();
    let apply = ["settings", NAME, "apply", "settings.json"];
    assert_eq!(shop.halo(&apply).await.unwrap().code, Some(0));
    shop.apply(json!({ "first-site": "Head office" })).unwrap();
    assert_eq!(shop.halo(&apply).await.unwrap().code, Some(0));
    let shown = shop.result(&["settings", NAME, "show"]).await.unwrap();
    assert_eq!(
        shown[0]["settings"]["companies"]["first-site"],
        "Head office"
    );
    // Every problem in one answer, each with its place; and nothing is applied.
    shop.write(
        "bad.json",
        r#"{"compnies": {}, "companies": {"top-level": "one", "fields": [{"property": "x"}]}}"#,
    )
    .unwrap();
    let refused = shop
        .halo(&["settings", NAME, "apply", "bad.json"])
        .await
        .unwrap();
    assert_eq!(refused.code, Some(3), "{refused:?}");
    for place in [
        "/compnies",
        "/companies/top-level",
        "/companies/fields/0",
        "did you mean \"companies\"",
    ] {
        assert!(refused.stderr.contains(place), "{place} in {refused:?}");
    }
    let history = shop.result(&["settings", NAME, "history"]).await.unwrap();
    assert_eq!(history[0].as_array().unwrap().len(), 2);
    assert_eq!(
        shop.halo(&["settings", NAME, "revert", "1"])
            .await
            .unwrap()
            .code,
        Some(0)
    );
    let shown = shop.result(&["settings", NAME, "show"]).await.unwrap();
    assert_eq!(shown[0]["settings"]["companies"].get("first-site"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_signing_in_at_hubspot_brings_the_person_back_connected() {
    let options = SimOptions {
        auto_consent: true,
        ..SimOptions::default()
    };
    let shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    assert_eq!(state(&shop).await["state"], "disconnected");
    let (page, ended) = shop.connect_by_browser().await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let portal = shop.sim.portal_id().to_string();
    assert!(
        page.contains("Connected") && page.contains(&portal),
        "{page}"
    );
    let state = state(&shop).await;
    assert_eq!(
        (&state["state"], &state["account"]["id"]),
        (&"connected".into(), &portal.into())
    );
}

async fn begun(connection: &Connection) -> (String, String) {
    let redirect = "http://127.0.0.1:8085/connect/hubspot/callback";
    let Begun::Visit(address) = connection.begin(redirect, false).await.unwrap() else {
        panic!("no visit");
    };
    let state = parameter(&address, "state");
    (address, state)
}

/// One parameter of an address.
fn parameter(address: &str, name: &str) -> String {
    let parameters = query_of(address).unwrap();
    let found = parameters.into_iter().find(|(known, _)| known == name);
    found.unwrap().1
}

fn code_of(error: ConnectionError) -> String {
    match error {
        ConnectionError::Failed(failure) => failure.code,
        error => panic!("{error}"),
    }
}

async fn complete(connection: &Connection, parameters: &[(&str, &str)]) -> Result<(), String> {
    let parameters: Vec<(String, String)> = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    connection
        .complete(&parameters)
        .await
        .map(drop)
        .map_err(code_of)
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_a_wrong_or_used_state_and_a_denied_consent_leave_it_disconnected() {
    let shop = unconnected(0).await;
    let host = shop.host(Clock::default()).await.unwrap();
    let connection = host.connection(NAME).await.unwrap();
    let invalid = Err("invalid".to_owned());
    assert_eq!(
        complete(&connection, &[("code", "c"), ("state", "s")]).await,
        invalid
    );

    let (address, state) = begun(&connection).await;
    let back = shop.sim.consent(&address).unwrap();
    let code = parameter(&back, "code");
    let code = code.as_str();
    assert_eq!(
        complete(&connection, &[("code", code), ("state", "forged")]).await,
        invalid
    );
    assert_eq!(connection.status().await.unwrap().state, "disconnected");

    let denied = [("error", "access_denied"), ("state", state.as_str())];
    assert_eq!(
        complete(&connection, &denied).await,
        Err("consent-denied".to_owned())
    );
    assert_eq!(connection.status().await.unwrap().state, "disconnected");
    assert_eq!(
        complete(&connection, &[("code", code), ("state", &state)]).await,
        invalid
    );

    let (address, state) = begun(&connection).await;
    let back = shop.sim.consent(&address).unwrap();
    let code = parameter(&back, "code");
    let code = code.as_str();
    let good = [("code", code), ("state", state.as_str())];
    assert_eq!(complete(&connection, &good).await, Ok(()));
    assert_eq!(complete(&connection, &good).await, invalid, "a replay");
    assert_eq!(connection.status().await.unwrap().state, "connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_a_wrong_client_secret_is_named_and_nothing_is_kept() {
    let options = SimOptions {
        auto_consent: true,
        ..SimOptions::default()
    };
    let shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    shop.write("client-secret.txt", "not-the-secret").unwrap();
    let (page, ended) = shop.connect_by_browser().await.unwrap();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    for text in [&page, &ended.stderr] {
        assert!(
            text.contains("client secret") && !text.contains("not-the-secret"),
            "{text}"
        );
    }
    assert_eq!(state(&shop).await["state"], "disconnected");
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_nothing_is_asked_or_written_before_connecting() {
    let shop = unconnected(5).await;
    for arguments in [
        ["import", NAME, "companies"].as_slice(),
        &["preview", NAME, "companies"],
        &["fields", NAME, "companies"],
        &["check", NAME, "--online"],
    ] {
        let ended = shop.halo(arguments).await.unwrap();
        assert_eq!(ended.code, Some(3), "{arguments:?}: {ended:?}");
        let told = ended.stdout.clone() + &ended.stderr;
        assert!(told.contains("Not connected"), "{arguments:?}: {ended:?}");
    }
    assert_eq!(shop.sim.stats().calls, 0);
    assert_eq!(
        shop.records().unwrap().all("customer").await.unwrap().len(),
        0
    );
}

async fn run(connection: &Connection) -> Result<Summary, ConnectionError> {
    let request = RunRequest {
        entity: "companies".to_owned(),
        selection: Selection::Everything,
        full: true,
        mode: RunMode::Import,
        confirms: None,
    };
    runs::run(connection, &request, Arc::new(Unwatched), Stop::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_an_access_token_is_renewed_once_before_it_ends() {
    let shop = unconnected(150).await;
    let clock = Clock::default();
    let host = shop.host(clock.clone()).await.unwrap();
    shop.sign_in(&host).await.unwrap();
    let connection = host.connection(NAME).await.unwrap();
    run(&connection).await.unwrap();
    shop.sim.reset_stats();
    clock.advance(Duration::from_secs(26 * 60));
    shop.sim.advance_clock(Duration::from_secs(26 * 60));
    assert_eq!(run(&connection).await.unwrap().counts.unchanged, 150);
    let stats = shop.sim.stats();
    assert_eq!(stats.calls_of("POST", "/token"), 1, "{stats:?}");
    assert_eq!(
        stats.statuses.keys().copied().collect::<Vec<_>>(),
        [200],
        "no call was refused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_token_that_dies_early_is_renewed_and_the_call_repeated() {
    let shop = connected(150).await;
    shop.sim.expire_access_tokens();
    assert_eq!(counts(&import(&shop).await), "created 150");
    assert_eq!(shop.sim.stats().calls_of("POST", "/token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_withdrawn_sign_in_asks_to_sign_in_again_and_loses_nothing() {
    let shop = connected(20).await;
    import(&shop).await;
    let before = shop.records().unwrap().contents().await.unwrap();
    shop.sim.uninstall();
    let ended = shop.halo(&["import", NAME, "companies"]).await.unwrap();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("Connect again"), "{ended:?}");
    let standing = state(&shop).await;
    assert_eq!(standing["state"], "sign-in-again", "{standing}");
    let calls = shop.sim.stats().calls;
    assert_eq!(
        shop.halo(&["import", NAME, "companies"])
            .await
            .unwrap()
            .code,
        Some(3)
    );
    assert_eq!(shop.sim.stats().calls, calls, "HubSpot is not asked again");
    shop.connect().await.unwrap();
    import(&shop).await;
    assert_eq!(shop.records().unwrap().contents().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_disconnecting_forgets_the_tokens_and_keeps_settings_and_links() {
    let shop = connected(3).await;
    import(&shop).await;
    let before = shop.records().unwrap().contents().await.unwrap();
    assert_eq!(
        shop.halo(&["disconnect", NAME]).await.unwrap().code,
        Some(0)
    );
    let standing = state(&shop).await;
    assert_eq!(standing["state"], "disconnected", "{standing}");
    assert_eq!(
        shop.halo(&["import", NAME, "companies"])
            .await
            .unwrap()
            .code,
        Some(3)
    );
    assert_eq!(
        shop.halo(&["disconnect", NAME]).await.unwrap().code,
        Some(0),
        "twice in a row"
    );
    shop.connect().await.unwrap();
    import(&shop).await;
    assert_eq!(shop.records().unwrap().contents().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_another_account_is_refused_until_it_is_asked_for() {
    let shop = connected(3).await;
    import(&shop).await;
    // Long before the first account was imported; and the same ids as there.
    let options = SimOptions {
        portal_id: 999,
        frozen_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        ..SimOptions::default()
    };
    let other = Sim::start(options).await.unwrap();
    let first = &shop.sim.snapshot("companies").unwrap()[0];
    let name = first["properties"]["name"].as_str().unwrap();
    other.create_company([("name", "Only there")]).unwrap();
    other.create_company([("name", name)]).unwrap();
    let mut settings = shop.settings(json!({}));
    settings["api"] = json!({ "base-url": other.base_url(), "sign-in-url": other.base_url() });
    shop.write("settings.json", &settings.to_string()).unwrap();
    let text = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    let host_of = |url: &str| url.trim_start_matches("http://").to_owned();
    shop.write(
        "halo.toml",
        &text.replace(&host_of(shop.sim.base_url()), &host_of(other.base_url())),
    )
    .unwrap();
    shop.write("client-id.txt", other.client_id()).unwrap();
    shop.write("client-secret.txt", other.client_secret())
        .unwrap();

    let host = shop.host(Clock::default()).await.unwrap();
    let connection = host.connection(NAME).await.unwrap();
    for (allowed, expected) in [
        (false, Err("other-account".to_owned())),
        (true, Ok("999".to_owned())),
    ] {
        let redirect = "http://127.0.0.1:8085/connect/hubspot/callback";
        let Begun::Visit(address) = connection.begin(redirect, allowed).await.unwrap() else {
            panic!("no visit");
        };
        let back = other.consent(&address).unwrap();
        let answer = connection.complete(&query_of(&back).unwrap()).await;
        let answer = answer.map(|account| account.id).map_err(code_of);
        assert_eq!(answer, expected);
    }
    // Everything of the other account is read, and what belongs to the first one
    // does not stand in its way.
    assert_eq!(counts(&import(&shop).await), "created 1, unchanged 1");
    assert_eq!(
        shop.records().unwrap().all("customer").await.unwrap().len(),
        4
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_a_token_that_was_replaced_is_not_used_for_the_old_account() {
    let shop = unconnected(3).await;
    let text = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    let (head, _) = text.split_once("client-id").unwrap();
    shop.write(
        "halo.toml",
        &format!("{head}access-token = {{ file = \"token.txt\" }}\n"),
    )
    .unwrap();
    shop.write("token.txt", shop.sim.private_app_token())
        .unwrap();
    assert_eq!(shop.halo(&["connect", NAME]).await.unwrap().code, Some(0));
    shop.write("token.txt", "pat-na1-of-another-account")
        .unwrap();
    shop.sim.reset_stats();
    let ended = shop.halo(&["import", NAME, "companies"]).await.unwrap();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("connect again"), "{ended:?}");
    assert_eq!(shop.sim.stats().calls, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_a_strangers_redirect_does_not_end_a_sign_in_and_serve_answers_the_right_one() {
    let options = SimOptions {
        auto_consent: true,
        ..SimOptions::default()
    };
    let shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    let config = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    let address = config.split('"').nth(1).unwrap().to_owned();
    let mut serve = shop.command(&["serve"]);
    let mut serve = serve.stdout(std::process::Stdio::null()).spawn().unwrap();
    let browser = halo_tests::kit::Browser::default();
    while browser
        .open(&format!("http://{address}/healthz"))
        .await
        .is_err()
    {
        assert!(serve.try_wait().unwrap().is_none());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Nobody can start a sign-in from outside.
    let (status, _) = browser
        .open(&format!("http://{address}/connect/{NAME}"))
        .await
        .unwrap();
    assert_eq!(status, 404);
    let stranger = format!("http://{address}/connect/{NAME}/callback?code=c&state=s");
    let (status, page) = browser.open(&stranger).await.unwrap();
    assert_eq!(status, 400, "{page}");
    let (page, ended) = shop.connect_by_browser().await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(page.contains("Connected"), "{page}");
    serve.kill().await.unwrap();

    // The same by the command itself.
    assert_eq!(
        shop.halo(&["disconnect", NAME]).await.unwrap().code,
        Some(0)
    );
    let connect = tokio::spawn({
        let mut command = shop.command(&["--json", "connect", NAME]);
        async move { command.output().await.unwrap() }
    });
    while browser.open(&stranger).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!connect.is_finished());
    let host = shop.host(Clock::default()).await.unwrap();
    assert!(
        host.connection(NAME)
            .await
            .unwrap()
            .status()
            .await
            .unwrap()
            .is_signing_in()
    );
    connect.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_token_connects_without_a_visit_and_a_wrong_one_is_named() {
    let shop = unconnected(3).await;
    let text = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    let secrets = "access-token = { file = \"token.txt\" }\n";
    let (head, _) = text.split_once("client-id").unwrap();
    shop.write("halo.toml", &format!("{head}{secrets}"))
        .unwrap();
    shop.write("token.txt", "pat-na1-wrong").unwrap();
    let ended = shop.halo(&["connect", NAME]).await.unwrap();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.stderr.contains("access-token") && !ended.stderr.contains("pat-na1"),
        "{ended:?}"
    );
    shop.write("token.txt", shop.sim.private_app_token())
        .unwrap();
    assert_eq!(
        shop.halo(&["import", NAME, "companies"])
            .await
            .unwrap()
            .code,
        Some(3),
        "a token alone does not connect"
    );
    assert_eq!(shop.halo(&["connect", NAME]).await.unwrap().code, Some(0));
    assert_eq!(counts(&import(&shop).await), "created 3");
    assert_eq!(
        shop.halo(&["disconnect", NAME]).await.unwrap().code,
        Some(0)
    );
    assert_eq!(state(&shop).await["state"], "disconnected");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_secrets_are_in_no_file_no_page_and_no_log() {
    let options = SimOptions {
        auto_consent: true,
        companies: 120,
        ..SimOptions::default()
    };
    let shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    let (page, connected) = shop.connect_by_browser().await.unwrap();
    let mut told = page + &connected.stdout + &connected.stderr;
    shop.sim.expire_access_tokens();
    for arguments in [
        ["import", NAME, "companies"].as_slice(),
        &["status"],
        &["journal", "--limit", "1000"],
        &["--json", "describe", NAME],
    ] {
        let mut command = shop.command(arguments);
        let output = command.env("HALO_LOG", "trace").output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        told += &String::from_utf8_lossy(&output.stdout);
        told += &String::from_utf8_lossy(&output.stderr);
    }
    let mut secrets = shop.sim.secrets_given_out();
    assert!(secrets.len() >= 3, "{secrets:?}");
    secrets.push(shop.sim.client_secret().to_owned());
    for secret in &secrets {
        assert!(!told.contains(secret.as_str()), "{secret} was shown");
    }
    for file in std::fs::read_dir(shop.folder()).unwrap() {
        let file = file.unwrap();
        if !file.file_type().unwrap().is_file() || file.file_name() == "client-secret.txt" {
            continue;
        }
        let bytes = std::fs::read(file.path()).unwrap();
        for secret in &secrets {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {}", file.path().display());
        }
    }
}
