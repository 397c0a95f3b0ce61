//! Quotes and their lines to quotations: one way.

use super::*;

/// A draft of a quote of Acme with a line: both ids.
fn quote(shop: &Workshop) -> (String, String) {
    let acme = shop.sim.snapshot("companies").unwrap()[0]["id"].clone();
    let properties = [
        ("hs_title", "Chairs"),
        ("hs_expiration_date", "2027-12-31"),
        ("hs_status", "DRAFT"),
    ];
    let quote = shop.sim.create("quotes", properties).unwrap();
    let from = ("quotes", quote.as_str());
    let company = ("companies", acme.as_str().unwrap());
    shop.sim.link(from, company, false).unwrap();
    let line = line(shop, &quote, "Chair");
    (quote, line)
}

fn line(shop: &Workshop, quote: &str, name: &str) -> String {
    let properties = [("name", name), ("quantity", "2"), ("price", "10")];
    let line = shop.sim.create("line_items", properties).unwrap();
    let (from, to) = (("quotes", quote), ("line_items", line.as_str()));
    shop.sim.link(from, to, false).unwrap();
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn s48_title_lines_and_status_arrive_by_themselves_and_nothing_goes_back() {
    let (shop, _serving) = live(&["quotations"], json!({})).await;
    let (quote, first) = quote(&shop);
    shop.caught_up().await.unwrap();
    assert_eq!(field(&shop, "quotation", &quote, "title").await, "Chairs");
    let quantity = async || field(&shop, "quotation-line", &first, "current_quantity").await;
    assert_eq!(quantity().await, "2");
    shop.sim
        .edit("quotes", &quote, [("hs_title", "Tables")])
        .unwrap();
    shop.sim
        .edit("line_items", &first, [("quantity", "7")])
        .unwrap();
    let second = line(&shop, &quote, "Table");
    shop.caught_up().await.unwrap();
    assert_eq!(field(&shop, "quotation", &quote, "title").await, "Tables");
    assert_eq!(quantity().await, "7");
    let name = field(&shop, "quotation-line", &second, "name").await;
    assert_eq!(name, "Table");
    shop.sim.archive("line_items", &first).unwrap();
    let status = [("hs_status", "PENDING_APPROVAL")];
    shop.sim.edit("quotes", &quote, status).unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(count(&shop, "quotation-line").await, 1);
    assert_ne!(
        field(&shop, "quotation", &quote, "status_name").await,
        "Draft"
    );
    // Halo's side is never sent.
    let halo = shop.records().unwrap();
    let own = id(&halo, "quotation", &quote).await.unwrap();
    halo.edit("quotation", own, &[("title", "Ours")])
        .await
        .unwrap();
    shop.result(&["push", NAME]).await.unwrap();
    assert_eq!(shop.sim.stats().writes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s48_switched_off_nothing_comes_before_the_next_import() {
    let (shop, _serving) = live(&["deals"], json!({})).await;
    let (quote, _) = quote(&shop);
    import(&shop, "quotes").await;
    shop.sim
        .edit("quotes", &quote, [("hs_title", "Tables")])
        .unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(field(&shop, "quotation", &quote, "title").await, "Chairs");
    import(&shop, "quotes").await;
    assert_eq!(field(&shop, "quotation", &quote, "title").await, "Tables");
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_a_deleted_quotes_quotation_is_left_or_removed_with_its_lines() {
    for (setting, left) in [("leave", 1), ("remove", 0)] {
        let more = json!({ "quotes": { "deleted": setting } });
        let (shop, _serving) = live(&["quotations"], more).await;
        let (quote, _) = quote(&shop);
        shop.caught_up().await.unwrap();
        shop.sim.archive("quotes", &quote).unwrap();
        shop.caught_up().await.unwrap();
        let counts = (
            count(&shop, "quotation").await,
            count(&shop, "quotation-line").await,
        );
        assert_eq!(counts, (left, left), "{setting}");
    }
}
