//! Bad input: one clear sentence that says what to do, an exit code, and nothing
//! half-written.

use halo_tests::kit::{NAME, Workshop};

use crate::shop::{connected, unconnected};

/// Runs a command that must fail; answers its one sentence.
async fn refused(shop: &Workshop, arguments: &[&str], code: i32) -> String {
    let ended = shop.halo(arguments).await.unwrap();
    assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
    let errors: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(errors.len(), 1, "{ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    errors[0].to_owned()
}

fn configure(shop: &Workshop, from: &str, to: &str) {
    let text = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    shop.write("halo.toml", &text.replace(from, to)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_configuration_it_says_how_to_make_one() {
    let shop = unconnected(0).await;
    std::fs::remove_file(shop.folder().join("halo.toml")).unwrap();
    let told = refused(&shop, &["status"], 3).await;
    assert!(told.contains("halo-host init"), "{told}");
    assert!(!shop.folder().join("halo.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_key_names_its_line_and_the_nearest_known_one() {
    let shop = unconnected(0).await;
    configure(&shop, "allow-hosts", "alow-hosts");
    let ended = shop.halo(&["status"]).await.unwrap();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.stderr.contains("alow-hosts") && ended.stderr.contains("Did you mean `allow-hosts`?"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_connector_or_entity_names_the_known_ones() {
    let shop = connected(0).await;
    let told = refused(&shop, &["import", "hubspt", "companies"], 3).await;
    assert!(told.contains("it has hubspot"), "{told}");
    let told = refused(&shop, &["import", NAME, "company"], 1).await;
    assert!(told.contains("it has companies"), "{told}");
    for arguments in [
        &["preview", NAME, "all"][..],
        &["import", NAME, "all", "--preview", "1"],
        &["import", NAME, "all", "--select", "1"],
    ] {
        let told = refused(&shop, arguments, 1).await;
        assert!(told.contains("name it in place of all"), "{told}");
    }
    let told = refused(&shop, &["records", "customers"], 1).await;
    assert!(told.contains("customer"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_is_none_is_refused() {
    let shop = unconnected(0).await;
    shop.write("garbage.wasm", "this is no component").unwrap();
    let text = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("component"))
        .unwrap()
        .to_owned();
    configure(&shop, &line, "component = \"garbage.wasm\"");
    let told = refused(&shop, &["status"], 3).await;
    assert!(
        told.contains("garbage.wasm") && told.contains("no WebAssembly component"),
        "{told}"
    );
    configure(&shop, "garbage.wasm", "missing.wasm");
    let told = refused(&shop, &["status"], 3).await;
    assert!(
        told.contains("missing.wasm") && told.contains("halo-host build"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_for_another_world_is_refused_by_what_it_wants() {
    let shop = unconnected(0).await;
    let text = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("component"))
        .unwrap()
        .to_owned();
    configure(&shop, &line, "component = \"other.wasm\"");
    // `(component)`: it wants nothing and gives nothing.
    std::fs::write(shop.folder().join("other.wasm"), b"\0asm\x0d\0\x01\0").unwrap();
    let told = refused(&shop, &["status"], 3).await;
    assert!(
        told.contains("is no connector") && told.contains("`wit/`"),
        "{told}"
    );
    // `(component (import "wasi:filesystem/types@0.2.0" (instance)))`: an instance
    // type without exports, and an import of it.
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.extend(b"\x07\x03\x01\x42\x00");
    let name = b"wasi:filesystem/types@0.2.0";
    let size = u8::try_from(name.len()).unwrap();
    bytes.extend([0x0a, size + 5, 1, 0, size]);
    bytes.extend(name);
    bytes.extend([0x05, 0x00]);
    std::fs::write(shop.folder().join("other.wasm"), &bytes).unwrap();
    let told = refused(&shop, &["status"], 3).await;
    assert!(
        told.contains("another world") && told.contains("wasi:filesystem/types"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_hubspot_is_named_and_nothing_is_written() {
    let shop = connected(5).await;
    let mut settings = shop.settings(serde_json::json!({}));
    // Nobody listens on this port.
    settings["api"]["base-url"] = "http://127.0.0.1:9".into();
    shop.write("settings.json", &settings.to_string()).unwrap();
    let told = refused(&shop, &["import", NAME, "companies"], 3).await;
    assert!(told.contains("allow-hosts"), "{told}");
    let host = shop.sim.base_url().trim_start_matches("http://").to_owned();
    configure(&shop, &host, "127.0.0.1:9");
    let ended = shop.halo(&["import", NAME, "companies"]).await.unwrap();
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(ended.stderr.contains("HubSpot did not answer"), "{ended:?}");
    assert_eq!(
        shop.records().unwrap().all("customer").await.unwrap().len(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_left_as_it_is() {
    let shop = unconnected(0).await;
    let garbage = "not a database ".repeat(1_000);
    shop.write("halo.db", &garbage).unwrap();
    let told = refused(&shop, &["status"], 1).await;
    assert!(
        told.contains("halo.db") && told.contains("Restore a backup"),
        "{told}"
    );
    assert_eq!(
        std::fs::read_to_string(shop.folder().join("halo.db")).unwrap(),
        garbage
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_there_is_named_with_its_place() {
    let shop = unconnected(0).await;
    std::fs::remove_file(shop.folder().join("client-secret.txt")).unwrap();
    let told = refused(&shop, &["connect", NAME], 3).await;
    assert!(
        told.contains("client-secret") && told.contains("client-secret.txt"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_no_json_or_misspelt_stop_a_run_and_not_a_check() {
    let shop = connected(2).await;
    shop.write("settings.json", "{ companies: }").unwrap();
    let told = refused(&shop, &["import", NAME, "companies"], 3).await;
    assert!(told.contains("settings"), "{told}");
    let checked = shop.halo(&["check"]).await.unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    assert!(checked.stdout.contains("no JSON"), "{checked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_are_one_run_and_one_clear_sentence() {
    let shop = connected(1_000).await;
    shop.sim.set_latency(std::time::Duration::from_millis(500));
    let import = ["import", NAME, "companies"];
    let (first, second) = tokio::join!(shop.halo(&import), shop.halo(&import));
    let (first, second) = (first.unwrap(), second.unwrap());
    let codes = [first.code, second.code];
    assert!(
        codes == [Some(0), Some(1)] || codes == [Some(1), Some(0)],
        "{first:?} {second:?}"
    );
    let told = first.stderr + &second.stderr;
    assert!(
        told.contains("Another run of hubspot is going on"),
        "{told}"
    );
    assert_eq!(
        shop.records().unwrap().all("customer").await.unwrap().len(),
        1_000
    );
}
