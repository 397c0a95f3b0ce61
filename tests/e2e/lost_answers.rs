//! Records that do not answer for longer than a connector repeats: the run waits, and
//! a later one goes on as if nothing had been.

use halo_tests::kit::{NAME, Records, Workshop};
use serde_json::json;

use crate::shop::{connected, counts, empty, import};

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_out_for_longer_end_the_run_as_waiting_and_the_next_import_goes_on() {
    let clean = connected(230).await;
    import(&clean).await;
    // The look-up of the first page, its write, the write of the second page.
    for call in [1, 4, 8] {
        let mut shop = connected(230).await;
        lose_an_answer(&mut shop, call, 50).await;
        import(&shop).await;
        let (halo, expected) = (shop.records().unwrap(), clean.records().unwrap());
        assert_eq!(
            halo.contents().await.unwrap(),
            expected.contents().await.unwrap(),
            "{call}"
        );
        assert_eq!(
            halo.journal_length().await.unwrap(),
            expected.journal_length().await.unwrap(),
            "{call}: each record was written once"
        );
    }
}

/// Imports up to the answer of this call, which is lost when so many rows stand.
async fn lose_an_answer(shop: &mut Workshop, call: u64, stands: u64) {
    shop.work_over(Records::Outage { call, stands });
    let ended = shop
        .halo(&["import", "hubspot", "companies"])
        .await
        .unwrap();
    assert_eq!(ended.code, Some(5), "{ended:?}");
    shop.work_over(crate::records());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_without_an_answer_is_ours_and_follows_hubspot() {
    let mut shop = empty().await;
    let id = shop
        .sim
        .create_company([("name", "Acme"), ("phone", "1")])
        .unwrap();
    import(&shop).await;
    let halo = shop.records().unwrap();
    let customer = halo.linked("customer", &id).await.unwrap().unwrap();
    let phone = async || {
        halo.field("customer", customer, "main_phonenumber")
            .await
            .unwrap()
    };
    shop.sim.edit("companies", &id, [("phone", "2")]).unwrap();
    // After the look-ups of customer and site by key.
    lose_an_answer(&mut shop, 3, 1).await;
    assert_eq!(phone().await, "2");
    shop.sim.edit("companies", &id, [("phone", "3")]).unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(phone().await, "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_a_lost_answer_leaves_a_new_customer_with_one_site_and_a_matched_one_as_it_is() {
    let mut shop = empty().await;
    let halo = shop.records().unwrap();
    let zenith = halo.add("customer", &[("name", "Zenith")]).await.unwrap();
    let matched = shop.sim.create_company([("name", "Zenith")]).unwrap();
    let new = shop.sim.create_company([("name", "Acme")]).unwrap();
    // After the look-ups of customers by key and by name, and of sites by key.
    lose_an_answer(&mut shop, 4, 2).await;
    assert!(halo.linked("customer", &new).await.unwrap().is_some());
    assert!(halo.linked("site", &new).await.unwrap().is_none());
    assert_eq!(
        halo.linked("customer", &matched).await.unwrap(),
        Some(zenith)
    );
    import(&shop).await;
    assert!(halo.linked("site", &new).await.unwrap().is_some());
    assert_eq!(halo.all("site").await.unwrap().len(), 1);
    assert_eq!(halo.all("customer").await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_a_customer_that_has_no_site_yet_gets_it_whoever_makes_it() {
    // A customer was made and its first site not; then others are imported before it.
    for others in [&["deals", "companies"][..], &["deals", "contacts"]] {
        let mut shop = empty().await;
        let mut settings = shop.settings(json!({}));
        settings["deals"]["create"] = json!(true);
        shop.write("settings.json", &settings.to_string()).unwrap();
        let acme = shop.sim.create_company([("name", "Acme")]).unwrap();
        let stage = [("dealname", "Roof"), ("dealstage", "qualifiedtobuy")];
        let roof = shop.sim.create("deals", stage).unwrap();
        let ada = [("email", "ada@acme.example"), ("firstname", "Ada")];
        let ada = shop.sim.create("contacts", ada).unwrap();
        for end in [("deals", &roof), ("contacts", &ada)] {
            let end = (end.0, end.1.as_str());
            shop.sim.link(end, ("companies", &acme), true).unwrap();
        }
        lose_an_answer(&mut shop, 4, 1).await;
        let halo = shop.records().unwrap();
        assert!(halo.linked("customer", &acme).await.unwrap().is_some());
        assert!(halo.all("site").await.unwrap().is_empty());
        for entity in others.iter().chain(&["companies", "deals"]) {
            shop.result(&["import", NAME, entity]).await.unwrap();
        }
        let site = halo.linked("site", &acme).await.unwrap().unwrap();
        let ticket = halo.linked("ticket", &roof).await.unwrap().unwrap();
        let seat = halo.field("ticket", ticket, "site_id").await.unwrap();
        assert_eq!(seat, format!("site {site}"), "{others:?}");
        assert_eq!(halo.all("site").await.unwrap().len(), 1);
    }
}
