//! A service that runs for months: what is old goes, backups and restores, whether it is
//! ready, a new configuration and a new component while it serves, and what somebody wants
//! to be forgotten.

use std::time::{Duration, Instant};

use halo_tests::kit::{NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::{connected, empty};

/// For what comes by itself on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(50);

async fn ok(shop: &Workshop, arguments: &[&str]) -> Value {
    shop.result(arguments).await.unwrap().remove(0)
}

fn sync_back(shop: &Workshop) {
    let mut settings = shop.settings(json!({}));
    settings["companies"]["fields"] =
        json!([{ "property": "city", "field": "CFCity", "sync-back": true }]);
    settings["sync-back"] = json!({ "companies": "both" });
    shop.write("settings.json", &settings.to_string()).unwrap();
}

/// What a request of this path answers.
async fn get(shop: &Workshop, path: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = shop.address().unwrap();
    let address = address.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    (status, body.to_owned())
}

/// Waits until it answers so.
async fn becomes(shop: &Workshop, path: &str, status: u16) -> String {
    let started = Instant::now();
    loop {
        let (is, body) = get(shop, path).await;
        if is == status {
            return body;
        }
        assert!(started.elapsed() < PATIENCE, "{path} is {is}: {body}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Has a host read its configuration again.
#[cfg(unix)]
fn hang_up(process: u32) {
    let mut kill = std::process::Command::new("kill");
    let sent = kill.args(["-HUP", &process.to_string()]).status();
    assert!(sent.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_while_it_serves_is_whole_and_comes_back_only_where_nobody_works() {
    let shop = connected(3).await;
    ok(&shop, &["import", NAME, "companies"]).await;
    let serving = shop.serve().await.unwrap();
    let backup = ok(&shop, &["backup", "one.halo"]).await;
    assert!(backup["key"].as_str().unwrap().ends_with("halo.key"));
    // The one that is there is not written over.
    let again = shop.halo(&["backup", "one.halo"]).await.unwrap();
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("there already"), "{again:?}");
    let later = shop.sim.create_company([("name", "Later")]).unwrap();
    ok(&shop, &["import", NAME, "companies"]).await;
    for (arguments, told) in [
        (["restore", "one.halo"].as_slice(), "--force"),
        (&["restore", "one.halo", "--force"], "is in use"),
        (&["restore", "halo.toml", "--force"], "not a store"),
        (&["restore", "nothing", "--force"], "no such file"),
    ] {
        let refused = shop.halo(arguments).await.unwrap();
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(told), "{refused:?}");
    }
    assert!(
        shop.records()
            .unwrap()
            .linked("customer", &later)
            .await
            .unwrap()
            .is_some()
    );
    serving.kill().await.unwrap();
    let restored = ok(&shop, &["restore", "one.halo", "--force"]).await;
    assert_eq!(
        shop.records().unwrap().all("customer").await.unwrap().len(),
        3
    );
    let aside = shop.folder().join(restored["aside"].as_str().unwrap());
    assert!(aside.exists(), "the one before is kept");
    // What came after the backup comes again, under ids that nothing ever had.
    let before: u64 = { shop.records().unwrap().all("customer").await.unwrap() }
        .iter()
        .map(|record| record.id)
        .max()
        .unwrap();
    ok(&shop, &["import", NAME, "companies"]).await;
    let anew = shop
        .records()
        .unwrap()
        .linked("customer", &later)
        .await
        .unwrap();
    assert!(anew.unwrap() > before + 1, "{anew:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_nothing_old_goes_over_what_hubspot_has_by_then() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFCity", "text")
        .await
        .unwrap();
    sync_back(&shop);
    shop.connect().await.unwrap();
    let acme = shop
        .sim
        .create_company([("name", "Acme"), ("city", "Ghent")])
        .unwrap();
    ok(&shop, &["import", NAME, "companies"]).await;
    let id = halo.linked("customer", &acme).await.unwrap().unwrap();
    halo.edit("customer", id, &[("CFCity", "Bruges")])
        .await
        .unwrap();
    let fresh = halo.add("customer", &[("name", "Fresh")]).await.unwrap();
    ok(&shop, &["backup", "one.halo"]).await;
    // All that the backup still has to send is sent, and HubSpot goes on.
    ok(&shop, &["push", NAME]).await;
    let city = |shop: &Workshop| format!("{:?}", shop.sim.snapshot("companies").unwrap());
    assert!(city(&shop).contains("Bruges"), "{}", city(&shop));
    shop.sim
        .edit("companies", &acme, [("city", "Namur")])
        .unwrap();
    // A record that the backup does not know, with a company of its own.
    let lost = halo.add("customer", &[("name", "Lost")]).await.unwrap();
    ok(&shop, &["push", NAME]).await;
    drop(halo);
    let before = city(&shop);
    ok(&shop, &["restore", "one.halo", "--force"]).await;
    ok(&shop, &["push", NAME]).await;
    assert_eq!(
        city(&shop),
        before,
        "nothing old was written, nothing made twice"
    );
    let halo = shop.records().unwrap();
    let keys = halo.fields("customer", fresh).await.unwrap();
    assert!(!keys.is_empty());
    // The next record is not taken for the lost one, whose company stays Lost.
    let next = halo.add("customer", &[("name", "Next")]).await.unwrap();
    assert_ne!(next, lost);
    ok(&shop, &["push", NAME]).await;
    let after = city(&shop);
    assert!(after.contains("Lost") && after.contains("Next"), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_goes_and_a_dry_run_only_counts() {
    let shop = connected(2).await;
    let path = shop.folder().join("halo.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let text = format!("[store.retention]\nruns = 1\npreviews = 1\njournal = 1\n\n{text}");
    shop.write("halo.toml", &text).unwrap();
    for _ in 0..3 {
        ok(&shop, &["preview", NAME, "companies"]).await;
        ok(&shop, &["import", NAME, "companies"]).await;
    }
    assert_eq!(
        ok(&shop, &["prune"]).await["forgotten"]["runs"],
        0,
        "nothing is old"
    );
    // Two days later.
    let clock = halo_host::clock::Clock::default();
    clock.advance(Duration::from_secs(2 * 24 * 60 * 60));
    let host = shop.host(clock).await.unwrap();
    let stop = halo_host::capability::Stop::default();
    let retention = host.config.store.retention;
    for (dry_run, runs) in [(true, 4), (true, 4), (false, 4), (false, 0)] {
        let now = host.clock.now();
        let sums = halo_host::retention::prune(&*host.store, &retention, now, dry_run, &stop);
        let sums = sums.await.unwrap();
        assert_eq!(sums.runs, runs);
        assert_eq!(sums.previews, if runs == 0 { 0 } else { 3 });
    }
    let left: Vec<String> = { host.store.runs(NAME, 100).await.unwrap() }
        .iter()
        .map(|run| format!("{:?}", run.mode))
        .collect();
    assert_eq!(left, ["Import", "Preview"]);
    // And all is well: an import goes on, and why has an answer.
    let company = host
        .store
        .list("customer", None, 0, 1)
        .await
        .unwrap()
        .remove(0);
    assert!(company.id > 0);
    ok(&shop, &["import", NAME, "companies"]).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ready_says_what_is_not_and_a_new_component_or_configuration_is_taken_while_it_serves() {
    let shop = connected(1).await;
    let config = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    // A component of its own, to be replaced.
    let line = { config.lines() }
        .find(|line| line.starts_with("component"))
        .unwrap();
    let component = line.split('"').nth(1).unwrap();
    let own = shop.folder().join("own.wasm");
    std::fs::copy(component, &own).unwrap();
    let config = config.replace(line, "component = \"own.wasm\"");
    shop.write("halo.toml", &config).unwrap();
    let mut serving = shop.serve().await.unwrap();
    assert_eq!(becomes(&shop, "/readyz", 200).await, "ready\n");
    std::fs::write(&own, "no component").unwrap();
    let told = becomes(&shop, "/readyz", 503).await;
    assert!(told.contains(&format!("The component of {NAME}")), "{told}");
    assert_eq!(get(&shop, "/healthz").await.0, 200, "it lives");
    std::fs::copy(component, &own).unwrap();
    becomes(&shop, "/readyz", 200).await;
    assert_eq!(get(&shop, "/api/authinfo").await.0, 404);
    shop.write("secret.txt", "a secret of sixteen letters or more")
        .unwrap();
    let with_api = format!(
        "{config}\n[api.desk]\nclient-id = \"desk\"\nclient-secret = {{ file = \"secret.txt\" }}\n"
    );
    shop.write("halo.toml", &with_api).unwrap();
    assert_eq!(get(&shop, "/healthz").await.0, 200);
    hang_up(serving.id().unwrap());
    becomes(&shop, "/api/authinfo", 200).await;
    assert!(serving.is_alive());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_is_in_no_report_and_no_journal_any_more() {
    let shop = connected(0).await;
    let acme = shop.sim.create_company([("name", "Acme")]).unwrap();
    ok(&shop, &["import", NAME, "companies"]).await;
    let person = [
        ("email", "ada@example.com"),
        ("firstname", "Ada"),
        ("lastname", "Byron"),
    ];
    let ada = shop.sim.create("contacts", person).unwrap();
    let to = ("companies", acme.as_str());
    shop.sim.link(("contacts", &ada), to, true).unwrap();
    ok(&shop, &["preview", NAME, "contacts"]).await;
    ok(&shop, &["import", NAME, "contacts"]).await;
    let all = async || {
        let why = ok(&shop, &["why", NAME, "contacts", &ada]).await;
        let journal = shop.halo(&["--json", "journal"]).await.unwrap().stdout;
        let previewed = ok(&shop, &["report", NAME, "2"]).await;
        let imported = ok(&shop, &["report", NAME, "3"]).await;
        format!("{} {journal} {previewed} {imported}", why["reports"])
    };
    assert!(all().await.contains("ada@example.com"));
    // Halo's record is people's to change.
    let halo = shop.records().unwrap();
    let user = halo.linked("user", &ada).await.unwrap().unwrap();
    let nobody = [
        ("name", "-"),
        ("emailaddress", ""),
        ("firstname", "-"),
        ("surname", "-"),
    ];
    halo.edit("user", user, &nobody).await.unwrap();
    let id = user.to_string();
    assert!(in_a_copy(&shop, "before.halo", "ada@example.com").await);
    let forgotten = ok(&shop, &["forget", NAME, "contacts", &ada]).await;
    assert_eq!(forgotten["reports"], 2, "{forgotten}");
    assert_eq!(forgotten["state"], 1, "{forgotten}");
    for secret in ["ada@example.com", "Byron"] {
        let name = format!("{secret}.halo");
        assert!(!in_a_copy(&shop, &name, secret).await, "{secret} is left");
    }
    let again = ok(&shop, &["forget", NAME, "contacts", &ada]).await;
    assert_eq!(again["state"], 0, "{again}");
    let linked = halo.linked("user", &ada).await.unwrap();
    assert_eq!(linked.map(|user| user.to_string()), Some(id));
    let after = all().await;
    for secret in ["ada@example.com", "Byron"] {
        assert!(!after.contains(secret), "{secret}: {after}");
    }
    assert!(
        after.contains("(forgotten)") && after.contains(&ada),
        "{after}"
    );
}

/// Whether a copy of the store, which has no free space, holds these bytes.
async fn in_a_copy(shop: &Workshop, name: &str, text: &str) -> bool {
    ok(shop, &["backup", name]).await;
    let bytes = std::fs::read(shop.folder().join(name)).unwrap();
    let mut windows = bytes.windows(text.len());
    windows.any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_serve_is_json_where_the_configuration_says_so() {
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    let shop = empty().await;
    let config = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    let config = config.replace("[server]", "[server]\nlog = \"json\"");
    shop.write("halo.toml", &config).unwrap();
    let mut command = shop.command(&["serve"]);
    command.stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        out.next_line()
            .await
            .unwrap()
            .unwrap()
            .contains("Listening")
    );
    shop.write("halo.toml", "[servre]\n").unwrap();
    hang_up(child.id().unwrap());
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = err.next_line().await.unwrap().unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], json!("ERROR"), "{line}");
    let reason = line["reason"].as_str().unwrap();
    assert!(reason.contains("Did you mean `server`?"), "{line}");
    // One that cannot be used changes nothing.
    shop.write("halo.toml", &config).unwrap();
    assert_eq!(get(&shop, "/healthz").await.0, 200);
    child.kill().await.unwrap();
}
