//! A person wants HubSpot to forget them: no value of theirs stays with the connector, and
//! people are told which user it was.

use halo_host::store::{Scope, Store as _};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_privacy_deletion_leaves_no_value_with_the_connector_and_names_the_user() {
    let (shop, _serving) = live(&["companies", "contacts"], json!({})).await;
    let bolt = shop.sim.create_company([("name", "Bolt")]).unwrap();
    let ada = [("email", "ada@bolt.example"), ("firstname", "Ada")];
    let ada = shop.sim.create("contacts", ada).unwrap();
    let (from, to) = (("contacts", ada.as_str()), ("companies", bolt.as_str()));
    shop.sim.link(from, to, true).unwrap();
    shop.caught_up().await.unwrap();
    let halo = shop.records().unwrap();
    let user = id(&halo, "user", &ada).await.unwrap();
    let scope = Scope {
        connection: NAME.to_owned(),
        layer: 0,
        run: None,
        cause: "test".to_owned(),
        lane: None,
    };
    let remembered = async || -> String {
        let entries = halo.store.state_scan(&scope, "contacts/", None, 100).await;
        let entries = entries.unwrap();
        let texts = entries
            .iter()
            .map(|entry| String::from_utf8_lossy(&entry.value));
        texts.collect::<Vec<_>>().join("\n")
    };
    assert!(remembered().await.contains("ada@bolt.example"));
    shop.sim.forget("contacts", &ada).unwrap();
    shop.caught_up().await.unwrap();
    let left = remembered().await;
    assert!(!left.contains("ada@bolt.example"), "{left}");
    assert!(left.contains(&format!("\"record\":{user}")), "{left}");
    let history = halo.store.report_history(NAME, "contacts", &ada, 100).await;
    let history = history.unwrap();
    let told = history
        .iter()
        .filter_map(|(_, row)| row.row.reason.as_ref());
    let told: Vec<_> = told
        .filter(|reason| reason.code == "privacy-deleted")
        .collect();
    assert!(!told.is_empty(), "{history:?}");
    assert!(
        told[0].message.contains(&format!("user {user} stays")),
        "{told:?}"
    );
    let name = halo.field("user", user, "firstname").await.unwrap();
    assert_eq!(name, "Ada", "Halo's record is people's to change");
}
