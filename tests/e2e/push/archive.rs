//! Records that were made inactive in Halo (S69).

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn s69_an_inactive_customer_and_user_are_archived_once_and_do_not_come_back() {
    let back =
        json!({ "companies": "on-creation", "contacts": "on-creation", "archive-inactive": true });
    let shop = with(back).await;
    let (acme, customer) = company(&shop, "Acme").await;
    let (_, other) = company(&shop, "Bolt").await;
    let (ada, user) = contact(&shop, "ada@acme.example", &acme).await;
    let halo = shop.records().unwrap();
    edit(&halo, "user", user, "inactive", "true").await;
    edit(&halo, "customer", customer, "inactive", "true").await;
    push(&shop).await;
    assert_eq!(
        (count(&shop, "companies"), count(&shop, "contacts")),
        (1, 0)
    );
    shop.sim.reset_stats();
    push(&shop).await;
    assert_eq!(shop.sim.stats().writes, 0);
    for entity in ["companies", "contacts"] {
        shop.result(&["import", NAME, entity, "--full"])
            .await
            .unwrap();
    }
    assert_eq!(halo.all("customer").await.unwrap().len(), 2);
    assert_eq!(halo.all("user").await.unwrap().len(), 1);
    assert_eq!(
        halo.linked("customer", &acme).await.unwrap(),
        Some(customer)
    );
    assert_eq!(halo.linked("user", &ada).await.unwrap(), Some(user));
    // One that never was linked sends nothing.
    let fields = [
        ("name", "New"),
        ("toplevel_id", "top-level:1"),
        ("inactive", "true"),
    ];
    shop.sim.reset_stats();
    let new = halo.add("customer", &fields).await.unwrap();
    assert_ne!(new, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn s69_a18_back_in_use_it_is_a_new_company() {
    let back = json!({ "companies": "both", "archive-inactive": true });
    let shop = with(back).await;
    let (acme, customer) = company(&shop, "Acme").await;
    let halo = shop.records().unwrap();
    edit(&halo, "customer", customer, "inactive", "true").await;
    push(&shop).await;
    assert_eq!(count(&shop, "companies"), 0);
    edit(&halo, "customer", customer, "inactive", "false").await;
    push(&shop).await;
    assert_eq!(count(&shop, "companies"), 1);
    assert!(halo.linked("customer", &acme).await.unwrap().is_some());
    import(&shop, "companies").await;
    assert_eq!(halo.all("customer").await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s69_a19_without_the_option_and_where_it_is_disabled_nothing_is_archived() {
    for back in [
        json!({ "companies": "both", "contacts": "both" }),
        json!({ "archive-inactive": true }),
    ] {
        let shop = with(back.clone()).await;
        let (acme, customer) = company(&shop, "Acme").await;
        let (_, user) = contact(&shop, "ada@acme.example", &acme).await;
        let halo = shop.records().unwrap();
        edit(&halo, "user", user, "inactive", "true").await;
        edit(&halo, "customer", customer, "inactive", "true").await;
        push(&shop).await;
        let left = (count(&shop, "companies"), count(&shop, "contacts"));
        assert_eq!(left, (1, 1), "{back}");
        for entity in ["companies", "contacts"] {
            shop.result(&["import", NAME, entity, "--full"])
                .await
                .unwrap();
        }
        assert_eq!(halo.all("customer").await.unwrap().len(), 1, "{back}");
        assert_eq!(halo.all("user").await.unwrap().len(), 1, "{back}");
    }
}
