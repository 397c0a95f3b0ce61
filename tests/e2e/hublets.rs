//! Accounts in other regions of HubSpot, and sign-ins that may do less than is needed.

use halo_tests::hubspot_sim::SimOptions;
use halo_tests::kit::{NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::{counts, import, program, unconnected};

const COMPANIES_READ: &str = "crm.objects.companies.read";

async fn result(shop: &Workshop, arguments: &[&str]) -> Value {
    shop.result(arguments).await.unwrap().remove(0)
}

/// Replaces the sign-in by the static token of the simulated account.
fn with_a_static_token(shop: &Workshop) {
    let text = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    let (head, _) = text.split_once("client-id").unwrap();
    let secrets = "access-token = { file = \"token.txt\" }\n";
    shop.write("halo.toml", &format!("{head}{secrets}"))
        .unwrap();
    shop.write("token.txt", shop.sim.private_app_token())
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_an_account_in_europe_has_the_addresses_of_its_own_pages() {
    let options = SimOptions {
        hublet: "eu1".to_owned(),
        time_zone: "Europe/Brussels".to_owned(),
        limit_per_10s: None,
        search_limit_per_second: None,
        ..SimOptions::default()
    };
    let shop = Workshop::open(program(), options).await.unwrap();
    let company = shop.sim.create_company([("name", "Kestrel")]).unwrap();
    let stage = [("name", "Looker"), ("lifecyclestage", "lead")];
    let skipped = shop.sim.create_company(stage).unwrap();
    shop.apply(json!({ "all-lifecycle-stages": false, "lifecycle-stages": ["(none)"] }))
        .unwrap();
    shop.connect().await.unwrap();

    let portal = shop.sim.portal_id();
    let page = |id: &str| format!("https://app-eu1.hubspot.com/contacts/{portal}/record/0-2/{id}");
    let status = result(&shop, &["status", NAME]).await;
    assert_eq!(
        status["account"]["address"],
        format!("https://app-eu1.hubspot.com/home?portalId={portal}")
    );
    let imported = import(&shop).await;
    assert_eq!(counts(&imported), "created 1, skipped 1");
    let report = result(&shop, &["report", NAME]).await;
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{report}");
    for id in [&skipped, &company] {
        let row = rows.iter().find(|row| row["key"] == **id).unwrap();
        assert_eq!(row["address"], page(id), "{row}");
    }
    let why = result(&shop, &["why", NAME, "companies", &company]).await;
    assert_eq!(why["address"], page(&company), "{why}");
}

/// Runs a command that a missing scope stops; answers what it says.
async fn stopped(shop: &Workshop, arguments: &[&str]) -> String {
    let ended = shop.halo(arguments).await.unwrap();
    assert_eq!(ended.code, Some(3), "{arguments:?}: {ended:?}");
    ended.stdout + &ended.stderr
}

/// An import that the scope for companies is missing for says so, and writes nothing;
/// once the scope is there, the same command goes through.
async fn import_without_the_scope(shop: &Workshop) {
    shop.sim.set_without_scopes(&[COMPANIES_READ]);
    let halo = shop.records().unwrap();
    let before = halo.journal_length().await.unwrap();
    for arguments in [
        ["preview", NAME, "companies"].as_slice(),
        &["import", NAME, "companies"],
        &["import", NAME, "companies", "--full"],
    ] {
        let told = stopped(shop, arguments).await;
        assert!(told.contains(COMPANIES_READ), "{arguments:?}: {told}");
        for mend in ["private app", "connect again"] {
            assert!(told.contains(mend), "{arguments:?}: {told}");
        }
    }
    assert_eq!(halo.journal_length().await.unwrap(), before);
    assert_eq!(halo.all("customer").await.unwrap(), Vec::new());

    shop.sim.set_without_scopes(&[]);
    shop.connect().await.unwrap();
    assert_eq!(counts(&import(shop).await), "created 3");
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_a_sign_in_without_the_scope_for_companies_names_it_and_writes_nothing() {
    let shop = unconnected(3).await;
    shop.sim.set_without_scopes(&[COMPANIES_READ]);
    shop.connect().await.unwrap();
    import_without_the_scope(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_a_static_token_without_the_scope_for_companies_names_it_and_writes_nothing() {
    let shop = unconnected(3).await;
    with_a_static_token(&shop);
    shop.sim.set_without_scopes(&[COMPANIES_READ]);
    shop.connect().await.unwrap();
    import_without_the_scope(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_an_online_check_names_the_scope_for_properties() {
    let shop = unconnected(0).await;
    shop.connect().await.unwrap();
    let scopes = ["crm.schemas.companies.read", COMPANIES_READ];
    shop.sim.set_without_scopes(&scopes);
    let told = stopped(&shop, &["check", NAME, "--online"]).await;
    for scope in scopes {
        assert!(told.contains(scope), "{told}");
    }
}
