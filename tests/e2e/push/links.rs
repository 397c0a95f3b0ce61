//! Which object is a record's: of several that it was linked to the one that HubSpot has,
//! also for the company of a new contact; and what was written stands, whatever follows.

use super::create::{customer, ids, user};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn s67_a18_a_new_contact_is_its_companys_also_where_that_one_was_made_anew() {
    let back = json!({ "companies": "both", "contacts": "both", "archive-inactive": true });
    let shop = with(back).await;
    let halo = shop.records().unwrap();
    let (own, site) = customer(&halo, "Acme", "acme.example").await;
    let ada = user(&halo, "Ada", "", &site).await;
    push(&shop).await;
    for (kind, id) in [("user", ada), ("customer", own)] {
        edit(&halo, kind, id, "inactive", "true").await;
    }
    push(&shop).await;
    assert_eq!(
        (count(&shop, "companies"), count(&shop, "contacts")),
        (0, 0)
    );
    let archived = (ids(&shop, "companies"), ids(&shop, "contacts"));
    for (kind, id) in [("customer", own), ("user", ada)] {
        edit(&halo, kind, id, "inactive", "false").await;
    }
    push(&shop).await;
    let new = |all: Vec<String>, old: &[String]| {
        let mut new = all.into_iter().filter(|id| !old.contains(id));
        new.next().unwrap()
    };
    let acme = new(ids(&shop, "companies"), &archived.0);
    let contact = new(ids(&shop, "contacts"), &archived.1);
    assert_eq!(
        value(&shop, "contacts", &contact, "associatedcompanyid"),
        acme
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_of_users_that_are_not_sent_the_others_still_get_their_own_company() {
    let shop = with(json!({ "companies": "both", "contacts": "both" })).await;
    let halo = shop.records().unwrap();
    let (_, first) = customer(&halo, "Acme", "acme.example").await;
    let (_, second) = customer(&halo, "Bolt", "bolt.example").await;
    user(&halo, "General User", "", &first).await;
    user(&halo, "Bo", "bo@bolt.example", &second).await;
    push(&shop).await;
    let contacts = ids(&shop, "contacts");
    assert_eq!(contacts.len(), 1);
    let of = value(&shop, "contacts", &contacts[0], "associatedcompanyid");
    assert_eq!(value(&shop, "companies", &of, "name"), "Bolt");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_before_a_scope_was_missing_stands() {
    let shop = with(json!({ "contacts": "both" })).await;
    let (acme, customer) = company(&shop, "Acme").await;
    let (ada, changed) = contact(&shop, "ada@acme.example", &acme).await;
    let halo = shop.records().unwrap();
    let site = halo.field("user", changed, "site_id").await.unwrap();
    let site = format!("site:{}", site.rsplit([' ', ':']).next().unwrap());
    edit(&halo, "user", changed, "CFJob", "Owner").await;
    user(&halo, "Bo", "bo@acme.example", &site).await;
    // The update goes first; making one fails for want of a scope only then.
    let body = json!({ "status": "error", "message": "One or more of the following scopes are required.",
        "category": "MISSING_SCOPES", "context": { "requiredGranularScopes": ["crm.objects.contacts.write"] } });
    shop.sim.fail(halo_tests::hubspot_sim::FaultRule {
        matches: halo_tests::hubspot_sim::FaultMatch {
            path_contains: Some("batch/upsert".to_owned()),
            ..Default::default()
        },
        nth: 1,
        every: 1,
        count: 0,
        kind: halo_tests::hubspot_sim::FaultKind::Status {
            status: 403,
            body: Some(body),
            after: false,
            retry_after: None,
        },
    });
    let document = push(&shop).await;
    assert_eq!(value(&shop, "contacts", &ada, "jobtitle"), "Owner");
    let counts = document.to_string();
    assert!(counts.contains("crm.objects.contacts.write"), "{counts}");
    let outbox = shop.halo(&["outbox", NAME]).await.unwrap().stdout;
    assert!(outbox.contains("Bo"), "{outbox}");
    assert!(
        !outbox.contains("ada") && !outbox.contains("1 retry"),
        "{outbox}"
    );
    let journal = shop
        .halo(&["journal", "--record", &format!("user:{changed}")])
        .await
        .unwrap();
    assert!(journal.stdout.contains("Owner"), "{}", journal.stdout);
    let _ = customer;
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_two_new_customers_of_one_domain_do_not_both_take_the_company_that_is_there() {
    let shop = with(json!({ "companies": "both" })).await;
    let acme = [("name", "Acme"), ("domain", "acme.example")];
    let acme = shop.sim.create_company(acme).unwrap();
    let halo = shop.records().unwrap();
    let (first, _) = customer(&halo, "Acme", "acme.example").await;
    customer(&halo, "Acme North", "acme.example").await;
    let document = push(&shop).await;
    assert_eq!(count(&shop, "companies"), 1);
    assert_eq!(halo.linked("customer", &acme).await.unwrap(), Some(first));
    let told = document.to_string();
    assert!(
        told.contains("(Acme North)") && told.contains("merge them in Halo"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s69_the_company_of_a_customer_that_was_deleted_is_archived_or_told() {
    for archives in [true, false] {
        let back = json!({ "companies": "both", "archive-inactive": archives });
        let shop = with(back).await;
        let (acme, own) = company(&shop, "Acme").await;
        let halo = shop.records().unwrap();
        halo.remove("customer", own).await.unwrap();
        let document = push(&shop).await.to_string();
        assert_eq!(
            count(&shop, "companies"),
            usize::from(!archives),
            "{document}"
        );
        assert_eq!(
            document.contains("stays in HubSpot"),
            !archives,
            "{document}"
        );
        assert!(document.contains(&acme), "{document}");
        shop.sim.reset_stats();
        push(&shop).await;
        assert_eq!(shop.sim.stats().writes, 0);
    }
}
