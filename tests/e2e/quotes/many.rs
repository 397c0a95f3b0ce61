//! How much is asked of HubSpot for many quotes.

use halo_tests::hubspot_sim::SimOptions;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_of_twenty_lines_costs_a_quarter_of_a_call_and_next_to_nothing_unchanged() {
    // The promise is about 5,000: `HALO_QUOTES=5000 cargo test … quarter_of_a_call`.
    let count: usize = std::env::var("HALO_QUOTES")
        .ok()
        .map_or(400, |count| count.parse().unwrap());
    let options = SimOptions {
        companies: count / 10,
        contacts: count / 5,
        deals: count / 2,
        products: 50,
        quotes: count,
        lines: 20,
        limit_per_10s: None,
        search_limit_per_second: None,
        ..SimOptions::default()
    };
    let shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    apply(&shop, json!([]));
    shop.connect().await.unwrap();
    for entity in ["companies", "contacts", "products"] {
        import(&shop, entity).await;
    }
    shop.sim.reset_stats();
    let document = quotes(&shop).await;
    let stats = shop.sim.stats();
    println!(
        "{count} quotes of 20 lines: {} calls; {}",
        stats.calls,
        counts(&document)
    );
    assert!(stats.calls * 4 <= count as u64, "{stats:?}");
    let halo = shop.records().unwrap();
    let made = halo.all("quotation").await.unwrap().len();
    assert!(made * 10 >= count * 9, "{made} of {count}");
    let lines = halo.all("quotation-line").await.unwrap().len();
    assert_eq!(lines, made * 20);
    let contents = halo.contents().await.unwrap();
    for _ in 0..10 {
        shop.sim.reset_stats();
        quotes(&shop).await;
        let stats = shop.sim.stats();
        assert!(stats.calls * 20 <= count as u64, "{stats:?}");
    }
    println!("again: {} calls", shop.sim.stats().calls);
    assert_eq!(halo.contents().await.unwrap(), contents);
}
