//! Changes of linked records.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn s29_only_the_ticked_row_goes_back_and_nothing_echoes() {
    let shop = with(json!({ "companies": "on-update" })).await;
    let (acme, customer) = company(&shop, "Acme").await;
    let halo = shop.records().unwrap();
    edit(&halo, "customer", customer, "CFSeats", "20").await;
    edit(&halo, "customer", customer, "CFAbout", "Ours").await;
    edit(&halo, "customer", customer, "CFSeats", "21").await;
    shop.sim.reset_stats();
    push(&shop).await;
    assert_eq!(value(&shop, "companies", &acme, "numberofemployees"), "21");
    assert_eq!(value(&shop, "companies", &acme, "description"), "");
    // Several edits of one record are one write.
    assert_eq!(shop.sim.stats().writes, 1);
    let contents = halo.contents().await.unwrap();
    shop.sim.reset_stats();
    import(&shop, "companies").await;
    push(&shop).await;
    assert_eq!(shop.sim.stats().writes, 0);
    assert_eq!(halo.contents().await.unwrap(), contents);
}

#[tokio::test(flavor = "multi_thread")]
async fn s30_the_tick_needs_the_master_switch() {
    let shop = with(json!({ "contacts": "both" })).await;
    let (acme, customer) = company(&shop, "Acme").await;
    let halo = shop.records().unwrap();
    edit(&halo, "customer", customer, "CFSeats", "20").await;
    push(&shop).await;
    assert_eq!(value(&shop, "companies", &acme, "numberofemployees"), "");
    apply(&shop, json!({ "companies": "on-update" }));
    shop.connect().await.unwrap();
    edit(&halo, "customer", customer, "CFSeats", "21").await;
    push(&shop).await;
    assert_eq!(value(&shop, "companies", &acme, "numberofemployees"), "21");
}

#[tokio::test(flavor = "multi_thread")]
async fn s31_a8_an_edit_of_an_unticked_row_is_hubspots_with_its_next_change_only() {
    let shop = with(json!({ "companies": "both" })).await;
    let (acme, customer) = company(&shop, "Acme").await;
    let halo = shop.records().unwrap();
    edit(&halo, "customer", customer, "CFAbout", "Ours").await;
    push(&shop).await;
    import(&shop, "companies").await;
    let about = || async { halo.field("customer", customer, "CFAbout").await.unwrap() };
    assert_eq!(about().await, "Ours");
    let theirs = [("description", "Theirs")];
    shop.sim.edit("companies", &acme, theirs).unwrap();
    import(&shop, "companies").await;
    assert_eq!(about().await, "Theirs");
    assert_eq!(value(&shop, "companies", &acme, "description"), "Theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_both_sides_changed_is_the_winners_whichever_comes_first() {
    for winner in ["hubspot", "halo"] {
        for push_first in [true, false] {
            let shop = with(json!({ "companies": "on-update", "conflicts": winner })).await;
            let (acme, customer) = company(&shop, "Acme").await;
            let halo = shop.records().unwrap();
            edit(&halo, "customer", customer, "CFSeats", "20").await;
            let theirs = [("numberofemployees", "30")];
            shop.sim.edit("companies", &acme, theirs).unwrap();
            if push_first {
                push(&shop).await;
                import(&shop, "companies").await;
            } else {
                import(&shop, "companies").await;
                push(&shop).await;
            }
            let expected = if winner == "halo" { "20" } else { "30" };
            let what = format!("{winner} wins, push first: {push_first}");
            let seats = value(&shop, "companies", &acme, "numberofemployees");
            assert_eq!(seats, expected, "{what}");
            let seats = halo.field("customer", customer, "CFSeats").await.unwrap();
            assert_eq!(seats, expected, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_emptied_in_hubspot_does_not_win_over_halos_edit_whichever_comes_first() {
    for push_first in [true, false] {
        let shop = with(json!({ "companies": "on-update" })).await;
        let (acme, customer) = company(&shop, "Acme").await;
        let halo = shop.records().unwrap();
        let edit_theirs = |seats| {
            let theirs = [("numberofemployees", seats)];
            shop.sim.edit("companies", &acme, theirs).unwrap();
        };
        edit_theirs("10");
        import(&shop, "companies").await;
        edit(&halo, "customer", customer, "CFSeats", "20").await;
        edit_theirs("");
        if !push_first {
            import(&shop, "companies").await;
        }
        push(&shop).await;
        import(&shop, "companies").await;
        let what = format!("push first: {push_first}");
        let seats = value(&shop, "companies", &acme, "numberofemployees");
        assert_eq!(seats, "20", "{what}");
        let seats = halo.field("customer", customer, "CFSeats").await.unwrap();
        assert_eq!(seats, "20", "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_record_among_a_hundred_is_rejected_in_hubspots_words_and_the_others_arrive() {
    let shop = with(json!({ "companies": "on-update" })).await;
    let mut settings = shop.settings(json!({
        "fields": [{ "property": UNIQUE, "field": "CFOwn", "sync-back": true }],
    }));
    settings["sync-back"] = json!({ "companies": "on-update" });
    shop.write("settings.json", &settings.to_string()).unwrap();
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFOwn", "text")
        .await
        .unwrap();
    let mut ids = Vec::new();
    for number in 0..100 {
        let name = format!("Company {number}");
        ids.push(shop.sim.create_company([("name", name.as_str())]).unwrap());
    }
    let other = [("name", "Other"), (UNIQUE, "taken")];
    shop.sim.create_company(other).unwrap();
    import(&shop, "companies").await;
    for (number, id) in ids.iter().enumerate() {
        let customer = halo.linked("customer", id).await.unwrap().unwrap();
        // HubSpot has another company of this number.
        let own = match number {
            50 => "taken".to_owned(),
            _ => format!("own-{number}"),
        };
        edit(&halo, "customer", customer, "CFOwn", &own).await;
    }
    shop.sim.reset_stats();
    let document = push(&shop).await;
    for (number, id) in ids.iter().enumerate() {
        let expected = if number == 50 {
            String::new()
        } else {
            format!("own-{number}")
        };
        assert_eq!(value(&shop, "companies", id, UNIQUE), expected);
    }
    let told = document.to_string();
    assert!(told.contains("HubSpot refused"), "{told}");
    assert!(shop.sim.stats().writes <= 2, "{:?}", shop.sim.stats());
    // It stays listed until somebody acts.
    let outbox = shop.halo(&["outbox", NAME]).await.unwrap();
    assert!(outbox.stdout.contains("Company 50"), "{}", outbox.stdout);
}

/// A property of companies whose values are unique.
const UNIQUE: &str = "account_number";

#[tokio::test(flavor = "multi_thread")]
async fn two_calls_for_a_hundred_changed_customers() {
    // The promise is about 10,000: `HALO_CHANGES=10000 cargo test … two_calls`.
    let count: usize = std::env::var("HALO_CHANGES")
        .ok()
        .map_or(300, |count| count.parse().unwrap());
    let options = halo_tests::hubspot_sim::SimOptions {
        companies: count,
        limit_per_10s: None,
        search_limit_per_second: None,
        ..Default::default()
    };
    let mut shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    shop.work_over(crate::records());
    let halo = shop.records().unwrap();
    for name in ["CFSeats", "CFAbout"] {
        let type_name = if name == "CFSeats" { "integer" } else { "memo" };
        halo.custom_field("customer", name, type_name)
            .await
            .unwrap();
    }
    halo.custom_field("user", "CFJob", "text").await.unwrap();
    apply(&shop, json!({ "companies": "on-update" }));
    shop.connect().await.unwrap();
    import(&shop, "companies").await;
    let mut changed = 0;
    for row in shop.sim.snapshot("companies").unwrap() {
        let id = row["id"].as_str().unwrap();
        let customer = halo.linked("customer", id).await.unwrap().unwrap();
        edit(&halo, "customer", customer, "CFSeats", "777777").await;
        changed += 1;
    }
    shop.sim.reset_stats();
    push(&shop).await;
    let stats = shop.sim.stats();
    println!("{changed} changed customers: {} calls", stats.calls);
    assert!(
        stats.calls <= 2 * (changed as u64).div_ceil(100) + 1,
        "{stats:?}"
    );
    for row in shop.sim.snapshot("companies").unwrap() {
        assert_eq!(row["properties"]["numberofemployees"], "777777");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s70_each_success_is_a_message_if_that_is_wanted_and_a_failure_always_is() {
    for wanted in [true, false] {
        let shop = with(json!({ "companies": "on-update", "messages": wanted })).await;
        let (acme, customer) = company(&shop, "Acme").await;
        let (bolt, other) = company(&shop, "Bolt").await;
        let halo = shop.records().unwrap();
        edit(&halo, "customer", customer, "CFSeats", "20").await;
        edit(&halo, "customer", other, "CFSeats", "20").await;
        shop.sim.archive("companies", &bolt).unwrap();
        push(&shop).await;
        assert_eq!(value(&shop, "companies", &acme, "numberofemployees"), "20");
        let told = shop
            .halo(&["--json", "messages", NAME])
            .await
            .unwrap()
            .stdout;
        assert_eq!(told.contains("(Acme)"), wanted, "{told}");
        let address = format!("/record/0-2/{acme}");
        assert_eq!(told.contains(&address), wanted, "{told}");
        assert!(told.contains("(Bolt)") && told.contains(&bolt), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s66_a_customer_that_an_import_linked_before_it_was_sent_is_an_update() {
    for (when, expected) in [("on-update", "20"), ("both", "20"), ("disabled", "")] {
        let shop = with(json!({ "companies": when })).await;
        let halo = shop.records().unwrap();
        let row = [("name", "Acme"), ("toplevel_id", "top-level:1")];
        let customer = halo.add("customer", &row).await.unwrap();
        let acme = shop.sim.create_company([("name", "Acme")]).unwrap();
        import(&shop, "companies").await;
        let linked = halo.linked("customer", &acme).await.unwrap();
        assert_eq!(linked, Some(customer), "{when}");
        edit(&halo, "customer", customer, "CFSeats", "20").await;
        push(&shop).await;
        let seats = value(&shop, "companies", &acme, "numberofemployees");
        assert_eq!(seats, expected, "{when}");
        assert_eq!(count(&shop, "companies"), 1, "{when}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_comes_with_an_inactive_customer_is_sent() {
    let shop = with(json!({ "companies": "on-update" })).await;
    let (acme, customer) = company(&shop, "Acme").await;
    let halo = shop.records().unwrap();
    edit(&halo, "customer", customer, "CFSeats", "20").await;
    edit(&halo, "customer", customer, "inactive", "true").await;
    push(&shop).await;
    assert_eq!(value(&shop, "companies", &acme, "numberofemployees"), "20");
    assert_eq!(count(&shop, "companies"), 1);
}
