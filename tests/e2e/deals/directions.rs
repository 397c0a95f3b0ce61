//! The direction of each mapping row of deals (S52): what the editor offers, what the
//! check refuses, and what an import does with it.

use halo_tests::kit::NAME;
use serde_json::{Value, json};

use super::{apply, confirmed, deal, edit, field, import, one, select, ticket, tickets};
use crate::shop::{counts, empty};

fn row(property: &str, field: &str, direction: &str) -> Value {
    json!({ "property": property, "field": field, "direction": direction })
}

#[tokio::test(flavor = "multi_thread")]
async fn s52_both_ways_are_offered_and_allowed_only_where_hubspot_can_be_written() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    for (name, type_name) in [("CFLost", "checkbox"), ("CFMade", "date-time")] {
        halo.custom_field("ticket", name, type_name).await.unwrap();
    }
    // The editor.
    let document = one(&shop, &["fields", NAME, "deals"]).await;
    let remote = document["remote"].as_array().unwrap();
    let directions = |name: &str| {
        let field = remote.iter().find(|field| field["name"] == name).unwrap();
        field["attributes"]["directions"].as_str().unwrap()
    };
    assert_eq!(directions("amount"), "hubspot-to-halo bidirectional");
    assert_eq!(directions("dealstage"), "hubspot-to-halo bidirectional");
    assert_eq!(directions("hs_is_closed_lost"), "hubspot-to-halo");
    assert_eq!(directions("createdate"), "hubspot-to-halo");
    let shown = shop.halo(&["fields", NAME, "deals"]).await.unwrap();
    assert!(shown.stdout.contains("DIRECTIONS"), "{shown:?}");
    // The check, which says why.
    apply(
        &shop,
        json!({ "fields": [
            row("amount", "oppvalue", "bidirectional"),
            row("hs_is_closed_lost", "CFLost", "bidirectional"),
            row("createdate", "CFMade", "bidirectional"),
        ] }),
    );
    let check = ["--json", "check", NAME, "--online"];
    let checked = shop.halo(&check).await.unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    for told in [
        "/deals/fields/1/direction",
        "is calculated by HubSpot",
        "/deals/fields/2/direction",
        "is read-only in HubSpot",
        "set the direction to hubspot-to-halo",
    ] {
        assert!(checked.stdout.contains(told), "{told}: {checked:?}");
    }
    assert!(!checked.stdout.contains("/deals/fields/0"), "{checked:?}");
    // One way only, both may be mapped.
    apply(
        &shop,
        json!({ "fields": [
            row("amount", "oppvalue", "bidirectional"),
            row("hs_is_closed_lost", "CFLost", "hubspot-to-halo"),
            { "property": "createdate", "field": "CFMade" },
        ] }),
    );
    let checked = shop.halo(&check).await.unwrap();
    assert_eq!(checked.code, Some(0), "{checked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s52_a_deal_is_always_followed_so_no_row_of_it_only_goes_out() {
    let shop = empty().await;
    let fleet = deal(&shop, "Fleet", "qualifiedtobuy");
    let outwards = json!({ "fields": [row("amount", "oppvalue", "halo-to-hubspot")] });
    apply(&shop, outwards);
    for arguments in [
        ["--json", "check", NAME].as_slice(),
        &["--json", "import", NAME, "deals", "--select", &fleet],
    ] {
        let refused = shop.halo(arguments).await.unwrap();
        assert_eq!(refused.code, Some(3), "{refused:?}");
        let told = format!("{}{}", refused.stdout, refused.stderr);
        for part in ["hubspot-to-halo", "bidirectional"] {
            assert!(told.contains(part), "{told}");
        }
    }
    assert_eq!(tickets(&shop).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s52_s60_rows_of_both_ways_bring_hubspots_changes_and_an_import_sends_none() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.custom_field("ticket", "CFWhy", "text").await.unwrap();
    apply(
        &shop,
        json!({ "fields": [
            row("amount", "oppvalue", "bidirectional"),
            row("closed_lost_reason", "CFWhy", "hubspot-to-halo"),
        ] }),
    );
    let fleet = deal(&shop, "Fleet", "qualifiedtobuy");
    let values = |shop, amount, why| {
        edit(shop, &fleet, "amount", amount);
        edit(shop, &fleet, "closed_lost_reason", why);
    };
    values(&shop, "100", "price");
    assert_eq!(counts(&confirmed(&shop).await), "created 1");
    for (amount, why) in [("100", "price"), ("200", "time")] {
        assert_eq!(field(&shop, &fleet, "oppvalue").await, amount);
        assert_eq!(field(&shop, &fleet, "CFWhy").await, why);
        values(&shop, "200", "time");
        import(&shop).await;
    }
    // An edit in Halo is left alone, and an import carries nothing to HubSpot.
    let ticket = ticket(&shop, &fleet).await.unwrap();
    let edited = [("oppvalue", "250"), ("CFWhy", "both")];
    halo.edit("ticket", ticket, &edited).await.unwrap();
    let before = shop.sim.snapshot("deals").unwrap();
    shop.sim.reset_stats();
    assert_eq!(counts(&select(&shop, &[&fleet]).await), "unchanged 1");
    assert_eq!(field(&shop, &fleet, "oppvalue").await, "250");
    assert_eq!(field(&shop, &fleet, "CFWhy").await, "both");
    assert_eq!(shop.sim.stats().writes, 0);
    assert_eq!(shop.sim.snapshot("deals").unwrap(), before);
}
