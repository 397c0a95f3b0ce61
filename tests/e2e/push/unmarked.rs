//! Making objects without the scope for the connector's own property: nothing marks them,
//! so what a lost answer may have made is looked for.

use std::sync::Arc;
use std::time::Duration;

use halo_host::capability::{Stop, Unwatched};
use halo_host::clock::Clock;
use halo_host::pushes;
use halo_tests::hubspot_sim::{FaultKind, FaultMatch, FaultRule};

use super::create::{customer, ids, user};
use super::*;

const SCOPES: [&str; 2] = ["crm.schemas.companies.write", "crm.schemas.contacts.write"];
/// Longer than HubSpot's search may lag.
const LATER: Duration = Duration::from_secs(8 * 60);

async fn shop() -> Workshop {
    let shop = with(json!({ "companies": "both", "contacts": "both" })).await;
    shop.sim.set_without_scopes(&SCOPES);
    shop
}

/// Sends what is due at a time, also what would be tried again later.
async fn push_at(shop: &Workshop, ahead: Duration) {
    let clock = Clock::default();
    clock.advance(ahead);
    let host = shop.host(clock).await.unwrap();
    host.store.outbox_retry(NAME, None).await.unwrap();
    let connection = host.connection(NAME).await.unwrap();
    let pushed = pushes::run(&connection, Arc::new(Unwatched), Stop::default()).await;
    pushed.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_without_the_scope_one_company_and_one_contact_are_made_and_that_is_said() {
    let shop = shop().await;
    let halo = shop.records().unwrap();
    let (own, site) = customer(&halo, "Acme", "acme.example").await;
    let ada = user(&halo, "Ada", "ada@acme.example", &site).await;
    let ended = shop.halo(&["push", NAME]).await.unwrap();
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert!(told.contains("may not add properties"), "{told}");
    let (companies, contacts) = (ids(&shop, "companies"), ids(&shop, "contacts"));
    assert_eq!((companies.len(), contacts.len()), (1, 1));
    assert_eq!(
        halo.linked("customer", &companies[0]).await.unwrap(),
        Some(own)
    );
    assert_eq!(halo.linked("user", &contacts[0]).await.unwrap(), Some(ada));
    let of = value(&shop, "contacts", &contacts[0], "associatedcompanyid");
    assert_eq!(of, companies[0]);
    edit(&halo, "customer", own, "CFSeats", "6").await;
    push(&shop).await;
    let seats = value(&shop, "companies", &companies[0], "numberofemployees");
    assert_eq!(seats, "6");
    // What is there already is linked, as ever.
    let bolt = [("name", "Bolt"), ("domain", "bolt.example")];
    let bolt = shop.sim.create_company(bolt).unwrap();
    let (other, _) = customer(&halo, "Bolt", "bolt.example").await;
    push(&shop).await;
    assert_eq!(halo.linked("customer", &bolt).await.unwrap(), Some(other));
    assert_eq!(count(&shop, "companies"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_without_the_scope_a_lost_answer_makes_no_second_one_however_search_lags() {
    for (domain, email) in [("", ""), ("acme.example", "ada@acme.example")] {
        for nth in 1..=4 {
            let shop = shop().await;
            shop.sim.set_search_lag(Duration::from_secs(120));
            let halo = shop.records().unwrap();
            let (own, site) = customer(&halo, "Acme", domain).await;
            let ada = user(&halo, "Ada", email, &site).await;
            shop.sim.fail(FaultRule {
                matches: FaultMatch {
                    method: Some("POST".to_owned()),
                    path_contains: Some("/crm/objects/".to_owned()),
                },
                nth,
                every: 1,
                count: 1,
                kind: FaultKind::ResetAfter,
            });
            for _ in 0..3 {
                push_at(&shop, Duration::ZERO).await;
            }
            shop.sim.advance_clock(LATER);
            push_at(&shop, LATER).await;
            push_at(&shop, LATER * 2).await;
            let what = format!("{domain:?}, call {nth}");
            let (companies, contacts) = (ids(&shop, "companies"), ids(&shop, "contacts"));
            assert_eq!((companies.len(), contacts.len()), (1, 1), "{what}");
            let linked = halo.linked("customer", &companies[0]).await.unwrap();
            assert_eq!(linked, Some(own), "{what}");
            let linked = halo.linked("user", &contacts[0]).await.unwrap();
            assert_eq!(linked, Some(ada), "{what}");
            let of = value(&shop, "contacts", &contacts[0], "associatedcompanyid");
            assert_eq!(of, companies[0], "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_the_scope_that_is_given_after_a_lost_answer_makes_no_second_one_either() {
    let shop = shop().await;
    let halo = shop.records().unwrap();
    customer(&halo, "Acme", "").await;
    shop.sim.fail(FaultRule {
        matches: FaultMatch {
            method: Some("POST".to_owned()),
            path_contains: Some("/companies".to_owned()),
        },
        nth: 2,
        every: 1,
        count: 1,
        kind: FaultKind::ResetAfter,
    });
    push_at(&shop, Duration::ZERO).await;
    assert_eq!(count(&shop, "companies"), 1, "made, and nobody was told");
    shop.sim.set_without_scopes(&[]);
    push_at(&shop, Duration::ZERO).await;
    push_at(&shop, LATER).await;
    assert_eq!(count(&shop, "companies"), 1);
}
