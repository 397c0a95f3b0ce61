//! Records that a preview makes beside its rows: the rows that refer to them are no
//! deviation in the import, which makes them with ids of their own.

use halo_tests::kit::NAME;
use serde_json::json;

use crate::shop::{counts, empty};

#[tokio::test(flavor = "multi_thread")]
async fn s22_a_site_that_a_preview_of_contacts_makes_is_the_one_that_the_import_makes() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let customer = halo.add("customer", &[("name", "Acme")]).await.unwrap();
    let acme = shop.sim.create_company([("name", "Acme")]).unwrap();
    shop.result(&["import", NAME, "companies"]).await.unwrap();
    let site_of = async || {
        let mut found: Vec<u64> = Vec::new();
        for site in halo.all("site").await.unwrap() {
            let client = halo.field("site", site.id, "client_id").await.unwrap();
            if client.ends_with(&format!(" {customer}")) {
                found.push(site.id);
            }
        }
        found
    };
    assert!(site_of().await.is_empty());
    let ada = [("email", "ada@acme.example"), ("firstname", "Ada")];
    let ada = shop.sim.create("contacts", ada).unwrap();
    shop.sim
        .link(("contacts", &ada), ("companies", &acme), true)
        .unwrap();
    let shown = shop.result(&["preview", NAME, "contacts"]).await.unwrap();
    assert_eq!(counts(&shown[0]), "created 1");
    assert!(site_of().await.is_empty());
    let run = shown[0]["summary"]["run"].to_string();
    let import = ["import", NAME, "contacts", "--preview", &run];
    let done = shop.result(&import).await.unwrap();
    assert_eq!(counts(&done[0]), "created 1");
    assert_eq!(done[0]["deviations"], json!([]));
    let sites = site_of().await;
    let user = halo.linked("user", &ada).await.unwrap().unwrap();
    let seat = halo.field("user", user, "site_id").await.unwrap();
    assert_eq!([seat], [format!("site {}", sites[0])]);
    // What the preview says of itself is not an id that nobody ever sees again.
    let told = shop.halo(&["report", NAME, &run]).await.unwrap();
    assert!(told.stdout.contains("site of key "), "{told:?}");
}
