//! Whatever is imported first, and wherever an import of deals is killed, all ends the
//! same.

use std::time::Instant;

use halo_tests::kit::{NAME, Workshop};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;

use super::{apply, one};
use crate::shop::counts;

const ENTITIES: [&str; 3] = ["companies", "contacts", "deals"];

/// An account with deals of companies and contacts; its open deals come by themselves.
async fn account() -> Workshop {
    let options = halo_tests::hubspot_sim::SimOptions {
        companies: 60,
        contacts: 150,
        deals: 350,
        limit_per_10s: None,
        search_limit_per_second: None,
        ..Default::default()
    };
    let mut shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    shop.work_over(crate::records());
    // Most tickets change when their customers come after them.
    let path = shop.folder().join("halo.toml");
    let settings = "settings-file = \"settings.json\"\n";
    let brakeless = format!("{settings}brake = {{ share = 100 }}\n");
    let text = std::fs::read_to_string(path).unwrap();
    shop.write("halo.toml", &text.replace(settings, &brakeless))
        .unwrap();
    shop.connect().await.unwrap();
    apply(&shop, json!({ "create": true }));
    shop
}

async fn contents(shop: &Workshop) -> Vec<String> {
    let contents = shop.records().unwrap().contents().await.unwrap();
    contents.lines().map(str::to_owned).collect()
}

/// Imports until nothing is left to do.
async fn settle(shop: &Workshop, entities: &[&str]) {
    const ROUNDS: usize = 4;
    for _ in 0..ROUNDS {
        let mut is_idle = true;
        for entity in entities {
            let document = one(shop, &["import", NAME, entity]).await;
            let written = ["created", "updated"];
            let counts = &document["summary"]["counts"];
            is_idle &= written.iter().all(|effect| counts[*effect] == 0);
        }
        if is_idle {
            return;
        }
    }
    panic!("after {ROUNDS} rounds there is still something to write");
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_in_any_order_and_killed_at_any_moment_all_end_at_the_same_tickets() {
    let seed = std::env::var("HALO_KILL_SEED")
        .ok()
        .map_or_else(|| rand::rng().random(), |seed| seed.parse().unwrap());
    println!("HALO_KILL_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let clean = account().await;
    let begun = Instant::now();
    for entity in ENTITIES {
        one(&clean, &["import", NAME, entity]).await;
    }
    let each = begun.elapsed().div_f64(3.0);
    let expected = contents(&clean).await;
    let of_customers = { expected.iter() }
        .filter(|line| line.starts_with("ticket") && line.contains("client_id="))
        .count();
    assert!(of_customers > 100, "{of_customers}");

    // Deals before whose they are, in an order that is drawn, and killed.
    let shop = account().await;
    let mut order = ENTITIES;
    order.shuffle(&mut rng);
    for entity in ["deals"].into_iter().chain(order).chain(["deals"]) {
        let mut import = shop.command(&["import", NAME, entity]).spawn().unwrap();
        tokio::time::sleep(each.mul_f64(rng.random_range(0.0..1.2))).await;
        import.kill().await.unwrap();
    }
    println!("then {order:?}");
    settle(&shop, &order).await;
    assert_eq!(contents(&shop).await, expected);

    // Without a kill, deals first of all: prospects, who find their customers.
    let shop = account().await;
    one(&shop, &["import", NAME, "deals"]).await;
    let prospects = contents(&shop).await;
    let prospects = { prospects.iter() }.filter(|line| line.contains("oppcompanyname="));
    assert!(prospects.count() > 100);
    settle(&shop, &["contacts", "companies", "deals"]).await;
    assert_eq!(contents(&shop).await, expected);
    // And a list of everything has nothing to mend.
    let document = one(&shop, &["import", NAME, "deals", "--full"]).await;
    assert!(!counts(&document).contains("updated"), "{document}");
}
