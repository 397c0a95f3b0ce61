//! Two connectors in one host: each has its own records, links, settings and runs.

use halo_host::store::Store as _;
use serde_json::json;

use super::desk::{Desk, NAME};
use crate::shop::{connected, counts, import};

#[tokio::test(flavor = "multi_thread")]
async fn two_connectors_share_a_host_and_each_has_its_own_links() {
    let shop = connected(0).await;
    let shared = shop.sim.create_company([("name", "Acme")]).unwrap();
    let alike = shop.sim.create_company([("name", "Birch")]).unwrap();
    let desk = Desk::beside(shop).await;
    desk.connect().await;
    // One is the same customer; another has the same id and is somebody else.
    desk.crm
        .put(json!({ "id": "a1", "name": "ACME", "phone": "555" }));
    desk.crm.put(json!({ "id": alike, "name": "Cedar" }));
    assert_eq!(counts(&import(&desk.shop).await), "created 2");
    assert_eq!(
        desk.linked(&alike).await,
        None,
        "a link of another connector"
    );
    assert_eq!(desk.counts().await, "created 1, updated 1");

    let halo = desk.shop.records().unwrap();
    let of_hubspot = async |id: &str| halo.linked("customer", id).await.unwrap();
    let acme = desk.linked("a1").await;
    assert!(acme.is_some() && acme == of_hubspot(&shared).await);
    assert_ne!(desk.linked(&alike).await, of_hubspot(&alike).await);
    assert_eq!(of_hubspot("a1").await, None);
    assert_eq!(halo.all("customer").await.unwrap().len(), 3);

    // Again: neither takes the other's work for a change of its own.
    let written = halo.journal_length().await.unwrap();
    assert_eq!(desk.counts().await, "unchanged 2");
    let ended = desk
        .result(&["import", "hubspot", "companies", "--full"])
        .await;
    assert_eq!(counts(&ended), "unchanged 2");
    assert_eq!(halo.journal_length().await.unwrap(), written);
    for (connector, entity) in [("hubspot", "companies"), (NAME, "accounts")] {
        let runs = halo.store.runs(connector, 10).await.unwrap();
        assert_eq!(runs.len(), 2, "{connector}: {runs:?}");
        assert!(runs.iter().all(|run| run.entity == entity), "{runs:?}");
    }
    // To leave one is not to leave the other.
    desk.result(&["disconnect", NAME]).await;
    let status = desk.result(&["status", "hubspot"]).await;
    assert_eq!(status["state"], "connected", "{status}");
    assert_eq!(desk.linked("a1").await, acme, "links stay");
}
